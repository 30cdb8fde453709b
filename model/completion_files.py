"""Pictures with something missing, from files: what is known of them and what is not."""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from model.generator import Generator

MAX_BYTES = 2**20
"""Largest file that is opened; a picture of a model's own size has a few hundred bytes."""

FORMATS = ("PNG", "WEBP", "JPEG", "BMP", "GIF", "TIFF")

_HALF = 128
_GREY = ("1", "L", "LA", "La", "F", "I", "I;16", "I;16L", "I;16B")
_CHANNELS = {1: "L", 3: "RGB"}


class Torn(NamedTuple):
    """A picture of which something is missing.

    Attributes:
        pixels: uint8 [H, W, C].
        hidden: bool [H, W], True where it is missing.
        notes: what was done to the picture so that the model can take it, a sentence each.
    """

    pixels: np.ndarray
    hidden: np.ndarray
    notes: tuple[str, ...]


def read_torn(generator: Generator, picture: str | Path, mask: str | Path | None = None) -> Torn:
    """Read a picture and the mask of what is missing: white in the mask, or transparent without one.

    Raises:
        ValueError: naming the file and what is wrong: not a picture, animated, damaged, too large,
            of another size than the model's, or no mask and nothing transparent.
    """
    size, channels = generator.config.image_size, generator.config.image_channels
    opened = _open("picture", picture, size)
    notes = []
    mode = "L" if opened.mode in _GREY else "RGB"
    alpha = opened.convert("RGBA").getchannel("A") if opened.has_transparency_data else None
    if mode != _CHANNELS[channels]:
        notes.append(f"picture was {mode} and was converted to {_CHANNELS[channels]}")
    pixels = np.asarray(_levels(opened).convert(_CHANNELS[channels])).reshape(size, size, channels)
    if mask is not None:
        grey = np.asarray(_levels(_open("mask", mask, size)).convert("L"))
        return Torn(pixels, grey >= _HALF, tuple(notes))
    if alpha is None:
        raise ValueError(
            f"mask must be given, as the picture has no transparent part: {Path(picture).name}"
        )
    return Torn(pixels, np.asarray(alpha) < _HALF, tuple(notes))


def _open(field: str, path: str | Path, size: int) -> Image.Image:
    """A still picture of the size, decoded; nothing larger is decoded."""
    name, place = Path(path).name, Path(path)
    try:
        count = place.stat().st_size
        if count > MAX_BYTES:
            raise ValueError(f"{field} must have at most {MAX_BYTES} bytes, not {count}: {name}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(place, formats=FORMATS)
            if image.size != (size, size):
                told = f"{field} must be of the model's own size, {size} x {size} pixels"
                raise ValueError(f"{told}, not {image.width} x {image.height}: {name}")
            if getattr(image, "n_frames", 1) != 1:
                raise ValueError(f"{field} must be one still picture, not an animation: {name}")
            image.load()
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise ValueError(f"{field} must be a picture ({known}), not {name}") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{field} cannot be read: {name} ({error})") from error
    return image


def _levels(image: Image.Image) -> Image.Image:
    """The same picture in eight bits; Pillow would cut 16-bit greys off instead of scaling them."""
    if image.mode.startswith("I"):
        levels = np.asarray(image).astype(np.float64) / 257
        return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    return image
