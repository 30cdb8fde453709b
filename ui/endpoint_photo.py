"""The endpoint that makes a garment of a photo that a caller brings."""

from typing import Any

import gradio as gr

from model.labels import find_label
from model.photo import read_photo
from model.photo_corrections import Corrections
from ui.desk import Desk
from ui.endpoint_completion import brought
from ui.photo import both_ends, check_weaving, inverter_of


class Photos:
    """One garment for each call; the photo is gone when it ends."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def photo(
        self,
        picture: gr.FileData,
        label: str | None = None,
        turns: int = 0,
        tilt: float | None = None,
        flip: bool = False,
        invert: str = "auto",
        background: float = 0.5,
        dye: str | None = None,
    ) -> dict[str, Any]:
        """The garment that is nearest to the one on a photo, as recipes; the photo is deleted.

        Args:
            picture: JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF; one garment on a plain ground.
            label: class by number or name as which it is read; null for the likeliest.
            turns: quarter turns to the right, 0 to 3.
            tilt: degrees by which it is turned upright, -45 to 45; null to find them.
            flip: mirror it.
            invert: auto, on (dark on light becomes light on dark) or off.
            background: how much of the ground is taken out, 0 to 1.
            dye: of its recipes; null for the one nearest to the photo's colour.

        Returns:
            close (recipe with a w for each layer) and editable (with one w), error of each (root
            mean square over the scale of grey), verdict (close, near, far, none, or null for a model
            that does not know), class, and what was done: tilt, inverted, background, sure.
        """
        studio = self.desk.studio
        given = {
            "crop": None, "turns": turns, "tilt": tilt, "flip": flip, "invert": invert,
            "background": background,
        }  # fmt: skip
        with brought(picture=picture) as places:  # what is wrong elsewhere deletes it too
            corrections = Corrections.read(given)
            check_weaving(studio, dye or None)
            known = None if label is None else find_label(label, studio.config)
            data = places["picture"].read_bytes()
        reading = read_photo(data, corrections, studio.config.image_size)
        pixels = reading.in_channels(studio.config.image_channels)
        found = inverter_of(studio).invert(pixels, known)
        close, editable = both_ends(studio, found, dye or reading.dye)
        names = studio.config.class_names
        return {
            "close": close.text,
            "editable": editable.text,
            "error": {
                "close": round(found.per_layer_error, 4),
                "editable": round(found.one_w_error, 4),
            },
            "verdict": found.verdict,
            "class": names[found.label] if names else str(found.label),
            "tilt": reading.tilt,
            "inverted": reading.inverted,
            "background": reading.background,
            "sure": reading.sure,
        }
