"""A garment that was read from a picture, as letters that stand where a seed stands.

    WAAD g4Kx9... : "W" for one w in each layer ("w" for one in all), three letters of the class, and
    for every w two letters of its step and one for each of its coordinates. All are of the
    URL-safe base64 alphabet; a code begins with a letter, so it never reads as a number.

What is kept of a w is its offset from the mean of its class, coordinate by coordinate in whole
steps from -31 to 31. The step is the code's own, so that the largest coordinate is 31 of them: a
power of two times 32 to 63, exact in float32, so a code is the same w on every machine.

Six bits, and steps of its own, by measurement: fashion-mnist, 200 garments of daring 1 drawn from
their w and from their code, grey levels of 255, mean over all / mean of the worst garment; once
with one w, and with a w for each layer that was moved by 0.5 and by 1.5 standard deviations.

    steps of its own, 5 bits    0.94 / 3.1    0.89 / 2.4    1.58 / 4.6
    steps of its own, 6 bits    0.47 / 1.9    0.42 / 1.2    0.79 / 2.7
    steps of its own, 7 bits    0.23 / 0.9    0.21 / 0.6    0.39 / 1.0
    4 deviations, 6 bits        0.73 / 2.1    0.57 / 1.9    2.46 / 10.6
    6 deviations, 6 bits        1.12 / 3.9    0.87 / 2.6    0.95 / 3.0
    this code                   0.45 / 1.5    0.44 / 1.2    0.80 / 2.7

Deviations are those of each coordinate within the class: no better anywhere, and a w beyond them
would be cut off. A few pixels on an edge differ by much: by 74, 72 and 159.
"""

import dataclasses
import math
import re
import zlib
from typing import TYPE_CHECKING, NoReturn

import torch

if TYPE_CHECKING:
    from model.generator import Generator

MOST_LETTERS = 4_000
"""Of a code: a recipe has to hold it, and all the edits and dyes that there may be."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}
_FORM = re.compile(rf"[wW][A-Za-z0-9_-]{{6,{MOST_LETTERS - 1}}}")
_HEAD, _CLASS, _SCALE = 1, 3, 2
_MOST = 31  # steps either way; the letter of nothing is "f", "_" is none
_LOWEST = -32  # exponent of a step's first letter "A"; a step is (32..63) * 2 ** (exponent - 10)


class CodeError(ValueError):
    """Letters that are no code, or none of this model."""


@dataclasses.dataclass(frozen=True)
class Code:
    """A garment from a picture: the class that it was read as, and its w about that class's mean.

    Raises:
        CodeError: `text` is not the code of any model; whether it is one of a given model is for
            `check` to say.
    """

    text: str

    def __post_init__(self) -> None:
        """Refuse what no model could have written."""
        if not isinstance(self.text, str) or not _FORM.fullmatch(self.text):
            _refuse("code must be w or W and 6 or more letters of URL-safe base64", self.text)

    def __str__(self) -> str:
        """Its letters."""
        return self.text

    @property
    def label(self) -> int:
        """The class it was read as."""
        label = 0
        for letter in self.text[_HEAD : _HEAD + _CLASS]:
            label = label * 64 + _VALUES[letter]
        return label

    @property
    def layered(self) -> bool:
        """Whether it has a w for every layer."""
        return self.text[0] == "W"

    @property
    def number(self) -> int:
        """A number in 0 .. 2**32 - 1 in place of a seed: for its usual dye, and for file names."""
        return zlib.crc32(self.text.encode())

    @classmethod
    def of(cls, generator: "Generator", label: int, w: torch.Tensor) -> "Code":
        """The code of w [w_dim] or ws [L, w_dim], read as a class.

        Raises:
            CodeError: a wrong shape, a value that is not finite or far too large, a label out of
                range, or a model without class means or too wide for a recipe.
        """
        config = generator.config
        if tuple(w.shape) not in ((config.w_dim,), (config.num_layers, config.w_dim)):
            shapes = f"[{config.w_dim}] or [{config.num_layers}, {config.w_dim}]"
            _refuse(f"w must be {shapes}", list(w.shape))
        means = class_means(generator)
        if not 0 <= label < len(means):
            _refuse(f"label must be in 0..{len(means) - 1}", label)
        offsets = w.detach().double().cpu() - means[label].double()
        if not offsets.isfinite().all():
            _refuse("w must be finite", "nan or inf")
        rows = offsets if w.ndim == 2 else offsets[None]
        head = "".join(_LETTERS[label >> shift & 63] for shift in (12, 6, 0))
        kind = "W" if w.ndim == 2 else "w"
        text = kind + head + "".join(_write(row.tolist()) for row in rows)
        if len(text) > MOST_LETTERS:
            _refuse(f"code of this model must have at most {MOST_LETTERS} letters", len(text))
        return cls(text)

    def check(self, generator: "Generator") -> None:
        """Whether a generator can draw it.

        Raises:
            CodeError: it is of a model of another size or with fewer classes, has letters that
                stand for nothing, or the model has no class means.
        """
        means, config = class_means(generator), generator.config
        if self.label >= len(means):
            _refuse(f"class of the code must be in 0..{len(means) - 1}", self.label)
        row = _SCALE + config.w_dim
        expected = _HEAD + _CLASS + row * (config.num_layers if self.layered else 1)
        if len(self.text) != expected:
            _refuse(f"code must have {expected} letters for this model", len(self.text))
        for start in range(_HEAD + _CLASS, expected, row):
            step, steps = self.text[start : start + _SCALE], self.text[start + _SCALE : start + row]
            if _VALUES[step[1]] < 32 or "_" in steps:
                _refuse("code must be one that a model has written", self.text)

    def ws(self, generator: "Generator") -> torch.Tensor:
        """Offsets [L, w_dim] from the mean of its class, float32 on the generator's device.

        Raises:
            CodeError: as for `check`.
        """
        self.check(generator)
        config, row = generator.config, _SCALE + generator.config.w_dim
        starts = range(_HEAD + _CLASS, len(self.text), row)
        rows = [_read(self.text[start : start + row]) for start in starts]
        offsets = torch.tensor(rows, dtype=torch.float32, device=generator.device)
        return offsets.expand(config.num_layers, -1)


def parse_code(text: str) -> Code | None:
    """The code that a text is, or None if it is something else."""
    return Code(text) if isinstance(text, str) and _FORM.fullmatch(text) else None


def class_means(generator: "Generator") -> torch.Tensor:
    """Means of w [C, w_dim] that offsets are from, on the CPU.

    Raises:
        CodeError: the model folder has none.
    """
    if generator.directions is None:
        raise CodeError(
            "a code needs the class means of its model: run python -m training.derive on its folder"
        )
    return generator.directions.class_means.cpu()


def _write(offsets: list[float]) -> str:
    """Two letters of the step, and one of every coordinate."""
    largest = max(map(abs, offsets))
    if not largest:
        return _LETTERS[0] + _LETTERS[32] + _LETTERS[_MOST] * len(offsets)
    fraction, exponent = math.frexp(largest / _MOST)  # fraction in 0.5 .. 1
    mantissa = math.ceil(fraction * 64)  # 32 .. 64: never less, so nothing passes 31 steps
    if mantissa == 64:
        mantissa, exponent = 32, exponent + 1
    place = exponent + 4 - _LOWEST
    if place > 63:
        _refuse("w must be near its class", largest)
    if place < 0:  # as good as nothing
        return _write([0.0] * len(offsets))
    step = _step(place, mantissa)
    steps = (round(offset / step) for offset in offsets)
    return _LETTERS[place] + _LETTERS[mantissa] + "".join(_LETTERS[n + _MOST] for n in steps)


def _read(letters: str) -> list[float]:
    step = _step(_VALUES[letters[0]], _VALUES[letters[1]])
    return [(_VALUES[letter] - _MOST) * step for letter in letters[_SCALE:]]


def _step(place: int, mantissa: int) -> float:
    return math.ldexp(mantissa, place + _LOWEST - 10)


def _refuse(rule: str, value: object) -> NoReturn:
    shown = repr(value) if len(repr(value)) <= 40 else f"{repr(value)[:37]}..."
    raise CodeError(f"{rule}, not {shown}")
