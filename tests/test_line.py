"""The line: its palette, its links, and its lookbook, on the page and at the API."""

import base64
import dataclasses
import io
from pathlib import Path
from types import ModuleType
from typing import Any

import pypdfium2
import pytest
from gradio_client import Client
from PIL import Image

from model.keepsake import read_stamps
from model.recipe import RecipeError
from model.studio import Studio
from tests.conftest import TINY, write_tiny_model
from ui.desk import Desk, answering
from ui.line import Line, dyed_line, write_lookbook
from ui.line_book import make_book
from ui.line_link import read_line_link
from ui.palette import PATTERNS, check_palette, dye_line, palette_of
from ui.parts import load_words

PAGE_ORDER = (0, 1, 2, 3, 4, 6, 8, 5, 7, 9)
"""Of the ten classes on the page, in rows of two on a phone and of five elsewhere."""


@pytest.fixture(scope="module")
def desk(studio: Studio) -> Desk:
    return Desk(studio)


@pytest.fixture(scope="module")
def line(desk: Desk) -> Line:
    return Line(desk)


def pdf_text(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    return str(document[0].get_textpage().get_text_range())


def decoded(answer: dict[str, Any], kind: str) -> bytes:
    head, _, data = answer["file"].partition(",")
    assert head == f"data:{kind};base64"
    return base64.b64decode(data)


@pytest.mark.parametrize("dyes", [["moss"], ["ink", "moss"], ["ochre", "indigo", "madder"]])
def test_a_line_wears_its_palette(studio: Studio, dyes: list[str]) -> None:
    garments = dyed_line(studio, 42, 0.5, dyes)
    assert [(garment.label, garment.seed, garment.daring) for garment in garments] == [
        (label, 42, 0.5) for label in range(10)
    ]
    assert palette_of(garments) == dyes
    worn = [garment.dyes[0][0] for garment in garments]
    assert min(worn.count(dye) for dye in dyes) >= 3


@pytest.mark.parametrize("pattern", PATTERNS[1:])
def test_no_column_on_a_phone_and_no_row_on_a_desktop_is_of_one_dye(
    pattern: tuple[int, ...],
) -> None:
    worn = [pattern[label] for label in PAGE_ORDER]
    assert len(set(worn[::2])) > 1 < len(set(worn[1::2]))
    assert len(set(worn[:5])) > 1 < len(set(worn[5:]))


@pytest.mark.parametrize(
    "dyes", [[], ["pink"], ["ink"] * 2, ["ink", "moss", "ochre", "indigo"], "ink", [1], {"ink": 1}]
)
def test_other_palettes_are_refused(dyes: object) -> None:
    with pytest.raises(RecipeError, match="dyes must") as refusal:
        check_palette(dyes)
    assert refusal.value.reason == "dye"


def test_a_link_of_one_seed_and_one_of_many(studio: Studio) -> None:
    one = read_line_link({"line": "4207"}, studio)
    assert list(one.garments) == studio.line(4207)
    assert (one.dyes, one.locks) == ((), ())
    query = {
        "line": "1.1.1.1.1.1.4294967295.1.1.0",
        "daring": "0.7,0.7,0.7,0.7,0.7,0.7,0.7,0.7,0.7,1.25",
        "dyes": "moss,ink",
        "locks": "9,6",
        "model": None,
    }
    many = read_line_link(query, studio)
    assert [garment.seed for garment in many.garments] == [1] * 6 + [2**32 - 1, 1, 1, 0]
    assert many.garments[9] == studio.garment(9, 0, 1.25)
    assert (many.dyes, many.locks) == (("moss", "ink"), (6, 9))


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"line": ""},
        {"line": 4207},
        {"line": "-1"},
        {"line": "4207."},
        {"line": "1.2"},
        {"line": "4294967296"},
        {"line": "٤"},
        {"line": "1" * 100_000},
        {"line": "<img src=x onerror=alert(1)>"},
        {"line": "1", "daring": "2.5"},
        {"line": "1", "daring": "nan"},
        {"line": "1", "daring": "0.7,0.7"},
        {"line": "1", "daring": "0.123456789"},
        {"line": "1", "dyes": "pink"},
        {"line": "1", "dyes": "ink,ink"},
        {"line": "1", "dyes": ["ink"]},
        {"line": "1", "locks": "10"},
        {"line": "1", "locks": "3,3"},
        {"line": "1", "locks": "+3"},
        {"line": "1", "locks": "03"},
    ],
)
def test_broken_links_are_refused_and_open_the_first_line(
    line: Line, studio: Studio, query: dict[str, Any]
) -> None:
    with pytest.raises(RecipeError) as refusal:
        read_line_link(query, studio)
    assert len(str(refusal.value)) < 300
    answer = line.linked_line(query)
    assert answer["reason"] == "line"
    assert [garment["seed"] for garment in answer["garments"]] == [4207] * 10


def test_a_line_of_another_model_opens_its_seeds_here_and_says_so(
    line: Line, studio: Studio
) -> None:
    own = line.linked_line({"line": "7", "model": f"{studio.name}~{studio.digest}"})
    assert "reason" not in own
    for model in ("fashion-mnist~0badcafe", "", 3, "x" * 9_999):
        other = line.linked_line({"line": "7", "model": model})
        assert other["reason"] == "line_model"
        assert other["garments"] == own["garments"]
    for language in ("pt", "en"):
        assert {"recipe_line", "recipe_line_model"} <= set(load_words()[language])


def test_a_kept_line_comes_back_in_the_order_of_its_labels(line: Line, studio: Studio) -> None:
    garments = dye_line(studio.line(8), ("madder", "ink"))
    answer = line.kept_line({"recipes": [garment.text for garment in reversed(garments)]})
    assert [garment["recipe"] for garment in answer["garments"]] == [g.text for g in garments]
    assert answer["dyes"] == ["madder", "ink"]


def test_a_lookbook_tells_names_seeds_and_palette(line: Line, studio: Studio) -> None:
    garments = dye_line(studio.line(4207), ("indigo", "ochre"))
    garments[2] = studio.garment(2, 4318, dye="ochre")
    request = {"recipes": [g.text for g in garments], "language": "pt", "kind": "pdf"}
    text = pdf_text(decoded(line.lookbook(request), "application/pdf"))
    for told in (
        "Anil e ocre", "Linha 4207, dez peças de 2 sementes", "Calça", "Suéter", "4318", "anil",
        "ocre", "ousadia 0,70", "cor: corante", "gerado por IA", studio.name,
    ):  # fmt: skip
        assert told in text, told
    request |= {"language": "en", "title": "Praça · 1ª linha", "kind": "png"}
    png = decoded(line.lookbook(request), "image/png")
    assert Image.open(io.BytesIO(png)).width > 2000
    assert read_stamps(png)[0] == garments[3].text  # the dress is the large one
    assert sorted(read_stamps(png)) == sorted(g.text for g in garments)


def test_titles_by_palette_language_and_model(desk: Desk, tmp_path: Path) -> None:
    garments = desk.studio.line(1)
    for dyes, pt, en in (
        (["moss"], "Musgo", "Moss"),
        (["ink", "moss"], "Nanquim e musgo", "Ink and moss"),
        (["ink", "moss", "ochre"], "Nanquim, musgo e ocre", "Ink, moss and ochre"),
    ):
        dyed = dye_line(garments, dyes)
        assert make_book(desk, dyed, None, "pt").title == pt
        assert make_book(desk, dyed, " ", "en").title == en
    book = make_book(desk, dye_line(garments, ["moss"]), " Minha linha ", "pt")
    assert book.title == "Minha linha"
    assert book.subtitle == "Linha 1, dez peças de uma só trama"
    config = dataclasses.replace(TINY, image_channels=3, class_names=("cat", "dog"))
    colour = Studio.open(write_tiny_model(tmp_path / "m", directions=False, config=config))
    book = make_book(Desk(colour), colour.line(5), None, "en")
    assert (book.title, book.subtitle) == ("Line 5", "Line 5, 2 garments of one weave")
    assert (book.palette, book.footer, book.note) == ((), "m", "")
    assert [piece.name for piece in book.pieces] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("title", "printed", "left_out"),
    [
        ("Verão ☀️ 2027", "Verão 2027", ["☀️"]),
        ("👩‍👧‍👦🎈 Festa 🎈", "Festa", ["👩‍👧‍👦🎈", "🎈"]),
        ("🏴󠁧󠁢󠁿", "Musgo", ["🏴󠁧󠁢󠁿"]),
        ("夏 · Praça №1", "· Praça №1", ["夏"]),
        ("a‍b©️", "ab©", []),
        ("Colégio", "Colégio", []),
    ],
)
def test_a_title_is_printed_without_what_the_type_lacks(
    desk: Desk, line: Line, title: str, printed: str, left_out: list[str]
) -> None:
    garments = dye_line(desk.studio.line(1), ["moss"])
    assert make_book(desk, garments, title, "pt").title == printed
    request = {"recipes": [g.text for g in garments], "language": "pt", "title": title}
    for kind in ("pdf", "png", "preview"):
        answer = line.lookbook({**request, "kind": kind})
        assert list(answer["left_out"]) == left_out
        if kind == "pdf":
            text = pdf_text(decoded(answer, "application/pdf"))
            assert printed in text
            assert "?" not in text


def test_recipes_in_a_lookbook_are_links_where_the_page_has_an_address(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make_book(desk, desk.studio.line(1), None, "pt").address == ""
    monkeypatch.setenv("SPACE_HOST", "user-trama.hf.space")
    book = make_book(desk, desk.studio.line(1), None, "pt")
    assert book.address == "https://user-trama.hf.space/?r="


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"recipes": None}, "recipes must be a list of 1..20 recipes"),
        ({"recipes": []}, "recipes must be a list of 1..20 recipes"),
        ({"recipes": ["x"] * 21}, "recipes must be a list of 1..20 recipes"),
        ({"recipes": ["x"]}, "recipe must begin with tr1~"),
        ({"title": "x" * 81}, "title must be a printable line of at most 80 characters"),
        ({"title": "two\nlines"}, "title must be a printable line"),
        ({"title": "a\u202eb"}, "title must be a printable line"),
        ({"title": 7}, "title must be a printable line"),
        ({"language": "fr"}, "language must be pt or en, not 'fr'"),
        ({"language": ["pt"]}, "language must be pt or en"),
        ({"kind": "exe"}, "kind must be pdf or png, not 'exe'"),
        ({"kind": None}, "kind must be pdf or png, not None"),
    ],
)
def test_bad_lookbooks_are_refused_by_field(
    line: Line, studio: Studio, change: dict[str, Any], told: str
) -> None:
    recipes = [garment.text for garment in studio.line(1)]
    good = {"recipes": recipes, "title": "Linha", "language": "pt", "kind": "png"}
    answer = answering(line.lookbook)({**good, **change})
    assert told in answer["error"]
    assert len(answer["error"]) < 300


def test_a_page_that_makes_too_many_lookbooks_says_so(
    line: Line, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui import line as module

    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.05)
    request = {"recipes": [studio.garment(0, 1).text], "language": "en", "kind": "pdf"}
    with module._book_turn:
        assert line.lookbook(request)["reason"] == "book_busy"
    assert line.lookbook(request)["file"]


def test_endpoints_make_a_line_and_its_lookbook(url: str, studio: Studio) -> None:
    client = Client(url, verbose=False)
    assert Image.open(client.predict(api_name="/line")).size == (1120, 112)
    path = client.predict(5, None, ["moss"], title="Praça", language="en", api_name="/lookbook")
    assert Path(path).suffix == ".pdf"
    assert "Praça" in pdf_text(Path(path).read_bytes())
    path = client.predict(
        recipes=[studio.garment(8, 3).text], kind="png", language="en", api_name="/lookbook"
    )
    assert read_stamps(Path(path).read_bytes()) == (studio.garment(8, 3).text,)
    with pytest.raises(Exception, match="dyes must"):
        client.predict(dyes=["pink"], api_name="/line")


def test_a_model_of_one_class_or_of_very_many_has_no_line(app: ModuleType, tmp_path: Path) -> None:
    for count, there in ((0, False), (1, False), (2, True), (20, True), (21, False)):
        names = tuple(f"c{n}" for n in range(count))
        config = dataclasses.replace(TINY, class_names=names)
        folder = write_tiny_model(tmp_path / f"m{count}", directions=False, config=config)
        blocks = app.build(*app.open_studio(str(folder)))
        screens = [getattr(block, "elem_id", None) for block in blocks.blocks.values()]
        assert ("line" in screens) == there, count


def test_twenty_classes_fill_a_sheet(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, class_names=tuple(f"class {n}" for n in range(20)))
    studio = Studio.open(write_tiny_model(tmp_path / "m", directions=False, config=config))
    garments = dyed_line(studio, 1, None, None)
    text = pdf_text(write_lookbook(Desk(studio), garments, None, "en", "pdf"))
    assert "20 garments" in text
    assert "class 19" in text
