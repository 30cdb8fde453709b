"""Arbitrary input: whatever a browser or a script sends is answered, within bounds and in order."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.recipe import Edit, Part, Recipe, RecipeError, mix, round_shares
from model.recipe_text import MAX_LENGTH, parse_recipe
from model.studio import Studio
from tests.test_endpoints import run, server_call

FAST = settings(deadline=None, database=None)
SOME = settings(FAST, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
NASTY = [
    None, True, -1, 2**70, 1e308, float("nan"), float("inf"), "", "<img src=x onerror=alert(1)>",
    "../../etc/passwd", "x" * 100_000, "\0", "\ud800", "tr1~../..~00000000~0:0:1~~ink",
    "data:image/png;base64,AAAA", [], [[]], {}, {"path": "/etc/passwd"}, ["x"] * 1000,
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
]  # fmt: skip
ANYTHING = st.sampled_from(NASTY) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
SHARES = st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(any)
PART = st.builds(
    lambda label, seed, daring: (label, seed, daring / 10_000),
    st.integers(0, 9), st.integers(0, 2**32 - 1), st.integers(0, 20_000),
)  # fmt: skip


@st.composite
def recipes(draw: Callable[[Any], Any]) -> Recipe:
    """Any recipe of one model: what it holds is of four digits."""
    keys = draw(st.lists(PART, min_size=1, max_size=16, unique=True))
    weights = st.lists(st.integers(1, 100), min_size=len(keys), max_size=len(keys))
    shape, pattern = (round_shares(draw(weights)) for _ in range(2))
    names = draw(st.lists(st.text(min_size=1, max_size=12), max_size=5, unique=True))
    strength = st.integers(-30_000, 30_000).filter(bool).map(lambda value: value / 10_000)
    dyes = draw(st.lists(st.sampled_from(["indigo", "moss", "ink"]), min_size=1, unique=True))
    return Recipe(
        "tiny",
        "0123abcd",
        tuple(Part(*key, s, p) for key, s, p in zip(keys, shape, pattern, strict=True)),
        tuple(zip(dyes, round_shares([1] * len(dyes)), strict=True)),
        tuple(Edit(name, draw(strength), draw(strength)) for name in sorted(names)),
    )


@given(recipes())
@settings(FAST, max_examples=100)
def test_a_recipe_is_read_as_it_was_written(recipe: Recipe) -> None:
    if len(recipe.text) <= MAX_LENGTH:
        assert parse_recipe(recipe.text) == recipe


@given(st.lists(recipes(), min_size=4, max_size=4), SHARES, SHARES)
@settings(FAST, max_examples=50)
def test_a_mixture_is_a_whole(given: list[Recipe], shape: list[int], pattern: list[int]) -> None:
    mixed = mix(given, shape, pattern)
    assert len(mixed.parts) <= 16
    for shares in (
        [part.shape for part in mixed.parts],
        [part.pattern for part in mixed.parts],
        [share for _, share in mixed.dyes],
    ):
        assert sum(round(share * 10_000) for share in shares) == 10_000


def refusal(text: object) -> str:
    """Why it is no recipe; empty if it is one."""
    try:
        parse_recipe(text)
    except RecipeError as error:
        return str(error)
    return ""


@given(st.text() | ANYTHING | st.text().map("tr1~tiny~0123abcd~".__add__))
@settings(FAST, max_examples=100)
def test_any_text_is_a_recipe_or_refused_as_one(text: object) -> None:
    assert len(refusal(text)) < 500


@given(recipes(), st.data())
@settings(FAST, max_examples=100)
def test_a_damaged_recipe_is_read_or_refused(recipe: Recipe, data: st.DataObject) -> None:
    text = recipe.text
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + data.draw(st.text(max_size=2)) + text[at + 1 :]
    assert len(refusal(damaged)) < 500


def server_functions(app: ModuleType, studio: Studio) -> list[tuple[str, Callable[[object], Any]]]:
    """Every function that the page's scripts may call, by its screen and name."""
    blocks = app.build(studio, app.page.Origin("folder", "tiny"))
    return [
        (f"{block.elem_id}.{function.__name__}", function)
        for block in blocks.blocks.values()
        for function in getattr(block, "server_fns", [])
    ]


FIELDS = st.sampled_from(
    [
        "recipe",
        "recipes",
        "label",
        "seed",
        "daring",
        "dye",
        "dyes",
        "shape",
        "pattern",
        "difference",
        "edits",
        "locks",
        "shares",
        "steps",
        "y",
        "kind",
        "way",
        "title",
        "language",
        "view",
        "r",
        "line",
        "model",
        "id",
    ]
)


@pytest.fixture(scope="module")
def functions(app: ModuleType, studio: Studio) -> list[tuple[str, Callable[[object], Any]]]:
    return server_functions(app, studio)


@given(request=ANYTHING | st.dictionaries(FIELDS, ANYTHING, max_size=6))
@SOME
def test_every_server_function_answers(
    functions: list[tuple[str, Callable[[object], Any]]], request: object
) -> None:
    assert len(functions) > 12
    for name, function in functions:
        answer = function(request)
        assert isinstance(answer, dict), name
        if "error" in answer:
            assert len(answer["error"]) < 1000, name
            assert "Traceback" not in answer["error"]


def endpoints(web: TestClient) -> dict[str, int]:
    named = web.get("/gradio_api/info").json()["named_endpoints"]
    return {name[1:]: len(about["parameters"]) for name, about in named.items()}


@given(data=st.lists(ANYTHING, min_size=10, max_size=10))
@SOME
def test_every_endpoint_answers(web: TestClient, capfd: Any, data: list[Any]) -> None:
    for name, count in endpoints(web).items():
        status, body = run(web, name, data[:count])
        told = json.dumps(body)
        assert status in (200, 500), told
        assert "Traceback" not in told
        assert len(told) < 5000
        if status == 500:
            assert body["error"], name


def test_nothing_is_written_but_files_of_the_cache(
    web: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, studio: Studio
) -> None:
    monkeypatch.chdir(tmp_path)
    before = studio.garment("dress", 1).text
    for name, count in endpoints(web).items():
        for nasty in NASTY:
            try:
                content = [nasty] * count
                run(web, name, content)
            except UnicodeEncodeError:
                continue
    assert list(tmp_path.iterdir()) == []
    assert studio.garment("dress", 1).text == before
    _, body = server_call(web, "wardrobe", "wardrobe", {"label": 3, "seed": 9, "daring": 1})
    assert len(body["garments"]) == 12
