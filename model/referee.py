"""What a game against the critic needs of a model: garments, real and made, and the critic's votes."""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from model.config import FASHION_MNIST_CLASSES
from model.game import Round
from model.history import HISTORY_FOLDER, Film
from model.opinion import LEVELS, Heaps, load_heaps
from model.recipe import Recipe
from model.studio import Studio
from model.tells import Tell, find_tell, measure
from model.test_garments import SIZE, load_test_garments

DARING = 1.0
"""Of the made garments: all that the network makes, its failures too."""

LADDER_CLASS, LADDER_SEED = "Dress", 4201
"""The garment that shows how far each moment of training is."""


@dataclasses.dataclass(frozen=True)
class Ruling:
    """What the critic says of a garment: its vote, and the score of its opinion, 0..100."""

    real: bool
    score: float


class Referee:
    """Real and made garments of one model, and its critic; safe to call from many threads."""

    def __init__(self, studio: Studio) -> None:
        """Referee of a studio that `can_referee`.

        Raises:
            ModelFolderError: naming the file that is missing, damaged or of another model.
        """
        folder = Path(studio.folder or "")
        self._film = Film(folder) if (folder / HISTORY_FOLDER).is_dir() else None
        self._studio = studio
        self._real = load_test_garments()
        self._thresholds = thresholds(load_heaps(folder))
        self._measures = [measure(garments) for garments in self._real]

    @property
    def moments(self) -> tuple[int | None, ...]:
        """Images seen at each moment that a game can be of; None for a model without a history."""
        return (None,) if self._film is None else tuple(m.images_seen for m in self._film.moments)

    @property
    def each(self) -> int:
        """Real garments of a class."""
        return int(self._real.shape[1])

    def made(self, asked: Round) -> Recipe:
        """The garment that a round would make."""
        return self._studio.garment(asked.label, asked.seed, DARING)

    def pixels(self, asked: Round, moment: int) -> np.ndarray:
        """The garment of a round, uint8 [28, 28, 1].

        One is woven for a real one too, and left aside: else the time would tell.
        """
        woven = self._weave(self.made(asked), moment)
        return self.known(asked, moment) if asked.real else woven

    def known(self, asked: Round, moment: int) -> np.ndarray:
        """The garment of a round that has its vote: what takes how long is no secret any more."""
        if not asked.real:
            return self._weave(self.made(asked), moment)
        real: np.ndarray = self._real[asked.label, asked.place]
        return real

    @functools.cached_property
    def ladder(self) -> np.ndarray:
        """One garment as each moment wove it, uint8 [moments, 28, 28, 1]."""
        garment = self._studio.garment(LADDER_CLASS, LADDER_SEED, DARING)
        return np.stack([self._weave(garment, moment) for moment in range(len(self.moments))])

    def rule(self, pixels: np.ndarray, label: int) -> Ruling:
        """The critic's vote on a garment, uint8 [28, 28, 1]."""
        critic = self._studio.critic
        if critic is None:
            raise ValueError("studio must have a critic")
        score = critic.opinions(pixels[None], [label])[0].score
        return Ruling(bool(score >= self._thresholds[label]), score)

    def tell(self, pixels: np.ndarray, label: int) -> Tell | None:
        """In what a garment differs most from the real ones of its class, if it does."""
        return find_tell(pixels, self._measures[label])

    def _weave(self, garment: Recipe, moment: int) -> np.ndarray:
        """A garment as a moment wove it, uint8 [28, 28, 1]."""
        if self._film is None:
            woven: np.ndarray = self._studio.draw([garment])[0]
        else:
            woven = self._film.draw([garment], moment)[0]
        return woven


def can_referee(studio: Studio) -> bool:
    """Whether a model has a critic with a scale, and makes what the real garments are."""
    config = studio.config
    return (
        studio.folder is not None
        and studio.critic is not None
        and config.class_names == FASHION_MNIST_CLASSES
        and (config.image_size, config.image_channels) == (SIZE, 1)
    )


def thresholds(heaps: Heaps) -> np.ndarray:
    """Score [classes] of an opinion, 0..100, from which on the critic votes for real.

    It parts each class's real garments, held out from training, from made ones of the finished
    model with the fewest errors; no garment of the game had a part in it.
    """
    shares = np.linspace(0, 1, LEVELS)
    found = []
    for real, made in zip(heaps.real, heaps.made, strict=True):
        places = np.unique(np.concatenate([real, made]))
        caught = np.interp(places, made, shares) - np.interp(places, real, shares)
        best = places[caught.argmax()]
        found.append(50 * (np.interp(best, real, shares) + np.interp(best, made, shares)))
    return np.array(found)
