"""Attributes that stay while others move: locks.

The named directions were measured one by one, and none is pure: wider tops have longer sleeves.
Where an attribute is locked, every move of another is made orthogonal to it, as in TL-GAN: as much
of the locked direction is taken away as the move has of it, by least squares. The result is a sum
of directions like any other edit, so a recipe needs to know nothing of locks.

Orthogonal in the picture, not in w: each direction is known by what a little of it does to the mean
garment of the class. The layers of the shape and those of the pattern are solved apart, as an edit
has a strength in each, so that a locked direction answers only to what moves in layers of its own.
Measured on the shipped model, attributes stay better that way than by angles in w, and than by all
layers at once, where a brightness that is locked answered to shorter sleeves.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch

from model.config import ModelConfig
from model.directions import Direction, Directions
from model.generator import Generator
from model.latents import pattern_split
from model.recipe import Recipe

Strengths: TypeAlias = tuple[float, float]
"""Of one direction, in the layers of the shape and in those of the pattern."""

_STEP = 0.5
_SOFTNESS = 0.01
_REMEMBERED = 512
_DIGITS = 10_000


class Locks:
    """Holds attributes of one generator's garments while others move."""

    def __init__(self, generator: Generator, directions: Directions) -> None:
        self._generator, self._directions = generator, directions
        # One cache for each instance: a model that is let go takes its looks along.
        self._look = functools.lru_cache(_REMEMBERED)(self._see)

    def apply(
        self, garment: Recipe, wanted: Mapping[str, Strengths], locks: Sequence[str]
    ) -> dict[str, Strengths]:
        """Strengths with which a garment moves as wanted, and keeps what is locked.

        Args:
            garment: its own edits are where the moves start, and what a locked one has by itself.
            wanted: strengths by name; a name that is left out goes back to 0 unless it is locked.
            locks: names of directions.
        """
        start = {edit.name: (edit.shape, edit.pattern) for edit in garment.edits}
        free = [name for name in {**start, **wanted} if name not in locks]
        moves = {
            name: _minus(wanted.get(name, (0.0, 0.0)), start.get(name, (0.0, 0.0))) for name in free
        }
        back = self._take_back(garment.label, moves, sorted(set(locks)))
        kept = {}
        for name, change in back.items():
            own, direction = wanted.get(name, start.get(name, (0.0, 0.0))), self._find(name)
            shape, pattern = (within(direction, o + c) for o, c in zip(own, change, strict=True))
            kept[name] = (shape, pattern)
        return {**{name: wanted[name] for name in free if name in wanted}, **kept}

    def _take_back(
        self, label: int, moves: Mapping[str, Strengths], locks: Sequence[str]
    ) -> dict[str, Strengths]:
        """Strengths along the locked directions that undo what moves would do along them."""
        found: dict[str, list[float]] = {name: [0.0, 0.0] for name in locks}
        for side in (0, 1):
            held = [name for name in locks if self._moves(name, side)]
            if not held:
                continue
            looks = torch.stack([self._look(label, name, side) for name in held])  # [H, pixels]
            change = torch.zeros_like(looks[0])
            for name, strengths in moves.items():
                if strengths[side] and self._moves(name, side):
                    change += strengths[side] * self._look(label, name, side)
            gram = looks @ looks.T
            # Two looks that are almost the same would fight with strengths out of bounds.
            gram += _SOFTNESS * gram.diagonal().mean() * torch.eye(len(held), dtype=gram.dtype)
            back = torch.linalg.lstsq(gram, -(looks @ change)[:, None]).solution[:, 0].tolist()
            for name, value in zip(held, back, strict=True):
                found[name][side] = value
                if not self._moves(name, 1 - side):  # a strength of no layers is as the other
                    found[name][1 - side] = value
        return {name: (shape, pattern) for name, (shape, pattern) in found.items()}

    @torch.inference_mode()
    def _see(self, label: int, name: str, side: int) -> torch.Tensor:
        """What one unit in one half of the layers does to the class's mean picture, [pixels]."""
        generator, direction = self._generator, self._find(name)
        layers, device = _halves(direction, generator.config)[side], generator.device
        step = _STEP * direction.vector.to(device)
        mean = self._directions.class_means[label].to(device)
        ws = mean.expand(2, generator.config.num_layers, -1).clone()
        ws[0, slice(*layers)] += step
        ws[1, slice(*layers)] -= step
        more, less = generator.synthesis(ws).double().cpu().flatten(1)
        look: torch.Tensor = (more - less) / (2 * _STEP)
        return look

    def _find(self, name: str) -> Direction:
        return self._directions.find(name, self._generator.config.num_layers)

    def _moves(self, name: str, side: int) -> bool:
        first, end = _halves(self._find(name), self._generator.config)[side]
        return first < end


def layers_of(direction: Direction, config: ModelConfig) -> str:
    """Which strength of an edit matters to a direction: shape, pattern or both."""
    split, (first, end) = pattern_split(config), direction.layers
    return "shape" if end <= split else "pattern" if first >= split else "both"


def within(direction: Direction, strength: float) -> float:
    """A strength, or the end of the useful range that it would pass, in a recipe's four digits."""
    low = math.ceil(direction.low * _DIGITS) / _DIGITS
    high = math.floor(direction.high * _DIGITS) / _DIGITS
    return min(max(strength, low), high)


def _halves(direction: Direction, config: ModelConfig) -> tuple[tuple[int, int], tuple[int, int]]:
    """First layer and first after the last that moves, in the shape and in the pattern."""
    split, (first, end) = pattern_split(config), direction.layers
    return (first, min(end, split)), (max(first, split), end)


def _minus(a: Strengths, b: Strengths) -> Strengths:
    return a[0] - b[0], a[1] - b[1]
