"""Attributes that stay while others move: locks.

The named directions were measured one by one, and none is pure: wider tops have longer sleeves.
Where an attribute is locked, it is measured on the garment's own picture, before and after a move
of others, and its direction takes back what they did to it (Newton's method; the slopes are those of
the garment, as in a class of kinds that look unlike one slope for all would be wrong). The result
is a sum of directions like any other edit, so a recipe needs to know nothing of locks. A direction
without a measure of its own, such as an unnamed one, is held by how much of it a picture shows.

The layers of the shape and those of the pattern are solved apart, as an edit has a strength in
each: a locked direction answers only to what moves in layers of its own.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import torch

from model.attributes import ATTRIBUTES
from model.config import ModelConfig
from model.directions import Direction, Directions, NamedDirection
from model.generator import Generator
from model.latents import move, pattern_split
from model.recipe import Recipe
from model.sums import all_ws

Strengths: TypeAlias = tuple[float, float]
"""Of one direction, in the layers of the shape and in those of the pattern."""

Draw: TypeAlias = Callable[[torch.Tensor], np.ndarray]
"""Ws [N, L, w_dim] -> uint8 pixels [N, H, W, C]."""

_STEP = 0.5
_ROUNDS = 3
_SOFTNESS = 0.02
_ENOUGH = 0.01
"""Strength that nobody sees."""
_REMEMBERED = 1_024
_DIGITS = 10_000
_MEASURES = {attribute.name: attribute.measure for attribute in ATTRIBUTES}


class Locks:
    """Holds attributes of one generator's garments while others move."""

    def __init__(self, generator: Generator, directions: Directions, draw: Draw) -> None:
        self._generator, self._directions, self._draw = generator, directions, draw
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
        held = sorted(set(locks))
        nothing = (0.0, 0.0)
        start = {edit.name: (edit.shape, edit.pattern) for edit in garment.edits}
        names = {**start, **wanted, **dict.fromkeys(held)}
        # A locked strength may be given too: it is where the answer begins.
        now = {n: (wanted if n in held and n in wanted else start).get(n, nothing) for n in names}
        goal = {n: now[n] if n in held else wanted.get(n, nothing) for n in names}
        plain = dataclasses.replace(garment, edits=(), dyes=())
        base = all_ws(self._generator, [plain])
        was = self._moved(base, now)
        for side in (0, 1):
            moved = {n: s if n in held else _on(s, side, goal[n][side]) for n, s in now.items()}
            if moved != now:
                now = self._hold(plain, was, moved, held, side)
        return {name: now[name] for name in names if name in wanted or name in held}

    def _hold(
        self,
        garment: Recipe,
        was: np.ndarray,
        moved: dict[str, Strengths],
        locks: Sequence[str],
        side: int,
    ) -> dict[str, Strengths]:
        """The strengths after a move in one half of the layers, with an answer of what is locked.

        What is to be held is as pixels `was` [1, H, W, C] show it. The best of a few steps counts, so that an answer never makes it worse.
        """
        held = [name for name in locks if self._moves(name, side)]
        if not held:
            return moved
        looks = {name: self._look(garment, name, side) for name in held}
        slopes = np.stack([self._read(looks[name], looks) for name in held], axis=2)  # [2, H, H]
        slope = (slopes[0] - slopes[1]) / (2 * _STEP)
        base = all_ws(self._generator, [garment])
        goal = self._read(was, looks)[0]
        left = np.nan_to_num(self._read(self._moved(base, moved), looks)[0] - goal)
        for _ in range(_ROUNDS):
            if np.abs(left).max() < _ENOUGH:
                break
            soft = slope.T @ slope + _SOFTNESS * np.eye(len(held))
            step = -np.linalg.solve(soft, slope.T @ left)
            trial = self._stepped(moved, held, side, step)
            change = np.array([trial[name][side] - moved[name][side] for name in held])
            rest = np.nan_to_num(self._read(self._moved(base, trial), looks)[0] - goal)
            if not change.any():
                break
            # As steep as it turned out to be on the way (Broyden 1965).
            slope = slope + np.outer(rest - left - slope @ change, change) / (change @ change)
            if np.linalg.norm(rest) < np.linalg.norm(left):
                moved, left = trial, rest
        return moved

    def _stepped(
        self, strengths: Mapping[str, Strengths], names: Sequence[str], side: int, step: np.ndarray
    ) -> dict[str, Strengths]:
        """Strengths after a step along some names in one half of the layers, within their ranges."""
        stepped = dict(strengths)
        for name, change in zip(names, step.tolist(), strict=True):
            value = within(self._find(name), strengths[name][side] + change)
            alone = not self._moves(name, 1 - side)  # a strength of no layers is as the other
            stepped[name] = (value, value) if alone else _on(strengths[name], side, value)
        return stepped

    def _moved(self, base: torch.Tensor, strengths: Mapping[str, Strengths]) -> np.ndarray:
        """Pixels [1, H, W, C] of ws [1, L, w_dim], moved."""
        shape, pattern = ({name: s[side] for name, s in strengths.items()} for side in (0, 1))
        return self._draw(move(self._generator, base, shape, pattern))

    def _read(self, pixels: np.ndarray, looks: Mapping[str, np.ndarray]) -> np.ndarray:
        """What pixels [N, H, W, C] show of each direction in `looks`, in its units: [N, H]."""
        shown = []
        for name, (more, less) in looks.items():
            direction = self._find(name)
            if isinstance(direction, NamedDirection) and name in _MEASURES:
                shown.append(_MEASURES[name](pixels) / (direction.effect or 1.0))
            else:
                look = (more.astype(float) - less).ravel() / (2 * _STEP)
                shown.append(pixels.reshape(len(pixels), -1) @ look / max(look @ look, 1.0))
        return np.stack(shown, axis=1)

    def _see(self, garment: Recipe, name: str, side: int) -> np.ndarray:
        """A garment a step along a direction in one half of the layers, and back: [2, H, W, C]."""
        generator, direction = self._generator, self._find(name)
        layers = _halves(direction, generator.config)[side]
        step = _STEP * direction.vector.to(generator.device)
        ws = all_ws(generator, [garment]).repeat(2, 1, 1)
        ws[0, slice(*layers)] += step
        ws[1, slice(*layers)] -= step
        return self._draw(ws)

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


def _on(strengths: Strengths, side: int, value: float) -> Strengths:
    return (value, strengths[1]) if side == 0 else (strengths[0], value)
