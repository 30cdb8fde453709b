"""Answers the page's own scripts: one JSON object in, one out, each by one call of the studio."""

import base64
import contextlib
import contextvars
import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from model.checks import number
from model.code import Code
from model.dye import dye_cloth, hole_area
from model.keepsake import stamp_png
from model.mixing import children
from model.pixels import to_image, to_png
from model.recipe import Recipe, RecipeError, mix
from model.studio import Studio
from ui.shelf import Entry, Shelf
from ui.shelf_rules import ShelfError, ShelfRules

Json: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]

PICTURE_SIDE = 896
"""Side of a downloaded picture: 32 times the 28 pixels."""

THUMBNAIL_SIDE = 96
MAX_MIXED = 4

_asked: contextvars.ContextVar[object] = contextvars.ContextVar("asked", default=None)
"""Model that the request at work is of, as `name~digest`; None for the page's own."""


def answering(answer: Callable[[Json], Answer]) -> Callable[[object], Answer]:
    """A server function that says what is wrong with a request instead of raising.

    A raised error reaches the browser as null, without a word. `reason` is a word that the page
    translates, `error` the message for who reads English. A request's `of` is the model that its
    page shows, `name~digest`; the desk's studio is that one's while the request is at work.
    """

    @functools.wraps(answer)
    def checked(request: object) -> Answer:
        if not isinstance(request, Mapping):
            return {"error": "request must be an object"}
        try:
            with speaking_of(request.get("of")):
                return answer(request)
        except (RecipeError, ShelfError) as error:
            return {"error": str(error), "reason": error.reason}
        except ValueError as error:
            return {"error": str(error)}

    return checked


class Desk:
    """Server functions that every screen may call; garments travel as recipes and raw pixels."""

    def __init__(self, studio: Studio, shelf: Shelf | None = None) -> None:
        self.own = studio
        self.shelf = shelf or Shelf([Entry(studio, studio.name)], ShelfRules.read(os.environ))

    @property
    def studio(self) -> Studio:
        """Studio of the model that the request at work is of; the page's own for none.

        Raises:
            ShelfError: it is not in memory any more, or never was.
        """
        asked = _asked.get()
        if asked in (None, key_of(self.own)):
            return self.own
        name, _, digest = str(asked).partition("~")
        return self.shelf.find(name, digest)

    def fetch(self, key: object) -> Studio:
        """Studio of `name~digest`, from the Hub if need be and the rules allow it.

        It may take two deadlines of a download.

        Raises:
            ShelfError: it is not to be had.
        """
        name, _, digest = str(key).partition("~")
        try:
            return self.shelf.find(name, digest)
        except ShelfError as error:
            if error.reason == "malformed":
                raise
            return self.shelf.open_revision(name, digest).studio

    def open(self, request: Json) -> Answer:
        """The garment of a recipe, or with a reason the nearest that this model has.

        `model` in place of a garment: it is of that one, which is in memory now.
        """
        try:
            return self.drawn([self.recipe(request)])
        except RecipeError as error:
            answer: Answer = {"reason": error.reason}
            if error.reason in ("model", "revision"):
                _, name, digest, *_ = str(request.get("recipe")).split("~")
                try:
                    return {"model": key_of(self.fetch(f"{name}~{digest}"))}
                except ShelfError as refusal:
                    answer["why"] = refusal.reason
            return {**self.drawn([self.studio.nearest(request.get("recipe"))]), **answer}

    def garment(self, request: Json) -> Answer:
        """A seed-born garment."""
        fields = (request.get(name) for name in ("label", "seed", "daring", "dye"))
        return self.drawn([self.studio.garment(*fields)])

    def line(self, request: Json) -> Answer:
        """One seed in every class."""
        return self.drawn(self.studio.line(request.get("seed"), request.get("daring")))

    def mix(self, request: Json) -> Answer:
        """A garment between up to four others, by a share of each in `shape` and in `pattern`."""
        return self.drawn([mixed(self, request)])

    def make_children(self, request: Json) -> Answer:
        """Twelve variations of a garment."""
        parent = self.recipe(request)
        return self.drawn(children(parent, request.get("difference"), request.get("seed")))

    def picture(self, request: Json) -> Answer:
        """A garment as a PNG to keep."""
        recipe = self.recipe(request)
        pixels = self.studio.draw([recipe])[0]
        if request.get("view") == "pixels":
            side = (PICTURE_SIDE, PICTURE_SIDE)
            image = to_image(pixels).resize(side, Image.Resampling.NEAREST)
        else:
            image = self.cloth(recipe, pixels, PICTURE_SIDE)
        return {"png": png_address(stamp_png(image, recipe.text))}

    def recipe(self, request: Json, field: str = "recipe") -> Recipe:
        """A recipe that a request holds, checked."""
        return self.studio.read(request.get(field))

    def recipes(self, request: Json, most: int, field: str = "recipes") -> list[Recipe]:
        """A list of 1 to `most` recipes that a request holds, each checked."""
        texts = request.get(field)
        if not isinstance(texts, Sequence) or isinstance(texts, str) or not 0 < len(texts) <= most:
            raise ValueError(f"{field} must be a list of 1..{most} recipes")
        return [self.studio.read(text) for text in texts]

    def drawn(self, recipes: Sequence[Recipe]) -> Answer:
        """Garments as the page's scripts know them."""
        return {
            "garments": [describe(recipe) for recipe in recipes],
            "pixels": encode(self.studio.draw(recipes)),
        }

    def cloth(self, recipe: Recipe, pixels: np.ndarray, side: int) -> Image.Image:
        """Cloth where the network made luminance; what it made in colour stays as it is."""
        if pixels.shape[-1] == 3:
            return to_image(pixels).resize((side, side), Image.Resampling.BICUBIC)
        return Image.fromarray(dye_cloth(pixels, side, recipe.ramp, self.area(recipe)))

    def area(self, recipe: Recipe) -> float:
        """Largest region of dark print that is not a hole, weighted by the garment's classes."""
        names = self.studio.config.class_names
        return sum(share * hole_area(names[c] if names else "") for c, share in recipe.classes)

    def label(self, class_name: str) -> int:
        """Label of a class by its name; the first for a model that does not have it."""
        names = self.studio.config.class_names
        return names.index(class_name) if class_name in names else 0

    def thumbnails(self, recipes: Sequence[Recipe]) -> list[str]:
        """Small pictures as addresses for an img element."""
        pixels = self.studio.draw(recipes)
        return [
            png_address(to_png(self.cloth(recipe, picture, THUMBNAIL_SIDE)))
            for recipe, picture in zip(recipes, pixels, strict=True)
        ]


@contextlib.contextmanager
def speaking_of(key: object) -> Iterator[None]:
    """Make the desk's studio that of `name~digest`, or the page's own for None."""
    before = _asked.set(key)
    try:
        yield
    finally:
        _asked.reset(before)


def key_of(model: Studio | Entry) -> str:
    """`name~digest`, by which the page and its links know a model."""
    return f"{model.name}~{model.digest}"


def describe(recipe: Recipe) -> Answer:
    """What the page's scripts want to know of a recipe without parsing it."""
    return {
        "recipe": recipe.text,
        "label": recipe.label,
        "classes": recipe.classes,
        "seed": seed_text(recipe.seed),
        "daring": recipe.daring,
        "parts": len(recipe.parts),
        "dyes": recipe.dyes,
        "edits": {edit.name: edit.shape for edit in recipe.edits},
        "pattern_edits": {edit.name: edit.pattern for edit in recipe.edits},
    }


def seed_text(seed: int | Code) -> int | str:
    """A seed as JSON has it: a number, or the letters of a code."""
    return seed.text if isinstance(seed, Code) else seed


def mixed(desk: Desk, request: Json) -> Recipe:
    """What a request mixes: `recipes`, and a share of each in `shape` and in `pattern`."""
    recipes = desk.recipes(request, MAX_MIXED)
    shares = [_shares(request, field, len(recipes)) for field in ("shape", "pattern")]
    return mix(recipes, *shares)


def encode(pixels: np.ndarray) -> str:
    """Base64 of the network's bytes: smaller than a PNG's text, and no decoder may change them."""
    return base64.b64encode(pixels.tobytes()).decode()


def _shares(request: Json, field: str, count: int) -> list[float]:
    shares = request.get(field)
    if not isinstance(shares, Sequence) or isinstance(shares, str) or len(shares) != count:
        raise ValueError(f"{field} must be a list of {count} numbers")
    numbers = [number(f"{field}[{n}]", share, 0, 1) for n, share in enumerate(shares)]
    if not sum(numbers):
        raise ValueError(f"{field} must have a share above 0")
    return numbers


def png_address(png: bytes) -> str:
    """A PNG file as an address for an img element or a download."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
