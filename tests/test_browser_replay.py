"""The training film in a real browser: scrubbing, playing, saving it."""

import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from model.studio import Studio
from model.weights import add_metrics
from tests.browsing import (
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

BIG = "#replay [data-part=big]"
UNMEASURED = 3


@pytest.mark.parametrize(("locale", "viewport", "more"), VISITORS)
def test_the_film_is_scrubbed_played_and_saved(
    visit: OPENED, studio: Studio, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, "replay", **more)
    page.evaluate("recipe => trama.openRecipe(recipe)", studio.garment("coat", 9).text)
    expect(page.locator("#replay [data-part=name]")).to_contain_text("9")
    shown = drawn(page, BIG)
    slider = page.locator("#replay [data-part=moment]")
    expect(slider).to_have_value("1")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    first = expect_new(page, BIG, shown)
    expect(page.locator("#replay [data-part=told]")).to_contain_text("10")
    expect(page.locator("#replay .strip canvas")).to_have_count(10)
    page.locator("#replay [data-part=play]").click()  # once through, then it stops by itself
    expect(slider).to_have_value("1")
    expect(page.locator("#replay [data-part=play]")).to_have_attribute("aria-pressed", "false")
    assert expect_new(page, BIG, first) == shown
    assert overflowing(page) == []
    save(page, f"replay-{locale}-{viewport['width']}")
    with page.expect_download() as download:
        page.locator("#replay [data-save=gif]").click()
    assert download.value.suggested_filename.endswith(".gif")


def test_losses_run_under_the_same_cursor(visit: OPENED) -> None:
    page = visit("en-US", screen="replay")
    chart, legend = page.locator("#replay [data-part=loss-chart]"), "#replay .losses .keyline"
    expect(chart.locator("path.g")).to_have_count(1)
    expect(page.locator("#replay [data-part=no-losses]")).to_be_hidden()
    expect(page.locator(legend)).to_contain_text("generator 0.7")
    page.locator("#replay [data-part=moment]").press("Home")
    expect(page.locator(legend)).to_contain_text("generator 0.6")
    expect(chart).to_have_attribute("aria-label", re.compile("At 10 k images: .*critic 0.65"))
    drawn_way = chart.locator("path.c").get_attribute("d") or ""
    assert [float(x) for x in re.findall(r"[ML]([\d.]+) ", drawn_way)] == pytest.approx(
        [7.5, 25, 25 + 50 * math.log(9) / math.log(80), 75],
        abs=0.005,  # the page writes two digits
    )


def test_a_film_without_a_measure_says_so(visit: OPENED) -> None:
    page = visit("pt-BR", screen="replay")
    expect(page.locator("#replay [data-part=no-r]")).to_have_text(told("pt-BR", "replay_no_r"))
    expect(page.locator("#replay [data-part=ask]")).to_be_hidden()


@pytest.fixture
def long_film(
    app: ModuleType, browser: Browser, tiny_model: Path, tmp_path: Path
) -> Iterator[Page]:
    """On a phone, the page of a model that kept eleven moments, one of them not judged, no losses."""
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    history = folder / "history"
    (history / "curves.json").unlink()
    for n in range(1, 10):
        shutil.copytree(history / "000010k", history / f"{20 * n:06d}k")
    for n, moment in enumerate(sorted(history.iterdir())):
        if n != UNMEASURED:
            add_metrics(moment, {"heldout": {"r_e": {"value": 9 - 0.5 * n}}})
    add_metrics(folder, {"heldout": {"r_e": {"value": 5.0}}})  # the last moment's
    blocks = app.build(Studio.open(folder), app.page.Origin("folder", "long"))
    _, address, _ = blocks.launch(prevent_thread_lock=True, quiet=True, **app.LAUNCH)
    page = browser.new_context(locale="pt-BR", viewport=PHONE, **TOUCH).new_page()
    page.goto(f"{address}#replay")
    yield page
    page.context.close()
    blocks.close()


def test_the_answer_button_stays_the_same_while_the_film_runs(long_film: Page) -> None:
    page = long_film
    drawn(page, BIG)
    stop, play = page.locator("#replay [data-part=stop]"), page.locator("#replay [data-part=play]")
    before = stop.inner_text()
    slider = page.locator("#replay [data-part=moment]")
    play.click()
    for at in (1, 2):
        page.wait_for_function("([e, at]) => e.value >= at", arg=[slider.element_handle(), at])
        assert stop.inner_text() == before
    stop.click()  # it answers with the moment in sight, where the film stops
    expect(play).to_have_attribute("aria-pressed", "false")
    at = int(slider.input_value())
    shown = page.locator("#replay [data-part=told]").inner_text().split(" imagens")[0]
    expect(page.locator("#replay [data-part=answer]")).to_contain_text(f"em {shown}")
    assert at >= 2


def test_a_film_of_many_moments_without_losses(long_film: Page) -> None:
    page = long_film
    drawn(page, BIG)
    expect(page.locator("#replay [data-part=no-losses]")).to_have_text(
        told("pt-BR", "replay_losses")
    )
    expect(page.locator("#replay [data-part=losses]")).to_be_hidden()
    frames = page.locator("#replay .frames li:visible button")
    expect(frames).to_have_count(6)  # every second of eleven
    expect(frames.last).to_have_attribute("aria-pressed", "true")
    slider = page.locator("#replay [data-part=moment]")
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    expect(slider).to_have_value("8")
    page.locator("#replay [data-part=stop]").click()
    expect(page.locator("#replay [data-part=answer]")).to_contain_text(
        "R 4,5"
    )  # of a moment without a frame
    expect(page.locator("#replay .curve .best:not(:empty)")).to_have_text("4,5")
    here = page.locator("#replay [data-part=r-here]")
    expect(here).to_contain_text("R 5,0")
    expect(page.locator("#replay .curve .none")).to_have_count(1)
    expect(page.locator("#replay [data-part=chart]")).to_have_attribute(
        "aria-label", re.compile(": não medido;")
    )
    for _ in range(8 - UNMEASURED):
        slider.press("ArrowLeft")
    expect(here).to_contain_text("não medido")
    page.locator("#replay [data-part=stop]").click()
    expect(page.locator("#replay [data-part=answer]")).to_contain_text("(não medido)")
    assert overflowing(page) == []
    assert violations(page) == []
    save(page, "replay-long-film")


@pytest.mark.parametrize(("locale", "viewport", "more"), TWO_VISITORS)
def test_large_view_line_and_film_lead_to_each_other(
    visit: OPENED, locale: str, viewport: Any, more: dict[str, Any]
) -> None:
    page = visit(locale, viewport, "wardrobe", **more)
    page.locator("#wardrobe [data-part=enlarge]").click()
    name = page.locator("[data-part=large-name]").inner_text()
    page.locator("[data-part=large-film]").click()
    expect(page.locator("dialog.large")).to_be_hidden()
    expect(page.locator("#replay [data-part=name]")).to_have_text(name)
    page.locator("#replay [data-part=enlarge]").click()
    expect(page.locator("[data-part=large-name]")).to_have_text(name)
    assert violations(page) == []
    save(page, f"large-{locale}-{viewport['width']}")
    page.keyboard.press("Escape")
    expect(page.locator("#replay [data-part=name]")).to_be_visible()

    page.locator("#replay [data-part=open-line]").click()
    seed = name.split()[-1]  # the line of another seed may still be there for a moment
    expect(page.locator("#line [data-part=title]")).to_contain_text(seed)
    page.locator("#line [data-part=film]").click()
    expect(page.locator("#replay [data-part=name]")).to_contain_text(seed)
    expect(page.locator("#replay .strip canvas")).to_have_count(10)


def test_a_recipe_of_an_older_model_is_told(visit: OPENED, studio: Studio) -> None:
    recipe = studio.garment("coat", 9).text.replace(studio.digest, "00000000")
    page = visit("en-US", screen="replay", query=f"?r={recipe}")
    expect(page.locator(".failure")).to_contain_text("9")
    expect(page.locator("#replay [data-part=name]")).to_contain_text("Coat 9")
