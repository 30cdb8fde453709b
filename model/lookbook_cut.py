"""What is to be seen of a piece: its cloth without the empty paper around it."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from model.dye import MARGIN, dye_cloth
from model.lookbook import Piece

_PIXELS_A_MM = 8.0  # some 200 to the inch: cloth is soft
_LARGEST_PICTURE = 1400
_PROBE = 192
_SEEN = 5  # of 255


@dataclass(frozen=True)
class Cut:
    """A piece, and its cloth in parts of its frame from the top left corner."""

    piece: Piece
    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in parts of the frame."""
        return self.right - self.left, self.bottom - self.top

    @property
    def told(self) -> str:
        """What it is, for those who do not see it."""
        return f"{self.piece.name} {self.piece.caption}".strip()


def find_cut(piece: Piece) -> Cut:
    """Where a dyed piece has cloth; all of one that shows its own colours, or that has none."""
    if piece.dye is None:
        return Cut(piece)
    opaque = dye_cloth(piece.pixels, _PROBE, piece.dye, piece.area)[..., 3] >= _SEEN
    rows, columns = np.nonzero(opaque.any(axis=1))[0], np.nonzero(opaque.any(axis=0))[0]
    if not len(rows):
        return Cut(piece)
    side = piece.pixels.shape[0]
    edges = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    return Cut(piece, *(float(e * (side + 2 * MARGIN) / _PROBE - MARGIN) / side for e in edges))


def draw_cut(cut: Cut, width: float, fineness: float = 1.0) -> Image.Image:
    """Its picture, fine enough to be `width` millimetres wide; less so below a fineness of 1."""
    pixels, dye = cut.piece.pixels, cut.piece.dye
    frame, side = width / cut.size[0] * _PIXELS_A_MM * fineness, pixels.shape[0]
    if dye is None:
        fine = int(min(max(frame, side), _LARGEST_PICTURE))
        colours = pixels.repeat(3, axis=2) if pixels.shape[2] == 1 else pixels
        return Image.fromarray(colours).resize((fine, fine), Image.Resampling.BICUBIC)
    size = int(min(frame * (side + 2 * MARGIN) / side, _LARGEST_PICTURE))
    left, top, right, bottom = (
        round((edge * side + MARGIN) * size / (side + 2 * MARGIN))
        for edge in (cut.left, cut.top, cut.right, cut.bottom)
    )
    cloth = Image.fromarray(dye_cloth(pixels, size, dye, cut.piece.area))
    return cloth.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
