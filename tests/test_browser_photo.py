"""Your photo in a real browser: brought, corrected, woven, and from there a garment like any other."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browsing import DESKTOP, OPENED, PHONE, TOUCH, drawn, expect_new, overflowing, save, told
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
