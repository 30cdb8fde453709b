"""The critic's opinion of a garment, as its place among real and among made garments of its class.

The critic was trained to compare: its logits have no zero and no unit, and drift from class to
class. So they are told as percentiles only. It tells real garments from made ones; of a picture
that is no garment at all it knows nothing, and may like it.
"""

import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from model.checks import whole_number
from model.config import ModelConfig
from model.discriminator import Discriminator
from model.pixels import to_img
from model.storage import check_file, read_json, refuse, write_atomically
from model.weights import (
    DISCRIMINATOR_FILE,
    OPINION_FILE,
    generator_sha256,
    load_discriminator,
    read_config,
)

Heap = Literal["real", "made", "shown"]
"""Real garments that no network saw, made ones at daring 1, and at the daring that pages show."""

HEAPS: tuple[Heap, ...] = ("real", "made", "shown")

LEVELS = 101
"""Quantiles of each heap and class: 0 %, 1 % ... 100 %."""

Word = Literal["strange", "doubtful", "convincing", "real"]

_STEPS: tuple[tuple[float, Word], ...] = (
    (25, "strange"),
    (50, "doubtful"),
    (75, "convincing"),
    (math.inf, "real"),
)
_FORMAT_VERSION = 1
_FIELDS = {"format_version", "generator_sha256", "discriminator_sha256", *HEAPS}
_PERCENT = np.linspace(0, 100, LEVELS)


@dataclasses.dataclass(frozen=True)
class Opinion:
    """What the critic thinks of one garment, in percent.

    `among_real` and `among_made` are the shares of the real garments of the class, and of those
    made at daring 1, that it finds less real than this one. `score` is the place in one heap of as
    many real as made ones: 0 surely made, 100 surely real. `beyond` says that the critic likes it
    better or less than every garment it was asked about before: then it has nothing to compare.
    """

    among_real: float
    among_made: float
    beyond: bool

    @property
    def score(self) -> float:
        """Share of the mixed heap that the critic finds less real, 0..100."""
        return (self.among_real + self.among_made) / 2

    @property
    def word(self) -> Word:
        """The score's quarter: "strange", "doubtful", "convincing" or "real"."""
        return next(word for end, word in _STEPS if self.score < end)


@dataclasses.dataclass(frozen=True, eq=False)
class Heaps:
    """Quantiles of the critic's logits: each float [classes or 1, LEVELS], never falling."""

    real: np.ndarray
    made: np.ndarray
    shown: np.ndarray


class Critic:
    """A discriminator and what it thinks of garments that are known; safe from many threads."""

    def __init__(self, discriminator: Discriminator, heaps: Heaps) -> None:
        self.config = discriminator.config
        self._discriminator, self._heaps = discriminator, heaps

    @classmethod
    def open(cls, folder: str | Path) -> "Critic":
        """Critic of a model folder.

        Raises:
            ModelFolderError: naming the file that is missing, damaged or of another model.
        """
        return cls(load_discriminator(folder), load_heaps(folder))

    @property
    def discriminator(self) -> Discriminator:
        """The network itself, for what it sees rather than for what it thinks."""
        return self._discriminator

    def opinions(self, pixels: np.ndarray, labels: object) -> list[Opinion]:
        """Opinion of each garment, the same in any company.

        Args:
            pixels: uint8 [N, H, W, C] of the model's own size, light on black.
            labels: class of each by number in a list, or one for all.

        Raises:
            ValueError: naming what is out of range or of a wrong shape.
        """
        size, channels = self.config.image_size, self.config.image_channels
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (size, size, channels):
            given = f"{pixels.dtype} {list(pixels.shape)}"
            raise ValueError(f"pixels must be uint8 [N, {size}, {size}, {channels}], not {given}")
        each = list(labels) if isinstance(labels, list | tuple) else [labels] * len(pixels)
        if len(each) != len(pixels):
            raise ValueError(f"labels must be one or {len(pixels)}, not {len(each)}")
        most = max(self.config.num_classes, 1) - 1
        known = [whole_number("label", label, 0, most) for label in each]
        return [
            self._place(logit, label)
            for logit, label in zip(self.logits(pixels, known), known, strict=True)
        ]

    @torch.inference_mode()
    def logits(self, pixels: np.ndarray, labels: Sequence[int]) -> np.ndarray:
        """Logits [N] of uint8 pixels [N, H, W, C], one at a time: no company, no last digits."""
        img, c = to_img(torch.from_numpy(pixels)), torch.tensor(labels)
        parts = [self._discriminator(img[n : n + 1], c[n : n + 1]) for n in range(len(img))]
        return torch.cat(parts).numpy() if parts else np.zeros(0, np.float32)

    def scores(self, heap: Heap, label: int) -> list[float]:
        """Scores of a heap's quantiles of one class, [LEVELS], rising: to draw the heap with."""
        rows: np.ndarray = getattr(self._heaps, heap)
        return [self._place(logit, label).score for logit in rows[label]]

    def _place(self, logit: float, label: int) -> Opinion:
        real, made = self._heaps.real[label], self._heaps.made[label]
        low, high = min(real[0], made[0]), max(real[-1], made[-1])
        return Opinion(
            among_real=float(np.interp(logit, real, _PERCENT)),
            among_made=float(np.interp(logit, made, _PERCENT)),
            beyond=not low <= logit <= high,
        )


def quantiles(logits: np.ndarray) -> np.ndarray:
    """Quantiles [LEVELS] of logits [N] of one class of garments."""
    found: np.ndarray = np.quantile(logits.astype(np.float64), _PERCENT / 100)
    return found


def save_heaps(folder: str | Path, heaps: Heaps) -> None:
    """Write `opinion.json` in a model folder, whole or not at all."""
    fields = {
        "format_version": _FORMAT_VERSION,
        "generator_sha256": generator_sha256(folder),
        "discriminator_sha256": _critic_sha256(Path(folder)),
    }
    lines = [f'"{name}": {json.dumps(value)}' for name, value in fields.items()]
    for name in HEAPS:  # a line for each class: a thousand numbers one below the other read badly
        rows = (json.dumps([round(float(v), 3) for v in row]) for row in getattr(heaps, name))
        lines.append(f'"{name}": [\n' + ",\n".join(rows) + "\n]")
    content = "{\n" + ",\n".join(lines) + "\n}\n"
    write_atomically(Path(folder) / OPINION_FILE, content.encode())


def load_heaps(folder: str | Path) -> Heaps:
    """Read `opinion.json` of a model folder, which must be of its very networks.

    Raises:
        ModelFolderError: the file is missing, damaged or of another model; says what to do.
    """
    path = Path(folder) / OPINION_FILE
    fields, config = read_json(path), read_config(folder)
    again = f"run python -m training.derive {folder}"
    if set(fields) != _FIELDS or fields["format_version"] != _FORMAT_VERSION:
        refuse(path, f"not opinions of format_version {_FORMAT_VERSION}: {again}")
    if fields["generator_sha256"] != generator_sha256(folder):
        refuse(path, f"generator_sha256 is another generator's: {again}")
    if fields["discriminator_sha256"] != _critic_sha256(Path(folder)):
        refuse(path, f"discriminator_sha256 is another critic's: {again}")
    return Heaps(**{name: _read_heap(path, fields, name, config) for name in HEAPS})


def _read_heap(path: Path, fields: Mapping[str, Any], name: str, config: ModelConfig) -> np.ndarray:
    rows, classes = fields[name], max(config.num_classes, 1)
    sound = isinstance(rows, list) and len(rows) == classes
    if not sound or not all(_is_quantiles(row) for row in rows):
        refuse(path, f"{name} must be {classes} lists of {LEVELS} numbers that never fall")
    return np.array(rows, dtype=np.float64)


def _is_quantiles(row: object) -> bool:
    if not isinstance(row, list) or len(row) != LEVELS:
        return False
    if not all(type(v) in (int, float) and math.isfinite(v) and abs(v) < 1e6 for v in row):
        return False
    return all(a <= b for a, b in itertools.pairwise(row))


def _critic_sha256(folder: Path) -> str:
    path = folder / DISCRIMINATOR_FILE
    check_file(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()
