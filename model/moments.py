"""Moments of a model's training: the generators under its `history/`, the finished one last.

A garment's recipe is about seeds, so each moment can weave it too. The directions of edits were
measured on the finished generator alone: a garment of an earlier moment goes without its edits.
"""

import dataclasses
import re
import threading
from pathlib import Path

import numpy as np
import torch

from model.directions import Directions
from model.generator import Generator
from model.recipe import Recipe
from model.studio import Studio
from model.weights import generator_sha256, load_generator, read_config

HISTORY_FOLDER = "history"
MAX_MOMENTS = 16

_NAME = re.compile(r"[0-9]{6}k")
_MEAN_GARMENTS = 2_000
_MEAN_SEED = 4_000_000


@dataclasses.dataclass(frozen=True)
class Moment:
    """A generator on its way; `images_seen` is None for a model that does not say."""

    images_seen: int | None
    folder: Path


def find_moments(folder: str | Path) -> tuple[Moment, ...]:
    """Moments of a model folder, in the order of training; the last is the folder itself.

    A moment of another shape of network than the folder's, or whose name is no number of images,
    is not one of its moments and is left out.

    Raises:
        ModelFolderError: naming the file and the field that are at fault.
    """
    folder = Path(folder)
    config, own = read_config(folder), generator_sha256(folder)
    history = folder / HISTORY_FOLDER
    named = sorted(history.iterdir()) if history.is_dir() else []
    found = [
        Moment(1000 * int(place.name[:-1]), place)
        for place in named[-MAX_MOMENTS:]
        if _NAME.fullmatch(place.name) and read_config(place) == config
    ]
    if found and generator_sha256(found[-1].folder) == own:
        return (*found[:-1], Moment(found[-1].images_seen, folder))
    return (*found, Moment(None, folder))


class History:
    """Studios of every moment of a model, each read when it is first asked for; safe from threads."""

    def __init__(self, studio: Studio) -> None:
        """History of a studio that came from a folder.

        Raises:
            ModelFolderError: a moment cannot be read.
            ValueError: the studio came from no folder.
        """
        if studio.folder is None:
            raise ValueError("studio must come from a folder")
        self.moments = find_moments(studio.folder)
        self._studios = {len(self.moments) - 1: studio}
        self._lock = threading.Lock()

    def studio(self, moment: int) -> Studio:
        """Studio of a moment by its place, with class means of its own for daring.

        Raises:
            ModelFolderError: it cannot be read any more.
        """
        with self._lock:
            if moment not in self._studios:
                self._studios[moment] = self._open(self.moments[moment].folder)
            return self._studios[moment]

    def draw(self, moment: int, recipes: list[Recipe]) -> np.ndarray:
        """Pixels [N, H, W, C] of garments as this moment wove them."""
        if moment < len(self.moments) - 1:
            recipes = [dataclasses.replace(recipe, edits=()) for recipe in recipes]
        return self.studio(moment).draw(recipes)

    def _open(self, folder: Path) -> Studio:
        generator, last = load_generator(folder), self._studios[len(self.moments) - 1]
        generator.directions = Directions(
            class_means=_class_means(generator),
            named=(),
            components=torch.zeros(0, generator.config.w_dim),
            generator_sha256=generator_sha256(folder),
        )
        return Studio(generator, last.name, generator.directions.generator_sha256[:8])


@torch.inference_mode()
def _class_means(generator: Generator) -> torch.Tensor:
    """Mean w of each class [C, w_dim] over the same z; one row when unconditional."""
    shape = (_MEAN_GARMENTS, generator.config.z_dim)
    drawn = np.random.RandomState(_MEAN_SEED).standard_normal(
        shape
    )  # a stream that numpy has frozen
    z = torch.from_numpy(drawn.astype(np.float32))
    rows = [
        generator.mapping(z, torch.full((len(z),), label)).double().mean(0)
        for label in range(max(generator.config.num_classes, 1))
    ]
    return torch.stack(rows).float()
