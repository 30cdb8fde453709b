"""Endpoints that speak of garments without drawing them: recipes made, mixed and explained."""

import base64
import binascii
import reprlib
from typing import Any

from model.keepsake import MAX_PICTURE_BYTES, read_stamps
from model.recipe import Recipe
from ui.desk import Answer, Desk, mixed, seed_text

LONGEST_PICTURE = MAX_PICTURE_BYTES * 4 // 3 + 64
"""Characters of the largest picture in base64, with the head of a data address."""


class Recipes:
    """Garments as text; every other endpoint's `recipe` is what these return."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def recipe(
        self,
        label: str = "dress",
        seed: int = 42,
        daring: float | None = None,
        dye: str | None = None,
        edits: dict[str, float] | None = None,
        locks: list[str] | None = None,
        shares: dict[str, float] | None = None,
    ) -> str:
        """The recipe of a garment, which render, mix, children and the page understand.

        Args:
            label: class by number, or by its English or Portuguese name.
            seed: whole number in 0..4294967295.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            dye: indigo, madder, ochre, moss or ink; null for the page's own choice.
            edits: strength by name of direction, for example {"brightness": 1.5}, or null.
            locks: names of directions whose attribute stays while the others move, or null.
            shares: weight by class in place of label, for example {"dress": 60, "coat": 40}.

        Returns:
            One line of text of at most 1,500 characters.
        """
        studio = self.desk.studio
        garment = studio.garment(label, seed, daring, dye)
        if shares is not None:
            garment = studio.class_mix(garment, shares)
        if edits is not None or locks is not None:
            garment = studio.edited(garment, {} if edits is None else edits, locks)
        return garment.text

    def mix(
        self, recipes: list[str], shape: list[float], pattern: list[float] | None = None
    ) -> str:
        """The recipe of a garment between up to four others.

        Args:
            recipes: one to four recipes.
            shape: share of each in the coarse layers (outline, sleeves), 0 to 1; only their
                proportions count.
            pattern: share of each in the fine layers (texture, details); null follows shape.

        Returns:
            One line of text, as from recipe.
        """
        request = {"recipes": recipes, "shape": shape, "pattern": pattern or shape}
        return mixed(self.desk, request).text

    def describe(self, recipe: str | None = None, picture: str | None = None) -> dict[str, Any]:
        """What a recipe, or a picture that carries recipes, says of its garments.

        Args:
            recipe: line of text that begins with tr1~; null where a picture is given.
            picture: PNG file in base64, with or without the head of a data address, or null.

        Returns:
            {"garments": [...]}: for each garment its recipe, model, classes with their shares
            (parts of 1, the largest first), parts (class, seed
            or the code of a photo, daring and weights), edits and
            dyes with their shares.
        """
        if (recipe is None) == (picture is None):
            raise ValueError("recipe or picture must be given, and not both")
        texts = [recipe] if picture is None else read_stamps(_decoded(picture))
        return {"garments": [self._told(self.desk.studio.read(text)) for text in texts]}

    def _told(self, garment: Recipe) -> Answer:
        names = self.desk.studio.config.class_names
        return {
            "recipe": garment.text,
            "model": garment.model,
            "revision": garment.digest,
            "classes": {_name(names, label): share for label, share in garment.classes},
            "parts": [
                {
                    "class": _name(names, part.label),
                    "seed": seed_text(part.seed),
                    "daring": part.daring,
                    "shape": part.shape,
                    "pattern": part.pattern,
                }
                for part in garment.parts
            ],
            "edits": {e.name: {"shape": e.shape, "pattern": e.pattern} for e in garment.edits},
            "dyes": dict(garment.dyes),
        }


def _name(names: tuple[str, ...], label: int) -> str:
    return names[label] if names else str(label)


def _decoded(picture: object) -> bytes:
    if not isinstance(picture, str) or len(picture) > LONGEST_PICTURE:
        told = f"picture must be base64 of at most {MAX_PICTURE_BYTES} bytes"
        raise ValueError(f"{told}, not {reprlib.repr(picture)}")
    try:
        return base64.b64decode(picture.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"picture must be base64, not {reprlib.repr(picture)}") from error
