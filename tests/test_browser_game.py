"""The game against the critic in a real browser: ten rounds, the end card, a link to it."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import (
    DESKTOP,
    OPENED,
    PHONE,
    TOUCH,
    TWO_VISITORS,
    VISITORS,
    drawn,
    expect_new,
    overflowing,
    save,
    told,
)
from tests.test_accessibility import violations
from tests.test_browser_say import CALLS, failing

BIG = "#game [data-part=big]"


def play_on(page: Page, locale: str, rounds: int = 10, first: int = 1) -> None:
    """Vote in turn for real and for woven, and go on."""
    for number in range(first, first + rounds):
        expect(page.locator("#game [data-part=round]")).to_have_text(
            told(locale, "game_round", number=number, count=10)
        )
        page.locator(f"#game [data-vote={'real' if number % 2 else 'made'}]").click()
        expect(page.locator("#game .rounds i:is(.y,.n)")).to_have_count(2 * number)
        if number < 10:
            page.locator("#game [data-part=next]").click()


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_ten_rounds_and_the_end_card(
    visit: OPENED, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, "game", **more)
    drawn(page, BIG)
    name = f"game-{locale}-{viewport['width']}"
    play_on(page, locale, 3)
    save(page, f"{name}-round")
    assert overflowing(page) == []
    play_on(page, locale, 7, 4)
    expect(page.locator("#game .proof li")).to_have_count(10)
    expect(page.locator("#game [data-part=end-title]")).to_be_focused()
    you, critic = (
        page.locator(f"#game [data-part={who}]").inner_text() for who in ("you", "critic")
    )
    expect(page.locator("#game [data-part=rank]")).to_have_text(
        told(locale, "game_result", you=you, critic=critic)
    )
    save(page, f"{name}-end")
    assert overflowing(page) == []
    with page.expect_download() as download:
        page.locator("#game [data-part=card]").click()
    assert download.value.suggested_filename.endswith(".png")


def test_on_a_phone_what_comes_next_stays_above_the_tabs(visit: OPENED) -> None:
    page = visit("pt-BR", {"width": 360, "height": 640}, "game", **TOUCH)
    drawn(page, BIG)
    tip = page.locator("#game [data-part=verdict]")
    tips = [
        told("pt-BR", f"game_tip_{kind}") for kind in ("top", "trousers", "dress", "shoe", "bag")
    ]
    for number in range(1, 5):
        before = next(text for text in tips if text in tip.inner_text())  # one before each vote
        page.locator("#game [data-vote=real]").click()
        button = page.locator("#game [data-part=next]")
        expect(button).to_be_visible()
        page.evaluate("scrollTo(0, 0)")
        bounds, tabs = button.bounding_box(), page.locator(".trama .nav").bounding_box()
        assert bounds
        assert tabs
        assert bounds["y"] + bounds["height"] <= tabs["y"]
        wrong = page.locator("#game .rounds li").nth(number - 1).locator("i").first
        if wrong.get_attribute("class") == "n":
            expect(tip).to_contain_text(told("pt-BR", "game_tip_again", tip=before))
        if number == 1:
            assert violations(page) == []
        button.click()


def test_the_answer_is_nowhere_before_the_vote(visit: OPENED) -> None:
    page = visit("en-US", DESKTOP, "game")
    drawn(page, BIG)
    page.evaluate(
        """() => { const call = trama.server; window.answers = [];
             const fetched = window.fetch;
             window.fetch = async (...asked) => { const answer = await fetched(...asked);
               answer.clone().text().then(text => window.answers.push(text)); return answer; }; }"""
    )
    before = drawn(page, BIG)
    assert page.locator("#game .proof li").count() == 0
    page.keyboard.press("ArrowRight")
    expect(page.locator("#game .rounds i:is(.y,.n)")).to_have_count(2)
    expect_new(page, BIG, before)  # another dye tells what it was
    page.keyboard.press("ArrowRight")  # a second vote on one garment counts for nothing
    expect(page.locator("#game .rounds i:is(.y,.n)")).to_have_count(2)
    answers = [text for text in page.evaluate("window.answers") if "past" in text]
    assert answers
    for text in answers:  # the next garment's fields are its class and its pixels
        assert text.count('"real"') == text.count('"number"')
    page.keyboard.press("g")
    expect(page.locator("#game [data-part=round]")).to_have_text("Round 2 of 10")


def test_a_result_travels_as_a_link_and_a_forged_one_is_told(visit: OPENED) -> None:
    page = visit("en-US", DESKTOP, "game", permissions=["clipboard-read", "clipboard-write"])
    drawn(page, BIG)
    play_on(page, "en-US")
    page.locator("#game [data-part=link]").click()
    expect(page.locator("#game [data-part=link] use")).to_have_attribute("href", "#i-check")
    link = page.evaluate("navigator.clipboard.readText()")
    token = link.split("game=")[1].split("#")[0]
    rank = page.locator("#game [data-part=rank]").inner_text()
    other = visit("pt-BR", PHONE, "game", f"?game={token}", **TOUCH)
    expect(other.locator("#game [data-part=end-title]")).to_have_text(told("pt-BR", "game_shared"))
    expect(other.locator("#game [data-part=end-title]")).to_be_focused()
    expect(other.locator("#game [data-part=end-title]")).to_be_in_viewport()
    expect(other.locator("#game [data-part=table]")).to_be_hidden()
    assert other.locator("#game [data-part=rank]").inner_text() == rank.replace("to", "a")
    other.get_by_role("button", name=told("pt-BR", "game_try")).click()
    expect(other.locator("#game .proof")).to_be_hidden()
    expect(other.locator("#game [data-vote=real]")).to_be_focused()
    forged = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]
    wrong = visit("en-US", DESKTOP, "game", f"?game={forged}")
    expect(wrong.locator(".failure")).to_contain_text(told("en-US", "recipe_game_seal"))
    drawn(wrong, BIG)  # and a new game is there


def test_arrows_on_the_difficulty_discard_no_game(visit: OPENED) -> None:
    page = visit("en-US", DESKTOP, "game")
    drawn(page, BIG)
    play_on(page, "en-US", 2)
    levels, dots = page.locator("#game .levels button"), page.locator("#game .rounds i:is(.y,.n)")
    number = page.locator("#game [data-part=round]")
    levels.last.focus()
    for key in ("ArrowRight", "ArrowLeft", "ArrowLeft"):  # the ends are no votes either
        page.keyboard.press(key)
    expect(levels.first).to_be_focused()
    assert levels.evaluate_all("all => all.map(b => b.tabIndex)") == [0, -1]
    expect(number).to_have_text(told("en-US", "game_round", number=3, count=10))
    expect(dots).to_have_count(4)
    page.keyboard.press("Enter")
    expect(number).to_have_text(told("en-US", "game_round", number=1, count=10))
    expect(levels.first).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("reason", ["game_seal", "game_late"])
def test_a_game_that_is_refused_is_followed_by_another(visit: OPENED, reason: str) -> None:
    page = visit("pt-BR", DESKTOP, "game")
    drawn(page, BIG)
    play_on(page, "pt-BR", 1)
    failing(page, "cast_vote", {"error": "no", "reason": reason})
    page.locator("#game [data-vote=real]").click()
    expect(page.locator(".failure")).to_contain_text(told("pt-BR", f"recipe_{reason}"))
    expect(page.locator("#game [data-vote=real]")).to_have_attribute("aria-disabled", "true")
    page.unroute(CALLS)
    if reason == "game_seal":
        page.get_by_role("button", name=told("pt-BR", "game_new"), exact=True).click()
    else:
        page.locator("#game .levels [aria-pressed=true]").click()
    number = page.locator("#game [data-part=round]")
    expect(number).to_have_text(told("pt-BR", "game_round", number=1, count=10))
    play_on(page, "pt-BR", 1)


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_the_end_offers_the_same_level_too(
    visit: OPENED, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, "game", **more)
    drawn(page, BIG)
    easy = page.locator("#game .levels button").first
    easy.click()
    expect(easy).to_have_attribute("aria-pressed", "true")
    play_on(page, locale)
    same = page.get_by_role("button", name=told(locale, "game_same"), exact=True)
    expect(same).to_be_visible()
    expect(page.get_by_role("button", name=told(locale, "game_harder"), exact=True)).to_be_visible()
    assert overflowing(page) == []
    save(page, f"game-{locale}-{viewport['width']}-end-same")
    same.click()
    expect(page.locator("#game [data-part=end]")).to_be_hidden()
    expect(easy).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#game [data-vote=real]")).to_be_focused()
    page.locator("#game .levels button").last.click()
    play_on(page, locale)
    expect(same).to_be_hidden()  # there is nothing harder: the first button does it
