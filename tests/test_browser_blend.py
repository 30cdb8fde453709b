"""Blend in a real browser: the pad under a mouse, a finger and the keys, sliders, dialogs, films."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from model.recipe_text import parse_recipe
from model.studio import Studio
from tests.browsing import DESKTOP, OPENED, PHONE, SCREENSHOTS, drawn, expect_new, overflowing, save

STAGE = "#blend .big canvas"
KNOB = "#blend .knob"
WINDOWS = {
    "desktop": {"viewport": DESKTOP},
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True, "device_scale_factor": 2},
}


@contextmanager
def calls(page: Page) -> Iterator[list[str]]:
    """Names of the server functions that are asked meanwhile."""
    asked: list[str] = []

    def note(request) -> None:
        if "component_server" in request.url:
            asked.append(request.post_data_json["fn_name"])

    page.on("request", note)
    yield asked
    page.remove_listener("request", note)


def ready(page: Page) -> None:
    """Wait until the finest pad is there and the garment in hand is exact."""
    drawn(page, STAGE)
    expect(page.locator("#blend .padsheet")).to_have_attribute("data-steps", "17", timeout=60_000)
    expect(page.locator("#blend .recipe")).to_have_attribute("aria-busy", "false")


def point(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where on the screen a place of the pad is."""
    box = page.locator("#blend .padsheet").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * (0.1 + 0.8 * x), box["y"] + box["height"] * (0.1 + 0.8 * y)


def shares(page: Page) -> list[int]:
    """What the four fields say, all read between two frames."""
    return page.locator("#blend .shares input").evaluate_all("fields => fields.map(f => +f.value)")


def expect_shares(page: Page, *wanted: int) -> None:
    """The fields follow the place by a frame, as the picture does."""
    for field, share in zip(page.locator("#blend .shares input").all(), wanted, strict=True):
        expect(field).to_have_value(str(share))


def recipe(page: Page) -> str:
    expect(page.locator("#blend .recipe")).to_have_attribute("aria-busy", "false")
    return page.locator("#blend .recipe code").inner_text()


def test_a_drag_asks_nothing_until_it_ends(visit: OPENED, studio: Studio) -> None:
    page = visit("pt-BR", screen="blend")
    ready(page)
    expect_shares(page, 46, 34, 12, 8)
    shown = drawn(page, STAGE)
    page.mouse.move(*point(page, 0.42, 0.2))
    with calls(page) as asked:
        page.mouse.down()
        pictures = {shown}
        for step in range(1, 13):
            page.mouse.move(*point(page, 0.42 + 0.04 * step, 0.2 + 0.05 * step), steps=3)
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # fmt: skip
            pictures.add(drawn(page, STAGE))
        expect(page.locator("#blend .recipe")).to_have_attribute("aria-busy", "true")
        page.wait_for_timeout(400)
        assert asked == []
        page.mouse.up()
        expect(page.locator("#blend .recipe")).to_have_attribute("aria-busy", "false")
        assert asked == ["mix"]
    assert len(pictures) >= 12
    assert sum(shares(page)) == 100
    made = parse_recipe(recipe(page))
    weights = {part.seed: part.shape for part in made.parts}
    x = weights[7753] + weights[4279]
    assert x == pytest.approx(0.9, abs=0.02)
    expect(page.locator("[data-part=live]")).to_contain_text("Peça misturada: Vestido 2 %, Casaco")
    page.mouse.click(*point(page, 1.3, -0.5))  # outside: nothing
    page.mouse.click(*point(page, 1.05, 1.05))
    expect(page.locator(KNOB)).to_have_attribute("aria-valuetext", "D 100 %")
    assert recipe(page) == studio.garment(6, 4279).text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_finger_drags_the_pad_and_the_garment_stays_in_sight(visit: OPENED, scheme: str) -> None:
    locale = "pt-BR" if scheme == "light" else "en-US"
    page = visit(locale, screen="blend", color_scheme=scheme, **WINDOWS["phone"])
    ready(page)
    page.locator("#blend .pad").evaluate("e => e.scrollIntoView({ block: 'end' })")
    page.evaluate("scrollBy(0, 140)")
    scrolled = page.evaluate("scrollY")
    assert scrolled > 0
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    shown = drawn(page, STAGE)
    with calls(page) as asked:
        send("touchStart", point(page, 0.42, 0.2))
        for step in range(8):
            send("touchMove", point(page, 0.42 - 0.05 * step, 0.2 + 0.1 * step))
        expect(page.locator(KNOB)).to_have_attribute("aria-valuenow", re.compile("^[67]$"))
        shown = expect_new(page, STAGE, shown)
        assert asked == []
        expect(page.locator(STAGE)).to_be_in_viewport(ratio=0.95)
        page.screenshot(path=SCREENSHOTS / f"blend-drag-{scheme}.png")
        send("touchEnd")
        expect(page.locator("#blend .recipe")).to_have_attribute("aria-busy", "false")
        assert asked == ["mix"]
    assert page.evaluate("scrollY") == scrolled
    assert overflowing(page) == []
    expect(page.locator(STAGE)).to_be_in_viewport(ratio=0.95)


@pytest.mark.parametrize(
    ("locale", "words"),
    [("pt-BR", ("Ponto da mistura", "Porcentagem da peça B", "A 50 %, B 50 %")),
     ("en-US", ("Place of the blend", "Percentage of garment B", "A 50%, B 50%"))],
)  # fmt: skip
def test_keys_and_fields_move_the_place_too(
    visit: OPENED, locale: str, words: tuple[str, str, str]
) -> None:
    page = visit(locale, screen="blend")
    ready(page)
    knob = page.get_by_role("slider", name=words[0])
    shown = drawn(page, STAGE)
    knob.focus()
    knob.press("Home")
    shown = expect_new(page, STAGE, shown)
    expect_shares(page, 100, 0, 0, 0)
    for _ in range(2):
        knob.press("Shift+ArrowRight")
    expect(knob).to_have_attribute("aria-valuetext", words[2])
    knob.press("ArrowDown")
    expect_shares(page, 47, 47, 3, 3)
    for key, corner in (("End", 3), ("PageUp", 1), ("PageDown", 2)):
        knob.press(key)
        expect(page.locator("#blend .shares input").nth(corner)).to_have_value("100")
    assert page.evaluate("scrollY") == 0
    field = page.get_by_label(words[1])
    field.fill("40")
    field.press("Enter")
    expect_shares(page, 0, 40, 60, 0)  # which no place of the pad is
    recipe_now = parse_recipe(recipe(page))
    assert [part.shape for part in recipe_now.parts] == [0.4, 0.6]
    expect_new(page, STAGE, shown)
    field.press("ArrowUp")
    expect(field).to_have_value("41")
    field.fill("900")
    field.press("Enter")
    expect_shares(page, 0, 100, 0, 0)
    field.fill("")
    field.press("Enter")
    knob.focus()
    expect_shares(page, 0, 100, 0, 0)


@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
def test_shape_and_pattern_are_swapped_and_the_frames_are_pressed(
    visit: OPENED, locale: str
) -> None:
    page = visit(locale, screen="blend")
    ready(page)
    portuguese = locale == "pt-BR"
    percent = "{} % de {}" if portuguese else "{}% of {}"
    mix = page.get_by_role("slider", name="Mistura" if portuguese else "Blend", exact=True)
    shape = page.get_by_role("slider", name="Forma" if portuguese else "Shape")
    expect(mix).to_have_attribute("aria-valuetext", percent.format(42, "B+D"))
    page.locator("#blend .film button").nth(2).click()
    expect(mix).to_have_attribute("aria-valuetext", percent.format(25, "B"))
    expect(page.locator("#blend .film button").nth(2)).to_have_attribute("aria-pressed", "true")
    recipe(page)
    box = shape.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    shown = drawn(page, STAGE)
    with calls(page) as asked:
        page.mouse.move(box["x"] + box["width"] * 0.27, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=10)
        page.wait_for_function("() => new Promise(done => setTimeout(() => done(true), 600))")
        shown = expect_new(page, STAGE, shown)
        page.mouse.move(box["x"] + box["width"] * 0.9, middle, steps=10)
        shown = expect_new(page, STAGE, shown)
        assert asked == ["layers"]
        page.mouse.up()
        expect(page.locator("#blend .recipe")).to_have_attribute("aria-busy", "false")
        assert asked == ["layers", "mix"]
    made = parse_recipe(recipe(page))
    assert [part.pattern for part in made.parts] == [0.75, 0.25]
    assert made.parts[1].shape == pytest.approx(0.92, abs=0.04)
    page.get_by_role("button", name="As quatro" if portuguese else "All four").click()
    expect(page.locator("#blend .film button").nth(2)).to_have_attribute(
        "aria-label", re.compile("B 100")
    )
    page.locator("#blend .film button").nth(4).click()
    expect(page.locator(KNOB)).to_have_attribute("aria-valuetext", re.compile("^D 100"))
    save(page, f"blend-{locale}")


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
def test_corners_and_classes_are_changed_in_dialogs(
    visit: OPENED, locale: str, window: str
) -> None:
    page = visit(locale, screen="blend", **WINDOWS[window])
    ready(page)
    portuguese = locale == "pt-BR"
    save(page, f"blend-{window}-{locale}")
    shown = drawn(page, STAGE)
    page.locator("#blend .corner[data-corner=b]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Peça B" if portuguese else "Garment B")
    dialog.get_by_role("combobox").select_option(label="Bolsa" if portuguese else "Bag")
    expect(dialog).to_contain_text("Bolsa 7753" if portuguese else "Bag 7753")
    shown = expect_new(page, STAGE, shown)
    dialog.get_by_label("Semente" if portuguese else "Seed").fill("12")
    dialog.get_by_label("Semente" if portuguese else "Seed").press("Enter")
    expect(dialog).to_contain_text("Bolsa 12" if portuguese else "Bag 12")
    dialog.get_by_role("button", name="musgo" if portuguese else "moss").click()
    page.screenshot(path=SCREENSHOTS / f"blend-corner-{window}-{locale}.png")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#blend .corner[data-corner=b]")).to_be_focused()
    expect(page.locator("#blend .legend")).to_contain_text("Bolsa 34" if portuguese else "Bag 34")
    assert "moss:0." in recipe(page)
    page.locator("#blend .corner[data-corner=d]").click()
    name = (
        "Usar Vestido 4200, do guarda-roupa" if portuguese else "Use Dress 4200 from the wardrobe"
    )
    dialog.get_by_role("button", name=name).click()
    expect(page.locator("#blend .corner[data-corner=d]")).to_have_attribute(
        "title", re.compile("4200")
    )
    ready(page)
    shown = drawn(page, STAGE)
    page.get_by_role("button", name="Mudar" if portuguese else "Change", exact=True).click()
    expect(dialog).to_contain_text("semente 4252" if portuguese else "seed 4252")
    cloth = "#blend [data-part=weave-cloth]"
    before = drawn(page, cloth)
    dialog.get_by_label("Bota" if portuguese else "Boot").fill("80")
    expect_new(page, cloth, before)
    page.screenshot(path=SCREENSHOTS / f"blend-classes-{window}-{locale}.png")
    assert overflowing(page) == []
    dialog.get_by_role("button", name="Usar esta" if portuguese else "Use this").click()
    expect(page.locator("#blend .legend")).to_contain_text("Bota 44" if portuguese else "Boot 44")
    shown = expect_new(page, STAGE, shown)
    made = parse_recipe(recipe(page))
    assert {part.seed for part in made.parts} == {4252}
    page.locator(KNOB).press("Home")
    expect_new(page, STAGE, shown)
    assert len(parse_recipe(recipe(page)).parts) == 1


@pytest.mark.parametrize(("locale", "window"), [("pt-BR", "desktop"), ("en-US", "phone")])
def test_what_is_made_is_kept_copied_and_filmed(
    visit: OPENED, tmp_path: Path, locale: str, window: str
) -> None:
    page = visit(locale, screen="blend", permissions=["clipboard-read", "clipboard-write"], **WINDOWS[window])  # fmt: skip
    ready(page)
    portuguese = locale == "pt-BR"
    text = recipe(page)
    page.get_by_role("button", name="Copiar a receita" if portuguese else "Copy the recipe").click()
    expect(page.locator("[data-part=live]")).to_contain_text("Receita" if portuguese else "Recipe")
    assert page.evaluate("navigator.clipboard.readText()") == text
    page.locator("#blend [data-part=link]").click()
    page.wait_for_function("t => navigator.clipboard.readText().then(link => link.includes('?r=') && link.endsWith(t))", arg=f"{text}#blend")  # fmt: skip
    page.locator("#blend [data-part=heart]").click()
    kept = page.evaluate("trama.store.list()[0]")
    assert kept["recipe"] == text
    assert len(kept["parents"]) == 4
    with page.expect_download() as download:
        page.locator("#blend [data-part=save]").click()
    assert download.value.suggested_filename.endswith(".png")
    for kind in ("gif", "mp4"):
        button = page.locator(f"#blend [data-film={kind}]")
        with page.expect_download(timeout=120_000) as download:
            button.click()
            expect(button).to_have_attribute("aria-busy", "true")
            expect(page.locator("[data-part=live]")).to_contain_text(f"{kind.upper()}…")
        expect(button).to_have_attribute("aria-busy", "false")
        name = "vestido-4252-casaco-7753" if portuguese else "dress-4252-coat-7753"
        assert download.value.suggested_filename == f"trama-{name}.{kind}"
        download.value.save_as(tmp_path / f"film.{kind}")
    assert Image.open(tmp_path / "film.gif").is_animated
    with av.open(io.BytesIO((tmp_path / "film.mp4").read_bytes())) as film:
        assert film.streams.video[0].width == 448
    page.locator("#blend [data-part=enlarge]").click()
    expect(page.get_by_role("dialog")).to_contain_text("28 × 28")
    page.keyboard.press("Escape")
    page.locator("#blend [data-part=children]").click()
    expect(page.locator("#wardrobe .nursery")).to_be_visible()
    expect(page.locator("#wardrobe .rail canvas")).to_have_count(12)
    assert page.evaluate("trama.recipe(trama.garment)") == text


def test_put_in_a_reaches_the_blend_and_pads_wait_until_they_are_seen(visit: OPENED) -> None:
    page = visit("en-US")
    with calls(page) as asked:
        page.get_by_role("button", name="Open Dress 4205").first.click()
        page.get_by_role("button", name="Put in B").click()
        page.wait_for_timeout(500)
        assert not {"pad", "mix", "layers"} & set(asked)
        page.get_by_role("link", name="Blend", exact=True).click()
        expect(page.locator("#blend")).to_be_visible()
        expect(page.locator("#wardrobe")).to_be_hidden()
        ready(page)
        assert [call for call in asked if call in ("pad", "mix")].count("pad") == 2
    assert ":4205:" in recipe(page)
    page.go_back()
    expect(page.locator("#wardrobe")).to_be_visible()
    with calls(page) as asked:
        page.get_by_role("link", name="Blend", exact=True).click()
        page.wait_for_timeout(1000)
        assert asked == []


def test_on_a_phone_the_pad_follows_the_garment(visit: OPENED) -> None:
    page = visit("pt-BR", screen="blend", **WINDOWS["phone"])
    ready(page)
    order = [STAGE, "#blend .pad", "#blend [data-part=mix]", "#blend [data-part=film]"]
    tops = page.evaluate(
        "order => order.map(s => document.querySelector(s).getBoundingClientRect().top)", order
    )
    assert tops == sorted(tops)
    pad, tabs = (page.locator(part).bounding_box() for part in ("#blend .pad", ".trama .nav"))
    assert pad["y"] + pad["height"] <= tabs["y"]
    places = page.evaluate(
        """order => [...document.querySelectorAll(order.join())].map(e => order.findIndex(s => e.matches(s)))""",
        order,
    )
    assert places == [0, 1, 2, 3]  # the Tab key goes the same way
    save(page, "blend-phone-order")
