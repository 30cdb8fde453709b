"""Recipes in w: the weighted sum that a garment is, and its moves along directions."""

import functools
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch

from model.code import Code, class_means
from model.generator import Generator
from model.latents import broadcast, map_seeds, move, pattern_split
from model.recipe import Recipe

_Born: TypeAlias = Callable[[int, "int | Code", float], torch.Tensor]


@torch.inference_mode()
def all_ws(generator: Generator, recipes: Sequence[Recipe]) -> torch.Tensor:
    """Ws [N, L, w_dim] of recipes; what is part of many, as in a pad, is mapped once."""

    @functools.cache
    def born(label: int, seed: int | Code, daring: float) -> torch.Tensor:
        if isinstance(seed, Code):
            return code_ws(generator, seed, label, daring)[None]
        return broadcast(generator, map_seeds(generator, [label], [seed], daring))

    return torch.cat([_ws(generator, recipe, born) for recipe in recipes])


def code_ws(
    generator: Generator, code: Code, label: int | None = None, daring: float = 1.0
) -> torch.Tensor:
    """Ws [L, w_dim] of a code, in the class it was read as unless told another.

    Its style in another class is that class's mean with the same offset.

    Raises:
        CodeError: the generator cannot draw it.
    """
    offsets = code.ws(generator)
    means = class_means(generator).to(offsets.device)
    return means[code.label if label is None else label] + daring * offsets


def _ws(generator: Generator, recipe: Recipe, born: _Born) -> torch.Tensor:
    """Ws [1, L, w_dim] of a recipe; a part of weight 1 is exactly itself."""
    parts, split = recipe.parts, pattern_split(generator.config)
    rows = [born(part.label, part.seed, part.daring) for part in parts]
    coarse = _weighted([row[:, :split] for row in rows], [p.shape for p in parts])
    fine = _weighted([row[:, split:] for row in rows], [p.pattern for p in parts])
    ws = torch.cat((coarse, fine), dim=1)
    if not recipe.edits:
        return ws
    shape = {edit.name: edit.shape for edit in recipe.edits}
    return move(generator, ws, shape, {e.name: e.pattern for e in recipe.edits})


def _weighted(rows: Sequence[torch.Tensor], weights: Sequence[float]) -> torch.Tensor:
    some = [row if w == 1 else row * w for row, w in zip(rows, weights, strict=True) if w]
    total = some[0]
    for row in some[1:]:
        total = total + row
    return total
