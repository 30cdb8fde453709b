"""The training garments nearest to a garment, and whether it is new or close to one of them.

Nearest in plain pixels. Tried beside the shipped classifier's features, those find garments of the
same kind in any tone, which nobody would call a copy; pixels find the same outline and tone.
"""

import dataclasses
import json
from pathlib import Path
from typing import Literal

import numpy as np

from model.checks import whole_number
from model.garments import (
    GET_FASHION_MNIST,
    DataError,
    find_fashion_mnist,
    read_garments,
    trained_on,
)

COUNT = 5

SCALE_FILE = Path(__file__).parent / "nearest_fashion_mnist.json"
"""How far real garments of the test are from their nearest training garment, class by class."""

CLOSE_BELOW = 5.0
"""Per cent: nearer to a training garment than nearly all real garments are is "close"."""

_CLASSES, _CELL, _SIDE = 10, 4, 28
_CELLS = (_SIDE // _CELL) ** 2
_FIRST = 256  # candidates that set the bar for the others
_ROUNDING = 1.0  # of float32 sums of squared grey levels


@dataclasses.dataclass(frozen=True, eq=False)
class Neighbour:
    """A training garment: uint8 pixels [28, 28, 1], its class, and how far it is.

    `place` is its number in the train file. `distance` is the root mean square difference of all
    pixels, 0 for the same picture and 1 for black against white.
    """

    place: int
    label: int
    distance: float
    pixels: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest training garments, nearest first.

    `percentile` is the share of real test garments of the class that are nearer to their nearest
    training garment than this one is to its own; `close_below` the distance where "close" ends.
    """

    garments: tuple[Neighbour, ...]
    percentile: float
    close_below: float

    @property
    def word(self) -> Literal["new", "close"]:
        """Whether it stands as far from the training garments as real garments do."""
        return "close" if self.percentile < CLOSE_BELOW else "new"


class Neighbours:
    """All garments that networks learn from, and a search among them; safe from many threads.

    Takes 65 MB and three seconds to open, and some 10 ms a search on one core.
    """

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, places: np.ndarray) -> None:
        """Takes uint8 pixels [N, 28, 28, 1], their labels [N] and places in the train file [N]."""
        self._pixels = np.ascontiguousarray(pixels.reshape(len(pixels), -1))
        self._labels, self._places = labels, places
        parts = np.array_split(self._pixels, max(1, len(pixels) // 1000))
        self._sketches = np.concatenate([_sketch(part) for part in parts])
        self._lengths = np.square(self._sketches).sum(1)
        self._scale = read_scale()

    @classmethod
    def open(cls) -> "Neighbours":
        """Of the Fashion-MNIST that is at hand; nothing is downloaded.

        Raises:
            DataError: it is not at hand, or damaged.
        """
        folder = find_fashion_mnist()
        if folder is None:
            raise DataError(f"Fashion-MNIST is not at hand: {GET_FASHION_MNIST}")
        pixels, labels = read_garments(folder, "train")
        seen = trained_on()
        return cls(pixels[seen], labels[seen], np.nonzero(seen)[0])

    def nearest(self, pixels: np.ndarray, label: object, count: int = COUNT) -> Nearest:
        """The training garments nearest to one garment.

        Args:
            pixels: uint8 [28, 28, 1], light on black.
            label: class whose real garments it is compared with, by number.
            count: how many.

        Raises:
            ValueError: naming what is out of range or of a wrong shape.
        """
        if pixels.dtype != np.uint8 or pixels.shape != (_SIDE, _SIDE, 1):
            given = f"{pixels.dtype} {list(pixels.shape)}"
            raise ValueError(f"pixels must be uint8 [{_SIDE}, {_SIDE}, 1], not {given}")
        known = whole_number("label", label, 0, _CLASSES - 1)
        most = whole_number("count", count, 1, len(self._pixels))
        found, squares = self._search(pixels.reshape(-1), most)
        distances = np.sqrt(squares / _SIDE**2) / 255
        garments = tuple(
            Neighbour(
                int(self._places[n]),
                int(self._labels[n]),
                float(distance),
                self._pixels[n].reshape(_SIDE, _SIDE, 1),
            )
            for n, distance in zip(found, distances, strict=True)
        )
        scale = self._scale[known]
        levels = np.linspace(0, 100, len(scale))
        return Nearest(
            garments,
            float(np.interp(distances[0], scale, levels)),
            float(np.interp(CLOSE_BELOW, levels, scale)),
        )

    def _search(self, picture: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the nearest and their squared distances, exactly, from a bound on all of them."""
        sketch = _sketch(picture[None])[0]
        bound = self._lengths - 2 * (self._sketches @ sketch) + sketch @ sketch
        few = min(max(_FIRST, count), len(bound))
        likely = np.argpartition(bound, few - 1)[:few]
        bar = np.partition(self._squares(likely, picture), count - 1)[count - 1]
        left = np.nonzero(bound <= bar + _ROUNDING)[0]  # nothing else can be nearer
        squares = self._squares(left, picture)
        order = np.argsort(squares, kind="stable")[:count]
        return left[order], squares[order]

    def _squares(self, rows: np.ndarray, picture: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.square(
            self._pixels[rows].astype(np.float32) - picture.astype(np.float32)
        ).sum(1)
        return found


def _sketch(pixels: np.ndarray) -> np.ndarray:
    """What bounds distances from below: uint8 [N, 784] -> float32 [N, 2 * cells].

    Of each cell of 4 x 4 pixels its mean and the length of what remains. The distance of two cells
    is that of their means and remains, and two remains differ by at least their lengths.
    """
    side = _SIDE // _CELL
    cells = pixels.reshape(-1, side, _CELL, side, _CELL).transpose(0, 1, 3, 2, 4)
    cells = cells.reshape(len(pixels), _CELLS, _CELL**2).astype(np.float32)
    means = cells.mean(2)
    remains = np.sqrt(np.square(cells - means[..., None]).sum(2))
    return np.concatenate((_CELL * means, remains), axis=1)


def read_scale() -> np.ndarray:
    """Quantiles [classes, levels] of real test garments' distance to their nearest, 0 to 100 %."""
    return np.array(json.loads(SCALE_FILE.read_text(encoding="utf-8"))["quantiles"])
