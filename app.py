"""The page and its API: python app.py [--mcp] [--model FOLDER | user/name[@revision]] ..."""

import argparse
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

try:  # before torch: on ZeroGPU it patches CUDA; elsewhere it need not be installed
    spaces: Any = importlib.import_module("spaces")
except ImportError:
    spaces = None

# Gradio sums up its statistics after every call: a fifth of a call's work, and nobody reads them.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")

import gradio as gr
import torch

from model.hub import parse_source, resolve_model
from model.studio import Studio
from model.weights import SHIPPED_MODEL
from ui import endpoints, page
from ui.desk import Desk
from ui.shelf import Entry, Shelf
from ui.shelf_rules import ShelfRules

P = ParamSpec("P")
R = TypeVar("R")

LAUNCH: dict[str, Any] = {
    "theme": page.THEME,
    "favicon_path": page.FAVICON,
    "footer_links": ["api"],
    "run_history": False,
    "max_file_size": "8mb",
    "show_error": True,
    "pwa": True,
}
"""What every way to start the page shares, `mount_gradio_app` included."""


def open_studio(source: str | None) -> tuple[Studio, page.Origin]:
    """Studio of the model that was asked for, or of the embedded one with a notice.

    Raises:
        ValueError: neither a usable folder nor a well-formed model id.
    """
    place, revision = parse_source(source or SHIPPED_MODEL)
    resolved = resolve_model(place, revision, SHIPPED_MODEL)
    if resolved.notice:
        print(f"trama: {resolved.detail}", file=sys.stderr)
    local = resolved.origin in ("folder", "fallback")
    name = resolved.folder.resolve().name if local else str(source)
    origin = page.Origin(resolved.origin, name, source or "", resolved.notice or "")
    return Studio.open(resolved.folder, None if local else place), origin


def open_shelf(sources: Sequence[str]) -> tuple[Shelf, page.Origin]:
    """Shelf of what was asked for, and the origin of the first, which is the page's own.

    Another one that cannot be had is left out, with a line on standard error.

    Raises:
        ValueError: neither usable folders nor well-formed model ids, or too many.
    """
    rules = ShelfRules.read(os.environ)
    first, origin = open_studio(sources[0] if sources else None)
    given = {(first.name, first.digest): Entry(first, sources[0] if sources else first.name)}
    for source in sources[1:]:
        studio, other = open_studio(source)
        if other.kind != "fallback":
            given.setdefault((studio.name, studio.digest), Entry(studio, source))
    return Shelf(tuple(given.values()), rules, SHIPPED_MODEL.name), origin


def build(studio: Studio, origin: page.Origin, shelf: Shelf | None = None) -> gr.Blocks:
    """The whole page; it is not yet started."""
    blocks = gr.Blocks(title="Trama", analytics_enabled=False, delete_cache=(600, 3600))
    with blocks:
        desk = Desk(studio, shelf)
        page.build(desk, origin)
        endpoints.offer(desk, _on_gpu)
    # Not "auto": at the end of each call it writes to everybody who waits, which fifty visitors feel.
    blocks.queue(status_update_rate=2, default_concurrency_limit=4, max_size=256)
    # A thousand looks a second at an empty queue are 3 % of a core, day and night.
    blocks._queue.sleep_when_free = 0.005  # noqa: SLF001 - there is no public way
    return blocks


def _on_gpu(function: Callable[P, R]) -> Callable[P, R]:
    """Lease a GPU for the length of a call on ZeroGPU; elsewhere the function as it is."""
    if spaces is None:
        return function
    leased: Callable[P, R] = spaces.GPU(duration=20)(function)
    return leased


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; TRAMA_MODEL stands in for --model."""
    parser = argparse.ArgumentParser(prog="app.py", description="Start the Trama page.")
    parser.add_argument(
        "--model",
        metavar="FOLDER|user/name[@revision]",
        action="append",
        help="model folder, or model of the Hugging Face Hub (default: the variable TRAMA_MODEL, "
        "else the embedded weights/fashion-mnist); up to three, the first is the page's own",
    )
    parser.add_argument(
        "--mcp",
        action="store_true",
        help="offer the API's endpoints to agents too, as tools of an MCP server at "
        "/gradio_api/mcp; needs pip install 'gradio[mcp]'",
    )
    parsed = parser.parse_args(arguments)
    named = os.environ.get("TRAMA_MODEL")
    parsed.model = parsed.model or ([named] if named else [])
    return parsed


def main(blocks: gr.Blocks, mcp: bool = False) -> None:
    """Serve until interrupted; a Space and GRADIO_SERVER_PORT choose the address."""
    # None, and not False: GRADIO_MCP_SERVER may ask for it too.
    try:
        blocks.launch(**LAUNCH, state_session_capacity=200, mcp_server=mcp or None)
    except OSError as error:
        sys.exit(f"trama: the page could not be started: {error}")


def _open_or_exit() -> gr.Blocks:
    arguments = parse_arguments(sys.argv[1:] if __name__ == "__main__" else [])
    threads = os.environ.get("TRAMA_THREADS", "1")
    if not re.fullmatch("[1-9][0-9]{0,2}", threads):
        sys.exit(f"trama: TRAMA_THREADS must be a whole number in 1..999, not {threads!r}")
    # Before the studio: alone a garment takes 6 ms instead of 4, but among others torch's threads
    # wait for each other at every operation, and take up to 25 times as long.
    torch.set_num_threads(int(threads))
    if arguments.mcp and importlib.util.find_spec("mcp") is None:
        sys.exit("trama: --mcp needs one more package: pip install 'gradio[mcp]'")
    try:
        shelf, origin = open_shelf(arguments.model)
        return build(shelf.first.studio, origin, shelf)
    except (OSError, ValueError) as error:
        sys.exit(f"trama: the model could not be opened: {error}")


demo = _open_or_exit()  # at module level: Spaces and `gradio app.py` look for it

if __name__ == "__main__":
    main(demo, parse_arguments(sys.argv[1:]).mcp)
