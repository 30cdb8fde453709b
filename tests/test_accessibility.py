"""No serious or critical violation of axe-core anywhere: no rule and no widget is let off.

Screens are taken from the page itself, so that a new one is looked at as soon as it is there; a new
dialog is asked for by name.
"""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browsing import DESKTOP, OPENED, PHONE, TOUCH, told, unnamed
from ui.page import SCREENS

GRAVE = ("serious", "critical")
REST_MS = 400
"""After this a screen has asked for what it shows; the page's heartbeat never lets it be idle."""
DIALOGS = "[...document.querySelectorAll('dialog')].map(dialog => dialog.dataset.part).sort()"
OPENERS = {
    "large": ("wardrobe", "document.querySelector('#wardrobe [data-part=enlarge]').click()"),
    "help": ("wardrobe", "trama.keyHelp()"),
    "corner": ("blend", "document.querySelector('#blend [data-corner=a]').click()"),
    "weave": ("blend", "document.querySelector('#blend [data-part=classes-open]').click()"),
}
"""Screen of each dialog, and what opens it there."""


def violations(page: Page) -> list[str]:
    """What axe finds grave, by rule and element, once everything has come to rest."""
    page.evaluate("Promise.all(document.getAnimations().map(a => a.finished.catch(() => 0)))")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {' '.join(why['message'] for why in node['any'])}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


def everywhere(page: Page) -> dict[str, list[str]]:
    """Violations by screen and by dialog, those without any left out."""
    found = {}
    screens = page.evaluate("trama.setup.screens")
    assert set(screens) == set(SCREENS)
    for screen in screens:
        page.evaluate("screen => { location.hash = screen }", screen)
        page.wait_for_selector(f"#{screen}", state="visible")
        page.wait_for_timeout(REST_MS)
        found[screen] = violations(page)
    assert page.evaluate(DIALOGS) == sorted(OPENERS)
    for name, (screen, opener) in OPENERS.items():
        page.evaluate("screen => { location.hash = screen }", screen)
        page.wait_for_selector(f"#{screen}", state="visible")
        page.evaluate(opener)
        page.wait_for_selector(f"dialog[data-part={name}][open]")
        page.wait_for_timeout(REST_MS)
        found[name] = violations(page)
        page.evaluate("document.querySelector('dialog[open]').close()")
    return {place: wrong for place, wrong in found.items() if wrong}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
@pytest.mark.parametrize(
    ("viewport", "more"),
    [pytest.param(DESKTOP, {}, id="desktop"), pytest.param(PHONE, TOUCH, id="phone")],
)
def test_no_screen_shuts_anybody_out(
    visit: OPENED, viewport: Any, more: dict[str, Any], locale: str, scheme: str
) -> None:
    page = visit(locale, viewport, color_scheme=scheme, reduced_motion="reduce", **more)
    assert everywhere(page) == {}


def test_everything_has_a_name_before_any_answer_has_come(visit: OPENED) -> None:
    page = visit("pt-BR")
    page.route("**/component_server/**", lambda _: None)  # never answered
    page.reload()
    page.wait_for_function("document.body.dataset.screen")
    for screen in page.evaluate("trama.setup.screens"):
        page.evaluate("screen => { location.hash = screen }", screen)
        page.wait_for_selector(f"#{screen}", state="visible")
        assert {screen: unnamed(page)} == {screen: []}


def test_a_name_of_what_is_to_come_gives_way_in_either_language(visit: OPENED) -> None:
    page = visit("pt-BR")
    for screen in page.evaluate("trama.setup.screens"):
        page.evaluate("screen => { location.hash = screen }", screen)
        page.wait_for_selector(f"#{screen}", state="visible")
        for language, locale in (("pt", "pt-BR"), ("en", "en-US")):
            page.evaluate("language => trama.speak(language)", language)
            general = [told(locale, "to_come"), told(locale, "keep_it")]
            page.wait_for_function(
                """general => [...document.querySelectorAll('.trama [aria-label]')]
                     .filter(e => e.checkVisibility())
                     .every(e => !general.includes(e.getAttribute('aria-label')))""",
                arg=general,
            )


def test_a_button_without_a_name_would_be_found(visit: OPENED) -> None:
    page = visit("en-US")
    page.evaluate("document.querySelector('#wardrobe').append(document.createElement('button'))")
    assert any(wrong.startswith("button-name") for wrong in violations(page))
