"""Links to a line: ten recipes are too long for an address, their seeds and one palette are not.

    ?line=4207&daring=0.7&dyes=indigo,ochre&model=fashion-mnist~4b1c9e02
    ?line=4207.4207.4318.4207.4207.4207.4318.4207.4207.4207&locks=2,6

One seed for the whole line, or one for each class in the order of the labels; `daring` likewise.
`line` alone is enough; without `model` the line is of whichever model is asked. `ui/line.js` writes
these links.
"""

import dataclasses
import re

from model.latents import MAX_DARING, MAX_SEED
from model.recipe import Recipe, refuse
from model.studio import Studio
from ui.desk import Json
from ui.palette import check_palette

MAX_LENGTH = 300
_WHOLE_NUMBER = re.compile(r"[0-9]{1,10}")
_NUMBER = re.compile(r"[0-9](?:\.[0-9]{1,4})?")


@dataclasses.dataclass(frozen=True)
class LineLink:
    """A line as its link tells it: undyed garments, the palette if it names one, what is locked."""

    garments: tuple[Recipe, ...]
    dyes: tuple[str, ...] = ()
    locks: tuple[int, ...] = ()


def is_of(query: Json, studio: Studio) -> bool:
    """Whether a link is of this studio's model, as far as it says of which it is."""
    return query.get("model") in (None, f"{studio.name}~{studio.digest}")


def read_line_link(query: Json, studio: Studio) -> LineLink:
    """Read the fields of a link strictly.

    Args:
        query: `line`, and `daring`, `dyes` and `locks`, which may be missing or null.
        studio: whose classes the line is of.

    Raises:
        RecipeError: naming the field and its value.
    """
    count = max(studio.config.num_classes, 1)
    seeds = [int(item) for item in _items(query, "line", ".", _WHOLE_NUMBER, count)]
    if max(seeds) > MAX_SEED:
        refuse("line", f"seeds of a line must be in 0..{MAX_SEED}", max(seeds))
    garments = [studio.garment(label, seed) for label, seed in enumerate(_each(seeds, count))]
    if query.get("daring") is not None:
        darings = [float(item) for item in _items(query, "daring", ",", _NUMBER, count)]
        if max(darings) > MAX_DARING:
            refuse("line", f"daring must be in 0..{MAX_DARING}", max(darings))
        garments = [
            studio.garment(garment.label, garment.seed, daring)
            for garment, daring in zip(garments, _each(darings, count), strict=True)
        ]
    dyes, locks = query.get("dyes"), query.get("locks")
    palette = () if dyes is None else check_palette(_text("dyes", dyes).split(","))
    locked = [] if locks is None else _text("locks", locks).split(",")
    known_labels = {str(label) for label in range(count)}
    if not set(locked) <= known_labels or len(set(locked)) < len(locked):
        refuse("line", f"locks must be different labels in 0..{count - 1}", locks)
    return LineLink(tuple(garments), palette, tuple(sorted(map(int, locked))))


def _items(query: Json, field: str, comma: str, item: re.Pattern[str], count: int) -> list[str]:
    """One item or one for each class."""
    items = _text(field, query.get(field)).split(comma)
    if len(items) not in (1, count):
        refuse("line", f"{field} must be 1 number or {count}", query.get(field))
    if not all(map(item.fullmatch, items)):
        refuse("line", f"{field} must be numbers between {comma!r}", query.get(field))
    return items


def _each(values: list, count: int) -> list:
    return values if len(values) == count else values * count


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_LENGTH:
        refuse("line", f"{field} must be a text of 1..{MAX_LENGTH} characters", value)
    return value
