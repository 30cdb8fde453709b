"""A cut-out garment made a picture as Fashion-MNIST has them: upright, square, small, negative.

Zalando's own conversion (Xiao et al., arXiv 1708.07747, Sec. 2 and Fig. 1): trim what has the
colour of the corners, resize the longest edge to 28 by subsampling, sharpen with a Gaussian of
radius and deviation 1, extend the shortest edge to 28 with the picture in the centre, negate,
convert to 8-bit grey.
"""

import cv2
import numpy as np

MAX_TILT = 30
"""Degrees either way within which a garment is straightened by itself."""

LEAST_TILT = 3
"""A tilt of fewer degrees may be the garment's own cut, and is left."""

_SHARPEN = 0.35
_FULL_LEVEL = 99.0
_MAX_GAIN = 1.6
_LEVEL_SIDE = 96
_LEAST_GAIN = 0.035
_LONG = 1.25


def find_tilt(mask: np.ndarray) -> float:
    """Degrees clockwise by which a garment must be turned to stand straight; 0 where unclear.

    Clothes and most bags are their own mirror image when they hang straight; shoes are not, and of
    them, lying long, the sole is level.
    """
    small = _normalised(mask)
    angles = np.arange(-MAX_TILT, MAX_TILT + 1, 2)
    scores = [_mirror_score(small, float(angle)) for angle in angles]
    best = int(np.argmax(scores))
    still = scores[len(angles) // 2]
    if scores[best] > 0.86 and scores[best] - still > _LEAST_GAIN and 0 < best < len(angles) - 1:
        return _settled(float(angles[best]) + _vertex(scores[best - 1 : best + 2]) * 2)
    if still > 0.8 or scores[best] > 0.86:
        return 0.0
    return _settled(-_sole_slope(small))


def _settled(degrees: float) -> float:
    return round(degrees, 1) if LEAST_TILT <= abs(degrees) <= MAX_TILT else 0.0


def _normalised(mask: np.ndarray) -> np.ndarray:
    """The mask at a size that makes scores comparable, with room to turn: float32 [S, S]."""
    rows, columns = np.nonzero(mask)
    part = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(np.float32)
    scale = _LEVEL_SIDE * 0.66 / max(part.shape)
    size = [max(1, round(side * scale)) for side in part.shape[::-1]]
    part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    square = np.zeros((_LEVEL_SIDE, _LEVEL_SIDE), np.float32)
    top, left = ((_LEVEL_SIDE - side) // 2 for side in part.shape)
    square[top : top + part.shape[0], left : left + part.shape[1]] = part
    return square


def _mirror_score(square: np.ndarray, degrees: float) -> float:
    """How much of a turned mask and its mirror image lie on one another, at the best axis."""
    middle = (_LEVEL_SIDE - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), -degrees, 1)
    turned = cv2.warpAffine(square, turn, square.shape[::-1])
    filled = np.flatnonzero(turned.sum(axis=0) > 0.5)
    centre = (filled[0] + filled[-1]) / 2 if len(filled) else middle
    scores = []
    for axis in (centre - 1, centre, centre + 1):
        shift = np.array([[-1, 0, 2 * axis], [0, 1, 0]], np.float32)
        mirrored = cv2.warpAffine(turned, shift, square.shape[::-1])
        both = float(np.maximum(turned, mirrored).sum())
        scores.append(float(np.minimum(turned, mirrored).sum()) / max(both, 1))
    return max(scores)


def _vertex(three: list[float]) -> float:
    """Where between -1 and 1 a parabola through three equally spaced values is highest."""
    left, middle, right = three
    bend = left - 2 * middle + right
    return 0.0 if bend == 0 else float(np.clip(0.5 * (left - right) / bend, -1, 1))


def _sole_slope(square: np.ndarray) -> float:
    """Degrees clockwise of the line that a long thing stands on; 0 for one that is not long."""
    points = np.argwhere(square > 0.5)[:, ::-1].astype(np.float32)
    if len(points) < 3:
        return 0.0
    hull = cv2.convexHull(points)[:, 0]
    (_, size, _) = cv2.minAreaRect(hull)
    if max(size) < _LONG * min(size):
        return 0.0
    ends = np.roll(hull, -1, axis=0)
    steps = ends - hull
    centre = points.mean(axis=0)
    below = ((hull + ends)[:, 1] / 2) > centre[1]
    slopes = np.degrees(np.arctan2(steps[:, 1], steps[:, 0]))
    slopes = (slopes + 90) % 180 - 90
    lengths = np.linalg.norm(steps, axis=1) * (below & (np.abs(slopes) <= MAX_TILT))
    return float(slopes[lengths.argmax()]) if lengths.max() > 0.3 * max(size) else 0.0


def square_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the smallest square about a mask; it may reach outside."""
    rows, columns = np.nonzero(mask)
    top, bottom = int(rows.min()), int(rows.max()) + 1
    left, right = int(columns.min()), int(columns.max()) + 1
    side = max(bottom - top, right - left)
    top -= (side - (bottom - top)) // 2
    left -= (side - (right - left)) // 2
    return left, top, left + side, top + side


def to_tone(light: np.ndarray, cover: np.ndarray, size: int, invert: bool) -> np.ndarray:
    """A square of light as the network knows it.

    Args:
        light: float32 [S, S] in 0..1, white is 1.
        cover: float32 [S, S] in 0..1, 1 where the garment is.
        size: the model's, in pixels.
        invert: whether light becomes dark, as Zalando's conversion did.

    Returns:
        uint8 [size, size], light on black.
    """
    tone = 1 - light if invert else light
    # Subsampling a noisy photo keeps its noise, so every pixel is the mean of its area; the
    # sharpening then gives back what averaging took.
    tone = cv2.resize(tone * cover, (size, size), interpolation=cv2.INTER_AREA)
    share = cv2.resize(cover, (size, size), interpolation=cv2.INTER_AREA)
    worn = share > 0.5
    if not worn.any():
        return np.zeros((size, size), np.uint8)
    soft = cv2.GaussianBlur(tone, (3, 3), 1.0)
    sharp = tone + _SHARPEN * (tone - soft) * 2
    # Every picture of the data set reaches white somewhere: 255 is the median maximum per class.
    full = float(np.percentile(sharp[worn], _FULL_LEVEL))
    sharp = sharp * min(_MAX_GAIN, 1 / max(full, 1e-3))
    pixels: np.ndarray = (255 * sharp.clip(0, 1) * (share > 0.08)).round().astype(np.uint8)
    return pixels
