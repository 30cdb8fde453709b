"""Answers of the server that come late, in another order or not at all, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import OPENED, come, drawn, hold, kept, let_go, tile

STAGE, KNOB = "#blend .big canvas", "#blend .knob"
OPINION = "#wardrobe [data-part=opinion]"
AWAY = "document.querySelector('#blend .knob').dispatchEvent(new KeyboardEvent('keydown', { key: 'Home', bubbles: true }))"


def to(page: Page, screen: str) -> None:
    page.get_by_role("link", name=screen, exact=True).first.click()


def test_the_line_is_of_the_garment_in_hand(visit: OPENED) -> None:
    page = visit("en-US")
    first = page.locator("#wardrobe [data-part=line] .tile").first
    expect(first).to_have_attribute("aria-label", re.compile("4200$"))
    held = hold(page, "line")
    tile(page, 2).click()
    come(page, held)
    tile(page, 1).click()  # whose line is here already
    let_go(page, held[0])
    expect(page.locator("#wardrobe [data-part=line-seed]")).to_have_text("seed 4200")
    expect(first).to_have_attribute("aria-label", re.compile("4200$"))


def test_of_two_changes_of_a_corner_both_hold(visit: OPENED) -> None:
    page = visit("en-US", screen="blend")
    drawn(page, STAGE)
    page.locator("#blend .corner[data-corner=b]").click()
    dialog = page.get_by_role("dialog")
    held = hold(page, "garment")
    dialog.get_by_label("Seed").fill("12")
    dialog.get_by_label("Seed").press("Enter")
    dialog.get_by_role("combobox").select_option(label="Bag")
    come(page, held, 2)
    let_go(page, held[1])
    expect(dialog).to_contain_text("Bag 12")
    let_go(page, held[0])
    expect(dialog).to_contain_text("Bag 12")

    # A garment that was put there since is not driven out.
    dialog.get_by_role("combobox").select_option(label="Coat")
    come(page, held, 3)
    dialog.get_by_role("button", name="Use Dress 4200").click()
    let_go(page, held[2])
    expect(page.locator("#blend .corner[data-corner=b]")).to_have_attribute(
        "title", re.compile("Dress 4200")
    )


def test_the_critic_speaks_of_the_garment_in_hand(
    visit: OPENED, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui import opinion

    monkeypatch.setattr(opinion, "_neighbours", lambda: None)  # they take seconds to open
    page = visit("en-US")
    panel = page.locator(OPINION)
    held = hold(page, "opinion")
    panel.locator("summary").click()
    come(page, held)
    tile(page, 2).click()
    let_go(page, held[0])
    expect(panel.locator(".keyline")).to_be_hidden()
    come(page, held, 2)
    let_go(page, held[1])
    expect(panel.locator(".keyline")).to_contain_text("4201")
    tile(page, 3).click()
    come(page, held, 3)
    expect(panel.locator(".keyline")).to_be_hidden()
    held[2].continue_()
    expect(panel.locator(".keyline")).to_contain_text("4202")


def test_a_critic_who_did_not_answer_is_asked_again(
    visit: OPENED, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui import opinion

    monkeypatch.setattr(opinion, "_neighbours", lambda: None)
    page = visit("en-US")
    panel = page.locator(OPINION)
    page.route("**/component_server/**", lambda route: route.fulfill(json=None))
    panel.locator("summary").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(panel.locator(".verdict")).to_be_empty()
    page.unroute_all()
    panel.locator("summary").click()
    panel.locator("summary").click()
    expect(panel.locator(".keyline")).to_contain_text("4200")
    expect(panel.locator(".verdict")).to_contain_text("not on this machine")


def test_what_waits_for_a_blend_is_dropped_when_it_fails_or_is_left(visit: OPENED) -> None:
    page = visit("en-US", screen="blend")
    drawn(page, STAGE)
    busy = page.locator("#blend .recipe")
    expect(busy).to_have_attribute("aria-busy", "false")
    heart, download = (page.locator(f"#blend [data-part={name}]") for name in ("heart", "save"))
    held = hold(page, "mix")
    page.locator(KNOB).press("Home")
    heart.click()
    for place in range(2):  # the heart asks, and the knob that has come to rest
        come(page, held, place + 1)
        let_go(page, held[place], failing=True)
    page.unroute_all()
    with page.expect_download():
        download.click()
    assert kept(page) == []

    held = hold(page, "mix")
    page.locator(KNOB).press("End")
    heart.click()
    come(page, held)
    to(page, "Wardrobe")
    page.unroute_all()  # it goes on
    to(page, "Blend")
    expect(busy).to_have_attribute("aria-busy", "false")
    page.wait_for_timeout(300)
    assert kept(page) == []


def test_children_of_a_blend_that_is_not_there_yet(visit: OPENED) -> None:
    page = visit("en-US", screen="blend")
    drawn(page, STAGE)
    expect(page.locator("#blend .recipe")).to_have_attribute("aria-busy", "false")
    page.evaluate(
        f"() => {{ {AWAY}; document.querySelector('#blend [data-part=children]').click(); }}"
    )
    expect(page.locator("#wardrobe .nursery")).to_be_visible()
    expect(page.locator("#wardrobe [data-part=family]")).to_contain_text("4252")
