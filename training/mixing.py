"""Does synthetic data help? The CAS classifier on few and many real pictures, without it and with it."""

import dataclasses
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.cas import CasConfig, cached_cas
from training.data import CACHE_DIR, ImageSet, fixed_order

REAL_COUNTS = (100, 1_000, 10_000)
MIN_STEPS = 3_000
"""Of every training of a study, or a hundred pictures would be too little in work, not in kind."""

STUDY_CLASSIFIER = CasConfig(min_steps=MIN_STEPS)


@dataclasses.dataclass(frozen=True)
class StudyRow:
    """Accuracy on real test pictures of training on `real` pictures, without and with `synthetic`."""

    real: int
    synthetic: int
    without: float
    with_synthetic: float

    @property
    def gain(self) -> float:
        """Points of accuracy that the synthetic pictures add."""
        return 100 * (self.with_synthetic - self.without)


def balanced(data: ImageSet, count: int, seed: int = 0) -> np.ndarray:
    """Places of `count` pictures, as even over the classes that there are as they can be.

    Raises:
        ValueError: a class has too few.
    """
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(data))
    labels = data.labels.numpy()[order]
    present = np.unique(labels)
    picked = []
    for number, label in enumerate(present):
        wanted = count // len(present) + (number < count % len(present))
        places = order[labels == label]
        if len(places) < wanted:
            raise ValueError(f"count {count} needs {wanted} of class {label}; {len(places)} there")
        picked.append(places[:wanted])
    return np.sort(np.concatenate(picked))


def study(
    train: ImageSet,
    test: ImageSet,
    pixels: np.ndarray,
    labels: np.ndarray,
    seed: int = 0,
    counts: Sequence[int] = REAL_COUNTS,
    config: CasConfig | None = None,
    cache_dir: Path = CACHE_DIR,
) -> list[StudyRow]:
    """Real only against real and synthetic together, at each count and with all real pictures.

    Args:
        train: real pictures to learn from.
        test: real pictures to judge on.
        pixels: synthetic uint8 [N, H, W, C]; all are added to each row.
        labels: theirs [N].
        seed: of the choice of pictures and of the classifier.
        counts: of real pictures; those above what there is are left out.
        config: the classifier; by default that of CAS with at least 3,000 steps.
        cache_dir: where finished trainings are kept, so that an interrupted study goes on.
    """
    config = config or STUDY_CLASSIFIER
    sets = [(count, balanced(train, count, seed)) for count in counts if count < len(train)]
    sets.append((len(train), fixed_order(len(train))))
    rows = []
    for count, places in sets:
        real = train.pixels.numpy()[places], train.labels.numpy()[places]
        title = f"{count:,} real"
        without = cached_cas(*real, test, seed, config, title, cache_dir)
        both = np.concatenate((real[0], pixels)), np.concatenate((real[1], labels))
        title += f" + {len(pixels):,} synthetic"
        added = cached_cas(*both, test, seed, config, title, cache_dir)
        rows.append(StudyRow(count, len(pixels), without.accuracy, added.accuracy))
    return rows


def verdict(rows: Sequence[StudyRow], test_count: int) -> str:
    """What the rows say, in a sentence each way; differences within two errors say nothing.

    The error is that of two shares of `test_count` pictures; a training's own chance comes on top.
    """
    groups: dict[str, list[str]] = {"helps": [], "hurts": [], "makes no clear difference": []}
    for row in rows:
        shares = (row.without, row.with_synthetic)
        error = 100 * math.sqrt(sum(share * (1 - share) for share in shares) / test_count)
        clear = abs(row.gain) > 2 * error
        name = ("helps" if row.gain > 0 else "hurts") if clear else "makes no clear difference"
        groups[name].append(f"{row.real:,} ({row.gain:+.1f} points)")
    said = [f"it {name} with {', '.join(which)}" for name, which in groups.items() if which]
    return f"Added to real pictures, {'; '.join(said)}."


def study_table(rows: Sequence[StudyRow]) -> str:
    """The rows as a Markdown table."""
    lines = [
        f"| {row.real:,} | {100 * row.without:.2f} % | {100 * row.with_synthetic:.2f} % | "
        f"{row.gain:+.2f} |"
        for row in rows
    ]
    head = f"| real pictures | alone | with {rows[0].synthetic:,} synthetic | points |"
    return "\n".join([head, "|---:|---:|---:|---:|", *lines])


def study_plot(rows: Sequence[StudyRow], synthetic_only: float) -> bytes:
    """The rows as a PNG plot: accuracy over the number of real pictures."""
    from matplotlib.figure import Figure  # slow to import, and only a study needs it

    figure = Figure(figsize=(6.4, 4), dpi=120, layout="constrained")
    axes = figure.subplots()
    counts = [row.real for row in rows]
    axes.plot(counts, [100 * row.without for row in rows], "o-", label="real only")
    together = [100 * row.with_synthetic for row in rows]
    axes.plot(counts, together, "s-", label=f"real + {rows[0].synthetic:,} synthetic")
    axes.axhline(100 * synthetic_only, color="grey", ls="--", lw=1, label="synthetic only")
    axes.set_xscale("log")
    axes.set_xlabel("real pictures")
    axes.set_ylabel("accuracy on real test pictures, %")
    axes.legend()
    axes.grid(alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
