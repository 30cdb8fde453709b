"""python -m training.encode FOLDER: train the encoder of a model, and measure what inversion reaches.

First on made garments, whose w is known; then on real ones through the frozen generator, by how far
the picture that it draws is from the one that was given. The encoder that comes nearest to garments
held out from all training is kept. `--minutes` fits both parts into a time; the counts that are
printed then repeat the run.
"""

import argparse
import copy
import dataclasses
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch

from model.discriminator import Discriminator
from model.encoder import Encoder, Reach, load_encoder, save_encoder
from model.generator import Generator
from model.inverter import Inverter
from model.w_space import measure_metric
from model.weights import find_discriminator, generator_sha256, load_generator
from training.data import ImageSet, load_fashion_mnist
from training.discover import measurable
from training.encoder_trainer import EncodeConfig, Trainer
from training.familiarity import measure_familiarity
from training.hardware import keep_freed_memory

_HELD_SEED = 4_000_000
_EVALUATE_EVERY = 8_000
_HELD_A_CLASS = 30


def train_encoder(
    folder: Path, generator: Generator, config: EncodeConfig, init: Encoder | None = None
) -> Encoder:
    """Train; returns what came nearest to held-out garments on the way. Nothing is written."""
    real, held = _garments(generator)
    trainer = Trainer(generator, config, real, held, init, find_discriminator(folder))
    best, best_state, begun = math.inf, {}, time.monotonic()
    parts = ((config.made_images, trainer.step_made), (config.real_images, trainer.step_real))
    for part, (count, step) in enumerate(parts):
        losses: list[float] = []
        for start in range(0, count, config.batch_size):
            losses.append(step(start))
            done = start + config.batch_size
            if done % _EVALUATE_EVERY >= config.batch_size and done < count:
                continue
            error, right = trainer.held_error()
            part_error, part_right = trainer.held_error(hidden=True)
            kept = error + part_error < best
            if kept:
                best = error + part_error
                best_state = copy.deepcopy(trainer.encoder.state_dict())
            print(
                f"{'made' if part == 0 else 'real'} {min(done, count):>7,}  "
                f"loss {np.mean(losses):.4f}  held-out: match error {error:.4f}, "
                f"class {right:.3f}; of a part {part_error:.4f}, {part_right:.3f}"
                f"{'  kept' if kept else ''}  "
                f"{(time.monotonic() - begun) / 60:.1f} min",
                flush=True,
            )
            losses = []
    if not best_state:
        raise ValueError(
            f"learning_rate {config.learning_rate:g} is too high: the training gave no number; the "
            "folder is as it was"
        )
    trainer.encoder.load_state_dict(best_state)
    found = trainer.encoder.eval().requires_grad_(False)
    return found.to(memory_format=torch.contiguous_format)  # as it will be read


def measure_reach(
    generator: Generator,
    encoder: Encoder,
    config: EncodeConfig,
    critic: Discriminator | None = None,
) -> Reach:
    """Match errors of garments held out from all training, refined as a visitor's picture is."""
    _, held = _garments(generator)
    inverter, ends = Inverter(generator, encoder, critic=critic), []
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


def fit_minutes(
    generator: Generator,
    config: EncodeConfig,
    minutes: float,
    critic: Discriminator | None = None,
) -> EncodeConfig:
    """The same configuration with counts that take about so many minutes on this machine."""
    trial = Trainer(generator, config, *_garments(generator), critic=critic)
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
        max(round(share * count / config.batch_size), min(count, 1)) * config.batch_size
        for count in (config.made_images, config.real_images)
    )
    return dataclasses.replace(config, made_images=made, real_images=real)


def _parse(arguments: list[str] | None) -> tuple[argparse.Namespace, EncodeConfig]:
    parser = argparse.ArgumentParser(prog="python -m training.encode", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--minutes", type=float, help="fit both parts into so many")
    parser.add_argument(
        "--init", type=Path, metavar="FOLDER",
        help="begin as this folder's encoder, even if it was another generator's of the same shape",
    )  # fmt: skip
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


def encode(
    folder: Path,
    config: EncodeConfig,
    minutes: float | None = None,
    reach_only: bool = False,
    init: Path | None = None,
) -> Encoder:
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
        begun = None if init is None else load_encoder(init)
        if init is not None and begun is None:
            raise ValueError(f"{init} has no encoder to begin with")
        if minutes is not None:
            config = fit_minutes(generator, config, minutes, find_discriminator(folder))
        print(f"{config.made_images:,} made garments, then {config.real_images:,} pictures")
        encoder = train_encoder(folder, generator, config, begun)
    encoder.metric = measure_metric(generator, config.probes, len(encoder.metric), config.seed)
    strange = None
    if measurable(generator.config):
        train, held = load_fashion_mnist("train"), load_fashion_mnist("heldout")
        strange = measure_familiarity(encoder, train, held)
    reach = measure_reach(generator, encoder, config, find_discriminator(folder))
    encoder.reach = dataclasses.replace(reach, strange=strange)
    save_encoder(folder, encoder, digest)
    return encoder


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    keep_freed_memory()
    try:
        options, config = _parse(arguments)
        encoder = encode(options.folder, config, options.minutes, options.reach_only, options.init)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"match error of held-out garments (10, 50, 90 %): {encoder.reach}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
