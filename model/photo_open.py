"""Any picture file, opened within bounds: upright, small, its transparent part told apart.

What comes in comes from anywhere: bytes, pixels and kinds of files are bounded before anything is
decoded, and everything that cannot be opened is told by a word that a page can translate.
"""

import dataclasses
import functools
import io
import reprlib
import struct
import warnings
import zlib

import numpy as np
from PIL import ExifTags, Image

MAX_FILE_BYTES = 16 * 2**20
"""Largest file that is opened."""

MAX_PHOTO_PIXELS = 64_000_000
"""Most pixels of a JPEG photo, which is decoded at a fraction of its size."""

MAX_DECODED_PIXELS = 24_000_000
"""Most pixels that are held in memory at once."""

LONGEST_SIDE = 512
"""A photo is shrunk to this, in pixels."""

SHORTEST_SIDE = 16
"""The least that a garment can be seen in, in pixels."""

MAX_ASPECT = 12
"""A strip that is longer than so many times its width is no photo of a garment."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_PLAIN_MODES = ("L", "RGB", "RGBA", "CMYK")
_FLAT_RANGE = 12
_CLEAR = 16
_SOLID = 250
_FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError,
    struct.error, zlib.error,
)  # fmt: skip
_ORIENTATIONS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}


class PhotoError(ValueError):
    """A picture that no garment can be read from; `reason` is a word that a page can translate.

    The reasons are empty, bytes, heic, svg, pdf, video, format, broken, pixels, tiny, long, flat,
    transparent and garment.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclasses.dataclass(frozen=True, eq=False)
class Opened:
    """A picture as it shall be seen.

    `pixels` uint8 [H, W, 3], its longest side at most 512; `cover` uint8 [H, W], 0 where the file
    is transparent, or None where it is nowhere. `kind` is the file's format, `size` its width and
    height, `animated` whether only the first of its pictures was taken, `turned` whether the
    camera's note of its orientation was followed.
    """

    pixels: np.ndarray
    cover: np.ndarray | None
    kind: str
    size: tuple[int, int]
    animated: bool = False
    turned: bool = False


def open_photo(data: object) -> Opened:
    """Open the bytes of a picture file.

    Raises:
        PhotoError: not the bytes of a picture, or one that is out of bounds; the message names
            what it is and what to do.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise PhotoError("format", f"photo must be the bytes of a picture, not {type(data)}")
    data = bytes(data)
    if not data:
        raise PhotoError("empty", "photo must be a picture, and this file is empty")
    if len(data) > MAX_FILE_BYTES:
        told = f"photo must have at most {MAX_FILE_BYTES} bytes, not {len(data)}"
        raise PhotoError("bytes", f"{told}; save a smaller copy")
    image = _identify(data)
    kind, size = str(image.format), image.size
    most = MAX_PHOTO_PIXELS if kind in ("JPEG", "MPO") else MAX_DECODED_PIXELS
    _check_size(size, most)
    image, animated, orientation = _decode(image)
    small = _shrink(image)
    for turn in _ORIENTATIONS.get(orientation, ()):
        small = small.transpose(turn)
    pixels = np.asarray(small)
    cover = pixels[..., 3] if small.mode == "RGBA" else None
    if cover is not None and cover.min() >= _SOLID:
        cover = None
    _check_content(pixels[..., :3], cover)
    return Opened(
        pixels=np.ascontiguousarray(pixels[..., :3]),
        cover=None if cover is None else np.ascontiguousarray(cover),
        kind="JPEG" if kind == "MPO" else kind,
        size=size if orientation < 5 else (size[1], size[0]),
        animated=animated and kind != "MPO",
        turned=orientation in _ORIENTATIONS,
    )


def _identify(data: bytes) -> Image.Image:
    """The file's header read, nothing decoded yet."""
    known = _known_kind(data)
    if known:
        names = {"heic": "a HEIC photo", "svg": "an SVG drawing", "pdf": "a PDF", "video": "a film"}
        raise PhotoError(
            known,
            f"photo must be a JPEG, PNG or WebP picture, not {names[known]}; export it as one",
        )
    try:
        with warnings.catch_warnings():
            # Pillow's own bounds are wider than ours, and what it warns of is refused below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=_formats())
    except Image.DecompressionBombError as error:
        raise PhotoError("pixels", f"photo has far too many pixels: {error}") from error
    except _FAULTS as error:
        started = reprlib.repr(data[:8])
        told = f"photo must be a JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF picture, not {started}"
        raise PhotoError("format", told) from error


@functools.cache
def _formats() -> tuple[str, ...]:
    """What this Pillow can open; one that it was built without would fail every picture."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _known_kind(data: bytes) -> str:
    """What people do bring, and what Pillow cannot open without more: told by its name."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"):
            return "" if b"avif" in data[12:40] else "heic"
        return "" if brand in (b"avif", b"avis") else "video"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "video"
    if head.startswith(b"%pdf"):
        return "pdf"
    return "svg" if head.startswith((b"<svg", b"<?xml")) or b"<svg" in head else ""


def _check_size(size: tuple[int, int], most: int) -> None:
    width, height = size
    if width * height > most:
        told = f"photo must have at most {most} pixels, not {width} x {height}"
        raise PhotoError("pixels", f"{told}; save a smaller copy")
    if min(size) < SHORTEST_SIDE:
        told = f"photo must be at least {SHORTEST_SIDE} pixels each way, not {width} x {height}"
        raise PhotoError("tiny", f"{told}; bring a larger one")
    if max(size) > MAX_ASPECT * min(size):
        told = f"photo must be at most {MAX_ASPECT} times as long as wide, not {width} x {height}"
        raise PhotoError("long", f"{told}; crop it")


def _decode(image: Image.Image) -> tuple[Image.Image, bool, int]:
    """The first picture of a file, whether there were more, and its EXIF orientation."""
    try:
        image.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))  # only JPEG heeds it
        _check_size(image.size, MAX_DECODED_PIXELS)
        animated = bool(getattr(image, "is_animated", False))
        image.seek(0)
        image.load()
        # Read after loading: a PNG keeps its EXIF behind the picture.
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except PhotoError:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise PhotoError("pixels", f"photo has too many pixels: {error}") from error
    except _FAULTS as error:
        told = f"photo is damaged or cut off ({error}); send or save it once more"
        raise PhotoError("broken", told) from error
    return image, animated, orientation if isinstance(orientation, int) else 1


def _shrink(image: Image.Image) -> Image.Image:
    """At most 512 px, as RGB or RGBA whatever it was."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_eight_bits(image)
    elif image.mode not in _PLAIN_MODES or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2)
    return image if image.mode == "RGBA" else image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Deep grey: 16 bits at their own scale, anything else between its darkest and lightest."""
    levels = np.asarray(image).astype(np.float32)
    levels = np.nan_to_num(levels, posinf=0, neginf=0)
    low, high = float(levels.min()), float(levels.max())
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        low, high = (0, 65535) if high > 255 else (0, 255)
    scaled = (levels - low) * (255 / max(high - low, 1e-6))
    return Image.fromarray(scaled.clip(0, 255).round().astype(np.uint8))


def _check_content(colours: np.ndarray, cover: np.ndarray | None) -> None:
    """Something must be seen: not all transparent, not all of one colour."""
    seen = colours.reshape(-1, 3) if cover is None else colours[cover > _CLEAR]
    if len(seen) < SHORTEST_SIDE:
        raise PhotoError("transparent", "photo must show something, and all of it is transparent")
    if cover is None or cover.min() > _CLEAR:
        low, high = np.percentile(seen, (0.2, 99.8), axis=0)
        if float((high - low).max()) < _FLAT_RANGE:
            told = f"photo must show a garment, and all of it is of one colour ({seen[0].tolist()})"
            raise PhotoError("flat", told)
