"""What the page and its API ask for: garments as recipes and as pixels, from checked values."""

import copy
import dataclasses
import re
import reprlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from model.batches import BatchRenderer, drawers
from model.checks import number, whole_number
from model.code import Code, CodeError, parse_code
from model.controls import Control, controls_of
from model.dye import dye_of, find_dye
from model.edits import Edits
from model.encoder import Encoder, load_encoder
from model.generator import Generator
from model.labels import find_label
from model.latents import MAX_DARING, MAX_SEED, render
from model.opinion import Critic
from model.recipe import (
    WHOLE,
    Part,
    Recipe,
    RecipeError,
    round_shares,
)
from model.recipe_text import parse_recipe
from model.sums import all_ws
from model.weights import OPINION_FILE, generator_sha256, load_generator

DEFAULT_DARING = 0.7
"""Truncation where nobody asks for another: most garments are clean, and no two alike."""

RAIL = 12
"""Garments on a rail of the wardrobe."""

MAX_SHEET = 400
"""Garments on a sheet."""

_GPU_BATCH = 64
_LONGEST_NAME = 200


class Studio:
    """One generator behind checked values; safe to call from many threads.

    `name` and `digest` stand in the recipes of its garments; `encoder` is where inversion begins and
    `critic` what tells how real a garment looks, each only if the model folder has it; `folder` is
    where the model lies, None for one that was never read from disk. Every method raises ValueError
    with the field and its value where a value is out of range or of a wrong type.
    """

    def __init__(
        self,
        generator: Generator,
        name: str = "model",
        digest: str = "0" * 8,
        encoder: Encoder | None = None,
        critic: Critic | None = None,
    ) -> None:
        self.generator = generator.float().eval().requires_grad_(False)
        self.encoder, self.critic = encoder, critic
        self.config = generator.config
        self.name, self.digest = name, digest
        self.folder: Path | None = None
        self._turn = threading.BoundedSemaphore(1 if generator.device.type == "cuda" else drawers())
        self._batches = BatchRenderer(self.generator)
        self._edits = Edits(self.generator, self._sketch_ws)

    @classmethod
    def open(cls, folder: str | Path, name: str | None = None) -> "Studio":
        """Studio of a model folder; called by the folder's own name unless told otherwise.

        Raises:
            ModelFolderError: naming the file and the field that are at fault.
        """
        called = name or re.sub(r"[^A-Za-z0-9._-]+", "-", Path(folder).resolve().name).strip("-._")
        generator, digest = load_generator(folder), generator_sha256(folder)
        encoder = load_encoder(folder, digest)
        critic = Critic.open(folder) if (Path(folder) / OPINION_FILE).exists() else None
        studio = cls(generator, called or "model", digest[:8], encoder, critic)
        studio.folder = Path(folder)
        return studio

    def on_accelerator(self) -> "Studio":
        """A copy on the GPU for long sheets, or this one where there is no GPU."""
        if not torch.cuda.is_available():
            return self
        return Studio(copy.deepcopy(self.generator).to("cuda"), self.name, self.digest)

    @property
    def default_daring(self) -> float:
        """Daring of a garment that does not name its own; 1 for a model without class means."""
        return 1.0 if self.generator.directions is None else DEFAULT_DARING

    @property
    def controls(self) -> tuple[Control, ...]:
        """The measured directions, for a slider each; `edited` knows the unnamed ones too."""
        return controls_of(self.generator)

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the unnamed directions, each useful to `COMPONENT_LIMIT` either way."""
        directions = self.generator.directions
        return () if directions is None else directions.component_names

    def garment(
        self, label: object, seed: object, daring: object = None, dye: object = None
    ) -> Recipe:
        """A garment born from a seed, or from a code in place of one.

        Args:
            label: a class by number or name.
            seed: whole number in 0 .. 2**32 - 1, or the code of a picture (or its letters).
            daring: truncation psi, 0 to 2, kept to four digits; `default_daring` if None.
            dye: by name; the one that this seed and class wear if None.
        """
        if isinstance(label, str) and len(label) <= _LONGEST_NAME:
            known = find_label(label, self.config)
        else:
            known = whole_number("label", label, 0, max(self.config.num_classes, 1) - 1)
        share = self.default_daring if daring is None else number("daring", daring, 0, MAX_DARING)
        part = Part(known, self._seed(seed), round(share, 4))
        if dye is None:
            dye = dye_of(part.label, part.number)
        find_dye(dye)
        return Recipe(self.name, self.digest, (part,), ((str(dye), 1.0),))

    def from_code(
        self, label: object, code: object, daring: object = 1, dye: object = None
    ) -> Recipe:
        """The garment that was read from a picture: as it was with its own class and daring 1.

        Args:
            label: a class by number or name; another than the code's is its style in that class.
            code: or its letters.
            daring: 0 (the class's mean) to 2.
            dye: by name; the one that this code and class wear if None.
        """
        known = code if isinstance(code, Code) else parse_code(str(code))
        if known is None:
            raise CodeError(f"code must be that of a picture, not {reprlib.repr(code)}")
        return self.garment(label, known, daring, dye)

    def read(self, text: object) -> Recipe:
        """A recipe of this studio's model from its text, every name in it known.

        Raises:
            RecipeError: not a recipe, or of another model or revision than this studio's.
        """
        recipe = parse_recipe(text)
        if recipe.model != self.name:
            raise RecipeError("model", f"model must be {self.name}, not {recipe.model}")
        if recipe.digest != self.digest:
            told = f"revision of {self.name} must be {self.digest}, not {recipe.digest}"
            raise RecipeError("revision", told)
        most = max(self.config.num_classes, 1) - 1
        for part in recipe.parts:
            if part.label > most:
                raise RecipeError("label", f"label must be in 0..{most}, not {part.label}")
            if isinstance(part.seed, Code):
                try:
                    part.seed.check(self.generator)
                except CodeError as error:
                    raise RecipeError("code", str(error)) from error
            if part.daring != 1 and self.generator.directions is None:
                raise RecipeError("malformed", f"daring must be 1 here, not {part.daring:g}")
        for edit in recipe.edits:
            try:
                self._edits.strength(edit.name, edit.shape)
                self._edits.strength(edit.name, edit.pattern)
            except ValueError as error:
                raise RecipeError("direction", str(error)) from error
        return recipe

    def nearest(self, text: object) -> Recipe:
        """What this model can make of a recipe that it cannot read: its main seed and class, or 0.

        A code is of one generator's w alone: of a picture only its class and number remain.
        """
        try:
            given = parse_recipe(text)
        except RecipeError:
            return self.garment(0, 0)
        label = min(given.label, max(self.config.num_classes, 1) - 1)
        daring = None if self.generator.directions is None else given.daring
        seed = given.main.number
        return dataclasses.replace(self.garment(label, seed, daring), dyes=given.dyes)

    def draw(self, recipes: Sequence[Recipe]) -> np.ndarray:
        """Pixels [N, H, W, C] of garments: each the same bytes in any company."""
        return self.draw_ws(all_ws(self.generator, recipes))

    def draw_ws(self, ws: torch.Tensor) -> np.ndarray:
        """Pixels [N, H, W, C] of ws [N, L, w_dim], likewise."""
        if len(ws) > 1 and not ws.is_cuda and drawers() > 1:
            return self._batches.each(ws)
        with self._turn:
            return render(self.generator, ws, _GPU_BATCH if ws.is_cuda else 1)

    def sketch(self, recipes: Sequence[Recipe]) -> np.ndarray:
        """Pixels [N, H, W, C], many at a time: faster, and within one grey level of `draw`."""
        return self._sketch_ws(all_ws(self.generator, recipes))

    def _sketch_ws(self, ws: torch.Tensor) -> np.ndarray:
        return render(self.generator, ws, _GPU_BATCH) if ws.is_cuda else self._batches.render(ws)

    def generate(self, label: object, seed: object, daring: object = None) -> np.ndarray:
        """One garment, uint8 pixels [H, W, C]."""
        pixels: np.ndarray = self.draw([self.garment(label, seed, daring)])[0]
        return pixels

    def wardrobe(
        self, label: object, seed: object, daring: object = None, count: int = RAIL
    ) -> list[Recipe]:
        """Garments of one class, or of all in turn, from `seed` on.

        Args:
            label: a class by number or name; None or "all" for every class in turn.
            seed: of the first garment; a rail that would pass the last seed ends there.
            daring: truncation psi, 0 to 2.
            count: garments on the rail.
        """
        start = min(whole_number("seed", seed, 0, MAX_SEED), MAX_SEED - count + 1)
        if label is None or label == "all":
            classes = max(self.config.num_classes, 1)
            labels: list[object] = [step % classes for step in range(count)]
        else:
            labels = [label] * count
        return [self.garment(c, start + n, daring) for n, c in enumerate(labels)]

    def line(self, seed: object, daring: object = None) -> list[Recipe]:
        """One seed, or one code, in every class: a line of clothes that belong together."""
        classes = range(max(self.config.num_classes, 1))
        return [self.garment(label, seed, daring) for label in classes]

    def sheet(
        self, label: object, seed: object, daring: object = None, count: object = 100
    ) -> tuple[list[Recipe], np.ndarray]:
        """Many garments at once; on a GPU in large batches, to within one grey level."""
        garments = self.wardrobe(label, seed, daring, whole_number("count", count, 1, MAX_SHEET))
        return garments, self.draw(garments)

    def class_mix(self, garment: Recipe, shares: object) -> Recipe:
        """The main seed or code of a garment as a mixture of classes, its edits and dyes kept.

        Args:
            garment: whose main seed and daring it is.
            shares: weight by label, in any unit: only their proportions count.
        """
        if not isinstance(shares, Mapping) or not 0 < len(shares) <= max(
            self.config.num_classes, 1
        ):
            raise ValueError(f"shares must be an object by label, not {reprlib.repr(shares)}")
        given = {
            self.garment(label, 0).label: number(f"shares[{label!r}]", share, 0, WHOLE)
            for label, share in shares.items()
        }
        if not sum(given.values()):
            raise ValueError(f"shares must have one above 0, not {reprlib.repr(shares)}")
        main, labels = garment.main, sorted(given)
        weights = zip(labels, round_shares([given[label] for label in labels]), strict=True)
        parts = tuple(Part(c, main.seed, main.daring, s, s) for c, s in weights if s)
        return dataclasses.replace(garment, parts=parts)

    def edited(self, garment: Recipe, edits: object, locks: object = None) -> Recipe:
        """A garment moved along directions, in place of the edits that it had.

        Args:
            garment: what no edits leave as it is.
            edits: by name of direction a strength, or one for the shape and one for the pattern,
                each within the direction's useful range.
            locks: names of directions whose attribute stays as it is on `garment`: moves of others
                are compensated along them, up to the ends of their ranges (`model.locks`).
        """
        return self._edits.apply(garment, edits, locks, self._turn)

    def _seed(self, seed: object) -> int | Code:
        code = parse_code(seed) if isinstance(seed, str) else seed
        if not isinstance(code, Code):
            return whole_number("seed", seed, 0, MAX_SEED)
        code.check(self.generator)
        return code
