"""The lesson in a real browser: six steps, each answered by doing, in both languages and sizes."""

import re
from pathlib import Path
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
from ui.lesson_code import LINES, ROOT

STEPS = ("kinds", "noise", "critic", "duel", "wrong", "uses")


def step(page: Page, name: str) -> Any:
    return page.locator(f"#learn [data-step={name}]")


def opened(visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]) -> Page:
    page = visit(locale, viewport, "learn", **more)
    drawn(page, "#learn .tenfold li:last-child canvas")
    return page


def do_kinds(page: Page) -> None:
    """Two kinds of network."""
    kinds = step(page, "kinds")
    expect(kinds.locator(".bars li")).to_have_count(5)
    before = kinds.locator(".bars").inner_text()
    kinds.locator(".five button").last.click()
    expect(kinds.locator(".bars")).not_to_have_text(before)
    six = "#learn .made li:last-child canvas"
    picture = drawn(page, six)
    kinds.locator(".words button").first.click()
    expect_new(page, six, picture)


def do_noise(page: Page, locale: str) -> None:
    """From noise to garment: one number, all of them, none; another noise; another class."""
    noise, big = step(page, "noise"), "#learn [data-part=woven]"
    swap, picture = noise.get_by_role("slider"), drawn(page, big)
    noise.locator("[data-part=noise-mark]").click()
    expect(noise.locator(".ask output")).to_have_text(told(locale, "learn_noise_no"))
    swap.press("ArrowRight")
    few = expect_new(page, big, picture)
    swap.press("End")
    expect_new(page, big, few)
    noise.locator("[data-part=noise-mark]").click()
    expect(noise.locator(".ask")).to_have_attribute("data-state", "yes")
    swap.press("Home")
    page.wait_for_function(
        "([s, first]) => document.querySelector(s).toDataURL() === first", arg=[big, picture]
    )
    noise.locator("[data-part=noise] i").nth(2).click()
    expect_new(page, big, picture)
    noise.locator("[data-part=noise-roll]").click()
    picture = drawn(page, big)
    noise.locator(".tenfold button").first.click()
    expect_new(page, big, picture)


def do_critic(page: Page, locale: str) -> None:
    """The critic: a guess, its score, the nearest training garments."""
    critic = step(page, "critic")
    critic.scroll_into_view_if_needed()
    expect(critic.locator("[data-part=panel] .mine")).to_be_hidden()
    expect(critic.locator(".five li")).to_have_count(5, timeout=90_000)
    drawn(page, "#learn [data-part=asked]")
    expect(critic.locator("[data-part=asked-name]")).to_have_text(
        page.evaluate("trama.nameOf(trama.garment)")
    )
    critic.get_by_role("slider").press("End")
    critic.get_by_role("button", name=told(locale, "learn_reveal")).click()
    expect(critic.locator(".ask")).to_have_attribute("data-state", "yes")
    expect(critic.locator(".ask output").last).to_contain_text("100")
    expect(critic.locator("[data-part=panel] .mine")).to_be_visible()


def do_duel(page: Page, locale: str) -> None:
    """The duel, scrubbed and stepped."""
    duel = step(page, "duel")
    scrub = duel.locator("[data-part=moment]")
    expect(duel.locator("[data-part=duel-back]")).to_be_disabled()
    for at in range(2, 7):
        scrub.press("ArrowRight")
        expect(duel.locator("[data-part=duel]")).to_have_attribute("data-at", str(at))
    expect(duel.locator(".back")).to_be_visible()
    duel.locator("[data-part=duel-next]").click()
    expect(duel.locator("[data-part=duel-next]")).to_be_disabled()
    expect(duel.locator(".ask")).to_have_attribute("data-state", "")  # it was only watched
    for answer in ("straight", "chance"):
        duel.locator(f"[data-answer={answer}]").click()
        expect(duel.locator(".ask")).to_have_attribute("data-state", "no")
        expect(duel.locator(".ask output")).to_have_text(told(locale, f"learn_duel_{answer}_no"))
    duel.locator("[data-answer=through]").click()
    expect(duel.locator(".ask")).to_have_attribute("data-state", "yes")


def do_wrong(page: Page, locale: str) -> None:
    """What goes wrong: a wrong answer is no end."""
    wrong = step(page, "wrong")
    runs = ("too-fast", "collapse", "overpowering")
    for number, run in enumerate(runs):
        case = wrong.locator(".case").nth(number)
        case.get_by_role("slider").press("Home")
        case.locator(f"[data-answer={runs[number - 1]}]").click()
        expect(case).to_have_attribute("data-state", "no")
        letter = told(locale, "wrong_run", letter="ABC"[number])
        expect(case.locator("h3")).to_contain_text(letter)
        expect(case.locator("output")).to_contain_text(f" {'ABC'[number]},")
        case.locator(f"[data-answer={run}]").click()
        expect(case).to_have_attribute("data-state", "yes")
    expect(wrong.locator(".ask")).to_have_attribute("data-state", "yes")


def do_uses(page: Page) -> None:
    """Three uses."""
    uses = step(page, "uses")
    uses.locator("[data-use=images]").click()
    expect(uses.locator(".ask")).to_have_attribute("data-state", "no")
    uses.locator("[data-use=data]").click()
    expect(uses.locator(".ask")).to_have_attribute("data-state", "yes")


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_six_steps_are_done_by_doing(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page = opened(visit, locale, viewport, {**more, "reduced_motion": "reduce"})
    learn = page.locator("#learn")
    expect(page).to_have_title(f"{told(locale, 'learn')} · Trama")
    expect(page.get_by_role("link", name=told(locale, "learn"), exact=True)).to_be_visible()
    expect(learn.locator(".path li")).to_have_count(6)
    assert overflowing(page) == []

    do_kinds(page)
    do_noise(page, locale)
    do_critic(page, locale)
    do_duel(page, locale)
    do_wrong(page, locale)
    do_uses(page)

    done = set(page.evaluate("JSON.parse(localStorage.getItem('trama.lesson'))"))
    assert {"noise", "critic", "duel", "wrong", "uses"} <= done <= set(STEPS)
    assert overflowing(page) == []
    assert violations(page) == []
    page.evaluate("scrollTo(0, 0)")
    save(page, f"learn-{locale}-{viewport['width']}")
    for screen in ("wardrobe", "collection", "photo"):
        step(page, "uses").locator(f"[data-go={screen}]").click()
        expect(page.locator(f"#{screen}")).to_be_visible()
        page.go_back()
        expect(step(page, "uses")).to_be_visible()


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_from_the_video_to_here_is_folded_until_wanted(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page = opened(visit, locale, viewport, more)
    video = page.locator("#learn .video")
    expect(video.locator("li").first).to_be_hidden()
    video.locator("summary").click()
    expect(video.locator("li")).to_have_count(6)
    expect(video.locator("dd").first).to_be_visible()
    assert overflowing(page) == []
    assert violations(page) == []


def test_a_pick_is_told_why(visit: OPENED) -> None:
    page = opened(visit, "en-US", DESKTOP, {})
    kinds = step(page, "kinds")
    expect(kinds).to_contain_text("it is not the critic yet")
    told_of = "#learn [data-step=kinds] .ask output"
    for number in range(5):
        kinds.locator(".five button").nth(number).click()
        page.wait_for_function(  # the answer names what the bars show, whichever garment it is
            """([output, number]) => {
                 const step = document.querySelector('#learn [data-step=kinds]');
                 const [first, second] = [...step.querySelectorAll('.bars li')].map(e => e.innerText.split('\\n'));
                 const text = document.querySelector(output).textContent;
                 return step.querySelectorAll('.five button')[number].ariaPressed === 'true'
                   && text.includes(first[0].toLowerCase()) && text.includes(second[0].toLowerCase());
               }""",
            arg=[told_of, number],
        )
        shares, state, text = page.evaluate(  # at one moment: the next garment's answer may come
            """output => { const step = document.querySelector('#learn [data-step=kinds]');
                 return [[...step.querySelectorAll('.bars .num')].map(e => parseInt(e.innerText)),
                   step.querySelector('.ask').dataset.state, document.querySelector(output).innerText]; }""",
            told_of,
        )
        close = shares[0] - shares[1] <= 15
        if abs(shares[0] - shares[1] - 15) > 1:  # the bars are rounded
            assert state == ("yes" if close else "no")
            assert text.startswith("Found" if close else "Not yet")


def test_the_bar_marks_the_step_in_sight(visit: OPENED) -> None:
    page = opened(visit, "pt-BR", DESKTOP, {"reduced_motion": "reduce"})
    links = page.locator("#learn .path button")
    expect(links.nth(0)).to_have_attribute("aria-current", "step")
    for number in (4, 1):
        links.nth(number).click()
        expect(page.locator("#learn .path [aria-current]")).to_have_count(1)
        expect(links.nth(number)).to_have_attribute("aria-current", "step")


@pytest.mark.parametrize(
    ("viewport", "more"), [(DESKTOP, {}), (PHONE, TOUCH)], ids=["desktop", "phone"]
)
def test_a_line_opens_without_moving_what_is_read(
    visit: OPENED, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page = opened(visit, "pt-BR", viewport, more)
    step(page, "critic").locator("[data-part=panel]").scroll_into_view_if_needed()
    expect(step(page, "critic").locator(".widget .five li")).to_have_count(5, timeout=90_000)
    for name in STEPS:
        summary = step(page, name).locator(f"[data-code={name}] summary")
        places = [summary, step(page, name).locator(".ask"), step(page, name).locator(".widget")]
        summary.focus()
        before = [place.bounding_box() for place in places]
        page.keyboard.press("Enter")
        expect(step(page, name).locator(f"[data-code={name}] pre").first).to_be_visible()
        assert [place.bounding_box() for place in places] == before


def test_the_intro_stands_clear_of_the_tabs(visit: OPENED) -> None:
    page = opened(visit, "pt-BR", PHONE, TOUCH)
    for screen in ("learn", "replay", "game"):
        page.evaluate("screen => { location.hash = screen }", screen)
        lead = page.locator(f"#{screen} .lead").first.bounding_box()
        tabs = page.locator(f"#{screen} .areas").bounding_box()
        assert lead
        assert tabs
        assert tabs["y"] - lead["y"] - lead["height"] >= 8


def test_losses_of_all_trainings_are_on_one_scale(visit: OPENED) -> None:
    page = opened(visit, "en-US", DESKTOP, {})
    charts = page.locator("#learn .chart:has(svg)")
    expect(charts).to_have_count(4)  # the live one, and what went wrong
    for chart in charts.all():
        expect(chart).to_have_attribute("data-over", "false")
        expect(chart).to_have_attribute("data-high", "lines: 1 · 10 · 1K · 100K")
        expect(chart.locator("svg")).to_have_attribute("aria-label", re.compile("lines: 1 · 10"))
    tops = page.evaluate(
        """() => [...document.querySelectorAll('#learn [data-step=wrong] .chart')].map(chart =>
             Math.min(...[...chart.querySelectorAll('path.g')].flatMap(path =>
               path.getAttribute('d').slice(1).split('L').map(at => Number(at.split(' ')[1])))))"""
    )
    fast, collapse, overpowering = (100 - top for top in tops)
    assert collapse < fast < 50 < overpowering  # only one ran away


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_the_lines_are_those_of_the_repository(
    visit: OPENED, locale: str, viewport: dict[str, int], more: dict[str, Any]
) -> None:
    page = opened(visit, locale, viewport, more)
    for part, places in LINES.items():
        details = page.locator(f"#learn [data-code={part}]")
        details.locator("summary").click()
        expect(details.locator("pre")).to_have_count(len(places))
        for number, (file, name) in enumerate(places):
            shown = details.locator("pre code").nth(number).text_content() or ""
            assert f"def {name.split('.')[-1]}(" in shown
            above = details.locator("p").nth(number)
            expect(above).to_be_visible()  # what is not shown yet has no inner text
            title = above.inner_text()
            assert title.startswith(file)
            first, last = (int(word) for word in title.split() if word.isdigit())
            lines = (ROOT / file).read_text(encoding="utf-8").splitlines()[first - 1 : last]
            assert [line.strip() for line in lines] == [line.strip() for line in shown.split("\n")]
    assert overflowing(page) == []
    assert violations(page) == []
    save(page, f"learn-code-{locale}-{viewport['width']}")


def test_a_training_is_watched_and_stopped(visit: OPENED) -> None:
    page = opened(visit, "en-US", DESKTOP, {})
    train = page.locator("#learn [data-part=train]")
    train.get_by_role("button", name="Train", exact=True).click()
    expect(train.locator("[data-part=train-seen]")).to_contain_text("boots seen", timeout=60_000)
    first = drawn(page, "#learn .sheet4 canvas")
    expect_new(page, "#learn .sheet4 canvas", first)
    train.get_by_role("button", name="Stop").click()
    expect(train.locator("[data-part=train-say]")).to_contain_text("Nothing is kept")
    expect(train.get_by_role("button", name="Train again")).to_be_enabled()

    rate = train.locator("[data-knob=learning_rate]")
    rate.press("End")
    expect(rate).to_have_attribute("aria-valuetext", "0.100")
    train.locator("[data-part=train-reset]").click()
    expect(rate).to_have_attribute("aria-valuetext", "0.0019")


def test_the_wardrobe_has_the_critic_folded(visit: OPENED) -> None:
    page = visit("en-US")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    page.locator("#wardrobe .rail .tile").nth(1).click()
    page.wait_for_timeout(500)
    assert not any('"nearest"' in data or '"opinion"' in data for data in asked)
    panel = page.locator("#wardrobe [data-part=opinion]")
    panel.locator("summary").click()
    expect(panel.locator(".five li")).to_have_count(5, timeout=90_000)
    before = panel.locator(".keyline").inner_text()
    page.locator("#wardrobe .rail .tile").nth(4).click()
    expect(panel.locator(".keyline")).not_to_have_text(before)
    assert violations(page) == []
    save(page, "wardrobe-opinion")


def test_without_the_data_set_the_panel_says_so(
    visit: OPENED, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from ui import opinion

    monkeypatch.setattr(opinion, "_neighbours", lambda: None)
    page = visit("en-US")
    panel = page.locator("#wardrobe [data-part=opinion]")
    panel.locator("summary").click()
    expect(panel.locator(".verdict")).to_contain_text("not on this machine")
    expect(panel.locator(".five")).to_be_hidden()
