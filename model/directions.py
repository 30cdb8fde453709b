"""Directions in w that change one thing, and the class means that truncation pulls towards."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from model.config import ModelConfig
from model.storage import read_description, read_tensors, refuse, write_atomically
from model.weights import DIRECTIONS_FILE, read_config

COMPONENT_LIMIT = 3.0
"""Unnamed components can be followed this many standard deviations of w either way."""

_FORMAT_VERSION = 1
_KEY = "directions"
_MAX_DIRECTIONS = 256
_MAX_BYTES = 40_000_000
_TEXTS = ("name", "unit")
_NUMBERS = ("effect", "correlation", "class_kept", "low", "high")


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Direction:
    """A vector [w_dim] that strengths in `low`..`high` multiply, added to the w of some layers.

    `layers` are the first layer that moves and the first that does not any more.
    """

    name: str
    vector: torch.Tensor
    layers: tuple[int, int]
    low: float
    high: float


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class NamedDirection(Direction):
    """A direction with what was measured of it on garments that had no part in finding it.

    `effect` is the change by one unit of strength, in `unit`; `correlation` that of strength and
    change; `class_kept` the smallest share of garments, at any strength in `low`..`high`, that
    the classifier still takes for the class it took them for. `labels` are the classes in which
    the effect was measured; all of them if empty.
    """

    unit: str
    effect: float
    correlation: float
    class_kept: float
    labels: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Directions:
    """What is derived from one generator: where its w lies, and which ways lead where.

    `class_means` [C, w_dim] has one row when unconditional. `components` [K, w_dim] are unnamed
    ways to move, strongest first; one unit is one standard deviation of w.
    """

    class_means: torch.Tensor
    named: tuple[NamedDirection, ...]
    components: torch.Tensor
    generator_sha256: str

    @property
    def component_names(self) -> tuple[str, ...]:
        """Names of the unnamed: "component 1" to "component K"."""
        return tuple(f"component {number + 1}" for number in range(len(self.components)))

    def find(self, name: str, num_layers: int) -> Direction:
        """The direction or component of this name.

        Raises:
            ValueError: no such direction; the message lists those there are.
        """
        for direction in self.named:
            if direction.name == name:
                return direction
        if name in self.component_names:
            return Direction(
                name=name,
                vector=self.components[self.component_names.index(name)],
                layers=(0, num_layers),
                low=-COMPONENT_LIMIT,
                high=COMPONENT_LIMIT,
            )
        known = [direction.name for direction in self.named]
        if len(self.components):
            known.append(f"component 1 .. component {len(self.components)}")
        raise ValueError(f"direction must be one of {', '.join(known) or 'none'}, not {name!r}")


def save_directions(folder: str | Path, directions: Directions) -> None:
    """Write `directions.safetensors` in a model folder, whole or not at all."""
    vectors = [direction.vector for direction in directions.named]
    width = directions.class_means.shape[1]
    tensors = {
        "class_means": directions.class_means,
        "components": directions.components,
        "named": torch.stack(vectors) if vectors else torch.zeros(0, width),
    }
    described = {
        "format_version": _FORMAT_VERSION,
        "generator_sha256": directions.generator_sha256,
        "components": len(directions.components),
        "named": [_describe(direction) for direction in directions.named],
    }
    # One metadata entry only: the order of several is not the same in every process.
    content = save(
        {name: tensor.float().cpu().contiguous() for name, tensor in tensors.items()},
        metadata={_KEY: json.dumps(described, sort_keys=True)},
    )
    write_atomically(Path(folder) / DIRECTIONS_FILE, content)


def load_directions(folder: str | Path, generator_sha256: str) -> Directions:
    """Read the directions of a model folder, which must be those of this very generator.

    Raises:
        ModelFolderError: the file is missing, damaged or of another generator; says what to do.
    """
    path, config = Path(folder) / DIRECTIONS_FILE, read_config(folder)
    described = read_description(path, _KEY, _MAX_BYTES)
    again = f"run python -m training.derive {folder}"
    expected = {"format_version", "generator_sha256", "components", "named"}
    if set(described) != expected or described["format_version"] != _FORMAT_VERSION:
        refuse(path, f"not directions of format_version {_FORMAT_VERSION}: {again}")
    if described["generator_sha256"] != generator_sha256:
        refuse(path, f"generator_sha256 is another generator's: {again}")
    named, count = described["named"], described["components"]
    if not isinstance(named, list) or len(named) > _MAX_DIRECTIONS:
        refuse(path, f"named must be a list of at most {_MAX_DIRECTIONS}")
    if type(count) is not int or not 0 <= count <= _MAX_DIRECTIONS:
        refuse(path, f"components must be in 0..{_MAX_DIRECTIONS}, not {count!r}")
    shapes = {
        "class_means": (max(config.num_classes, 1), config.w_dim),
        "components": (count, config.w_dim),
        "named": (len(named), config.w_dim),
    }
    tensors = read_tensors(path, shapes)
    return Directions(
        class_means=tensors["class_means"],
        named=tuple(
            _parse(path, fields, vector, config)
            for fields, vector in zip(named, tensors["named"], strict=True)
        ),
        components=tensors["components"],
        generator_sha256=generator_sha256,
    )


def _describe(direction: NamedDirection) -> dict[str, Any]:
    fields = {name: getattr(direction, name) for name in (*_TEXTS, *_NUMBERS)}
    return {**fields, "layers": list(direction.layers), "labels": list(direction.labels)}


def _parse(path: Path, fields: object, vector: torch.Tensor, config: ModelConfig) -> NamedDirection:
    """One entry of the metadata, every field checked."""
    names = {*_TEXTS, *_NUMBERS, "layers", "labels"}
    if not isinstance(fields, dict) or set(fields) != names:
        refuse(path, f"a named direction must have the fields {', '.join(sorted(names))}")
    for name in _TEXTS:
        if not isinstance(fields[name], str) or not 0 < len(fields[name]) <= 100:
            refuse(path, f"{name} must be a short text, not {fields[name]!r:.100}")
    for name in _NUMBERS:
        if not isinstance(fields[name], int | float) or not math.isfinite(fields[name]):
            refuse(path, f"{name} must be a number, not {fields[name]!r:.100}")
    if not fields["low"] <= 0 <= fields["high"]:
        refuse(path, f"low..high must hold 0, not {fields['low']!r}..{fields['high']!r}")
    layers = _whole_numbers(path, fields, "layers", config.num_layers)
    if len(layers) != 2 or not layers[0] < layers[1]:
        refuse(path, f"layers must be a first and a last, not {layers!r}")
    labels = _whole_numbers(path, fields, "labels", max(config.num_classes, 1) - 1)
    given: dict[str, Any] = {name: fields[name] for name in _TEXTS}
    given |= {name: float(fields[name]) for name in _NUMBERS}
    return NamedDirection(**given, vector=vector, layers=(layers[0], layers[1]), labels=labels)


def _whole_numbers(path: Path, fields: dict[str, Any], name: str, most: int) -> tuple[int, ...]:
    numbers = fields[name]
    if not isinstance(numbers, list) or not all(
        type(number) is int and 0 <= number <= most for number in numbers
    ):
        refuse(path, f"{name} must be whole numbers in 0..{most}, not {numbers!r:.100}")
    return tuple(numbers)
