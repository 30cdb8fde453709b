"""What the page and its API ask for: garments as recipes and as pixels, from checked values."""

import copy
import dataclasses
import functools
import re
import reprlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from model.batches import BatchRenderer, drawers
from model.checks import names, number, whole_number
from model.controls import Control, controls_of
from model.dye import dye_of, find_dye
from model.encoder import Encoder, load_encoder
from model.generator import Generator
from model.labels import find_label
from model.latents import MAX_DARING, MAX_SEED, map_seeds, move, pattern_split, render
from model.locks import Locks, Strengths
from model.recipe import (
    WHOLE,
    Edit,
    Part,
    Recipe,
    RecipeError,
    merge_edits,
    round_shares,
)
from model.recipe_text import MAX_EDITS, parse_recipe
from model.weights import generator_sha256, load_generator

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

    `name` and `digest` stand in the recipes of its garments; `encoder` is where inversion begins, if
    the model has one. Every method raises ValueError with
    the field and its value where a value is out of range or of a wrong type.
    """

    def __init__(
        self,
        generator: Generator,
        name: str = "model",
        digest: str = "0" * 8,
        encoder: Encoder | None = None,
    ) -> None:
        self.generator = generator.float().eval().requires_grad_(False)
        self.encoder = encoder
        self.config = generator.config
        self.name, self.digest = name, digest
        self._turn = threading.BoundedSemaphore(1 if generator.device.type == "cuda" else drawers())
        self._batches = BatchRenderer(self.generator)
        directions = generator.directions
        self._locks = None if directions is None else Locks(self.generator, directions)

    @classmethod
    def open(cls, folder: str | Path, name: str | None = None) -> "Studio":
        """Studio of a model folder; called by the folder's own name unless told otherwise.

        Raises:
            ModelFolderError: naming the file and the field that are at fault.
        """
        called = name or re.sub(r"[^A-Za-z0-9._-]+", "-", Path(folder).resolve().name).strip("-._")
        generator, digest = load_generator(folder), generator_sha256(folder)
        return cls(generator, called or "model", digest[:8], load_encoder(folder, digest))

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
        """A seed-born garment.

        Args:
            label: a class by number or name.
            seed: whole number in 0 .. 2**32 - 1.
            daring: truncation psi, 0 to 2, kept to four digits; `default_daring` if None.
            dye: by name; the one that this seed and class wear if None.
        """
        if isinstance(label, str) and len(label) <= _LONGEST_NAME:
            known = find_label(label, self.config)
        else:
            known = whole_number("label", label, 0, max(self.config.num_classes, 1) - 1)
        share = self.default_daring if daring is None else number("daring", daring, 0, MAX_DARING)
        part = Part(known, whole_number("seed", seed, 0, MAX_SEED), round(share, 4))
        if dye is None:
            dye = dye_of(part.label, part.seed)
        find_dye(dye)
        return Recipe(self.name, self.digest, (part,), ((str(dye), 1.0),))

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
            if part.daring != 1 and self.generator.directions is None:
                raise RecipeError("malformed", f"daring must be 1 here, not {part.daring:g}")
        for edit in recipe.edits:
            try:
                self._strength(edit.name, edit.shape)
                self._strength(edit.name, edit.pattern)
            except ValueError as error:
                raise RecipeError("direction", str(error)) from error
        return recipe

    def nearest(self, text: object) -> Recipe:
        """What this model can make of a recipe that it cannot read: its main seed and class, or 0."""
        try:
            given = parse_recipe(text)
        except RecipeError:
            return self.garment(0, 0)
        label = min(given.label, max(self.config.num_classes, 1) - 1)
        daring = None if self.generator.directions is None else given.daring
        return dataclasses.replace(self.garment(label, given.seed, daring), dyes=given.dyes)

    def draw(self, recipes: Sequence[Recipe]) -> np.ndarray:
        """Pixels [N, H, W, C] of garments: each the same bytes in any company."""
        ws = self._all_ws(recipes)
        with self._turn:
            return render(self.generator, ws, _GPU_BATCH if ws.is_cuda else 1)

    def sketch(self, recipes: Sequence[Recipe]) -> np.ndarray:
        """Pixels [N, H, W, C], many at a time: faster, and within one grey level of `draw`."""
        ws = self._all_ws(recipes)
        if ws.is_cuda:
            return render(self.generator, ws, _GPU_BATCH)
        return self._batches.render(ws)

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
        """One seed in every class: a line of clothes that belong together."""
        classes = range(max(self.config.num_classes, 1))
        return [self.garment(label, seed, daring) for label in classes]

    def sheet(
        self, label: object, seed: object, daring: object = None, count: object = 100
    ) -> tuple[list[Recipe], np.ndarray]:
        """Many garments at once; on a GPU in large batches, to within one grey level."""
        garments = self.wardrobe(label, seed, daring, whole_number("count", count, 1, MAX_SHEET))
        return garments, self.draw(garments)

    def class_mix(self, garment: Recipe, shares: object) -> Recipe:
        """The main seed of a garment as a mixture of classes, its edits and dyes kept.

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
        given = edits if isinstance(edits, Mapping) else None
        if given is None:
            raise ValueError(f"edits must be an object, not {reprlib.repr(edits)}")
        if len(given) > MAX_EDITS:
            raise ValueError(f"edits must be at most {MAX_EDITS}, not {len(given)}")
        moved = {name: self._strengths(name, value) for name, value in given.items()}
        held = [] if locks is None else names("locks", locks, MAX_EDITS)
        if held:
            moved = self._held(garment, moved, held)
        strengths = (Edit(name, shape, pattern) for name, (shape, pattern) in moved.items())
        return dataclasses.replace(garment, edits=merge_edits(strengths))

    def _held(
        self, garment: Recipe, moved: Mapping[str, Strengths], locks: Sequence[str]
    ) -> dict[str, Strengths]:
        for name in locks:
            self._strength(name, 0)
        if self._locks is None:  # told by _strength
            return dict(moved)
        with self._turn:
            return self._locks.apply(garment, moved, locks)

    def _strengths(self, name: str, value: object) -> Strengths:
        """A strength for both halves of the layers, or one for each."""
        pair = value if isinstance(value, list | tuple) and len(value) == 2 else (value, value)
        shape, pattern = (self._strength(name, one) for one in pair)
        return shape, pattern

    def _strength(self, name: str, value: object) -> float:
        if self.generator.directions is None:
            raise ValueError(f"edits must be empty for this model, not {reprlib.repr(name)}")
        direction = self.generator.directions.find(name, self.config.num_layers)
        return number(f"edits[{name!r}]", value, direction.low, direction.high)

    @torch.inference_mode()
    def _all_ws(self, recipes: Sequence[Recipe]) -> torch.Tensor:
        """Ws [N, L, w_dim] of recipes; what is part of many, as in a pad, is mapped once."""

        @functools.cache
        def born(label: int, seed: int, daring: float) -> torch.Tensor:
            return map_seeds(self.generator, [label], [seed], daring)

        return torch.cat([self._ws(recipe, born) for recipe in recipes])

    def _ws(self, recipe: Recipe, born: Callable[[int, int, float], torch.Tensor]) -> torch.Tensor:
        """Ws [1, L, w_dim] of a recipe; a part of weight 1 is exactly itself."""
        parts, split = recipe.parts, pattern_split(self.config)
        rows = [born(part.label, part.seed, part.daring) for part in parts]
        coarse = _weighted(rows, [p.shape for p in parts])
        fine = _weighted(rows, [p.pattern for p in parts])
        layers = self.config.num_layers
        ws = torch.stack([coarse] * split + [fine] * (layers - split), dim=1)
        if not recipe.edits:
            return ws
        shape = {edit.name: edit.shape for edit in recipe.edits}
        return move(self.generator, ws, shape, {e.name: e.pattern for e in recipe.edits})


def _weighted(rows: Sequence[torch.Tensor], weights: Sequence[float]) -> torch.Tensor:
    some = [row if w == 1 else row * w for row, w in zip(rows, weights, strict=True) if w]
    total = some[0]
    for row in some[1:]:
        total = total + row
    return total
