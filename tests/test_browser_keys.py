"""Help for people in a real browser: keys, first-visit hints, what is wrong with a field."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browsing import (
    OPENED,
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

STAGE = "#wardrobe .big canvas"
FOCUSED = "document.activeElement.getAttribute('aria-label')"


@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
def test_keys_do_what_is_done_often_and_can_be_switched_off(visit: OPENED, locale: str) -> None:
    page = visit(locale)
    page.evaluate("window.undone = 0; trama.on('undo', () => window.undone++)")
    shown = drawn(page, STAGE)
    page.keyboard.press("ArrowRight")  # from nowhere: to the rail, then along it
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUSED).endswith("4205")
    expect(tile(page, 6)).to_have_attribute("aria-pressed", "true")
    shown = expect_new(page, STAGE, shown)
    page.keyboard.press("End")
    expect(tile(page, 12)).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(
        "[...document.querySelectorAll('#wardrobe .rail button, .chips button')]"
        ".filter(b => b.tabIndex === 0).length"
    ) == 2  # fmt: skip
    page.keyboard.press("f")
    expect(part(page, "heart")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("z")
    assert page.evaluate("window.undone") == 1
    shown = drawn(page, STAGE)
    page.keyboard.press("g")
    shown = expect_new(page, STAGE, shown)

    seed = page.get_by_label(told(locale, "seed"), exact=True).first
    seed.fill("12")
    seed.press("g")
    seed.press("z")
    expect(seed).to_have_value("12gz")
    seed.fill("12")
    seed.press("Enter")
    shown = expect_new(page, STAGE, shown)
    part(page, "roll").focus()
    for chord in ("Alt+f", "Meta+f", "Shift+g", "Shift+f", "Control+z"):
        page.keyboard.press(chord)
    part(page, "roll").focus()  # the browser's own undo went back to the field
    assert page.evaluate("window.undone") == 1
    assert len(kept(page)) == 1

    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(told(locale, "key_generate"))
    page.keyboard.press("z")
    assert page.evaluate("window.undone") == 1
    save(page, f"keys-{locale}")
    dialog.get_by_role("switch").uncheck()
    dialog.get_by_role("button", name=told(locale, "close")).click()
    page.keyboard.press("z")
    page.keyboard.press("?")
    page.keyboard.press("g")
    expect(dialog).to_be_hidden()
    assert page.evaluate("window.undone") == 1
    expect(seed).to_have_value("12")
    page.reload()
    page.wait_for_selector("#wardrobe .rail canvas")
    page.keyboard.press("z")
    page.get_by_role("button", name=told(locale, "keys")).click()
    expect(page.get_by_role("dialog").get_by_role("switch")).not_to_be_checked()


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_a_first_visit_has_three_hints_and_a_second_has_none(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, reduced_motion="reduce", **more)
    hint = part(page, "hint")
    expect(hint).to_contain_text(told(locale, "hint_tap"))
    save(page, f"hints-{locale}-{viewport['width']}")
    covered = page.evaluate(
        """() => { const box = document.querySelector('#wardrobe .hint').getBoundingClientRect();
             return [...document.querySelectorAll('#wardrobe :is(.tile, .chip, .b)')].filter(e => {
               const other = e.getBoundingClientRect();
               return other.width && other.top < box.bottom && other.bottom > box.top
                 && other.left < box.right && other.right > box.left; }).length; }"""
    )
    assert covered == 0
    tile(page, 2).click()  # done: the next one
    expect(hint).to_contain_text(told(locale, "hint_roll"))
    hint.get_by_role("button").click()
    expect(hint).to_contain_text(told(locale, "hint_mix"))
    page.reload()
    page.wait_for_selector("#wardrobe .rail canvas")
    expect(hint).to_contain_text(told(locale, "hint_mix"))
    page.locator("#wardrobe [data-put=a]").click()
    expect(hint).to_be_hidden()
    page.reload()
    page.wait_for_selector("#wardrobe .rail canvas")
    expect(hint).to_be_hidden()


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_a_wrong_seed_is_told_at_its_field(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, **more)
    seed, wrong = part(page, "seed"), page.locator("#wardrobe .wrong")
    most = 2**32 - 12
    for typed in ("abc", "", "-3", "1.5"):
        seed.fill(typed)
        seed.press("Enter")
        expect(seed).to_have_value("4200")
        expect(wrong).to_have_text(told(locale, "seed_wrong", most=most, seed=4200))
    assert seed.get_attribute("aria-describedby") == wrong.get_attribute("id")
    assert seed.get_attribute("aria-invalid") == "true"
    assert overflowing(page) == []
    save(page, f"seed-{locale}-{viewport['width']}")
    shown = drawn(page, STAGE)
    seed.fill("9999999999")
    expect(wrong).to_have_count(0)
    seed.press("Enter")
    expect(seed).to_have_value(str(most))
    expect(wrong).to_have_text(told(locale, "seed_most", most=most, seed=4200))
    shown = expect_new(page, STAGE, shown)
    seed.fill("7")
    seed.press("Enter")
    expect(wrong).to_have_count(0)
    expect_new(page, STAGE, shown)
