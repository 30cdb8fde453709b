"""Edits as the Adjust screen asks for them: locks, ends of sliders, and what is refused."""

import base64
from pathlib import Path

import numpy as np
import pytest
import torch

from model.locks import Locks, within
from model.recipe_text import MAX_EDITS
from model.studio import Studio
from model.weights import SHIPPED_MODEL, load_generator
from tests.benchmarks.locks import drift, moves
from ui.adjust import MOST_PREVIEWS, Adjust
from ui.desk import Desk, answering


@pytest.fixture
def locks(studio: Studio) -> Locks:
    directions = studio.generator.directions
    assert directions is not None
    return Locks(studio.generator, directions)


def strengths(
    studio: Studio, edits: object, held: object, start: object = None
) -> dict[str, tuple]:
    garment = studio.edited(studio.garment("shirt", 3), start or {})
    edited = studio.edited(garment, edits, held)
    assert studio.read(edited.text) == edited
    return {edit.name: (edit.shape, edit.pattern) for edit in edited.edits}


def test_a_move_is_orthogonal_in_the_picture_to_what_is_locked(
    studio: Studio, locks: Locks
) -> None:
    garment = studio.garment("shirt", 3)
    kept = locks.apply(garment, {"component 1": (0.2, 0.1)}, ["brightness"])
    assert kept["component 1"] == (0.2, 0.1)
    for side in (0, 1):
        moved, locked = (locks._see(6, name, side) for name in ("component 1", "brightness"))
        free = kept["component 1"][side] * moved
        held = free + kept["brightness"][side] * locked
        before, after = (abs(float(change @ locked)) for change in (free, held))
        assert after < 0.03 * before
        assert held.norm() < free.norm()


def test_several_locks_are_solved_together(studio: Studio, locks: Locks) -> None:
    garment = studio.garment("shirt", 3)
    names = ["brightness", "component 2"]
    kept = locks.apply(garment, {"component 1": (0.1, 0.1)}, names)
    for side in (0, 1):
        look = {name: locks._see(6, name, side) for name in (*names, "component 1")}
        held = sum((kept[name][side] * look[name] for name in look), torch.zeros(784).double())
        for name in names:
            assert abs(float(held @ look[name])) < 0.1 * abs(float(0.1 * look["component 1"] @ look[name]))  # fmt: skip


def test_locks_answer_only_to_layers_that_they_share(studio: Studio) -> None:
    found = strengths(studio, {"component 1": [0, 0.5]}, ["sleeves"])  # sleeves is of the shape
    assert found == {"component 1": (0, 0.5)}
    found = strengths(studio, {"component 1": [0.5, 0]}, ["sleeves"])
    assert found["sleeves"][0] != 0
    assert found["sleeves"][0] == found["sleeves"][1]  # what moves no layer needs no digits


def test_what_does_not_move_changes_nothing_that_is_locked(studio: Studio) -> None:
    start = {"brightness": 1, "sleeves": [0.5, 0.25], "component 1": 0.3}
    edits = {"brightness": 1, "component 1": 0.3}
    expected = {"brightness": (1, 1), "sleeves": (0.5, 0.25), "component 1": (0.3, 0.3)}
    assert strengths(studio, edits, ["sleeves"], start) == expected
    # A locked strength may be given too: it is where the compensation starts.
    given = strengths(studio, {**edits, "sleeves": 1}, ["sleeves"], start)
    assert given == {**expected, "sleeves": (1, 1)}


def test_compensation_stays_within_the_range(studio: Studio) -> None:
    found = strengths(studio, {"component 1": 3, "component 2": -3, "component 3": 3}, ["sleeves"])
    assert -2.04 <= found["sleeves"][0] <= 3.06
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


def test_locks_hold_what_was_measured_on_the_shipped_model() -> None:
    """Drift of the locked attribute over all moves of others, with the lock over without it.

    The tables are of `python -m tests.benchmarks.locks`; here with fewer garments.
    """
    studio = Studio.open(SHIPPED_MODEL)
    for lock, most in (("brightness", 0.8), ("width", 0.85), ("sleeves", 0.85), ("height", 0.75)):
        sums = np.zeros(2)
        for name, strength, labels in moves(studio, lock):
            sums += drift(studio, lock, name, strength, labels, 8)
        assert sums[1] < most * sums[0], (lock, sums)
