"""Files of this folder as parts of the page: markup, style, scripts and words."""

import functools
import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ui.desk import Answer, Json, answering

HERE = Path(__file__).parent
LANGUAGES = ("pt", "en")


def read(name: str) -> str:
    """Text of a file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


@functools.cache
def load_words() -> dict[str, dict[str, str]]:
    """Every word of the page by language and key, from the files of `words/`, one for each screen.

    Raises:
        ValueError: a key stands twice, or not in every language.
    """
    words: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for path in sorted((HERE / "words").glob("*.json")):
        given = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
        keys = {language: set(given.get(language, {})) for language in LANGUAGES}
        if odd := keys["pt"] ^ keys["en"]:
            raise ValueError(f"{path.name}: {min(odd)!r} is not in every language")
        if twice := keys["pt"] & words["pt"].keys():
            raise ValueError(f"{path.name}: {min(twice)!r} stands in another file too")
        for language in LANGUAGES:
            words[language] |= given[language]
    return words


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a key that stands twice the later would win without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{max(keys, key=keys.count)!r} stands twice")
    return found


def page_address() -> str | None:
    """Where a Space has the page: it shows it in a frame, so the page itself cannot know."""
    host = os.environ.get("SPACE_HOST")
    return f"https://{host}/" if host else None


def screen(
    name: str, calls: Sequence[Callable[[Json], Answer]], first: Answer, rail: str = ""
) -> gr.HTML:
    """A screen from its `.html` and `.js`: what it may ask the server, and what it opens with."""
    return gr.HTML(
        html_template=_markup(name).replace("<!-- rail -->", rail),
        js_on_load=when_ready(_of_the_model(name)),
        apply_default_css=False,
        elem_id=name,
        elem_classes="trama screen",
        server_functions=[answering(call) for call in calls],
        first=first,
    )


def _markup(name: str) -> str:
    """A screen's `.html`; where it says `<!-- NAME.html -->`, that file stands."""
    return re.sub(r"<!-- (\w+\.html) -->\n?", lambda found: read(found[1]), read(f"{name}.html"))


def _of_the_model(name: str) -> str:
    """A screen's script, with what it opens with and its calls those of the model of the page."""
    return (
        f"if (!trama.setup.screens.includes('{name}')) return;\n"
        f"const ask = trama.asking(server), open = trama.firsts?.{name} ?? props.first;\n"
        f"((props, server) => {{\n{read(f'{name}.js')}\n}})({{ first: open }}, ask);"
    )


def when_ready(script: str) -> str:
    """Run a part's script once the header has brought the shared ones, whichever loads first."""
    return (
        f"const start = () => {{\n{script}\n}};\n"
        "window.trama?.server ? start() : addEventListener('trama', start, { once: true });"
    )
