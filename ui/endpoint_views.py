"""A garment as a picture of a chosen view and size."""

import reprlib

from PIL import Image

from model.checks import whole_number
from model.recipe import Recipe
from ui.desk import Desk
from ui.endpoint_files import enlarge

MIN_SIDE, MAX_SIDE = 56, 2048
VIEWS = ("smooth", "pixels")


def view_of(desk: Desk, garment: Recipe, view: object, size: object) -> Image.Image:
    """Dyed cloth of a side, or the network's pixels as whole squares that fit into it.

    Raises:
        ValueError: no such view or size.
    """
    if not isinstance(view, str) or view not in VIEWS:
        raise ValueError(f"view must be one of {', '.join(VIEWS)}, not {reprlib.repr(view)}")
    side = whole_number("size", size, MIN_SIDE, MAX_SIDE)
    pixels = desk.studio.draw([garment])[0]
    return enlarge(pixels, side) if view == "pixels" else desk.cloth(garment, pixels, side)
