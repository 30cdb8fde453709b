"""The blend on the server: places between four garments, layers apart, and films of the way."""

import base64
import io
import re
import threading
from types import ModuleType
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from model.dye import PAPER
from model.mixing import LINE_FRAMES, SIDE_FRAMES, blend, film, layers, pad
from model.recipe import Recipe
from model.studio import Studio
from ui import film as films
from ui.blend import CORNERS, Blend
from ui.desk import Answer, Desk, answering


@pytest.fixture(scope="module")
def desk(studio: Studio) -> Desk:
    return Desk(studio)


@pytest.fixture(scope="module")
def corners(studio: Studio, desk: Desk) -> list[Recipe]:
    return [studio.garment(desk.label(name), seed) for name, seed in CORNERS]


def ask(desk: Desk, name: str, **request: Any) -> Answer:
    """A server function as the page calls it."""
    return answering(getattr(Blend(desk), name))(request)


def texts(recipes: list[Recipe]) -> list[str]:
    return [recipe.text for recipe in recipes]


def pixels(answer: Answer) -> np.ndarray:
    data = base64.b64decode(answer["pixels"])
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 28, 28, 1).astype(int)


def test_the_first_corners_differ_in_class_and_dye(corners: list[Recipe]) -> None:
    assert len({recipe.label for recipe in corners}) == 4
    assert len({recipe.dyes for recipe in corners}) == 4


def test_the_corners_of_a_pad_are_its_garments(
    desk: Desk, studio: Studio, corners: list[Recipe]
) -> None:
    for steps in (5, 17):
        square = pixels(ask(desk, "pad", recipes=texts(corners), steps=steps))
        assert len(square) == steps**2
        for place, recipe in zip((0, steps - 1, -steps, -1), corners, strict=True):
            assert np.abs(square[place] - studio.draw([recipe])[0]).max() <= 1
    halfway = pad(corners, 17)[8]
    assert halfway.text == blend(corners[0], corners[1], 0.5).text


def test_layers_are_apart_but_on_their_diagonal(
    desk: Desk, studio: Studio, corners: list[Recipe]
) -> None:
    a, b = corners[:2]
    top = layers(corners, 0, 11)
    assert len(top) == 121
    assert [top[12 * k].text for k in range(11)] == [blend(a, b, k / 10).text for k in range(11)]
    assert top[3 * 11 + 7].text == blend(a, b, shape=0.3, pattern=0.7).text
    below = layers(corners, 1, 3)
    assert below[5].text == blend(corners[2], corners[3], shape=0.5, pattern=1).text
    answer = ask(desk, "layers", recipes=texts(corners), y=0.25, steps=3)
    drawn = studio.draw(layers(corners, 0.25, 3)).astype(int)
    assert np.abs(pixels(answer) - drawn).max() <= 1


def test_a_class_mix_keeps_the_seed(desk: Desk, corners: list[Recipe]) -> None:
    answer = ask(desk, "class_mix", recipe=corners[0].text, shares={"3": 60, "8": 40})
    (garment,) = answer["garments"]
    assert garment["seed"] == corners[0].seed
    assert garment["classes"] == ((3, 0.6), (8, 0.4))


def test_a_film_lingers_at_its_stops(corners: list[Recipe]) -> None:
    line, loop = film(corners[:2]), film(corners)
    assert (line[0].text, line[-1].text) == tuple(texts(corners[:2]))
    assert len(line) == LINE_FRAMES
    assert len(loop) == 4 * SIDE_FRAMES
    around = [corners[k].text for k in (0, 1, 3, 2)]
    assert texts(loop[::SIDE_FRAMES]) == around
    shares = [frame.parts[-1].shape for frame in line[1:-1]]
    assert 0 < shares[1] - shares[0] < shares[16] - shares[15]


@pytest.mark.parametrize(("way", "count"), [("line", 2 * (LINE_FRAMES - 1)), ("loop", 80)])
def test_a_gif_lies_on_paper_and_names_its_garments(
    desk: Desk, corners: list[Recipe], way: str, count: int
) -> None:
    answer = ask(desk, "film", recipes=texts(corners), kind="gif", way=way)
    assert answer["type"] == "image/gif"
    image = Image.open(io.BytesIO(base64.b64decode(answer["film"])))
    assert image.size == (films.SIDE, films.SIDE)
    assert image.info["loop"] == 0
    told = image.info["comment"].decode()
    assert all((recipe.text in told) == (k < films.WAYS[way]) for k, recipe in enumerate(corners))
    shown_ms = 0
    for number in range(image.n_frames):
        image.seek(number)
        shown_ms += image.info["duration"]
        assert image.convert("RGB").getpixel((0, 0)) == PAPER
    assert shown_ms == pytest.approx(1000 * count / films.FPS, abs=1)


def test_an_mp4_plays(desk: Desk, corners: list[Recipe]) -> None:
    answer = ask(desk, "film", recipes=texts(corners[:2]), kind="mp4")
    assert answer["type"] == "video/mp4"
    with av.open(io.BytesIO(base64.b64decode(answer["film"]))) as container:
        (stream,) = container.streams
        assert stream.codec_context.name == "h264"
        assert sum(1 for _ in container.decode(video=0)) == 2 * (LINE_FRAMES - 1)


def test_one_film_is_made_at_a_time(desk: Desk, corners: list[Recipe]) -> None:
    begun, may_end = threading.Event(), threading.Event()

    class Slow(Desk):
        def cloth(self, *arguments: Any) -> Image.Image:
            begun.set()
            may_end.wait(60)
            return super().cloth(*arguments)

    first = threading.Thread(target=films.make_film, args=(Slow(desk.studio), corners[:2]))
    first.start()
    try:
        assert begun.wait(60)
        refused = ask(desk, "film", recipes=texts(corners[:2]), kind="gif")
        assert refused["reason"] == "film_busy"
        assert "another film must be made first" in refused["error"]
    finally:
        may_end.set()
        first.join(120)
    with pytest.raises(ValueError, match="kind must be one of gif, mp4, not 'avi'"):
        films.make_film(desk, corners, "avi")
    assert films.make_film(desk, corners[:2]).startswith(
        b"GIF89a"
    )  # what failed left the turn free


@pytest.mark.parametrize(
    ("name", "request_", "told"),
    [
        ("pad", {"recipes": "abcd"}, "recipes must be a list of 1..4 recipes"),
        ("pad", {}, "recipes must be a list"),
        ("pad", {"recipes": 2}, "corners must be 4 recipes, not 2"),
        ("pad", {"recipes": 4, "steps": 18}, "steps must be a whole number in 2..17, not 18"),
        ("pad", {"recipes": 4, "steps": "9"}, "steps must be a whole number in 2..17, not '9'"),
        ("layers", {"recipes": 4, "steps": 1}, "steps must be a whole number in 2..17, not 1"),
        ("layers", {"recipes": 4, "y": 1.1}, "y must be a number in 0..1, not 1.1"),
        ("layers", {"recipes": 4, "y": None}, "y must be a number in 0..1, not None"),
        ("class_mix", {"recipe": 1, "shares": {}}, "shares must be an object by label"),
        ("class_mix", {"recipe": 1, "shares": {"3": float("nan")}}, r"shares\['3'\] must be"),
        ("class_mix", {"recipe": 1, "shares": {"hat": 1}}, "label must be"),
        ("film", {"recipes": 1}, "recipes must be 2 for a line, not 1"),
        ("film", {"recipes": 2, "way": "loop"}, "recipes must be 4 for a loop, not 2"),
        ("film", {"recipes": 2, "kind": ["gif"]}, r"kind must be one of gif, mp4, not \['gif'\]"),
        ("film", {"recipes": 2, "way": {"a": 1}}, "way must be one of line, loop, not {'a': 1}"),
        ("film", {"recipes": 5}, "recipes must be a list of 1..4 recipes"),
    ],
)
def test_refuses_by_field_and_value(
    desk: Desk, corners: list[Recipe], name: str, request_: dict[str, Any], told: str
) -> None:
    given = {**request_}
    if isinstance(given.get("recipes"), int):
        given["recipes"] = texts([*corners, *corners])[: given["recipes"]]
    if "recipe" in given:
        given["recipe"] = corners[0].text
    answer = ask(desk, name, **given)
    assert set(answer) == {"error"}
    assert re.search(told, answer["error"]), answer


def test_other_models_have_a_blend_too(app: ModuleType, plain_model: Any) -> None:
    studio, _ = app.open_studio(str(plain_model))
    desk = Desk(studio)
    recipes = texts([studio.garment(0, seed) for seed in range(4)])
    assert len(pixels(ask(desk, "pad", recipes=recipes, steps=2))) == 4
