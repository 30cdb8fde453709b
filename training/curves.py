"""Loss curves out of a run's journal: a few hundred points, as close together as the eye reads them."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from model.curves import Curves

POINTS = 240
_LOSSES = ("critic_loss", "generator_loss")


def losses_of(journal: Path, first: int | None = None) -> Curves | None:
    """The losses of a run's journal; None if it tells of fewer than two moments.

    Where a run was taken up again at an earlier checkpoint, what came after that one counts: the
    model that was kept went this way. Each point is the mean of a part of the training, parts of equal
    length on a scale of the logarithm of the images, on which training is even to the eye: from
    `first` images on, where the journal goes on with an earlier training that began there.
    """
    records = _progress(journal)
    if len(records) < 2:
        return None
    seen = np.array([record["images_seen"] for record in records])
    parts = np.linspace(math.log(first or seen[0]), math.log(seen[-1]), POINTS + 1)[1:-1]
    part_of = np.searchsorted(parts, np.log(seen))
    rows = [np.flatnonzero(part_of == part) for part in np.unique(part_of)]
    means = {
        name: tuple(round(float(np.mean([records[i][name] for i in row])), 4) for row in rows)
        for name in _LOSSES
    }
    return Curves(tuple(int(seen[row].mean()) for row in rows), **means)


def _progress(journal: Path) -> list[dict[str, Any]]:
    """The records that led to the model, in order; a line that was cut by a kill is left out."""
    kept: list[dict[str, Any]] = []
    if not journal.is_file():
        return kept
    for line in journal.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if not isinstance(record, dict) or record.get("event") != "progress":
            continue
        if not all(math.isfinite(record.get(name, math.nan)) for name in _LOSSES):
            continue
        while kept and kept[-1]["images_seen"] >= record["images_seen"]:
            kept.pop()
        kept.append(record)
    return kept
