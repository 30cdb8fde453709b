"""The training loop: one page, from top to bottom."""

import copy
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.func import functional_call

from model.discriminator import Discriminator
from model.generator import Generator
from model.latents import broadcast
from model.weights import load_discriminator, load_generator, save_model
from training import alarms, distributed
from training.checkpoint import load_checkpoint, save_checkpoint
from training.config import TrainConfig
from training.data import ImageSet, batch_indices, batch_noise
from training.ema import ema_decay, estimate_statistics, update_ema
from training.hardware import Execution
from training.journal import Journal
from training.losses import discriminator_loss, generator_loss
from training.schedule import learning_rate, snapshot_images
from training.spectral import SpectralNorm

NOISE_STREAM, MIXING_STREAM = 1, 2
Network = TypeVar("Network", bound=torch.nn.Module)


class NonFiniteLossError(RuntimeError):
    """A loss was not finite; nothing was changed by that step."""


class Run:
    """Networks, optimizers and progress of one run."""

    def __init__(
        self, config: TrainConfig, execution: Execution, device: torch.device, images_seen: int = 0
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device, self.images_seen = config, device, images_seen
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
        kind = self.device.type

        def generate(z: torch.Tensor, c: torch.Tensor, cut: torch.Tensor | None) -> torch.Tensor:
            with torch.autocast(kind, torch.bfloat16, enabled=bf16):
                ws = broadcast(self.generator, self.generator.mapping(z, c))
                if cut is not None:
                    second = broadcast(self.generator, self.generator.mapping(z.roll(1, 0), c))
                    ws = torch.where(cut, second, ws)
                img: torch.Tensor = self.generator.synthesis(ws, batch_statistics=True)
                return img.float()

        def judge(
            weights: dict[str, torch.Tensor], img: torch.Tensor, c: torch.Tensor
        ) -> torch.Tensor:
            with torch.autocast(kind, torch.bfloat16, enabled=bf16):
                logits: torch.Tensor = functional_call(self.discriminator, weights, (img, c))
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
        ours = self.config.model.to_dict()
        for name, value in generator.config.to_dict().items():
            if ours[name] != value:
                raise ValueError(f"--init {folder} has {name}={value!r}, this run {ours[name]!r}")
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

    def save_model(self, folder: Path) -> None:
        """Write the shown generator and the critic of this moment as a model folder."""
        generator = self.shown_generator()
        critic = Discriminator(self.config.model)
        critic.load_state_dict(self.spectral.weights())
        if distributed.rank() == 0:
            save_model(folder, generator, critic)


def channels_last(network: Network) -> Network:
    """The same network with its convolutions' weights in the layout that is fast on every device."""
    return network.to(memory_format=torch.channels_last)


_PARTS = (
    "generator",
    "generator_ema",
    "discriminator",
    "spectral",
    "generator_optimizer",
    "discriminator_optimizer",
)


def train_step(run: Run, data: ImageSet) -> dict[str, torch.Tensor]:
    """One step of the critic, then one of the generator, on one batch."""
    config, rows = run.config, distributed.own_part(run.config.batch_size)

    # The batch: real garments, and noise for as many of the same classes.
    picked = batch_indices(len(data), config.seed, run.images_seen, config.batch_size)[rows]
    real = (
        data.pixels[picked].to(run.device).permute(0, 3, 1, 2).float() / 127.5 - 1
    )  # [N, C, H, W]
    label = data.labels[picked].to(run.device)
    shape = (config.batch_size, config.model.z_dim)
    z = torch.from_numpy(batch_noise(config.seed, run.images_seen, shape, NOISE_STREAM)[rows])
    for optimizer, base in (
        (run.generator_optimizer, config.generator_lr),
        (run.discriminator_optimizer, config.discriminator_lr),
    ):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(
                base, run.images_seen, config.total_images, config.decay_start
            )

    # The critic learns to tell them apart.
    fake = run.generate(z.to(run.device), label, _mixing_cut(run, rows))
    run.spectral.iterate()
    both, both_labels = torch.cat((real, fake.detach())), torch.cat((label, label))
    real_logits, fake_logits = run.judge(run.spectral.weights(), both, both_labels).chunk(2)
    critic_loss = discriminator_loss(config.loss, real_logits, fake_logits)
    _descend(run.discriminator_optimizer, critic_loss, "critic_loss")

    # The generator learns to please the critic that has just learnt. In pairs, the real side is
    # the critic's word of a moment ago: asking again would cost a tenth of the step.
    weights = {name: weight.detach() for name, weight in run.spectral.weights().items()}
    pleased_logits = run.judge(weights, fake, label)
    maker_loss = generator_loss(config.loss, real_logits.detach(), pleased_logits)
    _descend(run.generator_optimizer, maker_loss, "generator_loss")

    # The average follows.
    run.images_seen += config.batch_size
    decay = ema_decay(
        run.images_seen, config.batch_size, config.ema_halflife_images, config.ema_rampup
    )
    update_ema(run.generator_ema, run.generator, decay)
    return {
        "critic_loss": critic_loss.detach(),
        "generator_loss": maker_loss.detach(),
        "real_logit": real_logits.detach().mean(),
        "fake_logit": fake_logits.detach().mean(),
        "fake_spread": fake.detach().std(0).mean(),
        "real_spread": real.std(0).mean(),
    }


def _mixing_cut(run: Run, rows: slice) -> torch.Tensor | None:
    """Per garment and layer [N, L, 1], true where the layer listens to the neighbour's z instead."""
    config = run.config
    if config.style_mixing == 0:
        return None
    layers = config.model.num_layers
    bits = batch_noise(config.seed, run.images_seen, (config.batch_size, 2), MIXING_STREAM)[rows]
    uniform = torch.special.ndtr(torch.from_numpy(bits)).to(run.device)
    first = 1 + (uniform[:, 1:] * (layers - 1)).floor()  # [N, 1]
    swapped = torch.arange(layers, device=run.device) >= first  # [N, L]
    mixed: torch.Tensor = swapped & (uniform[:, :1] < config.style_mixing)
    return mixed[:, :, None]


def _descend(optimizer: torch.optim.Optimizer, loss: torch.Tensor, name: str) -> None:
    """Backward, average over processes, step; nothing changes if the loss is not finite."""
    value = loss.item()
    bad = alarms.non_finite_alarm(**{name: value})
    if distributed.any_process(bad is not None):
        raise NonFiniteLossError(bad or f"NON-FINITE LOSS ({name}) in another process")
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    distributed.average([p.grad for g in optimizer.param_groups for p in g["params"]])
    optimizer.step()


@dataclasses.dataclass(frozen=True)
class Limits:
    """When to stop before the horizon, and where the schedules began."""

    max_images: int | None = None
    max_minutes: float | None = None


def train(run: Run, data: ImageSet, run_dir: Path, limits: Limits, journal: Journal) -> None:
    """Train until the horizon or a limit; running the same command again goes on from there."""
    config, chief = run.config, distributed.rank() == 0
    end = min(config.total_images, limits.max_images or config.total_images)
    marks = snapshot_images(config.first_snapshot_images, config.total_images, config.snapshots)

    # Resume.
    if state := load_checkpoint(run_dir):
        run.load_state_dict(state)
        journal.say(f"going on from {run.images_seen:,} images")

    started = logged = time.perf_counter()
    logged_images = run.images_seen
    critic_losses: list[float] = []
    while run.images_seen < end:
        before = run.images_seen
        figures = train_step(run, data)
        critic_losses = [*critic_losses[-199:], float(figures["critic_loss"])]

        def passed(every: int, before: int = before) -> bool:
            return run.images_seen // every > before // every

        # Tell.
        if passed(config.log_every_images) and chief:
            now = time.perf_counter()
            rate = (run.images_seen - logged_images) / (now - logged)
            logged, logged_images = now, run.images_seen
            told = {name: float(value) for name, value in figures.items()}
            journal.progress(run.images_seen, config.total_images, rate, **told)
            journal.alarm(alarms.collapse_alarm(told["fake_spread"], told["real_spread"]))
            journal.alarm(alarms.critic_alarm(critic_losses))

        # Show and keep. Every process takes part in measuring statistics, the chief alone writes.
        minutes = (time.perf_counter() - started) / 60
        out_of_time = distributed.any_process(minutes >= (limits.max_minutes or float("inf")))
        last = run.images_seen >= end or out_of_time
        name = f"{run.images_seen // 1000:06d}k"
        if last or passed(config.sheet_every_images):
            journal.sheet(run.shown_generator(), name)
        if any(before < mark <= run.images_seen for mark in marks):
            run.save_model(run_dir / "snapshots" / name)
        if chief and (last or passed(config.checkpoint_every_images)):
            save_checkpoint(run_dir, run.images_seen, run.state_dict())
        if last:
            break
    run.save_model(run_dir / "model")
    journal.record("stop", images_seen=run.images_seen)
    distributed.barrier()
