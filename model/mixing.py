"""Garments made of garments: blends, strips, pads and children, as recipes."""

import dataclasses
from collections.abc import Sequence

from model.checks import number, whole_number
from model.latents import MAX_SEED
from model.recipe import Part, Recipe, mix, round_shares

STRIP_STEPS = 51
"""Pictures from A to B in a strip, one for every 2 % of B."""

MAX_STRIP = 240

PAD_STEPS = 17
"""Pictures along each side of a pad between four garments."""

CHILDREN = 12


def blend(
    a: Recipe,
    b: Recipe,
    blend: object = 0.5,
    shape: object = None,
    pattern: object = None,
) -> Recipe:
    """A garment between two others.

    Args:
        a: what a share of 0 is.
        b: what a share of 1 is.
        blend: share of b, 0 to 1, where shape or pattern do not say otherwise.
        shape: share of b in the coarse layers: outline, sleeves, length.
        pattern: share of b in the fine layers: texture, contrast, details.
    """
    share = number("blend", blend, 0, 1)
    coarse = share if shape is None else number("shape", shape, 0, 1)
    fine = share if pattern is None else number("pattern", pattern, 0, 1)
    return mix((a, b), (1 - coarse, coarse), (1 - fine, fine))


def strip(a: Recipe, b: Recipe, steps: object = STRIP_STEPS) -> list[Recipe]:
    """Every step from a to b; the ends are a and b."""
    count = whole_number("steps", steps, 2, MAX_STRIP)
    return [blend(a, b, step / (count - 1)) for step in range(count)]


def pad(corners: Sequence[Recipe], steps: object = PAD_STEPS) -> list[Recipe]:
    """Rows from top to bottom between four garments: top left and right, bottom left and right.

    Every place is weighted bilinearly; the corners are the garments themselves.
    """
    if len(corners) != 4:
        raise ValueError(f"corners must be 4 recipes, not {len(corners)}")
    count = whole_number("steps", steps, 2, PAD_STEPS)
    ways = [step / (count - 1) for step in range(count)]
    shares = [((1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x) for y in ways for x in ways]
    return [mix(corners, share, share) for share in shares]


def children(
    parent: Recipe, difference: object, seed: object, count: int = CHILDREN
) -> list[Recipe]:
    """Variations of a garment: each goes some way to another seed of the same classes.

    Args:
        parent: keeps its edits and dyes.
        difference: how far, 0.05 to 1; at 1 nothing but the classes is left of the parent.
        seed: of the first child's other half; the others follow.
        count: how many.
    """
    share = number("difference", difference, 0.05, 1)
    start = min(whole_number("seed", seed, 0, MAX_SEED), MAX_SEED - count + 1)
    weights = round_shares([weight for _, weight in parent.classes])
    labels = [label for label, _ in parent.classes]
    born = []
    for n in range(count):
        parts = tuple(
            Part(label, start + n, parent.daring, weight, weight)
            for label, weight in zip(labels, weights, strict=True)
            if weight
        )
        other = dataclasses.replace(parent, parts=parts)
        born.append(mix((parent, other), (1 - share, share), (1 - share, share)))
    return born
