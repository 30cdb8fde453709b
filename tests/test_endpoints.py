"""The API: one PNG for each call, and bad input refused by field and value on every way in."""

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from gradio_client import Client
from PIL import Image

from model.mixing import blend
from model.studio import Studio

Answer = tuple[int, dict[str, Any]]
DRESS = "a dress of the model"
FOUR = ["dress", 1, "coat", 2, "t-shirt", 3, "bag", 4]


def run(web: TestClient, endpoint: str, data: object) -> Answer:
    # Written by hand: JSON libraries refuse NaN, callers do not.
    content = json.dumps({"data": data})
    headers = {"Content-Type": "application/json"}
    answer = web.post(f"/gradio_api/run/{endpoint}", content=content, headers=headers)
    return answer.status_code, answer.json()


def picture(web: TestClient, answer: Answer) -> Image.Image:
    status, body = answer
    assert status == 200, body
    (file,) = body["data"]
    assert file["mime_type"] == "image/png"
    path = file["url"].split("/gradio_api/", 1)[1]
    return Image.open(io.BytesIO(web.get(f"/gradio_api/{path}").content))


def test_generate_returns_the_networks_own_pixels(web: TestClient, studio: Studio) -> None:
    image = picture(web, run(web, "generate", ["dress", 42, 0.5]))
    assert (image.format, image.size, image.mode) == ("PNG", (448, 448), "L")
    expected = studio.generate("dress", 42, 0.5)[..., 0]
    assert (np.asarray(image)[8::16, 8::16] == expected).all()
    assert (np.asarray(image)[::16, ::16] == expected).all()


def test_labels_by_english_and_portuguese_name_and_number(web: TestClient) -> None:
    pictures = [
        np.asarray(picture(web, run(web, "generate", [label, 7, None])))
        for label in ("Ankle boot", "bota", 9, "9")
    ]
    assert all((other == pictures[0]).all() for other in pictures)


def test_blend_follows_blend_unless_told(web: TestClient, studio: Studio) -> None:
    a, b = studio.garment("dress", 1), studio.garment("coat", 2)
    for shares in ([0.25, None, None], [0.25, 1, None], [0.25, None, 0]):
        image = picture(web, run(web, "blend", ["dress", 1, "coat", 2, *shares]))
        expected = studio.draw([blend(a, b, *shares)])[0][..., 0]
        assert (np.asarray(image)[::16, ::16] == expected).all()


def test_edit_moves_along_directions(web: TestClient, studio: Studio) -> None:
    image = picture(web, run(web, "edit", ["shirt", 3, None, {"brightness": 1.5}, None]))
    edited = studio.edited(studio.garment("shirt", 3), {"brightness": 1.5})
    expected = studio.draw([edited])[0][..., 0]
    assert (np.asarray(image)[::16, ::16] == expected).all()
    locked = picture(web, run(web, "edit", ["shirt", 3, None, {"component 1": 1}, ["sleeves"]]))
    held = studio.edited(studio.garment("shirt", 3), {"component 1": 1}, ["sleeves"])
    assert (np.asarray(locked)[::16, ::16] == studio.draw([held])[0][..., 0]).all()
    plain = picture(web, run(web, "edit", ["shirt", 3, None, None, None]))
    assert (np.asarray(plain)[::16, ::16] == studio.generate("shirt", 3)[..., 0]).all()


def test_sheet_is_dyed_cloth_on_paper(web: TestClient) -> None:
    image = picture(web, run(web, "sheet", ["all", 0, None, 120, "each"]))
    assert image.mode == "RGB"
    assert image.size == (20 * 112, 6 * 112)
    assert picture(web, run(web, "sheet", ["dress", 0, 1, 3, "ink"])).size == (3 * 112, 112)


def test_a_pad_is_a_dyed_square(web: TestClient, studio: Studio) -> None:
    image = picture(web, run(web, "pad", [*FOUR, 3]))
    assert (image.mode, image.size) == ("RGB", (3 * 112, 3 * 112))
    corner = picture(web, run(web, "sheet", ["bag", 4, None, 1, "each"]))
    difference = np.asarray(image, dtype=int)[224:, 224:] - np.asarray(corner, dtype=int)
    assert np.abs(difference).max() <= 3  # a grey level, dyed


@pytest.mark.parametrize(("kind", "start"), [("gif", b"GIF89a"), ("mp4", b"\0\0\0")])
def test_a_film_is_a_file_of_its_kind(web: TestClient, kind: str, start: bytes) -> None:
    status, body = run(web, "film", [*FOUR, "line", kind])
    assert status == 200, body
    (file,) = body["data"]
    assert file["orig_name"] == f"trama.{kind}"
    path = file["url"].split("/gradio_api/", 1)[1]
    assert web.get(f"/gradio_api/{path}").content.startswith(start)


BAD = [
    ("generate", ["dress", -1, None], "seed must be a whole number in 0..4294967295, not -1"),
    ("generate", ["dress", "42; rm", None], "seed must be a whole number .* not '42; rm'"),
    ("generate", ["dress", 2**70, None], "seed must be a whole number .* not 1180591"),
    ("generate", ["dress", None, None], "seed must be a whole number .* not None"),
    ("generate", ["hat", 1, None], "label must be one of 0 T-shirt/top, .*Vestido.* not 'hat'"),
    ("generate", [{"a": [1]}, 1, None], "label must be .* not {'a': \\[1\\]}"),
    ("generate", [11, 1, None], "label must be .* not 11"),
    ("generate", ["x" * 100_000, 1, None], "label must be "),
    ("generate", ["dress", 1, 2.5], "daring must be a number in 0..2, not 2.5"),
    ("generate", ["dress", 1, float("nan")], "daring must be a number in 0..2, not nan"),
    ("generate", ["dress", 1, [0.5]], "daring must be a number in 0..2, not \\[0.5\\]"),
    ("blend", ["dress", 1, "coat", 2, 1.01, None, None], "blend must be .* not 1.01"),
    ("blend", ["dress", 1, "coat", 2, 0, "much", None], "shape must be .* not 'much'"),
    ("blend", ["dress", 1, "coat", 2, 0, None, -1], "pattern must be .* not -1"),
    ("blend", ["dress", 1, "coat", -2, 0, None, None], "seed must be .* not -2"),
    ("edit", ["dress", 1, None, {"sparkle": 1}, None], "direction must be one of .* not 'sparkle'"),
    ("edit", ["dress", 1, None, {"brightness": 99}, None], "'brightness'.* in -2.04..3.06, not 99"),
    ("edit", ["dress", 1, None, {"brightness": None}, None], "'brightness'.* not None"),
    ("edit", ["dress", 1, None, "brightness", None], "edits must be an object, not 'brightness'"),
    ("edit", ["dress", 1, None, 0, None], "edits must be an object, not 0"),
    ("edit", ["dress", 1, None, {}, ["sparkle"]], "direction must be one of .* not 'sparkle'"),
    ("edit", ["dress", 1, None, {}, "width"], "locks must be a list of .* names, not 'width'"),
    ("sheet", ["all", 0, None, 401, "each"], "count must be a whole number in 1..400, not 401"),
    ("sheet", ["all", 0, None, 4, "pink"], "dye must be .* not 'pink'"),
    ("sheet", ["all", 0, None, 4, [1]], "dye must be .* not \\[1\\]"),
    ("sheet", ["hat", 0, None, 4, "each"], "label must be .* not 'hat'"),
    ("pad", [*FOUR, 18], "steps must be a whole number in 2..17, not 18"),
    ("pad", [*FOUR[:6], "hat", 4, 3], "label must be .* not 'hat'"),
    ("film", [*FOUR, "zigzag", "gif"], "way must be one of line, loop, not 'zigzag'"),
    ("film", [*FOUR, "loop", ["gif"]], "kind must be one of gif, mp4, not \\['gif'\\]"),
]


@pytest.mark.parametrize(("endpoint", "data", "told"), BAD)
def test_run_refuses_bad_input_by_field_and_value(
    web: TestClient, capfd: pytest.CaptureFixture[str], endpoint: str, data: object, told: str
) -> None:
    status, body = run(web, endpoint, data)
    assert status == 500
    assert re.search(told, body["error"]), body
    assert len(body["error"]) < 1000
    assert "Traceback" not in json.dumps(body) + "".join(capfd.readouterr())


def test_the_queue_refuses_bad_input_too(url: str) -> None:
    for endpoint, data, _ in BAD[:2] + BAD[-2:]:
        place = f"{url}gradio_api/call/{endpoint}"
        event = httpx.post(place, json={"data": data}).json()["event_id"]
        told = httpx.get(f"{place}/{event}", timeout=30).text
        assert told.startswith("event: error")
        assert "must be" in told
        assert "Traceback" not in told


def test_gradio_client_calls_every_endpoint_with_its_defaults(url: str) -> None:
    client = Client(url, verbose=False)
    for endpoint in ("/generate", "/blend", "/edit"):
        path = client.predict(api_name=endpoint)
        assert Image.open(path).size == (448, 448)
    assert Image.open(client.predict(count=5, api_name="/sheet")).size == (5 * 112, 112)
    assert Image.open(client.predict(steps=2, api_name="/pad")).size == (2 * 112, 2 * 112)
    assert Path(client.predict(way="loop", api_name="/film")).suffix == ".gif"
    assert Path(client.predict("vestido", 42, 0.5, api_name="/generate")).suffix == ".png"


def test_endpoints_are_documented(url: str) -> None:
    client = Client(url, verbose=False)
    named = client.view_api(return_format="dict")["named_endpoints"]
    expected = (
        "generate blend edit class_mix render recipe mix describe children line sheet pad film "
        "lookbook archive complete photo"
    )
    assert set(named) == {f"/{name}" for name in expected.split()}
    for endpoint in named.values():
        assert endpoint["description"]
        for parameter in endpoint["parameters"]:
            assert parameter["python_type"]["type"] != "Any", parameter
            assert parameter["python_type"]["description"] or parameter["label"]


def server_call(web: TestClient, screen: str, name: str, data: object) -> Answer:
    config = web.get("/config").json()
    (component,) = [c["id"] for c in config["components"] if c["props"].get("elem_id") == screen]
    body = {"data": data, "fn_name": name, "component_id": component, "session_hash": "s"}
    headers = {"Content-Type": "application/json"}
    content = json.dumps(body)  # by hand: NaN is what callers send too
    answer = web.post("/gradio_api/component_server/", content=content, headers=headers)
    return answer.status_code, answer.json()


def test_the_page_gets_raw_pixels(web: TestClient, studio: Studio) -> None:
    status, body = server_call(web, "wardrobe", "wardrobe", {"label": 3, "seed": 9, "daring": 1})
    assert status == 200
    assert body["garments"][2]["recipe"] == studio.garment(3, 11, 1).text
    pixels = np.frombuffer(base64.b64decode(body["pixels"]), dtype=np.uint8)
    assert (pixels.reshape(12, 28, 28, 1)[2] == studio.generate(3, 11, 1)).all()


@pytest.mark.parametrize(
    ("screen", "name", "data"),
    [
        ("wardrobe", "wardrobe", None),
        ("wardrobe", "wardrobe", [1, 2]),
        ("wardrobe", "wardrobe", {"label": 3, "seed": "x"}),
        ("header", "line", {}),
        ("header", "garment", {"label": 3, "seed": 1, "dye": "pink"}),
        ("header", "picture", {"recipe": 3}),
        ("header", "picture", {"recipe": "tr1~x"}),
        ("header", "picture", {"recipe": "x" * 10_000_000}),
        ("header", "picture", {"recipe": f"{DRESS}~more"}),
        ("header", "mix", {"recipes": [DRESS, DRESS], "shape": [0, 0], "pattern": [1, 1]}),
        ("header", "mix", {"recipes": [DRESS] * 5, "shape": [1] * 5, "pattern": [1] * 5}),
        ("header", "mix", {"recipes": [DRESS], "shape": ["x"], "pattern": [1]}),
        ("header", "make_children", {"recipe": DRESS, "difference": float("nan"), "seed": 1}),
        ("blend", "pad", {"recipes": [DRESS, None, DRESS, DRESS]}),
        ("blend", "layers", {"recipes": [DRESS] * 4, "y": "top"}),
        ("blend", "class_mix", {"recipe": DRESS, "shares": [1]}),
        ("blend", "film", {"recipes": [DRESS], "kind": "gif"}),
        ("adjust", "edit", {"recipe": DRESS, "edits": {"brightness": 1e9}}),
        ("adjust", "edit", {"recipe": DRESS, "edits": {}, "locks": [["brightness"]]}),
        ("adjust", "previews", {"recipe": DRESS}),
    ],
)
def test_the_page_is_told_what_is_wrong(
    web: TestClient, studio: Studio, screen: str, name: str, data: object
) -> None:
    given = json.loads(json.dumps(data).replace(DRESS, studio.garment(3, 1).text))
    status, body = server_call(web, screen, name, given)
    assert status == 200
    assert set(body) <= {"error", "reason"}
    assert "must" in body["error"]
    assert len(body["error"]) < 500


@pytest.mark.parametrize("recipe", [None, 7, "", "x" * 10_000_000, "tr1~a~b", ["tr1"]])
def test_a_recipe_that_cannot_be_read_opens_a_garment_and_says_why(
    web: TestClient, recipe: object
) -> None:
    status, body = server_call(web, "header", "open", {"recipe": recipe})
    assert status == 200
    assert body["reason"] == "malformed"
    assert len(body["garments"]) == 1


@pytest.mark.parametrize("view", ["smooth", "pixels"])
def test_downloads_are_pngs_of_the_view(web: TestClient, studio: Studio, view: str) -> None:
    dress, bag = studio.garment(3, 1, dye="moss"), studio.garment(8, 2)
    edited = studio.edited(dress, {"brightness": 1})
    for recipe in (dress, edited, blend(dress, bag, shape=0.5, pattern=0.2)):
        request = {"recipe": recipe.text, "view": view}
        _, body = server_call(web, "header", "picture", request)
        image = Image.open(io.BytesIO(base64.b64decode(body["png"].split(",")[1])))
        assert image.size == (896, 896)
        assert image.mode == ("RGBA" if view == "smooth" else "L")


def test_files_outside_the_cache_are_not_served(web: TestClient) -> None:
    for path in ("/etc/passwd", str(Path(__file__).parent.parent / "app.py")):
        assert web.get(f"/gradio_api/file={path}").status_code == 403
