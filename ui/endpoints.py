"""Named endpoints: everything that the page makes, for scripts, one file for each call."""

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
from ui import film as films
from ui.desk import Desk
from ui.line import FILE_TYPES, MOST_GARMENTS, dyed_line, write_lookbook

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
        columns = min(len(garments), 10 if len(garments) <= 100 else 20)
        return _send(_dyed_sheet(desk, dyed, pixels, columns))

    @_refusing
    def pad(
        label_a: str = "dress",
        seed_a: int = 42,
        label_b: str = "coat",
        seed_b: int = 43,
        label_c: str = "t-shirt",
        seed_c: int = 44,
        label_d: str = "shirt",
        seed_d: int = 45,
        steps: int = 9,
    ) -> gr.FileData:
        """Everything between four garments, dyed, as a contact sheet.

        Args:
            label_a: class of the garment at the top left, by number or name.
            seed_a: its seed.
            label_b: class of the garment at the top right.
            seed_b: its seed.
            label_c: class of the garment at the bottom left.
            seed_c: its seed.
            label_d: class of the garment at the bottom right.
            seed_d: its seed.
            steps: garments along each side, 2 to 17.

        Returns:
            PNG in colour, 112 px for each garment; the dyes are mixed as the garments are.
        """
        pairs = ((label_a, seed_a), (label_b, seed_b), (label_c, seed_c), (label_d, seed_d))
        garments = mixing.pad([studio.garment(*pair) for pair in pairs], steps)
        return _send(_dyed_sheet(desk, garments, studio.sketch(garments), int(steps)))

    @_refusing
    def film(
        label_a: str = "dress",
        seed_a: int = 42,
        label_b: str = "coat",
        seed_b: int = 43,
        label_c: str = "t-shirt",
        seed_c: int = 44,
        label_d: str = "shirt",
        seed_d: int = 45,
        way: str = "line",
        kind: str = "gif",
    ) -> gr.FileData:
        """A film of dyed garments that become each other; one at a time is made.

        Args:
            label_a: class of A, by number or name.
            seed_a: seed of A.
            label_b: class of B.
            seed_b: seed of B.
            label_c: class of C; only a loop goes there.
            seed_c: seed of C.
            label_d: class of D; only a loop goes there.
            seed_d: seed of D.
            way: line (from A to B and back) or loop (A, B, D, C and A again).
            kind: gif or mp4.

        Returns:
            GIF or H.264 film, 448 px wide, that carries the recipes of its garments.
        """
        pairs = ((label_a, seed_a), (label_b, seed_b), (label_c, seed_c), (label_d, seed_d))
        garments = [studio.garment(*pair) for pair in pairs]
        made = films.make_film(desk, garments, kind, way)
        return _send_file(made, f"trama.{kind}", films.KINDS[kind])

    @_refusing
    def line(
        seed: int = 4207, daring: float | None = None, dyes: list[str] | None = None
    ) -> gr.FileData:
        """A line of clothes: one seed in every class, dyed from one palette, on one sheet.

        Args:
            seed: whole number in 0..4294967295.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            dyes: one to three of indigo, madder, ochre, moss and ink; null for indigo and ochre.

        Returns:
            PNG in colour, 112 px for each garment, in the order of the labels.
        """
        garments = dyed_line(studio, seed, daring, dyes)
        return _send(_dyed_sheet(desk, garments, studio.draw(garments), min(len(garments), 10)))

    @_refusing
    def lookbook(
        seed: int = 4207,
        daring: float | None = None,
        dyes: list[str] | None = None,
        recipes: list[str] | None = None,
        title: str | None = None,
        language: str = "pt",
        kind: str = "pdf",
    ) -> gr.FileData:
        """A line of clothes as a lookbook: a titled sheet with names, seeds and palette.

        Args:
            seed: whole number in 0..4294967295; not looked at where recipes are given.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            dyes: one to three of indigo, madder, ochre, moss and ink; null for indigo and ochre.
            recipes: 1 to 20 recipes to put on the sheet in place of a seed's line, or null.
            title: at most 80 characters; null for the names of the dyes.
            language: pt or en.
            kind: pdf, with selectable text and a page of recipes, or png, the sheet alone.

        Returns:
            PDF of A4 pages, or PNG of 2526 x 1786 pixels.
        """
        garments = (
            dyed_line(studio, seed, daring, dyes)
            if recipes is None
            else desk.recipes({"recipes": recipes}, MOST_GARMENTS)
        )
        data = write_lookbook(desk, garments, title, language, kind)
        return _send_file(data, f"trama-lookbook.{kind}", FILE_TYPES[kind])

    @on_gpu
    def weave(
        label: str, seed: int, daring: float | None, count: int
    ) -> tuple[list[Recipe], np.ndarray]:
        return far.sheet(label, seed, daring, count)

    # Gradio shows only the first line of a docstring unless it is told to take all of it.
    for endpoint in (generate, blend, edit, line):
        api(endpoint, api_description=inspect.getdoc(endpoint))
    for long in (sheet, pad, film, lookbook):
        api(long, api_description=inspect.getdoc(long), concurrency_limit=1)


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


def _dyed_sheet(
    desk: Desk, garments: list[Recipe], pixels: np.ndarray, columns: int
) -> Image.Image:
    ramps, areas = zip(*((garment.ramp, desk.area(garment)) for garment in garments), strict=True)
    return Image.fromarray(dye_sheet(pixels, columns, SHEET_TILE, ramps, areas))


def _send(image: Image.Image) -> gr.FileData:
    return _send_file(to_png(image), "trama.png", "image/png")


def _send_file(data: bytes, name: str, mime_type: str) -> gr.FileData:
    """A file of Gradio's cache, which is emptied by the hour."""
    path = save_bytes_to_cache(data, name, get_upload_folder())
    return gr.FileData(path=path, mime_type=mime_type, orig_name=name)
