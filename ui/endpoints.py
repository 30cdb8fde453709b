"""Named endpoints: everything that the page makes, for scripts, one PNG for each call."""

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

import gradio as gr
import numpy as np
from gradio.events import api
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from model import mixing
from model.dye import dye_sheet
from model.pixels import to_image, to_png
from model.recipe import Recipe
from ui.desk import Desk

P = ParamSpec("P")
R = TypeVar("R")

API_SIDE = 448
"""API pictures are the network's pixels as squares, up to this side: 16 x 16 each at 28 px."""

SHEET_TILE = 112


class Lease(Protocol):
    """Wraps a function so that a GPU is there while it runs."""

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]: ...  # noqa: D102


def offer(desk: Desk, on_gpu: Lease) -> None:
    """Register the endpoints with the open `gr.Blocks`; `on_gpu` leases a GPU for a long call."""
    studio, far = desk.studio, desk.studio.on_accelerator()

    @_refusing
    def generate(label: str = "dress", seed: int = 42, daring: float | None = None) -> gr.FileData:
        """One garment.

        Args:
            label: class by number, or by its English or Portuguese name.
            seed: whole number in 0..4294967295; the same seed is always the same garment.
            daring: truncation psi, 0 (common) to 2 (exaggerated); null for the page's 0.7.

        Returns:
            PNG of the network's grey pixels, each a square: 16 x 16 at 28 px, 448 px in all.
        """
        return _send(_enlarged(studio.generate(label, seed, daring)))

    @_refusing
    def blend(
        label_a: str = "dress",
        seed_a: int = 42,
        label_b: str = "coat",
        seed_b: int = 43,
        blend: float = 0.5,
        shape: float | None = None,
        pattern: float | None = None,
    ) -> gr.FileData:
        """A garment between two others.

        Args:
            label_a: class of A, by number or name.
            seed_a: seed of A.
            label_b: class of B, by number or name.
            seed_b: seed of B.
            blend: share of B, 0 to 1, in shape and pattern alike.
            shape: share of B in the coarse layers (outline, sleeves); null follows blend.
            pattern: share of B in the fine layers (texture, details); null follows blend.

        Returns:
            PNG of the network's grey pixels, as for generate.
        """
        a, b = studio.garment(label_a, seed_a), studio.garment(label_b, seed_b)
        mixed = mixing.blend(a, b, blend, shape, pattern)
        return _send(_enlarged(studio.draw([mixed])[0]))

    @_refusing
    def edit(
        label: str = "dress",
        seed: int = 42,
        daring: float | None = None,
        edits: dict[str, float] | None = None,
        locks: list[str] | None = None,
    ) -> gr.FileData:
        """A garment moved along named, measured directions.

        Args:
            label: class by number, or by its English or Portuguese name.
            seed: whole number in 0..4294967295.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            edits: strength by name of direction, for example {"brightness": 1.5}.
            locks: names of directions whose attribute stays while the others move, for example
                ["sleeves"]; as much of them is taken away as the edits bring along.

        Returns:
            PNG of the network's grey pixels, as for generate.
        """
        garment = studio.garment(label, seed, daring)
        edited = studio.edited(garment, {} if edits is None else edits, locks)
        return _send(_enlarged(studio.draw([edited])[0]))

    @_refusing
    def sheet(
        label: str = "all",
        seed: int = 0,
        daring: float | None = None,
        count: int = 100,
        dye: str = "each",
    ) -> gr.FileData:
        """Many garments, dyed, on one sheet of paper; runs on a GPU where the Space has one.

        Args:
            label: class by number or name, or "all" for every class in turn.
            seed: of the first garment; the others follow it.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            count: garments on the sheet, 1 to 400.
            dye: indigo, madder, ochre, moss or ink for all, or "each" for the page's own choice.

        Returns:
            PNG in colour, 112 px for each garment.
        """
        garments, pixels = weave(label, seed, daring, count)
        dyed = garments if dye == "each" else [garment.dyed(dye) for garment in garments]
        return _send(_dyed_sheet(desk, dyed, pixels))

    @on_gpu
    def weave(
        label: str, seed: int, daring: float | None, count: int
    ) -> tuple[list[Recipe], np.ndarray]:
        return far.sheet(label, seed, daring, count)

    # Gradio shows only the first line of a docstring unless it is told to take all of it.
    for endpoint in (generate, blend, edit):
        api(endpoint, api_description=inspect.getdoc(endpoint))
    api(sheet, api_description=inspect.getdoc(sheet), concurrency_limit=1)


def _refusing(endpoint: Callable[P, R]) -> Callable[P, R]:
    """Tell a caller which value is wrong, without a stack trace on either side."""

    @functools.wraps(endpoint)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return endpoint(*args, **kwargs)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return checked


def _enlarged(pixels: np.ndarray) -> Image.Image:
    scale = max(1, API_SIDE // pixels.shape[0])
    return to_image(pixels.repeat(scale, axis=0).repeat(scale, axis=1))


def _dyed_sheet(desk: Desk, garments: list[Recipe], pixels: np.ndarray) -> Image.Image:
    ramps, areas = zip(*((garment.ramp, desk.area(garment)) for garment in garments), strict=True)
    columns = min(len(garments), 10 if len(garments) <= 100 else 20)
    return Image.fromarray(dye_sheet(pixels, columns, SHEET_TILE, ramps, areas))


def _send(image: Image.Image) -> gr.FileData:
    """The picture as a file of Gradio's cache, which is emptied by the hour."""
    path = save_bytes_to_cache(to_png(image), "trama.png", get_upload_folder())
    return gr.FileData(path=path, mime_type="image/png", orig_name="trama.png")
