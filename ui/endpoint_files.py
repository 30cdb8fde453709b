"""What endpoints have in common: whose garments they make, what is refused, how a file is sent."""

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import ParamSpec, Protocol, TypeVar

import gradio as gr
import numpy as np
from gradio.events import api
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from model.dye import dye_sheet
from model.keepsake import MAX_RECIPES, stamp_png
from model.pixels import to_image
from model.recipe import Recipe
from ui.desk import Desk, key_of, speaking_of
from ui.shelf_rules import ShelfError

P = ParamSpec("P")
R = TypeVar("R")

API_SIDE = 448
"""API pictures are the network's pixels as squares, up to this side: 16 x 16 each at 28 px."""

SHEET_TILE = 112


class Lease(Protocol):
    """Wraps a function so that a GPU is there while it runs."""

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]: ...  # noqa: D102


def publish(desk: Desk, endpoint: Callable[P, R], turns: int | None = None) -> None:
    """Register an endpoint by its name, with all of its docstring.

    Args:
        desk: what the endpoint works with; its studio is that of the recipes of a call, if their
            model is in memory, else the page's own.
        endpoint: raises ValueError where a value is wrong; who calls it is told without a trace.
        turns: how many calls run at once, or None for the queue's own limit.
    """
    # Gradio shows only the first line of a docstring unless it is told to take all of it.
    description = inspect.getdoc(endpoint)
    limit = "default" if turns is None else turns
    api(_refusing(_at_home(desk, endpoint)), api_description=description, concurrency_limit=limit)


def send_garment(garment: Recipe, pixels: np.ndarray) -> gr.FileData:
    """The network's grey pixels as squares, with the recipe."""
    return send_picture(enlarge(pixels, API_SIDE), [garment])


def send_sheet(
    desk: Desk, garments: Sequence[Recipe], pixels: np.ndarray, columns: int
) -> gr.FileData:
    """Dyed garments on one sheet of paper, with the first recipes."""
    ramps, areas = zip(*((garment.ramp, desk.area(garment)) for garment in garments), strict=True)
    sheet = Image.fromarray(dye_sheet(pixels, columns, SHEET_TILE, ramps, areas))
    return send_picture(sheet, garments)


def send_picture(image: Image.Image, garments: Sequence[Recipe]) -> gr.FileData:
    """A PNG file that tells the recipes of at most 20 of its garments."""
    recipes = "\n".join(garment.text for garment in garments[:MAX_RECIPES])
    return send_file(stamp_png(image, recipes), "trama.png", "image/png")


def send_file(data: bytes, name: str, mime_type: str) -> gr.FileData:
    """A file of Gradio's cache, which is emptied by the hour."""
    path = save_bytes_to_cache(data, name, get_upload_folder())
    return gr.FileData(path=path, mime_type=mime_type, orig_name=name)


def enlarge(pixels: np.ndarray, side: int) -> Image.Image:
    """Every pixel of [H, W, C] as a square, as large as whole squares fit into `side`."""
    scale = max(1, side // pixels.shape[0])
    return to_image(pixels.repeat(scale, axis=0).repeat(scale, axis=1))


def _at_home(desk: Desk, endpoint: Callable[P, R]) -> Callable[P, R]:
    """Work with the model of the recipes that are given."""

    @functools.wraps(endpoint)
    def placed(*args: P.args, **kwargs: P.kwargs) -> R:
        with speaking_of(_model_of(desk, (*args, *kwargs.values()))):
            return endpoint(*args, **kwargs)

    return placed


def _model_of(desk: Desk, values: Iterable[object]) -> str | None:
    """Key of the first recipe's model; None without one, or if it is not in memory."""
    for value in values:
        recipe = value[0] if isinstance(value, list) and value else value
        if not isinstance(recipe, str) or not recipe.startswith("tr1~"):
            continue
        _, name, digest, *_ = *recipe.split("~", 3), "", ""
        try:
            return key_of(desk.shelf.find(name, digest))
        except ShelfError:
            return None
    return None


def _refusing(endpoint: Callable[P, R]) -> Callable[P, R]:
    """Tell a caller which value is wrong, without a stack trace on either side."""

    @functools.wraps(endpoint)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return endpoint(*args, **kwargs)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return checked
