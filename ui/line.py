"""Line: one seed in every class, in one palette; and its lookbook."""

import base64
import reprlib
import threading
from collections.abc import Callable

import gradio as gr

from model.lookbook import Lookbook, lookbook_pdf, lookbook_png, lookbook_preview
from model.lookbook_letters import split_printable
from model.recipe import Recipe, RecipeError
from model.studio import Studio
from ui.desk import Answer, Desk, Json
from ui.line_book import MOST_TITLE, check_title, make_book
from ui.line_link import LineLink, is_of, read_line_link
from ui.palette import (
    FIRST_PALETTE,
    MOST_DYES,
    PATTERNS,
    check_palette,
    dye_line,
    palette_of,
)
from ui.parts import screen

FIRST_SEED = 4207

MOST_GARMENTS = 20
"""Of a line and of its sheet; a model of more classes has no such screen."""

FILE_TYPES = {"pdf": "application/pdf", "png": "image/png"}
"""What a lookbook can be written as."""

PREVIEW = "preview"

_PATIENCE_SECONDS = 3  # who waits holds one of the server's threads
_book_turn = threading.BoundedSemaphore(1)  # a sheet takes a second of a core: one at a time


class BookBusyError(ValueError):
    """So many lookbooks are being made that one more would keep its reader waiting too long."""


class Line:
    """What the line asks the server; rolling it is the desk's `line`."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def linked_line(self, request: Json) -> Answer:
        """The line of a link, by the fields of its query.

        With a reason the nearest that this model has: the same seeds where the line is of another
        model, the first line where the link cannot be read.
        """
        studio, reason = self.desk.studio, {}
        if not is_of(request, studio):
            reason = {"reason": "line_model"}
        try:
            link = read_line_link(request, studio)
        except RecipeError:
            link, reason = LineLink(tuple(studio.line(FIRST_SEED))), {"reason": "line"}
        drawn = self.desk.drawn(link.garments)
        return {**drawn, "dyes": link.dyes, "locks": link.locks, **reason}

    def kept_line(self, request: Json) -> Answer:
        """A line from its recipes, in any order."""
        garments = self.desk.recipes(request, MOST_GARMENTS)
        garments.sort(key=lambda garment: garment.label)
        return {**self.desk.drawn(garments), "dyes": palette_of(garments)[:MOST_DYES], "locks": []}

    def lookbook(self, request: Json) -> Answer:
        """A line's sheet as a file, PNG or PDF, or as a smaller picture of it to be looked at.

        `left_out` are signs of the title that cannot be printed.
        """
        garments = self.desk.recipes(request, MOST_GARMENTS)
        title, language, kind = (request.get(field) for field in ("title", "language", "kind"))
        try:
            if kind == PREVIEW:
                data, media = preview_lookbook(self.desk, garments, title, language), "image/jpeg"
            else:
                data = write_lookbook(self.desk, garments, title, language, kind)
                media = FILE_TYPES[str(kind)]
        except BookBusyError as error:
            return {"error": str(error), "reason": "book_busy"}
        lost = split_printable(check_title(title))[1]
        return {"file": f"data:{media};base64,{base64.b64encode(data).decode()}", "left_out": lost}


def dyed_line(studio: Studio, seed: object, daring: object, dyes: object) -> list[Recipe]:
    """One seed in every class in one palette; the page's first one if `dyes` is None."""
    palette = FIRST_PALETTE if dyes is None else check_palette(dyes)
    return dye_line(studio.line(seed, daring), palette)


def write_lookbook(
    desk: Desk, garments: list[Recipe], title: object, language: object, kind: object
) -> bytes:
    """The sheet of a line as the bytes of a file; see `ui.line_book.make_book`.

    Raises:
        ValueError: naming the field and its value.
        BookBusyError: too many are being made.
    """
    if not isinstance(kind, str) or kind not in FILE_TYPES:
        raise ValueError(f"kind must be {' or '.join(FILE_TYPES)}, not {reprlib.repr(kind)}")
    write = lookbook_pdf if kind == "pdf" else lookbook_png
    return _in_turn(write, make_book(desk, garments, title, language))


def preview_lookbook(desk: Desk, garments: list[Recipe], title: object, language: object) -> bytes:
    """The same sheet at half the size, a JPEG file; errors as of `write_lookbook`."""
    return _in_turn(lookbook_preview, make_book(desk, garments, title, language))


def _in_turn(write: Callable[[Lookbook], bytes], book: Lookbook) -> bytes:
    if not _book_turn.acquire(timeout=_PATIENCE_SECONDS):
        raise BookBusyError("too many lookbooks are being made; please ask again in a moment")
    try:
        return write(book)
    finally:
        _book_turn.release()


def first(desk: Desk) -> Answer:
    """What the screen opens with, so that it is full before anybody asks."""
    return {
        "seed": FIRST_SEED,
        "daring": desk.studio.default_daring,
        "dyes": FIRST_PALETTE,
        "patterns": PATTERNS,
        "most_dyes": MOST_DYES,
        "most_title": MOST_TITLE,
        "line": desk.line({"seed": FIRST_SEED}),
    }


def build(desk: Desk) -> gr.HTML:
    """One seed through the classes."""
    line = Line(desk)
    return screen("line", [line.linked_line, line.kept_line, line.lookbook], first(desk))
