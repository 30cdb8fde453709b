"""Your photo in a real browser: brought, corrected, woven, and from there a garment like any other."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect

from tests.browsing import (
    DESKTOP,
    OPENED,
    PHONE,
    TOUCH,
    come,
    drawn,
    expect_new,
    hold,
    let_go,
    overflowing,
    save,
    told,
)
from tests.test_photo import drawn as drawing
from tests.test_photo import packed

SEEN, WOVEN = ("#photo [data-part=seen]", "#photo [data-part=woven]")


def part(page: Page, name: str) -> Any:
    return page.locator(f"#photo [data-part={name}]")


def bring(page: Page, name: str, data: bytes, kind: str = "image/png") -> None:
    part(page, "file" if part(page, "bring").is_visible() else "change-file").set_input_files(
        {"name": name, "mimeType": kind, "buffer": data}
    )


@pytest.mark.parametrize(
    ("locale", "viewport", "more"),
    [
        pytest.param("pt-BR", DESKTOP, {}, id="pt-desktop"),
        pytest.param("en-US", PHONE, {**TOUCH, "color_scheme": "dark"}, id="en-phone"),
    ],
)
def test_a_photo_is_corrected_woven_and_used(
    visit: OPENED, tmp_path: Path, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, screen="photo", **more)
    expect(page.locator("#photo .samples button")).to_have_count(4)
    assert overflowing(page) == []
    save(page, f"photo-empty-{locale}-{viewport['width']}")

    # A file that the browser cannot open is told by its name; a photo then takes its place.
    bring(page, "a.heic", b"\0\0\0\x20ftypheic\0\0\0\0mif1heic" + b"\0" * 80, "image/heic")
    expect(page.get_by_role("alert").filter(has_text="HEIC")).to_be_visible()
    bring(page, "shirt.png", packed(drawing(900).rotate(12, fillcolor="white")))
    expect(part(page, "report")).to_contain_text("12")
    expect(part(page, "problem")).to_be_hidden()
    expect(part(page, "result")).to_be_visible(timeout=90_000)
    woven, seen = drawn(page, WOVEN), drawn(page, SEEN)
    expect(part(page, "error")).to_contain_text("0")
    assert overflowing(page) == []
    save(page, f"photo-woven-{locale}-{viewport['width']}")

    # Corrections, by mouse and by keys, change what the network sees; what was found comes back.
    page.get_by_role("button", name=told(locale, "photo_invert"), exact=True).click()
    inverted = expect_new(page, SEEN, seen)
    corner = page.get_by_role("button", name=told(locale, "photo_corner_0"))
    for _ in range(6):
        corner.press("ArrowDown")
    expect_new(page, SEEN, inverted)
    page.get_by_role("button", name=told(locale, "photo_auto")).click()
    page.wait_for_function(
        "([s, seen]) => document.querySelector(s).toDataURL() === seen", arg=[SEEN, seen]
    )
    expect(part(page, "result")).to_be_visible(timeout=90_000)
    assert expect_new(page, WOVEN, "") == woven

    part(page, "near").press("End")
    easy = expect_new(page, WOVEN, woven)
    part(page, "use").click()
    page.wait_for_function("document.body.dataset.screen === 'blend'")
    assert page.evaluate("trama.pair.a.seed").startswith("w")
    page.go_back()
    assert drawn(page, WOVEN) == easy
    part(page, "adjust").click()
    page.wait_for_function("document.body.dataset.screen === 'adjust'")
    assert page.evaluate("trama.garment.seed").startswith("w")


def test_the_bar_of_weaving_is_in_the_accent(visit: OPENED) -> None:
    page = visit("en-US", screen="photo")
    bar = part(page, "progress")
    page.evaluate(
        """() => {
             for (const name of ['steps', 'going']) document.querySelector(`#photo [data-part=${name}]`).hidden = false;
             document.querySelector('#photo [data-part=progress]').value = .5;
           }"""
    )
    picture = Image.open(io.BytesIO(bar.screenshot())).convert("RGB")
    middle = picture.height // 2
    assert picture.getpixel((picture.width // 4, middle)) == (0x2F, 0x3E, 0x8F)
    assert picture.getpixel((picture.width * 3 // 4, middle)) == (0xDD, 0xD5, 0xC6)


def test_a_sample_is_one_tap_and_weaving_can_be_stopped(visit: OPENED) -> None:
    page = visit("en-US", screen="photo")
    page.get_by_role("button", name="Example: ochre bag among things").click()
    expect(part(page, "report")).to_contain_text("background")
    expect(part(page, "seen-note")).to_contain_text("28")
    page.goto(f"{page.url.split('#')[0]}#wardrobe")
    page.wait_for_function("document.body.dataset.screen === 'wardrobe'")
    expect(part(page, "going")).to_be_hidden()


def woven(page: Page) -> None:
    """A shirt is brought, and woven."""
    bring(page, "shirt.png", packed(drawing(900)))
    expect(part(page, "result")).to_be_visible(timeout=90_000)


def test_a_guessed_class_is_none_that_was_chosen(visit: OPENED) -> None:
    page = visit("en-US", screen="photo")
    labels: list[int | None] = []

    def note(request: Request) -> None:
        if "component_server" in request.url and request.post_data_json["fn_name"] == "weave_photo":
            labels.append(request.post_data_json["data"]["label"])

    def again(change: Callable[[], object], times: int) -> None:
        change()
        for _ in range(600):
            if len(labels) == times:
                break
            page.wait_for_timeout(50)
        expect(part(page, "result")).to_be_visible(timeout=90_000)

    page.on("request", note)
    invert = page.get_by_role("button", name="Invert", exact=True)
    woven(page)
    again(invert.click, 2)
    again(lambda: part(page, "class").select_option("7"), 3)
    again(invert.click, 4)
    assert labels == [None, None, 7, 7]
    expect(part(page, "class")).to_have_value("7")


def test_a_chosen_class_goes_back_to_the_guess(visit: OPENED) -> None:
    page = visit("en-US", screen="photo")
    woven(page)
    guess = part(page, "class").locator("option").first
    expect(part(page, "class")).to_have_value("")
    first, told = drawn(page, WOVEN), guess.inner_text()
    assert told.endswith(", the network's guess")
    for label in ("1", ""):
        part(page, "class").select_option(label)
        expect(part(page, "result")).to_be_hidden()
        expect(part(page, "result")).to_be_visible(timeout=90_000)
        expect(part(page, "class")).to_have_value(label)
        assert guess.inner_text() == told
        assert (drawn(page, WOVEN) == first) == (label == "")


def test_at_an_end_no_late_answer_takes_its_place(visit: OPENED) -> None:
    page = visit("en-US", screen="photo")
    woven(page)
    mixed = drawn(page, WOVEN)
    held = hold(page, "mix")
    part(page, "near").press("ArrowRight")
    come(page, held)
    part(page, "near").press("End")
    easy = expect_new(page, WOVEN, mixed)
    let_go(page, held[0])
    assert drawn(page, WOVEN) == easy


def test_of_two_photos_the_later_stays(visit: OPENED) -> None:
    page = visit("en-US", screen="photo")
    page.evaluate(
        """() => { const small = trama.smallPhoto; let first = true;
                   trama.smallPhoto = async file => {
                     if (first) { first = false; await new Promise(done => { window.go = done; }); }
                     return small(file);
                   }; }"""
    )
    page.locator("#photo [data-sample=shirt]").click()
    page.wait_for_function("!!window.go")
    page.locator("#photo [data-sample=boot]").click()
    boot = drawn(page, "#photo [data-part=shown]")
    page.evaluate("window.go()")
    page.wait_for_timeout(300)
    assert drawn(page, "#photo [data-part=shown]") == boot


def test_a_refused_file_leaves_the_photo_before_to_be_woven(visit: OPENED) -> None:
    page = visit("en-US", screen="photo")
    held = hold(page, "weave_step")
    bring(page, "shirt.png", packed(drawing(900)))
    come(page, held)
    expect(part(page, "again")).to_be_hidden()
    expect(part(page, "steps")).to_have_attribute("aria-busy", "true")
    page.evaluate(
        "trama.smallPhoto = async () => ({ canvas: null, photo: null, problem: 'bytes' })"
    )
    bring(page, "large.png", b"")
    expect(part(page, "problem")).to_contain_text("too large")
    expect(part(page, "steps")).to_have_attribute("aria-busy", "false")
    expect(part(page, "weave-note")).to_be_empty()
    page.unroute_all()  # they go on
    part(page, "again").click()
    expect(part(page, "result")).to_be_visible(timeout=90_000)
    expect(part(page, "steps")).to_have_attribute("aria-busy", "false")


def test_the_focus_stays_on_the_screen_while_it_weaves(visit: OPENED) -> None:
    page = visit("en-US", screen="photo")
    woven(page)
    held = hold(page, "weave_step")
    part(page, "class").focus()
    part(page, "class").select_option("7")
    come(page, held)
    expect(part(page, "stop")).to_be_focused()
    part(page, "stop").press("Enter")
    expect(part(page, "stop")).to_be_focused()
    page.unroute_all()  # they go on
    expect(part(page, "result")).to_be_visible(timeout=90_000)
    expect(part(page, "class")).to_be_focused()
