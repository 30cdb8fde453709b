"""Blend: two garments and everything between them."""

import gradio as gr

from model.mixing import STRIP_STEPS, strip
from ui.desk import Answer, Desk, Json, encode
from ui.parts import screen

PAIR = (("Dress", 4202), ("Coat", 7718))
"""What Blend opens with: garments and dyes that differ, so that the first blend is worth a look."""

FIRST_PERCENT = 42


class Blend:
    """What the blend asks the server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def strip(self, request: Json) -> Answer:
        """Every step from garment a to garment b, to be swapped while a finger moves."""
        a, b = (self.desk.recipe(request, letter) for letter in "ab")
        return {"pixels": encode(self.desk.studio.sketch(strip(a, b)))}


def build(desk: Desk) -> gr.HTML:
    """Two garments that differ, and the strip between them."""
    blend = Blend(desk)
    recipes = [desk.studio.garment(desk.label(name), seed) for name, seed in PAIR]
    first = {
        "pair": desk.drawn(recipes),
        "percent": FIRST_PERCENT,
        "steps": STRIP_STEPS,
        "strip": blend.strip({"a": recipes[0].text, "b": recipes[1].text}),
    }
    return screen("blend", [blend.strip], first)
