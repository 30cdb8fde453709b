"""What can be measured on a picture of a garment: pixels -> [N] numbers with a unit.

Garments are bright on black. A pixel counts as covered in proportion to its value up to
`_FULL_COVER` grey levels, so that measures change smoothly when an outline moves by less than a
pixel; NaN stands where a picture has nothing to measure.
"""

import dataclasses
from collections.abc import Callable
from typing import Literal

import numpy as np

_FULL_COVER = 48.0
_INSIDE = 0.5
_TOPS = frozenset({0, 2, 4, 6})
_CLOTHES = _TOPS | {3}
_SHOES = frozenset({5, 7, 9})


@dataclasses.dataclass(frozen=True)
class Attribute:
    """A measure, its unit, and the Fashion-MNIST labels of the garments that have it (None: all)."""

    name: str
    unit: str
    measure: Callable[[np.ndarray], np.ndarray]
    labels: frozenset[int] | None = None

    def defined(self, labels: np.ndarray) -> np.ndarray:
        """Whether each garment of `labels` [N] has this attribute, bool [N]."""
        if self.labels is None:
            return np.ones(len(labels), dtype=bool)
        return np.isin(labels, sorted(self.labels))


def grey_levels(pixels: np.ndarray) -> np.ndarray:
    """uint8 pixels [N, H, W, C] -> float64 luminance [N, H, W] in 0..255 (Rec. 601)."""
    if pixels.shape[-1] == 1:
        return pixels[..., 0].astype(np.float64)
    grey: np.ndarray = pixels.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    return grey


def coverage(pixels: np.ndarray) -> np.ndarray:
    """Share of each pixel that the garment covers, [N, H, W] in 0..1."""
    return np.clip(grey_levels(pixels) / _FULL_COVER, 0, 1)


def brightness(pixels: np.ndarray) -> np.ndarray:
    """Mean of the garment's pixels, grey levels."""
    return _weighted_mean(grey_levels(pixels), coverage(pixels))


def contrast(pixels: np.ndarray) -> np.ndarray:
    """Spread (standard deviation) of the garment's pixels away from its outline, grey levels."""
    grey, inside = grey_levels(pixels), _interior(pixels)
    mean = _weighted_mean(grey, inside)
    return _weighted_mean((grey - mean[:, None, None]) ** 2, inside) ** 0.5


def texture(pixels: np.ndarray) -> np.ndarray:
    """Root mean square of what a 3x3 mean removes, away from the outline, grey levels."""
    grey = grey_levels(pixels)
    fine = grey - _running_mean(_running_mean(grey, 3, 1), 3, 2)
    return _weighted_mean(fine**2, _interior(pixels)) ** 0.5


def stripes(pixels: np.ndarray) -> np.ndarray:
    """Spread of the rows' means along the middle of the garment, grey levels: bands across it."""
    grey, inside = grey_levels(pixels), _interior(pixels)
    middle, reach = grey.shape[2] // 2, grey.shape[2] // 7
    part = slice(middle - reach, middle + reach)
    grey, inside = grey[:, :, part], inside[:, :, part]
    weights = inside.sum(2)  # [N, H]
    sums = (grey * inside).sum(2)
    near = _running_mean(sums, 7, 1) / _positive(_running_mean(weights, 7, 1))
    bands = (sums / _positive(weights) - near) ** 2
    return _weighted_mean(bands[:, :, None], weights[:, :, None]) ** 0.5


def width(pixels: np.ndarray) -> np.ndarray:
    """Mean width of the rows that the garment reaches, pixels."""
    cover = coverage(pixels)
    return _divide(cover.sum((1, 2)), cover.max(2).sum(1))


def height(pixels: np.ndarray) -> np.ndarray:
    """Rows that the garment reaches, pixels."""
    return _or_nan(coverage(pixels).max(2).sum(1))


def sleeves(pixels: np.ndarray) -> np.ndarray:
    """Rows that a top's outermost fifth of columns on either side reaches, pixels.

    A short sleeve ends beside the chest, a long one hangs beside the torso to the hem.
    """
    cover = coverage(pixels)
    side = cover.shape[2] // 5
    reached = cover[:, :, :side].max(2).sum(1) + cover[:, :, -side:].max(2).sum(1)
    return np.where(cover.sum((1, 2)) >= 1, reached / 2, np.nan)


def neckline(pixels: np.ndarray) -> np.ndarray:
    """Depth of the neck: empty rows above the middle columns below the garment's top, pixels."""
    cover = coverage(pixels)
    middle = cover.shape[2] // 2
    above = np.maximum.accumulate(cover[:, :, middle - 2 : middle + 2].mean(2), axis=1)
    anywhere = np.maximum.accumulate(cover.max(2), axis=1)
    depth: np.ndarray = (anywhere - above).sum(1)
    depth[anywhere[:, -1] < _INSIDE] = np.nan
    return depth


def asymmetry(pixels: np.ndarray) -> np.ndarray:
    """Mean difference between a garment and its mirror image, grey levels."""
    grey, cover = grey_levels(pixels), coverage(pixels)
    return _weighted_mean(np.abs(grey - grey[:, :, ::-1]), np.maximum(cover, cover[:, :, ::-1]))


def fade(pixels: np.ndarray) -> np.ndarray:
    """How much brighter the upper half is than the lower, grey levels."""
    grey, cover = grey_levels(pixels), coverage(pixels)
    half = grey.shape[1] // 2
    upper = _weighted_mean(grey[:, :half], cover[:, :half])
    difference: np.ndarray = upper - _weighted_mean(grey[:, half:], cover[:, half:])
    return difference


def placket(pixels: np.ndarray) -> np.ndarray:
    """How much darker the middle columns are than those beside them, grey levels: buttons, a zip."""
    grey, inside = grey_levels(pixels), _interior(pixels)
    middle = grey.shape[2] // 2
    centre = slice(middle - 1, middle + 1)
    left, right = slice(middle - 6, middle - 2), slice(middle + 2, middle + 6)
    means = [_weighted_mean(grey[:, :, s], inside[:, :, s]) for s in (left, centre, right)]
    difference: np.ndarray = (means[0] + means[2]) / 2 - means[1]
    return difference


def flare(pixels: np.ndarray) -> np.ndarray:
    """How much wider the lowest quarter is than the quarter above the middle, pixels."""
    rows = coverage(pixels).sum(2)
    quarter = rows.shape[1] // 4
    difference: np.ndarray = rows[:, 3 * quarter :].mean(1) - rows[:, quarter : 2 * quarter].mean(1)
    difference[rows.sum(1) < 1] = np.nan
    return difference


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("brightness", "grey levels", brightness),
    Attribute("contrast", "grey levels", contrast),
    Attribute("texture", "grey levels", texture),
    Attribute("stripes", "grey levels", stripes, _CLOTHES),
    Attribute("fade", "grey levels", fade),
    Attribute("width", "pixels", width, _CLOTHES | {1}),
    Attribute("height", "pixels", height, _SHOES | {8}),
    Attribute("sleeves", "pixels", sleeves, _TOPS),
    Attribute("neckline", "pixels", neckline, _CLOTHES),
    Attribute("placket", "grey levels", placket, _CLOTHES),
    Attribute("flare", "pixels", flare, frozenset({1, 3})),
    Attribute("asymmetry", "grey levels", asymmetry, _CLOTHES | {1, 8}),
)


def _interior(pixels: np.ndarray) -> np.ndarray:
    """Coverage one pixel away from the outline and more, [N, H, W]."""
    inside = coverage(pixels)
    for axis in (1, 2):
        inside = np.minimum.reduce(_neighbours(inside, 3, axis, "constant"))
    return inside


def _running_mean(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Mean of `size` neighbours along an axis, mirrored at its ends."""
    total: np.ndarray = np.add.reduce(_neighbours(values, size, axis, "symmetric"))
    return total / size


def _neighbours(
    values: np.ndarray, size: int, axis: int, beyond: Literal["constant", "symmetric"]
) -> list[np.ndarray]:
    """The values shifted by up to half of `size` along an axis; beyond its ends 0, or mirrored."""
    reach = [(size // 2, size // 2) if place == axis else (0, 0) for place in range(values.ndim)]
    padded = np.moveaxis(np.pad(values, reach, mode=beyond), axis, 0)
    shifted = (padded[first : first + values.shape[axis]] for first in range(size))
    return [np.moveaxis(part, 0, axis) for part in shifted]


def _weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _divide((values * weights).sum((1, 2)), weights.sum((1, 2)))


def _divide(sums: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sums over weights, and NaN where there is less than one whole pixel or row to divide by."""
    quotient: np.ndarray = sums / np.maximum(weights, 1)
    quotient[weights < 1] = np.nan
    return quotient


def _positive(weights: np.ndarray) -> np.ndarray:
    """Weights without zeros, to divide by."""
    positive: np.ndarray = np.maximum(weights, 1e-9)
    return positive


def _or_nan(lengths: np.ndarray) -> np.ndarray:
    return np.where(lengths >= 1, lengths, np.nan)
