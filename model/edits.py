"""Edits of a garment from outside: strengths along directions, each within its useful range."""

import dataclasses
import reprlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from model.checks import names, number
from model.generator import Generator
from model.locks import Draw, Locks, Strengths
from model.recipe import Edit, Recipe, merge_edits
from model.recipe_text import MAX_EDITS


class Edits:
    """Checks and applies edits along the directions of one generator."""

    def __init__(self, generator: Generator, draw: Draw) -> None:
        self._generator = generator
        directions = generator.directions
        self._locks = None if directions is None else Locks(generator, directions, draw)

    def apply(
        self, garment: Recipe, edits: object, locks: object, turn: AbstractContextManager[object]
    ) -> Recipe:
        """A garment moved along directions, as `Studio.edited` tells.

        Args:
            garment: what no edits leave as it is.
            edits: by name of direction a strength, or one for the shape and one for the pattern.
            locks: names of directions whose attribute stays, or None.
            turn: held while the generator is at work.

        Raises:
            ValueError: naming the field and its value.
        """
        given = edits if isinstance(edits, Mapping) else None
        if given is None:
            raise ValueError(f"edits must be an object, not {reprlib.repr(edits)}")
        if len(given) > MAX_EDITS:
            raise ValueError(f"edits must be at most {MAX_EDITS}, not {len(given)}")
        moved = {name: self._strengths(name, value) for name, value in given.items()}
        held = [] if locks is None else names("locks", locks, MAX_EDITS)
        if held:
            moved = self._held(garment, moved, held, turn)
        strengths = (Edit(name, shape, pattern) for name, (shape, pattern) in moved.items())
        return dataclasses.replace(garment, edits=merge_edits(strengths))

    def strength(self, name: str, value: object) -> float:
        """A strength along a direction, within its useful range.

        Raises:
            ValueError: it is out of it, or the model has no such direction.
        """
        if self._generator.directions is None:
            raise ValueError(f"edits must be empty for this model, not {reprlib.repr(name)}")
        direction = self._generator.directions.find(name, self._generator.config.num_layers)
        return number(f"edits[{name!r}]", value, direction.low, direction.high)

    def _held(
        self,
        garment: Recipe,
        moved: Mapping[str, Strengths],
        locks: Sequence[str],
        turn: AbstractContextManager[object],
    ) -> dict[str, Strengths]:
        for name in locks:
            self.strength(name, 0)
        if self._locks is None:  # told by strength
            return dict(moved)
        with turn:
            return self._locks.apply(garment, moved, locks)

    def _strengths(self, name: str, value: object) -> Strengths:
        """A strength for both halves of the layers, or one for each."""
        pair = value if isinstance(value, list | tuple) and len(value) == 2 else (value, value)
        shape, pattern = (self.strength(name, one) for one in pair)
        return shape, pattern
