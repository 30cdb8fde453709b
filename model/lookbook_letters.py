"""Letters of the lookbook's type: what it can print of a text, and what it cannot."""

import functools
import unicodedata
from importlib.metadata import distribution
from itertools import groupby

_FONTS = {
    "serif": ("font-source-serif-pro", "font_source_serif_pro/files/SourceSerifPro-Semibold.ttf"),
    "sans": ("font-source-sans-pro", "font_source_sans_pro/files/SourceSansPro-Regular.ttf"),
}
FAMILIES = tuple(_FONTS)

_JOINERS = frozenset({0x200C, 0x200D, 0xFE0E, 0xFE0F, *range(0xE0020, 0xE0080)})
"""What joins signs to one, or chooses how one looks: nothing by itself (Unicode UTS 51)."""


def font_file(family: str) -> str:
    """Path of a family's font, serif or sans."""
    package, file = _FONTS[family]
    return str(distribution(package).locate_file(file))


def without_joiners(text: str) -> str:
    """A text without what joins signs, such as those of an emoji of several people."""
    return "".join(sign for sign in text if ord(sign) not in _JOINERS)


def split_printable(text: str, family: str = "serif") -> tuple[str, tuple[str, ...]]:
    """What a font can print of a text, and what had to be left out of it, each once.

    Signs that stand beside each other are left out as one: an emoji is often several.
    """
    known = _letters(family) - _JOINERS
    kept, lost = [], dict[str, None]()
    signs = unicodedata.normalize("NFC", text)
    for printed, run in groupby(signs, lambda sign: sign.isspace() or ord(sign) in known):
        told = "".join(run)
        if printed:
            kept.append(told)
        elif without_joiners(told):
            lost[told] = None
    return " ".join("".join(kept).split()), tuple(lost)


@functools.cache
def _letters(family: str) -> frozenset[int]:
    from fontTools.ttLib import TTFont  # the page starts without what reads fonts

    with TTFont(font_file(family), lazy=True) as font:
        return frozenset(font.getBestCmap())
