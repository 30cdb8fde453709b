"""python -m training.pictures FOLDER: the pictures that a model's card shows; nothing is chosen.

Sheets at several darings, ways from garment to garment, and the samples nearest to training
garments beside those garments, with their distance in `metrics.json`. The same folder gives the
same files. With --export, the study of an export of this model is put into the card. The card is
written anew.
"""

import argparse
import dataclasses
import datetime as dt
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import pairwise_distances_argmin_min

from model.config import FASHION_MNIST_CLASSES
from model.generator import Generator
from model.latents import blend_layers, broadcast, lerp, map_seeds, pattern_split, render
from model.pixels import grid, sheet_scale, to_image, to_png
from model.storage import write_atomically
from model.studio import Studio
from model.weights import (
    DARINGS_FILE,
    NEAREST_FILE,
    STRIPS_FILE,
    STUDY_FILE,
    add_metrics,
    load_generator,
)
from training.card import DARINGS, write_card
from training.data import CACHE_DIR, ImageSet, load_fashion_mnist
from training.features import NAME, cached_features, extract_features
from training.hardware import describe_machine, keep_freed_memory
from training.study import take_study

NEAREST = 20
FIRST_SEED = 1_000_000
COLUMNS = 10
_GAP, _BAND = 2, 14  # between garments, between groups of them, in the garments' own pixels
_BAND_LEVEL = 96
_WITHIN, _CROSS_ROWS = 4, 4
_FASHION_WAYS = ((0, 3), (2, 4), (1, 3), (7, 9))
"""T-shirt to dress, pullover to coat, trouser to dress, sneaker to ankle boot."""
_FASHION_CROSS = 3
"""The dress: its outline and what fills it vary independently."""


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """Samples nearest to training pictures, nearest first, and what real pictures reach.

    `samples`, `originals` are uint8 pixels [K, H, W, C]; distances are Euclidean in features.
    """

    samples: np.ndarray
    originals: np.ndarray
    distances: np.ndarray
    real_distances: np.ndarray
    median: float
    real_median: float


def draw_darings(generator: Generator) -> np.ndarray:
    """One class a column, one daring a row, seed 0 throughout: uint8 pixels [H, W, C]."""
    labels, seeds = _row(generator, 0)
    rows = [generator.sample(labels, seeds, daring) for daring in DARINGS]
    return _scaled(generator, _block(np.concatenate(rows), len(labels)))


def draw_strips(generator: Generator) -> np.ndarray:
    """Three groups: ways within a class, ways across classes with one z, shape against pattern.

    At the page's daring. In the third group the leftmost column gives the outline, the top row
    gives what fills it.
    """
    config, daring = generator.config, Studio(generator).default_daring
    fashion = config.class_names == FASHION_MNIST_CLASSES
    classes = max(config.num_classes, 1)
    within = [(label * classes // _WITHIN, row) for row, label in enumerate(range(_WITHIN))]
    groups = [
        [_way(generator, (label, 2 * row), (label, 2 * row + 1), daring) for label, row in within]
    ]
    if config.num_classes > 1:
        pairs = _FASHION_WAYS if fashion else tuple((n, n + 1) for n in range(min(4, classes - 1)))
        groups.append(
            [
                _way(generator, (start, seed), (end, seed), daring)
                for seed, (start, end) in enumerate(pairs)
            ]
        )
    blocks = [_block(np.concatenate(rows), COLUMNS) for rows in groups]
    blocks.append(_cross(generator, _FASHION_CROSS if fashion else 0, daring))
    return _scaled(generator, _stack(blocks))


def draw_nearest(generator: Generator, neighbours: Neighbours) -> np.ndarray:
    """Bands of ten: each sample stands above the training picture that is nearest to it."""
    blocks = []
    for start in range(0, len(neighbours.samples), COLUMNS):
        part = slice(start, start + COLUMNS)
        pairs = np.concatenate((neighbours.samples[part], neighbours.originals[part]))
        blocks.append(_block(pairs, len(neighbours.samples[part])))
    return _scaled(generator, _stack(blocks))


def find_nearest(
    pixels: np.ndarray, train: ImageSet, test: ImageSet, cache_dir: Path = CACHE_DIR
) -> Neighbours:
    """Nearest training picture of every sample in `pixels` [N, H, W, C]; the nearest pairs.

    Raises:
        ValueError: fewer samples than pairs to show, or more than there are test pictures, which
            would stand against fewer real ones.
    """
    count = len(pixels)
    _check_count(count, test)
    known = cached_features(train.pixels.numpy(), cache_dir, "all train")
    places, distances = pairwise_distances_argmin_min(extract_features(pixels, "samples"), known)
    real = cached_features(test.pixels.numpy(), cache_dir, "real test")
    _, real_distances = pairwise_distances_argmin_min(real[:count], known)
    order = np.argsort(distances, kind="stable")[:NEAREST]
    return Neighbours(
        samples=pixels[order],
        originals=train.pixels.numpy()[places[order]],
        distances=distances[order],
        real_distances=np.sort(real_distances)[:NEAREST],
        median=float(np.median(distances)),
        real_median=float(np.median(real_distances)),
    )


def describe(neighbours: Neighbours, count: int, command: str) -> dict[str, Any]:
    """The entry of `metrics.json`: mean distance of the pairs shown; the floor is real garments'."""
    figures = {
        "value": neighbours.distances.mean(),
        "floor": neighbours.real_distances.mean(),
        "median": neighbours.median,
        "median_floor": neighbours.real_median,
    }
    return {
        **{name: float(f"{value:.5g}") for name, value in figures.items()},
        "samples": count,
        "against": "train",
        "features": NAME,
        "seeds": [FIRST_SEED, FIRST_SEED + count - 1],
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": describe_machine(),
        "command": command,
    }


def small_png(pixels: np.ndarray) -> bytes:
    """uint8 pixels [H, W, C] as a PNG of few bytes."""
    return to_png(to_image(pixels), optimize=True)


def _check_count(count: int, test: ImageSet) -> None:
    if not NEAREST <= count <= len(test):
        raise ValueError(f"samples must be in {NEAREST}..{len(test)}, not {count}")


def _row(generator: Generator, seed: int) -> tuple[list[int], list[int]]:
    """Labels and seeds of a row: every class with one seed, or ten seeds without classes."""
    classes = generator.config.num_classes
    if not classes:
        return [0] * COLUMNS, list(range(seed, seed + COLUMNS))
    columns = min(classes, COLUMNS)
    return list(range(columns)), [seed] * columns


def _way(
    generator: Generator, start: tuple[int, int], end: tuple[int, int], daring: float
) -> np.ndarray:
    """Straight way in w between two garments (label, seed): pixels [COLUMNS, H, W, C]."""
    w_a, w_b = (map_seeds(generator, [label], [seed], daring) for label, seed in (start, end))
    steps = [lerp(w_a, w_b, number / (COLUMNS - 1)) for number in range(COLUMNS)]
    return render(generator, torch.cat(steps))


def _cross(generator: Generator, label: int, daring: float) -> np.ndarray:
    """Outlines of some seeds filled with the patterns of others: pixels [H', W', C], unscaled.

    The givers stand apart, on the left and on top.
    """
    seeds = list(range(_CROSS_ROWS + COLUMNS - 2))
    ws = broadcast(generator, map_seeds(generator, [label] * len(seeds), seeds, daring))
    shapes, patterns = ws[:_CROSS_ROWS], ws[_CROSS_ROWS:]
    split = pattern_split(generator.config)
    empty = np.zeros_like(render(generator, ws[:1]))
    head = np.concatenate((empty, empty, render(generator, patterns)))
    rows = []
    for shape in shapes[:, None]:
        mixed = blend_layers(shape.expand_as(patterns), patterns, 0, 1, split)
        rows += [render(generator, shape), empty, render(generator, mixed)]
    return _stack([_block(head, COLUMNS), _block(np.concatenate(rows), COLUMNS)], level=0)


def _block(pixels: np.ndarray, columns: int) -> np.ndarray:
    return grid(pixels, columns, gap=_GAP, scale=1)


def _stack(blocks: list[np.ndarray], level: int = _BAND_LEVEL) -> np.ndarray:
    """Blocks of one width under each other, with a line of this grey half way between."""
    _, width, channels = blocks[0].shape
    band = np.zeros((_BAND, width, channels), dtype=np.uint8)
    band[_BAND // 2] = level
    parts = [part for block in blocks for part in (band, block)]
    return np.concatenate(parts[1:])


def _scaled(generator: Generator, pixels: np.ndarray) -> np.ndarray:
    scale = sheet_scale(generator.config.image_size)
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def make_pictures(
    folder: Path, count: int, command: str, cache_dir: Path = CACHE_DIR
) -> dict[str, bytes]:
    """The files of a folder's pictures by name; with `count` the nearest, noted in its metrics.

    Sheets at several darings need class means, the nearest need known training pictures: what
    cannot be made is left out.
    """
    generator = load_generator(folder)
    files = {STRIPS_FILE: small_png(draw_strips(generator))}
    if generator.directions is not None:
        files[DARINGS_FILE] = small_png(draw_darings(generator))
    config = generator.config
    if count and config.class_names == FASHION_MNIST_CLASSES and config.image_size == 28:
        train, test = load_fashion_mnist("train"), load_fashion_mnist("test")
        _check_count(count, test)
        labels = [number % config.num_classes for number in range(count)]
        seeds = list(range(FIRST_SEED, FIRST_SEED + count))
        pixels = generator.sample(labels, seeds, batch_size=100)
        neighbours = find_nearest(pixels, train, test, cache_dir)
        files[NEAREST_FILE] = small_png(draw_nearest(generator, neighbours))
        add_metrics(folder, {"nearest": describe(neighbours, count, command)})
    return files


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    keep_freed_memory()
    parser = argparse.ArgumentParser(prog="python -m training.pictures", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--samples", type=int, default=10_000, help="0 leaves out the nearest")
    parser.add_argument(
        "--export", type=Path, metavar="DIR", help="made by training.export FOLDER --study"
    )
    parser.add_argument("--cache-dir", type=Path, default=CACHE_DIR, help="features of real ones")
    options = parser.parse_args(arguments)
    given = arguments if arguments is not None else sys.argv[1:]
    command = "python -m training.pictures " + shlex.join(given)
    try:
        study, plot = take_study(options.folder, options.export) if options.export else ({}, b"")
        files = make_pictures(options.folder, options.samples, command, options.cache_dir)
        if study:
            add_metrics(options.folder, {"study": study})
            files[STUDY_FILE] = plot
        for name, content in files.items():
            write_atomically(options.folder / name, content)
            print(f"{len(content):>9,} bytes  {options.folder / name}")
        write_card(options.folder)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
