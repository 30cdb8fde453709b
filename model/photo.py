"""From any picture of a garment to what a model knows: small, square, light on black.

Everything that is done to a photo is found by itself, told in a `Reading`, and can be said
otherwise by `Corrections`.
"""

import dataclasses
from typing import Literal

import cv2
import numpy as np

from model.dye import DYES
from model.photo_corrections import Corrections, Invert
from model.photo_cut import WORK_SIDE, cut_out, frame_of
from model.photo_frame import WHOLE, Box, Window
from model.photo_open import Opened, PhotoError, open_photo
from model.photo_shape import find_tilt, square_box, to_tone

_AROUND = 0.12
_FINE = 8
_PALE = 0.8
_BLACK = 0.05
_LEAST_CHROMA = 9.0


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """What was made of a photo, and how.

    `pixels` uint8 [size, size], light on black; `colours` uint8 [size, size, 3], the same square of
    the photo as it is, ground and all, for models that weave in colour; `upright` uint8 [H, W, 3], the photo after quarter
    turns and flip; `box` left, top, right and bottom of the square about the garment as shares of
    `upright`, which is turned `tilt` degrees clockwise about its middle; `sure` 0..1, how clear the garment
    stands out; `dye` the one that is nearest to the garment's colour.
    """

    pixels: np.ndarray
    colours: np.ndarray
    upright: np.ndarray
    box: Box
    tilt: float
    inverted: bool
    background: Literal["taken", "transparent", "left"]
    sure: float
    dye: str
    opened: Opened

    def in_channels(self, channels: int) -> np.ndarray:
        """What a model of one channel or of three is given: uint8 [size, size, channels]."""
        return self.pixels[..., None] if channels == 1 else self.colours

    def before(self, channels: int) -> np.ndarray:
        """The middle of the photo at the model's size, nothing else done: as `in_channels`."""
        height, width = self.upright.shape[:2]
        side, size = min(height, width), len(self.pixels)
        top, left = (height - side) // 2, (width - side) // 2
        square = self.upright[top : top + side, left : left + side]
        small = cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)
        before: np.ndarray = small if channels == 3 else _grey(small)[..., None]
        return before


def read_photo(data: object, corrections: Corrections | None = None, size: int = 28) -> Reading:
    """Read the bytes of a picture file.

    Args:
        data: JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF.
        corrections: by the visitor.
        size: the model's, in pixels.

    Raises:
        PhotoError: no garment can be read from it; the message names why and what to do.
    """
    return convert(open_photo(data), corrections or Corrections(), size)


def convert(opened: Opened, corrections: Corrections, size: int = 28) -> Reading:
    """What `read_photo` does with an opened picture.

    Raises:
        PhotoError: nothing stands out from the ground.
    """
    upright = _upright(opened.pixels, corrections)
    if corrections == Corrections() and _is_already(opened, size):
        pixels = np.ascontiguousarray(upright[..., 1])
        return Reading(pixels, upright, upright, WHOLE, 0.0, False, "left", 1.0, "ink", opened)
    cover = None if opened.cover is None else _upright(opened.cover, corrections)
    window = Window.of(corrections.crop or WHOLE, corrections.tilt or 0.0, upright.shape)
    # What lies about a crop tells what the ground looks like.
    seen = window if corrections.crop is None else window.grown(_AROUND)
    scale = WORK_SIDE / max(seen.width, seen.height)
    work = (max(2, round(seen.width * scale)), max(2, round(seen.height * scale)))
    mask, sure = _garment(seen.sample(upright, work), _clear(seen, cover, work), corrections)
    if not mask.any():
        told = "photo must show a garment that stands out from its ground, and none is found"
        raise PhotoError("garment", f"{told}; crop closer or lay it on a plain ground")
    if corrections.tilt is None and corrections.background > 0 and (turn := find_tilt(mask)):
        seen, mask = _straightened(seen, mask, turn)
    left, top, right, bottom = square_box(mask)
    height, width = mask.shape[:2]
    found = (left / width, top / height, right / width, bottom / height)
    square = seen.inner(found)
    fine = (_FINE * size, _FINE * size)
    light = cv2.cvtColor(square.sample(upright, fine), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    inside = Window.of(found, 0.0, mask.shape).sample(mask.astype(np.uint8) * 255, fine, edge=0)
    soft = cv2.GaussianBlur(inside.astype(np.float32) / 255, (0, 0), _FINE / 4)
    colours = square.sample(upright, (size, size))
    inverted = _inverts(light, soft > 0.5, upright, corrections.invert)
    return Reading(
        pixels=to_tone(light, soft, size, inverted),
        colours=colours,
        upright=upright,
        box=square.box(upright.shape),
        tilt=square.tilt,
        inverted=inverted,
        background=_what_became(cover, corrections),
        sure=round(sure, 3),
        dye=_nearest_dye(colours[cv2.resize(soft, (size, size)) > 0.5]),
        opened=opened,
    )


def _grey(colours: np.ndarray) -> np.ndarray:
    grey: np.ndarray = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
    return grey


def _upright(plane: np.ndarray, corrections: Corrections) -> np.ndarray:
    """Quarter turns clockwise, then the flip: a copy."""
    turned = np.rot90(plane, -corrections.turns)
    return np.ascontiguousarray(turned[:, ::-1] if corrections.flip else turned)


def _is_already(opened: Opened, size: int) -> bool:
    """Whether a picture is one of the training's kind: of its size, grey, light on black."""
    if opened.pixels.shape[:2] != (size, size) or opened.cover is not None:
        return False
    grey = bool((np.ptp(opened.pixels, axis=-1) == 0).all())
    corners = opened.pixels[[0, 0, -1, -1], [0, -1, 0, -1], 0] / 255
    return grey and float(corners.mean()) <= _BLACK


def _clear(seen: Window, cover: np.ndarray | None, work: tuple[int, int]) -> np.ndarray | None:
    """Bool [H, W] of the work picture: where the file is not transparent."""
    return None if cover is None else seen.sample(cover, work, edge=0) > 127


def _garment(
    pixels: np.ndarray, clear: np.ndarray | None, corrections: Corrections
) -> tuple[np.ndarray, float]:
    """Mask of the garment on a work picture, and how sure it is."""
    within = np.ones(pixels.shape[:2], dtype=bool)
    if corrections.crop is not None:
        height, width = pixels.shape[:2]
        spare = _AROUND / (1 + 2 * _AROUND)
        rows, columns = round(height * spare), round(width * spare)
        within[:] = False
        within[rows : height - rows, columns : width - columns] = True
    if not corrections.background:
        return within, 1.0
    if clear is not None:
        return clear & within, 1.0
    cut = cut_out(pixels, corrections.background, within)
    return cut.mask, cut.sure


def _straightened(seen: Window, mask: np.ndarray, turn: float) -> tuple[Window, np.ndarray]:
    """A square window about the same garment, turned, and the mask under it."""
    rows, columns = np.nonzero(mask)
    height, width = mask.shape
    x, y = (columns.mean() + 0.5) / width, (rows.mean() + 0.5) / height
    reach = float(np.hypot(rows - rows.mean(), columns - columns.mean()).max()) + 2
    box = (x - reach / width, y - reach / height, x + reach / width, y + reach / height)
    turned = Window.of(box, turn, mask.shape)
    side = max(2, round(2 * reach))
    upright = turned.sample(mask.astype(np.uint8) * 255, (side, side), edge=0)
    return seen.inner(box, turn), upright > 127


def _inverts(light: np.ndarray, worn: np.ndarray, upright: np.ndarray, wish: Invert) -> bool:
    """Whether light and dark change places, as they did in Zalando's conversion.

    Not where the ground is black, as in the training's own pictures, nor where a garment is so
    pale that its negative would be black on black.
    """
    if wish != "auto":
        return wish == "on"
    ground = np.percentile(upright[frame_of(upright.shape[:2])], 90) / 255
    return bool(ground > _BLACK and light[worn].mean() < _PALE)


def _nearest_dye(worn: np.ndarray) -> str:
    """The dye whose colour is most like that of cloth [N, 3]; ink for what has hardly any."""
    if not len(worn):
        return "ink"
    ramps = [np.array(ramp, np.uint8)[1] for ramp in DYES.values()]
    colours = np.stack([worn.mean(axis=0).round().astype(np.uint8), *ramps])
    lab = cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0, :, 1:]
    chroma = np.linalg.norm(lab, axis=1)
    if chroma[0] < _LEAST_CHROMA:
        return "ink"
    hues = (lab @ lab[0]) / (chroma * chroma[0] + 1e-6)  # cosines
    hues[[0, *(1 + np.flatnonzero(chroma[1:] < _LEAST_CHROMA))]] = -2
    return tuple(DYES)[int(hues.argmax()) - 1]


def _what_became(
    cover: np.ndarray | None, corrections: Corrections
) -> Literal["taken", "transparent", "left"]:
    if not corrections.background:
        return "left"
    return "taken" if cover is None else "transparent"
