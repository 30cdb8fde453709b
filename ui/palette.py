"""The palette of a line: one to three dyes, and which garment wears which."""

from collections.abc import Sequence

from model.dye import DYES
from model.recipe import Recipe, refuse

MOST_DYES = 3

PATTERNS = (
    (0,),
    (0, 0, 1, 0, 0, 1, 1, 0, 0, 1),
    (0, 1, 2, 0, 1, 1, 2, 2, 0, 0),
)
"""Dye of each label, for palettes of one, two and three; after ten labels again from the start.

The first dye leads. Where the page shows ten classes in two columns, no column is of one dye; where
in two rows, no row. `ui/line.js` dyes by it too.
"""

FIRST_PALETTE = ("indigo", "ochre")


def check_palette(dyes: object) -> tuple[str, ...]:
    """One to three different dyes by name.

    Raises:
        RecipeError: for the reason `dye`, naming the value.
    """
    if not isinstance(dyes, Sequence) or isinstance(dyes, str) or not 0 < len(dyes) <= MOST_DYES:
        refuse("dye", f"dyes must be a list of 1..{MOST_DYES} names", dyes)
    for dye in dyes:
        if not isinstance(dye, str) or dye not in DYES:
            refuse("dye", f"dyes must be of {', '.join(DYES)}", dye)
    if len(set(dyes)) < len(dyes):
        refuse("dye", "dyes must each be named once", dyes)
    return tuple(dyes)


def dye_line(garments: Sequence[Recipe], dyes: Sequence[str]) -> list[Recipe]:
    """The garments, each in its dye of the palette."""
    pattern = PATTERNS[len(dyes) - 1]
    return [
        garment.dyed(dyes[pattern[place % len(pattern)]]) for place, garment in enumerate(garments)
    ]


def palette_of(garments: Sequence[Recipe]) -> list[str]:
    """The dyes that garments wear, each once, in the order in which they come up."""
    return list(dict.fromkeys(name for garment in garments for name, _ in garment.dyes))
