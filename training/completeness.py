"""Filling in test garments of which a part is hidden, against three simpler ways to do so."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw
from tqdm import tqdm

from model.classifier import load_classifier, predict_labels
from model.completion import (
    DEFAULT_DIFFERENT,
    DESCENT,
    FEWEST,
    Completions,
    finish,
    nearer,
)
from model.completion_task import prepare
from model.encoder import Encoder
from model.generator import Generator
from model.inversion import Step, refine
from training.data import ImageSet, fixed_order
from training.features import cached_features, space_c, space_e
from training.hardware import describe_machine
from training.metrics import frechet_distance, frechet_error, kernel_distance

GARMENTS, QUICK_GARMENTS = 1_000, 200
EACH = FEWEST
"""Completions of one garment; distances take the first, of the likeliest class."""

MASKS = ("centre box", "left half", "random strokes")
METHODS = ("Trama", "nearest garment", "OpenCV", "class mean")

Way = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Pictures [N, H, W, 1], hidden [N, H, W], labels [N] -> completions [N, K, H, W, 1], uint8."""

_TOGETHER = 16
_SECONDS = 0.011
"""Of a step of one completion, on a slow core."""


def draw_masks(name: str, count: int, size: int) -> np.ndarray:
    """Bool [count, size, size], True where a garment is hidden.

    The centre box has 40 % of the side (11 of 28 pixels); of random strokes there are three a mask,
    each of two straight parts, a seventh of the side wide.
    """
    hidden = np.zeros((count, size, size), dtype=bool)
    if name == "left half":
        hidden[:, :, : size // 2] = True
    elif name == "centre box":
        side = round(0.4 * size)
        first = (size - side) // 2
        hidden[:, first : first + side, first : first + side] = True
    elif name == "random strokes":
        random = np.random.RandomState(0)
        for mask in hidden:
            image = Image.new("1", (size, size))
            for _ in range(3):
                points = [tuple(point) for point in random.randint(2, size - 2, (3, 2)).tolist()]
                ImageDraw.Draw(image).line(points, fill=1, width=size // 7)
            mask[:] = np.asarray(image)
    else:
        raise ValueError(f"name must be one of {', '.join(MASKS)}, not {name!r}")
    return hidden


def complete_many(
    generator: Generator,
    pixels: np.ndarray,
    hidden: np.ndarray,
    encoder: Encoder | None = None,
    title: str = "completion",
) -> np.ndarray:
    """`model.completion.complete` of many pictures, descended together: [N, EACH, H, W, C]."""
    made = []
    for start in tqdm(range(0, len(pixels), _TOGETHER), desc=title, disable=None):
        places = range(start, min(start + _TOGETHER, len(pixels)))
        made += [done.pixels for done in _together(generator, pixels, hidden, places, encoder)]
    return np.stack(made)


def _together(
    generator: Generator,
    pixels: np.ndarray,
    hidden: np.ndarray,
    places: range,
    encoder: Encoder | None,
) -> Iterator[Completions]:
    tasks = [
        prepare(generator, pixels[n], hidden[n], EACH, DEFAULT_DIFFERENT, None, n, encoder)
        for n in places
    ]
    start = torch.cat([task.start for task in tasks])
    steps = refine(
        generator,
        start[:, None].expand(-1, generator.config.num_layers, -1),
        torch.cat([task.target for task in tasks]),
        torch.cat([task.weight for task in tasks]),
        labels=[label for task in tasks for label in task.labels],
        descent=DESCENT,
        metric=None if encoder is None else encoder.metric,
    )
    best: Step | None = None
    for step in steps:
        best = nearer(best, step)
    assert best is not None  # noqa: S101 - refine yields at least once
    for n, task, ws in zip(places, tasks, torch.split(best.ws, EACH), strict=True):
        yield finish(generator, pixels[n], hidden[n], task, ws)


def measure_completion(
    generator: Generator,
    train: ImageSet,
    test: ImageSet,
    count: int,
    cache_dir: Path,
    command: str,
    encoder: Encoder | None = None,
    masks: Sequence[str] = MASKS,
) -> dict[str, Any]:
    """Figures by mask and by method, with what is needed to repeat them.

    Of every method: root mean square error on the hidden part (0..1 of the scale of grey), share of
    completions that the classifier takes for the true class, root mean square difference between
    two completions of one garment, FD in C and KD in E. The distances are to the test garments that
    were not completed; "real" is what the garments themselves reach, before anything was hidden.

    Raises:
        ValueError: too few garments for the distances.
    """
    order = fixed_order(len(test))
    pixels, labels = test.pixels.numpy(), test.labels.numpy()
    judge = _Judge(pixels, order[:count], order[count:], cache_dir)
    given, true = pixels[order[:count]], labels[order[:count]]
    ways = _ways(generator, train, encoder)
    found: dict[str, Any] = {}
    for mask in masks:
        hidden = draw_masks(mask, count, test.pixels.shape[1])
        found[mask] = {
            name: judge.figures(way(given, hidden, true), given, hidden, true, f"{mask}, {name}")
            for name, way in ways.items()
        }
    return {
        "masks": found,
        "real": judge.real(given, true),
        "samples": count,
        "each": EACH,
        "different": DEFAULT_DIFFERENT,
        "steps": DESCENT.steps + DESCENT.layer_steps,
        "against": "test",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": describe_machine(),
        "command": command,
    }


def estimate_minutes(count: int) -> float:
    """About how long `measure_completion` takes on a slow core."""
    steps = DESCENT.steps + DESCENT.layer_steps
    return len(MASKS) * count * EACH * steps * _SECONDS / 60 + 12


def _ways(generator: Generator, train: ImageSet, encoder: Encoder | None) -> dict[str, Way]:
    known, known_labels = train.pixels.numpy(), train.labels.numpy()
    means = np.stack([known[known_labels == c].mean(0) for c in range(len(train.class_names))])

    def ours(given: np.ndarray, hidden: np.ndarray, _: np.ndarray) -> np.ndarray:
        return complete_many(generator, given, hidden, encoder)

    def nearest(given: np.ndarray, hidden: np.ndarray, _: np.ndarray) -> np.ndarray:
        flat = known.reshape(len(known), -1).astype(np.float32)
        squares = np.square(flat)
        found = []
        for picture, mask in zip(given, hidden, strict=True):
            seen = ~mask.ravel()
            product = flat @ np.where(seen, picture.ravel(), 0).astype(np.float32)
            found.append(known[(squares @ seen.astype(np.float32) - 2 * product).argmin()])
        return _paste(np.stack(found), given, hidden)

    def opencv(given: np.ndarray, hidden: np.ndarray, _: np.ndarray) -> np.ndarray:
        found = [
            cv2.inpaint(picture[..., 0], mask.astype(np.uint8), 3, cv2.INPAINT_NS)[..., None]
            for picture, mask in zip(given, hidden, strict=True)
        ]
        return _paste(np.stack(found), given, hidden)

    def mean(given: np.ndarray, hidden: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return _paste(np.rint(means[labels]).astype(np.uint8), given, hidden)

    return dict(zip(METHODS, (ours, nearest, opencv, mean), strict=True))


def _paste(made: np.ndarray, given: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    return np.where(hidden[..., None], made, given)[:, None]


class _Judge:
    """Compares completed garments with themselves, and with garments that were left whole."""

    def __init__(
        self, pixels: np.ndarray, completed: np.ndarray, others: np.ndarray, cache_dir: Path
    ) -> None:
        self.classifier = load_classifier()
        self.spaces = {"e": space_e(), "c": space_c()}
        self.own, self.target = {}, {}
        for letter, space in self.spaces.items():
            features = cached_features(pixels, cache_dir, f"real test in {letter.upper()}", space)
            self.own[letter], self.target[letter] = features[completed], features[others]

    def figures(
        self,
        made: np.ndarray,
        given: np.ndarray,
        hidden: np.ndarray,
        labels: np.ndarray,
        title: str,
    ) -> dict[str, float]:
        """Of completions made [N, K, H, W, C] of what was given [N, H, W, C]."""
        count, each = made.shape[:2]
        told = predict_labels(self.classifier, made.reshape(-1, *made.shape[2:]))
        agreed = told.reshape(count, each) == labels[:, None]
        scaled = made.astype(np.float32) / 255
        apart = _error(scaled, given[:, None].astype(np.float32) / 255, hidden)  # [N, K]
        found = {
            "error": float(apart.mean()),
            "best_error": float(apart.min(1).mean()),
            "agreement": float(agreed.mean()),
            "agreement_error": float(agreed.mean(1).std() / count**0.5),
        }
        if each > 1:
            pairs = [
                _error(scaled[:, a : a + 1], scaled[:, b : b + 1], hidden).mean()
                for a in range(each)
                for b in range(a)
            ]
            found["diversity"] = float(np.mean(pairs))
        features = {k: space.extract(made[:, 0], title) for k, space in self.spaces.items()}
        return {
            name: round(value, 6) for name, value in (found | self._distances(features)).items()
        }

    def real(self, given: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """Of the same garments before anything was hidden."""
        agreed = float((predict_labels(self.classifier, given) == labels).mean())
        found = {"agreement": agreed, **self._distances(self.own)}
        return {name: round(value, 6) for name, value in found.items()}

    def _distances(self, features: dict[str, np.ndarray]) -> dict[str, float]:
        kernel, error = kernel_distance(features["e"], self.target["e"])
        return {
            "fd_c": frechet_distance(features["c"], self.target["c"]),
            "fd_c_error": frechet_error(features["c"], self.target["c"]),
            "kd_e": kernel,
            "kd_e_error": error,
        }


def _error(a: np.ndarray, b: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Root mean square difference of [N, K, H, W, C] in the hidden [N, H, W] part: [N, K]."""
    square = np.square(a - b).mean(4) * hidden[:, None]
    root: np.ndarray = np.sqrt(square.sum((2, 3)) / hidden.sum((1, 2))[:, None])
    return root
