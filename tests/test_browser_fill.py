"""Erase and complete in a real browser: brush, finger, presets and keys, options, what is kept."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from model.keepsake import read_stamp
from tests.browsing import (
    DESKTOP,
    OPENED,
    VISITORS,
    come,
    drawn,
    expect_new,
    hold,
    overflowing,
    save,
    told,
)

STAGE = "#photo [data-part=erased]"


def ready(page: Page) -> str:
    return drawn(page, STAGE)


def missing(page: Page) -> int:
    """Pixels that are hatched."""
    path = page.locator("#photo [data-part=hatch]").get_attribute("d") or ""
    return sum(int(run.partition("v")[0]) for run in path.split("h")[1:] if "v" in run)


def completed(page: Page) -> None:
    page.locator("#photo [data-part=complete]").click()
    expect(page.locator("#photo .option")).to_have_count(6, timeout=60_000)


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_a_sleeve_is_erased_and_completed(visit: OPENED, locale, viewport, more, tmp_path) -> None:
    page = visit(locale, viewport=viewport, screen="photo", **more)
    shown = ready(page)
    assert missing(page) > 20  # a sleeve is missing already
    page.get_by_role("button", name=told(locale, "fill_clear"), exact=True).click()
    expect(page.locator("#photo [data-part=complete]")).to_be_disabled()
    following = page.locator("#photo [data-part=fill-next]")
    expect(following).to_have_text(told(locale, "fill_nothing"))
    page.get_by_role("button", name=told(locale, "preset_sleeve"), exact=True).click()
    assert missing(page) > 20
    expect(following).to_have_text(told(locale, "fill_next"))
    expect(page.locator("#photo [data-part=take]")).to_be_hidden()  # nothing to take as yet
    completed(page)
    expect(following).to_be_hidden()
    expect(page.locator("#photo .option").first).to_have_attribute("aria-pressed", "false")
    adjust, as_a = (
        page.locator(f"#photo [data-part={name}]") for name in ("fill-adjust", "fill-a")
    )
    expect(page.locator("#photo [data-part=take]")).to_have_text(told(locale, "take_none"))
    expect(adjust).to_be_hidden()
    assert overflowing(page) == []
    save(page, f"fill-{locale}-{viewport['width']}")
    page.locator("#photo .option").nth(1).click()
    expect(page.locator("#photo .option").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(adjust).to_have_text(told(locale, "fill_adjust", number=2))
    expect(as_a).to_have_text(told(locale, "fill_a", number=2))
    expect_new(page, STAGE, shown)
    assert overflowing(page) == []
    save(page, f"fill-chosen-{locale}-{viewport['width']}")
    with page.expect_download() as download:
        page.locator("#photo [data-part=fill-save]").click()
    download.value.save_as(tmp_path / "a.png")
    assert read_stamp((tmp_path / "a.png").read_bytes()).startswith("tr1~tiny~")
    page.get_by_role("button", name=told(locale, "take", number=2)).click()
    assert missing(page) == 0
    expect(page.locator("#photo .option")).to_have_count(0)


def test_an_option_goes_on_as_a_garment(visit: OPENED) -> None:
    page = visit("pt-BR", viewport=DESKTOP, screen="photo")
    ready(page)
    page.get_by_role("button", name="Metade esquerda", exact=True).click()
    completed(page)
    page.locator("#photo .option").first.click()
    page.locator("#photo [data-part=fill-a]").click()
    expect(page.locator("[data-part=live]")).to_contain_text("A")
    assert page.evaluate("typeof trama.pair.a.seed") == "string"
    page.locator("#photo [data-part=fill-adjust]").click()
    page.wait_for_function("document.body.dataset.screen === 'adjust'")
    expect(page.locator("#adjust h2").first).to_be_visible()


def test_brush_finger_undo_and_keys(visit: OPENED) -> None:
    page = visit("en-US", viewport=DESKTOP, screen="photo")
    ready(page)
    page.get_by_role("button", name="Restore all").click()
    box = page.locator("#photo [data-part=erase]").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8, steps=5)
    page.mouse.up()
    painted = missing(page)
    assert painted > 40
    page.get_by_role("button", name="Undo").click()
    assert missing(page) == 0
    erase = page.get_by_role("group", name="Garment to complete")
    erase.focus()
    scrolled = page.evaluate("scrollY")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-part=live]")).to_contain_text(
        "Rectangle of 10 × 9 at column 10, row 11"
    )
    page.keyboard.press("Space")
    assert missing(page) == 90
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    assert missing(page) == 9  # the last column
    assert page.evaluate("scrollY") == scrolled
    page.get_by_role("button", name="Restore all").click()
    assert missing(page) == 0


def test_a_picture_with_a_hole_and_one_that_is_none(visit: OPENED, tmp_path: Path) -> None:
    page = visit("en-US", viewport=DESKTOP, screen="photo")
    shown = ready(page)
    picture = np.zeros((28, 28, 4), np.uint8)
    picture[4:24, 8:20] = (200, 200, 200, 255)
    picture[..., 3] = 255
    picture[16:, :, 3] = 0
    Image.fromarray(picture).save(tmp_path / "hole.png")
    page.locator("#photo [data-part=fill-file]").set_input_files(tmp_path / "hole.png")
    expect_new(page, STAGE, shown)
    assert missing(page) == 12 * 28
    (tmp_path / "no.png").write_bytes(b"no picture")
    page.locator("#photo [data-part=fill-file]").set_input_files(tmp_path / "no.png")
    expect(page.locator(".failure")).to_contain_text("no.png is no picture")
    assert missing(page) == 12 * 28  # nothing is lost


def test_stopping_leaves_the_mask(visit: OPENED) -> None:
    page = visit("en-US", viewport=DESKTOP, screen="photo")
    ready(page)
    page.get_by_role("button", name="Lower third").click()
    before = missing(page)
    page.locator("#photo [data-part=complete]").click()
    page.locator("#photo [data-part=complete]").click()
    expect(page.locator("#photo [data-part=complete]")).to_have_text("Complete")
    assert missing(page) == before


def test_another_mask_ends_what_is_on_its_way(visit: OPENED) -> None:
    page = visit("en-US", viewport=DESKTOP, screen="photo")
    ready(page)
    held = hold(page, "complete_step")
    page.locator("#photo [data-part=complete]").click()
    come(page, held)
    page.get_by_role("button", name="Left half", exact=True).click()
    expect(page.locator("#photo [data-part=complete]")).to_have_text("Complete")
    held[0].continue_()
    page.wait_for_timeout(500)
    assert len(held) == 1  # nobody asks for it any more
    expect(page.locator("#photo .option")).to_have_count(0)


def test_of_new_options_none_is_chosen(visit: OPENED) -> None:
    page = visit("en-US", viewport=DESKTOP, screen="photo")
    ready(page)
    completed(page)
    held = hold(page, "complete_step")
    page.locator("#photo [data-part=complete]").click()
    come(page, held)
    page.locator("#photo .option").first.click()  # of those before, while others are made
    expect(page.locator("#photo [data-part=take]")).to_have_text("Keep option 1")
    page.unroute_all()  # they go on
    expect(page.locator("#photo [data-part=complete]")).to_have_text("Complete again")
    expect(page.locator("#photo .option[aria-pressed=true]")).to_have_count(0)
    expect(page.locator("#photo [data-part=take]")).to_have_text("Choose an option")
