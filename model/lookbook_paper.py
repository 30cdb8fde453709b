"""Paper to draw a lookbook on: type, hairlines, dyes and cloth, in millimetres from the top left."""

import math
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.fonts import TTFFont
from fpdf.pattern import LinearGradient
from PIL import Image

from model.dye import PAPER, Ramp
from model.keepsake import XMP
from model.lookbook_layout import Box
from model.lookbook_letters import FAMILIES, font_file

Colour = tuple[int, int, int]

INK: Colour = (0x21, 0x1E, 0x1A)
SOFT: Colour = (0x6B, 0x64, 0x5A)
LINE: Colour = (0xDD, 0xD5, 0xC6)
INDIGO: Colour = (0x34, 0x47, 0x96)
MADDER: Colour = (0xA8, 0x38, 0x24)

WIDTH, HEIGHT = 297.0, 210.0
"""A4, lying."""

EDGE = 18.0
INNER = WIDTH - 2 * EDGE
LEAD_LINE = 36.2
"""Baseline of what stands below a title."""

BODY = Box(EDGE, 48.5, INNER, 140.5)
"""What head and foot leave of a page."""

_TITLE_LINE, _HEAD_RULE = 29.0, 41.5
_FOOT_RULE, _FOOT_LINE = 193.0, 199.0
_MARK_SIZE = 3.4
_POINT = 25.4 / 72

_DATE = datetime(2000, 1, 1, tzinfo=UTC)  # of every file: a date would make equal ones differ
_ELLIPSIS = "…"
_UNKNOWN = "?"


@dataclass(frozen=True)
class Style:
    """A font, serif or sans, its size in points, its colour, and how far it may shrink."""

    font: str
    points: float
    colour: Colour = INK
    least: float = 0.7


TITLE = Style("serif", 34, least=0.5)
LEAD = Style("sans", 10.5, SOFT)
LABEL = Style("sans", 8.5, SOFT)
NAME = Style("serif", 10.5)


class Paper:
    """A PDF file that is being drawn; every page is A4, lying, in the colour of paper."""

    def __init__(self, title: str, subject: str, keywords: str, language: str) -> None:
        self._pdf = FPDF("landscape", "mm", "A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        self._pdf.set_creation_date(_DATE)
        for family in FAMILIES:
            self._pdf.add_font(family, fname=font_file(family))
        # Kerned, but without ligatures: what is copied out again has the letters that went in.
        self._pdf.set_text_shaping(features={"kern": True, "liga": False})
        self._pdf.set_title(self.plain(title) or "Trama")
        self._pdf.set_subject(subject)
        self._pdf.set_keywords(keywords)
        self._pdf.set_author("Trama")
        self._pdf.set_creator("Trama")
        self._pdf.set_lang(language)
        self._pdf.set_xmp_metadata(XMP)

    def finish(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def turn(self, title: str, lead: str, made: str, about: str, taken: float = 0.0) -> None:
        """A new page.

        Args:
            title: its heading.
            lead: what stands below that.
            made: who made it, at the foot on the left.
            about: what else is to be known, at the foot on the right.
            taken: of the width of the head, for something else than words.
        """
        self._pdf.add_page()
        self._pdf.set_fill_color(*PAPER)
        self._pdf.rect(0, 0, WIDTH, HEIGHT, style="F")
        self.write_within(EDGE, _TITLE_LINE, INNER - taken, title, TITLE)
        self.write_within(EDGE, LEAD_LINE, INNER - taken, lead, LEAD)
        self._rule(_HEAD_RULE, INK, 0.3)
        self._rule(_FOOT_RULE, LINE, 0.2)
        self._mark(EDGE, _FOOT_LINE - 3, _MARK_SIZE)
        x = self.write(EDGE + _MARK_SIZE + 2, _FOOT_LINE, "Trama", Style("serif", 9))
        x = self.write(x, _FOOT_LINE, f" · {made}", LABEL)
        line, style = self.fit(about, EDGE + INNER - x - 8, LABEL)
        self.write(EDGE + INNER - self.width(line, style), _FOOT_LINE, line, style)

    def plain(self, text: str, font: str = "sans") -> str:
        """A text as one line of letters that the font has; a question mark for any other."""
        one_line = " ".join(unicodedata.normalize("NFC", text).split())
        face = self._pdf.fonts[font]
        known = face.cmap if isinstance(face, TTFFont) else {}
        return "".join(c if ord(c) in known else _UNKNOWN for c in one_line if c.isprintable())

    def width(self, text: str, style: Style) -> float:
        """Width of a plain text."""
        self._pdf.set_font(style.font, size=style.points)
        return float(self._pdf.get_string_width(text))

    def fit(self, text: str, width: float, style: Style) -> tuple[str, Style]:
        """A text made plain and its style made smaller until it fits, or else cut off."""
        text = self.plain(text, style.font)
        wide = self.width(text, style)
        if wide > width:
            points = math.floor(2 * style.points * width / wide) / 2  # type grows with its points
            style = replace(style, points=max(points, style.least * style.points))
        if self.width(text, style) <= width:
            return text, style
        return self.cut(text, width, style, _ELLIPSIS).rstrip() + _ELLIPSIS, style

    def cut(self, text: str, width: float, style: Style, end: str = "") -> str:
        """The most of a plain text that fits, with something at its end."""
        if self.width(text + end, style) <= width:
            return text
        lengths = range(1, len(text) + 1)
        most = bisect_right(lengths, width, key=lambda n: self.width(text[:n] + end, style))
        return text[:most]

    def write(self, x: float, baseline: float, text: str, style: Style) -> float:
        """Write a plain text; returns where it ends."""
        width = self.width(text, style)  # which chooses the font too
        height = style.points * _POINT
        self._pdf.set_text_color(*style.colour)
        self._pdf.set_xy(x, baseline - 0.8 * height)  # where the library puts a baseline
        self._pdf.cell(width, height, text)
        return x + width

    def write_within(
        self, x: float, baseline: float, width: float, text: str, style: Style
    ) -> float:
        """Write any text, smaller or cut off where it does not fit; returns where it ends."""
        return self.write(x, baseline, *self.fit(text, width, style))

    def link(self, box: Box, address: str, told: str) -> None:
        """A place that leads to an address, and what a screen reader says of it."""
        self._pdf.link(box.x, box.y, box.width, box.height, address, alt_text=told)

    def ramp(self, box: Box, ramp: Ramp) -> None:
        """A dye from dark to light."""
        end = box.x + box.width
        colours = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in ramp]
        with self._pdf.use_pattern(LinearGradient(box.x, box.y, end, box.y, colours)):
            self._pdf.rect(
                box.x, box.y, box.width, box.height, "F", round_corners=True, corner_radius=0.9
            )

    def picture(self, box: Box, image: Image.Image, told: str) -> None:
        """An image, and what a screen reader says of it."""
        self._pdf.image(image, box.x, box.y, box.width, box.height, alt_text=told)

    def _rule(self, y: float, colour: Colour, thickness: float) -> None:
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(thickness)
        self._pdf.line(EDGE, y, EDGE + INNER, y)

    def _mark(self, x: float, y: float, size: float) -> None:
        """Two indigo and two madder threads that cross."""
        unit = size / 26
        self._pdf.set_line_width(5 * unit)
        across = (((0, 7), (26, 7)), ((0, 19), (26, 19)))
        along = (((7, 0), (7, 4)), ((7, 10), (7, 26)), ((19, 0), (19, 16)), ((19, 22), (19, 26)))
        for colour, threads in ((MADDER, across), (INDIGO, along)):
            self._pdf.set_draw_color(*colour)
            for (x1, y1), (x2, y2) in threads:
                self._pdf.line(x + x1 * unit, y + y1 * unit, x + x2 * unit, y + y2 * unit)
