"""What the page says: over a dialog, after a failure, in the language of the moment, to who lost the focus."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browsing import (
    DESKTOP,
    OPENED,
    PHONE,
    TOUCH,
    TWO_VISITORS,
    drawn,
    overflowing,
    save,
    told,
)
from tests.test_accessibility import OPENERS, violations

CALLS = "**/component_server/**"


def failing(page: Page, call: str, answer: Any = None) -> None:
    """Let one call of the server fail, with an answer of its own."""

    def fail(route: Route) -> None:
        asked = route.request.post_data_json
        route.fulfill(json=answer) if asked["fn_name"] == call else route.fallback()

    page.route(CALLS, fail)


@pytest.mark.parametrize("name", sorted(OPENERS))
def test_what_is_said_stands_in_the_open_dialog(visit: OPENED, name: str) -> None:
    screen, opener = OPENERS[name]
    page = visit("en-US", DESKTOP, screen)
    drawn(page, f"#{screen} .big canvas")
    page.evaluate(opener)
    dialog = page.locator(f"dialog[data-part={name}]")
    expect(dialog).to_be_visible()
    page.evaluate("trama.tell('unreachable'); trama.note('a note')")
    expect(dialog.locator("[data-part=live]")).to_have_text("a note")
    expect(dialog.locator("[data-part=toast]")).to_be_visible()
    alert = dialog.get_by_role("alert")
    expect(alert).to_have_text(told("en-US", "unreachable"))
    assert violations(page) == []
    save(page, f"failure-over-{name}")
    alert.get_by_role("button").click()
    expect(alert).to_be_hidden()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#header [data-part=live]")).to_have_count(1)
    page.evaluate("trama.tell('unreachable')")
    expect(page.locator("#header").get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_a_model_that_is_gone_is_told_in_words(
    visit: OPENED, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, "wardrobe", **more)
    drawn(page, "#wardrobe .big canvas")
    bar = page.locator(".failure span")
    for reason, words in (
        ("unknown_model", told(locale, "recipe_unknown_model")),
        ("busy", told(locale, "model_failed", reason=told(locale, "reason_busy"))),
        ("film_busy", told(locale, "recipe_film_busy")),
    ):
        page.evaluate("reason => trama.fail('a detail in English', reason)", reason)
        expect(bar).to_have_text(words)
    other = "en-US" if locale == "pt-BR" else "pt-BR"
    page.evaluate("language => trama.speak(language)", other[:2])
    expect(bar).to_have_text(told(other, "recipe_film_busy"))
    assert overflowing(page) == []


def test_focus_goes_to_the_screen_that_a_button_within_one_opens(visit: OPENED) -> None:
    page = visit("en-US", DESKTOP, "wardrobe")
    drawn(page, "#wardrobe .big canvas")
    page.locator("#wardrobe [data-part=open-line]").press("Enter")
    expect(page.locator("#line h1")).to_be_focused()
    page.go_back()  # one step, though two listeners heard the press
    expect(page.locator("#wardrobe")).to_be_visible()
    page.locator("header .nav a[data-go=blend]").press("Enter")
    expect(page.locator("header .nav a[data-go=blend]")).to_be_focused()  # it is still there


def test_a_language_is_no_other_garment(visit: OPENED) -> None:
    page = visit("pt-BR", DESKTOP, "learn")
    page.evaluate("window.heard = 0; trama.on('garment', () => window.heard++)")
    chance = page.locator("#learn [data-part=bars] .num").first
    expect(chance).to_have_text(re.compile(r"^\d+ %$"))
    page.evaluate("trama.speak('en')")
    expect(chance).to_have_text(re.compile(r"^\d+%$"))
    assert page.evaluate("window.heard") == 0


@pytest.mark.parametrize("more", [{}, TOUCH])
def test_children_that_do_not_come_leave_no_heading(visit: OPENED, more: dict[str, Any]) -> None:
    page = visit("en-US", PHONE if more else DESKTOP, "wardrobe", **more)
    drawn(page, "#wardrobe .big canvas")
    failing(page, "make_children", {"error": "no", "reason": "busy"})
    page.locator("#wardrobe [data-part=children]").click()
    expect(page.locator(".failure")).to_be_visible()
    expect(page.locator("#wardrobe [data-part=nursery]")).to_be_hidden()
    expect(page.locator(".failure")).to_be_visible()
    page.unroute(CALLS)
    page.locator("#wardrobe [data-part=children]").click()
    expect(page.locator("#wardrobe .rail .no").first).to_have_text("4200.1")


def test_a_film_that_failed_is_asked_for_again(visit: OPENED) -> None:
    page = visit("en-US", DESKTOP, "wardrobe")
    page.evaluate("location.hash = 'replay'")
    name = page.locator("#replay [data-part=name]")
    expect(name).to_contain_text("4200")
    failing(page, "frames")
    page.evaluate("location.hash = 'wardrobe'")
    page.locator("#wardrobe .rail .tile").nth(1).click()
    page.evaluate("location.hash = 'replay'")
    expect(page.locator(".failure")).to_be_visible()
    page.unroute(CALLS)
    page.evaluate("location.hash = 'wardrobe'")
    page.evaluate("location.hash = 'replay'")
    expect(name).to_contain_text("4201")


@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
def test_a_sheet_that_failed_can_be_made_again(visit: OPENED, locale: str) -> None:
    page = visit(locale, DESKTOP, "line")
    failing(page, "lookbook", {"error": "no", "reason": "book_busy"})
    sheet = page.locator("#line [data-part=sheet]")
    sheet.scroll_into_view_if_needed()
    expect(page.locator(".failure")).to_contain_text(told(locale, "recipe_book_busy"))
    expect(sheet).to_have_attribute("aria-busy", "false")
    expect(sheet).not_to_contain_text(told(locale, "lookbook_wait"))
    save(page, f"lookbook-failed-{locale}")
    page.unroute(CALLS)
    sheet.get_by_role("button", name=told(locale, "lookbook_again")).click()
    expect(sheet.locator("img")).to_have_attribute("src", re.compile("^data:image/jpeg"))
    expect(sheet).to_have_attribute("aria-busy", "false")
    expect(sheet.get_by_role("button")).to_be_hidden()


def test_a_title_that_was_pasted_with_other_blanks_is_printed(visit: OPENED) -> None:
    page = visit("en-US", DESKTOP, "line")
    page.locator("#line [data-part=book-title]").fill("\u00a0My\u00a0line \u2003 of\tclothes ")
    page.locator("#line [data-part=book-title]").press("Tab")
    expect(page.locator("#line [data-part=book-title]")).to_have_value("My line of clothes")
    sheet = page.locator("#line [data-part=sheet] img")
    sheet_alt = told("en-US", "lookbook_alt", title="My line of clothes", names="")
    page.locator("#line [data-part=sheet]").scroll_into_view_if_needed()
    expect(sheet).to_have_attribute("alt", re.compile(f"^{re.escape(sheet_alt)}"))
    expect(sheet).to_have_attribute("src", re.compile("^data:image/jpeg"))
    expect(page.locator(".failure")).to_be_hidden()
