"""What the browser's own buttons do: Back closes what lies over a screen, a reload loses nothing in hand."""

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import DESKTOP, OPENED, PHONE, TOUCH, drawn, told

BIG = "#wardrobe .big canvas"


def screen(page: Page) -> str:
    return str(page.evaluate("document.body.dataset.screen"))


@pytest.mark.parametrize("more", [{}, TOUCH])
def test_back_closes_the_large_view_and_stays(visit: OPENED, more: dict) -> None:
    page = visit("pt-BR", PHONE if more else DESKTOP, "line", **more)
    page.evaluate("location.hash = 'wardrobe'")
    drawn(page, BIG)
    large = page.locator("dialog[open]")
    page.locator("#wardrobe [data-part=enlarge]").click()
    expect(large).to_be_visible()
    page.go_back()
    expect(large).to_have_count(0)
    assert screen(page) == "wardrobe"
    page.locator("#wardrobe [data-part=enlarge]").click()
    page.keyboard.press("Escape")  # its own ways out leave no entry behind
    expect(large).to_have_count(0)
    page.wait_for_function("!history.state?.step")
    page.go_back()
    expect(page.locator("#line")).to_be_visible()


def test_back_leaves_the_children_for_their_parent(visit: OPENED) -> None:
    page = visit("en-US", DESKTOP, "wardrobe")
    drawn(page, BIG)
    parent = page.evaluate("trama.garment.recipe")
    nursery, rail = page.locator("#wardrobe [data-part=nursery]"), "#wardrobe [data-part=rail]"
    for generation in (1, 2):
        page.locator("#wardrobe [data-part=children]").click()
        expect(nursery).to_be_visible()
        expect(page.locator(f"{rail}[aria-busy=true]")).to_have_count(0)
        page.wait_for_function("g => history.state?.step === g", arg=generation)
        page.locator(f"{rail} .tile").nth(2).click()
    page.go_back()
    expect(nursery).to_be_visible()
    page.locator("#wardrobe [data-part=back]").click()
    expect(nursery).to_be_hidden()
    assert page.evaluate("trama.garment.recipe") == parent
    assert screen(page) == "wardrobe"


def test_a_reload_brings_back_what_was_in_hand(visit: OPENED) -> None:
    page = visit("en-US", DESKTOP, "wardrobe")
    drawn(page, BIG)
    page.locator("#wardrobe [data-part=chips] button").nth(9).click()
    page.get_by_label(told("en-US", "seed"), exact=True).first.fill("1907")
    page.keyboard.press("Tab")
    third = page.locator("#wardrobe [data-part=rail] .tile").nth(2)
    expect(third.locator(".no")).to_have_text("1909")
    third.click()
    page.evaluate("trama.emit('open-line', { seed: 9314 })")
    expect(page.locator("#line [data-part=title]")).to_contain_text("9314")
    page.evaluate("location.hash = 'wardrobe'")
    recipe = page.evaluate("trama.recipe(trama.garment)")
    page.reload()
    expect(page.locator("#wardrobe [data-part=rail] .no").first).to_have_text("1907")
    page.wait_for_function("r => trama.recipe(trama.garment) === r", arg=recipe)
    expect(page.locator("#wardrobe [data-part=chips] [aria-pressed=true]")).to_have_text("Bag")
    page.evaluate("location.hash = 'line'")
    expect(page.locator("#line [data-part=title]")).to_contain_text("9314")
    page.evaluate("sessionStorage.setItem('trama.wardrobe', '[\"x\", {\"seed\": -1}]')")
    page.evaluate("location.hash = 'wardrobe'")
    page.reload()
    drawn(page, BIG)
