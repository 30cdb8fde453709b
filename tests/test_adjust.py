"""Edits as the Adjust screen asks for them: locks, ends of sliders, and what is refused."""

import base64
import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest

from model.attributes import ATTRIBUTES
from model.locks import within
from model.recipe import Recipe
from model.recipe_text import MAX_EDITS
from model.studio import Studio
from model.weights import SHIPPED_MODEL, load_generator
from tests.benchmarks.locks import drift, moves
from ui.adjust import MOST_PREVIEWS, Adjust
from ui.desk import Desk, answering

MEASURES = {attribute.name: attribute.measure for attribute in ATTRIBUTES}


@pytest.fixture(scope="module")
def shipped() -> Studio:
    return Studio.open(SHIPPED_MODEL)


def strengths(
    studio: Studio, edits: object, held: object, start: object = None
) -> dict[str, tuple]:
    garment = studio.edited(studio.garment("shirt", 3), start or {})
    edited = studio.edited(garment, edits, held)
    assert studio.read(edited.text) == edited
    return {edit.name: (edit.shape, edit.pattern) for edit in edited.edits}


def change(studio: Studio, name: str, before: Recipe, after: Recipe) -> float:
    """How far an attribute moved, in its own unit."""
    first, second = MEASURES[name](studio.sketch([before, after]))
    return abs(float(second - first))


def test_several_locks_are_held_together(shipped: Studio) -> None:
    """Also that of a direction that has no measure: it is held by how much of it is to be seen."""
    names, sums = ["brightness", "component 4"], np.zeros((2, 2))
    for seed in range(6):
        garment = shipped.garment("shirt", seed)
        free, held = (shipped.edited(garment, {"component 1": 1}, locks) for locks in ([], names))
        assert {e.name: (e.shape, e.pattern) for e in held.edits}["component 1"] == (1, 1)
        ends = [shipped.edited(garment, {"component 4": strength}) for strength in (0.5, -0.5)]
        pixels = shipped.sketch([*ends, garment, free, held])
        look, start = pixels[0].astype(float) - pixels[1], pixels[2].astype(float)
        tone = MEASURES["brightness"](pixels)
        sums[0] += np.abs(tone[3:] - tone[2])
        sums[1] += [abs(float(((picture - start) * look).sum())) for picture in pixels[3:]]
    assert (sums[:, 1] < 0.5 * sums[:, 0]).all(), sums


def test_what_cannot_be_held_is_held_as_well_as_can_be(shipped: Studio) -> None:
    """At the end of its range an attribute has no answer left; it is not made worse."""
    high = max(c.high for c in shipped.controls if c.name == "brightness")
    garment = shipped.edited(shipped.garment("shirt", 3), {"brightness": high})
    for way in (-2, 2):
        edits = {"brightness": high, "component 1": way}
        free, held = (shipped.edited(garment, edits, locks) for locks in ([], ["brightness"]))
        ends = [change(shipped, "brightness", garment, end) for end in (free, held)]
        assert ends[1] <= ends[0]


def test_locks_answer_only_to_layers_that_they_share(studio: Studio) -> None:
    generator, directions = copy.copy(studio.generator), studio.generator.directions
    assert directions is not None
    tone, sleeves = directions.named
    trim = dataclasses.replace(sleeves, name="trim")  # of the shape, and without a measure
    generator.directions = dataclasses.replace(directions, named=(tone, trim))
    trimmed = Studio(generator, studio.name, studio.digest)
    assert strengths(trimmed, {"component 3": [0, 2]}, ["trim"]) == {"component 3": (0, 2)}
    found = strengths(trimmed, {"component 3": [2, 0]}, ["trim"])
    assert found["trim"][0] != 0
    assert found["trim"][0] == found["trim"][1]  # what moves no layer needs no digits


def test_what_does_not_move_changes_nothing_that_is_locked(studio: Studio) -> None:
    start = {"brightness": 1, "sleeves": [0.5, 0.25], "component 1": 0.3}
    edits = {"brightness": 1, "component 1": 0.3}
    expected = {"brightness": (1, 1), "sleeves": (0.5, 0.25), "component 1": (0.3, 0.3)}
    assert strengths(studio, edits, ["sleeves"], start) == expected
    # A locked strength may be given too: it is where the compensation starts.
    given = strengths(studio, {**edits, "sleeves": 1}, ["sleeves"], start)
    assert given == {**expected, "sleeves": (1, 1)}


def test_compensation_stays_within_the_range(studio: Studio) -> None:
    moves = {"component 1": 3, "component 2": -3, "component 3": 3}
    found = strengths(studio, moves, ["brightness"])
    assert found["brightness"] != (0, 0)
    assert all(-2.04 <= strength <= 3.06 for strength in found["brightness"])
    assert studio.generator.directions is not None
    direction = studio.generator.directions.named[0]
    assert within(direction, 1.25) == 1.25
    assert (within(direction, -9), within(direction, 9)) == (-2.04, 3.06)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (["sparkle"], "direction must be one of brightness, sleeves, .* not 'sparkle'"),
        ("brightness", "locks must be a list of at most 32 names, not 'brightness'"),
        ([1], r"locks must be a list of at most 32 names, not \[1\]"),
        (["sleeves"] * 33, "locks must be a list of at most 32 names"),
        ({"brightness": 1}, "locks must be a list"),
        (3, "locks must be a list of at most 32 names, not 3"),
    ],
)
def test_refuses_locks_by_name_and_value(studio: Studio, held: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        studio.edited(studio.garment("dress", 1), {"brightness": 1}, held)


@pytest.mark.parametrize("value", [[1], [1, 2, 3], [1, "2"], [1, 9], [[1, 1], 1], None])
def test_refuses_a_pair_of_strengths_by_name(studio: Studio, value: object) -> None:
    with pytest.raises(ValueError, match=r"edits\['brightness'\] must be a number in -2"):
        studio.edited(studio.garment("dress", 1), {"brightness": value})


def test_refuses_more_edits_than_a_recipe_holds(studio: Studio) -> None:
    with pytest.raises(ValueError, match="edits must be at most 32, not 33"):
        studio.edited(studio.garment(3, 1), {f"component {n}": 1 for n in range(MAX_EDITS + 1)})


def test_a_model_without_directions_has_nothing_to_lock(plain_model: Path) -> None:
    plain = Studio(load_generator(plain_model))
    assert plain.components == ()
    with pytest.raises(ValueError, match="edits must be empty for this model"):
        plain.edited(plain.garment(3, 1), {}, ["brightness"])


def test_controls_say_which_layers_they_move(studio: Studio) -> None:
    assert [control.layers for control in studio.controls] == ["both", "shape"]
    assert studio.components == ("component 1", "component 2", "component 3")


def test_previews_are_pictures_of_a_list_of_edits(studio: Studio) -> None:
    desk, shirt = Desk(studio), studio.garment("shirt", 5)
    previews = answering(Adjust(desk).previews)
    edits = [{"brightness": -2, "sleeves": 1}, {}, {"component 3": [1, 0]}]
    answer = previews({"recipe": shirt.text, "edits": edits, "locks": None})
    pixels = np.frombuffer(base64.b64decode(answer["pixels"]), dtype=np.uint8)
    expected = studio.sketch([studio.edited(shirt, each) for each in edits])
    assert (pixels.reshape(expected.shape) == expected).all()
    for bad in (None, [], {}, "edits", [{}] * (MOST_PREVIEWS + 1), [1], [{"brightness": 9}]):
        told = previews({"recipe": shirt.text, "edits": bad})
        assert set(told) == {"error"}
        assert "must be" in told["error"]


def test_edits_of_the_page_tell_both_strengths(studio: Studio) -> None:
    edit = answering(Adjust(Desk(studio)).edit)
    request = {"recipe": studio.garment("shirt", 5).text, "edits": {"brightness": [1, -0.5]}}
    (garment,) = edit(request)["garments"]
    assert garment["edits"] == {"brightness": 1}
    assert garment["pattern_edits"] == {"brightness": -0.5}
    (locked,) = edit({**request, "recipe": garment["recipe"], "locks": ["sleeves"]})["garments"]
    assert locked["recipe"] == garment["recipe"]


def test_locks_hold_what_was_measured_on_the_shipped_model(shipped: Studio) -> None:
    """Drift of the locked attribute over all moves of others, with the lock over without it.

    The tables are of `python -m tests.benchmarks.locks`; here with fewer garments.
    """
    for lock, most in (("brightness", 0.3), ("width", 0.6), ("sleeves", 0.5), ("height", 0.55)):
        sums = np.zeros(2)
        for name, strength, labels in moves(shipped, lock):
            sums += drift(shipped, lock, name, strength, labels, 8)
        assert sums[1] < most * sums[0], (lock, sums)
