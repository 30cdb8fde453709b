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

LAYER_STEPS = 11
"""Pictures along each side of a square of shape by pattern."""

LINE_FRAMES = 33
"""Frames of a film from one garment to another; it is played there and back."""

SIDE_FRAMES = 20
"""Frames of a film from each of four garments to the next."""

_ROUND = (0, 1, 3, 2)
"""Corners of a pad in the order of a walk around it."""

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
    _check_corners(corners)
    ways = _ways(whole_number("steps", steps, 2, PAD_STEPS))
    places = [_bilinear(x, y) for y in ways for x in ways]
    return [mix(corners, place, place) for place in places]


def layers(corners: Sequence[Recipe], y: object = 0, steps: object = LAYER_STEPS) -> list[Recipe]:
    """What shape and pattern give apart, at one height of a pad.

    Args:
        corners: four garments, as for `pad`.
        y: height of the pad, 0 (top, where only the first two count) to 1.
        steps: along each side. Rows follow the shape from left to right, places in a row the
            pattern.
    """
    _check_corners(corners)
    height = number("y", y, 0, 1)
    ways = _ways(whole_number("steps", steps, 2, PAD_STEPS))
    places = [_bilinear(x, height) for x in ways]
    return [mix(corners, shape, pattern) for shape in places for pattern in places]


def film(stops: Sequence[Recipe]) -> list[Recipe]:
    """Frames of a film that lingers at every stop.

    Two stops are a way, to be played there and back; four are the corners of a pad, once around
    it: the last frame is the one before the first.
    """
    if len(stops) == 2:
        ways = _ways(LINE_FRAMES)
        return [blend(stops[0], stops[1], _ease(way)) for way in ways]
    _check_corners(stops)
    around = [stops[corner] for corner in _ROUND]
    return [
        blend(here, there, _ease(step / SIDE_FRAMES))
        for here, there in zip(around, [*around[1:], around[0]], strict=True)
        for step in range(SIDE_FRAMES)
    ]


def _check_corners(corners: Sequence[Recipe]) -> None:
    if len(corners) != 4:
        raise ValueError(f"corners must be 4 recipes, not {len(corners)}")


def _ways(count: int) -> list[float]:
    return [step / (count - 1) for step in range(count)]


def _bilinear(x: float, y: float) -> tuple[float, float, float, float]:
    return ((1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x)


def _ease(way: float) -> float:
    """Slow at both ends."""
    return way * way * (3 - 2 * way)


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
