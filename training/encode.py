"""python -m training.encode FOLDER: train the encoder of a model, and measure what inversion reaches.

First on made garments, whose w is known; then on real ones through the frozen generator, by how far
the picture that it draws is from the one that was given. The encoder that comes nearest to garments
held out from all training is kept. `--minutes` fits both parts into a time; the counts that are
printed then repeat the run.
"""

import argparse
import dataclasses
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from model.classifier import load_classifier
from model.encoder import Encoder, Reach, load_encoder, save_encoder
from model.generator import Generator
from model.inversion import match_error
from model.inverter import Inverter
from model.latents import broadcast
from model.pixels import to_img
from model.w_space import class_space, measure_metric
from model.weights import generator_sha256, load_generator
from training.data import ImageSet, batch_indices, batch_noise, load_fashion_mnist
from training.discover import measurable

_NOISE_STREAM = 31
_HELD_SEED = 4_000_000
_EVALUATE_EVERY = 8_000
_HELD_A_CLASS = 30


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
        seed: of all chance.
        probes: slopes from which the metric of inversion is measured.
        reach_images: garments on which inversion is measured in the end.
    """

    made_images: int = 30_000
    real_images: int = 60_000
    batch_size: int = 32
    learning_rate: float = 1e-3
    prior: float = 1e-3
    class_weight: float = 0.05
    seed: int = 0
    probes: int = 2_000
    reach_images: int = 100

    def __post_init__(self) -> None:
        for name in ("made_images", "real_images", "batch_size", "probes", "reach_images"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")

    def rate(self, seen: int) -> float:
        """Learning rate after so many pictures."""
        total = self.made_images + self.real_images
        warm = min(seen / (0.05 * total), 1.0)
        return self.learning_rate * warm * (1 + math.cos(math.pi * min(seen / total, 1.0))) / 2


class Trainer:
    """One encoder, its frozen generator and the pictures that it learns from."""

    def __init__(
        self, generator: Generator, config: EncodeConfig, real: ImageSet | None, held: ImageSet
    ) -> None:
        self.generator, self.config, self.real, self.held = generator, config, real, held
        self.classes = max(generator.config.num_classes, 1)
        spaces = [class_space(generator, label) for label in range(self.classes)]
        self.means = torch.stack([space.mean for space in spaces])
        with torch.random.fork_rng(devices=[]):  # initialisation, without a trace outside
            torch.manual_seed(config.seed)
            self.encoder = Encoder(generator.config)
        self.encoder.root.copy_(torch.stack([space.root for space in spaces]).mean(0))
        self.uproot = torch.linalg.inv(self.encoder.root)
        with torch.no_grad():
            self.encoder.out.weight.mul_(0.1)  # begin near the class's mean
        if measurable(generator.config):
            _begin_as_classifier(self.encoder)
        self.encoder.to(memory_format=torch.channels_last).train()
        self.optimizer = torch.optim.Adam(self.encoder.parameters(), config.learning_rate)

    def made(self, start: int, count: int) -> tuple[torch.Tensor, ...]:
        """Pictures, classes and offsets of w of made garments number `start` and on."""
        noise = batch_noise(
            self.config.seed, start, (count, self.generator.config.z_dim), _NOISE_STREAM
        )
        label = torch.arange(start, start + count) % self.classes
        with torch.no_grad():
            w = self.generator.mapping(torch.from_numpy(noise), label)
            img = self.generator.synthesis(broadcast(self.generator, w))
        return img, label, w - self.means[label]

    def step_made(self, start: int) -> float:
        """One step on made garments; returns the mean square error in standard deviations of w."""
        img, label, known = self.made(start, self.config.batch_size)
        offset, logits = self.encoder(img, label)
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
        offset, logits = self.encoder(img, label)
        drawn = self.generator.synthesis(broadcast(self.generator, self.means[label] + offset))
        error = (drawn - img).square().mean()
        pull = self.config.prior * (offset @ self.uproot).square().mean()
        self._learn(error + pull + self._class_loss(logits, label), seen)
        return float(error.detach())

    @torch.no_grad()
    def held_error(self) -> tuple[float, float]:
        """Mean match error on held-out garments of known class, and share of classes recognised."""
        errors, right = [], []
        for start in range(0, len(self.held), 50):
            img = to_img(self.held.pixels[start : start + 50])
            label = self.held.labels[start : start + 50]
            offset, logits = self.encoder(img, label)
            drawn = self.generator.synthesis(broadcast(self.generator, self.means[label] + offset))
            errors.append(match_error(drawn, img))
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


def _begin_as_classifier(encoder: Encoder) -> None:
    """The shipped classifier's layers, which know garments already, where the shapes are alike."""
    classifier = load_classifier()
    theirs = (classifier.config.widths, classifier.config.blocks)
    if theirs == (encoder.config.widths, encoder.config.blocks):
        encoder.layers.load_state_dict(classifier.layers.state_dict())
        encoder.classify.load_state_dict(classifier.head.state_dict())


def train_encoder(folder: Path, generator: Generator, config: EncodeConfig) -> Encoder:
    """Train, and write the best encoder so far into the folder each time there is a better one."""
    real, held = _garments(generator)
    trainer = Trainer(generator, config, real, held)
    digest, best, begun = generator_sha256(folder), math.inf, time.monotonic()
    parts = ((config.made_images, trainer.step_made), (config.real_images, trainer.step_real))
    for part, (count, step) in enumerate(parts):
        losses: list[float] = []
        for start in range(0, count, config.batch_size):
            losses.append(step(start))
            done = start + config.batch_size
            if done % _EVALUATE_EVERY >= config.batch_size and done < count:
                continue
            error, right = trainer.held_error()
            kept = error < best
            if kept:
                best = error
                save_encoder(folder, trainer.encoder, digest)
            print(
                f"{'made' if part == 0 else 'real'} {min(done, count):>7,}  "
                f"loss {np.mean(losses):.4f}  held-out: match error {error:.4f}, "
                f"class {right:.3f}{'  kept' if kept else ''}  "
                f"{(time.monotonic() - begun) / 60:.1f} min",
                flush=True,
            )
            losses = []
    encoder = load_encoder(folder, digest)
    if encoder is None:
        raise ValueError("the training gave no number: a lower --learning-rate may help")
    return encoder


def measure_reach(generator: Generator, encoder: Encoder, config: EncodeConfig) -> Reach:
    """Match errors of garments held out from all training, refined as a visitor's picture is."""
    _, held = _garments(generator)
    inverter, ends = Inverter(generator, encoder), []
    for pixels in held.pixels[: config.reach_images].numpy():
        found = inverter.invert(pixels)
        ends.append((found.one_w_error, found.per_layer_error))
    quantiles = np.quantile(np.array(ends), (0.1, 0.5, 0.9), axis=0).T.tolist()
    one_w, per_layer = ((low, middle, high) for low, middle, high in quantiles)
    return Reach(one_w=one_w, per_layer=per_layer)


def _garments(generator: Generator) -> tuple[ImageSet | None, ImageSet]:
    """Real garments to learn from, and held-out ones, the classes in turn.

    A model of other garments learns from its own alone, and others of its own are held out.
    """
    classes = max(generator.config.num_classes, 1)
    if not measurable(generator.config):
        labels = np.arange(_HELD_A_CLASS * classes) % classes
        seeds = range(_HELD_SEED, _HELD_SEED + len(labels))
        pixels = generator.sample(labels.tolist(), seeds, batch_size=50)
        names = generator.config.class_names
        return None, ImageSet(torch.from_numpy(pixels), torch.from_numpy(labels), names)
    held = load_fashion_mnist("heldout")
    known = held.labels.numpy()
    places = [np.flatnonzero(known == label)[:_HELD_A_CLASS] for label in range(classes)]
    picked = np.stack(places, axis=1).ravel()
    few = ImageSet(held.pixels[picked], held.labels[picked], held.class_names)
    return load_fashion_mnist("train"), few


def fit_minutes(generator: Generator, config: EncodeConfig, minutes: float) -> EncodeConfig:
    """The same configuration with counts that take about so many minutes on this machine."""
    trial = Trainer(generator, config, *_garments(generator))
    seconds = []
    for step in (trial.step_made, trial.step_real):
        step(0)
        begun = time.perf_counter()
        step(config.batch_size)
        step(2 * config.batch_size)
        seconds.append((time.perf_counter() - begun) / (2 * config.batch_size))
    whole = config.made_images * seconds[0] + config.real_images * seconds[1]
    share = 60 * minutes / whole
    made, real = (
        max(round(share * count / config.batch_size), 1) * config.batch_size
        for count in (config.made_images, config.real_images)
    )
    return dataclasses.replace(config, made_images=made, real_images=real)


def _parse(arguments: list[str] | None) -> tuple[argparse.Namespace, EncodeConfig]:
    parser = argparse.ArgumentParser(prog="python -m training.encode", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--minutes", type=float, help="fit both parts into so many")
    parser.add_argument(
        "--reach-only", action="store_true", help="keep the encoder; measure inversion again"
    )
    for field in dataclasses.fields(EncodeConfig):
        parser.add_argument(
            "--" + field.name.replace("_", "-"), type=type(field.default), default=field.default
        )
    options = parser.parse_args(arguments)
    if options.minutes is not None and not options.minutes > 0:
        parser.error(f"--minutes must be above 0, not {options.minutes:g}")
    names = [field.name for field in dataclasses.fields(EncodeConfig)]
    return options, EncodeConfig(**{name: getattr(options, name) for name in names})


def encode(folder: Path, config: EncodeConfig, minutes: float | None, reach_only: bool) -> Encoder:
    """Train (or read) the encoder of a folder, measure what it reaches, and write both.

    Raises:
        ValueError: the folder is not a whole one, or has no encoder whose reach could be measured.
    """
    generator = load_generator(folder)
    digest = generator_sha256(folder)
    if reach_only:
        encoder = load_encoder(folder, digest)
        if encoder is None:
            raise ValueError(f"{folder} has no encoder: leave out --reach-only")
    else:
        config = config if minutes is None else fit_minutes(generator, config, minutes)
        print(f"{config.made_images:,} made garments, then {config.real_images:,} pictures")
        encoder = train_encoder(folder, generator, config)
    encoder.metric = measure_metric(generator, config.probes, len(encoder.metric), config.seed)
    encoder.reach = measure_reach(generator, encoder, config)
    save_encoder(folder, encoder, digest)
    return encoder


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    try:
        options, config = _parse(arguments)
        encoder = encode(options.folder, config, options.minutes, options.reach_only)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"match error of held-out garments (10, 50, 90 %): {encoder.reach}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
