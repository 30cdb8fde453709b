"""From pixels back to a garment: the w, or the w of every layer, whose picture is nearest to a target.

Descent by Adam (arXiv 1412.6980) through the frozen generator, in coordinates v in which the loss
curves alike in all ways on average: some ways of w hardly show, and steps along them may be long.
Measured on garments held out from training: 30 steps there come closer than 200 in w itself.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from model.discriminator import Discriminator
from model.generator import Generator
from model.perception import critic_features, features_apart, mean_square
from model.w_space import class_space, rough_metric

MAX_NUMBERS = 2048
"""Of all ws of a garment: the square of it is inverted."""

_BETAS = (0.9, 0.99)
_EPSILON = 1e-8


@dataclasses.dataclass(frozen=True, kw_only=True)
class Descent:
    """How a picture is looked for.

    Attributes:
        steps: pictures drawn with one w for all layers.
        layer_steps: pictures drawn after that with a w for each layer.
        rate: length of the first steps of one w; falls to zero, as that of the next stage does.
        layer_rate: length of the first steps of a w for each layer.
        prior: pull towards the class's mean, against the mean square error. The weaker it is, the nearer
            comes the picture and the further goes w from what the network makes: the garment is then
            taken for its class, and moved by adjustments, less (measured in `training/NOTES.md`).
        spread: pull of the layers towards each other.
        features: weight of what the critic sees beside the pixels, where there is a critic.
    """

    steps: int = 30
    layer_steps: int = 30
    rate: float = 0.1
    layer_rate: float = 0.02
    prior: float = 0.3
    spread: float = 5e-3
    features: float = 0.3

    def __post_init__(self) -> None:
        for name in ("steps", "layer_steps"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= 1000:
                raise ValueError(f"{name} must be a whole number in 0..1000, not {value!r}")
        if not self.steps + self.layer_steps:
            raise ValueError("steps or layer_steps must be at least 1, not both 0")
        for name in ("rate", "layer_rate", "prior", "spread", "features"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be 0 or more, not {value!r}")


class Step(NamedTuple):
    """A step of `refine`: ws [N, L, w_dim], and the match error [N] of the pictures they draw."""

    ws: torch.Tensor
    error: torch.Tensor


def refine(
    generator: Generator,
    start_ws: torch.Tensor,
    target: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    labels: Sequence[int],
    descent: Descent | None = None,
    critic: Discriminator | None = None,
    metric: torch.Tensor | None = None,
) -> Iterator[Step]:
    """Look for the garments nearest to pictures, and yield every step on the way.

    First all layers share one w, then each gets its own; of each row the best step yet is told.
    Rows do not know of each other. To stop, stop asking: what was yielded last is the outcome.

    Args:
        generator: frozen.
        start_ws: where to begin, [N, L, w_dim].
        target: img [N, C, H, W] in [-1, 1], or [1, C, H, W] for all.
        mask: 1 where the target is known and 0 where anything may be, [N, 1, H, W] or [1, 1, H, W].
        labels: class of each row, towards whose mean it is pulled.
        descent: how many steps, how long, and how strong the pulls are.
        critic: whose features are compared beside the pixels.
        metric: as of `model.w_space.measure_metric`; an encoder has a good one, else a rough one is measured once.

    Yields:
        `descent.steps` steps of which all layers are alike, then `descent.layer_steps` others.

    Raises:
        ValueError: naming the argument and its shape.
    """
    descent = descent or Descent()
    _check(generator, start_ws, target, mask, labels)
    metric = rough_metric(generator) if metric is None else metric
    with torch.inference_mode(mode=False), torch.no_grad():
        target = target.detach().float().clone()
        mask = None if mask is None else mask.detach().float().clone()
        ws = start_ws.detach().float().clone()
        search = _Search(generator, target, mask, labels, descent, critic)
        one_w = ws.mean(1)
    if descent.steps:
        ways = search.ways(metric, one_w=True)
        for step in search.descend(one_w, ways, descent.steps, descent.rate):
            yield step
        ws = step.ws
    if descent.layer_steps:
        ways = search.ways(metric, one_w=False)
        with torch.inference_mode(mode=False):
            each = ws.reshape(len(ws), -1)
        yield from search.descend(each, ways, descent.layer_steps, descent.layer_rate)


class _Search:
    """What stays the same while w changes."""

    def __init__(
        self,
        generator: Generator,
        target: torch.Tensor,
        mask: torch.Tensor | None,
        labels: Sequence[int],
        descent: Descent,
        critic: Discriminator | None,
    ) -> None:
        self.generator, self.target, self.mask, self.labels = generator, target, mask, labels
        self.descent, self.critic = descent, critic if descent.features else None
        self._seen: list[torch.Tensor] | None = None
        self.layers, self.width = generator.config.num_layers, generator.config.w_dim
        self.spaces = {label: class_space(generator, label) for label in set(labels)}
        self.means = torch.stack([self.spaces[label].mean for label in labels])  # [N, w_dim]
        roots = {label: torch.linalg.inv(space.root) for label, space in self.spaces.items()}
        self.whiten = torch.stack([roots[label] for label in labels])  # [N, w_dim, w_dim]

    def ways(self, metric: torch.Tensor, one_w: bool) -> torch.Tensor:
        """Steps in w, or in all ws, that change the loss alike, a column each: [N, K, K]."""
        with torch.inference_mode(mode=False), torch.no_grad():
            found = {label: self._ways_of(label, metric, one_w) for label in self.spaces}
            return torch.stack([found[label] for label in self.labels])

    def _ways_of(self, label: int, metric: torch.Tensor, one_w: bool) -> torch.Tensor:
        root = self.spaces[label].root.double()
        tight = torch.linalg.inv(root @ root)  # curvature of |u| squared
        factor = metric.detach().to(root)  # [K, L w_dim]
        pull = self.descent.prior * torch.ones(1, 1, dtype=root.dtype, device=root.device)
        if one_w:
            factor = factor.view(-1, self.layers, self.width).sum(1)
        else:
            every = torch.eye(self.layers, dtype=root.dtype, device=root.device)
            apart = every - 1 / self.layers
            pull = (self.descent.prior * every + self.descent.spread * apart) / self.layers
        pulls = torch.kron(pull, tight.contiguous()) / self.width
        # Without a pull, ways that hardly show would be endless.
        least = 1e-6 * torch.eye(len(pulls), dtype=root.dtype, device=root.device)
        lower = torch.linalg.cholesky(2 * (factor.T @ factor + pulls) + least)
        unit = torch.eye(len(lower), dtype=root.dtype, device=root.device)
        ways: torch.Tensor = torch.linalg.solve_triangular(lower, unit, upper=False).mT
        return ways.float()

    def descend(
        self, start: torch.Tensor, ways: torch.Tensor, steps: int, rate: float
    ) -> Iterator[Step]:
        """Draw `steps` pictures, the first from `start` [N, w_dim or L w_dim]; yield the best yet."""
        with torch.inference_mode(mode=False):
            v, first, second = (torch.zeros_like(start) for _ in range(3))
        best, least, gradient = self._look(v, start, ways)
        yield best
        for number in range(1, steps):
            fallen = rate * (1 + math.cos(math.pi * (number - 1) / steps)) / 2
            _adam(v, gradient, first, second, number, fallen)
            step, loss, gradient = self._look(v, start, ways)
            best, least = _better(best, least, step, loss)
            yield best

    def _look(
        self, v: torch.Tensor, start: torch.Tensor, ways: torch.Tensor
    ) -> tuple[Step, torch.Tensor, torch.Tensor]:
        """The step that v [N, w_dim or L w_dim] is, its loss [N], and the slope of the loss there."""
        # Inference mode and gradients are set here and not around the loop: what is set when a
        # generator function yields is set for whoever asked.
        with torch.inference_mode(mode=False), torch.enable_grad():
            v = v.detach().requires_grad_()
            w = (start + (ways @ v[:, :, None])[:, :, 0]).view(len(v), -1, self.width)
            ws = w.expand(-1, self.layers, -1)
            img = self.generator.synthesis(ws)
            square = mean_square(img, self.target, self.mask)
            u = (w - self.means[:, None]) @ self.whiten
            loss = square + self.descent.prior * u.square().mean((1, 2))
            if u.shape[1] > 1:
                apart = u - u.mean(1, keepdim=True)
                loss = loss + self.descent.spread * apart.square().mean((1, 2))
            if self.critic is not None:
                loss = loss + self.descent.features * self._features_apart(self.critic, img)
            (gradient,) = torch.autograd.grad(loss.sum(), v)
        return Step(ws.detach(), square.detach().sqrt() / 2), loss.detach(), gradient

    def _features_apart(self, critic: Discriminator, img: torch.Tensor) -> torch.Tensor:
        """How differently the critic sees pictures and their targets, [N]; what is hidden is as drawn."""
        with torch.no_grad():
            if self.mask is not None:
                seen = critic_features(critic, torch.lerp(img.detach(), self.target, self.mask))
            else:
                seen = self._seen = self._seen or critic_features(critic, self.target)
        return features_apart(critic_features(critic, img), seen)


def _better(
    best: Step, least: torch.Tensor, step: Step, loss: torch.Tensor
) -> tuple[Step, torch.Tensor]:
    """Row by row, the step of the smaller loss [N], and that loss."""
    with torch.inference_mode(mode=False), torch.no_grad():
        gained = loss < least
        ws = torch.where(gained[:, None, None], step.ws, best.ws)
        error = torch.where(gained, step.error, best.error)
        return Step(ws, error), torch.where(gained, loss, least)


def _adam(
    v: torch.Tensor,
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
        v.sub_(rate / (1 - _BETAS[0] ** number) * first / size)


def _check(
    generator: Generator,
    start_ws: torch.Tensor,
    target: torch.Tensor,
    mask: torch.Tensor | None,
    labels: Sequence[int],
) -> None:
    config, count = generator.config, len(labels)
    if (numbers := config.num_layers * config.w_dim) > MAX_NUMBERS:
        raise ValueError(f"w_dim times layers must be at most {MAX_NUMBERS}, not {numbers}")
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
