"""The page in a real browser: what a visitor sees and does, in both languages and on a phone."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from model.dye import DYES, dye_cloth
from model.studio import Studio
from tests.browsing import DESKTOP, OPENED, PHONE, drawn, expect_new, overflowing, save, unnamed
from ui.page import FAVICON, SCREENS


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("pt-BR", ("Guarda-roupa", "Gerar outras", "Vestido")),
        ("pt-PT", ("Guarda-roupa", "Gerar outras", "Vestido")),
        ("en-US", ("Wardrobe", "Generate more", "Dress")),
        ("fr-FR", ("Wardrobe", "Generate more", "Dress")),
    ],
)
def test_the_first_screen_is_full_and_speaks_the_visitors_language(
    visit: OPENED, locale: str, words: tuple[str, str, str]
) -> None:
    page = visit(locale)
    expect(page.locator("#wardrobe .rail canvas")).to_have_count(12)
    expect(page.locator("#wardrobe .strip canvas")).to_have_count(10)
    expect(page.get_by_role("link", name=words[0], exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=words[1])).to_be_visible()
    expect(page.locator("#wardrobe h2").first).to_contain_text(words[2])
    assert page.locator("html").get_attribute("lang") == ("pt-BR" if "pt" in locale else "en")
    pictures = {drawn(page, f"#wardrobe .rail li:nth-child({n}) canvas") for n in range(1, 13)}
    assert len(pictures) == 12
    save(page, f"wardrobe-{locale}")


def test_the_page_can_be_installed(visit: OPENED, url: str) -> None:
    page = visit("pt-BR")
    assert page.locator("link[rel=manifest]").count() == 1
    manifest = page.request.get(f"{url}manifest.json").json()
    assert (manifest["name"], manifest["display"]) == ("Trama", "standalone")
    for icon in manifest["icons"]:
        picture = Image.open(io.BytesIO(page.request.get(f"{url}{icon['src'].lstrip('/')}").body()))
        assert icon["sizes"] == "{}x{}".format(*picture.size)
    assert [icon["sizes"] for icon in manifest["icons"]] == ["192x192", "512x512"]
    assert Image.open(FAVICON).size == (512, 512)  # so none of them is enlarged


def test_generate_changes_the_garments(visit: OPENED) -> None:
    page = visit("en-US")
    stage, tile = "#wardrobe .big canvas", "#wardrobe .rail li:last-child canvas"
    before, tile_before = drawn(page, stage), drawn(page, tile)
    page.get_by_role("button", name="Generate more").click()
    expect_new(page, stage, before)
    expect_new(page, tile, tile_before)
    expect(page.locator("[data-part=live]")).to_contain_text("12 new garments: Dress")


def test_seed_class_daring_tile_and_dye(visit: OPENED) -> None:
    page = visit("en-US")
    stage = "#wardrobe .big canvas"
    shown = drawn(page, stage)
    seed = page.get_by_label("Seed", exact=True).first
    seed.fill("42")
    seed.press("Enter")
    shown = expect_new(page, stage, shown)
    expect(page.locator("#wardrobe h2 small").first).to_contain_text("seed 42")
    page.get_by_role("button", name="Sneaker", exact=True).click()
    shown = expect_new(page, stage, shown)
    page.get_by_role("slider", name="Daring").press("ArrowRight")
    shown = expect_new(page, stage, shown)
    page.get_by_role("button", name="Open Sneaker 45").first.click()
    shown = expect_new(page, stage, shown)
    page.locator("#wardrobe").get_by_role("button", name="ink", exact=True).click()
    shown = expect_new(page, stage, shown)
    page.locator("#wardrobe").get_by_role("button", name="Pixels").click()
    expect_new(page, stage, shown)
    seed.fill("no number")
    seed.press("Enter")
    expect(seed).to_have_value("42")


def test_the_language_switch_changes_every_word_and_is_kept(visit: OPENED) -> None:
    page = visit("pt-BR")
    page.get_by_role("button", name="EN, English").click()
    expect(page.get_by_role("button", name="Generate more")).to_be_visible()
    assert page.title() == "Wardrobe · Trama"
    assert "Ousadia" not in page.inner_text("body")
    page.reload()
    expect(page.get_by_role("button", name="Generate more")).to_be_visible()


def test_a_download_is_a_png_named_after_the_garment(visit: OPENED, tmp_path: Path) -> None:
    page = visit("pt-BR")
    with page.expect_download() as download:
        page.locator("#wardrobe").get_by_role("button", name="Baixar PNG").click()
    assert download.value.suggested_filename == "trama-vestido-4200.png"
    download.value.save_as(tmp_path / "garment.png")
    assert (tmp_path / "garment.png").read_bytes().startswith(b"\x89PNG")


def test_the_api_is_one_tap_away(visit: OPENED) -> None:
    page = visit("pt-BR")
    page.get_by_role("button", name="Usar por API").click()
    expect(page.get_by_text("/generate").first).to_be_visible()


@pytest.mark.parametrize("locale", ["pt-BR", "en-US"])
def test_every_screen_fits_320_px(visit: OPENED, locale: str) -> None:
    """WCAG 1.4.10: so wide is a desktop's window at 400 %. The present screen's name is in bold."""
    page = visit(locale, {"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    for screen in SCREENS:
        page.evaluate("screen => { location.hash = screen }", screen)
        expect(page.locator(f"#{screen}")).to_be_visible()
        assert overflowing(page) == [], screen


def test_trouble_with_the_server_is_told_on_the_page(visit: OPENED) -> None:
    page = visit("en-US")
    page.route("**/component_server/**", lambda route: route.fulfill(json=None))
    page.get_by_role("button", name="Generate more").click()
    expect(page.get_by_role("alert")).to_contain_text("could not reach the network")
    page.unroute("**/component_server/**")
    page.get_by_role("button", name="Generate more").click()
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["wardrobe", "blend", "adjust"])
def test_a_phone_shows_the_garment_first_and_nothing_overflows(
    visit: OPENED, screen: str, scheme: str
) -> None:
    locale = "pt-BR" if scheme == "light" else "en-US"
    page = visit(
        locale, PHONE, screen, has_touch=True, is_mobile=True, color_scheme=scheme,
        device_scale_factor=2,
    )  # fmt: skip
    drawn(page, f"#{screen} .big canvas")
    assert overflowing(page) == []
    box = page.locator(f"#{screen} .big canvas").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 450
    small = page.evaluate(
        """() => [...document.querySelectorAll('.trama :is(button, select, input, summary, .nav a)')]
             .map(e => [e, e.getBoundingClientRect()])
             .filter(([e, box]) => box.width && (box.height < 44 || box.width < 44))
             .filter(([e]) => !e.closest('.field'))
             .map(([e, box]) => `${e.outerHTML.slice(0, 60)} ${box.width} ${box.height}`)"""
    )
    assert small == []
    save(page, f"{screen}-phone-{scheme}")


def test_a_tapped_tile_is_seen_on_a_phone(visit: OPENED) -> None:
    page = visit("pt-BR", PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce")
    shown = drawn(page, "#wardrobe .big canvas")
    page.get_by_role("button", name="Abrir Bota 4200").tap()
    expect_new(page, "#wardrobe .big canvas", shown)
    expect(page.locator("#wardrobe .big canvas")).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("screen", ["wardrobe", "line", "blend", "adjust", "photo", "collection"])
def test_an_address_of_a_screen_shows_the_header(visit: OPENED, screen: str) -> None:
    page = visit("pt-BR", PHONE, screen, has_touch=True, is_mobile=True)
    page.wait_for_timeout(500)  # the browser goes to the part of that name once it is there
    expect(page.locator(".home")).to_be_in_viewport(ratio=1)


def test_tab_order_is_what_is_seen(visit: OPENED) -> None:
    first = "[...document.querySelectorAll('#wardrobe .two > *')].map(e => e.className)[0]"
    assert visit("en-US", PHONE).evaluate(first) == "stage"
    assert visit("en-US", DESKTOP).evaluate(first) != "stage"


def test_everything_has_a_name_and_focus_is_seen(visit: OPENED) -> None:
    page = visit("en-US")
    for screen in ("wardrobe", "blend", "adjust"):
        page.evaluate("screen => { location.hash = screen }", screen)
        drawn(page, f"#{screen} .big canvas")
        assert unnamed(page) == []
    page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "3px"


@pytest.mark.parametrize("dye", ["indigo", "ink"])
def test_the_browser_dyes_like_python(visit: OPENED, studio: Studio, dye: str) -> None:
    page = visit("en-US")
    pictures = [studio.generate(label, 5) for label in (3, 5, 8)]
    garment = np.zeros((28, 28, 1), dtype=np.uint8)
    garment[4:24, 6:22] = 190
    garment[10:13, 10:14] = 6  # print, to be kept opaque
    for pixels in (*pictures, garment):
        for side in (57, 300):
            data = page.evaluate(
                """([base64, dye, side]) => {
                     const picture = { pixels: trama.decode(base64)[0], area: 24, ramp: trama.setup.dyes[dye] };
                     return btoa(Array.from(trama.dyeCloth(picture, side).data, b => String.fromCharCode(b)).join(''));
                   }""",
                [base64.b64encode(pixels.tobytes()).decode(), dye, side],
            )
            seen = np.frombuffer(base64.b64decode(data), dtype=np.uint8).reshape(side, side, 4)
            expected = dye_cloth(pixels, side, DYES[dye], 24)
            assert np.abs(seen[..., 3].astype(int) - expected[..., 3]).max() <= 2
            cloth = expected[..., 3] > 8
            assert np.abs(seen[cloth].astype(int) - expected[cloth]).max() <= 3
