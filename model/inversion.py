"""From pixels back to a garment: the w, or the w of every layer, whose picture is nearest to a target.

Descent by Adam (arXiv 1412.6980) through the frozen generator, in coordinates u in which w spreads
equally in all ways within its class: w = mean + root u. There every step is as long in every way,
and the pull towards what the class is like is the square of u.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from model.discriminator import SLOPE, Discriminator
from model.generator import Generator
from model.layers import leaky_relu

_SAMPLES = 4_000
_FLOOR = 1e-3
"""Least variance of w in any way, as a share of the largest: some ways are hardly ever taken."""
_BETAS = (0.9, 0.99)
_EPSILON = 1e-8


@dataclasses.dataclass(frozen=True, kw_only=True)
class Descent:
    """How a picture is looked for.

    Attributes:
        steps: pictures drawn with one w for all layers.
        layer_steps: pictures drawn after that with a w for each layer.
        rate: length of the first steps in u, in standard deviations; falls to zero in each stage.
        prior: pull towards the class's mean, against the mean square error.
        spread: pull of the layers towards each other.
        features: weight of the critic's features beside the pixels; without a critic it is 0.
    """

    steps: int = 50
    layer_steps: int = 30
    rate: float = 0.1
    prior: float = 1e-3
    spread: float = 2e-3
    features: float = 0.0

    def __post_init__(self) -> None:
        for name in ("steps", "layer_steps"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= 1000:
                raise ValueError(f"{name} must be a whole number in 0..1000, not {value!r}")
        if not self.steps + self.layer_steps:
            raise ValueError("steps or layer_steps must be at least 1, not both 0")
        for name in ("rate", "prior", "spread", "features"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be 0 or more, not {value!r}")


class Step(NamedTuple):
    """A step of `refine`: ws [N, L, w_dim], and the match error [N] of the pictures they draw."""

    ws: torch.Tensor
    error: torch.Tensor


class ClassSpace(NamedTuple):
    """Where the w of a class lie: its mean [w_dim], and a symmetric root [w_dim, w_dim].

    The root maps u, of mean 0 and variance 1, to what w differs from the mean by.
    """

    mean: torch.Tensor
    root: torch.Tensor


def class_space(generator: Generator, label: int) -> ClassSpace:
    """Mean and spread of w in a class, from what the mapping network makes of 4,000 fixed z."""
    config = generator.config
    noise = np.random.RandomState(0).standard_normal((_SAMPLES, config.z_dim))
    z = torch.from_numpy(noise.astype(np.float32)).to(generator.device)
    with torch.inference_mode(mode=False), torch.no_grad():
        w = generator.mapping(z, z.new_full((_SAMPLES,), label, dtype=torch.int64)).double()
        if generator.directions is None:
            mean = w.mean(0)
        else:
            mean = generator.directions.class_means[label].to(w)
        values, axes = torch.linalg.eigh((w - mean).T @ (w - mean) / _SAMPLES)
        values = values.clamp_min(_FLOOR * values[-1].clamp_min(1e-12))
        root = axes @ torch.diag(values.sqrt()) @ axes.T
        return ClassSpace(mean.float(), root.float())


def match_error(
    img: torch.Tensor, target: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """How far pictures are from their target: root mean square of the differences, [N] in 0..1.

    In units of the whole scale of grey, so that 0.1 is 25.5 grey levels.

    Args:
        img: [N, C, H, W] in [-1, 1].
        target: the same, or one for all.
        mask: [N, 1, H, W], or one for all; only where it is 1 a difference counts.
    """
    return _mean_square(img, target, mask).sqrt() / 2


def refine(
    generator: Generator,
    start_ws: torch.Tensor,
    target: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    labels: Sequence[int],
    descent: Descent | None = None,
    critic: Discriminator | None = None,
) -> Iterator[Step]:
    """Look for the garments nearest to pictures, and yield every step on the way.

    First all layers share one w, then each gets its own. Rows do not know of each other. To stop,
    stop asking: what was yielded last is the state of the search.

    Args:
        generator: frozen.
        start_ws: where to begin, [N, L, w_dim].
        target: img [N, C, H, W] in [-1, 1], or [1, C, H, W] for all.
        mask: 1 where the target is known and 0 where anything may be, [N, 1, H, W] or [1, 1, H, W].
        labels: class of each row, towards whose mean it is pulled.
        descent: how many steps, how long, and how strong the pulls are.
        critic: whose features are compared beside the pixels.

    Yields:
        `descent.steps` steps of which all layers are alike, then `descent.layer_steps` others.

    Raises:
        ValueError: naming the argument and its shape.
    """
    descent = descent or Descent()
    _check(generator, start_ws, target, mask, labels)
    with torch.inference_mode(mode=False), torch.no_grad():
        target = target.detach().float().clone()
        mask = None if mask is None else mask.detach().float().clone()
        search = _Search(generator, target, mask, labels, descent, critic)
        u = search.whiten(start_ws.detach().float().clone())
    layers = generator.config.num_layers
    if descent.steps:
        u = u.mean(1, keepdim=True)
        yield from search.descend(u, descent.steps)
    if descent.layer_steps:
        yield from search.descend(u.expand(-1, layers, -1).clone(), descent.layer_steps)


class _Search:
    """What stays the same while u changes."""

    def __init__(
        self,
        generator: Generator,
        target: torch.Tensor,
        mask: torch.Tensor | None,
        labels: Sequence[int],
        descent: Descent,
        critic: Discriminator | None,
    ) -> None:
        self.generator, self.target, self.mask = generator, target, mask
        self.descent, self.critic = descent, critic if descent.features else None
        spaces = {label: class_space(generator, label) for label in set(labels)}
        self.means = torch.stack([spaces[label].mean for label in labels])  # [N, w_dim]
        self.roots = torch.stack([spaces[label].root for label in labels])  # [N, w_dim, w_dim]

    def whiten(self, ws: torch.Tensor) -> torch.Tensor:
        """Ws [N, L, w_dim] -> u of the same shape."""
        u: torch.Tensor = torch.linalg.solve(self.roots, (ws - self.means[:, None]).mT).mT
        return u

    def to_ws(self, u: torch.Tensor) -> torch.Tensor:
        """U [N, 1 or L, w_dim] -> ws [N, L, w_dim]."""
        ws: torch.Tensor = self.means[:, None] + u @ self.roots
        return ws.expand(-1, self.generator.config.num_layers, -1)

    def descend(self, u: torch.Tensor, steps: int) -> Iterator[Step]:
        """Draw `steps` pictures from u on, which moves in place between them."""
        first, second = torch.zeros_like(u), torch.zeros_like(u)
        for number in range(steps):
            step, gradient = self._look(u)
            yield step
            if number + 1 < steps:
                rate = self.descent.rate * (1 + math.cos(math.pi * number / steps)) / 2
                _adam(u, gradient, first, second, number + 1, rate)

    def _look(self, u: torch.Tensor) -> tuple[Step, torch.Tensor]:
        """The step that u [N, 1 or L, w_dim] is, and the slope of the loss there."""
        # Inference mode and gradients are set here and not around the loop: what is set when a
        # generator function yields is set for whoever asked.
        with torch.inference_mode(mode=False), torch.enable_grad():
            u = u.detach().requires_grad_()
            ws = self.to_ws(u)
            img = self.generator.synthesis(ws)
            square = _mean_square(img, self.target, self.mask)
            loss = square + self.descent.prior * u.square().mean((1, 2))
            if u.shape[1] > 1:
                apart = u - u.mean(1, keepdim=True)
                loss = loss + self.descent.spread * apart.square().mean((1, 2))
            if self.critic is not None:
                loss = loss + self.descent.features * self._features_apart(self.critic, img)
            (gradient,) = torch.autograd.grad(loss.sum(), u)
        return Step(ws.detach(), square.detach().sqrt() / 2), gradient

    def _features_apart(self, critic: Discriminator, img: torch.Tensor) -> torch.Tensor:
        """Mean square difference of the critic's first layers, [N]; what is hidden is as drawn."""
        target = self.target
        if self.mask is not None:
            target = torch.lerp(img.detach(), self.target, self.mask)
        a, b = img, target.detach()
        apart = img.new_zeros(len(img))
        for layer in critic.layers[:2]:
            a, b = leaky_relu(layer(a), SLOPE), leaky_relu(layer(b), SLOPE)
            apart = apart + (a - b).square().mean((1, 2, 3))
        return apart


def _adam(
    u: torch.Tensor,
    gradient: torch.Tensor,
    first: torch.Tensor,
    second: torch.Tensor,
    number: int,
    rate: float,
) -> None:
    """One step of Adam, in place: torch's own imports a compiler before its first one."""
    with torch.inference_mode(mode=False), torch.no_grad():
        first.lerp_(gradient, 1 - _BETAS[0])
        second.lerp_(gradient.square(), 1 - _BETAS[1])
        size = (second / (1 - _BETAS[1] ** number)).sqrt_().add_(_EPSILON)
        u.sub_(rate / (1 - _BETAS[0] ** number) * first / size)


def _mean_square(
    img: torch.Tensor, target: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor:
    """Mean square difference of the known pixels, [N], on the scale of -1 to 1."""
    square = (img - target).square()
    if mask is None:
        return square.mean((1, 2, 3))
    known = (square * mask).sum((1, 2, 3))
    return known / (mask.expand(-1, square.shape[1], -1, -1).sum((1, 2, 3))).clamp_min(1)


def _check(
    generator: Generator,
    start_ws: torch.Tensor,
    target: torch.Tensor,
    mask: torch.Tensor | None,
    labels: Sequence[int],
) -> None:
    config, count = generator.config, len(labels)
    size, channels = config.image_size, config.image_channels
    if tuple(start_ws.shape) != (count, config.num_layers, config.w_dim):
        told = f"[{count}, {config.num_layers}, {config.w_dim}]"
        raise ValueError(f"start_ws must be {told}, not {list(start_ws.shape)}")
    for name, given, depth in (("target", target, channels), ("mask", mask, 1)):
        if given is not None and (
            tuple(given.shape[1:]) != (depth, size, size) or len(given) not in (1, count)
        ):
            told = f"[1 or {count}, {depth}, {size}, {size}]"
            raise ValueError(f"{name} must be {told}, not {list(given.shape)}")
    for label in labels:
        if not 0 <= label < max(config.num_classes, 1):
            raise ValueError(f"label must be in 0..{max(config.num_classes, 1) - 1}, not {label!r}")
