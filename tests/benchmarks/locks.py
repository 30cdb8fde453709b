"""python -m tests.benchmarks.locks: how much of an attribute's drift a lock takes away.

For each named direction of the shipped model: how far its attribute moves by itself when the others
move to either end of their sliders, without a lock and with one, on garments that had no part in
finding the directions.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from model.attributes import ATTRIBUTES
from model.recipe import Recipe
from model.studio import Studio
from model.weights import SHIPPED_MODEL

FIRST_SEED = 70_000
UNNAMED = 5
_UNNAMED_END = 1.5
_MEASURES = {attribute.name: attribute.measure for attribute in ATTRIBUTES}


def moves(studio: Studio, lock: str) -> Iterator[tuple[str, float, tuple[int, ...]]]:
    """Name, strength and labels of everything that moves while `lock` is locked."""
    (locked,) = (control for control in studio.controls if control.name == lock)
    classes = tuple(range(studio.config.num_classes))
    own = set(locked.labels or classes)
    for control in studio.controls:
        shared = tuple(sorted(own & set(control.labels or classes)))
        if control.name != lock and shared:
            yield control.name, control.low, shared
            yield control.name, control.high, shared
    for name in studio.components[:UNNAMED]:
        yield name, -_UNNAMED_END, tuple(sorted(own))
        yield name, _UNNAMED_END, tuple(sorted(own))


def drift(
    studio: Studio, lock: str, move: str, strength: float, labels: Sequence[int], count: int
) -> tuple[float, float]:
    """Mean absolute change of the attribute of `lock`, without the lock and with it."""
    garments = [studio.garment(labels[n % len(labels)], FIRST_SEED + n) for n in range(count)]
    before = _measured(studio, lock, garments)
    changes = []
    for locks in ([], [lock]):
        moved = [studio.edited(garment, {move: strength}, locks) for garment in garments]
        changes.append(float(np.nanmean(np.abs(_measured(studio, lock, moved) - before))))
    return changes[0], changes[1]


def _measured(studio: Studio, name: str, garments: Sequence[Recipe]) -> np.ndarray:
    return _MEASURES[name](studio.sketch(garments))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--garments", type=int, default=30)
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    options = parser.parse_args()
    studio = Studio.open(options.model)
    print(f"{'locked':11} {'moved':12} {'by':>5} {'free':>7} {'locked':>7} {'ratio':>6}")
    for control in studio.controls:
        sums = np.zeros(2)
        for name, strength, labels in moves(studio, control.name):
            free, held = drift(studio, control.name, name, strength, labels, options.garments)
            sums += (free, held)
            ratio = held / free if free else 0.0
            row = f"{control.name:11} {name:12} {strength:5.1f} {free:7.2f} {held:7.2f}"
            print(f"{row} {ratio:6.2f}", flush=True)
        print(f"{control.name:11} all in {control.unit}: {sums[1] / sums[0]:.2f}", flush=True)


if __name__ == "__main__":
    main()
