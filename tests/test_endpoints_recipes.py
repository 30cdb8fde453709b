"""Endpoints that speak in recipes: what one returns another understands, and pictures carry it."""

import base64
import io
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from model.keepsake import read_stamps
from model.mixing import blend, children
from model.studio import Studio
from tests.test_endpoints import run
from ui.shelf import Entry, Shelf
from ui.shelf_rules import ShelfRules

FOUR = ["dress", 1, "coat", 2, "t-shirt", 3, "bag", 4]


def sent(web: TestClient, endpoint: str, *data: object) -> bytes:
    """The bytes of the file that an endpoint answers with."""
    status, body = run(web, endpoint, list(data))
    assert status == 200, body
    path = body["data"][0]["url"].split("/gradio_api/", 1)[1]
    return web.get(f"/gradio_api/{path}").content


def said(web: TestClient, endpoint: str, *data: object) -> Any:
    """What an endpoint answers with, where it is no file."""
    status, body = run(web, endpoint, list(data))
    assert status == 200, body
    return body["data"][0]


@pytest.mark.parametrize(
    ("endpoint", "data", "count"),
    [
        ("generate", ["dress", 42, 0.5], 1),
        ("blend", ["dress", 1, "coat", 2, 0.4, None, None], 1),
        ("edit", ["shirt", 3, None, {"brightness": 1.5}, None], 1),
        ("class_mix", [5, {"dress": 1, "casaco": 1}, None], 1),
        ("line", [7, None, None], 10),
        ("pad", [*FOUR, 2], 4),
        ("sheet", ["all", 0, None, 30, "each"], 20),
    ],
)
def test_every_picture_carries_recipes_that_weave_it_again(
    web: TestClient, studio: Studio, endpoint: str, data: list[object], count: int
) -> None:
    png = sent(web, endpoint, *data)
    recipes = read_stamps(png)
    assert len(recipes) == count
    pixels = studio.draw([studio.read(recipe) for recipe in recipes])
    if count == 1:
        assert (np.asarray(Image.open(io.BytesIO(png)))[::16, ::16] == pixels[0, ..., 0]).all()


def test_recipe_says_everything_that_a_garment_can_be(web: TestClient, studio: Studio) -> None:
    plain = said(web, "recipe", "vestido", 42, 0.5, "moss", None, None, None)
    assert plain == studio.garment("dress", 42, 0.5, "moss").text
    whole = said(web, "recipe", "dress", 42, None, "ink", {"brightness": 1}, [], {"0": 3, "bag": 1})
    mixed = studio.class_mix(studio.garment("dress", 42, None, "ink"), {0: 3, 8: 1})
    assert whole == studio.edited(mixed, {"brightness": 1}).text


def test_mix_is_between_recipes(web: TestClient, studio: Studio) -> None:
    a, b = studio.garment("dress", 1), studio.garment("coat", 2)
    between = said(web, "mix", [a.text, b.text], [0.75, 0.25], None)
    assert between == blend(a, b, 0.25).text
    apart = said(web, "mix", [a.text, b.text], [1, 0], [0, 1])
    assert apart == blend(a, b, shape=0, pattern=1).text


def test_render_shows_both_views_in_any_size(web: TestClient, studio: Studio) -> None:
    garment = studio.edited(studio.garment("shirt", 3), {"brightness": 1})
    smooth = Image.open(io.BytesIO(sent(web, "render", garment.text, "smooth", 200)))
    assert (smooth.size, smooth.mode) == ((200, 200), "RGBA")
    png = sent(web, "render", garment.text, "pixels", 100)
    assert read_stamps(png) == (garment.text,)
    squares = np.asarray(Image.open(io.BytesIO(png)))
    assert squares.shape == (84, 84)
    assert (squares[::3, ::3] == studio.draw([garment])[0, ..., 0]).all()


def test_children_can_be_described_and_drawn(web: TestClient, studio: Studio) -> None:
    parent = studio.garment("coat", 9)
    png = sent(web, "children", parent.text, 0.5, 3)
    assert Image.open(io.BytesIO(png)).size == (4 * 112, 3 * 112)
    told = said(web, "describe", None, base64.b64encode(png).decode())
    born = [child.text for child in children(parent, 0.5, 3)]
    assert [garment["recipe"] for garment in told["garments"]] == born


def test_describe_tells_classes_seeds_edits_and_dyes(web: TestClient, studio: Studio) -> None:
    a, b = studio.garment("dress", 1, 0.5, "moss"), studio.garment("coat", 2, 0.5, "ink")
    garment = studio.edited(blend(a, b, 0.25), {"brightness": 1.5})
    (told,) = said(web, "describe", garment.text, None)["garments"]
    assert told["classes"] == {"Dress": 0.75, "Coat": 0.25}
    assert told["parts"][1] == {
        "class": "Coat", "seed": 2, "daring": 0.5, "shape": 0.25, "pattern": 0.25,
    }  # fmt: skip
    assert told["edits"] == {"brightness": {"shape": 1.5, "pattern": 1.5}}
    assert told["dyes"] == {"moss": 0.75, "ink": 0.25}
    assert (told["model"], told["revision"]) == (studio.name, studio.digest)


def test_an_archive_is_a_zip_of_stamped_pictures(web: TestClient, studio: Studio) -> None:
    recipes = [studio.garment("dress", 1).text, studio.garment("bag", 2).text]
    with zipfile.ZipFile(io.BytesIO(sent(web, "archive", recipes, "smooth", 96))) as archive:
        assert archive.namelist() == ["Dress-1.png", "Bag-2.png", "index.csv", "recipes.txt"]
        assert read_stamps(archive.read("Bag-2.png")) == (recipes[1],)


BAD = [
    ("class_mix", [1, {"hat": 1}, None], "label must be one of"),
    ("class_mix", [1, {"dress": 0}, None], "shares must have one above 0"),
    ("render", ["tr1~x", "smooth", 200], "recipe must have 6 fields"),
    ("render", [None, "smooth", 200], "recipe must be a text"),
    ("render", ["DRESS", "<b>", 200], "view must be one of smooth, pixels, not '<b>'"),
    ("render", ["DRESS", "smooth", 1e9], "size must be a whole number in 56..2048"),
    ("children", ["DRESS", float("nan"), 1], "difference must be a number"),
    ("mix", [["DRESS"] * 5, [1] * 5, None], "recipes must be a list of 1..4"),
    ("mix", [["DRESS"], "1", None], "shape must be a list of 1 numbers"),
    ("describe", [None, None], "recipe or picture must be given"),
    ("describe", [None, "../../etc/passwd"], "picture must be base64"),
    ("describe", [None, "aGVsbG8="], "picture must be a PNG file"),
    ("describe", [None, "A" * 12_000_000], "picture must be base64 of at most"),
    ("archive", [[], "smooth", 96], "recipes must be a list of 1..100"),
    ("archive", [["DRESS"], "smooth", 897], "size must be a whole number in 56..896"),
    ("recipe", ["dress", 1, None, "pink", None, None, None], "dye must be"),
]


@pytest.mark.parametrize(("endpoint", "data", "told"), BAD)
def test_bad_input_is_refused_by_field(
    web: TestClient, studio: Studio, endpoint: str, data: list[object], told: str
) -> None:
    dress = studio.garment("dress", 1).text
    given = [swap(item, dress) for item in data]
    status, body = run(web, endpoint, given)
    assert status == 500
    assert told in body["error"], body
    assert len(body["error"]) < 1000


def swap(item: object, dress: str) -> object:
    """The tiny model's dress where a case says DRESS."""
    if isinstance(item, list):
        return [swap(one, dress) for one in item]
    return dress if item == "DRESS" else item


def test_recipes_are_woven_by_their_own_model(
    app: ModuleType, studio: Studio, plain_model: Path
) -> None:
    other = Studio.open(plain_model)
    shelf = Shelf([Entry(studio, "tiny"), Entry(other, "plain")], ShelfRules.read({}))
    blocks = app.build(studio, app.page.Origin("folder", "tiny"), shelf)
    theirs = other.garment("dress", 3, dye="moss").text
    with TestClient(gr.mount_gradio_app(FastAPI(), blocks, "/", **app.LAUNCH)) as web:
        assert read_stamps(sent(web, "render", theirs, "pixels", 56)) == (theirs,)
        assert said(web, "describe", theirs, None)["garments"][0]["model"] == "plain"
        mixed = said(web, "mix", [theirs, theirs], [0.5, 0.5], None)
        assert mixed.startswith("tr1~plain~")
        assert said(web, "recipe", "dress", 3, 0.7, "moss", None, None, None).startswith(
            "tr1~tiny~"
        )
        gone = theirs.replace("~plain~", "~nowhere~")
        status, body = run(web, "render", [gone, "pixels", 56])
        assert status != 200
        assert "nowhere" in str(body)
