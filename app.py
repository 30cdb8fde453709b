"""The page and its API: python app.py [--model FOLDER | user/name[@revision]]."""

import argparse
import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

try:  # before torch: on ZeroGPU it patches CUDA; elsewhere it need not be installed
    spaces: Any = importlib.import_module("spaces")
except ImportError:
    spaces = None

import gradio as gr
import numpy as np
from gradio.events import api
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from model.dye import DYES, dye_of, dye_sheet, find_dye, hole_area
from model.hub import parse_source, resolve_model
from model.pixels import to_image, to_png
from model.studio import Garment, Studio
from model.weights import load_generator
from ui import page

P = ParamSpec("P")
R = TypeVar("R")

EMBEDDED_MODEL = Path(__file__).parent / "weights" / "fashion-mnist"
API_SIDE = 448
"""API pictures are the network's pixels as squares, up to this side: 16 x 16 each at 28 px."""

SHEET_TILE = 112
LAUNCH: dict[str, Any] = {
    "theme": page.THEME,
    "favicon_path": page.FAVICON,
    "footer_links": ["api"],
    "run_history": False,
    "max_file_size": "8mb",
    "show_error": True,
}
"""What every way to start the page shares, `mount_gradio_app` included."""


def open_studio(source: str | None) -> tuple[Studio, page.Origin]:
    """Studio of the model that was asked for, or of the embedded one with a notice.

    Raises:
        ValueError: neither a usable folder nor a well-formed model id.
    """
    place, revision = parse_source(source or EMBEDDED_MODEL)
    resolved = resolve_model(place, revision, EMBEDDED_MODEL)
    if resolved.notice:
        print(f"trama: {resolved.detail}", file=sys.stderr)
    local = resolved.origin in ("folder", "fallback")
    name = resolved.folder.resolve().name if local else str(source)
    origin = page.Origin(resolved.origin, name, source or "", resolved.notice or "")
    return Studio(load_generator(resolved.folder)), origin


def build(studio: Studio, origin: page.Origin) -> gr.Blocks:
    """The whole page; it is not yet started."""
    blocks = gr.Blocks(title="Trama", analytics_enabled=False, delete_cache=(600, 3600))
    with blocks:
        page.header(studio, origin)
        page.wardrobe(studio)
        page.blend(studio)
        if studio.controls:
            page.adjust(studio)
        page.footer(origin)
        _offer_api(studio)
    blocks.queue(default_concurrency_limit=2, max_size=64)
    return blocks


def _offer_api(studio: Studio) -> None:
    """Everything that the page makes, for scripts: one PNG for each call."""
    far = studio.on_accelerator()

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
        return _send(_enlarged(studio.blend(a, b, blend, shape, pattern)))

    @_refusing
    def edit(
        label: str = "dress",
        seed: int = 42,
        daring: float | None = None,
        edits: dict[str, float] | None = None,
    ) -> gr.FileData:
        """A garment moved along named, measured directions.

        Args:
            label: class by number, or by its English or Portuguese name.
            seed: whole number in 0..4294967295.
            daring: truncation psi, 0 to 2; null for the page's 0.7.
            edits: strength by name of direction, for example {"brightness": 1.5}.

        Returns:
            PNG of the network's grey pixels, as for generate.
        """
        garment = studio.garment(label, seed, daring)
        return _send(_enlarged(studio.edit(garment, {} if edits is None else edits)))

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
        return _send(_dyed_sheet(studio, garments, pixels, dye))

    @_on_gpu
    def weave(
        label: str, seed: int, daring: float | None, count: int
    ) -> tuple[list[Garment], np.ndarray]:
        return far.sheet(label, seed, daring, count)

    # Gradio shows only the first line of a docstring unless it is told to take all of it.
    for endpoint in (generate, blend, edit):
        api(endpoint, api_description=inspect.getdoc(endpoint))
    api(sheet, api_description=inspect.getdoc(sheet), concurrency_limit=1)


def _on_gpu(function: Callable[P, R]) -> Callable[P, R]:
    """Lease a GPU for the length of a call on ZeroGPU; elsewhere the function as it is."""
    if spaces is None:
        return function
    leased: Callable[P, R] = spaces.GPU(duration=20)(function)
    return leased


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
    studio: Studio, garments: list[Garment], pixels: np.ndarray, dye: str
) -> Image.Image:
    names = studio.config.class_names
    chosen = None if dye == "each" else find_dye(dye)
    ramps = [chosen or DYES[dye_of(g.label, g.seed)] for g in garments]
    areas = [hole_area(names[g.label] if names else "") for g in garments]
    columns = min(len(garments), 10 if len(garments) <= 100 else 20)
    return Image.fromarray(dye_sheet(pixels, columns, SHEET_TILE, ramps, areas))


def _send(image: Image.Image) -> gr.FileData:
    """The picture as a file of Gradio's cache, which is emptied by the hour."""
    path = save_bytes_to_cache(to_png(image), "trama.png", get_upload_folder())
    return gr.FileData(path=path, mime_type="image/png", orig_name="trama.png")


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; TRAMA_MODEL stands in for --model."""
    parser = argparse.ArgumentParser(prog="app.py", description="Start the Trama page.")
    parser.add_argument(
        "--model",
        metavar="FOLDER|user/name[@revision]",
        default=os.environ.get("TRAMA_MODEL") or None,
        help="model folder, or model of the Hugging Face Hub (default: the variable TRAMA_MODEL, "
        "else the embedded weights/fashion-mnist)",
    )
    return parser.parse_args(arguments)


def main(blocks: gr.Blocks) -> None:
    """Serve until interrupted; a Space and GRADIO_SERVER_PORT choose the address."""
    try:
        blocks.launch(**LAUNCH, state_session_capacity=500)
    except OSError as error:
        sys.exit(f"trama: the page could not be started: {error}")


def _open_or_exit() -> gr.Blocks:
    arguments = parse_arguments(sys.argv[1:] if __name__ == "__main__" else [])
    try:
        return build(*open_studio(arguments.model))
    except (OSError, ValueError) as error:
        sys.exit(f"trama: the model could not be opened: {error}")


demo = _open_or_exit()  # at module level: Spaces and `gradio app.py` look for it

if __name__ == "__main__":
    main(demo)
