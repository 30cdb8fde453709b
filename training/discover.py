"""Named directions, found by measuring: regress an attribute on w, then move and measure again."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from model.attributes import ATTRIBUTES
from model.classifier import Classifier, class_logits, predict_labels
from model.config import FASHION_MNIST_CLASSES, ModelConfig
from model.directions import NamedDirection
from model.generator import Generator
from model.latents import broadcast, pattern_split, render
from model.studio import DEFAULT_DARING
from training.slopes import BATCH, Fit, Sample, fit_sample, measure, steepest, take_sample

FIT_GARMENTS, TRIAL_GARMENTS, FRESH_GARMENTS = 6_000, 300, 300
MIN_CORRELATION = 0.6
MIN_CLASS_KEPT = 0.9
NOTICEABLE = {"grey levels": 5.0, "pixels": 0.5}
"""Least change at either end of its range for which a direction is worth a slider."""

_SCOUTS = 100
_STRENGTHS = (0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0)
_TRIAL_CLASS_KEPT = 0.93  # stricter than the verdict, which is on other garments
_FIT_STREAM, _TRIAL_STREAM, _FRESH_STREAM = 12, 13, 14


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A candidate on fresh garments, or the reason why it was dropped (empty: it survives)."""

    name: str
    direction: NamedDirection | None
    reason: str
    side_effect: str = ""


def measurable(config: ModelConfig) -> bool:
    """Whether the attributes' labels and the classifier are those of this model's garments."""
    shape = (config.image_size, config.image_channels)
    return config.class_names == FASHION_MNIST_CLASSES and shape == (28, 1)


def discover(
    generator: Generator,
    class_means: torch.Tensor,
    classifier: Classifier,
    garments: Sequence[int] = (FIT_GARMENTS, TRIAL_GARMENTS, FRESH_GARMENTS),
) -> Iterator[Verdict]:
    """Look for one direction for each attribute, and yield what became of it.

    Three samples that share no garment: the first, untruncated, gives the direction; the second its
    unit, layers and range, the third what is reported of it, both at the daring at which the page
    edits. The class counts as kept where the classifier says of the moved garment what it said of
    the same garment before.
    """
    streams = (_FIT_STREAM, _TRIAL_STREAM, _FRESH_STREAM)
    darings = (1.0, DEFAULT_DARING, DEFAULT_DARING)
    first, trial, fresh = (
        take_sample(generator, class_means, count, stream, daring)
        for count, stream, daring in zip(garments, streams, darings, strict=True)
    )
    fit = fit_sample(first, class_means, class_logits(classifier, first.pixels).double().numpy())
    for index in range(len(ATTRIBUTES)):
        yield _judge(generator, fit, index, trial, fresh, classifier)


@dataclasses.dataclass(frozen=True, eq=False)
class _Trial:
    """One attribute's candidate on one sample of garments."""

    generator: Generator
    sample: Sample
    classifier: Classifier
    index: int
    seen: np.ndarray  # what the classifier takes the unmoved garments for

    def move(
        self, vector: torch.Tensor, layers: tuple[int, int], strength: float
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Pixels [N, H, W, C] after the move, changes of the attribute [N], share of class kept."""
        ws = broadcast(self.generator, self.sample.w).clone()
        ws[:, slice(*layers)] += strength * vector
        pixels = render(self.generator, ws, BATCH)
        values = ATTRIBUTES[self.index].measure(pixels)  # the sample's are NaN where not defined
        kept = float((predict_labels(self.classifier, pixels) == self.seen).mean())
        return pixels, values - self.sample.values[self.index], kept


def _judge(
    generator: Generator,
    fit: Fit,
    index: int,
    trial_sample: Sample,
    fresh_sample: Sample,
    classifier: Classifier,
) -> Verdict:
    """Scale, range and verdict of one attribute's direction."""
    attribute, spread = ATTRIBUTES[index], float(fit.spreads[index])
    scouts, trial, fresh = (
        _Trial(generator, s, classifier, index, predict_labels(classifier, s.pixels))
        for s in (trial_sample.first(_SCOUTS), trial_sample, fresh_sample)
    )
    found = _choose_layers(scouts, steepest(fit, index).float(), spread)
    if found is None:
        return Verdict(attribute.name, None, "moving along the slope does not raise it")
    vector, layers = found
    low, high = (_walk(trial, vector, layers, sign) for sign in (-1, 1))
    if not low < 0 < high:
        side = "up" if low else "down"
        return Verdict(attribute.name, None, f"loses the class {_STRENGTHS[0]:g} {side}")
    direction, side_effect = _verify(fresh, fit, vector, layers, (low, high))
    reasons = []
    if direction.correlation < MIN_CORRELATION:
        reasons.append(f"r is {direction.correlation:.2f}, not {MIN_CORRELATION:g}")
    if direction.class_kept < MIN_CLASS_KEPT:
        reasons.append(f"class kept is {direction.class_kept:.2f}, not {MIN_CLASS_KEPT:g}")
    if (least := direction.effect * min(-low, high)) < NOTICEABLE[attribute.unit]:
        reasons.append(f"its range moves it by {least:.2g} {attribute.unit}: hardly to be seen")
    return Verdict(attribute.name, direction, "; ".join(reasons), side_effect)


def _choose_layers(
    trial: _Trial, way: torch.Tensor, spread: float
) -> tuple[torch.Tensor, tuple[int, int]] | None:
    """Shape layers, pattern layers or all, whichever moves most surely and keeps the class best.

    The vector is scaled so that one unit moves the attribute by one standard deviation of what
    it varies by itself within a class.
    """
    config = trial.generator.config
    split, best, found = pattern_split(config), 0.0, None
    reach = 1.0
    for layers in ((0, split), (split, config.num_layers), (0, config.num_layers)):
        ends = [_mean(trial.move(way, layers, s)[1]) for s in (-reach, reach)]
        rise = (ends[1] - ends[0]) / (2 * reach)
        if not rise > 0.05 * spread:  # also if nothing could be measured
            continue
        vector = way * (spread / rise)
        moved = {s: trial.move(vector, layers, s) for s in (-reach, reach)}
        score = _correlation({s: own for s, (_, own, _) in moved.items()})
        score *= min(kept for _, _, kept in moved.values())
        if score > best:
            best, found = score, (vector, layers)
    return found


def _walk(trial: _Trial, vector: torch.Tensor, layers: tuple[int, int], sign: int) -> float:
    """How far the class is kept on one side of zero."""
    reached = 0.0
    for strength in _STRENGTHS:
        if trial.move(vector, layers, sign * strength)[2] < _TRIAL_CLASS_KEPT:
            break
        reached = sign * strength
    return reached


def _verify(
    fresh: _Trial, fit: Fit, vector: torch.Tensor, layers: tuple[int, int],
    limits: tuple[float, float],
) -> tuple[NamedDirection, str]:  # fmt: skip
    """Measure a scaled direction over its range on fresh garments; also its largest side effect."""
    attribute = ATTRIBUTES[fresh.index]
    within = [s for s in (*(-s for s in _STRENGTHS), *_STRENGTHS) if limits[0] <= s <= limits[1]]
    moved = {s: fresh.move(vector, layers, s) for s in within}
    own = {s: change for s, (_, change, _) in moved.items()}
    x, y = _pairs(own)
    changes = measure(moved[limits[1]][0], fresh.sample.labels) - fresh.sample.values
    direction = NamedDirection(
        name=attribute.name,
        unit=attribute.unit,
        vector=vector,
        layers=layers,
        effect=_rounded(float(x @ y / (x @ x))),
        correlation=_rounded(_correlation(own)),
        class_kept=_rounded(min(kept for _, _, kept in moved.values())),
        low=limits[0],
        high=limits[1],
        labels=tuple(sorted(attribute.labels or ())),
    )
    return direction, _largest_side_effect(changes, fit, fresh.index)


def _largest_side_effect(changes: np.ndarray, fit: Fit, index: int) -> str:
    """The other attribute that moves most at the upper end, in its own standard deviations."""
    floors = [NOTICEABLE[attribute.unit] for attribute in ATTRIBUTES]
    sides = np.array([_mean(row) for row in changes]) / np.maximum(fit.spreads, floors)
    sides[index] = 0
    largest = int(np.abs(np.nan_to_num(sides)).argmax())
    return f"{ATTRIBUTES[largest].name} {sides[largest]:+.1f}"


def _mean(changes: np.ndarray) -> float:
    """Mean of what could be measured, NaN if nothing could."""
    known = changes[~np.isnan(changes)]
    return float(known.mean()) if len(known) else float("nan")


def _pairs(changes: dict[float, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Strengths and changes of all garments in which there is something to measure."""
    x = np.concatenate([np.full(len(change), s) for s, change in changes.items()])
    y = np.concatenate(list(changes.values()))
    return x[~np.isnan(y)], y[~np.isnan(y)]


def _correlation(changes: dict[float, np.ndarray]) -> float:
    x, y = _pairs(changes)
    return float(np.corrcoef(x, y)[0, 1]) if len(y) > 2 and y.std() > 0 else 0.0


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")
