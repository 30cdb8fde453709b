"""The film of a training: the same garment at the moments that a model folder keeps of it.

`history/` holds generators as they were after so many images, each a small model folder of its
own, with its class means and, where it was judged, its figures. `curves.json` beside them, where
there is one, holds the losses.
"""

import dataclasses
import functools
import re
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.code import Code
from model.curves import CURVES_FILE, read_curves
from model.recipe import Recipe
from model.storage import ModelFolderError, refuse
from model.studio import Studio
from model.weights import (
    CONFIG_FILE,
    METRICS_FILE,
    generator_sha256,
    load_generator,
    read_config,
    read_metrics,
)

HISTORY_FOLDER = "history"
MAX_MOMENTS = 64

_NAME = re.compile(r"\d{6}k")
_FIGURES = {"r": "r_e", "kd": "kd_e", "precision": "precision", "recall": "recall"}


def images_of(name: str) -> int:
    """Images seen, by the name of a moment or snapshot: `000065k` is 65,000."""
    return 1000 * int(name.removesuffix("k"))


@dataclasses.dataclass(frozen=True)
class Moment:
    """A moment of training and, where it was judged on held-out garments, how good it was.

    `r` is how many times farther it is from real garments than other real ones are (1 is as near),
    `kd` the kernel distance, and `precision` and `recall` are shares; each None if not measured.
    """

    name: str
    images_seen: int
    r: float | None = None
    kd: float | None = None
    precision: float | None = None
    recall: float | None = None


class Film:
    """Moments of one model's training, oldest first; safe to call from many threads.

    A generator is loaded when its moment is first drawn. Recipes are those of the final model:
    their seeds, classes, darings and blends mean the same at every moment, as the noise is the
    same and each moment has class means of its own. Edits do not: w lay elsewhere then, so they
    are left out of every moment, the last too.
    """

    def __init__(self, folder: str | Path) -> None:
        """Of a model folder.

        Raises:
            ModelFolderError: it keeps no history, or a moment has another shape or is damaged.
        """
        self._model, self._folder = Path(folder), Path(folder) / HISTORY_FOLDER
        config = read_config(folder)
        if not self._folder.is_dir():
            raise ModelFolderError(f"{folder} keeps no moments of its training: no history folder")
        names = sorted(p.name for p in self._folder.iterdir() if _NAME.fullmatch(p.name))
        if not 0 < len(names) <= MAX_MOMENTS:
            refuse(self._folder, f"must hold 1..{MAX_MOMENTS} moments, not {len(names)}")
        for name in names:
            if read_config(self._folder / name) != config:
                refuse(self._folder / name / CONFIG_FILE, "another shape than the model's")
        final = generator_sha256(folder)
        self.moments = tuple(self._moment(name, final) for name in names)
        self.curves = read_curves(self._folder / CURVES_FILE)
        self._lock = threading.Lock()

    def draw(self, recipes: Sequence[Recipe], moment: int) -> np.ndarray:
        """Pixels [N, H, W, C] of garments at a moment, by its place in `moments`.

        Raises:
            ValueError: no such moment, a garment that was read from a picture, which only the final
                model's w describes, or a daring other than 1 where the moment has no class means.
            ModelFolderError: the moment's files are damaged.
        """
        if type(moment) is not int or not 0 <= moment < len(self.moments):
            raise ValueError(f"moment must be in 0..{len(self.moments) - 1}, not {moment!r}")
        if any(isinstance(part.seed, Code) for recipe in recipes for part in recipe.parts):
            raise ValueError(
                "recipe must be of seeds: a garment from a picture has no earlier self"
            )
        with self._lock:
            studio = self._studio(moment)
        return studio.draw([dataclasses.replace(recipe, edits=()) for recipe in recipes])

    def strip(self, recipe: Recipe) -> np.ndarray:
        """One garment at all moments, oldest first: pixels [moments, H, W, C]."""
        return np.concatenate([self.draw([recipe], place) for place in range(len(self.moments))])

    @property
    def best(self) -> int | None:
        """Where to stop: the moment nearest to real garments; None if fewer than two were judged."""
        judged = [(m.r, place) for place, m in enumerate(self.moments) if m.r is not None]
        return min(judged)[1] if len(judged) > 1 else None

    @functools.cache  # noqa: B019 - a film lives as long as the page
    def _studio(self, moment: int) -> Studio:
        return Studio(load_generator(self._folder / self.moments[moment].name))

    def _moment(self, name: str, final: str) -> Moment:
        """A moment and its figures, which are the model's own where it is that very generator."""
        path = self._folder / name
        path = self._model if generator_sha256(path) == final else path
        heldout = read_metrics(path).get("heldout")
        figures = {}
        for ours, theirs in _FIGURES.items():
            figure = heldout.get(theirs) if isinstance(heldout, dict) else None
            value = figure.get("value") if isinstance(figure, dict) else None
            if value is not None and type(value) not in (int, float):
                refuse(path / METRICS_FILE, f"{theirs} must be a number, not {value!r:.100}")
            figures[ours] = None if value is None else float(value)
        return Moment(name, images_of(name), **figures)
