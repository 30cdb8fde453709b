"""Photograph-like pictures of known garments: what `tests.benchmarks.photo` measures on.

A real test garment is enlarged, coloured along a dye's ramp and laid on a background, tilted, with
a shadow, a lens's blur, noise and JPEG; its silhouette is known. Everything follows from a seed.
"""

import dataclasses
import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from model.dye import DYES, MARGIN, Ramp, dye_cloth

SIZE = 384
"""Width and height of a picture in pixels."""


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """`pixels` uint8 [H, W, 3]; `silhouette` bool [H, W]; `tilt` in degrees, clockwise."""

    pixels: np.ndarray
    silhouette: np.ndarray
    tilt: float
    ground: str

    def to_jpeg(self, quality: int = 80) -> bytes:
        """The bytes of a JPEG file."""
        buffer = io.BytesIO()
        Image.fromarray(self.pixels).save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()


def photograph(garment: np.ndarray, ground: str, seed: int, as_dyed: bool = False) -> Picture:
    """A photo of one garment, uint8 [28, 28], on a kind of `GROUNDS`.

    Fashion-MNIST is the negative of product photos, so the garment is turned back into a positive;
    `as_dyed` leaves it as the page shows it: light stays light.
    """
    random = np.random.default_rng((seed, sorted(GROUNDS).index(ground)))
    ramp: Ramp = tuple(DYES.values())[random.integers(len(DYES))]
    side = int(
        SIZE * (random.uniform(0.9, 1.12) if ground == "close" else random.uniform(0.5, 0.92))
    )
    tilted = random.random() < 0.4
    tilt = random.choice((-1, 1)) * random.uniform(5, 20) if tilted else random.uniform(-2, 2)
    ramp = ramp if as_dyed else ramp[::-1]
    cloth = dye_cloth(garment[..., None], side, ramp, area=24)
    # A small picture fades to black at its hems; real cloth keeps its colour up to the edge, and a
    # pale rim would make the cutting out too easy.
    cloth[..., :3] = dye_cloth(_grown(garment)[..., None], side, ramp, area=24)[..., :3]
    layer = np.zeros((SIZE, SIZE, 4), np.float32)
    top, left = (int((SIZE - side) * random.uniform(0.3, 0.7)) for _ in range(2))
    window = [slice(max(0, at), min(SIZE, at + side)) for at in (top, left)]
    part = [slice(w.start - at, w.stop - at) for w, at in zip(window, (top, left), strict=True)]
    layer[*window] = cloth[*part]
    layer[..., :3] *= layer[..., 3:] / 255  # so that turning mixes no colour of nothing
    centre = (left + side / 2, top + side / 2)
    turn = cv2.getRotationMatrix2D(centre, -tilt, 1)
    layer = cv2.warpAffine(layer, turn, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
    alpha = layer[..., 3:] / 255
    back = GROUNDS[ground](random)
    if ground == "alike":
        worn = layer[layer[..., 3] > 200][:, :3].mean(axis=0)
        back = (
            back - back.mean(axis=(0, 1)) + worn + random.choice((-1, 1)) * random.uniform(24, 44)
        )
    reach = random.uniform(2, 8)
    shadow = cv2.GaussianBlur(alpha, (0, 0), reach)
    shift = np.float32([[1, 0, reach * random.uniform(-1, 1)], [0, 1, reach]])
    shadow = cv2.warpAffine(shadow, shift, (SIZE, SIZE))[..., None]
    back = back * (1 - random.uniform(0.1, 0.45) * shadow)
    scene = layer[..., :3] + (1 - alpha) * back
    scene = cv2.GaussianBlur(scene, (0, 0), random.uniform(0.4, 1.2))
    low, high = (0.45, 1.2) if ground == "lamp" else (0.9, 1.08)
    light = _slope(random, low, high)[..., None]
    scene = scene * light + random.normal(0, random.uniform(1, 6), scene.shape)
    pixels = scene.clip(0, 255).round().astype(np.uint8)
    rough = Picture(pixels, alpha[..., 0] > 0.5, float(tilt), ground)
    packed = Image.open(io.BytesIO(rough.to_jpeg(int(random.integers(55, 92)))))
    return dataclasses.replace(rough, pixels=np.asarray(packed))


def expected(garment: np.ndarray) -> np.ndarray:
    """The garment as a conversion without fault would give it back: trimmed, large, centred."""
    rows, columns = np.nonzero(garment > MARGIN * 6)
    part = garment[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = 28 / max(part.shape)
    height, width = (max(1, round(side * scale)) for side in part.shape)
    part = cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC)
    square = np.zeros((28, 28), np.uint8)
    top, left = (28 - height) // 2, (28 - width) // 2
    square[top : top + height, left : left + width] = part
    return square


def _grown(garment: np.ndarray) -> np.ndarray:
    """The garment with what lies just within its hem carried outwards over the hem."""
    block = np.ones((3, 3), np.uint8)
    inner = cv2.erode((garment > 25).astype(np.uint8), block) > 0
    grown = np.where(inner, np.maximum(garment, 1), 0).astype(np.uint8)
    for _ in range(4):
        grown = np.where(grown, grown, cv2.dilate(grown, block)).astype(np.uint8)
    return np.where(grown, grown, garment)


def _slope(random: np.random.Generator, low: float, high: float) -> np.ndarray:
    """A light that falls from one side: [H, W] between two values."""
    angle = random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    along = (np.cos(angle) * x + np.sin(angle) * y) / np.sqrt(2)
    return (low + (high - low) * (along + 1) / 2).astype(np.float32)


def _colour(random: np.random.Generator, low: int, high: int) -> np.ndarray:
    return (random.uniform(low, high) + random.uniform(-18, 18, 3)).clip(0, 255)


def _cloud(random: np.random.Generator, cells: int) -> np.ndarray:
    """Smooth noise about 0: [H, W]."""
    coarse = random.normal(size=(cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)


def _studio(random: np.random.Generator) -> np.ndarray:
    white = np.full((SIZE, SIZE, 3), 250.0)
    return white - 6 * np.abs(_cloud(random, 4))[..., None]


def _gradient(random: np.random.Generator) -> np.ndarray:
    share = _slope(random, 0, 1)[..., None]
    return _colour(random, 120, 235) * share + _colour(random, 120, 235) * (1 - share)


def _dark(random: np.random.Generator) -> np.ndarray:
    return _colour(random, 15, 60) + 4 * _cloud(random, 6)[..., None]


def _wood(random: np.random.Generator) -> np.ndarray:
    """Planks with a grain."""
    base = np.array([150.0, 112.0, 76.0]) * random.uniform(0.5, 1.35)
    x = np.arange(SIZE)
    plank = x // (SIZE / random.integers(4, 8))
    shade = random.uniform(0.86, 1.1, int(plank.max()) + 1)[plank.astype(int)]
    shade[np.diff(plank, prepend=0) > 0] *= 0.6
    grain = np.sin(6 * _cloud(random, 5) + x * random.uniform(0.2, 0.5))
    grain = cv2.GaussianBlur(grain.astype(np.float32), (0, 0), sigmaX=1, sigmaY=9)
    return base * (shade[None, :, None] + 0.07 * grain[..., None])


def _cloth(random: np.random.Generator) -> np.ndarray:
    """A bed sheet: threads and folds."""
    y, x = np.mgrid[:SIZE, :SIZE]
    threads = np.sin(x * 1.3) * np.sin(y * 1.3)
    folds = np.tanh(2 * _cloud(random, 6))
    return _colour(random, 110, 235) * (1 + 0.03 * threads + 0.07 * folds)[..., None]


def _check(random: np.random.Generator) -> np.ndarray:
    """A checked tablecloth or tiles."""
    step = random.integers(24, 60)
    y, x = np.mgrid[:SIZE, :SIZE] // step
    odd = ((x + y) % 2)[..., None]
    first = _colour(random, 150, 240)
    return first * odd + (first * random.uniform(0.75, 0.92)) * (1 - odd)


def _clutter(random: np.random.Generator) -> np.ndarray:
    """A table with things on it, mostly along its edges."""
    scene = _gradient(random).astype(np.float32)
    for _ in range(int(random.integers(4, 9))):
        colour = [float(c) for c in _colour(random, 20, 240)]
        place = random.uniform(0, SIZE, 2)
        edge = int(random.integers(4))
        place[edge % 2] = (
            random.uniform(0, 0.14) * SIZE if edge < 2 else random.uniform(0.86, 1) * SIZE
        )
        x, y = (int(c) for c in place)
        if random.random() < 0.5:
            cv2.circle(scene, (x, y), int(random.integers(8, 40)), colour, -1, cv2.LINE_AA)
        else:
            far = (x + int(random.integers(-90, 90)), y + int(random.integers(-90, 90)))
            cv2.line(scene, (x, y), far, colour, int(random.integers(4, 22)), cv2.LINE_AA)
    return scene


GROUNDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "studio": _studio,
    "gradient": _gradient,
    "dark": _dark,
    "wood": _wood,
    "cloth": _cloth,
    "check": _check,
    "clutter": _clutter,
    "lamp": _cloth,
    "alike": _cloth,
    "close": _wood,
}
"""Kinds of backgrounds."""
