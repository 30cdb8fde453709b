"""The state of a run: networks, optimizers, progress, and the passes that cost time."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.func import functional_call

from model.discriminator import Discriminator
from model.generator import Generator
from model.latents import broadcast
from model.spectral import SpectralNorm
from model.weights import load_discriminator, load_generator, save_model
from training import distributed
from training.config import TrainConfig
from training.data import ImageSet
from training.ema import estimate_statistics
from training.hardware import Execution
from training.spread import estimate_spread

Network = TypeVar("Network", bound=torch.nn.Module)

Mixing = tuple[torch.Tensor, torch.Tensor]
"""Second z [N, z_dim], and which layers of which garment listen to it, bool [N, L, 1]."""

_PARTS = (
    "generator",
    "generator_ema",
    "discriminator",
    "spectral",
    "generator_optimizer",
    "discriminator_optimizer",
)


class Run:
    """Networks, optimizers and progress of one run."""

    def __init__(self, config: TrainConfig, execution: Execution, device: torch.device) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device, self.images_seen = config, device, 0
        self.generator = channels_last(Generator(config.model).to(device))
        self.generator_ema = copy.deepcopy(self.generator).requires_grad_(requires_grad=False)
        self.discriminator = channels_last(Discriminator(config.model).to(device))
        self.spectral = SpectralNorm(self.discriminator, config.seed)
        betas = (config.adam_beta1, config.adam_beta2)
        self.generator_optimizer = torch.optim.Adam(
            self.generator.parameters(), config.generator_lr, betas, fused=True
        )
        self.discriminator_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), config.discriminator_lr, betas, fused=True
        )
        self._build_passes(execution)

    def _build_passes(self, execution: Execution) -> None:
        """The two passes that cost time, compiled or not, in the chosen precision."""
        bf16 = execution.precision == "bf16"
        device = self.device.type

        def generate(z: torch.Tensor, c: torch.Tensor, mixing: Mixing | None) -> torch.Tensor:
            with torch.autocast(device, torch.bfloat16, enabled=bf16):
                ws = broadcast(self.generator, self.generator.mapping(z, c))
                if mixing is not None:
                    second_z, taken = mixing
                    second = broadcast(self.generator, self.generator.mapping(second_z, c))
                    ws = torch.where(taken, second, ws)
                img: torch.Tensor = self.generator.synthesis(ws, batch_statistics=True)
                return img.float()

        def judge(
            weights: dict[str, torch.Tensor],
            img: torch.Tensor,
            c: torch.Tensor,
            made: torch.Tensor,
            wrong: torch.Tensor | None = None,
            kind: torch.Tensor | None = None,
        ) -> torch.Tensor:
            with torch.autocast(device, torch.bfloat16, enabled=bf16):
                logits: torch.Tensor = functional_call(
                    self.discriminator, weights, (img, c, made, wrong, kind)
                )
                return logits

        compiled: Callable[[Any], Any] = torch.compile if execution.compile else lambda f: f
        self.generate, self.judge = compiled(generate), compiled(judge)

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs; randomness follows from the seed and `images_seen`."""
        return {
            "images_seen": self.images_seen,
            **{name: getattr(self, name).state_dict() for name in _PARTS},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue exactly where the state was taken."""
        for name in _PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.images_seen = state["images_seen"]

    def start_from(self, folder: Path, images_seen: int) -> None:
        """Begin with a model folder's networks, fresh optimizers and a given place in the schedules.

        Raises:
            ValueError: the folder's networks have another shape; names the field and both values.
        """
        generator, critic = load_generator(folder), load_discriminator(folder)
        if differs := generator.config.difference(self.config.model):
            name, value, ours = differs
            raise ValueError(f"--init {folder} has {name}={value!r}, this run {ours!r}")
        for network in (self.generator, self.generator_ema):
            network.load_state_dict(generator.state_dict())
        self.discriminator.load_state_dict(critic.state_dict())
        self.spectral = SpectralNorm(self.discriminator, self.config.seed)
        self.images_seen = images_seen

    def shown_generator(self) -> Generator:
        """The averaged generator with statistics of its own, as it is shown and shipped."""
        generator = copy.deepcopy(self.generator_ema)
        estimate_statistics(generator, self.config.statistics_images)
        return generator

    def save_model(self, folder: Path, generator: Generator, data: ImageSet) -> None:
        """Write the shown generator and the critic of this moment as a model folder."""
        critic = Discriminator(self.config.model).to(self.device)
        critic.load_state_dict({**critic.state_dict(), **self.spectral.weights()})
        estimate_spread(critic, data, self.config.statistics_images, self.config.batch_size)
        if distributed.rank() == 0:
            save_model(folder, generator, critic)


def channels_last(network: Network) -> Network:
    """The same network with its convolutions' weights in the layout that is fast on every device."""
    return network.to(memory_format=torch.channels_last)
