"""What the critic thinks of a garment, and which training garments are nearest to it."""

import functools
import threading

import numpy as np

from model.classifier import ClassifierConfig
from model.garments import DataError
from model.neighbours import Neighbours
from ui.desk import Answer, Desk, Json, encode

BINS = 40
"""Bars of a heap of garments along the axis of the critic's scores."""

_EXAMPLES_SEED = 100
_EXAMPLES = 4
_opening = threading.Lock()  # sixty megabytes: two visitors at once must not read them twice


class Opinions:
    """What a garment's panel asks the server; desk and screens share it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def opinion(self, request: Json) -> Answer:
        """Scores of the critic: a garment's, and how real and made ones of its class are spread.

        `missing` in place of them where the model has no critic that was measured.
        """
        recipe = self.desk.recipe(request)
        studio = self.desk.studio
        if studio.critic is None:
            return {"missing": True}
        found = studio.critic.opinions(studio.draw([recipe]), recipe.label)[0]
        made = studio.wardrobe(recipe.label, _EXAMPLES_SEED, count=_EXAMPLES)
        pixels = studio.draw(made)
        scores = [opinion.score for opinion in studio.critic.opinions(pixels, recipe.label)]
        heaps = {heap: _bars(studio.critic.scores(heap, recipe.label)) for heap in ("real", "made")}
        return {
            "score": found.score,
            "among_real": found.among_real,
            "among_made": found.among_made,
            "word": found.word,
            "beyond": found.beyond,
            "heaps": heaps,
            "examples": {"scores": scores, "pixels": encode(pixels)},
        }

    def nearest(self, request: Json) -> Answer:
        """The five training garments nearest to a garment.

        `missing` in place of them where the data set is not at hand, or the model is not of it.
        """
        recipe = self.desk.recipe(request)
        studio = self.desk.studio
        known = _neighbours() if suits(self.desk) else None
        if known is None:
            return {"missing": True}
        found = known.nearest(studio.draw([recipe])[0], recipe.label)
        return {
            "labels": [garment.label for garment in found.garments],
            "distances": [garment.distance for garment in found.garments],
            "pixels": encode(np.stack([garment.pixels for garment in found.garments])),
            "percentile": found.percentile,
            "word": found.word,
        }


def suits(desk: Desk) -> bool:
    """Whether the studio's garments are those of Fashion-MNIST, of its size and its classes."""
    config, own = desk.studio.config, ClassifierConfig()
    kinds = [(c.image_size, c.image_channels, c.class_names) for c in (config, own)]
    return kinds[0] == kinds[1]


def _neighbours() -> Neighbours | None:
    with _opening:
        return _opened()


@functools.cache
def _opened() -> Neighbours | None:
    try:
        return Neighbours.open()
    except DataError:
        return None


def _bars(scores: list[float]) -> list[float]:
    """Share of a heap in each of `BINS` equal parts of 0..100, from its rising quantiles."""
    ends = np.linspace(0, 100, BINS + 1)
    below = np.interp(ends, scores, np.linspace(0, 1, len(scores)), left=0, right=1)
    return [round(float(share), 5) for share in np.diff(below)]
