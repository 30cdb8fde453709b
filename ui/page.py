"""The page's parts: HTML, style and scripts from the files beside this one, as Gradio components."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from model.dye import DYES, MARGIN, hole_area
from model.labels import class_names
from model.latents import MAX_SEED
from model.studio import STRIP_STEPS, Studio
from ui.desk import Answer, Desk, Json, answering

HERE = Path(__file__).parent
FAVICON = HERE / "mark.png"

THEME = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
THEME.set(
    body_background_fill="#f5f1e8",
    body_background_fill_dark="#1b1916",
    body_text_color="#211e1a",
    body_text_color_dark="#f2ecdf",
)

FIRST_SEED = 4200
FIRST_CLASS = "Dress"
PAIR = (("Dress", 4202), ("Coat", 7718))
"""What Blend opens with: garments and dyes that differ, so that the first blend is worth a look."""

ICON_SEED = 7
FIRST_PERCENT = 42
MOST_DARING = 1.5

_SHORT_NAMES = {"T-shirt/top": "T-shirt", "Trouser": "Trousers", "Ankle boot": "Boot"}


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where the model came from.

    `kind` is folder, hub, cache or fallback; `notice` is the reason, one word of `words.json`, why
    it is not fresh from where it was asked for.
    """

    kind: str
    name: str
    asked: str = ""
    notice: str = ""


def header(studio: Studio, origin: Origin) -> gr.HTML:
    """Name, screens and languages; carries the style and the scripts that every part shares."""
    scripts = "".join(
        (f"window.trama={{setup:{_setup(studio)}}};", _read("cloth.js"), _read("page.js"))
    )
    ready = "dispatchEvent(new Event('trama'));"
    return gr.HTML(
        html_template=_read("header.html"),
        head=f"<style>{_read('trama.css')}</style><script>{scripts}{ready}</script>",
        js_on_load="trama.header(element, props.origin)",
        apply_default_css=False,
        elem_id="header",
        elem_classes="trama",
        origin=dataclasses.asdict(origin),
    )


def wardrobe(studio: Studio) -> gr.HTML:
    """The first screen, full before anybody asks."""
    desk, label = Desk(studio), _label(studio, FIRST_CLASS)
    first = {
        "label": label,
        "seed": FIRST_SEED,
        "daring": studio.default_daring,
        "rail": desk.wardrobe({"label": label, "seed": FIRST_SEED}),
        "line": desk.line({"seed": FIRST_SEED}),
        "icons": desk.line({"seed": ICON_SEED})["pixels"],
    }
    # Twelve pictures stand in the HTML itself, until the scripts draw them as sharp as the screen.
    tile = '<li><button class="tile"><img class="cloth" alt="" src="{}"></button></li>'
    thumbnails = desk.thumbnails(*studio.wardrobe(label, FIRST_SEED))
    rail = "".join(tile.format(address) for address in thumbnails)
    return _screen("wardrobe", [desk.wardrobe, desk.line, desk.picture], first, rail)


def blend(studio: Studio) -> gr.HTML:
    """Two garments and everything between them."""
    desk = Desk(studio)
    pair = {
        letter: studio.garment(_label(studio, name), seed)
        for letter, (name, seed) in zip("ab", PAIR, strict=True)
    }
    recipes = {letter: dataclasses.asdict(garment) for letter, garment in pair.items()}
    first = {
        **recipes,
        "percent": FIRST_PERCENT,
        "steps": STRIP_STEPS,
        "strip": desk.strip(recipes),
    }
    return _screen("blend", [desk.strip, desk.blend, desk.blend_picture], first)


def adjust(studio: Studio) -> gr.HTML:
    """One slider for each measured direction."""
    desk = Desk(studio)
    return _screen("adjust", [desk.edit, desk.previews, desk.garment, desk.edit_picture], {})


def footer(origin: Origin) -> gr.HTML:
    """Where the model came from, and the way to the API."""
    return gr.HTML(
        html_template=_read("footer.html"),
        js_on_load=_when_ready("trama.footer(element, props.origin)"),
        apply_default_css=False,
        elem_id="footer",
        elem_classes="trama",
        origin=dataclasses.asdict(origin),
    )


def _screen(
    name: str, calls: Sequence[Callable[[Json], Answer]], first: Answer, rail: str = ""
) -> gr.HTML:
    return gr.HTML(
        html_template=_read(f"{name}.html").replace("<!-- rail -->", rail),
        js_on_load=_when_ready(_read(f"{name}.js")),
        apply_default_css=False,
        elem_id=name,
        elem_classes="trama",
        server_functions=[answering(call) for call in calls],
        first=first,
    )


def _when_ready(script: str) -> str:
    """Run a part's script once the header has brought the shared ones, whichever loads first."""
    return (
        f"const start = () => {{\n{script}\n}};\n"
        "window.trama ? start() : addEventListener('trama', start, { once: true });"
    )


def _setup(studio: Studio) -> str:
    """What the scripts know of the model, as JSON that may stand inside a script element."""
    config = studio.config
    english = [_SHORT_NAMES.get(name, name) for name in class_names(config, "en")]
    words = json.loads(_read("words.json"))
    names = zip(english, class_names(config, "pt"), config.class_names, strict=True)
    classes: list[dict[str, Any]] = [
        {"en": en, "pt": pt, "area": hole_area(name)} for en, pt, name in names
    ]
    unnamed = {"en": words["en"]["piece"], "pt": words["pt"]["piece"], "area": hole_area("")}
    setup = {
        "size": config.image_size,
        "channels": config.image_channels,
        "dyed": config.image_channels == 1,
        "margin": MARGIN,
        "max_seed": MAX_SEED,
        "classes": classes or [unnamed],
        "daring": {"most": MOST_DARING} if studio.generator.directions else None,
        "directions": [dataclasses.asdict(control) for control in studio.controls],
        "dyes": DYES,
        "words": words,
    }
    return json.dumps(setup, ensure_ascii=False).replace("</", "<\\/")


def _label(studio: Studio, class_name: str) -> int:
    """Label of a class by name; the first for a model that does not have it."""
    names = studio.config.class_names
    return names.index(class_name) if class_name in names else 0


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
