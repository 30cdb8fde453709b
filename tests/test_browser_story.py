"""How the page says in a few words what a garment is: of which seeds, whose child, what was done to it."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from model.mixing import blend, children
from model.recipe import mix
from model.studio import Studio
from tests.browsing import (
    OPENED,
    TWO_VISITORS,
    drawn,
    kept,
    overflowing,
    part,
    save,
    tile,
    told,
)


def captions(page: Page) -> Any:
    return page.locator("#collection .kept .no .num")


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_the_subtitle_tells_what_was_done_to_a_garment(
    visit: OPENED, studio: Studio, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, **more)
    subtitle = part(page, "subtitle")
    a, b = studio.garment("dress", 7), studio.garment("coat", 8)
    one_seed = [studio.garment("dress", 7), studio.garment("coat", 7)]
    blended = blend(a, b, 0.6)
    seeds = told(locale, "seeds_of", seeds="8 × 7")
    seed, mixture = told(locale, "seed_of", seed=7), told(locale, "made_blend")
    adjusted = told(locale, "made_adjusted")
    for recipe, said in (
        (a, seed),
        (studio.edited(a, {"brightness": 1}), f"{seed} · {adjusted}"),
        (blended, f"{seeds} · {mixture}"),
        (studio.edited(blended, {"brightness": 1}), f"{seeds} · {mixture} · {adjusted}"),
        (mix(one_seed, [1, 1], [1, 1]), f"{seed} · {told(locale, 'made_classes')}"),
    ):
        page.evaluate("recipe => trama.openRecipe(recipe)", recipe.text)
        expect(subtitle).to_contain_text(said)
        daring = page.locator("#wardrobe [data-part=subtitle] .long").text_content() or ""
        assert subtitle.text_content() == said + daring
        assert overflowing(page) == []
    save(page, f"story-{locale}-{viewport['width']}")
    page.evaluate("trama.choose({ ...trama.garment, completed: true })")
    expect(subtitle).to_contain_text(told(locale, "made_completed"))
    expect(subtitle).not_to_contain_text(seed)
    part(page, "heart").click()
    assert kept(page)[0]["completed"] is True


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_kept_garments_of_one_family_are_told_apart(
    visit: OPENED, studio: Studio, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, reduced_motion="reduce", **more)
    tile(page, 2).click()
    part(page, "heart").click()
    rail = page.locator("#wardrobe .rail .no").first
    for number, eldest in ((3, "4201.1"), (5, "4201.3.1")):  # the third child, and its fifth
        part(page, "children").click()
        expect(rail).to_have_text(eldest)
        drawn(page, f"#wardrobe .rail li:nth-child({number}) canvas")
        tile(page, number).click()
        part(page, "heart").click()
    assert [entry.get("called") for entry in kept(page)] == ["4201.3.5", "4201.3", None]
    older = children(studio.garment("dress", 42), 0.5, 90)[:2]  # kept before they had numbers
    page.evaluate(
        "list => trama.store.replace([...trama.store.list(), ...list])",
        [
            {
                "recipe": child.text,
                "born": "2026-01-02",
                "parents": [studio.garment("dress", 42).text],
            }
            for child in older
        ],
    )
    page.locator("[data-part=collection]").click()
    drawn(page, "#collection .kept li:nth-child(5) canvas")
    child = told(locale, "made_child")
    expect(captions(page)).to_have_text(
        [
            f"4201.3 · {told(locale, 'kin_2', number=5)}",
            f"4201 · {told(locale, 'kin_1', number=3)}",
            "4201",
            f"42 × 90 · {child}",
            f"42 × 91 · {child}",
        ]
    )
    names = page.locator("#collection .kept .tile").evaluate_all(
        "all => all.map(e => e.getAttribute('aria-label'))"
    )
    assert len(set(names)) == 5
    page.locator("#collection .kept li:nth-child(2) .kin").click()
    expect(page.locator("#collection [data-part=born]")).to_contain_text(
        told(locale, "kin_1", number=3)
    )
    assert overflowing(page) == []
    save(page, f"collection-family-{locale}-{viewport['width']}")
    page.locator("#collection .kept li:nth-child(1) .tile").click()
    expect(part(page, "subtitle")).to_contain_text(told(locale, "kin_2", number=5))


def test_what_a_child_is_called_is_read_strictly(visit: OPENED, studio: Studio) -> None:
    page = visit("en-US")
    good = {"recipe": studio.garment("bag", 1).text, "born": "2026-01-02", "parents": []}
    for called in (7, "", "4201", "x" * 90 + ".1", "4201.", {"a": 1}, "4201.123"):
        assert page.evaluate("entry => trama.store.read(entry)", {**good, "called": called}) is None
    for more in ({}, {"called": "4201.12"}, {"completed": True}):
        read = page.evaluate("entry => trama.store.read(entry)", {**good, **more, "other": "x"})
        assert read == {**good, **more}
