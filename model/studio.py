"""What the page and its API ask for: garments, blends and edits as pixels, from checked values."""

import copy
import dataclasses
import math
import reprlib
import threading
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch

from model.generator import Generator
from model.labels import find_label
from model.latents import (
    MAX_DARING,
    MAX_SEED,
    blend_layers,
    broadcast,
    map_seeds,
    move,
    pattern_split,
    render,
)

DEFAULT_DARING = 0.7
"""Truncation where nobody asks for another: most garments are clean, and no two alike."""

RAIL = 12
"""Garments on a rail of the wardrobe."""

STRIP_STEPS = 51
"""Pictures from A to B in a strip, one for every 2 % of B."""

MAX_SHEET = 400
"""Garments on a sheet."""

_GPU_BATCH = 64
_LONGEST_NAME = 200
_STEPS = 10


@dataclasses.dataclass(frozen=True)
class Garment:
    """A recipe: the same three values are always the same picture."""

    label: int
    seed: int
    daring: float


@dataclasses.dataclass(frozen=True)
class Control:
    """A named direction: what one unit was measured to change, and how far it is useful.

    `labels` are the classes that have what it changes; all of them if empty.
    """

    name: str
    unit: str
    effect: float
    correlation: float
    class_kept: float
    low: float
    high: float
    labels: tuple[int, ...]


class Studio:
    """One generator behind checked values; safe to call from many threads.

    Every method raises ValueError with the field and its value where a value is out of range or of
    a wrong type.
    """

    def __init__(self, generator: Generator) -> None:
        self.generator = generator.float().eval().requires_grad_(False)
        self.config = generator.config
        self._turn = threading.BoundedSemaphore(1)

    def on_accelerator(self) -> "Studio":
        """A copy on the GPU for long sheets, or this one where there is no GPU."""
        if not torch.cuda.is_available():
            return self
        return Studio(copy.deepcopy(self.generator).to("cuda"))

    @property
    def default_daring(self) -> float:
        """Daring of a garment that does not name its own; 1 for a model without class means."""
        return 1.0 if self.generator.directions is None else DEFAULT_DARING

    @property
    def controls(self) -> tuple[Control, ...]:
        """The measured directions, for a slider each; `edit` knows the unnamed ones too.

        Ends are whole tenths, so that a slider with steps of a tenth can stand at zero.
        """
        if self.generator.directions is None:
            return ()
        return tuple(
            Control(
                name=direction.name,
                unit=direction.unit,
                effect=direction.effect,
                correlation=direction.correlation,
                class_kept=direction.class_kept,
                low=math.ceil(direction.low * _STEPS) / _STEPS,
                high=math.floor(direction.high * _STEPS) / _STEPS,
                labels=direction.labels,
            )
            for direction in self.generator.directions.named
        )

    def garment(self, label: object, seed: object, daring: object = None) -> Garment:
        """Check a recipe; label by number or name, `default_daring` where daring is None."""
        if isinstance(label, str) and len(label) <= _LONGEST_NAME:
            number = find_label(label, self.config)
        else:
            number = _whole("label", label, 0, max(self.config.num_classes, 1) - 1)
        share = self.default_daring if daring is None else _number("daring", daring, 0, MAX_DARING)
        return Garment(number, _whole("seed", seed, 0, MAX_SEED), share)

    def generate(self, label: object, seed: object, daring: object = None) -> np.ndarray:
        """One garment, uint8 pixels [H, W, C]."""
        pixels: np.ndarray = self._draw(self._map([self.garment(label, seed, daring)]))[0]
        return pixels

    def wardrobe(
        self, label: object, seed: object, daring: object = None, count: int = RAIL
    ) -> tuple[list[Garment], np.ndarray]:
        """Garments of one class, or of all in turn, from `seed` on, and their pixels [N, H, W, C].

        Args:
            label: a class by number or name; None or "all" for every class in turn.
            seed: of the first garment; a rail that would pass the last seed ends there.
            daring: truncation psi, 0 to 2.
            count: garments on the rail.
        """
        start = min(_whole("seed", seed, 0, MAX_SEED), MAX_SEED - count + 1)
        if label is None or label == "all":
            classes = max(self.config.num_classes, 1)
            labels: list[object] = [number % classes for number in range(count)]
        else:
            labels = [label] * count
        garments = [self.garment(c, start + n, daring) for n, c in enumerate(labels)]
        return garments, self._draw(self._map(garments))

    def line(self, seed: object, daring: object = None) -> tuple[list[Garment], np.ndarray]:
        """One seed in every class: a line of clothes that belong together."""
        classes = range(max(self.config.num_classes, 1))
        garments = [self.garment(label, seed, daring) for label in classes]
        return garments, self._draw(self._map(garments))

    def sheet(
        self, label: object, seed: object, daring: object = None, count: object = 100
    ) -> tuple[list[Garment], np.ndarray]:
        """Many garments at once; on a GPU in large batches, to within one grey level."""
        return self.wardrobe(label, seed, daring, _whole("count", count, 1, MAX_SHEET))

    def blend(
        self,
        a: Garment,
        b: Garment,
        blend: object = 0.5,
        shape: object = None,
        pattern: object = None,
    ) -> np.ndarray:
        """Between two garments, uint8 pixels [H, W, C].

        Args:
            a: what a share of 0 is.
            b: what a share of 1 is.
            blend: share of b, 0 to 1, where shape or pattern do not say otherwise.
            shape: share of b in the coarse layers: outline, sleeves, length.
            pattern: share of b in the fine layers: texture, contrast, details.
        """
        share = _number("blend", blend, 0, 1)
        coarse = share if shape is None else _number("shape", shape, 0, 1)
        fine = share if pattern is None else _number("pattern", pattern, 0, 1)
        pixels: np.ndarray = self._draw(self._between(a, b, [(coarse, fine)]))[0]
        return pixels

    def strip(self, a: Garment, b: Garment, steps: object = STRIP_STEPS) -> np.ndarray:
        """Every step from a to b in one go, uint8 pixels [steps, H, W, C]; the ends are a and b."""
        count = _whole("steps", steps, 2, 101)
        shares = [step / (count - 1) for step in range(count)]
        return self._draw(self._between(a, b, [(share, share) for share in shares]))

    def edit(self, garment: Garment, edits: object) -> np.ndarray:
        """Move a garment along named directions, uint8 pixels [H, W, C].

        Args:
            garment: what no edits leave as it is.
            edits: strength by name of direction, each within the direction's useful range.
        """
        strengths = self._strengths(edits)
        pixels: np.ndarray = self._draw(self._move(garment, [strengths]))[0]
        return pixels

    def previews(self, garment: Garment, edits: object) -> np.ndarray:
        """What the ends of every control would give: uint8 pixels [3 N + 1, H, W, C].

        For each of the N controls of the garment's class, all other edits kept: its lowest value,
        zero, its highest; at the end the garment without any edits.
        """
        strengths = self._strengths(edits)
        wanted = [
            strengths | {control.name: value}
            for control in self.controls
            if not control.labels or garment.label in control.labels
            for value in (control.low, 0.0, control.high)
        ]
        return self._draw(self._move(garment, [*wanted, {}]))

    def _strengths(self, edits: object) -> dict[str, float]:
        given = edits if isinstance(edits, Mapping) else None
        if given is None:
            raise ValueError(f"edits must be an object, not {reprlib.repr(edits)}")
        strengths = {}
        for name, value in given.items():
            if self.generator.directions is None:
                raise ValueError(f"edits must be empty for this model, not {reprlib.repr(edits)}")
            direction = self.generator.directions.find(name, self.config.num_layers)
            strengths[name] = _number(f"edits[{name!r}]", value, direction.low, direction.high)
        return strengths

    def _map(self, garments: Sequence[Garment]) -> torch.Tensor:
        """W [N, w_dim]; a daring of its own for each garment."""
        rows = [map_seeds(self.generator, [g.label], [g.seed], g.daring) for g in garments]
        return torch.cat(rows)

    def _between(
        self, a: Garment, b: Garment, shares: Iterable[tuple[float, float]]
    ) -> torch.Tensor:
        """Ws [N, L, w_dim] for each share of b in shape and in pattern."""
        ws = broadcast(self.generator, self._map([a, b]))
        split = pattern_split(self.config)
        return torch.cat([blend_layers(ws[:1], ws[1:], s, p, split) for s, p in shares])

    def _move(self, garment: Garment, edits: Iterable[Mapping[str, float]]) -> torch.Tensor:
        """Ws [N, L, w_dim], one for each set of strengths."""
        ws = broadcast(self.generator, self._map([garment]))
        return torch.cat([move(self.generator, ws, some) if some else ws for some in edits])

    def _draw(self, w: torch.Tensor) -> np.ndarray:
        """One picture a pass on a CPU: the same garment is the same bytes in any company."""
        with self._turn:
            return render(self.generator, w, _GPU_BATCH if w.is_cuda else 1)


def _whole(field: str, value: object, low: int, high: int) -> int:
    """Whole number in low..high; JSON does not tell 42 from 42.0, so neither does this."""
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise ValueError(
            f"{field} must be a whole number in {low}..{high}, not {reprlib.repr(value)}"
        )
    return number


def _number(field: str, value: object, low: float, high: float) -> float:
    number = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else value
    if not low <= number <= high:  # NaN is never between two numbers
        raise ValueError(
            f"{field} must be a number in {low:g}..{high:g}, not {reprlib.repr(value)}"
        )
    return float(number)
