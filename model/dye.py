"""Dyed cloth: a network's grey picture as a watercolour of a garment on paper.

The colour is dye, not something that the network made. `ui/cloth.js` does the same in the browser;
this is the reference, and what downloads are drawn with.
"""

import reprlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

Ramp: TypeAlias = tuple[tuple[int, int, int], ...]
"""Red, green and blue at the luminances 0, 1/3, 2/3 and 1."""

DYES: dict[str, Ramp] = {
    "indigo": ((0x16, 0x1C, 0x42), (0x34, 0x47, 0x96), (0x96, 0xAA, 0xE1), (0xE8, 0xEC, 0xF8)),
    "madder": ((0x42, 0x10, 0x0C), (0xA8, 0x38, 0x24), (0xE2, 0x8C, 0x70), (0xFA, 0xE6, 0xDC)),
    "ochre": ((0x46, 0x2C, 0x08), (0xBE, 0x84, 0x20), (0xE8, 0xBE, 0x68), (0xFC, 0xF2, 0xE2)),
    "moss": ((0x16, 0x28, 0x19), (0x4A, 0x6E, 0x42), (0x96, 0xB6, 0x88), (0xEA, 0xF2, 0xE2)),
    "ink": ((0x14, 0x14, 0x16), (0x5A, 0x58, 0x58), (0xAA, 0xA8, 0xA4), (0xF0, 0xEE, 0xEA)),
}
"""The five dyes, dark to light."""

PAPER = (0xFB, 0xF9, 0xF4)
"""What a sheet of garments lies on."""

MARGIN = 2
"""Empty pixels put around a picture, so that a hem cut by its border gets a soft edge too."""

MAX_SIZE = 2048
"""Longest side of a dyed picture."""

_HOLE_AREAS = {"Ankle boot": 8, "Bag": 6, "Sneaker": 6, "Sandal": 2}
_CLOTHES_HOLE_AREA = 24
_DARK = 0.14
_OPAQUE = 0.3
_EDGE = (0.06, 0.18)


def hole_area(class_name: str) -> int:
    """Largest dark region, in pixels at 28 px, that is print and not a hole.

    Clothes have none but their print; the handles of bags and the straps of shoes stay open.
    """
    return _HOLE_AREAS.get(class_name, _CLOTHES_HOLE_AREA)


def find_dye(name: object) -> Ramp:
    """Ramp of a dye by name.

    Raises:
        ValueError: no such dye; the message lists the known ones.
    """
    if not isinstance(name, str) or name not in DYES:
        raise ValueError(f"dye must be one of {', '.join(DYES)}, not {reprlib.repr(name)}")
    return DYES[name]


def dye_of(label: int, seed: int) -> str:
    """Dye that a garment wears until somebody chooses another.

    Twelve seeds in a row differ from their neighbours in rails of three and of four columns, and
    the ten garments of one seed share two dyes.
    """
    return tuple(DYES)[(2 * seed + label % 2) % len(DYES)]


def mix_ramps(ramps: Sequence[Ramp], shares: Sequence[float]) -> Ramp:
    """Stop by stop: halfway between indigo and madder lies plum. Shares sum to 1."""
    mixed = np.tensordot(np.asarray(shares), np.asarray(ramps, dtype=np.float64), axes=1)
    return tuple((int(r), int(g), int(b)) for r, g, b in mixed.round())


def fill_print(tone: np.ndarray, area: float) -> np.ndarray:
    """Copy of tone [H, W] in 0..1 where dark print is raised until it is opaque.

    Print is a 4-connected region below 0.14 that does not reach the border and has at most `area`
    pixels; larger ones are holes through which the paper shows.
    """
    cover, seen = tone.copy(), tone >= _DARK
    height, width = tone.shape
    for start in zip(*np.nonzero(~seen), strict=True):
        if seen[start]:
            continue
        seen[start], todo, region, open_ = True, [start], [], False
        while todo:
            y, x = todo.pop()
            region.append((y, x))
            open_ |= y in (0, height - 1) or x in (0, width - 1)
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                inside = 0 <= near[0] < height and 0 <= near[1] < width
                if inside and not seen[near]:
                    seen[near] = True
                    todo.append(near)
        if not open_ and len(region) <= area:
            rows, columns = zip(*region, strict=True)
            cover[rows, columns] = np.maximum(cover[rows, columns], _OPAQUE)
    return cover


def dye_cloth(pixels: np.ndarray, size: int, ramp: Ramp, area: float) -> np.ndarray:
    """Dye one picture.

    Args:
        pixels: uint8 [H, W, C] of the network; colour is reduced to its luminance.
        size: width and height of the result in pixels.
        ramp: colours for dark to light, from `DYES` or `mix_ramps`.
        area: largest region of dark print, see `hole_area`; counted at 28 px.

    Returns:
        uint8 red, green, blue and alpha [size, size, 4], transparent where there is no cloth.

    Raises:
        ValueError: size is out of range.
    """
    if not 1 <= size <= MAX_SIZE:
        raise ValueError(f"size must be in 1..{MAX_SIZE}, not {size!r}")
    tone = np.pad(luminance(pixels), MARGIN)
    cover = fill_print(tone, area * (pixels.shape[0] / 28) ** 2)
    # The outline wants the smoother of the two kernels, or every pixel of a hem is a scallop; the
    # cloth inside wants the sharper one. A smoother edge is a wider one: it is cut a little higher,
    # or the darkest dye would draw a thick rim.
    sharp = _resampling(size, len(tone), _mitchell)
    smooth = _resampling(size, len(tone), _b_spline)
    alpha = _smoothstep(smooth @ cover @ smooth.T)
    position = np.clip(sharp @ tone @ sharp.T, 0, 1) * (len(ramp) - 1)  # [size, size]
    stops = np.arange(len(ramp))
    channels = [np.interp(position, stops, [stop[c] for stop in ramp]) for c in range(3)]
    return np.stack([*channels, 255 * alpha], axis=-1).round().astype(np.uint8)


def dye_sheet(
    pixels: np.ndarray, columns: int, size: int, ramps: Sequence[Ramp], areas: Sequence[float]
) -> np.ndarray:
    """Dye many pictures and lay them on paper: uint8 [N, H, W, C] -> [H', W', 3]."""
    rows = -(-len(pixels) // columns)
    sheet = np.empty((rows * size, columns * size, 3), dtype=np.uint8)
    sheet[:] = PAPER
    for number, picture in enumerate(pixels):
        top, left = number // columns * size, number % columns * size
        cloth = dye_cloth(picture, size, ramps[number], areas[number])
        alpha = cloth[..., 3:] / 255
        part = sheet[top : top + size, left : left + size]
        part[:] = (alpha * cloth[..., :3] + (1 - alpha) * part).round()
    return sheet


def luminance(pixels: np.ndarray) -> np.ndarray:
    """uint8 pixels [H, W, C] -> tone [H, W] in 0..1."""
    grey: np.ndarray = pixels[..., 0] if pixels.shape[-1] == 1 else pixels @ (0.299, 0.587, 0.114)
    return grey / 255


def _smoothstep(values: np.ndarray) -> np.ndarray:
    low, high = _EDGE
    share = np.clip((values - low) / (high - low), 0, 1)
    smooth: np.ndarray = share * share * (3 - 2 * share)
    return smooth


def _resampling(size: int, count: int, kernel: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Matrix [size, count] that enlarges one side with a cubic kernel; borders are repeated."""
    position = (np.arange(size) + 0.5) * count / size - 0.5
    base = np.floor(position).astype(int)
    matrix = np.zeros((size, count))
    for offset in (-1, 0, 1, 2):
        column = np.clip(base + offset, 0, count - 1)
        np.add.at(matrix, (np.arange(size), column), kernel(np.abs(position - base - offset)))
    return matrix


def _mitchell(distance: np.ndarray) -> np.ndarray:
    """Cubic with B = C = 1/3 (Mitchell and Netravali 1988, Eq. 8): neither rings nor blurs much."""
    near = ((21 * distance - 36) * distance * distance + 16) / 18
    far = (((-7 * distance + 36) * distance - 60) * distance + 32) / 18
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


def _b_spline(distance: np.ndarray) -> np.ndarray:
    """Cubic with B = 1, C = 0: the smoothest outline."""
    near = ((3 * distance - 6) * distance * distance + 4) / 6
    far = (2 - distance) ** 3 / 6
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))
