"""The garment of a photo told from what it lies on, by classical means.

What touches the frame is ground: its colours are learnt, every pixel is measured against them, and
GrabCut (Rother et al., SIGGRAPH 2004; OpenCV's) draws the line. No network, nothing to download,
the same cut on every machine. `python -m tests.benchmarks.photo` measures it against other ways.
"""

import dataclasses

import cv2
import numpy as np

WORK_SIDE = 176
"""Longest side in pixels at which the line is drawn: six for each of the network's."""

NORMAL_STRENGTH = 0.5
"""How much is taken out where nobody asks for another."""

_FRAME = 0.04
_COLOURS = 6
_LIGHTNESS_WEIGHT = 0.7
_ROUNDS = 3
_LEAST_SHARE = 0.01
_SEED = 0
_LEVELS = 4
_LEAST_DISTANCE = 3.0
_DOUBT, _PRINT = 0.5, 3.0
"""Chosen on 25 held-out garments of each of the ten grounds of `tests.benchmarks.photo`: intersection
over union 0.920 -> 0.953 on average. On 20 others: 0.917 -> 0.932; two grounds lose 0.03 (gradient,
check), grounds coloured alike gain 0.09 (0.730 -> 0.824)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Cut:
    """`mask` bool [H, W], True where the garment is; `sure` 0..1, how clear the line is."""

    mask: np.ndarray
    sure: float


def cut_out(
    pixels: np.ndarray,
    strength: float = NORMAL_STRENGTH,
    within: np.ndarray | None = None,
) -> Cut:
    """Tell the largest garment from its ground.

    Args:
        pixels: uint8 [H, W, 3], at most `WORK_SIDE` long.
        strength: 0..1, how different from the ground cloth must be; 0.5 finds that by itself, and
            alone has the choice between two ways of cutting.
        within: bool [H, W], False where there is only ground; the frame alone if None.

    Returns:
        The cut; its mask is empty where nothing stands out.
    """
    inside = np.ones(pixels.shape[:2], dtype=bool) if within is None else within
    ground = frame_of(inside.shape) if inside.all() else ~inside
    distance = ground_distance(pixels, ground)
    otsu, contrast = split_level(distance)
    noise = float(np.percentile(distance[ground], 90))
    bias = 4 ** (2 * (strength - NORMAL_STRENGTH))
    lines = _line_strength(pixels)
    tries = [
        _trial(distance, lines, level * bias, inside)
        for level in np.geomspace(min(max(1.5 * noise, _LEAST_DISTANCE), otsu), otsu, _LEVELS)
    ]
    first, threshold, _ = max(tries, key=lambda trial: trial[2])
    if first.mean() < _LEAST_SHARE:
        return Cut(np.zeros(first.shape, dtype=bool), 0.0)
    drawn = largest_part(_grab(pixels, first, distance > 1.6 * threshold, ground))
    # GrabCut may swallow a garment that is coloured like its ground, or the ground with it.
    kept = _agreement(first, drawn)
    mask = drawn if drawn.mean() >= _LEAST_SHARE and kept > 0.4 else first
    sure = _sureness(mask, contrast, kept)
    if strength == NORMAL_STRENGTH:
        wide = largest_part(_grab_all(pixels, ground))
        if _is_better(wide, mask, sure):
            return Cut(wide, min(sure, _sureness(wide, contrast, _agreement(mask, wide))))
    return Cut(mask, sure)


def ground_distance(pixels: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """How far each pixel's colour is from those of the ground: float32 [H, W], in CIE Lab units."""
    lab = _lab(pixels)
    centres = _main_colours(lab[ground])
    far = np.linalg.norm(lab[:, :, None] - centres, axis=-1).min(axis=-1)
    smooth: np.ndarray = cv2.GaussianBlur(far.astype(np.float32), (0, 0), 1.0)
    return smooth


def frame_of(shape: tuple[int, ...]) -> np.ndarray:
    """Bool [H, W]: the pixels along the border."""
    height, width = shape
    edge = max(2, round(_FRAME * min(shape)))
    frame = np.ones((height, width), dtype=bool)
    frame[edge:-edge, edge:-edge] = False
    return frame


def split_level(distance: np.ndarray) -> tuple[float, float]:
    """Otsu's threshold, and how far apart the two sides of it are in units of their spread."""
    top = float(np.percentile(distance, 99.5)) or 1.0
    levels = (distance.clip(0, top) * (255 / top)).astype(np.uint8)
    level, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    near, far = levels[levels <= level], levels[levels > level]
    if not len(near) or not len(far):
        return top, 0.0
    spread = float(near.std() + far.std()) + 1
    return max(level * top / 255, 4.0), float(far.mean() - near.mean()) / spread


def largest_part(mask: np.ndarray) -> np.ndarray:
    """The part of a mask that is largest and nearest to the middle, with its crumbs closed."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, _disc(1))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, _disc(1))
    count, labels, stats, centres = cv2.connectedComponentsWithStats(opened, connectivity=8)
    if count < 2:
        return np.zeros(mask.shape, dtype=bool)
    middle = (np.array(mask.shape[::-1]) - 1) / 2
    off = np.linalg.norm((centres[1:] - middle) / middle, axis=1)
    weight = stats[1:, cv2.CC_STAT_AREA] * np.exp(-((off / 0.7) ** 2))
    part: np.ndarray = labels == 1 + int(weight.argmax())
    return part


def _lab(pixels: np.ndarray) -> np.ndarray:
    """CIE Lab, its lightness weighted down: shadows differ in little else."""
    lab: np.ndarray = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab[..., 0] *= _LIGHTNESS_WEIGHT
    return lab


def _main_colours(ground: np.ndarray) -> np.ndarray:
    """Centres [K, 3] of the colours of the ground [N, 3]."""
    cv2.setRNGSeed(_SEED)
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 12, 0.5)
    samples = np.ascontiguousarray(ground, dtype=np.float32)
    _, labels, centres = cv2.kmeans(samples, _COLOURS, None, until, 1, cv2.KMEANS_PP_CENTERS)
    shares = np.bincount(labels.ravel(), minlength=_COLOURS) / len(labels)
    found: np.ndarray = centres[shares >= 0.02]
    return found


def _trial(
    distance: np.ndarray, lines: np.ndarray, level: float, inside: np.ndarray
) -> tuple[np.ndarray, float, float]:
    """A mask, its level, and how well its outline follows the lines of the picture."""
    mask = largest_part((distance > level) & inside)
    if mask.mean() < _LEAST_SHARE:
        return mask, level, 0.0
    flat = mask.astype(np.uint8)
    outline = (cv2.dilate(flat, _disc(1)) - cv2.erode(flat, _disc(1))) > 0
    followed = float(lines[outline & ~frame_of(mask.shape)].mean()) if outline.any() else 0.0
    hull = cv2.convexHull(np.argwhere(mask).astype(np.float32))
    solid = float(mask.sum() / max(cv2.contourArea(hull), 1.0))
    loose = 1 - float(mask[frame_of(mask.shape)].mean())
    return mask, level, followed * solid**0.5 * loose


def _line_strength(pixels: np.ndarray) -> np.ndarray:
    """How strongly colour changes at each pixel, 1 at the strongest lines: float32 [H, W]."""
    lab = cv2.GaussianBlur(_lab(pixels), (0, 0), 1.2)
    across, down = (cv2.Sobel(lab, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    strength = np.sqrt((across**2 + down**2).sum(axis=-1))
    lines: np.ndarray = (strength / max(float(np.percentile(strength, 98)), 1e-3)).clip(0, 1)
    return lines


def _grab(
    pixels: np.ndarray, first: np.ndarray, clear: np.ndarray, ground: np.ndarray
) -> np.ndarray:
    """GrabCut from a first guess: bool [H, W]."""
    near = cv2.dilate(first.astype(np.uint8), _disc(max(3, WORK_SIDE // 20))) > 0
    trimap = np.where(first, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[~near] = cv2.GC_BGD
    trimap[ground & ~first] = cv2.GC_BGD
    core = cv2.erode(first.astype(np.uint8), _disc(3)) > 0
    trimap[core & clear] = cv2.GC_FGD
    if not (trimap == cv2.GC_BGD).any():
        return first
    return _draw_line(pixels, trimap)


def _grab_all(pixels: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """GrabCut that takes for the garment, to begin with, all that is not ground: bool [H, W]."""
    trimap = np.where(ground, cv2.GC_BGD, cv2.GC_PR_FGD).astype(np.uint8)
    return _draw_line(pixels, trimap)


def _draw_line(pixels: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    """GrabCut from what `trimap` says of each pixel, which it writes over: bool [H, W]."""
    cv2.setRNGSeed(_SEED)
    back, front = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    cv2.grabCut(bgr, trimap, None, back, front, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    drawn: np.ndarray = (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
    return drawn


def _is_better(wide: np.ndarray, mask: np.ndarray, sure: float) -> bool:
    """Whether what GrabCut finds by itself is the garment rather than the first mask.

    Where cloth is coloured like its ground, only a print on it lies clear of the ground's colours: the
    mask is small then, and the other one several times as large. And where the mask is in doubt, the
    other way is right more often.
    """
    share = float(wide.mean())
    return share >= _LEAST_SHARE and (sure < _DOUBT or share > _PRINT * float(mask.mean()))


def _agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union."""
    both = (one | other).sum()
    return float((one & other).sum() / both) if both else 0.0


def _sureness(mask: np.ndarray, contrast: float, kept: float) -> float:
    """0..1: two ways that agree, colours that lie apart, a garment that the frame does not cut."""
    cut = float(mask[frame_of(mask.shape)].mean())
    sure = min(1.0, contrast / 3) * kept * max(0.0, 1 - 2 * cut)
    return float(sure)


def _disc(radius: int) -> np.ndarray:
    disc: np.ndarray = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)
    )
    return disc
