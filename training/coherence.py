"""Whether one seed is one style: garments of a seed in all classes, compared in tone and texture."""

import dataclasses
from itertools import combinations

import numpy as np

from model.attributes import brightness, texture

_SHUFFLES, _GROUPS = 20, 20


@dataclasses.dataclass(frozen=True)
class Coherence:
    """Mean correlation across pairs of classes.

    Attributes:
        value: mean of brightness and texture, garments of one seed together.
        floor: the same with seeds dealt anew to each class; 0 but for chance.
        error: standard error of `value` by drawing other seeds, a jackknife over groups of them.
        brightness: correlation of brightness alone.
        texture: correlation of texture alone.
    """

    value: float
    floor: float
    error: float
    brightness: float
    texture: float


def measure_coherence(pixels: np.ndarray) -> Coherence:
    """Coherence of uint8 pixels [S, K, H, W, C]: S seeds, each in K classes.

    Values are compared with those of their own class only, so a class that is brighter than others
    adds nothing. Seeds of which a garment is empty are left out.

    Raises:
        ValueError: fewer than two classes, or fewer than ten seeds with something to measure.
    """
    seeds, classes = pixels.shape[:2]
    if classes < 2:
        raise ValueError(f"coherence needs two classes or more, not {classes}")
    flat = pixels.reshape(seeds * classes, *pixels.shape[2:])
    tables = [measure(flat).reshape(seeds, classes) for measure in (brightness, texture)]
    whole = np.isfinite(tables).all((0, 2))
    if whole.sum() < 10:
        raise ValueError(f"coherence needs ten seeds with whole garments, not {int(whole.sum())}")
    tables = [table[whole] for table in tables]
    found = [_correlation(table) for table in tables]
    draws = np.random.Generator(np.random.Philox(0))
    dealt = [
        np.mean([_correlation(draws.permuted(table, axis=0)) for table in tables])
        for _ in range(_SHUFFLES)
    ]
    return Coherence(float(np.mean(found)), float(np.mean(dealt)), _jackknife(tables), *found)


def _jackknife(tables: list[np.ndarray]) -> float:
    groups = np.array_split(np.arange(len(tables[0])), min(_GROUPS, len(tables[0])))
    left = [np.mean([_correlation(np.delete(table, group, 0)) for table in tables])
            for group in groups]  # fmt: skip
    return float(((len(left) - 1) * np.var(left)) ** 0.5)


def _correlation(table: np.ndarray) -> float:
    """Mean Pearson correlation of the columns of [S, K]; a column without spread has none, 0."""
    spread = table.std(0)
    scaled = (table - table.mean(0)) / np.where(spread > 0, spread, 1)
    matrix = scaled.T @ scaled / len(table)
    return float(np.mean([matrix[a, b] for a, b in combinations(range(len(matrix)), 2)]))
