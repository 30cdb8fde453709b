"""A garment's address and its PNG: the same pixels elsewhere, and clear words where that fails."""

import dataclasses
import io
import re

import pytest
from playwright.sync_api import Page, expect

from model.keepsake import stamp_png
from model.pixels import to_image
from model.recipe import Recipe
from model.studio import Studio
from tests.browsing import OPENED, drawn, expect_new, save
from tests.browsing import told as words_of
from tests.test_photo import drawn as drawing

STAGE = "#wardrobe .big canvas"


def drop(page: Page, name: str, content: bytes) -> None:
    """Drop a file on the page as a visitor's hand does."""
    page.evaluate(
        """([name, bytes]) => {
             const files = new DataTransfer();
             files.items.add(new File([new Uint8Array(bytes)], name));
             const options = { dataTransfer: files, bubbles: true, cancelable: true };
             document.body.dispatchEvent(new DragEvent('drop', options));
           }""",
        [name, list(content)],
    )


@pytest.fixture
def rich(studio: Studio) -> Recipe:
    """A blended, edited, dyed garment."""
    from model.mixing import blend

    a, b = studio.garment("dress", 7, dye="madder"), studio.garment("coat", 8, dye="moss")
    return studio.edited(blend(a, b, 0.4, shape=0.7), {"brightness": 1.5})


def test_an_address_opens_the_same_pixels_in_two_browsers(visit: OPENED, rich: Recipe) -> None:
    pictures = []
    for locale, words in (("pt-BR", "Casaco × Vestido"), ("en-US", "Coat × Dress")):
        page = visit(locale, query=f"?r={rich.text}")
        expect(page.locator("#wardrobe h2").first).to_contain_text(words)
        pictures.append(drawn(page, STAGE))
    assert pictures[0] == pictures[1]


def test_a_dropped_png_is_the_garment_again(visit: OPENED, studio: Studio, rich: Recipe) -> None:
    page = visit("en-US")
    before = drawn(page, STAGE)
    image = to_image(studio.draw([rich])[0])
    drop(page, "garment.png", stamp_png(image, rich.text))
    expect_new(page, STAGE, before)
    expect(page.locator("#wardrobe h2").first).to_contain_text("Coat × Dress")


@pytest.mark.parametrize(
    ("locale", "told"),
    [("pt-BR", "não traz uma receita da Trama"), ("en-US", "holds no Trama recipe")],
)
def test_other_files_are_told_apart(visit: OPENED, locale: str, told: str) -> None:
    page = visit(locale)
    before = drawn(page, STAGE)
    for content in (b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\xff" * 40):
        drop(page, "<b>photo</b>.png", content)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text(told)
        expect(alert).to_contain_text("<b>photo</b>.png")
        alert.get_by_role("button").click()
    assert drawn(page, STAGE) == before


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("locale", "said"), [("pt-BR", "é lido como uma foto"), ("en-US", "it is read as a photo")]
)
def test_a_picture_without_a_recipe_opens_in_your_photo(
    visit: OPENED, locale: str, said: str, kind: str
) -> None:
    page = visit(locale)
    before = page.evaluate("trama.garment.recipe")
    data = io.BytesIO()
    drawing(300).convert("RGB").save(data, kind)
    drop(page, "shirt.file", data.getvalue())
    page.wait_for_function("document.body.dataset.screen === 'photo'")
    expect(page.locator("[data-part=toast]")).to_contain_text(said)
    drawn(page, "#photo [data-part=seen]")
    expect(page.locator("#photo [data-part=result]")).to_be_visible(timeout=90_000)
    expect(page.get_by_role("alert").filter(visible=True)).to_have_count(0)
    assert page.evaluate("trama.garment.recipe") == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": "somebody/else"}, "This garment is of another model"),
        ({"digest": "0badcafe"}, "This garment is of another revision"),
    ],
)
def test_a_garment_of_another_model_is_told_and_a_near_one_shown(
    visit: OPENED, rich: Recipe, change: dict[str, str], told: str
) -> None:
    page = visit("en-US", query=f"?r={dataclasses.replace(rich, **change).text}")
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.get_by_role("alert")).to_contain_text("In its place: Coat 8")
    expect(page.locator("#wardrobe h2").first).to_contain_text("Coat")


@pytest.mark.parametrize(
    "text", ["", "x", "tr9~a~00000000~0:1:1~~ink", "%3Cimg src=x onerror=alert(1)%3E", "x" * 3000]
)
def test_a_broken_address_leaves_a_full_page(visit: OPENED, text: str) -> None:
    page = visit("en-US", query=f"?r={text}")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#wardrobe .rail canvas")).to_have_count(12)
    drawn(page, STAGE)


@pytest.mark.parametrize(("locale", "screen"), [("pt-BR", ""), ("en-US", "blend")])
def test_what_is_no_whole_recipe_changes_nothing(
    visit: OPENED, rich: Recipe, locale: str, screen: str
) -> None:
    name = "Vestido 4200" if locale == "pt-BR" else "Dress 4200"
    for text in (rich.text[:40], rich.text * 100):  # cut when copied, and longer than any
        page = visit(locale, screen=screen, query=f"?r={text}&more=1")
        expect(page.get_by_role("alert")).to_have_text(words_of(locale, "link_cut", name=name))
        expect(page.locator("#wardrobe h2").first).to_be_visible()
        expect(page).to_have_url(re.compile(r"/\?more=1(#|$)"))
    other = "en-US" if locale == "pt-BR" else "pt-BR"
    page.evaluate("language => trama.speak(language)", other[:2])
    name = "Dress 4200" if locale == "pt-BR" else "Vestido 4200"
    expect(page.get_by_role("alert")).to_have_text(words_of(other, "link_cut", name=name))
    save(page, f"failure-{other}-{screen or 'wardrobe'}")


def test_a_recipe_comes_in_its_own_dye(visit: OPENED, studio: Studio) -> None:
    page = visit("en-US")
    garment = studio.garment("dress", 4200, dye="moss").text
    page.locator("#wardrobe").get_by_role("button", name="ink", exact=True).click()
    page.evaluate("recipe => trama.openRecipe(recipe)", garment)
    page.wait_for_function("r => trama.recipe(trama.garment) === r", arg=garment)
    moss = page.locator("#wardrobe").get_by_role("button", name="moss", exact=True)
    expect(moss).to_have_attribute("aria-pressed", "true")
