"""Films of garments on their way to others, dyed and on paper."""

import reprlib
import threading
from collections.abc import Sequence

from PIL import Image

from model.dye import PAPER
from model.film import write_gif, write_mp4
from model.mixing import film
from model.recipe import Recipe
from ui.desk import Desk

SIDE = 448
FPS = 20
KINDS = {"gif": "image/gif", "mp4": "video/mp4"}
WAYS = {"line": 2, "loop": 4}
"""How many garments a film goes by: from A to B and back, or around all four."""

_TURN = threading.Semaphore(1)


class FilmBusyError(ValueError):
    """Another film is being made: each takes a core for seconds, so there is one at a time."""


def make_film(
    desk: Desk, recipes: Sequence[Recipe], kind: object = "gif", way: object = "line"
) -> bytes:
    """A film of garments that become each other, 448 px wide.

    Args:
        desk: draws and dyes them.
        recipes: two for a line, the four corners of a pad for a loop; more are left out.
        kind: gif or mp4.
        way: line (from the first to the second and back) or loop (around all four).

    Raises:
        FilmBusyError: one is being made already.
        ValueError: naming the field and its value.
    """
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {reprlib.repr(kind)}")
    if not isinstance(way, str) or way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}, not {reprlib.repr(way)}")
    if len(recipes) < WAYS[way]:
        raise ValueError(f"recipes must be {WAYS[way]} for a {way}, not {len(recipes)}")
    stops = recipes[: WAYS[way]]
    steps = film(stops)
    if not _TURN.acquire(blocking=False):
        raise FilmBusyError("another film must be made first: try again in a moment")
    try:
        pixels = desk.studio.sketch(steps)
        frames = [on_paper(desk.cloth(*step, SIDE)) for step in zip(steps, pixels, strict=True)]
        about = "\n".join(recipe.text for recipe in stops)
        write = write_gif if kind == "gif" else write_mp4
        return write(frames, FPS, about, there_and_back=way == "line")
    finally:
        _TURN.release()


def on_paper(cloth: Image.Image) -> Image.Image:
    """Cloth as it lies on paper, in red, green and blue."""
    paper = Image.new("RGB", cloth.size, PAPER)
    paper.paste(cloth, mask=cloth if cloth.mode == "RGBA" else None)
    return paper
