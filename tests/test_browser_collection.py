"""The collection in a real browser: kept across restarts, walked as a family, taken as files."""

import functools
import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from model.keepsake import stamp_png
from model.mixing import blend, children
from model.pixels import to_image
from model.recipe import MAX_LENGTH, Recipe
from model.studio import Studio
from tests.browsing import (
    OPENED,
    TWO_VISITORS,
    VISITORS,
    drawn,
    kept,
    overflowing,
    part,
    save,
    told,
)

KEY = "trama.collection.1"


def entry(recipe: Recipe, *parents: Recipe) -> dict[str, Any]:
    return {
        "recipe": recipe.text,
        "born": "2026-11-20",
        "parents": [parent.text for parent in parents],
    }


@pytest.fixture
def family(studio: Studio) -> list[dict[str, Any]]:
    """Two children of a blend, the blend, one of its two parents, and a line."""
    a, b = studio.garment("dress", 7), studio.garment("coat", 8)
    mixed = blend(a, b, 0.4)
    young = children(mixed, 0.5, 3)[:2]
    line = [garment.text for garment in studio.line(42)]
    kept_line = {"line": line, "name": "Anil & <b>ocre</b>", "born": "2026-11-19"}
    return [*(entry(child, mixed) for child in young), entry(mixed, a, b), entry(a), kept_line]


def stored(url: str, entries: object) -> dict[str, Any]:
    """What a browser remembers between two visits."""
    item = {"name": KEY, "value": json.dumps(entries)}
    return {"cookies": [], "origins": [{"origin": url.rstrip("/"), "localStorage": [item]}]}


def screen(page: Page, name: str) -> Any:
    return page.locator(f"#collection [data-part={name}]")


def tiles(page: Page) -> Any:
    return page.locator("#collection .kept .tile")


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_what_is_kept_is_there_after_a_restart(
    visit: OPENED, studio: Studio, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, "collection", **more)
    expect(screen(page, "empty")).to_be_visible()
    expect(screen(page, "stage")).to_be_hidden()
    assert overflowing(page) == []
    save(page, f"collection-empty-{locale}-{viewport['width']}")
    screen(page, "empty").get_by_role("link").click()
    for _ in range(2):
        heart = part(page, "heart")
        heart.click()
        page.locator("#wardrobe .rail li:nth-child(3) .tile").click()
    assert len(kept(page)) == 2
    state = page.context.storage_state()

    broken = studio.garment("bag", 1).text.replace(studio.digest, "0badcafe")
    again = visit(locale, viewport, "collection", storage_state=state, **more)
    again.evaluate("list => trama.store.replace([...list, ...trama.store.list()])",
                   [{"recipe": broken, "born": "2026-01-02", "parents": []}])  # fmt: skip
    expect(tiles(again)).to_have_count(3)
    expect(tiles(again).first).to_contain_text(told(locale, "recipe_revision", detail="").strip())
    drawn(again, "#collection .kept li:nth-child(2) canvas")
    newest = kept(again)[1]["recipe"]
    assert overflowing(again) == []
    save(again, f"collection-kept-{locale}-{viewport['width']}")
    again.locator("#collection .kept li:nth-child(1) .fav").click()
    again.locator("#collection .kept li:nth-child(1) .fav").click()
    expect(tiles(again)).to_have_count(1)
    expect(screen(again, "undone")).to_be_visible()
    again.get_by_role("button", name=told(locale, "undo_removal")).click()
    expect(tiles(again)).to_have_count(2)
    assert kept(again)[0]["recipe"] == newest
    tiles(again).first.click()
    expect(part(again, "title")).to_be_visible()
    assert again.evaluate("trama.garment.recipe") == newest


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_the_family_tree_is_walked_from_the_keyboard(
    visit: OPENED, url: str, family: list[dict[str, Any]], locale: str, viewport: Any,
    more: dict[str, Any],
) -> None:  # fmt: skip
    page = visit(locale, viewport, "collection", storage_state=stored(url, family), **more)
    tree = screen(page, "tree")
    page.locator("#collection .kept li:nth-child(3) .kin").click()
    expect(tree.locator(".tile")).to_have_count(5)  # two parents, itself, two children
    expect(tree.locator(".stranger")).to_have_count(1)
    expect(tree.locator("path")).to_have_count(4)
    expect(screen(page, "recipe").locator("code")).to_have_text(family[2]["recipe"])
    assert overflowing(page) == []
    page.wait_for_timeout(300)
    save(page, f"collection-tree-{locale}-{viewport['width']}")
    tree.locator(".stranger").focus()
    page.keyboard.press("Enter")
    expect(tree.locator(".tile")).to_have_count(2)  # the other parent, and its child
    expect(tree.locator("[aria-pressed=true]")).to_be_focused()
    expect(screen(page, "born")).to_have_text(told(locale, "not_kept"))
    tree.locator("[aria-pressed=false]").press("Enter")
    expect(tree.locator(".tile")).to_have_count(5)
    strip = page.locator("#collection .hang")
    expect(strip).to_contain_text("<b>ocre</b>")
    strip.click()
    expect(page.locator("#line h1")).to_contain_text("42")


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_a_file_takes_the_collection_elsewhere(
    visit: OPENED, url: str, family: list[dict[str, Any]], tmp_path: Path, locale: str,
    viewport: Any, more: dict[str, Any],
) -> None:  # fmt: skip
    page = visit(locale, viewport, "collection", storage_state=stored(url, family), **more)
    with page.expect_download() as download:
        screen(page, "export").click()
    file = tmp_path / "trama.json"
    download.value.save_as(file)
    exported = json.loads(file.read_text(encoding="utf-8"))
    assert exported == {"format": "trama-collection", "version": 1, "entries": family}

    other = visit(locale, viewport, "collection", storage_state=stored(url, family[3:]), **more)
    choose = screen(other, "import-file")
    choose.set_input_files(file)
    expect(screen(other, "told")).to_have_text(told(locale, "imported", count=3, all=5))
    assert len(kept(other)) == 5
    entries = exported["entries"]
    wrong = {
        "import_broken": "{",
        "import_format": json.dumps(family),
        "import_version": json.dumps({**exported, "version": 2}),
        "import_many": json.dumps({**exported, "entries": entries * 101}),
        "file_too_large": " " * 2_000_001,
    }
    for word, text in wrong.items():
        content = {"name": "a.json", "mimeType": "application/json", "buffer": text.encode()}
        choose.set_input_files(content)
        alert = other.get_by_role("alert")
        expect(alert).to_contain_text(
            told(locale, word, name="a.json", most=500 if "many" in word else 2)
        )
        alert.get_by_role("button").click()
    assert len(kept(other)) == 5


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_what_is_no_recipe_is_left_out_of_an_import(
    visit: OPENED, url: str, studio: Studio, family: list[dict[str, Any]], locale: str,
    viewport: Any, more: dict[str, Any],
) -> None:  # fmt: skip
    page = visit(locale, viewport, "collection", storage_state=stored(url, family[3:]), **more)
    before = kept(page)
    good = entry(studio.garment("bag", 77))
    elsewhere = {**good, "recipe": good["recipe"].replace(studio.digest, "0badcafe")}
    odd = [
        {"recipe": "x" * (MAX_LENGTH + 1)},
        7,
        {"recipe": "not a recipe"},
        {**good, "recipe": good["recipe"] + "x", "parents": ["<b>"]},
        {**good, "recipe": good["recipe"].replace("tr1", "tr7")},
        {**good, "recipe": good["recipe"].replace(":77:", ":78:"), "parents": ["none of ours"]},
        {"line": [good["recipe"], "~"], "name": "odd"},
    ]
    file = {"format": "trama-collection", "version": 1, "entries": [*odd, good, elsewhere]}
    content = {
        "name": "a.json",
        "mimeType": "application/json",
        "buffer": json.dumps(file).encode(),
    }
    screen(page, "import-file").set_input_files(content)
    reasons = [("left_entry", 2), ("left_malformed", 3), ("left_dye", 1), ("left_version", 1)]
    said = screen(page, "told")
    expect(said).to_contain_text(told(locale, "imported", count=2, all=9))
    for word, count in reasons:
        expect(said).to_contain_text(told(locale, "left_why", why=told(locale, word), count=count))
    expect(said).to_contain_text(told(locale, "left_out", count=7, why="").rstrip(". "))
    assert [each["recipe"] for each in kept(page)[:2]] == [good["recipe"], elsewhere["recipe"]]
    assert kept(page)[2:] == before
    assert overflowing(page) == []


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_nonsense_that_is_pasted_stays_in_its_field(
    visit: OPENED, url: str, studio: Studio, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, "collection", **more)
    paste, before = screen(page, "paste"), page.evaluate("trama.garment.recipe")
    good = studio.garment("bag", 11).text
    for text, word in (
        ("", "paste_empty"),
        ("<img src=x> and more", "paste_no_recipe"),
        ("https://example.org/?q=1", "paste_no_link"),
        (f"{url}?r=", "paste_no_link"),
        (good.replace("~~", "~"), "paste_malformed"),
        (good.replace("tr1", "tr2"), "recipe_version"),
        (good + "x", "recipe_dye"),
    ):
        paste.fill(text)
        screen(page, "paste-open").click()
        note = page.locator("#collection .openrow .wrong")
        expect(note).to_have_text(told(locale, word, detail="").strip())
        expect(note).to_be_in_viewport()
        expect(paste).to_have_value(text)
        expect(paste).to_be_focused()
        expect(paste).to_have_accessible_description(note.inner_text())
        expect(page.locator("[data-part=live]")).to_have_text(note.inner_text())
        assert page.evaluate("document.body.dataset.screen") == "collection"
        assert page.evaluate("trama.garment.recipe") == before
        expect(page.get_by_role("alert")).to_be_hidden()
    assert overflowing(page) == []
    save(page, f"collection-pasted-{locale}-{viewport['width']}")
    paste.fill(good)
    paste.press("Enter")
    expect(part(page, "title")).to_be_visible()


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_pictures_and_labelled_data_come_as_zip_files(
    visit: OPENED, url: str, family: list[dict[str, Any]], tmp_path: Path, locale: str,
    viewport: Any, more: dict[str, Any],
) -> None:  # fmt: skip
    page = visit(locale, viewport, "collection", storage_state=stored(url, family), **more)
    drawn(page, "#collection .kept li:nth-child(4) canvas")
    with page.expect_download() as download:
        screen(page, "zip").click()
    download.value.save_as(tmp_path / "pictures.zip")
    names = zipfile.ZipFile(tmp_path / "pictures.zip").namelist()
    assert len([name for name in names if name.endswith(".png")]) == 4

    expect(screen(page, "proof")).to_have_text(told(locale, "data_unproved"))
    count = screen(page, "count")
    count.fill("99")
    count.press("Enter")
    expect(count).to_have_value("1000")
    expect(page.locator("#collection .wrong")).to_be_visible()
    count.fill("100")
    count.press("Enter")
    for name in screen(page, "picks").get_by_role("button").all()[2:]:
        name.click()
    expect(screen(page, "command")).to_contain_text("--labels 0,1 --count 60000")
    with page.expect_download() as download:
        screen(page, "make").click()
    download.value.save_as(tmp_path / "data.zip")
    archive = zipfile.ZipFile(tmp_path / "data.zip")
    assert len(archive.read("labels.csv").splitlines()) == 101


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_a_recipe_a_link_and_a_png_open_by_hand(
    visit: OPENED, url: str, studio: Studio, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, "collection", **more)
    paste = screen(page, "paste")
    bag, boot = studio.garment("bag", 11), studio.garment("ankle boot", 12)
    for text, garment in ((bag.text, bag), (f"{url}?r={boot.text}", boot)):
        paste.fill(text)
        paste.press("Enter")
        expect(part(page, "title")).to_be_visible()
        assert page.evaluate("trama.garment.recipe") == garment.text
        page.locator("[data-part=collection]").click()
        expect(paste).to_have_value("")
    picture = stamp_png(to_image(studio.draw([bag])[0]), bag.text)
    content = {"name": "a.png", "mimeType": "image/png", "buffer": picture}
    screen(page, "png-file").set_input_files(content)
    expect(part(page, "title")).to_be_visible()
    assert page.evaluate("trama.garment.recipe") == bag.text
    part(page, "enlarge").click()
    expect(page.locator("[data-part=large-recipe] code")).to_have_text(bag.text)
    save(page, f"large-{locale}-{viewport['width']}")


def test_two_tabs_keep_one_collection(visit: OPENED, url: str) -> None:
    page = visit("en-US", screen="collection")
    other = page.context.new_page()
    other.goto(url)
    other.wait_for_selector("#wardrobe [data-part=rail] canvas", state="attached")
    part(other, "heart").click()
    expect(tiles(page)).to_have_count(1)
    page.locator("#collection .kept .fav").click()
    other.wait_for_function("!trama.store.list().length")


def test_a_browser_that_stores_nothing_says_so_once(visit: OPENED) -> None:
    page = visit("pt-BR")
    page.evaluate(
        """() => {
             Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); };
           }"""
    )
    part(page, "heart").click()
    alert = page.get_by_role("alert")
    expect(alert).to_have_text(told("pt-BR", "not_stored"))
    alert.get_by_role("button").click()
    page.locator("#wardrobe .rail li:nth-child(2) .tile").click()
    part(page, "heart").click()
    expect(alert).to_be_hidden()
    page.locator("[data-part=collection]").click()
    expect(tiles(page)).to_have_count(2)


@pytest.fixture
def framed(
    app: ModuleType, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Address of a page of another origin that shows Trama in a frame, as a Space does."""
    monkeypatch.setenv("SPACE_HOST", "somebody-trama.hf.space")
    blocks = app.build(studio, app.page.Origin("folder", "tiny"))
    _, inner, _ = blocks.launch(prevent_thread_lock=True, quiet=True, **app.LAUNCH)
    frame = f'<!doctype html><title>Space</title><iframe src="{inner}" width=1200 height=850 '
    (tmp_path / "index.html").write_text(frame + 'allow="clipboard-write"></iframe>')
    (tmp_path / "strict.html").write_text(frame + "allow=\"clipboard-write 'none'\"></iframe>")
    handler = functools.partial(Quiet, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    blocks.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that does not write a line for each request."""

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.mark.parametrize("frame", ["index.html", "strict.html"])
def test_a_link_copied_in_a_frame_is_the_spaces_own(
    browser: Browser, framed: str, frame: str
) -> None:
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{framed}/{frame}")
    inner = page.frame_locator("iframe")
    inner.locator("#wardrobe [data-part=rail] canvas").first.wait_for()
    inner.locator("#wardrobe [data-part=link]").click()
    done = inner.locator("[data-part=live]").filter(has_text="was copied")
    by_hand = inner.locator("[data-part=failure]").filter(has_text="The link is")
    expect(done.or_(by_hand).first).to_contain_text("link")
    text = by_hand.inner_text() if by_hand.is_visible() else page.evaluate(
        "navigator.clipboard.readText()")  # fmt: skip
    assert "https://somebody-trama.hf.space/?r=tr1~tiny~" in text
    context.close()
