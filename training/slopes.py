"""Which way in w an attribute lies: a linear look at a sample of garments."""

import dataclasses

import numpy as np
import torch

from model.attributes import ATTRIBUTES, Attribute
from model.generator import Generator
from model.latents import render
from training.data import batch_noise

BATCH = 100
_RIDGE = 1e-2
_SOFTNESS = 0.1


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """Garments and what is known of them: `values` holds one row [N] for each attribute.

    A value is NaN where the attribute is not defined for the garment.
    """

    w: torch.Tensor
    labels: np.ndarray
    pixels: np.ndarray
    values: np.ndarray

    def first(self, count: int) -> "Sample":
        """The first garments of this sample."""
        part = slice(count)
        return Sample(self.w[part], self.labels[part], self.pixels[part], self.values[:, part])


@dataclasses.dataclass(frozen=True, eq=False)
class Fit:
    """What a linear look at a sample gives.

    `covariance` [w_dim, w_dim] is that of w within its class. Each row of `slopes` and
    `class_slopes` predicts, from w minus its class mean, an attribute or a logit of the
    classifier in standard deviations of the prediction; `spreads` are the attributes' own
    standard deviations within a class.
    """

    covariance: torch.Tensor
    slopes: torch.Tensor
    spreads: np.ndarray
    class_slopes: torch.Tensor


def draw_w(generator: Generator, count: int, stream: int) -> tuple[torch.Tensor, np.ndarray]:
    """W [count, w_dim] and labels [count], the classes in turn; each stream is another sample."""
    labels = np.arange(count) % max(generator.config.num_classes, 1)
    noise = batch_noise(0, 0, (count, generator.config.z_dim), stream)
    with torch.inference_mode():
        w = generator.mapping(torch.from_numpy(noise), torch.from_numpy(labels))
    return w, labels


def measure(pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Every attribute of every garment, [attributes, N]; NaN where it is not defined."""
    rows = [
        np.where(attribute.defined(labels), attribute.measure(pixels), np.nan)
        for attribute in ATTRIBUTES
    ]
    return np.stack(rows)


def take_sample(
    generator: Generator, class_means: torch.Tensor, count: int, stream: int, daring: float
) -> Sample:
    """Draw garments, truncated towards their class's mean, and measure them."""
    w, labels = draw_w(generator, count, stream)
    means = class_means[torch.from_numpy(labels)]
    w = means + daring * (w - means)
    pixels = render(generator, w, BATCH)
    return Sample(w, labels, pixels, measure(pixels, labels))


def fit_sample(sample: Sample, class_means: torch.Tensor, logits: np.ndarray) -> Fit:
    """Regress every attribute and every logit [N, classes] on w, both within the class."""
    w = (sample.w - class_means[torch.from_numpy(sample.labels)]).double()
    covariance = w.T @ w / len(w)
    fits = [_regress(w, covariance, row, sample.labels) for row in sample.values]
    relative = (logits - logits.mean(1, keepdims=True)).T
    classes = [_regress(w, covariance, row, sample.labels)[0] for row in relative]
    return Fit(
        covariance,
        torch.stack([slope for slope, _ in fits]),
        np.array([spread for _, spread in fits]),
        torch.stack(classes),
    )


def _regress(
    w: torch.Tensor, covariance: torch.Tensor, values: np.ndarray, labels: np.ndarray
) -> tuple[torch.Tensor, float]:
    """Ridge slope [w_dim], scaled to predictions of unit variance, and the values' own spread."""
    centred = values.copy()
    for label in np.unique(labels):
        here = (labels == label) & ~np.isnan(values)
        centred[here] -= centred[here].mean() if here.any() else 0
    known = ~np.isnan(centred)
    if known.sum() < 10:  # a network that draws nothing measurable
        return torch.zeros(w.shape[1], dtype=torch.float64), 0.0
    target = np.clip(centred[known], *np.percentile(centred[known], (1, 99)))
    x, y = w[torch.from_numpy(known)], torch.from_numpy(target)
    ridge = _RIDGE * covariance.diagonal().mean() * torch.eye(w.shape[1], dtype=torch.float64)
    slope = torch.linalg.solve(x.T @ x / len(x) + ridge, x.T @ y / len(x))
    scale = (slope @ covariance @ slope).clamp_min(1e-12).sqrt()
    return slope / scale, float(target.std())


def steepest(fit: Fit, index: int) -> torch.Tensor:
    """Least unusual way [w_dim] to change one attribute, one standard deviation of w long.

    The covariance bends the slope into the ways in which w varies by itself. The slopes of the
    other attributes of the same garments, and of the classifier's logits, are projected out, but
    softly: fully orthogonal directions were pure and hardly moved anything.
    """
    own = ATTRIBUTES[index]
    others = [
        fit.slopes[other]
        for other, attribute in enumerate(ATTRIBUTES)
        if other != index and _share_garments(own, attribute)
    ]
    held = torch.stack([*others, *fit.class_slopes])  # [K, w_dim]
    slope = fit.slopes[index]
    gram = held @ fit.covariance @ held.T + _SOFTNESS * torch.eye(len(held), dtype=torch.float64)
    rest = slope - held.T @ torch.linalg.solve(gram, held @ fit.covariance @ slope)
    length = (rest @ fit.covariance @ rest).clamp_min(1e-12).sqrt()
    way: torch.Tensor = fit.covariance @ rest / length
    return way


def _share_garments(a: Attribute, b: Attribute) -> bool:
    return a.labels is None or b.labels is None or bool(a.labels & b.labels)
