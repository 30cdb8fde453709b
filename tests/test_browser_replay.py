"""The training film in a real browser: scrubbing, playing, saving it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from model.studio import Studio
from tests.browsing import OPENED, VISITORS, drawn, expect_new, overflowing, save

BIG = "#replay [data-part=big]"


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_the_film_is_scrubbed_played_and_saved(
    visit: OPENED, studio: Studio, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, "replay", **more)
    page.evaluate("recipe => trama.openRecipe(recipe)", studio.garment("coat", 9).text)
    expect(page.locator("#replay [data-part=name]")).to_contain_text("9")
    shown = drawn(page, BIG)
    slider = page.locator("#replay [data-part=moment]")
    expect(slider).to_have_value("1")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    first = expect_new(page, BIG, shown)
    expect(page.locator("#replay [data-part=told]")).to_contain_text("10")
    expect(page.locator("#replay .strip canvas")).to_have_count(10)
    page.locator("#replay [data-part=play]").click()  # once through, then it stops by itself
    expect(slider).to_have_value("1")
    expect(page.locator("#replay [data-part=play]")).to_have_attribute("aria-pressed", "false")
    assert expect_new(page, BIG, first) == shown
    assert overflowing(page) == []
    save(page, f"replay-{locale}-{viewport['width']}")
    with page.expect_download() as download:
        page.locator("#replay [data-save=gif]").click()
    assert download.value.suggested_filename.endswith(".gif")


def test_a_recipe_of_an_older_model_is_told(visit: OPENED, studio: Studio) -> None:
    recipe = studio.garment("coat", 9).text.replace(studio.digest, "00000000")
    page = visit("en-US", screen="replay", query=f"?r={recipe}")
    expect(page.locator(".failure")).to_contain_text("9")
    expect(page.locator("#replay [data-part=name]")).to_contain_text("Coat 9")
