"""What the browser tests look at: pictures on canvases, faults, what stands out of the window."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, Route

from ui.parts import load_words

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = {"width": 360, "height": 780}
DESKTOP = {"width": 1280, "height": 900}
OPENED = Callable[..., Page]
SCREENSHOTS = Path(__file__).parent.parent / "runs" / "screenshots"
TOUCH: dict[str, Any] = {"has_touch": True, "is_mobile": True}
VISITORS = [
    pytest.param("pt-BR", DESKTOP, {}, id="pt-desktop"),
    pytest.param("pt-BR", PHONE, TOUCH, id="pt-phone"),
    pytest.param("en-US", DESKTOP, {"color_scheme": "dark"}, id="en-desktop"),
    pytest.param("en-US", PHONE, {**TOUCH, "color_scheme": "dark"}, id="en-phone"),
]
"""Locale, window and what else is asked of it: both languages, both sizes, light and dark."""

TWO_VISITORS = [("pt-BR", DESKTOP, {}), ("en-US", PHONE, TOUCH)]
"""Each language and each size once, where a flow takes long."""


def complaint(line: ConsoleMessage) -> list[str]:
    """What a console line tells of a fault; Gradio's API panel asks whether there is MCP."""
    expected = line.location["url"].endswith("/gradio_api/mcp/schema")
    return [f"console: {line.text}"] if line.type == "error" and not expected else []


def outside(address: str) -> list[str]:
    local = ("http://127.0.0.1:", "http://localhost:", "data:", "blob:")
    return [] if address.startswith(local) else [f"request to {address}"]


def drawn(page: Page, selector: str) -> str:
    """The picture on a canvas, once there is one: a canvas that nobody drew on is 300 by 150."""
    page.wait_for_function(
        """s => { const c = document.querySelector(s);
               return c && c.width > 4 && c.offsetWidth && !(c.width === 300 && c.height === 150); }""",
        arg=selector,
    )
    return str(page.eval_on_selector(selector, "c => c.toDataURL()"))


def come_again(page: Page) -> None:
    """Another visit by the same browser: unlike a reload it begins afresh, with what was kept."""
    address = page.url
    page.goto("about:blank")
    page.goto(address)


def expect_new(page: Page, selector: str, before: str) -> str:
    """Wait until the canvas shows another picture, and return it."""
    page.wait_for_function(
        "([s, before]) => document.querySelector(s).toDataURL() !== before",
        arg=[selector, before],
    )
    return drawn(page, selector)


def overflowing(page: Page) -> list[str]:
    """Elements that stand out of the window to the right, scrolling rows apart."""
    found: list[str] = page.evaluate(
        """wide => [...document.querySelectorAll('.trama *')].filter(e => {
             const box = e.getBoundingClientRect();
             return box.width && box.right > wide + 1 && !e.closest('.chips, .film, .vh');
           }).map(e => `${e.tagName}.${e.className}`)""",
        page.viewport_size["width"],  # a phone's innerWidth grows with what stands out
    )
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return found if width <= page.viewport_size["width"] else [*found, f"page is {width} px wide"]


def unnamed(page: Page) -> list[str]:
    """What a visitor can see or use and a screen reader has no name for."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('.trama :is(button, a, input, select, [role=img])')]
             .filter(e => e.checkVisibility())
             .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.querySelector('img[alt]')
                            || e.labels?.length || e.closest('label')))
             .map(e => e.outerHTML.slice(0, 120))"""
    )
    return found


def save(page: Page, name: str) -> None:
    """Keep a picture of the whole page, to be looked at by people."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def told(locale: str, key: str, **values: object) -> str:
    """A word of the page in the visitor's language."""
    return load_words()[locale[:2]][key].format(**values)


def part(page: Page, name: str) -> Locator:
    """A part of the wardrobe."""
    return page.locator(f"#wardrobe [data-part={name}]")


def tile(page: Page, number: int) -> Locator:
    """A garment of the wardrobe's rail, from 1."""
    return page.locator(f"#wardrobe .rail li:nth-child({number}) .tile")


def hold(page: Page, name: str) -> list[Route]:
    """Calls of a server function from now on: each waits in this list until a test lets it go."""
    held: list[Route] = []

    def catch(route: Route) -> None:
        if route.request.post_data_json["fn_name"] == name:
            held.append(route)
        else:
            route.fallback()

    page.route("**/component_server/**", catch)
    return held


def come(page: Page, held: list[Route], count: int = 1) -> None:
    """Wait until so many calls are held."""
    for _ in range(600):
        if len(held) >= count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(held)} calls of {count}")


def let_go(page: Page, route: Route, failing: bool = False) -> None:
    """Answer a held call, and give the page a moment to do with it what it will."""
    with page.expect_response(route.request.url):
        route.fulfill(json=None) if failing else route.continue_()
    page.wait_for_timeout(150)


def kept(page: Page) -> list[dict[str, Any]]:
    """What is in the collection."""
    entries: list[dict[str, Any]] = page.evaluate("trama.store.list()")
    return entries
