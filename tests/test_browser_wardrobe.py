"""The wardrobe in a real browser: keeping, children, links, the large view, the chips."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from model.code import Code
from model.latents import broadcast, map_seeds
from model.recipe_text import parse_recipe
from model.studio import Studio
from tests.browsing import (
    OPENED,
    PHONE,
    TOUCH,
    VISITORS,
    drawn,
    expect_new,
    kept,
    overflowing,
    part,
    save,
    tile,
    told,
)

STAGE, LIVE = "#wardrobe .big canvas", "[data-part=live]"
FOCUSED = "document.activeElement.getAttribute('aria-label')"


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_children_take_the_place_of_the_rail_and_remember_their_parent(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, reduced_motion="reduce", **more)
    dress = {"pt": "Vestido", "en": "Dress"}[locale[:2]]
    tile(page, 2).click()
    expect(tile(page, 2)).to_have_attribute("aria-pressed", "true")
    parent = str(page.evaluate("trama.recipe(trama.garment)"))
    first = drawn(page, "#wardrobe .rail li:first-child canvas")
    part(page, "children").click()
    title = told(locale, "children_of", name=f"{dress} 4201")
    expect(part(page, "family")).to_have_text(title)
    first = expect_new(page, "#wardrobe .rail li:first-child canvas", first)
    expect(page.locator(LIVE)).to_have_text(
        told(locale, "children_done", count=12, name=f"{dress} 4201")
    )
    assert page.evaluate("document.activeElement.textContent") == title
    expect(part(page, "parent")).to_be_in_viewport()
    expect(part(page, "back")).to_be_in_viewport()
    expect(part(page, "chips")).to_be_hidden()
    expect(part(page, "roll")).to_be_hidden()
    assert overflowing(page) == []
    save(page, f"children-{locale}-{viewport['width']}")

    slider = page.get_by_role("slider", name=told(locale, "difference"))
    slider.press("ArrowRight")
    first = expect_new(page, "#wardrobe .rail li:first-child canvas", first)
    assert slider.get_attribute("aria-valuetext") == told(locale, "percent", value=50)
    part(page, "siblings").click()
    expect_new(page, "#wardrobe .rail li:first-child canvas", first)

    tile(page, 3).click()
    name = told(locale, "child_of", number=3, name=f"{dress} 4201")
    expect(part(page, "subtitle")).to_contain_text(name)
    page.locator("#wardrobe .rail li:nth-child(3) .fav").click()
    [entry] = kept(page)
    assert entry["parents"] == [parent]
    assert len(parse_recipe(entry["recipe"]).parts) == 2

    part(page, "children").click()  # children of a child: back leads to the family before
    expect(part(page, "family")).to_have_text(told(locale, "children_of", name=f"{dress} 4201.3"))
    part(page, "back").click()
    expect(part(page, "family")).to_have_text(title)
    expect(tile(page, 3)).to_have_attribute("aria-pressed", "true")
    part(page, "back").click()
    expect(part(page, "nursery")).to_be_hidden()
    expect(part(page, "roll")).to_be_visible()
    expect(tile(page, 2)).to_have_attribute("aria-pressed", "true")
    expect(part(page, "subtitle")).to_contain_text("4201")


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_a_garment_is_kept_linked_and_opened_large(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page = visit(
        locale, viewport, permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce", **more,
    )  # fmt: skip
    page.locator("#wardrobe .rail li:nth-child(4) .fav").click()
    expect(part(page, "heart")).to_have_attribute("aria-pressed", "false")
    tile(page, 4).click()
    expect(part(page, "heart")).to_have_attribute("aria-pressed", "true")
    part(page, "heart").click()
    assert kept(page) == []
    expect(page.locator("#wardrobe .rail [aria-pressed=true].fav")).to_have_count(0)

    page.locator("#wardrobe").get_by_role("button", name=told(locale, "moss"), exact=True).click()
    part(page, "link").click()
    expect(page.locator(LIVE)).to_contain_text("link")
    expect(page.locator("#wardrobe [data-part=link] use")).to_have_attribute("href", "#i-check")
    address, recipe = str(page.evaluate("navigator.clipboard.readText()")).split("?r=")
    assert address == page.url.split("#")[0]
    assert recipe.endswith("~~moss")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.evaluate("document.addEventListener('copy', () => window.copied = getSelection() + '')")
    part(page, "link").click()
    page.wait_for_function("window.copied !== undefined")  # the way of pages without HTTPS
    page.evaluate("document.execCommand = () => false")
    part(page, "link").click()
    expect(page.get_by_role("alert")).to_contain_text(recipe)
    page.get_by_role("alert").get_by_role("button").click()

    part(page, "enlarge").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_contain_text("4203")
    assert overflowing(page) == []
    save(page, f"large-{locale}-{viewport['width']}")
    dialog.locator("[data-view=pixels]").click()
    side = page.eval_on_selector(
        ".large canvas", "c => [c.width, c.getBoundingClientRect().width * devicePixelRatio]"
    )
    assert side[0] % 28 == 0
    assert side[0] == pytest.approx(side[1])
    save(page, f"large-pixels-{locale}-{viewport['width']}")
    dialog.locator("[data-view=smooth]").click()
    shown = drawn(page, ".large canvas")
    dialog.get_by_role("button", name=told(locale, "madder")).click()
    shown = expect_new(page, ".large canvas", shown)
    dialog.get_by_role("button", name=told(locale, "next")).click()
    shown = expect_new(page, ".large canvas", shown)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("heading")).to_contain_text("4202")
    page.keyboard.press("f")
    expect(dialog.locator(".fav")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate(FOCUSED) == told(locale, "enlarge")
    expect(part(page, "subtitle")).to_contain_text("4202")
    assert [parse_recipe(entry["recipe"]).seed for entry in kept(page)] == [4202]


@pytest.mark.parametrize(("locale", "viewport", "more"), [VISITORS[0], VISITORS[3]])
def test_a_garment_put_in_a_corner_is_noted_for_a_moment(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, **more)
    tile(page, 2).click()
    page.clock.install()
    for letter in ("A", "B"):
        button = page.get_by_role("button", name=told(locale, "put_to", letter=letter), exact=True)
        button.click()
        toast = page.locator("[data-part=toast]")
        expect(toast).to_contain_text(told(locale, "put_done", name="", letter=letter).strip())
        expect(toast).to_contain_text("4201")
        expect(toast).to_be_in_viewport(ratio=1)
        expect(page.locator(LIVE)).to_have_text(toast.inner_text())
        expect(button).to_have_attribute("aria-pressed", "true")
        covered = toast.evaluate(
            """e => { const box = e.getBoundingClientRect(), bar = document.querySelector('.nav').getBoundingClientRect();
                      return innerWidth <= 900 && box.bottom > bar.top; }"""
        )
        assert not covered
    save(page, f"put-{locale}-{viewport['width']}")
    page.clock.run_for(6000)
    expect(page.locator("[data-part=toast]")).to_be_hidden()


def test_the_line_opens_with_the_garment_in_hand(visit: OPENED) -> None:
    page = visit("en-US")
    button = part(page, "open-line")
    if "line" not in page.evaluate("trama.setup.screens"):
        expect(button).to_be_hidden()
        return
    page.evaluate("trama.on('open-line', asked => window.asked = asked)")
    tile(page, 5).click()
    button.click()
    assert page.evaluate("window.asked") == {"seed": 4204, "daring": 0.7}
    expect(page.locator("#line")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 1180, 1024, 920])
def test_class_chips_stand_in_two_even_rows(visit: OPENED, width: int) -> None:
    page = visit("pt-BR", {"width": width, "height": 900})
    drawn(page, STAGE)
    tops = page.eval_on_selector_all(
        "#wardrobe .chips li:not(:first-child)", "all => all.map(e => e.offsetTop)"
    )
    assert [tops.count(top) for top in sorted(set(tops))] == [5, 5]
    assert overflowing(page) == []
    cut = page.eval_on_selector_all(
        "#wardrobe .chip", "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0
    acts = page.eval_on_selector_all(
        "#wardrobe .acts > *", "all => new Set(all.map(e => e.offsetTop)).size"
    )
    assert acts == 1


def test_the_wardrobe_says_so_when_the_server_is_away(visit: OPENED) -> None:
    page = visit("pt-BR", PHONE, **TOUCH, reduced_motion="reduce")
    page.route("**/component_server/**", lambda route: route.fulfill(json=None))
    part(page, "children").click()
    expect(page.get_by_role("alert")).to_contain_text(told("pt-BR", "unreachable"))
    save(page, "away-pt-phone")
    # Without children the rail is what it was.
    expect(part(page, "nursery")).to_be_hidden()
    page.unroute("**/component_server/**")
    part(page, "children").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(tile(page, 1)).to_have_attribute("aria-label", re.compile(r"4200\.1$"))


def test_a_garment_from_a_photo_has_no_long_name(visit: OPENED, studio: Studio) -> None:
    page = visit("en-US", PHONE, **TOUCH)
    generator = studio.generator
    ws = broadcast(generator, map_seeds(generator, [3], [1]))[0].clone()
    ws[0] += 0.1  # each layer has its own, as of a photo
    recipe = studio.from_code(3, Code.of(generator, 3, ws)).text
    page.evaluate("text => trama.openRecipe(text)", recipe)
    expect(part(page, "subtitle")).to_contain_text("from a photo")
    expect(part(page, "line-seed")).to_have_text("from a photo")
    assert overflowing(page) == []
