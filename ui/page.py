"""The page's frame: header, screens and footer, as Gradio components."""

import dataclasses
import json
from collections.abc import Callable

import gradio as gr

from model.dye import DYES, MARGIN
from model.latents import MAX_SEED
from model.referee import can_referee
from ui import adjust, blend, collection, game, learn, line, models, photo, replay, wardrobe
from ui.desk import Answer, Desk, Json, answering, key_of, speaking_of
from ui.model_setup import model_setup
from ui.opinion import Opinions, suits
from ui.parts import HERE, load_words, page_address, read, when_ready

FAVICON = HERE / "mark.png"
SCREENS: dict[str, Callable[[Desk], gr.HTML]] = {
    "wardrobe": wardrobe.build,
    "line": line.build,
    "blend": blend.build,
    "adjust": adjust.build,
    "photo": photo.build,
    "learn": learn.build,
    "models": models.build,
    "collection": collection.build,
    "replay": replay.build,
    "game": game.build,
}
"""In the order of the page; each has a `.html`, a `.js` and a file of `words/` of its name."""

OF_SOME_MODELS = ("adjust", "learn", "replay", "game")

FIRSTS: dict[str, Callable[[Desk], Answer]] = {
    "wardrobe": wardrobe.first,
    "line": line.first,
    "blend": blend.first,
    "photo": photo.first,
}
"""What a screen opens with, where that is a matter of the model."""

SCRIPTS = (
    "cloth.js", "page.js", "tell.js", "story.js", "speak.js", "store.js", "open.js", "recipe-field.js", "keys.js",
    "hints.js", "large.js", "nursery.js",
    "pad.js", "corners.js", "weave.js", "blend-link.js", "reel.js", "lookbook.js", "moves.js", "sliders.js",
    "kept-tree.js", "kept-file.js", "dataset.js",
    "photo-file.js", "crop.js", "eraser.js", "fill.js",
    "lesson-parts.js", "opinion.js", "lesson-kinds.js", "lesson-noise.js", "lesson-duel.js",
    "lesson-train.js",
)  # fmt: skip
SHARED_STYLES = ("trama.css", "dialogs.css", "fill.css", "opinion.css")
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
    for name in _built(desk):
        SCREENS[name](desk)
    _footer(origin)


def _built(desk: Desk) -> list[str]:
    """Some screens are there even if not for the page's own model: another may have them."""
    wanted = _screens(desk)
    return [name for name in SCREENS if name in wanted or name in OF_SOME_MODELS]


def _screens(desk: Desk) -> list[str]:
    studio = desk.studio
    left_out = {
        "adjust": not studio.controls,
        "game": not can_referee(studio),
        "replay": not replay.has_film(studio),
        "line": not 1 < studio.config.num_classes <= line.MOST_GARMENTS,
        "learn": not suits(desk),
    }
    return [name for name in SCREENS if not left_out.get(name)]


def _header(desk: Desk, origin: Origin) -> gr.HTML:
    """Name, screens and languages; carries the style and the scripts that every part shares."""
    scripts = [f"window.trama={{setup:{_setup(desk)}}};", *map(read, SCRIPTS)]

    built = _built(desk)

    def setup(request: Json) -> Answer:
        """What the scripts and the screens know of a model that a link or a visitor named."""
        with speaking_of(key_of(desk.fetch(request.get("model")))):
            screens = [name for name in _screens(desk) if name in built]
            firsts = {name: FIRSTS[name](desk) for name in screens if name in FIRSTS}
            return {"setup": {**model_setup(desk.studio), "screens": screens}, "firsts": firsts}

    opinions = Opinions(desk)
    calls = (
        setup, desk.open, desk.garment, desk.line, desk.mix, desk.make_children, desk.picture,
        opinions.opinion, opinions.nearest,
    )  # fmt: skip
    return gr.HTML(
        html_template=read("header.html"),
        head=f"<style>{''.join(map(read, STYLES))}</style><script>{''.join(scripts)}</script>",
        js_on_load=read("header.js"),
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


def _setup(desk: Desk) -> str:
    """What the scripts know, as JSON that may stand inside a script element."""
    setup = {
        **model_setup(desk.studio),
        "screens": _screens(desk),
        "address": page_address(),
        "margin": MARGIN,
        "max_seed": MAX_SEED,
        "dyes": DYES,
        "words": load_words(),
    }
    return json.dumps(setup, ensure_ascii=False).replace("</", "<\\/")
