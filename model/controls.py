"""What a page offers to move a garment by: measured directions and how far each is useful."""

import dataclasses
import math

from model.generator import Generator
from model.locks import layers_of

_STEPS = 10


@dataclasses.dataclass(frozen=True)
class Control:
    """A named direction: what one unit was measured to change, and how far it is useful.

    `labels` are the classes that have what it changes; all of them if empty. `layers` says which
    strength of an edit matters: that in the shape, that in the pattern, or both.
    """

    name: str
    unit: str
    effect: float
    correlation: float
    class_kept: float
    low: float
    high: float
    labels: tuple[int, ...]
    layers: str


def controls_of(generator: Generator) -> tuple[Control, ...]:
    """The measured directions of a generator, for a slider each.

    Ends are whole tenths, so that a slider with steps of a tenth can stand at zero.
    """
    if generator.directions is None:
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
            layers=layers_of(direction, generator.config),
        )
        for direction in generator.directions.named
    )
