"""What is kept stays as it was left: its dye, its place, and all of it when there is no more room."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from model.studio import Studio
from tests.browsing import OPENED, come_again, kept, part, told
from tests.test_browser_collection import screen, stored, tiles

MOST = 500


@pytest.fixture
def full(url: str, studio: Studio) -> Callable[[int], dict[str, Any]]:
    """A browser that keeps so many garments."""

    def store(count: int) -> dict[str, Any]:
        texts = [studio.garment("bag", seed).text for seed in range(count)]
        return stored(url, [{"recipe": t, "born": "2026-01-02", "parents": []} for t in texts])

    return store


def test_a_kept_garment_that_is_dyed_is_kept_in_that_dye(visit: OPENED) -> None:
    page = visit("en-US")
    part(page, "heart").click()
    before = kept(page)[0]["recipe"]
    page.locator("#wardrobe").get_by_role("button", name="moss", exact=True).click()
    expect(part(page, "heart")).to_have_attribute("aria-pressed", "true")
    come_again(page)
    page.wait_for_selector("#wardrobe .rail canvas")
    assert [entry["recipe"] for entry in kept(page)] == [before.rsplit("~", 1)[0] + "~moss"]


@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
def test_a_full_collection_loses_nothing(
    visit: OPENED, full: Callable[[int], dict[str, Any]], locale: str
) -> None:
    page = visit(locale, screen="wardrobe", storage_state=full(MOST))
    before = kept(page)
    part(page, "heart").click()
    name = "Vestido 4200" if locale == "pt-BR" else "Dress 4200"
    expect(page.get_by_role("alert")).to_have_text(
        told(locale, "collection_full", name=name, most=MOST)
    )
    expect(part(page, "heart")).to_have_attribute("aria-pressed", "false")
    page.evaluate("trama.keepLine([trama.garment.recipe], 'a line')")
    assert kept(page) == before


def test_what_is_kept_again_can_not_be_brought_back_twice(
    visit: OPENED, full: Callable[[int], dict[str, Any]]
) -> None:
    page = visit("pt-BR", screen="collection", storage_state=full(2))
    expect(tiles(page)).to_have_count(2)
    taken = kept(page)[0]["recipe"]
    name = "Bolsa 0"
    page.locator("#collection .kept li").first.locator(".fav").click()
    expect(screen(page, "undone")).to_contain_text(told("pt-BR", "unkept", name=name))
    page.get_by_role("button", name="EN, English").click()
    expect(screen(page, "undone")).to_contain_text(told("en-US", "unkept", name="Bag 0"))
    page.evaluate(
        "async recipe => { await trama.openRecipe(recipe); trama.keep(trama.garment); }", taken
    )
    expect(tiles(page)).to_have_count(2)
    expect(screen(page, "undone")).to_be_hidden()
    page.evaluate("trama.keep(trama.garment)")  # taken out elsewhere: that is not undone here
    expect(tiles(page)).to_have_count(1)
    expect(screen(page, "undone")).to_be_hidden()
