"""Recipes as text, read strictly: they come from links, files and other people's pictures."""

import re
from urllib.parse import unquote

from model.code import Code, CodeError
from model.dye import DYES
from model.latents import MAX_DARING, MAX_SEED
from model.recipe import (
    MAX_LENGTH,
    MAX_PARTS,
    VERSION,
    WHOLE,
    Edit,
    Part,
    Recipe,
    RecipeError,
    refuse,
)

MAX_EDITS = 32

_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")
_DIGEST = re.compile(r"[0-9a-f]{8}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,10}")
_NUMBER = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,4})?")
_NAME = re.compile(r"(?:[A-Za-z0-9-]|%[0-9A-F]{2}){1,300}")


def parse_recipe(text: object) -> Recipe:
    """Read a recipe strictly; whether its model is at hand is for the studio to say.

    Raises:
        RecipeError: not a recipe, or of another version; names the field and its value.
    """
    if not isinstance(text, str) or not 0 < len(text) <= MAX_LENGTH:
        refuse("malformed", f"recipe must be a text of 1..{MAX_LENGTH} characters", text)
    version, *fields = text.split("~")
    if version != VERSION:
        known = re.fullmatch(r"tr[0-9]{1,3}", version)
        refuse("version" if known else "malformed", f"recipe must begin with {VERSION}~", text)
    if len(fields) != 5:
        refuse("malformed", "recipe must have 6 fields between ~", text)
    model, digest, parts, edits, dyes = fields
    if not _MODEL.fullmatch(model):
        refuse("malformed", "model of the recipe must be a name or user/name", model)
    if not _DIGEST.fullmatch(digest):
        refuse("malformed", "digest of the recipe must be 8 hex digits", digest)
    recipe = Recipe(
        model=model,
        digest=digest,
        parts=tuple(_part(item) for item in _items("parts", parts, MAX_PARTS)),
        edits=tuple(_edit(item) for item in _items("edits", edits, MAX_EDITS) if edits),
        dyes=tuple(_dye(item) for item in _items("dyes", dyes, len(DYES))),
    )
    _check_sums(recipe)
    return recipe


def _items(field: str, text: str, most: int) -> list[list[str]]:
    items = [item.split(":") for item in text.split(",")]
    if len(items) > most:
        refuse("malformed", f"{field} of the recipe must be at most {most}", text)
    return items


def _part(item: list[str]) -> Part:
    if not 3 <= len(item) <= 5:
        refuse(
            "malformed",
            "a part must be label:seed or code:daring[:shape[:pattern]]",
            ":".join(item),
        )
    label, seed = _whole("label", item[0]), _seed(item[1])
    daring, *weights = (_number("daring or weight", text) for text in item[2:])
    if not 0 <= daring <= MAX_DARING or not all(0 <= weight <= 1 for weight in weights):
        refuse("malformed", "daring must be in 0..2 and weights in 0..1", ":".join(item))
    shape = weights[0] if weights else 1.0
    return Part(label, seed, daring, shape, weights[-1] if weights else 1.0)


def _seed(text: str) -> int | Code:
    if not text[:1].isalpha():
        seed = _whole("seed", text)
        return (
            seed
            if seed <= MAX_SEED
            else refuse("malformed", f"seed must be in 0..{MAX_SEED}", text)
        )
    try:
        return Code(text)
    except CodeError as error:
        raise RecipeError("code", str(error)) from error


def _edit(item: list[str]) -> Edit:
    if len(item) not in (2, 3) or not _NAME.fullmatch(item[0]):
        refuse("malformed", "an edit must be name:strength[:strength]", ":".join(item))
    strengths = [_number("strength", text) for text in item[1:]]
    return Edit(unquote(item[0].replace("-", " ")), strengths[0], strengths[-1])


def _dye(item: list[str]) -> tuple[str, float]:
    if item[0] not in DYES:
        refuse("dye", f"dye must be one of {', '.join(DYES)}", item[0])
    if len(item) > 2:
        refuse("malformed", "a dye must be name[:share]", ":".join(item))
    share = _number("share", item[1]) if len(item) == 2 else 1.0
    if not 0 < share <= 1:
        refuse("malformed", "share of a dye must be above 0 and at most 1", item[1])
    return item[0], share


def _whole(field: str, text: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        refuse("malformed", f"{field} must be a whole number", text)
    return int(text)


def _number(field: str, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        refuse("malformed", f"{field} must be a number of at most four decimals", text)
    return float(text)


def _check_sums(recipe: Recipe) -> None:
    sums = {
        "weights of the shape": [part.shape for part in recipe.parts],
        "weights of the pattern": [part.pattern for part in recipe.parts],
        "shares of the dyes": [share for _, share in recipe.dyes],
    }
    for field, weights in sums.items():
        if round(sum(weights) * WHOLE) != WHOLE:
            refuse("malformed", f"{field} must sum to 1", sum(weights))
    for field, names in {
        "edits": [edit.name for edit in recipe.edits],
        "dyes": [name for name, _ in recipe.dyes],
    }.items():
        if len(set(names)) < len(names):
            refuse("malformed", f"{field} must each be named once", names)
