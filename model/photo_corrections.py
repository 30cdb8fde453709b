"""What a visitor says about a photo where the page got it wrong."""

import dataclasses
import reprlib
from collections.abc import Mapping, Sequence
from typing import Literal

from model.checks import number, whole_number
from model.photo_cut import NORMAL_STRENGTH
from model.photo_frame import Box

Invert = Literal["auto", "on", "off"]

MAX_TILT = 45
"""Degrees either way by which a visitor may turn a photo, beside quarter turns."""

LEAST_CROP = 0.05
"""Least width and height of a crop box, as a share of the photo's."""


@dataclasses.dataclass(frozen=True)
class Corrections:
    """What a visitor says about a photo.

    `turns` quarter turns clockwise, then `flip` left to right; `crop` left, top, right and bottom
    as shares of the photo so turned, or None for all of it; `tilt` degrees clockwise about the
    middle of the crop, or None to find it; `invert` whether light and dark change places;
    `background` how much of the ground is taken out, 0 none, 0.5 as found.
    """

    crop: Box | None = None
    turns: int = 0
    tilt: float | None = None
    flip: bool = False
    invert: Invert = "auto"
    background: float = NORMAL_STRENGTH

    @classmethod
    def read(cls, given: object) -> "Corrections":
        """Corrections of values from outside.

        Raises:
            ValueError: naming the field and its value.
        """
        fields = given if isinstance(given, Mapping) else None
        if fields is None:
            raise ValueError(f"corrections must be an object, not {type(given).__name__}")
        known = [field.name for field in dataclasses.fields(cls)]
        if unknown := [str(name)[:40] for name in fields if name not in known]:
            raise ValueError(f"corrections must be of {', '.join(known)}, not {unknown[0]!r}")
        tilt, invert, flip = (
            fields.get("tilt"),
            fields.get("invert", "auto"),
            fields.get("flip", False),
        )
        if invert not in ("auto", "on", "off"):
            raise ValueError(f"invert must be auto, on or off, not {reprlib.repr(invert)}")
        if flip not in (True, False):
            raise ValueError(f"flip must be true or false, not {reprlib.repr(flip)}")
        return cls(
            crop=_read_crop(fields.get("crop")),
            turns=whole_number("turns", fields.get("turns", 0), 0, 3),
            tilt=None if tilt is None else number("tilt", tilt, -MAX_TILT, MAX_TILT),
            flip=bool(flip),
            invert=invert,
            background=number("background", fields.get("background", NORMAL_STRENGTH), 0, 1),
        )


def _read_crop(value: object) -> Box | None:
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or len(value) != 4:
        raise ValueError(f"crop must be left, top, right and bottom, not {reprlib.repr(value)}")
    names = ("left", "top", "right", "bottom")
    left, top, right, bottom = (
        number(f"crop {name}", side, 0, 1) for name, side in zip(names, value, strict=True)
    )
    if right - left < LEAST_CROP or bottom - top < LEAST_CROP:
        told = f"crop must be at least {LEAST_CROP} wide and high"
        raise ValueError(f"{told}, not {reprlib.repr(value)}")
    return left, top, right, bottom
