"""The browser's own buttons: Back leaves nothing over a screen, a reload loses nothing in hand."""

import re

import pytest
from playwright.sync_api import expect

from model.studio import Studio
from tests.browsing import DESKTOP, OPENED, PHONE, TOUCH, drawn, told

BIG = "#wardrobe .big canvas"
HELD = "recipe => window.trama?.garment && trama.recipe(trama.garment) === recipe"


@pytest.mark.parametrize("more", [{}, TOUCH])
def test_back_leaves_no_dialog_over_the_screen(visit: OPENED, more: dict) -> None:
    page = visit("pt-BR", PHONE if more else DESKTOP, "line", **more)
    page.evaluate("location.hash = 'wardrobe'")
    drawn(page, BIG)
    page.locator("#wardrobe [data-part=enlarge]").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.go_back()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#line")).to_be_visible()


@pytest.mark.parametrize("more", [{}, TOUCH])
def test_back_leaves_one_family_of_children_after_another(visit: OPENED, more: dict) -> None:
    page = visit("en-US", PHONE if more else DESKTOP, "line", **more)
    page.evaluate("location.hash = 'wardrobe'")
    drawn(page, BIG)
    nursery, family = (
        page.locator(f"#wardrobe [data-part={name}]") for name in ("nursery", "family")
    )
    of = [told("en-US", "children_of", name=f"Dress 4200{number}") for number in ("", ".2")]
    page.locator("#wardrobe [data-part=children]").click()
    expect(family).to_have_text(of[0])
    second = page.locator("#wardrobe .rail .tile").nth(1)
    expect(second.locator(".no")).to_have_text("4200.2")  # the rail's own stays until they come
    second.click()
    page.evaluate("location.hash = 'line'")  # another screen in between loses nothing
    page.go_back()
    expect(family).to_have_text(of[0])
    page.locator("#wardrobe [data-part=children]").click()
    expect(family).to_have_text(of[1])
    page.go_back()
    expect(family).to_have_text(of[0])
    page.locator("#wardrobe [data-part=back]").click()
    expect(nursery).to_be_hidden()
    page.go_back()  # the page's own way back has used up the browser's
    expect(page.locator("#line")).to_be_visible()


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


@pytest.mark.parametrize("more", [{}, TOUCH])
def test_a_reload_of_a_link_goes_on_from_what_was_done_since(
    visit: OPENED, studio: Studio, more: dict
) -> None:
    recipe = studio.garment("coat", 9).text
    size = PHONE if more else DESKTOP
    page = visit("en-US", size, "wardrobe", f"?r={recipe}", **more)
    page.wait_for_function(HELD, arg=recipe)
    page.reload()
    page.wait_for_function(HELD, arg=recipe)  # nothing was done: the link's own
    page.locator("#wardrobe [data-part=rail] .tile").nth(2).click()
    after = page.evaluate("trama.recipe(trama.garment)")
    assert after != recipe
    page.reload()
    page.wait_for_function(HELD, arg=after)
    expect(page).to_have_url(re.compile(r"\?r="))

    page = visit("en-US", size, "line", "?line=9", **more)
    title = page.locator("#line [data-part=title]")
    expect(title).to_contain_text("9")
    page.evaluate("trama.emit('open-line', { seed: 9314 })")
    expect(title).to_contain_text("9314")
    page.reload()
    expect(title).to_contain_text("9314")
    page.locator(".nav a[data-go=wardrobe]").first.click()
    expect(page).to_have_url(re.compile(r"\?line=9#wardrobe$"))  # a query may name the model


def test_another_link_is_opened_though_a_garment_was_remembered(
    visit: OPENED, studio: Studio
) -> None:
    recipes = [studio.garment("coat", seed).text for seed in (9, 10)]
    page = visit("en-US", DESKTOP, "wardrobe", f"?r={recipes[0]}")
    page.wait_for_function(HELD, arg=recipes[0])
    page.evaluate(
        "r => history.replaceState(null, '', location.search.replace(/r=.*/, 'r=' + r))",
        recipes[1],
    )
    page.reload()
    page.wait_for_function(HELD, arg=recipes[1])
