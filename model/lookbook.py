"""Lookbooks: a line of clothes on one sheet of paper, as a PDF file and as a picture.

The sheet is laid out once, as PDF; the picture is that page rendered. Behind the sheet the PDF has
the recipes as text that can be copied. The same book gives the same bytes.
"""

import io
import re
import reprlib
import threading
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
from PIL import Image

from model.checks import number
from model.dye import Ramp
from model.keepsake import XMP, check_recipes, stamp_png
from model.labels import Language

MAX_PIECES = 20
MAX_DYES = 8
MAX_TEXT = 200
"""Characters of a title, a name or any other line; what does not fit is cut with an ellipsis."""

MIN_SIDE, MAX_SIDE = 4, 1024

_PIXELS_A_POINT = 3.0  # A4 becomes 2526 x 1786 pixels
_PREVIEW_PIXELS_A_POINT = 1.5
_PREVIEW_FINENESS = 0.5
_PREVIEW_QUALITY = 90
_COLOUR = range(256)
_WHOLE_AREA = 28 * 28
_pdfium_turn = threading.Lock()  # PDFium is not made for threads


@dataclass(frozen=True, eq=False)
class Piece:
    """One garment of a book.

    `pixels` are the network's, uint8 [H, H, C]. With one channel they are dyed along `ramp`, dark
    to light, dark regions of up to `area` pixels (at 28 px) being print and not holes; with three
    they are shown in their own colours.
    """

    name: str
    caption: str
    pixels: np.ndarray
    ramp: Ramp | None
    area: float
    recipe: str

    def __post_init__(self) -> None:
        _check_text("name", self.name)
        _check_text("caption", self.caption)
        _check_pixels(self.pixels)
        if self.ramp is not None:
            _check_ramp("ramp", self.ramp)
        number("area", self.area, 0, _WHOLE_AREA)
        check_recipes(self.recipe, most=1)

    @property
    def dye(self) -> Ramp | None:
        """What it is dyed with; None where it shows its own colours."""
        return self.ramp if self.pixels.shape[2] == 1 else None


@dataclass(frozen=True, eq=False)
class Lookbook:
    """A titled sheet of pieces, the first of them large.

    `palette` are dyes by name. `footer` tells model and daring, `note` that the colour is dye; that
    AI made it is said anyway. `address` is what a recipe is put behind to make a link of it, such
    as "https://host/?recipe="; without one there are no links.
    """

    title: str
    subtitle: str
    pieces: tuple[Piece, ...]
    palette: tuple[tuple[str, Ramp], ...] = ()
    footer: str = ""
    note: str = ""
    language: Language = "pt"
    address: str = ""

    def __post_init__(self) -> None:
        for field in ("title", "subtitle", "footer", "note", "address"):
            _check_text(field, getattr(self, field))
        if not 1 <= len(self.pieces) <= MAX_PIECES:
            raise ValueError(f"pieces must be 1..{MAX_PIECES}, not {len(self.pieces)}")
        if len(self.palette) > MAX_DYES:
            raise ValueError(f"palette must be at most {MAX_DYES} dyes, not {len(self.palette)}")
        for name, ramp in self.palette:
            _check_text("name of a dye", name)
            _check_ramp(f"palette[{name!r}]", ramp)
        if self.language not in ("pt", "en"):
            raise ValueError(f"language must be 'pt' or 'en', not {reprlib.repr(self.language)}")
        if self.address and not re.match(r"https?://[^\s/]", self.address):
            raise ValueError(f"address must begin with http:// or https://, not {self.address!r}")

    @property
    def recipes(self) -> str:
        """The recipes of its pieces, a line each."""
        return "\n".join(piece.recipe for piece in self.pieces)

    def address_of(self, piece: Piece) -> str:
        """Where the recipe of a piece leads; nowhere if empty."""
        return self.address and self.address + quote(piece.recipe, safe="~:,.-")


def lookbook_pdf(book: Lookbook) -> bytes:
    """The book as a PDF file: an A4 sheet, and behind it the recipes."""
    from model.lookbook_pages import draw_book  # the page starts without what draws PDF

    return draw_book(book)


def lookbook_png(book: Lookbook) -> bytes:
    """The book's sheet as a PNG file, 2526 x 1786, stamped with its title and all recipes."""
    from model.lookbook_pages import draw_book

    image = _render(draw_book(book, with_recipes=False), _PIXELS_A_POINT)
    return stamp_png(image, book.recipes, title=book.title)


def lookbook_preview(book: Lookbook) -> bytes:
    """The same sheet at half the size as a JPEG file, to be looked at: no recipe is in it.

    Most of a PNG's time goes into packing four million pixels that a window shows at a quarter.
    """
    from model.lookbook_pages import draw_book

    sheet = draw_book(book, with_recipes=False, fineness=_PREVIEW_FINENESS)
    buffer = io.BytesIO()
    _render(sheet, _PREVIEW_PIXELS_A_POINT).convert("RGB").save(
        buffer, "JPEG", quality=_PREVIEW_QUALITY, subsampling=0, xmp=XMP.encode()
    )
    return buffer.getvalue()


def _render(sheet: bytes, scale: float) -> Image.Image:
    """The first page of a PDF file, so many pixels a point."""
    import pypdfium2  # the page starts without it

    with _pdfium_turn, pypdfium2.PdfDocument(sheet) as document:
        image: Image.Image = document[0].render(scale=scale).to_pil()
    return image


def _check_text(field: str, text: object) -> None:
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        told = f"{field} must be a text of at most {MAX_TEXT} characters"
        raise ValueError(f"{told}, not {reprlib.repr(text)}")


def _check_pixels(pixels: object) -> None:
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 3:
        shape = getattr(pixels, "shape", type(pixels).__name__)
        raise ValueError(f"pixels must be uint8 [H, W, C], not {shape}")
    height, width, channels = pixels.shape
    if height != width or not MIN_SIDE <= width <= MAX_SIDE or channels not in (1, 3):
        told = f"pixels must be square, {MIN_SIDE}..{MAX_SIDE} a side, of 1 or 3 channels"
        raise ValueError(f"{told}, not {pixels.shape}")


def _check_ramp(field: str, ramp: object) -> None:
    stops = ramp if isinstance(ramp, tuple) else ()
    if not 2 <= len(stops) <= 16 or not all(
        isinstance(stop, tuple) and len(stop) == 3 and all(level in _COLOUR for level in stop)
        for stop in stops
    ):
        raise ValueError(f"{field} must be 2..16 colours, dark to light, not {reprlib.repr(ramp)}")
