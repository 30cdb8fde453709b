"""Adjust: one slider for each measured direction."""

import gradio as gr

from ui.desk import Answer, Desk, Json, encode
from ui.parts import screen


class Adjust:
    """What the adjustments ask the server."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def edit(self, request: Json) -> Answer:
        """A garment moved along named directions, in place of the edits that it had."""
        garment = self.desk.recipe(request)
        return self.desk.drawn([self.desk.studio.edited(garment, request.get("edits"))])

    def previews(self, request: Json) -> Answer:
        """Both ends and the middle of every control, and the garment as it was."""
        studio = self.desk.studio
        garment = studio.edited(self.desk.recipe(request), request.get("edits"))
        return {"pixels": encode(studio.sketch(studio.previews(garment)))}


def build(desk: Desk) -> gr.HTML:
    """Sliders for the garment in hand."""
    adjust = Adjust(desk)
    return screen("adjust", [adjust.edit, adjust.previews], {})
