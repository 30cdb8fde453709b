"""The training loop: one page, from top to bottom."""

import dataclasses
import time
from functools import partial
from pathlib import Path

import torch

from model.duel import take_turns
from model.losses import mismatch_loss
from model.pixels import to_img
from training import alarms, distributed
from training.checkpoint import load_checkpoint, save_checkpoint
from training.data import ImageSet, batch_indices, batch_noise
from training.ema import ema_decay, update_ema
from training.journal import Journal
from training.run import Mixing, Run
from training.schedule import learning_rate, snapshot_images

import os
ABL = set(os.environ.get("ABL", "").split(","))
NOISE_STREAM, MIXING_STREAM, MISMATCH_STREAM = 1, 2, 3


class NonFiniteLossError(RuntimeError):
    """A loss was not finite; nothing was changed by that step."""


def train_step(run: Run, data: ImageSet) -> dict[str, torch.Tensor]:
    """One step of the critic, then one of the generator, on one batch."""
    config, rows = run.config, distributed.own_part(run.config.batch_size)

    # The batch: real garments, and noise for as many of the same classes.
    picked = batch_indices(len(data), config.seed, run.images_seen, config.batch_size)[rows]
    real = to_img(data.pixels[picked].to(run.device))  # [N, C, H, W]
    label = data.labels[picked].to(run.device)
    if "dequant" in ABL:
        u = torch.special.ndtr(torch.from_numpy(batch_noise(config.seed, run.images_seen, (len(real), 784), 7)))
        real = real + (u.reshape(real.shape) - 0.5) * (2 / 255)
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

    # The critic learns to tell them apart, then the generator to please it.
    fake = run.generate(z.to(run.device), label, _draw_mixing(run, rows))
    run.spectral.iterate()

    wrong = draw_wrong_labels(run, label, rows)
    mismatch: list[torch.Tensor] = []

    def judge(
        img: torch.Tensor, label: torch.Tensor, made: torch.Tensor, frozen: bool
    ) -> torch.Tensor:
        weights = run.spectral.weights()
        if frozen:
            weights = {name: weight.detach() for name, weight in weights.items()}
        twin = "twin" in ABL and wrong is not None
        labels = None if frozen else torch.cat((wrong, wrong)) if twin else wrong
        logits: torch.Tensor = run.judge(weights, img, label, made, labels)
        if len(logits) > len(img):
            n = len(real)
            mismatch.append(mismatch_loss(logits[:n], logits[len(img) : len(img) + n]))
            if twin:
                mismatch.append(mismatch_loss(logits[len(img) + n :], logits[n : 2 * n]))
        if not frozen:
            for flag in ABL:
                if flag.startswith(("r1x", "fw")):
                    from torch.func import functional_call, jvp

                    exact = flag.startswith("r1x")
                    gamma, half = float(flag[3:] if exact else flag[2:]), len(real) // 2
                    idx = torch.cat((torch.arange(half), torch.arange(half) + len(real)))

                    def ask(x):
                        with torch.autocast("cpu", torch.bfloat16):
                            return functional_call(run.discriminator, weights, (x, label[idx], made[idx]))

                    if exact:
                        x = img[idx].detach().requires_grad_()
                        (g,) = torch.autograd.grad(ask(x).sum(), x, create_graph=True)
                        size = g.square().sum((1, 2, 3)).mean()
                    else:
                        n = torch.from_numpy(batch_noise(config.seed, run.images_seen, (len(idx), 784), 8))
                        _, t = jvp(ask, (img[idx],), (n.reshape(-1, *img.shape[1:]),))
                        size = t.square().mean()
                    mismatch.append(gamma / 2 * size * 2 / config.mismatch_weight)
                if flag.startswith("fd"):
                    gamma, sigma, half = float(flag[2:]), 0.05, len(real) // 2
                    idx = torch.cat((torch.arange(half), torch.arange(half) + len(real)))
                    n = torch.from_numpy(batch_noise(config.seed, run.images_seen, (len(idx), 784), 8))
                    moved = torch.cat((img[idx] + sigma * n.reshape(-1, *img.shape[1:]), img))[: len(img)]
                    moved = img.clone()
                    moved[idx] = img[idx] + sigma * n.reshape(-1, *img.shape[1:])
                    aside = run.judge(weights, moved, label, made, labels)[: len(img)]
                    pen = gamma / (2 * sigma**2) * (aside[idx] - logits[: len(img)][idx]).square().mean() * 2
                    mismatch.append(pen / config.mismatch_weight)
        return logits[: len(img)]

    def descend_critic(loss: torch.Tensor, name: str) -> None:
        for aside in mismatch:
            loss = loss + config.mismatch_weight * aside
        _descend(run.discriminator_optimizer, loss, name)

    def descend_generator(loss, name):
        for flag in ABL:
            if flag.startswith("pl") and run.images_seen // config.batch_size % 4 == 0:
                n = 16
                zz = torch.from_numpy(batch_noise(config.seed, run.images_seen, (n, config.model.z_dim + 784), 9))
                w = run.generator.mapping(zz[:, : config.model.z_dim].contiguous(), label[:n])
                ws = w[:, None].expand(-1, config.model.num_layers, -1)
                img = run.generator.synthesis(ws, True)
                y = zz[:, config.model.z_dim :].reshape(img.shape) / 28
                (g,) = torch.autograd.grad((img * y).sum(), w, create_graph=True)
                length = g.square().sum(1).sqrt()
                mean = length.mean().detach()
                run.pl = mean if not hasattr(run, "pl") else run.pl + 0.03 * (mean - run.pl)
                pen = (length / run.pl - 1).square().mean()
                if run.images_seen // config.batch_size % 40 == 0: print("pl", float(run.pl), float(pen))
                loss = loss + 4 * float(flag[2:]) * pen
        _descend(run.generator_optimizer, loss, name)

    descend = descend_critic, descend_generator
    turns = take_turns(judge, real, fake, label, descend, config.loss)

    # The average follows.
    run.images_seen += config.batch_size
    decay = ema_decay(
        run.images_seen, config.batch_size, config.ema_halflife_images, config.ema_rampup
    )
    update_ema(run.generator_ema, run.generator, decay)
    return {
        "critic_loss": turns.critic_loss,
        "generator_loss": turns.generator_loss,
        "real_logit": turns.real_logits.mean(),
        "fake_logit": turns.fake_logits.mean(),
        "fake_spread": fake.detach().std(0).mean(),
        "real_spread": real.std(0).mean(),
    }


def _draw_mixing(run: Run, rows: slice) -> Mixing | None:
    """For some garments a second z, to which all layers from a random one on listen."""
    config, layers = run.config, run.config.model.num_layers
    if config.style_mixing == 0:
        return None
    shape = (config.batch_size, config.model.z_dim + 2)
    noise = torch.from_numpy(batch_noise(config.seed, run.images_seen, shape, MIXING_STREAM)[rows])
    noise = noise.to(run.device)
    chosen, place = torch.special.ndtr(noise[:, -2:]).chunk(2, dim=1)  # uniform, [N, 1] each
    first = 1 + (place * (layers - 1)).floor()
    taken = (torch.arange(layers, device=run.device) >= first) & (chosen < config.style_mixing)
    return noise[:, :-2].contiguous(), taken[:, :, None]


def draw_wrong_labels(run: Run, label: torch.Tensor, rows: slice) -> torch.Tensor | None:
    """For each garment [N] another class than its own, each of the others as likely."""
    config, others = run.config, run.config.model.num_classes - 1
    if config.mismatch_weight == 0:
        return None
    noise = batch_noise(config.seed, run.images_seen, (config.batch_size, 1), MISMATCH_STREAM)
    share = torch.special.ndtr(torch.from_numpy(noise[rows, 0]))  # uniform
    step = 1 + (share * others).long().clamp(max=others - 1)
    wrong: torch.Tensor = (label + step.to(run.device)) % (others + 1)
    return wrong


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
    """When to stop before the horizon."""

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
        recent = critic_losses[1 - alarms.MEMORY_STEPS :]
        critic_losses = [*recent, float(figures["critic_loss"])]

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
        wants_sheet = last or passed(config.sheet_every_images)
        wants_snapshot = any(before < mark <= run.images_seen for mark in marks)
        shown = run.shown_generator() if wants_sheet or wants_snapshot else None
        if shown and wants_sheet:
            journal.sheet(shown, name)
        if shown and wants_snapshot:
            run.save_model(run_dir / "snapshots" / name, shown, data)
        if chief and (last or passed(config.checkpoint_every_images)):
            save_checkpoint(run_dir, run.images_seen, run.state_dict())
        if last:
            break
    run.save_model(run_dir / "model", run.shown_generator(), data)
    journal.record("stop", images_seen=run.images_seen)
    distributed.barrier()
