"""A link to a blend in a real browser: its garments stand in the corners, and the sliders where they were."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from model.mixing import blend, pad
from model.recipe import Recipe, mix
from model.recipe_text import parse_recipe
from model.studio import Studio
from tests.browsing import OPENED, TWO_VISITORS, drawn, overflowing, save

STAGE = "#blend .big canvas"
PLACE = """() => ['shape', 'pattern'].map(name => document.querySelector(`#blend [data-part=${name}]`).value)
    .concat([...document.querySelectorAll('#blend .shares input')].map(field => field.value))"""


def recipe(page: Page) -> str:
    """Recipe of the blend on the stage, once it is there."""
    page.wait_for_selector("#blend :has(> [data-part=recipe]):not([aria-busy=true])")
    return str(page.locator("#blend [data-part=recipe]").text_content())


def rebuilt(found: dict[str, Any]) -> Recipe:
    """The garment that a place between corners makes."""
    corners = [parse_recipe(text) for text in found["corners"]]
    if found["free"]:
        halves = [found["free"][half][: len(corners)] for half in ("shape", "pattern")]
        return mix(corners, *halves)
    assert found["y"] == 0
    a, b = corners
    return blend(a, b, shape=found["shape"], pattern=found["pattern"])


def test_corners_and_place_are_found_in_a_recipe(visit: OPENED, studio: Studio) -> None:
    page = visit("en-US")
    kinds = [
        ("dress", 7, "indigo"),
        ("coat", 8, "moss"),
        ("t-shirt", 9, "indigo"),
        ("bag", 3, "ink"),
    ]
    a, b, c, d = (studio.garment(label, seed, dye=dye) for label, seed, dye in kinds)
    mixed = [
        blend(a, b, 0.42),
        blend(a, b, shape=0.1, pattern=0.83),
        blend(a, c, 0.5),
        mix([a, b, c], [1, 2, 3], [3, 2, 2]),
        mix([a, b, c, d], [0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]),
    ]
    for made in (*mixed, mixed[0].dyed("madder"), *pad([a, b, c, d], 4)[5:7]):
        found = page.evaluate("text => trama.blendOf(text)", made.text)
        assert rebuilt(found).text == made.text
        if made in mixed:
            assert set(found["corners"]) <= {each.text for each in (a, b, c, d)}
    screen = "([text, parents]) => trama.screenOf({ recipe: text, parents, dyes: [['ink', 1]] })"
    made = blend(a, b, 0.42)
    assert page.evaluate(screen, [made.text, [a.text, b.dyed("ochre").text]]) == "blend"
    nested = blend(made, c, 0.5)  # comes apart into three
    assert page.evaluate(screen, [nested.text, [made.text, c.text]]) == ""
    assert (
        page.evaluate(screen, [studio.edited(made, {"brightness": 1}).text, [a.text, b.text]]) == ""
    )
    for other in (
        a.text,
        studio.edited(blend(a, b, 0.4), {"brightness": 1}).text,
        blend(a, b, 0.4).text.replace(studio.digest, "0badcafe"),
        mix([a, b, c, d, studio.garment("boot", 1)], [1] * 5, [1] * 5).text,
        "",
        "tr1~~~~~",
        "x" * 3000,
    ):
        assert page.evaluate("text => trama.blendOf(text)", other) is None


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_a_link_opens_the_blend_with_its_sliders(
    visit: OPENED, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(
        locale, viewport, "blend", permissions=["clipboard-read", "clipboard-write"], **more
    )
    drawn(page, STAGE)
    for slider, presses in (("mix", 3), ("shape", 5)):  # one beyond, the other apart
        for _ in range(presses):
            page.locator(f"#blend [data-part={slider}]").press("ArrowRight")
    page.wait_for_timeout(400)
    text, place, picture = recipe(page), page.evaluate(PLACE), drawn(page, STAGE)
    page.locator("#blend [data-part=link]").click()
    page.wait_for_function("navigator.clipboard.readText().then(link => link.endsWith('#blend'))")
    link = str(page.evaluate("navigator.clipboard.readText()"))
    assert "?r=tr1~" in link

    query = link[link.index("?") : link.index("#")]
    other = visit(locale, viewport, "blend", query, **more)
    drawn(other, STAGE)
    expect(other.locator("#blend [data-part=recipe]")).to_have_text(text)
    assert other.evaluate(PLACE) == place
    other.wait_for_function(
        "([s, picture]) => document.querySelector(s).toDataURL() === picture", arg=[STAGE, picture]
    )
    assert overflowing(other) == []
    save(other, f"blend-linked-{locale}-{viewport['width']}")


def test_a_link_whose_corners_are_not_known_opens_in_the_wardrobe(
    visit: OPENED, studio: Studio
) -> None:
    a, b = studio.garment("dress", 7), studio.garment("coat", 8)
    edited = studio.edited(blend(a, b, 0.4), {"brightness": 1})
    page = visit("en-US", screen="blend", query=f"?r={edited.text}")
    page.wait_for_function("document.body.dataset.screen === 'wardrobe'")
    assert page.evaluate("trama.garment.recipe") == edited.text
