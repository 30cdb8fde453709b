"""Models in a real browser, from a Hub on loopback: opened, used, compared, refused."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from model.studio import Studio
from model.weights import save_model
from tests.browsing import DESKTOP, VISITORS, complaint, drawn, outside, overflowing, save, told
from tests.conftest import write_tiny_model
from tests.hub_server import TOKEN, Hub, serve
from tests.test_weights import networks
from ui.shelf import Entry, Shelf
from ui.shelf_rules import ShelfRules

STAGE = "#wardrobe .big canvas"
CARDS = "#models .shelf > li"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A Hub with a model of two classes, and one of ten in two revisions; its token is set."""
    place = tmp_path_factory.mktemp("published")
    save_model(place / "two", networks(3)[0])
    older = write_tiny_model(place / "older", directions=False)
    with serve() as (hub, address), pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if "proxy" in name.lower() or name.startswith(("TRAMA_MODELS", "SPACE_")):
                patch.delenv(name)
        patch.setenv("HF_ENDPOINT", address)
        patch.setenv("HF_HOME", str(place / "home"))
        patch.setenv("HF_TOKEN", TOKEN)
        patch.setenv("TRAMA_CACHE", str(place / "cache"))
        hub.put("user/two", contents(place / "two"))
        digest = Studio.open(older).digest
        hub.put("user/ten", contents(older), (f"generator-{digest}",))
        hub.older = f"user/ten~{digest}"  # type: ignore[attr-defined]
        yield hub


def launch(app: ModuleType, studio: Studio, folder: Path) -> tuple[Any, str]:
    shelf = Shelf([Entry(studio, str(folder))], ShelfRules.read(os.environ), "tiny")
    blocks = app.build(studio, app.page.Origin("folder", "tiny"), shelf)
    _, address, _ = blocks.launch(prevent_thread_lock=True, quiet=True, **app.LAUNCH)
    return blocks, address


@pytest.fixture
def models_url(hub: Hub, app: ModuleType, studio: Studio, tiny_model: Path) -> Iterator[str]:
    blocks, address = launch(app, studio, tiny_model)
    yield address
    blocks.close()


def visit(browser: Browser, address: str, faults: list[str], locale: str, **more: Any) -> Page:
    page = browser.new_context(locale=locale, **more).new_page()
    page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
    page.on("console", lambda line: faults.extend(complaint(line)))
    page.on("request", lambda request: faults.extend(outside(request.url)))
    page.goto(address)
    page.wait_for_function("document.body.dataset.screen")
    return page


def ask_for(page: Page, source: str) -> None:
    page.locator("#models [data-part=source]").fill(source)
    page.locator("#models [data-part=open]").click()


@pytest.mark.parametrize(("locale", "viewport", "more"), [VISITORS[0], VISITORS[3]])
def test_a_model_is_opened_compared_and_used(
    browser: Browser,
    models_url: str,
    hub: Hub,
    locale: str,
    viewport: Any,
    more: dict[str, Any],
) -> None:
    faults: list[str] = []
    page = visit(browser, models_url, faults, locale, viewport=viewport, **more)
    page.locator(".foot [data-go=models]").click()
    expect(page.locator(CARDS)).to_have_count(1)
    ask_for(page, "nobody/<b>nothing</b>")
    malformed = told(locale, "reason_malformed")
    expect(page.locator("#models .wrong")).to_contain_text(malformed)
    ask_for(page, "nobody/nothing")
    absent = told(locale, "reason_not_found")
    expect(page.locator("#models .wrong")).to_contain_text(absent, timeout=30_000)
    ask_for(page, "user/two")
    expect(page.locator(CARDS)).to_have_count(2, timeout=30_000)
    tiles = page.locator("#models .columns section:nth-child(2) .tile")
    expect(tiles).to_have_count(12)
    drawn(page, "#models .columns section:nth-child(2) .tile canvas")
    numbers = page.locator("#models .columns section .no").all_text_contents()
    assert numbers[:12] == numbers[12:] == [str(4200 + place) for place in range(12)]
    assert overflowing(page) == []
    save(page, f"models-{locale}-{viewport['width']}")
    page.locator(f"{CARDS}:nth-child(2) button").click()
    page.wait_for_function("location.search.startsWith('?model=user/two~')")
    page.wait_for_selector("#wardrobe [data-part=rail] canvas", state="attached")
    expect(page.locator(".foot [data-part=origin]")).to_contain_text("user/two")
    expect(page.locator("#wardrobe .chip")).to_have_count(3)
    expect(page.locator(".nav a[data-go=adjust]")).to_be_hidden()
    before = drawn(page, STAGE)
    page.locator("#wardrobe [data-part=roll]").click()
    page.wait_for_function(
        "([s, b]) => document.querySelector(s).toDataURL() !== b", arg=[STAGE, before]
    )
    page.locator(".nav a[data-go=blend]").click()
    drawn(page, "#blend .big canvas")
    page.locator(".nav a[data-go=line]").click()
    expect(page.locator("#line canvas").first).to_be_visible()
    page.locator(".foot [data-go=models]").click()
    page.locator("#models .columns section:nth-child(2) .tile").first.click()
    page.wait_for_function("location.hash === '#wardrobe' && location.search.includes('r=tr1~')")
    page.wait_for_function("window.trama?.garment?.seed === 4200")
    assert page.evaluate("trama.key()") == page.evaluate("trama.own")
    page.context.close()
    assert faults == []
    assert hub.credentials == []


@pytest.mark.parametrize(("locale", "viewport", "more"), [VISITORS[0], VISITORS[3]])
def test_the_field_understands_an_address_and_says_what_is_missing(
    browser: Browser, models_url: str, hub: Hub, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    faults: list[str] = []
    page = visit(browser, f"{models_url}#models", faults, locale, viewport=viewport, **more)
    wrong, field = page.locator("#models .wrong"), page.locator("#models [data-part=source]")
    for text, said in (
        ("", told(locale, "model_empty")),
        ("https://huggingface.co/datasets/user/two", told(locale, "reason_malformed")),
        ("hf.co/nobody/nothing/tree/main", "nobody/nothing "),
        ("https://huggingface.co/user/two/tree/refs%2Fpr%2F7", "user/two@refs/pr/7 "),
    ):
        ask_for(page, text)
        expect(wrong).to_contain_text(said, timeout=30_000)
        expect(field).to_have_accessible_description(wrong.inner_text())
        expect(wrong).to_be_in_viewport(ratio=1)
        below = page.evaluate(
            """() => {
                 const note = document.querySelector('#models .wrong').getBoundingClientRect();
                 return document.elementFromPoint(note.left + 4, note.bottom - 4).className;
               }"""
        )
        assert below == "wrong"  # and not the bar of the tabs
    save(page, f"models-refused-{locale}-{viewport['width']}")
    ask_for(page, "https://huggingface.co/user/two?library=trama")
    expect(page.locator(CARDS)).to_have_count(2, timeout=30_000)
    title = page.locator(f"{CARDS}:nth-child(2) h2")
    expect(title).to_contain_text("user/two")
    assert title.evaluate("e => e.scrollWidth <= e.clientWidth")
    page.context.close()
    assert faults == []
    assert hub.credentials == []


def test_a_link_of_an_older_revision_loads_it(browser: Browser, models_url: str, hub: Hub) -> None:
    faults: list[str] = []
    name, digest = hub.older.split("~")  # type: ignore[attr-defined]
    recipe = f"tr1~{name}~{digest}~3:77:1~~madder"
    page = visit(browser, f"{models_url}?r={recipe}", faults, "en-US", viewport=DESKTOP)
    page.wait_for_function("location.search.startsWith('?model=user/ten~')", timeout=30_000)
    page.wait_for_function("window.trama?.garment?.seed === 77")
    expect(page.locator("#wardrobe h2").first).to_contain_text("Dress")
    gone = f"{models_url}?model=user/ten~0badcafe"
    page.goto(gone)
    expect(page.get_by_role("alert")).to_contain_text(
        told("en", "reason_other_revision"), timeout=30_000
    )
    drawn(page, STAGE)
    page.context.close()
    assert faults == []
    assert hub.credentials == []


def test_a_public_space_opens_only_what_is_listed(
    browser: Browser,
    hub: Hub,
    app: ModuleType,
    studio: Studio,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SPACE_ID", "user/space")
    faults: list[str] = []
    blocks, address = launch(app, studio, tiny_model)
    try:
        page = visit(browser, f"{address}#models", faults, "pt-BR", viewport=DESKTOP)
        expect(page.locator("#models [data-part=closed]")).to_be_visible()
        expect(page.locator("#models [data-part=opening]")).to_be_hidden()
        page.goto(f"{address}?model=user/two~0badcafe#models")
        expect(page.get_by_role("alert")).to_contain_text(told("pt", "reason_not_allowed"))
        page.context.close()
    finally:
        blocks.close()
    assert faults == []
