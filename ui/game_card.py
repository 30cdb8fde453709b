"""The result of a game as a picture to share: the score, and the ten garments with who was right."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distribution

import numpy as np
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from model.config import ModelConfig
from model.dye import DYES, PAPER, dye_cloth, hole_area
from model.keepsake import AI_NOTICE
from model.labels import Language
from model.lookbook_paper import INDIGO, INK, LINE, MADDER, SOFT
from ui.names import short_class_names
from ui.parts import load_words

WIDTH, HEIGHT = 1200, 630
"""What messengers and networks show of a link."""

REAL_NOTICE = "Real garments: Fashion-MNIST test set, Copyright 2017 Zalando SE, MIT licence"

_EDGE, _TILE, _STEP, _TOP = 60, 196, 221, 168
_ROW = 206
_FONTS = {
    "serif": ("font-source-serif-pro", "font_source_serif_pro/files/SourceSerifPro-Semibold.ttf"),
    "sans": ("font-source-sans-pro", "font_source_sans_pro/files/SourceSansPro-Regular.ttf"),
}


@dataclass(frozen=True)
class Result:
    """A round that is over: its garment, uint8 [28, 28, 1], and who was right about it."""

    pixels: np.ndarray
    label: int
    real: bool
    you: bool
    critic: bool


def draw_card(
    config: ModelConfig, results: Sequence[Result], images_seen: int | None, language: Language
) -> bytes:
    """The card as a PNG file that says that AI made what is woven on it.

    Args:
        config: whose classes the labels are of.
        results: up to ten rounds, in order.
        images_seen: moment of training that the made ones are of; None if nobody knows.
        language: of its words.
    """
    words = load_words()[language]
    card = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(card)
    you, critic = (sum(getattr(r, who) for r in results) for who in ("you", "critic"))
    _write(draw, (_EDGE, 48), words["game"], "serif", 40, INK)
    told = words["game_card_score"].format(you=you, critic=critic)
    _write(draw, (WIDTH - _EDGE, 48), told, "serif", 40, INK, "ra")
    lead = words["game_card_lead"].format(rounds=len(results))
    if images_seen is not None:
        lead += " " + words["game_card_moment"].format(count=_grouped(images_seen, language))
    _write(draw, (_EDGE, 104), lead, "sans", 24, SOFT)
    names = short_class_names(config, language)
    for place, result in enumerate(results):
        row, column = divmod(place, 5)
        left, top = _EDGE + column * _STEP, _TOP + row * _ROW
        _draw_garment(card, draw, (left, top), result, hole_area(config.class_names[result.label]))
        name = names[result.label]
        _write(draw, (left, top + 160), f"{place + 1} {name}", "sans", 20, SOFT)
    _draw_key(draw, words)
    about = PngImagePlugin.PngInfo()
    about.add_text("Source", AI_NOTICE)
    about.add_text("Comment", REAL_NOTICE)
    buffer = io.BytesIO()
    card.save(buffer, "PNG", pnginfo=about, optimize=True)
    return buffer.getvalue()


def _grouped(count: int, language: Language) -> str:
    return f"{count:,}".replace(",", "." if language == "pt" else ",")


def _draw_garment(
    card: Image.Image,
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    result: Result,
    area: float,
) -> None:
    left, top = place
    side = 150
    box = (left, top, left + _TILE, top + side + 4)
    draw.rounded_rectangle(box, 12, outline=LINE if result.real else MADDER, width=2)
    cloth = dye_cloth(result.pixels, side, DYES["ink" if result.real else "madder"], area)
    image = Image.fromarray(cloth)
    card.paste(image, (left + 8, top + 2), image)
    for number, (hit, colour) in enumerate(((result.you, INK), (result.critic, INDIGO))):
        x, y = left + _TILE - 34, top + 52 + 32 * number
        _dot(draw, x, y, colour, hit)


def _draw_key(draw: ImageDraw.ImageDraw, words: dict[str, str]) -> None:
    """What the dots and the red frame mean, and whose page it is."""
    x, y = _EDGE, HEIGHT - 44
    for colour, key in ((INK, "game_you"), (INDIGO, "game_critic")):
        _dot(draw, x, y + 6, colour, True)
        x = _write(draw, (x + 24, y), words[key], "sans", 20, SOFT) + 22
    x = _write(draw, (x, y), words["game_full"], "sans", 20, SOFT) + 22
    draw.rounded_rectangle((x, y + 4, x + 26, y + 22), 5, outline=MADDER, width=2)
    _write(draw, (x + 34, y), words["game_woven_key"], "sans", 20, SOFT)
    _write(draw, (WIDTH - _EDGE, y - 6), "Trama", "serif", 26, INK, "ra")


def _dot(
    draw: ImageDraw.ImageDraw, x: int, y: int, colour: tuple[int, int, int], full: bool
) -> None:
    draw.ellipse((x, y, x + 16, y + 16), fill=colour if full else None, outline=colour, width=2)


def _write(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    family: str,
    size: int,
    colour: tuple[int, int, int],
    anchor: str = "la",
) -> int:
    """Write a line; returns where it ends."""
    package, file = _FONTS[family]
    font = ImageFont.truetype(str(distribution(package).locate_file(file)), size)
    draw.text(place, text, colour, font, anchor)
    return int(place[0] + font.getlength(text))
