"""One interface to every contender: a step, a state, and a snapshot that can be sampled later."""

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from model.losses import discriminator_loss
from model.pixels import to_img, to_pixels
from model.weights import load_generator
from tests.benchmarks.rival_networks import CLASSES, RECIPES, Recipe
from training.config import TrainConfig
from training.data import ImageSet, batch_indices, batch_noise
from training.ema import ema_decay, update_ema
from training.hardware import Execution
from training.loop import train_step
from training.run import Run

VARIANTS = ("published", "averaged")
UNIFORM = "uniform"
_Z, _LABELS, _GENERATOR_STEP, _STATISTICS, _SAMPLES, _TARGETS = range(1, 7)  # streams of noise
_STATISTICS_BATCHES, _STATISTICS_BATCH = 16, 64
_SAMPLE_BATCH = 100


class Contender(Protocol):
    """What is trained against the clock."""

    images_seen: int

    def step(self) -> None:
        """Train on the next batch or batches."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...

    def save_snapshot(self, folder: Path) -> None:
        """Write what `sample_snapshot` needs; its time is not counted."""


class Rival:
    """A recipe of `rival_networks` at work, with every help that Trama has and that changes no rule.

    bf16, compilation and channels_last as Trama's; fakes of the critic's step without gradients;
    statistics of BatchNorm measured afresh before sampling; and an averaged generator beside the
    published one.
    """

    def __init__(self, recipe: Recipe, config: TrainConfig, execution: Execution, data: ImageSet):
        torch.manual_seed(config.seed)
        self.recipe, self.config, self.data = recipe, config, data
        self.images_seen = self.generator_steps = 0
        layout = torch.channels_last
        self.maker = recipe.maker().to(memory_format=layout)
        self.judge = recipe.judge().to(memory_format=layout)
        self.average = copy.deepcopy(self.maker).requires_grad_(requires_grad=False)
        self.makers, self.judges = (
            torch.optim.Adam(network.parameters(), rate, recipe.betas, fused=True)
            for network, rate in zip((self.maker, self.judge), recipe.rates, strict=True)
        )
        self.bf16 = execution.precision == "bf16"
        compiled: Callable[[Any], Any] = torch.compile if execution.compile else lambda f: f
        self.make, self.tell = compiled(self.maker), compiled(self.judge)

    def step(self) -> None:
        """As many critic steps as the recipe has, then one of the generator."""
        recipe = self.recipe
        if recipe.decay_steps:
            share = max(0.0, 1 - self.generator_steps / recipe.decay_steps)
            for optimizer, rate in zip((self.makers, self.judges), recipe.rates, strict=True):
                optimizer.param_groups[0]["lr"] = rate * share
        if recipe.loss == "bce":
            self._step_bce()
        else:
            for _ in range(recipe.critic_steps):
                self._critic_step_hinge()
            z, label = self._draw_noise(_GENERATOR_STEP), self._draw_labels(_GENERATOR_STEP)
            with self._autocast():
                told = self.tell(self.make(z, label), label)
            _descend(self.makers, -told.float().mean())
        self.generator_steps += 1
        seen = recipe.batch * recipe.critic_steps  # since the last time
        decay = ema_decay(
            self.images_seen, seen, self.config.ema_halflife_images, self.config.ema_rampup
        )
        update_ema(self.average, self.maker, decay)

    def _step_bce(self) -> None:
        """The tutorials': one batch, and the same fakes for both networks."""
        real, label = self._next_batch()
        one, off = torch.ones(len(real), 1), self._draw_target_noise()
        bce = F.binary_cross_entropy_with_logits
        with self._autocast():
            fake = self.make(self._draw_noise(_Z), label)
            # Two passes: BatchNorm must not see real and made garments in one batch.
            told_real, told_fake = self.tell(real, label), self.tell(fake.detach(), label)
        loss = bce(told_real.float().flatten(1), 1 - off[0]) + bce(
            told_fake.float().flatten(1), off[1]
        )
        _descend(self.judges, loss)
        with self._autocast():
            told = self.tell(fake, label)
        _descend(self.makers, bce(told.float().flatten(1), one))
        self.images_seen += len(real)

    def _critic_step_hinge(self) -> None:
        real, label = self._next_batch()
        fake_label = self._draw_labels(_LABELS)
        with self._autocast():
            with torch.no_grad():
                fake = self.make(self._draw_noise(_Z), fake_label)
            told_real, told_fake = self.tell(real, label), self.tell(fake, fake_label)
        loss = discriminator_loss("hinge", told_real.float(), told_fake.float())
        _descend(self.judges, loss)
        self.images_seen += len(real)

    def _next_batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        picked = batch_indices(
            len(self.data), self.config.seed, self.images_seen, self.recipe.batch
        )
        real = to_img(self.data.pixels[picked])
        border = (self.recipe.size - real.shape[-1]) // 2
        real = F.pad(real, (border,) * 4, value=-1)
        return real.contiguous(memory_format=torch.channels_last), self.data.labels[picked]

    def _draw_noise(self, stream: int) -> torch.Tensor:
        shape = (self.recipe.batch, self.recipe.z_dim)
        return torch.from_numpy(batch_noise(self.config.seed, self.images_seen, shape, stream))

    def _draw_target_noise(self) -> torch.Tensor:
        """By how much the critic is misled about real and about made ones, [2, N, 1]."""
        noise = batch_noise(self.config.seed, self.images_seen, (2, self.recipe.batch, 1), _TARGETS)
        return self.recipe.label_noise * torch.special.ndtr(torch.from_numpy(noise))

    def _draw_labels(self, stream: int) -> torch.Tensor:
        bits = np.random.Philox(
            key=[self.config.seed, 100 + stream], counter=[0, 0, 0, self.images_seen]
        )
        return torch.from_numpy(np.random.Generator(bits).integers(CLASSES, size=self.recipe.batch))

    def _autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self.bf16)

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        parts = ("maker", "judge", "average", "makers", "judges")
        counts = {"images_seen": self.images_seen, "generator_steps": self.generator_steps}
        return {**counts, **{name: getattr(self, name).state_dict() for name in parts}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where the state was taken."""
        for name in ("maker", "judge", "average", "makers", "judges"):
            getattr(self, name).load_state_dict(state[name])
        self.images_seen, self.generator_steps = state["images_seen"], state["generator_steps"]

    def save_snapshot(self, folder: Path) -> None:
        """Both generators, with statistics of their own."""
        folder.mkdir(parents=True, exist_ok=True)
        for variant, network in zip(VARIANTS, (self.maker, self.average), strict=True):
            shown = copy.deepcopy(network)
            measure_statistics(shown, self.recipe.z_dim)
            torch.save(shown.state_dict(), folder / f"{variant}.pt")


class Trama:
    """This repository's own run; what is judged is what training shows, the averaged generator."""

    def __init__(self, config: TrainConfig, execution: Execution, data: ImageSet) -> None:
        model = dataclasses.replace(config.model, class_names=data.class_names)
        config = dataclasses.replace(config, model=model)
        self.run, self.data = Run(config, execution, torch.device("cpu")), data

    @property
    def images_seen(self) -> int:
        """Real garments shown to the critic."""
        return self.run.images_seen

    def step(self) -> None:
        """As `python -m training.train` does it."""
        train_step(self.run, self.data)

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs."""
        return self.run.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where the state was taken."""
        self.run.load_state_dict(state)

    def save_snapshot(self, folder: Path) -> None:
        """A model folder."""
        self.run.save_model(folder, self.run.shown_generator(), self.data)


def build(name: str, config: TrainConfig, execution: Execution, data: ImageSet) -> Contender:
    """A contender by its name, at its beginning.

    Raises:
        ValueError: its package is not installed.
    """
    if name == "trama":
        return Trama(config, execution, data)
    return Rival(RECIPES[name], config, execution, data)


def variants(name: str) -> tuple[str, ...]:
    """How a snapshot of a contender is judged: by which of its generators, or from which z."""
    if name == "trama":
        return ("averaged",)
    return (*VARIANTS, UNIFORM) if RECIPES[name].uniform_sheets else VARIANTS


@torch.inference_mode()
def sample_snapshot(
    name: str, folder: Path, variant: str, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Class-balanced uint8 pixels [count, 28, 28, 1] of a snapshot, and their labels [count]."""
    label = np.arange(count) % CLASSES
    if name == "trama":
        generator = load_generator(folder)
        seeds = list(range(1_000_000, 1_000_000 + count))
        return generator.sample(label.tolist(), seeds, batch_size=_SAMPLE_BATCH), label
    recipe = RECIPES[name]
    maker = recipe.maker().eval().to(memory_format=torch.channels_last)
    kept = VARIANTS[0] if variant == UNIFORM else variant
    maker.load_state_dict(torch.load(folder / f"{kept}.pt", weights_only=True))
    c = torch.from_numpy(label)
    parts = []
    for start in range(0, count, _SAMPLE_BATCH):
        part = c[start : start + _SAMPLE_BATCH]
        z = torch.from_numpy(batch_noise(1, start, (len(part), recipe.z_dim), _SAMPLES))
        z = torch.special.ndtr(z) if variant == UNIFORM else z
        parts.append(to_pixels(maker(z, part)))
    border = (recipe.size - 28) // 2
    return np.concatenate(parts)[:, border : border + 28, border : border + 28], label


@torch.no_grad()
def measure_statistics(maker: nn.Module, z_dim: int) -> None:
    """Mean and variance of every BatchNorm over fresh, class-balanced batches: Trama's are, too."""
    for module in maker.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the plain mean over all batches
    maker.train()
    label = torch.arange(_STATISTICS_BATCH) % CLASSES
    for number in range(_STATISTICS_BATCHES):
        shape = (_STATISTICS_BATCH, z_dim)
        z = batch_noise(0, number * _STATISTICS_BATCH, shape, _STATISTICS)
        maker(torch.from_numpy(z), label)
    maker.eval()


def _descend(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    """One step; a critic's gradients left by the generator's step are cleared by its own next one."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
