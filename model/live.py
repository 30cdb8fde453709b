"""A tiny GAN of the project's own classes, trained live on one class of garments, in seconds.

The page shows it while it happens; nothing is kept. The knobs reach far enough to break it.
"""

import copy
import dataclasses
import math
import time
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from torch.func import functional_call

from model.checks import number
from model.config import ModelConfig
from model.discriminator import Discriminator
from model.duel import Turns, take_turns
from model.generator import Generator
from model.losses import Loss, generator_loss
from model.pixels import to_img, to_pixels
from model.spectral import SpectralNorm

TINY = ModelConfig(
    class_names=(), z_dim=32, w_dim=32, mapping_layers=0, base_width=48,
    generator_widths=(32, 16), discriminator_widths=(16, 32, 64),
)  # fmt: skip
BATCH = 32
SHEET = 16
"""Garments on the sheet that is shown, always of the same noise."""

MAX_SECONDS = 30.0
BETAS = (0.0, 0.9)
_EMA_STEPS = 12.0  # half-life: short, so that a run that breaks is seen to break

End = Literal["", "time", "not finite"]


@dataclasses.dataclass(frozen=True)
class Knobs:
    """What a visitor turns.

    Attributes:
        learning_rate: of the generator; the critic's is twice that, times its strength.
        critic_strength: how much faster the critic learns than it should.
        penalty: how tightly the critic is held by its spectral norm (arXiv 1802.05957): 0 not at
            all, 1 as in this project, more than that numbs it.
    """

    learning_rate: float = 2e-3
    critic_strength: float = 1.0
    penalty: float = 1.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("learning_rate", 1e-5, 1.0),
            ("critic_strength", 0.01, 100.0),
            ("penalty", 0.0, 2.0),
        ):
            number(name, getattr(self, name), low, high)


@dataclasses.dataclass(frozen=True)
class Rules:
    """What no visitor turns: the rules of the duel, which are this project's.

    The lesson's recording of a collapse has others (`training.lesson`).

    Attributes:
        loss: which game.
        shows_spread: whether the critic is shown how much the garments of the batch differ.
        generator_turns: how often the generator learns for each time that the critic does.
    """

    loss: Loss = "relativistic"
    shows_spread: bool = True
    generator_turns: int = 1


USUAL = Rules()


@dataclasses.dataclass(frozen=True, eq=False)
class Moment:
    """Where a live training stands.

    `sheet` is uint8 pixels [SHEET, H, W, C]; `critic_losses` and `generator_losses` are those of
    the steps since the moment before. `ended` says why it is the last, or is empty.
    """

    images_seen: int
    seconds: float
    sheet: np.ndarray
    critic_losses: tuple[float, ...]
    generator_losses: tuple[float, ...]
    ended: End = ""


class NotFiniteError(ArithmeticError):
    """A loss ran away: the lesson of a step that is too large."""


class Live:
    """Networks and optimizers of one live training on img [N, C, H, W] of one class."""

    def __init__(
        self,
        img: torch.Tensor,
        knobs: Knobs,
        seed: int = 0,
        config: ModelConfig = TINY,
        rules: Rules = USUAL,
    ) -> None:
        self._random = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator, self.critic = Generator(config), Discriminator(config)
        self.shown = copy.deepcopy(self.generator).requires_grad_(requires_grad=False)
        self._spectral = SpectralNorm(self.critic, seed)
        rate = knobs.learning_rate
        self._generator_optimizer = torch.optim.Adam(self.generator.parameters(), rate, BETAS)
        self._critic_optimizer = torch.optim.Adam(
            self.critic.parameters(), 2 * rate * knobs.critic_strength, BETAS
        )
        self._img, self._penalty, self._rules = img, knobs.penalty, rules
        self._label = torch.zeros(BATCH, dtype=torch.int64)
        self._sheet_z = torch.randn(4 * SHEET, config.z_dim, generator=self._random)
        self.images_seen, self.z_dim = 0, config.z_dim

    def step(self) -> Turns:
        """One turn of each network.

        Raises:
            NotFiniteError: a loss is not finite; that network was not changed by this step.
        """
        return self.turn(*self.draw_batch())

    def draw_batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Real garments [BATCH, C, H, W] and noise for as many [BATCH, z_dim]."""
        picked = torch.randint(len(self._img), (BATCH,), generator=self._random)
        return self._img[picked], torch.randn(BATCH, self.z_dim, generator=self._random)

    def turn(self, real: torch.Tensor, z: torch.Tensor) -> Turns:
        """One turn of each network on a batch; raises like `step`."""
        fake = self.generator(z, self._label, batch_statistics=True)
        self._spectral.iterate()
        descend = (self._descend_critic, self._descend_generator)
        turns = take_turns(self._judge, real, fake, self._label, descend, self._rules.loss)
        for _ in range(self._rules.generator_turns - 1):
            self._turn_generator(turns.real_logits)
        self.images_seen += BATCH
        keep = 0.5 ** (1 / min(_EMA_STEPS, 1 + self.images_seen / BATCH / 8))
        with torch.no_grad():
            for old, new in zip(self.shown.parameters(), self.generator.parameters(), strict=True):
                old.lerp_(new, 1 - keep)
        return turns

    def _turn_generator(self, real_logits: torch.Tensor) -> None:
        """One more turn of the generator, on noise of its own; the critic waits."""
        z = torch.randn(BATCH, self.z_dim, generator=self._random)
        fake = self.generator(z, self._label, batch_statistics=True)
        logits = self._judge(fake, self._label, torch.ones_like(self._label), frozen=True)
        loss = generator_loss(self._rules.loss, real_logits, logits)
        self._descend_generator(loss, "generator_loss")

    @torch.inference_mode()
    def make(self, z: torch.Tensor) -> torch.Tensor:
        """What the generator itself makes of a batch's noise: img [BATCH, C, H, W]."""
        img: torch.Tensor = self.generator(z, self._label, batch_statistics=True)
        return img

    @torch.inference_mode()
    def opinions(self, real: torch.Tensor, fake: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [BATCH] of real and of made garments, seen together as in training."""
        made = torch.arange(2).repeat_interleave(BATCH)
        logits = self._judge(torch.cat((real, fake)), self._label.repeat(2), made, frozen=True)
        real_logits, fake_logits = logits.chunk(2)
        return real_logits, fake_logits

    @torch.inference_mode()
    def sheet(self) -> np.ndarray:
        """The averaged generator's garments of always the same noise: uint8 [SHEET, H, W, C]."""
        label = torch.zeros(len(self._sheet_z), dtype=torch.int64)
        img = self.shown(self._sheet_z, label, batch_statistics=True)
        return to_pixels(img[:SHEET])

    def _judge(
        self, img: torch.Tensor, label: torch.Tensor, made: torch.Tensor, frozen: bool
    ) -> torch.Tensor:
        weights = self._spectral.weights(self._penalty)
        if frozen:
            weights = {name: weight.detach() for name, weight in weights.items()}
        seen = made if self._rules.shows_spread else None  # without it the spread is told as zero
        logits: torch.Tensor = functional_call(self.critic, weights, (img, label, seen))
        return logits

    def _descend_critic(self, loss: torch.Tensor, name: str) -> None:
        _descend(self._critic_optimizer, loss, name)

    def _descend_generator(self, loss: torch.Tensor, name: str) -> None:
        _descend(self._generator_optimizer, loss, name)


def train_live(
    pixels: np.ndarray,
    knobs: Knobs,
    seconds: float = MAX_SECONDS,
    moments_per_second: float = 3.0,
    seed: int = 0,
) -> Iterator[Moment]:
    """Train a tiny GAN and show it a few times a second; whoever stops asking stops it.

    The last moment says why it ended. The deadline is looked at after every step, and a step takes
    a small part of a second.

    Args:
        pixels: garments of one class, uint8 [N, H, W, C].
        knobs: learning rate, the critic's strength, penalty.
        seconds: how long, `MAX_SECONDS` at most.
        moments_per_second: sheets that are drawn.
        seed: of noise and weights.
    """
    budget = number("seconds", seconds, 0, MAX_SECONDS)
    live = Live(to_img(torch.from_numpy(pixels)), knobs, seed)
    started = shown = time.monotonic()
    critic: list[float] = []
    generator: list[float] = []
    ended: End = ""
    while not ended:
        try:
            turns = live.step()
        except NotFiniteError:
            ended = "not finite"
        else:
            critic.append(float(turns.critic_loss))
            generator.append(float(turns.generator_loss))
        now = time.monotonic()
        if now - started >= budget and not ended:
            ended = "time"
        if ended or now - shown >= 1 / moments_per_second:
            yield Moment(
                live.images_seen,
                now - started,
                live.sheet(),
                tuple(critic),
                tuple(generator),
                ended,
            )
            critic, generator, shown = [], [], time.monotonic()


def _descend(optimizer: torch.optim.Optimizer, loss: torch.Tensor, name: str) -> None:
    if not math.isfinite(loss.item()):
        raise NotFiniteError(f"{name} is {loss.item()}")
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimizer.step()
