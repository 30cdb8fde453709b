"""Recipes: everything about one garment in one short line of text, and how garments are mixed.

    tr1~fashion-mnist~4b1c9e02~3:4209:0.7:0.58:0.4,4:7719:0.7:0.42:0.6~brightness:1.5~indigo:0.6,moss:0.4

Version, model, first digits of its generator's sha256, parts, edits, dyes. Every garment is a
weighted sum of seed-born ones in w: a blend is two parts, a class mix the same seed in several
classes, a child its parent and a little of another seed. One that was read from a picture has its
code (`model.code`) where others have their seed. Sums of sums are sums, so a recipe stays
flat however long the family tree is. Parts and edits have one weight in the layers of the shape and
one in those of the pattern.
"""

import dataclasses
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn, TypeAlias
from urllib.parse import quote

from model.code import Code
from model.dye import DYES, Ramp, find_dye, mix_ramps

VERSION = "tr1"
MAX_PARTS = 16
MAX_LENGTH = 6_000
"""Characters: of a blend of four pictures, each of one w and of one for every layer."""

WHOLE = 10_000
"""Weights, dares and strengths are kept to four digits: a garment is what its text says of it."""


_Key: TypeAlias = tuple[int, int | Code, float]
"""Label, seed and daring, by which parts of several recipes are one."""


class RecipeError(ValueError):
    """A recipe that cannot be used; `reason` is a word that a page can translate.

    The reasons are malformed, version, model, revision, label, direction, dye and code.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclasses.dataclass(frozen=True)
class Part:
    """A garment born from a seed or a code, and its weight in another's shape and pattern."""

    label: int
    seed: int | Code
    daring: float
    shape: float = 1.0
    pattern: float = 1.0

    @property
    def number(self) -> int:
        """Its seed, or what stands for one where a number is needed."""
        return self.seed.number if isinstance(self.seed, Code) else self.seed


@dataclasses.dataclass(frozen=True)
class Edit:
    """Strength along a direction, in the layers of the shape and in those of the pattern."""

    name: str
    shape: float
    pattern: float


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One garment of one model. `dyes` are names with their shares; weights sum to exactly 1."""

    model: str
    digest: str
    parts: tuple[Part, ...]
    dyes: tuple[tuple[str, float], ...]
    edits: tuple[Edit, ...] = ()

    @property
    def text(self) -> str:
        """The line of text that `model.recipe_text.parse_recipe` reads."""
        dyes = ",".join(_join(name, *_weights(share, share)) for name, share in self.dyes)
        parts = ",".join(
            _join(str(p.label), str(p.seed), _digits(p.daring), *_weights(p.shape, p.pattern))
            for p in self.parts
        )
        edits = ",".join(_join(_escape(e.name), *_strengths(e)) for e in self.edits)
        return f"{VERSION}~{self.model}~{self.digest}~{parts}~{edits}~{dyes}"

    @property
    def classes(self) -> tuple[tuple[int, float], ...]:
        """Labels with their shares, the largest first: the class mix that a page tells."""
        shares: dict[int, float] = {}
        for part in self.parts:
            share = (part.shape + part.pattern) / 2
            shares[part.label] = shares.get(part.label, 0.0) + share
        return tuple(sorted(shares.items(), key=lambda item: (-item[1], item[0])))

    @property
    def label(self) -> int:
        """The class it has most of."""
        return self.classes[0][0]

    @property
    def main(self) -> Part:
        """The part it has most of."""
        return max(self.parts, key=lambda part: part.shape + part.pattern)

    @property
    def seed(self) -> int | Code:
        """Seed or code of its main part."""
        return self.main.seed

    @property
    def daring(self) -> float:
        """Daring of its main part."""
        return self.main.daring

    @property
    def ramp(self) -> Ramp:
        """Colours of its dyes, mixed stop by stop."""
        return mix_ramps([DYES[name] for name, _ in self.dyes], [share for _, share in self.dyes])

    def dyed(self, dye: str) -> "Recipe":
        """The same garment in one dye.

        Raises:
            ValueError: no such dye; the message lists the known ones.
        """
        find_dye(dye)
        return dataclasses.replace(self, dyes=((dye, 1.0),))


def mix(recipes: Sequence[Recipe], shape: Sequence[float], pattern: Sequence[float]) -> Recipe:
    """One garment between others of the same model, with a share of each in shape and in pattern.

    A share of 1 gives that garment exactly. More than `MAX_PARTS` parts, or more than fit in
    `MAX_LENGTH` characters, lose their lightest.

    Args:
        recipes: one or more.
        shape: share of each in the coarse layers, 0 or more; only proportions count.
        pattern: share of each in the fine layers.

    Raises:
        RecipeError: the recipes are of two models.
    """
    first = recipes[0]
    for other in recipes[1:]:
        if (other.model, other.digest) != (first.model, first.digest):
            refuse("model", "recipes to mix must be of one model", f"{first.model}, {other.model}")
    shape, pattern = _normal(shape), _normal(pattern)
    parts: dict[_Key, list[float]] = {}
    edits: dict[str, list[float]] = {}
    dyes: dict[str, float] = {}
    for recipe, s, p in zip(recipes, shape, pattern, strict=True):
        for part in recipe.parts:
            at = parts.setdefault((part.label, part.seed, part.daring), [0.0, 0.0])
            at[0], at[1] = at[0] + s * part.shape, at[1] + p * part.pattern
        for edit in recipe.edits:
            at = edits.setdefault(edit.name, [0.0, 0.0])
            at[0], at[1] = at[0] + s * edit.shape, at[1] + p * edit.pattern
        for name, share in recipe.dyes:
            dyes[name] = dyes.get(name, 0.0) + (s + p) / 2 * share
    shares = zip(dyes, round_shares(list(dyes.values())), strict=True)
    mixed = dataclasses.replace(
        first,
        edits=merge_edits(Edit(name, *strengths) for name, strengths in edits.items()),
        dyes=tuple((name, share) for name, share in shares if share),
    )
    most = MAX_PARTS
    while True:
        mixed = dataclasses.replace(mixed, parts=_heaviest(parts, most))
        if len(mixed.text) <= MAX_LENGTH or len(mixed.parts) == 1:
            return mixed
        most = len(mixed.parts) - 1


def _heaviest(parts: Mapping[_Key, Sequence[float]], most: int) -> tuple[Part, ...]:
    """The heaviest parts in the order that they stand in, their weights a whole again."""
    heaviest = sorted(parts, key=lambda key: -sum(parts[key]))[:most]
    kept = [key for key in parts if key in heaviest]
    # What is left may have no weight at all in one half: it is then as it is in the other.
    both = [sum(parts[key]) for key in kept]
    given = ([parts[key][side] for key in kept] for side in (0, 1))
    columns = [round_shares(column if any(column) else both) for column in given]
    return tuple(
        Part(*key, s, p)
        for key, (s, p) in zip(kept, zip(*columns, strict=True), strict=True)
        if s or p
    )


def merge_edits(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits as they stand in a recipe: four digits, none of no strength, in order of name."""
    rounded = (Edit(e.name, round(e.shape, 4), round(e.pattern, 4)) for e in edits)
    return tuple(sorted((e for e in rounded if e.shape or e.pattern), key=lambda e: e.name))


def round_shares(shares: Sequence[float]) -> list[float]:
    """Shares of four digits that sum to exactly 1, by largest remainder; not all may be 0."""
    exact = [share * WHOLE for share in _normal(shares)]
    floors = [int(value) for value in exact]
    missing = WHOLE - sum(floors)
    order = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    for i in order[:missing]:
        floors[i] += 1
    return [floor / WHOLE for floor in floors]


def _normal(shares: Sequence[float]) -> list[float]:
    total = sum(shares)
    return [share / total for share in shares] if total != 1 else list(shares)


def _join(*fields: str) -> str:
    return ":".join(fields)


def _digits(value: float) -> str:
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _weights(shape: float, pattern: float) -> list[str]:
    """Nothing for a whole, once where both are the same."""
    if shape == pattern:
        return [] if shape == 1 else [_digits(shape)]
    return [_digits(shape), _digits(pattern)]


def _strengths(edit: Edit) -> list[str]:
    same = edit.shape == edit.pattern
    return [_digits(edit.shape)] if same else [_digits(edit.shape), _digits(edit.pattern)]


def _escape(name: str) -> str:
    """Name of a direction without the letters that part fields; a blank becomes a hyphen."""
    escaped = quote(name, safe=" ")
    for letter in "-._~":
        escaped = escaped.replace(letter, f"%{ord(letter):02X}")
    return escaped.replace(" ", "-")


def refuse(reason: str, rule: str, value: object) -> NoReturn:
    """Raise a `RecipeError` that names a rule and the value that breaks it, shortened."""
    raise RecipeError(reason, f"{rule}, not {reprlib.repr(value)}")
