"""Blend: four garments and everything between them."""

import base64

import gradio as gr

from model.mixing import LAYER_STEPS, PAD_STEPS, layers, pad
from model.recipe import Recipe
from ui.desk import MAX_MIXED, Answer, Desk, Json, encode
from ui.film import KINDS, FilmBusyError, make_film
from ui.parts import screen

CORNERS = (("Dress", 4252), ("Coat", 7753), ("T-shirt/top", 116), ("Shirt", 4279))
"""What Blend opens with: classes and dyes that differ, so that the first blend is worth a look."""

FIRST_PLACE = (0.42, 0.2)
FIRST_STEPS = 5
"""Places along each side of the pad that the page brings along; the others are asked for."""


class Blend:
    """What the blend asks the server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def pad(self, request: Json) -> Answer:
        """Every place between four garments, to be swapped while a finger moves."""
        recipes = pad(self._corners(request), request.get("steps", PAD_STEPS))
        return {"pixels": encode(self.desk.studio.sketch(recipes))}

    def layers(self, request: Json) -> Answer:
        """Shape by pattern at one height of the pad, to be swapped while a slider moves."""
        steps = request.get("steps", LAYER_STEPS)
        recipes = layers(self._corners(request), request.get("y", 0), steps)
        return {"pixels": encode(self.desk.studio.sketch(recipes))}

    def class_mix(self, request: Json) -> Answer:
        """The main seed of a garment as a mixture of classes."""
        garment = self.desk.recipe(request)
        return self.desk.drawn([self.desk.studio.class_mix(garment, request.get("shares"))])

    def film(self, request: Json) -> Answer:
        """A film of a line between two garments, or of a loop around four."""
        kind, way = request.get("kind", "gif"), request.get("way", "line")
        try:
            data = make_film(self.desk, self._corners(request), kind, way)
        except FilmBusyError as error:
            return {"error": str(error), "reason": "film_busy"}
        return {"film": base64.b64encode(data).decode(), "type": KINDS[kind]}

    def _corners(self, request: Json) -> list[Recipe]:
        return self.desk.recipes(request, MAX_MIXED)


def first(desk: Desk) -> Answer:
    """Four garments that differ, and what lies between them."""
    recipes = [desk.studio.garment(desk.label(name), seed) for name, seed in CORNERS]
    corners = {"recipes": [recipe.text for recipe in recipes], "steps": FIRST_STEPS}
    return {
        "corners": desk.drawn(recipes),
        "place": FIRST_PLACE,
        "steps": FIRST_STEPS,
        **Blend(desk).pad(corners),
    }


def build(desk: Desk) -> gr.HTML:
    """A pad between four garments."""
    blend = Blend(desk)
    return screen("blend", [blend.pad, blend.layers, blend.class_mix, blend.film], first(desk))
