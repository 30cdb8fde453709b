"""Archives unpacked again: names that are safe anywhere, recipes that are found, bounds."""

import csv
import io
import zipfile

import pytest
from PIL import Image

from model.archive import INDEX_FILE, MAX_PICTURE_BYTES, RECIPES_FILE, pictures_zip
from model.keepsake import AI_NOTICE, read_stamp, stamp_png

RECIPE = "tr1~fashion-mnist~4b1c9e02~3:4207:0.7~~indigo"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def item(name: str = "Vestido 4207", seed: int = 4207) -> tuple[str, bytes, str]:
    recipe = RECIPE.replace("4207", str(seed))
    return name, stamp_png(Image.new("RGBA", (8, 8), (seed % 256, 0, 0, 255)), recipe), recipe


def unpack(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {about.filename: archive.read(about) for about in archive.infolist()}


def picture_names(*names: str) -> list[str]:
    return list(unpack(pictures_zip([item(name) for name in names])))[:-2]


def test_pictures_come_out_as_they_went_in_with_their_recipes():
    items = [item("Vestido 4207"), item("Calça nº 7", 7), item("Tênis", 8)]
    files = unpack(pictures_zip(items))
    assert list(files) == [
        "Vestido-4207.png",
        "Calça-nº-7.png",
        "Tênis.png",
        INDEX_FILE,
        RECIPES_FILE,
    ]
    for (_, png, recipe), content in zip(items, list(files.values())[: len(items)], strict=True):
        assert content == png
        assert read_stamp(content) == recipe


def test_the_index_says_which_recipe_is_whose():
    items = [item("Vestido, longo"), item("Calça", 7)]
    files = unpack(pictures_zip(items))
    assert files[INDEX_FILE].startswith("\ufeff".encode())  # or spreadsheets break the accents
    rows = list(csv.reader(io.StringIO(files[INDEX_FILE].decode("utf-8-sig"), newline="")))
    assert rows == [
        ["file", "name", "recipe"],
        ["Vestido-longo.png", "Vestido, longo", items[0][2]],
        ["Calça.png", "Calça", items[1][2]],
    ]
    text = files[RECIPES_FILE].decode()
    assert text.startswith(AI_NOTICE)
    assert all(recipe in text.splitlines() for _, _, recipe in items)


def test_the_same_input_gives_the_same_bytes_without_a_date():
    assert pictures_zip([item()]) == pictures_zip([item()])
    with zipfile.ZipFile(io.BytesIO(pictures_zip([item()]))) as archive:
        assert {about.date_time for about in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "etc-passwd.png"),
        ("..\\..\\windows\\system32", "windows-system32.png"),
        ("/absolute", "absolute.png"),
        ("C:\\x", "C-x.png"),
        ("a\0b\nc", "a-b-c.png"),
        ("", "trama.png"),
        ("...", "trama.png"),
        ("  ", "trama.png"),
        ("NUL", "trama-NUL.png"),
        ("com1", "trama-com1.png"),
        ("index.csv", "index-csv.png"),
        ("~user/$HOME/`id`", "user-HOME-id.png"),
        ("\u202egnp.exe", "gnp-exe.png"),
        ("Vestido.png", "Vestido.png"),
        ("T-shirt/top", "T-shirt-top.png"),
        ("c\u0327a\u0303", "\u00e7\u00e3.png"),
        ("上着 5", "上着-5.png"),
        ("कुर्ता", "कुर्ता.png"),
        ("x" * 200, "x" * 60 + ".png"),
    ],
)
def test_names_cannot_be_paths(name, file):
    assert picture_names(name) == [file]


def test_names_are_unique_even_where_case_does_not_count(tmp_path):
    names = picture_names("Vestido", "vestido", "VESTIDO", "Vestido-2", "Vestido")
    assert names == [
        "Vestido.png", "vestido-2.png", "VESTIDO-3.png", "Vestido-2-2.png", "Vestido-4.png",
    ]  # fmt: skip
    assert len({name.casefold() for name in picture_names(*["straße", "STRASSE"] * 40)}) == 80


def test_spreadsheets_run_nothing():
    files = unpack(pictures_zip([item('=HYPERLINK("x")'), item("@SUM(1)"), item("-1+1")]))
    rows = list(csv.reader(io.StringIO(files[INDEX_FILE].decode("utf-8-sig"), newline="")))
    assert [row[1] for row in rows[1:]] == ['\'=HYPERLINK("x")', "'@SUM(1)", "'-1+1"]


def test_two_hundred_pictures():
    assert len(unpack(pictures_zip([item()] * 200))) == 202


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([], "items must be 1..200 pictures, not 0"),
        ([item()] * 201, "items must be 1..200 pictures, not 201"),
        ([item(), (None, b"", "")], "name of picture 1 must be a text of at most 200 characters"),
        ([("x" * 201, SIGNATURE, RECIPE)], "name of picture 0 must be a text of at most 200"),
        ([("a", b"GIF89a", RECIPE)], "picture 0 must be a PNG file, not b'GIF89a'"),
        ([("a", "text", RECIPE)], "picture 0 must be a PNG file, not 'text'"),
        ([("a", SIGNATURE + bytes(MAX_PICTURE_BYTES), RECIPE)], "picture 0 must have at most"),
        ([("a", SIGNATURE + bytes(2**20), RECIPE)] * 130, "items must have at most 134217728"),
        ([("a", SIGNATURE, "")], "picture 0: recipe must be a line"),
        ([("a", SIGNATURE, 3)], "picture 0: recipe must be a text"),
    ],
)
def test_refuses_by_name(items, told):
    with pytest.raises(ValueError, match=told):
        pictures_zip(items)
