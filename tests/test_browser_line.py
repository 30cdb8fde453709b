"""The line in a real browser: roll, lock, dye, keep, share, and its lookbook as a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from model.keepsake import read_stamps
from model.studio import Studio
from tests.browsing import (
    DESKTOP,
    OPENED,
    PHONE,
    come_again,
    drawn,
    expect_new,
    overflowing,
    save,
    told,
)
from tests.test_browser_recipe import drop
from ui.palette import dye_line

WORDS = {
    "pt-BR": {
        "title": "Linha", "roll": "Sortear as 10 peças", "some": "Sortear as 8 destravadas",
        "one": "Sortear a destravada", "none": "Tudo travado", "lock": "Travar", "open": "Abrir",
        "seed": "Semente", "daring": "Ousadia", "dress": "Vestido", "bag": "Bolsa",
        "keep": "Guardar linha", "named": "Anil e ocre", "three": "Ocre, musgo e nanquim",
        "png": "Baixar PNG", "pdf": "Baixar PDF", "link": "Copiar o link da linha",
        "moss": "musgo", "ink": "nanquim", "ochre": "ocre", "indigo": "anil",
        "book": "Título", "kept": "está na coleção", "mixed": "8 de 10 peças da semente",
    },
    "en-US": {
        "title": "Line", "roll": "Re-roll all 10", "some": "Re-roll the 8 unlocked",
        "one": "Re-roll the unlocked one", "none": "All locked", "lock": "Lock", "open": "Open",
        "seed": "Seed", "daring": "Daring", "dress": "Dress", "bag": "Bag",
        "keep": "Keep this line", "named": "Indigo and ochre", "three": "Ochre, moss and ink",
        "png": "Download PNG", "pdf": "Download PDF", "link": "Copy the line's link",
        "moss": "moss", "ink": "ink", "ochre": "ochre", "indigo": "indigo",
        "book": "Title", "kept": "is in the collection", "mixed": "8 of 10 garments from seed",
    },
}  # fmt: skip
TOUCH = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
SIZES = [("pt-BR", DESKTOP, {}), ("en-US", PHONE, TOUCH)]
OTHER_SIZES = [("en-US", DESKTOP, {}), ("pt-BR", PHONE, TOUCH)]


def piece(page: Page, name: str) -> str:
    """Selector of a garment's canvas by the name below it."""
    place: int = page.evaluate(
        """name => [...document.querySelectorAll('#line .piece .what span')]
             .findIndex(e => e.textContent === name) + 1""",
        name,
    )
    return f"#line .piece:nth-child({place}) canvas"


def kept(page: Page) -> list[dict[str, Any]]:
    return list(json.loads(page.evaluate("localStorage.getItem('trama.collection.1')") or "[]"))


def opened(visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]) -> Page:
    page = visit(locale, viewport, "line", **more)
    expect(page.locator("#line .piece")).to_have_count(10)
    drawn(page, "#line .piece:last-child canvas")
    return page


@pytest.mark.parametrize(("locale", "viewport", "more"), SIZES + OTHER_SIZES)
def test_a_roll_changes_what_is_not_locked(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page, words = opened(visit, locale, viewport, more), WORDS[locale]
    line, live = page.locator("#line"), page.locator("[data-part=live]")
    expect(line.locator("h1")).to_have_text(f"{words['title']} 4207")
    pictures = {drawn(page, f"#line .piece:nth-child({n}) canvas") for n in range(1, 11)}
    assert len(pictures) == 10
    dress, bag = piece(page, words["dress"]), piece(page, words["bag"])
    for name in (words["dress"], words["bag"]):
        lock = line.get_by_role("button", name=f"{words['lock']} {name}")
        expect(lock).to_have_attribute("aria-pressed", "false")
        lock.click()
        expect(lock).to_have_attribute("aria-pressed", "true")
    before, first = (drawn(page, dress), drawn(page, bag)), "#line .piece:first-child canvas"
    wide = "canvas => canvas.offsetWidth"  # a locked garment is as large as the others
    assert page.eval_on_selector(dress, wide) == page.eval_on_selector(first, wide) > 90
    rolled = drawn(page, first)
    line.get_by_role("button", name=words["some"]).click()
    rolled = expect_new(page, first, rolled)
    expect(live).to_contain_text("8 ")
    assert (drawn(page, dress), drawn(page, bag)) == before
    expect(line.locator(".lead").first).to_contain_text(words["mixed"])
    expect(line.locator(".piece small", has_text="4207")).to_have_count(2)

    seed = line.get_by_label(words["seed"], exact=True)
    seed.fill("4207")
    seed.press("Enter")
    rolled = expect_new(page, first, rolled)
    expect(line.locator("h1")).to_have_text(f"{words['title']} 4207")
    seed.fill("no number")
    seed.press("Enter")
    expect(seed).to_have_value("4207")
    line.get_by_role("slider", name=words["daring"]).press("ArrowRight")
    expect_new(page, first, rolled)
    assert (drawn(page, dress), drawn(page, bag)) == before

    for button in line.locator(".piece .ic[aria-pressed=false]").all()[::-1]:
        button.click()
    expect(line.get_by_role("button", name=words["none"])).to_be_disabled()
    line.locator(".piece .ic").first.click()
    expect(line.get_by_role("button", name=words["one"])).to_be_enabled()


@pytest.mark.parametrize(("locale", "viewport", "more"), SIZES)
def test_the_palette_dyes_the_whole_line(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page, words = opened(visit, locale, viewport, more), WORDS[locale]
    line = page.locator("#line")
    title = line.get_by_label(words["book"], exact=True)
    expect(title).to_have_value(words["named"])
    first = "#line .piece:first-child canvas"
    shown = drawn(page, first)
    palette = line.locator("[data-part=palette]")
    for name in ("moss", "ink"):  # the fourth takes the place of the first
        palette.get_by_role("button", name=words[name], exact=True).click()
    expect_new(page, first, shown)
    expect(title).to_have_value(words["three"])
    indigo = palette.get_by_role("button", name=words["indigo"], exact=True)
    expect(indigo).to_have_attribute("aria-pressed", "false")
    for name in ("ochre", "moss", "ink"):
        palette.get_by_role("button", name=words[name], exact=True).click()
    last = palette.get_by_role("button", name=words["ink"], exact=True)
    expect(last).to_have_attribute("aria-pressed", "true")  # one dye at least
    title.fill("Inverno")
    indigo.click()
    expect(title).to_have_value("Inverno")
    title.fill("Festa 👩‍👧 🎈")
    left_out = line.locator("[data-part=left-out]")
    line.locator("[data-part=sheet]").scroll_into_view_if_needed()
    expect(left_out).to_have_text(told(locale, "lookbook_left_out", signs="👩‍👧 🎈"))
    expect(title).to_have_accessible_description(left_out.inner_text())
    expect(title).to_have_value("Festa 👩‍👧 🎈")
    assert overflowing(page) == []
    save(page, f"line-left-out-{locale}-{viewport['width']}")
    title.fill("Festa")
    expect(left_out).to_be_hidden()
    title.fill("")
    title.blur()
    expect(title).not_to_have_value("")


@pytest.mark.parametrize(("locale", "viewport", "more"), OTHER_SIZES)
def test_a_garment_opens_in_the_wardrobe_in_its_dye(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page, words = opened(visit, locale, viewport, more), WORDS[locale]
    page.get_by_role("button", name=f"{words['open']} {words['bag']} 4207").click()
    expect(page.locator("#wardrobe")).to_be_visible()
    expect(page.locator("#line")).to_be_hidden()
    expect(page.locator("#wardrobe h2").first).to_contain_text(words["bag"])
    assert page.evaluate("trama.recipe(trama.garment).split('~').pop()") == "indigo"
    page.go_back()
    expect(page.locator("#line")).to_be_visible()


@pytest.mark.parametrize(("locale", "viewport", "more"), SIZES)
def test_a_line_is_kept_as_one_entry_and_comes_back(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page, words = opened(visit, locale, viewport, more), WORDS[locale]
    heart = page.get_by_role("button", name=words["keep"])
    heart.click()
    expect(page.locator("[data-part=live]")).to_contain_text(words["kept"])
    expect(heart).to_have_attribute("aria-pressed", "true")
    (entry,) = kept(page)
    assert entry["name"] == words["named"]
    assert len(entry["line"]) == 10
    assert entry["line"][2].endswith("~ochre")
    assert set(entry) == {"line", "name", "born"}
    page.evaluate("trama.keep(trama.garment)")  # a garment beside it
    assert len(kept(page)) == 2

    shown = drawn(page, "#line .piece:first-child canvas")
    page.locator("#line [data-part=roll]").click()
    expect_new(page, "#line .piece:first-child canvas", shown)
    expect(heart).to_have_attribute("aria-pressed", "false")
    come_again(page)
    page.wait_for_selector("#line .piece canvas")
    expect(heart).to_have_attribute("aria-pressed", "true")
    page.evaluate("trama.emit('open-line', { seed: 9, daring: 0.5 })")
    expect(page.locator("#line h1")).to_have_text(f"{words['title']} 9")
    expect(page.locator("#line [data-part=daring]")).to_have_value("0.5")
    page.evaluate("trama.emit('open-line', trama.store.list().find(entry => entry.line))")
    expect(page.locator("#line h1")).to_have_text(f"{words['title']} 4207")
    assert drawn(page, "#line .piece:first-child canvas") == shown
    heart.click()
    assert [set(entry) for entry in kept(page)] == [{"recipe", "born", "parents"}]


@pytest.mark.parametrize(("locale", "viewport", "more"), SIZES)
def test_a_link_opens_the_same_line_elsewhere(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page, words = opened(visit, locale, viewport, more), WORDS[locale]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=words["link"]).click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "?line=4207&daring=0.7&dyes=indigo,ochre&model=" in link
    page.get_by_role("button", name=f"{words['lock']} {words['bag']}").click()
    shown = drawn(page, "#line .piece:first-child canvas")
    page.locator("#line [data-part=roll]").click()
    expect_new(page, "#line .piece:first-child canvas", shown)
    page.locator("#line .dye.madder").click()
    page.get_by_role("button", name=words["link"]).click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "&dyes=indigo,ochre,madder&locks=8&model=" in link
    here = page.evaluate("trama.line.recipes()")
    pictures = [drawn(page, f"#line .piece:nth-child({n}) canvas") for n in range(1, 11)]
    other = visit("pt-BR", viewport, query=f"?{link.partition('?')[2]}", **more)
    expect(other.locator("#line .piece.stays")).to_have_count(1)
    expect(other.locator("#line")).to_be_visible()
    assert other.evaluate("trama.line.recipes()") == here
    assert pictures == [drawn(other, f"#line .piece:nth-child({n}) canvas") for n in range(1, 11)]


@pytest.mark.parametrize(
    ("query", "told", "seed"),
    [
        ("line=<img src=x onerror=alert(1)>", "The link of this line cannot be read", 4207),
        ("line=" + "1." * 2000, "The link of this line cannot be read", 4207),
        ("line=77&model=other~0badcafe", "This line is of another model", 77),
    ],
)
def test_a_link_that_fails_says_so_and_shows_a_line(
    visit: OPENED, query: str, told: str, seed: int
) -> None:
    page = visit("en-US", query=f"?{query}")
    expect(page.get_by_role("alert")).to_contain_text(f"{told}. In its place: Line {seed}.")
    expect(page.locator("#line h1")).to_have_text(f"Line {seed}")
    drawn(page, "#line .piece:last-child canvas")


@pytest.mark.parametrize(("locale", "viewport", "more"), SIZES)
def test_the_lookbook_is_seen_and_saved(
    visit: OPENED, tmp_path: Path, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page, words = opened(visit, locale, viewport, more), WORDS[locale]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    sheet, preview = page.locator("#line .booksheet"), page.locator("#line [data-part=preview]")
    expect(preview).to_be_hidden()
    page.wait_for_timeout(700)
    assert not any("lookbook" in data for data in asked)  # nobody has seen it yet
    sheet.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#line .booksheet').scrollIntoView({ block: 'end' })")
    expect(preview).to_be_visible(timeout=60_000)
    expect(preview).to_have_attribute("alt", f"Lookbook {words['named']}: " + ", ".join(
        page.evaluate("trama.line.names()")))  # fmt: skip
    calls = sum("lookbook" in data for data in asked)
    assert calls == 1
    page.locator("#line").get_by_label(words["book"], exact=True).fill("Verão à noite")
    expect(sheet).to_have_attribute("aria-busy", "true")
    expect(sheet).to_have_attribute("aria-busy", "false", timeout=60_000)
    with page.expect_download() as download:
        page.locator("#line").get_by_role("button", name=words["png"]).click()
    assert sum("lookbook" in data for data in asked) == 3  # what is seen is smaller than the file
    assert download.value.suggested_filename == "trama-lookbook-verão-à-noite.png"
    download.value.save_as(tmp_path / "sheet.png")
    recipes = page.evaluate("trama.line.recipes()")
    assert sorted(read_stamps((tmp_path / "sheet.png").read_bytes())) == sorted(recipes)
    with page.expect_download(timeout=60_000) as download:
        page.locator("#line").get_by_role("button", name=words["pdf"]).click()
    download.value.save_as(tmp_path / "book.pdf")
    assert (tmp_path / "book.pdf").read_bytes().startswith(b"%PDF")
    save(page, f"line-{locale}-{viewport['width']}")


def test_a_dropped_lookbook_is_the_line_again(visit: OPENED, studio: Studio) -> None:
    from ui.desk import Desk
    from ui.line import write_lookbook

    garments = dye_line(studio.line(31), ("moss", "madder"))
    page = visit("en-US")
    drop(page, "book.png", write_lookbook(Desk(studio), garments, None, "en", "png"))
    expect(page.locator("#line h1")).to_have_text("Line 31")
    expect(page.locator("#line .dye[aria-pressed=true]")).to_have_count(2)
    assert page.evaluate("trama.line.recipes()") == [garment.text for garment in garments]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
def test_on_a_phone_the_roll_stays_under_the_thumb(visit: OPENED, locale: str, scheme: str) -> None:
    page = opened(visit, locale, PHONE, {**TOUCH, "color_scheme": scheme})
    assert overflowing(page) == []
    for top in (0, 400):
        page.evaluate("top => scrollTo(0, top)", top)
        roll = page.locator("#line [data-part=roll]").bounding_box()
        tabs = page.locator(".nav").bounding_box()
        assert roll
        assert tabs
        assert roll["y"] > 600
        assert roll["y"] + roll["height"] <= tabs["y"]
    small = page.evaluate(
        """() => [...document.querySelectorAll('#line :is(button, input)')]
             .map(e => [e, e.getBoundingClientRect()])
             .filter(([e, box]) => box.width && (box.height < 44 || box.width < 44))
             .filter(([e]) => !e.closest('.field'))
             .map(([e, box]) => `${e.outerHTML.slice(0, 60)} ${box.width} ${box.height}`)"""
    )
    assert small == []
    page.evaluate("scrollTo(0, 0)")
    save(page, f"line-phone-{locale}-{scheme}")


def test_everything_on_the_line_has_a_name_and_works_by_keyboard(visit: OPENED) -> None:
    page = opened(visit, "en-US", DESKTOP, {"color_scheme": "dark"})
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('#line :is(button, a, input, [role=img])')]
             .filter(e => e.offsetWidth)
             .filter(e => !(e.getAttribute('aria-label') || e.innerText?.trim() || e.labels?.length))
             .map(e => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []
    page.locator("#line [data-part=palette] button").last.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Lock T-shirt"
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Lock T-shirt")).to_have_attribute(
        "aria-pressed", "true"
    )
    save(page, "line-dark")
