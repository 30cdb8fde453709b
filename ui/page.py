"""The page's frame: header, screens and footer, as Gradio components."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import gradio as gr

from model.dye import DYES, MARGIN, hole_area
from model.latents import MAX_SEED
from model.studio import Studio
from ui import adjust, blend, collection, line, wardrobe
from ui.desk import Desk, answering
from ui.names import short_class_names
from ui.parts import HERE, load_words, page_address, read, when_ready

FAVICON = HERE / "mark.png"
SCREENS: dict[str, Callable[[Desk], gr.HTML]] = {
    "wardrobe": wardrobe.build,
    "line": line.build,
    "blend": blend.build,
    "adjust": adjust.build,
    "collection": collection.build,
}
"""In the order of the page; each has a `.html`, a `.js` and a file of `words/` of its name."""

SCRIPTS = (
    "cloth.js", "page.js", "store.js", "open.js", "recipe-field.js", "keys.js", "hints.js", "large.js", "nursery.js",
    "pad.js", "corners.js", "weave.js", "reel.js", "lookbook.js", "moves.js", "sliders.js",
    "kept-tree.js", "kept-file.js", "dataset.js",
)  # fmt: skip
SHARED_STYLES = ("trama.css", "dialogs.css")
STYLES = (
    *SHARED_STYLES,
    *sorted(path.name for path in HERE.glob("*.css") if path.stem in SCREENS),
)

THEME = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
THEME.set(
    body_background_fill="#f5f1e8",
    body_background_fill_dark="#1b1916",
    body_text_color="#211e1a",
    body_text_color_dark="#f2ecdf",
)

MOST_DARING = 1.5

MOST_UNNAMED = 2.0
"""Strength of unnamed directions on the page: recipes know 3, where little of a garment is left."""


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where the model came from.

    `kind` is folder, hub, cache or fallback; `notice` is the reason, one word of `words/shell.json`,
    why it is not fresh from where it was asked for.
    """

    kind: str
    name: str
    asked: str = ""
    notice: str = ""


def build(desk: Desk, origin: Origin) -> None:
    """Everything that is seen, inside an open `gr.Blocks`."""
    _header(desk, origin)
    for name in _screens(desk.studio):
        SCREENS[name](desk)
    _footer(origin)


def _screens(studio: Studio) -> list[str]:
    left_out = {
        "adjust": not studio.controls,
        "line": not 1 < studio.config.num_classes <= line.MOST_GARMENTS,
    }
    return [name for name in SCREENS if not left_out.get(name)]


def _header(desk: Desk, origin: Origin) -> gr.HTML:
    """Name, screens and languages; carries the style and the scripts that every part shares."""
    scripts = [f"window.trama={{setup:{_setup(desk.studio)}}};", *map(read, SCRIPTS)]
    calls = (desk.open, desk.garment, desk.line, desk.mix, desk.make_children, desk.picture)
    return gr.HTML(
        html_template=read("header.html"),
        head=f"<style>{''.join(map(read, STYLES))}</style><script>{''.join(scripts)}</script>",
        js_on_load="trama.header(element, props.origin, server); dispatchEvent(new Event('trama'));",
        apply_default_css=False,
        elem_id="header",
        elem_classes="trama",
        server_functions=[answering(call) for call in calls],
        origin=dataclasses.asdict(origin),
    )


def _footer(origin: Origin) -> gr.HTML:
    """Where the model came from, the ways to the API and the keys, and the dialogs of the page."""
    return gr.HTML(
        html_template=read("footer.html") + read("dialogs.html"),
        js_on_load=when_ready("trama.footer(element, props.origin)"),
        apply_default_css=False,
        elem_id="footer",
        elem_classes="trama",
        origin=dataclasses.asdict(origin),
    )


def _setup(studio: Studio) -> str:
    """What the scripts know, as JSON that may stand inside a script element."""
    setup = {
        **model_setup(studio),
        "screens": _screens(studio),
        "address": page_address(),
        "margin": MARGIN,
        "max_seed": MAX_SEED,
        "dyes": DYES,
        "words": load_words(),
    }
    return json.dumps(setup, ensure_ascii=False).replace("</", "<\\/")


def model_setup(studio: Studio) -> dict[str, Any]:
    """What the scripts know of a model: its classes, directions and pictures."""
    config, piece = studio.config, {lang: words["piece"] for lang, words in load_words().items()}
    english, portuguese = (short_class_names(config, language) for language in ("en", "pt"))
    names = zip(english, portuguese, config.class_names, strict=True)
    classes: list[dict[str, Any]] = [
        {"en": en, "pt": pt, "area": hole_area(name)} for en, pt, name in names
    ]
    return {
        "model": {"name": studio.name, "digest": studio.digest},
        "size": config.image_size,
        "channels": config.image_channels,
        "dyed": config.image_channels == 1,
        "classes": classes or [{**piece, "area": hole_area("")}],
        "daring": {"most": MOST_DARING, "usual": studio.default_daring}
        if studio.generator.directions
        else None,
        "directions": [dataclasses.asdict(control) for control in studio.controls],
        "components": {"names": studio.components, "most": MOST_UNNAMED},
    }
