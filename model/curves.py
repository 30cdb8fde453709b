"""Loss curves of a training, as they stand beside the moments that a model folder keeps of it."""

import dataclasses
import json
import math
from itertools import pairwise
from pathlib import Path

from model.storage import read_json, refuse, write_atomically

CURVES_FILE = "curves.json"
MAX_POINTS = 1000


@dataclasses.dataclass(frozen=True)
class Curves:
    """Losses over a training: a point for each of `images_seen`, which grow."""

    images_seen: tuple[int, ...]
    critic_loss: tuple[float, ...]
    generator_loss: tuple[float, ...]


def read_curves(path: Path) -> Curves | None:
    """The curves of a file; None if there is no such file.

    Raises:
        ModelFolderError: the file is damaged; the message names the field.
    """
    if not path.is_file():
        return None
    fields, names = read_json(path), [field.name for field in dataclasses.fields(Curves)]
    if odd := sorted(fields.keys() ^ set(names)):
        refuse(path, f"key {odd[0]!r} is {'unknown' if odd[0] in fields else 'missing'}")
    seen, critic, generator = (_numbers(path, name, fields[name]) for name in names)
    if not len(seen) == len(critic) == len(generator):
        refuse(path, "must have as many losses as images_seen")
    counts = tuple(count for count in seen if type(count) is int)
    if len(counts) < len(seen) or any(a >= b for a, b in pairwise((0, *counts))):
        refuse(path, "images_seen must be whole numbers that grow")
    return Curves(counts, tuple(critic), tuple(generator))


def write_curves(path: Path, curves: Curves) -> None:
    """Write the file that `read_curves` reads."""
    write_atomically(path, (json.dumps(dataclasses.asdict(curves)) + "\n").encode())


def _numbers(path: Path, name: str, values: object) -> list[int | float]:
    if not isinstance(values, list) or not 1 < len(values) <= MAX_POINTS:
        refuse(path, f"{name} must be a list of 2..{MAX_POINTS} numbers")
    for value in values:
        if type(value) not in (int, float) or not math.isfinite(value):
            refuse(path, f"{name} must hold numbers, not {value!r:.40}")
    return values
