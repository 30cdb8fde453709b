"""An encoder in training: what it is shown, what it is told, and how well it does on held-out garments."""

import copy
import dataclasses
import math

import torch
from torch.nn import functional as F

from model.classifier import load_classifier
from model.discriminator import Discriminator
from model.encoder import Encoder, hide
from model.generator import Generator
from model.latents import broadcast
from model.perception import critic_features, features_apart, match_error
from model.pixels import to_img
from model.w_space import class_space
from training.config import Precision
from training.data import ImageSet, batch_indices, batch_noise
from training.discover import measurable
from training.hardware import bf16_is_faster
from training.hidden import random_masks

_NOISE_STREAM = 31
_HELD_START = 2**40
"""Number of the first mask of held-out garments: training never comes so far."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncodeConfig:
    """How an encoder is trained: Adam, its rate rising at first and then falling to zero.

    Attributes:
        made_images: garments of known w in the first part.
        real_images: pictures in the second part; made ones where there are no real ones.
        batch_size: pictures in a step.
        learning_rate: the highest.
        prior: pull of w towards its class's mean, against the mean square error of the picture.
        class_weight: of recognising the class.
        features: weight of what the critic sees beside the pixels, where there is a critic.
        hidden_share: share of the second part's pictures of which a part is hidden from the encoder,
            while what it draws is still compared with the whole of them.
        precision: "bf16", "fp32" or, where it is measured which one is faster, "auto".
        seed: of all chance.
        probes: slopes from which the metric of inversion is measured.
        reach_images: garments on which inversion is measured in the end.
    """

    made_images: int = 30_000
    real_images: int = 60_000
    batch_size: int = 32
    learning_rate: float = 1e-3
    prior: float = 1e-3
    class_weight: float = 0.2
    features: float = 0.3
    hidden_share: float = 0.33
    precision: Precision = "auto"
    seed: int = 0
    probes: int = 2_000
    reach_images: int = 100

    def __post_init__(self) -> None:
        for name in ("real_images", "batch_size", "probes", "reach_images"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.made_images < 0:
            raise ValueError(f"made_images must be at least 0, not {self.made_images}")
        if not 0 <= self.hidden_share <= 1:
            raise ValueError(f"hidden_share must be in 0..1, not {self.hidden_share}")
        if self.precision not in ("auto", "fp32", "bf16"):
            raise ValueError(f"precision must be auto, fp32 or bf16, not {self.precision!r}")

    def rate(self, seen: int) -> float:
        """Learning rate after so many pictures."""
        total = self.made_images + self.real_images
        warm = min(seen / (0.05 * total), 1.0)
        return self.learning_rate * warm * (1 + math.cos(math.pi * min(seen / total, 1.0))) / 2


class Trainer:
    """One encoder, its frozen generator and the pictures that it learns from.

    It begins as the classifier's layers, or as `init`, an encoder of a generator of the same shape.
    Real garments are compared through the critic's eyes too, if it is given.
    """

    def __init__(
        self,
        generator: Generator,
        config: EncodeConfig,
        real: ImageSet | None,
        held: ImageSet,
        init: Encoder | None = None,
        critic: Discriminator | None = None,
    ) -> None:
        self.generator, self.config, self.real, self.held = generator, config, real, held
        self.critic = critic if config.features else None
        self.classes = max(generator.config.num_classes, 1)
        spaces = [class_space(generator, label) for label in range(self.classes)]
        self.means = torch.stack([space.mean for space in spaces])
        root = torch.stack([space.root for space in spaces]).mean(0)
        self.uproot = torch.linalg.inv(root)
        self.encoder = (
            _begin(generator, root, config.seed) if init is None else _begin_as(init, generator)
        )
        self.encoder.hidden_share = config.hidden_share
        self._bf16 = bf16_is_faster() if config.precision == "auto" else config.precision == "bf16"
        self.encoder.to(memory_format=torch.channels_last).train()
        size = generator.config.image_size
        hidden = random_masks(config.seed, _HELD_START, len(held), size, 1.0)
        self._held_hidden = torch.from_numpy(hidden)
        self.optimizer = torch.optim.Adam(self.encoder.parameters(), config.learning_rate)

    def made(self, start: int, count: int) -> tuple[torch.Tensor, ...]:
        """Pictures, classes and offsets of w of made garments number `start` and on."""
        noise = batch_noise(
            self.config.seed, start, (count, self.generator.config.z_dim), _NOISE_STREAM
        )
        label = torch.arange(start, start + count) % self.classes
        with torch.no_grad():
            w = self.generator.mapping(torch.from_numpy(noise), label)
        return self._draw(w).detach(), label, w - self.means[label]

    def _draw(self, w: torch.Tensor) -> torch.Tensor:
        """Pictures of w [N, w_dim]."""
        with self._fast():
            img: torch.Tensor = self.generator.synthesis(broadcast(self.generator, w)).float()
        return img

    def _encode(self, img: torch.Tensor, label: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with self._fast():
            offset, logits = self.encoder(img, label)
        return offset.float(), logits.float()

    def _fast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._bf16)

    def step_made(self, start: int) -> float:
        """One step on made garments; returns the mean square error in standard deviations of w."""
        img, label, known = self.made(start, self.config.batch_size)
        offset, logits = self._encode(img, label)
        error = ((offset - known) @ self.uproot).square().mean()
        self._learn(error + self._class_loss(logits, label), start)
        return float(error.detach())

    def step_real(self, start: int) -> float:
        """One step on real garments; returns the mean square error of the pictures drawn."""
        seen, size = self.config.made_images + start, self.config.batch_size
        if self.real is None:
            img, label, _ = self.made(seen, size)
        else:
            picked = batch_indices(len(self.real), self.config.seed, start, size)
            img, label = to_img(self.real.pixels[picked]), self.real.labels[picked]
        hidden = random_masks(
            self.config.seed, start, size, img.shape[-1], self.config.hidden_share
        )
        offset, logits = self._encode(hide(img, torch.from_numpy(hidden)), label)
        drawn = self._draw(self.means[label] + offset)
        error = (drawn - img).square().mean()
        pull = self.config.prior * (offset @ self.uproot).square().mean()
        loss = error + pull + self._class_loss(logits, label)
        if self.critic is not None:
            loss = loss + self.config.features * self._features_apart(self.critic, drawn, img)
        self._learn(loss, seen)
        return float(error.detach())

    def _features_apart(
        self, critic: Discriminator, drawn: torch.Tensor, img: torch.Tensor
    ) -> torch.Tensor:
        with self._fast():
            with torch.no_grad():
                seen = critic_features(critic, img)
            return features_apart(critic_features(critic, drawn), seen).mean()

    @torch.no_grad()
    def held_error(self, hidden: bool = False) -> tuple[float, float]:
        """Mean match error on held-out garments of known class, and share of classes recognised.

        With `hidden` a part of each garment is hidden from the encoder; it is compared as a whole.
        """
        errors, right = [], []
        for start in range(0, len(self.held), 50):
            img = to_img(self.held.pixels[start : start + 50])
            label = self.held.labels[start : start + 50]
            seen = hide(img, self._held_hidden[start : start + 50]) if hidden else img
            offset, logits = self._encode(seen, label)
            errors.append(match_error(self._draw(self.means[label] + offset), img))
            right.append(logits.argmax(1) == label)
        return float(torch.cat(errors).mean()), float(torch.cat(right).float().mean())

    def _class_loss(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return self.config.class_weight * F.cross_entropy(logits, label)

    def _learn(self, loss: torch.Tensor, seen: int) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.rate(seen)
        self.optimizer.step()


def _begin(generator: Generator, root: torch.Tensor, seed: int) -> Encoder:
    with torch.random.fork_rng(devices=[]):  # initialisation, without a trace outside
        torch.manual_seed(seed)
        encoder = Encoder(generator.config)
    encoder.root.copy_(root)
    with torch.no_grad():
        encoder.out.weight.mul_(0.1)  # begin near the class's mean
    if measurable(generator.config):
        _begin_as_classifier(encoder)
    return encoder


def _begin_as(init: Encoder, generator: Generator) -> Encoder:
    """A copy that can learn; its answers keep the spread that they were learnt in.

    Raises:
        ValueError: it is of a generator of another shape.
    """
    shapes = {name: tensor.shape for name, tensor in init.state_dict().items()}
    with torch.device("meta"):
        own = Encoder(generator.config, init.config).state_dict()
    if {name: tensor.shape for name, tensor in own.items()} != shapes:
        raise ValueError("the encoder to begin with must be of a model of the same shape")
    return copy.deepcopy(init).requires_grad_(requires_grad=True)


def _begin_as_classifier(encoder: Encoder) -> None:
    """The shipped classifier's layers, which know garments already, where the shapes are alike."""
    classifier = load_classifier()
    theirs = (classifier.config.widths, classifier.config.blocks)
    if theirs == (encoder.config.widths, encoder.config.blocks):
        encoder.layers.load_state_dict(classifier.layers.state_dict())
        encoder.classify.load_state_dict(classifier.head.state_dict())
