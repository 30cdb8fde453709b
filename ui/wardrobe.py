"""Wardrobe: a rail of twelve garments, one of them large."""

import gradio as gr

from ui.desk import Answer, Desk, Json
from ui.parts import screen

FIRST_SEED = 4200
FIRST_CLASS = "Dress"
ICON_SEED = 7


class Wardrobe:
    """What the wardrobe asks the server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def wardrobe(self, request: Json) -> Answer:
        """A rail of garments of one class, or of all where label is null."""
        label, seed, daring = (request.get(name) for name in ("label", "seed", "daring"))
        return self.desk.drawn(self.desk.studio.wardrobe(label, seed, daring))


def first(desk: Desk) -> Answer:
    """What the screen opens with, so that it is full before anybody asks."""
    wardrobe, label = Wardrobe(desk), desk.label(FIRST_CLASS)
    return {
        "label": label,
        "seed": FIRST_SEED,
        "daring": desk.studio.default_daring,
        "rail": wardrobe.wardrobe({"label": label, "seed": FIRST_SEED}),
        "line": desk.line({"seed": FIRST_SEED}),
        "icons": _icons(desk),
    }


def _icons(desk: Desk) -> object:
    """The average garment of each class; some garment of it where a model has no averages."""
    averages = desk.studio.generator.directions is not None
    return desk.line({"seed": ICON_SEED, "daring": 0 if averages else None})["pixels"]


def build(desk: Desk) -> gr.HTML:
    """The first screen."""
    # Twelve pictures stand in the HTML itself, until the scripts draw them as sharp as the screen.
    tile = '<li><button class="tile"><img class="cloth" alt="" src="{}"></button></li>'
    thumbnails = desk.thumbnails(desk.studio.wardrobe(desk.label(FIRST_CLASS), FIRST_SEED))
    rail = "".join(tile.format(address) for address in thumbnails)
    return screen("wardrobe", [Wardrobe(desk).wardrobe], first(desk), rail)
