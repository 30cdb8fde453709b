"""A line as a lookbook: what stands on the sheet, in the reader's language."""

import reprlib
from collections.abc import Sequence
from typing import TypeGuard

from model.code import Code
from model.dye import DYES
from model.labels import Language
from model.lookbook import Lookbook, Piece
from model.lookbook_letters import split_printable, without_joiners
from model.recipe import Recipe
from ui.desk import Desk
from ui.names import kind_of, seed_word, short_class_names
from ui.palette import palette_of
from ui.parts import LANGUAGES, load_words, page_address

MOST_TITLE = 80

_SHEET_ORDER = ("Dress", "Coat", "Shirt", "T-shirt/top", "Pullover", "Trouser", "Bag")
"""The first stands large; what is not named here follows in its own order."""


def make_book(desk: Desk, garments: Sequence[Recipe], title: object, language: object) -> Lookbook:
    """The sheet of a line.

    Args:
        desk: knows the model.
        garments: 1 to 20, in any order.
        title: a line of text, of which the sheet has what can be printed; made of the dyes'
            names, or of the seed, if None or empty.
        language: "pt" or "en".

    Raises:
        ValueError: naming the field and its value.
    """
    spoken = check_language(language)
    words, studio = load_words()[spoken], desk.studio
    names = short_class_names(studio.config, spoken)
    dyed = studio.config.image_channels == 1
    palette = palette_of(garments) if dyed else []
    seed = _main_seed(garments)
    usual = (
        dye_title(palette, spoken)
        if palette
        else words["line_of"].format(seed=seed_word(seed, words))
    )
    host = page_address()
    garments = _in_sheet_order(garments, studio.config.class_names)
    pixels = studio.draw(garments)
    return Lookbook(
        title=split_printable(check_title(title))[0] or usual,
        subtitle=_subtitle(garments, spoken),
        pieces=tuple(
            Piece(
                name=kind_of(garment, names, words["piece"]),
                caption=seed_word(garment.seed, words),
                pixels=picture,
                ramp=garment.ramp,
                area=desk.area(garment),
                recipe=garment.text,
            )
            for garment, picture in zip(garments, pixels, strict=True)
        ),
        palette=tuple((words[dye], DYES[dye]) for dye in palette),
        footer=_footer(desk, garments, spoken),
        note=words["book_colour"] if dyed else "",
        language=spoken,
        address=f"{host}?r=" if host else "",
    )


def check_language(language: object) -> Language:
    """The language of a request.

    Raises:
        ValueError: another than the page speaks.
    """
    if language == "pt":
        return "pt"
    if language == "en":
        return "en"
    raise ValueError(f"language must be {' or '.join(LANGUAGES)}, not {reprlib.repr(language)}")


def check_title(title: object) -> str:
    """A title of one line without blanks around it; empty for None.

    Raises:
        ValueError: not a text, longer than a title, or with signs that are not to be seen.
    """
    if title is None:
        return ""
    if not _is_title(title):
        told = f"title must be a printable line of at most {MOST_TITLE} characters"
        raise ValueError(f"{told}, not {reprlib.repr(title)}")
    return title.strip()


def _is_title(title: object) -> TypeGuard[str]:
    fits = isinstance(title, str) and len(title) <= MOST_TITLE
    return fits and without_joiners(str(title)).isprintable()


def dye_title(dyes: Sequence[str], language: Language) -> str:
    """The dyes' names: Anil, ocre e musgo."""
    words = load_words()[language]
    *others, last = [words[dye] for dye in dyes]
    title = words["book_and"].format(first=", ".join(others), last=last) if others else last
    return title[0].upper() + title[1:]


def _main_seed(garments: Sequence[Recipe]) -> int | Code:
    seeds = [garment.seed for garment in garments]
    return max(seeds, key=seeds.count)


def _in_sheet_order(garments: Sequence[Recipe], class_names: Sequence[str]) -> list[Recipe]:
    def place(garment: Recipe) -> int:
        name = class_names[garment.label] if class_names else ""
        return _SHEET_ORDER.index(name) if name in _SHEET_ORDER else len(_SHEET_ORDER)

    return sorted(garments, key=place)


def _subtitle(garments: Sequence[Recipe], language: Language) -> str:
    words, seed = load_words()[language], _main_seed(garments)
    if len(garments) == 1:
        return words["from_photo"] if isinstance(seed, Code) else words["seed_of"].format(seed=seed)
    count = words["book_ten"] if len(garments) == 10 else str(len(garments))
    seeds = len({garment.seed for garment in garments})
    if seeds == 1 and isinstance(seed, Code):
        return words["book_line_photo"].format(count=count)
    told = words["book_line"] if seeds == 1 else words["book_line_mixed"]
    return told.format(seed=seed_word(seed, words), count=count, seeds=seeds)


def _footer(desk: Desk, garments: Sequence[Recipe], language: Language) -> str:
    """Model and daring."""
    studio = desk.studio
    if studio.generator.directions is None:
        return studio.name
    darings = [garment.daring for garment in garments]
    values = "–".join(f"{daring:.2f}" for daring in sorted({min(darings), max(darings)}))
    value = values.replace(".", ",") if language == "pt" else values
    return f"{studio.name} · {load_words()[language]['daring_of'].format(value=value)}"
