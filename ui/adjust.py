"""Adjust: sliders along the directions of the model, named and unnamed."""

from collections.abc import Sequence

import gradio as gr

from ui.desk import Answer, Desk, Json, encode
from ui.parts import screen

MOST_PREVIEWS = 96


class Adjust:
    """What the adjustments ask the server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def edit(self, request: Json) -> Answer:
        """A garment moved along directions, in place of its edits; what is locked stays."""
        garment = self.desk.recipe(request)
        edited = self.desk.studio.edited(garment, request.get("edits"), request.get("locks"))
        return self.desk.drawn([edited])

    def previews(self, request: Json) -> Answer:
        """Pixels of a garment for each of a list of edits: what the ends of sliders would give."""
        studio, garment, many = self.desk.studio, self.desk.recipe(request), request.get("edits")
        if not isinstance(many, Sequence) or not 0 < len(many) <= MOST_PREVIEWS:
            raise ValueError(f"edits must be a list of 1..{MOST_PREVIEWS} objects")
        locks = request.get("locks")
        return {"pixels": encode(studio.sketch([studio.edited(garment, e, locks) for e in many]))}


def build(desk: Desk) -> gr.HTML:
    """Sliders for the garment in hand."""
    adjust = Adjust(desk)
    return screen("adjust", [adjust.edit, adjust.previews], {})
