"""The Adjust screen in a real browser: sliders, locks, undo, and directions of one's own."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from model.studio import Studio
from tests.browsing import DESKTOP, OPENED, PHONE, come_again, drawn, expect_new, overflowing, save

STAGE = "#adjust .big canvas"
TOUCH: dict[str, Any] = {"has_touch": True, "is_mobile": True}


def recipe(page: Page) -> str:
    return str(page.evaluate("trama.recipe(trama.garment)"))


def edits(page: Page) -> dict[str, float]:
    found: dict[str, float] = page.evaluate("trama.garment.edits")
    return found


def wait_for_edits(page: Page, expected: dict[str, float]) -> None:
    page.wait_for_function(
        "text => JSON.stringify(trama.garment.edits) === text",
        arg=json.dumps(expected, separators=(",", ":")),
    )


def test_adjust_moves_resets_and_shows_the_original(visit: OPENED) -> None:
    page = visit("en-US", screen="adjust")
    plain, born = drawn(page, STAGE), recipe(page)
    tone = page.get_by_role("slider", name="Tone")
    expect(tone).to_have_attribute("title", "Measured: +1 changes +11.5 grey levels (correlation "
                                   "0.90); the garment stays in its class in at least 97% of cases")  # fmt: skip
    for _ in range(12):
        tone.press("ArrowRight")
    moved = expect_new(page, STAGE, plain)
    expect(page.locator("#adjust h2 small")).to_contain_text("1 adjustment")
    wait_for_edits(page, {"brightness": 1.2})
    moved = drawn(page, STAGE)
    page.get_by_role("button", name="Original").click()
    assert expect_new(page, STAGE, moved) == plain
    page.get_by_role("button", name="Tone: more").click()
    expect(tone).to_have_value("3")
    wait_for_edits(page, {"brightness": 3})

    # The garment in hand is the edited one, on every screen, and knows where it is from.
    assert page.evaluate("trama.garment.parents") == [born]
    page.locator("#adjust").get_by_role("button", name="Keep Dress 4200").click()
    assert page.evaluate("trama.store.list()[0].recipe") == recipe(page)
    assert page.evaluate("trama.store.list()[0].parents") == [born]
    page.locator("#adjust").get_by_role("button", name="ink", exact=True).click()
    page.get_by_role("link", name="Wardrobe", exact=True).click()
    large = drawn(page, "#wardrobe .big canvas")
    page.get_by_role("link", name="Adjust", exact=True).first.click()
    expect(tone).to_have_value("3")

    page.get_by_role("button", name="Tone: back to zero").click()
    expect(tone).to_have_value("0")
    wait_for_edits(page, {})
    assert recipe(page) == born.replace("~madder", "~ink").replace("~indigo", "~ink")
    page.get_by_role("link", name="Wardrobe", exact=True).click()
    expect_new(page, "#wardrobe .big canvas", large)
    page.go_back()
    page.get_by_role("button", name="Reset all").click()
    expect(page.locator("#adjust h2 small")).to_contain_text("no adjustments")
    save(page, "adjust-en-US")


def test_undo_and_redo_go_through_settled_states(visit: OPENED) -> None:
    page = visit("pt-BR", screen="adjust")
    drawn(page, STAGE)
    undo, redo = (page.get_by_role("button", name=name) for name in ("Desfazer", "Refazer"))
    expect(undo).to_be_disabled()
    page.get_by_role("button", name="Tom: mais").click()
    wait_for_edits(page, {"brightness": 3})
    page.get_by_role("button", name="Tom: menos").click()
    wait_for_edits(page, {"brightness": -2})
    undo.click()
    wait_for_edits(page, {"brightness": 3})
    expect(page.get_by_role("slider", name="Tom")).to_have_value("3")
    page.keyboard.press("Control+z")
    wait_for_edits(page, {})
    expect(undo).to_be_disabled()
    page.keyboard.press("Shift+Z")
    wait_for_edits(page, {"brightness": 3})
    page.keyboard.press("Control+Shift+z")
    wait_for_edits(page, {"brightness": -2})
    expect(redo).to_be_disabled()
    page.keyboard.press("z")
    wait_for_edits(page, {"brightness": 3})
    page.get_by_role("button", name="Travar Tom").click()  # a lock is a state too
    undo.click()
    expect(page.get_by_role("button", name="Travar Tom")).to_have_attribute("aria-pressed", "false")
    bound = """() => { const h = trama.history(0); for (let n = 1; n < 150; n++) h.add(n);
                       let steps = 0; while (h.can(-1)) { h.step(-1); steps++; } return steps; }"""
    assert page.evaluate(bound) == 99
    page.get_by_role("link", name="Guarda-roupa", exact=True).click()
    page.evaluate("trama.emit('undo')")  # of another screen
    assert edits(page) == {"brightness": 3}


def test_adjust_offers_what_the_class_has_and_opens_edits(visit: OPENED, studio: Studio) -> None:
    page = visit("en-US")  # a dress of the tiny model has no sleeves, a shirt has
    page.get_by_role("link", name="Adjust", exact=True).first.click()
    expect(page.get_by_role("slider", name="Sleeves")).to_have_count(0)
    page.get_by_role("link", name="Wardrobe", exact=True).click()
    page.get_by_role("button", name="Shirt", exact=True).click()
    expect(page.locator("#wardrobe-stage")).to_contain_text("Shirt")
    page.get_by_role("link", name="Adjust", exact=True).first.click()
    expect(page.get_by_role("slider", name="Sleeves")).to_be_visible()

    shirt = studio.garment("shirt", 9, dye="moss")
    given = {"brightness": [1, 0.5], "component 2": -1, "sleeves": 0.3}
    page.evaluate("text => trama.openRecipe(text)", studio.edited(shirt, given).text)
    expect(page.get_by_role("slider", name="Tone")).to_have_value("0.8")  # of 0.75, in its steps
    expect(page.get_by_role("slider", name="Sleeves")).to_have_value("0.3")
    expect(page.get_by_role("slider", name="Direction 2")).to_have_value("-1")  # "more" is open
    shown = drawn(page, STAGE)
    page.get_by_role("slider", name="Sleeves").press("End")
    wait_for_edits(page, {"brightness": 1, "component 2": -1, "sleeves": 3})
    assert page.evaluate("trama.garment.pattern_edits.brightness") == 0.5  # as it was
    shown = expect_new(page, STAGE, shown)
    assert page.evaluate("trama.garment.parents") == [shirt.text]
    page.get_by_role("button", name="Original").click()
    expect_new(page, STAGE, shown)


def test_a_locked_attribute_stays_while_others_move(visit: OPENED, studio: Studio) -> None:
    page = visit("en-US", DESKTOP)
    page.evaluate("text => trama.openRecipe(text)", studio.garment("shirt", 9).text)
    expect(page.locator("#wardrobe-stage")).to_contain_text("Shirt")
    page.get_by_role("link", name="Adjust", exact=True).first.click()
    page.get_by_role("button", name="Tone: more").click()
    wait_for_edits(page, {"brightness": 3})
    lock = page.get_by_role("button", name="Lock Tone")
    tone = page.get_by_role("slider", name="Tone")
    page.get_by_role("button", name="Tone: zero").click()
    wait_for_edits(page, {})
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    expect(tone).to_be_disabled()
    page.get_by_role("button", name="Sleeves: less").click()
    page.wait_for_function("trama.garment.edits.sleeves === -2")
    expected = studio.edited(studio.garment("shirt", 9), {"sleeves": -2}, ["brightness"])
    assert edits(page) == {edit.name: edit.shape for edit in expected.edits}
    expect(page.locator("#adjust .locked output")).to_contain_text("locked ·")
    save(page, "adjust-locked-en-US")
    lock.click()  # what made up for the move stays as it is
    expect(tone).to_be_enabled()
    assert edits(page) == {edit.name: edit.shape for edit in expected.edits}
    page.get_by_role("button", name="Sleeves: zero").click()
    page.wait_for_function("!('sleeves' in trama.garment.edits)")
    assert edits(page) == {"brightness": edits(page)["brightness"]} != {}


def test_directions_of_ones_own_on_a_phone(visit: OPENED) -> None:
    page = visit("pt-BR", PHONE, "adjust", **TOUCH)
    drawn(page, STAGE)
    own = page.get_by_role("button", name="Guardar minha direção")
    page.get_by_text("Mais direções").tap()
    expect(page.locator("#adjust [data-part=components] canvas")).to_have_count(6)
    expect(own).to_be_disabled()
    second = page.get_by_role("slider", name="Direção 2")
    for _ in range(3):
        second.press("ArrowRight")
    page.get_by_role("button", name="Tom: menos").tap()
    wait_for_edits(page, {"brightness": -2, "component 2": 0.3})
    shown = drawn(page, STAGE)
    name = "<b>Gola</b> da Ana " + "x" * 60
    page.get_by_label("Nome da sua direção").fill(name)
    own.tap()
    slider = page.get_by_role("slider", name=name[:40])
    expect(slider).to_have_value("1")  # it stands where the garment is
    expect(page.get_by_role("slider", name="Tom")).to_have_value("0")
    assert edits(page) == {"brightness": -2, "component 2": 0.3}
    assert page.locator("#adjust .dir b").count() == 0
    assert overflowing(page) == []
    save(page, "adjust-own-pt-BR")
    slider.press("ArrowLeft")
    wait_for_edits(page, {"brightness": -1.8, "component 2": 0.27})  # a recipe knows plain edits
    expect_new(page, STAGE, shown)
    box = page.locator(STAGE).bounding_box()  # pinned
    assert box is not None
    assert box["y"] >= 0
    come_again(page)
    drawn(page, STAGE)
    page.get_by_text("Mais direções").tap()
    expect(slider).to_have_value("0")
    slider.press("ArrowRight")
    wait_for_edits(page, {"brightness": -0.2, "component 2": 0.03})
    page.get_by_role("button", name=f"Apagar {name[:40]}").tap()
    expect(slider).to_have_count(0)
    expect(page.get_by_role("slider", name="Tom")).to_have_value("-0.2")  # the garment stays
    assert edits(page) == {"brightness": -0.2, "component 2": 0.03}


def test_what_a_browser_kept_is_read_as_data(visit: OPENED) -> None:
    page = visit("en-US", screen="adjust")
    drawn(page, STAGE)
    read = """kept => { localStorage.setItem('trama.directions.1', kept); }"""
    model = page.evaluate("`${trama.setup.model.name}~${trama.setup.model.digest}`")
    good = {"id": "a", "model": model, "name": "x" * 90, "edits": {"brightness": [1, 1]}}
    bad = [
        None, 3, {}, {**good, "edits": {"sparkle": [1, 1]}}, {**good, "edits": {"brightness": 1}},
        {**good, "edits": {"brightness": [1, "2"]}}, {**good, "edits": {}}, {**good, "name": 3},
        {**good, "model": f"{model}x"}, {**good, "id": None},
    ]  # fmt: skip
    for kept in ("{", "3", json.dumps([*bad, good]), json.dumps([good] * 99)):
        page.evaluate(read, kept)
        page.reload()
        drawn(page, STAGE)
        found = page.evaluate("trama.ownDirections.list().map(d => [d.called, d.low, d.high])")
        many = 0 if len(kept) < 9 else 12 if "null" not in kept else 1
        assert found == [["x" * 40, -2, 3]] * many
