"""From pixels to a garment: which class it is, the w that draws it, and how close that comes."""

import dataclasses
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch

from model.classifier import class_logits, load_classifier
from model.config import FASHION_MNIST_CLASSES
from model.discriminator import Discriminator
from model.encoder import Encoder, Reach
from model.generator import Generator
from model.inversion import Descent, Step, refine
from model.latents import broadcast
from model.perception import match_error
from model.pixels import to_img
from model.w_space import class_space

Verdict = Literal["close", "near", "far", "none"]
"""Close; close, but not equal; the closest that can be done; looks like no garment."""

FLAT = 0.02
"""Contrast, as a share of the scale of grey, below which there is nothing to be seen."""


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Inversion:
    """A picture as the model can draw it, at both ends.

    `w` [w_dim] is editable, `ws` [L, w_dim] is closer; their errors are what `match_error`
    measures, 0..1 of the scale of grey. `shares` [classes] is how likely each class is, by the
    encoder. `verdict` is None where it was stopped, and for a model that was never told what real
    garments reach.
    """

    label: int
    shares: np.ndarray
    w: torch.Tensor
    ws: torch.Tensor
    one_w_error: float
    per_layer_error: float
    verdict: Verdict | None


class Inverter:
    """Turns pictures into garments of one model; safe to call from many threads."""

    def __init__(
        self,
        generator: Generator,
        encoder: Encoder | None = None,
        descent: Descent | None = None,
        critic: Discriminator | None = None,
    ) -> None:
        self.generator, self.encoder, self.critic = generator, encoder, critic
        self.descent = descent or Descent()
        self.metric = None if encoder is None else encoder.metric
        self._means: dict[int, torch.Tensor] = {}

    @property
    def steps(self) -> int:
        """How many pictures are drawn on the way, if nobody stops it."""
        return self.descent.steps + self.descent.layer_steps

    def invert(
        self,
        pixels: np.ndarray,
        label: int | None = None,
        on_step: Callable[[int, Step], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Inversion:
        """Find the garment that is nearest to a picture.

        Args:
            pixels: uint8 [H, W, C], of the model's own size.
            label: the class as which it is to be read; the likeliest if None.
            on_step: told the number of each step from 0 on, and the step.
            stop: asked before each step but the first; once it says yes, what there is is returned.

        Raises:
            ValueError: pixels of another shape or type, or a label out of range.
        """
        img = self._to_img(pixels)
        label, shares, start = self._begin(img, pixels, label)
        steps = refine(
            self.generator, start, img,
            labels=[label], descent=self.descent, critic=self.critic, metric=self.metric,
        )  # fmt: skip
        one_w = per_layer = next(steps)  # there is always a first one
        number = 0
        while True:
            if on_step:
                on_step(number, per_layer)
            if stop and stop():
                break
            if (step := next(steps, None)) is None:
                break
            number, per_layer = number + 1, step
            if number < self.descent.steps:
                one_w = step
        return Inversion(
            label=label,
            shares=shares,
            w=one_w.ws[0].mean(0),
            ws=per_layer.ws[0].clone(),
            one_w_error=float(one_w.error[0]),
            per_layer_error=float(per_layer.error[0]),
            verdict=None if number + 1 < self.steps else self._judge(img, per_layer),
        )

    def _judge(self, img: torch.Tensor, per_layer: Step) -> Verdict | None:
        """In words, from what real garments reach; None where that is not known."""
        reach = None if self.encoder is None else self.encoder.reach
        if reach is None:
            return None
        contrast = float(img.std(correction=0)) / 2
        if contrast < FLAT or self._is_strange(img, reach):
            return "none"
        if float(per_layer.error) > reach.per_layer[2]:
            return "far"
        return "close" if float(per_layer.error) <= reach.per_layer[1] else "near"

    @torch.inference_mode()
    def _is_strange(self, img: torch.Tensor, reach: Reach) -> bool:
        """Whether the encoder has seen no garment like it."""
        if self.encoder is None or reach.strange is None:
            return False
        return float(self.encoder.strangeness(img)) > reach.strange

    @torch.inference_mode()
    def encode(
        self, pixels: np.ndarray, label: int | None = None
    ) -> tuple[int, torch.Tensor, float]:
        """What is known before any step: the class, w [w_dim] and its match error.

        Raises:
            ValueError: as of `invert`.
        """
        img = self._to_img(pixels)
        label, _, start = self._begin(img, pixels, label)
        error = match_error(self.generator.synthesis(start), img)
        return label, start[0, 0], float(error[0])

    def _to_img(self, pixels: np.ndarray) -> torch.Tensor:
        size, channels = self.generator.config.image_size, self.generator.config.image_channels
        if pixels.dtype != np.uint8 or pixels.shape != (size, size, channels):
            told = f"uint8 [{size}, {size}, {channels}]"
            raise ValueError(f"pixels must be {told}, not {pixels.dtype} {list(pixels.shape)}")
        return to_img(torch.from_numpy(pixels[None])).to(self.generator.device)

    @torch.inference_mode()
    def _begin(
        self, img: torch.Tensor, pixels: np.ndarray, label: int | None
    ) -> tuple[int, np.ndarray, torch.Tensor]:
        """Class, shares of classes, and ws [1, L, w_dim] to begin with."""
        classes = max(self.generator.config.num_classes, 1)
        if label is not None and not 0 <= label < classes:
            raise ValueError(f"label must be in 0..{classes - 1}, not {label!r}")
        offset: torch.Tensor | float = 0.0
        if self.encoder is None:
            logits = self._guess(img, pixels)
        else:
            c = None if label is None else torch.tensor([label])
            offset, logits = self.encoder(img, c)
        label = int(logits[0].argmax()) if label is None else label
        w = self._mean(label) + offset
        w = w[None] if w.ndim == 1 else w
        return label, logits[0].softmax(0).cpu().numpy(), broadcast(self.generator, w)

    def _mean(self, label: int) -> torch.Tensor:
        """Mean w [w_dim] of a class, measured once."""
        if label not in self._means:
            self._means[label] = class_space(self.generator, label).mean
        return self._means[label]

    def _guess(self, img: torch.Tensor, pixels: np.ndarray) -> torch.Tensor:
        """Class logits [1, classes] without an encoder: by the classifier, or by the mean garments."""
        config = self.generator.config
        if (config.class_names, *pixels.shape) == (FASHION_MNIST_CLASSES, 28, 28, 1):
            return class_logits(load_classifier(), pixels[None])
        classes = range(max(config.num_classes, 1))
        means = torch.stack([self._mean(label) for label in classes])
        drawn = self.generator.synthesis(broadcast(self.generator, means))
        return -match_error(drawn, img)[None]
