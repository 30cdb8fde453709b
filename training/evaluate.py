"""python -m training.evaluate FOLDER...: how close generated garments are to real ones.

Against the held-out garments (the default) it serves choices; `--against test` is for reporting.
"""

import argparse
import dataclasses
import datetime as dt
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np

from model.storage import write_atomically
from model.weights import METRICS_FILE, generator_sha256, load_generator, read_metrics
from training.data import load_fashion_mnist
from training.features import NAME, cached_features, extract_features
from training.hardware import describe_machine
from training.metrics import coverage_figures, frechet_distance, kernel_distance

CACHE_DIR = Path("runs") / "cache"
_BATCH = 100


@dataclasses.dataclass(frozen=True)
class Reference:
    """Features of real garments to compare with, and what other real garments reach against them.

    `floors` holds `fd`, `kd` and the four figures of coverage.
    """

    name: str
    target: np.ndarray
    floors: dict[str, float]

    @property
    def samples(self) -> int:
        """How many pictures stand on each side."""
        return len(self.target)


def load_reference(name: str, cache_dir: Path = CACHE_DIR) -> Reference:
    """Features of the held-out or test garments and of as many from train."""
    target = load_fashion_mnist("test" if name == "test" else "heldout")
    train = load_fashion_mnist("train")
    picked = np.random.RandomState(0).permutation(len(train))[: len(target)]
    target_features = cached_features(target.pixels.numpy(), cache_dir, f"real {name}")
    train_features = cached_features(train.pixels.numpy()[picked], cache_dir, "real train")
    floors = {
        "fd": frechet_distance(train_features, target_features),
        "kd": kernel_distance(train_features, target_features)[0],
        **coverage_figures(train_features, target_features),
    }
    return Reference(name, target_features, floors)


def sample_balanced(folder: Path, count: int, first_seed: int) -> np.ndarray:
    """Class-balanced pixels [count, H, W, C] of a model folder at daring 1."""
    generator = load_generator(folder)
    labels = [number % max(generator.config.num_classes, 1) for number in range(count)]
    seeds = list(range(first_seed, first_seed + count))
    return generator.sample(labels, seeds, batch_size=_BATCH)


def judge(folder: Path, reference: Reference, first_seed: int, command: str) -> dict[str, Any]:
    """All figures of a model folder against a reference, each with what is needed to repeat it."""
    pixels = sample_balanced(folder, reference.samples, first_seed)
    features = extract_features(pixels, str(folder))
    distance = frechet_distance(features, reference.target)
    kernel, kernel_error = kernel_distance(features, reference.target)
    cover, floors = coverage_figures(features, reference.target), reference.floors
    about = {
        "samples": reference.samples,
        "against": reference.name,
        "features": NAME,
        "seeds": [first_seed, first_seed + reference.samples - 1],
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": describe_machine(),
        "command": command,
    }
    figures = {
        "r_e": {"value": distance / floors["fd"], "floor": 1.0, "fd": distance,
                "fd_floor": floors["fd"]},
        "kd_e": {"value": kernel, "error": kernel_error, "floor": floors["kd"]},
        **{name: {"value": cover[name], "floor": floors[name]} for name in cover},
    }  # fmt: skip
    return {name: {**_rounded(value), **about} for name, value in figures.items()}


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.5g}") for name, value in figures.items()}


def write_metrics(folder: Path, reference: Reference, figures: dict[str, Any]) -> None:
    """Add the figures to `metrics.json`; those against held-out garments stand under their name."""
    content = {**read_metrics(folder), "generator_sha256": generator_sha256(folder)}
    if reference.name == "test":
        content |= figures
    else:
        content["heldout"] = figures
    write_atomically(folder / METRICS_FILE, (json.dumps(content, indent=2) + "\n").encode())


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--against", choices=("heldout", "test"), default="heldout")
    parser.add_argument("--seed", type=int, default=1_000_000, help="first sampling seed")
    options = parser.parse_args(arguments)
    given = arguments if arguments is not None else sys.argv[1:]
    command = "python -m training.evaluate " + shlex.join(given)
    try:
        reference = load_reference(options.against)
        results = {}
        for folder in options.folders:
            results[folder] = judge(folder, reference, options.seed, command)
            write_metrics(folder, reference, results[folder])
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        f"{reference.samples:,} generated against {reference.samples:,} {reference.name} garments"
    )
    print(f"{'R in E':>8} {'KD in E':>16} {'prec.':>6} {'recall':>6} {'cover.':>6}  folder")
    for folder, figures in sorted(results.items(), key=lambda pair: pair[1]["r_e"]["value"]):
        kernel = figures["kd_e"]
        shares = " ".join(
            f"{figures[k]['value']:6.3f}" for k in ("precision", "recall", "coverage")
        )
        deviation = f"{kernel['value']:8.4f} ± {kernel['error']:5.4f}"
        print(f"{figures['r_e']['value']:8.2f} {deviation:>16} {shares}  {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
