"""The studio: the same garment in every company, blends and edits, and values refused by name."""

import threading

import numpy as np
import pytest

from model.latents import MAX_SEED, map_seeds, render
from model.mixing import STRIP_STEPS, blend, strip
from model.recipe import Recipe
from model.studio import RAIL, Studio
from model.weights import load_generator


def test_a_garment_is_what_its_generator_draws(studio: Studio) -> None:
    pixels = studio.generate("vestido", 42, 0.5)
    expected = render(studio.generator, map_seeds(studio.generator, [3], [42], 0.5))[0]
    assert pixels.shape == (28, 28, 1)
    assert (pixels == expected).all()
    assert (pixels == studio.generate(3, 42.0, 0.5)).all()
    assert (pixels != studio.generate(3, 43, 0.5)).any()


def test_wardrobe_counts_seeds_up_and_keeps_each_garment(studio: Studio) -> None:
    garments = studio.wardrobe("dress", 100)
    pixels = studio.draw(garments)
    assert [g.seed for g in garments] == list(range(100, 100 + RAIL))
    assert {g.label for g in garments} == {3}
    assert (pixels[5] == studio.generate(3, 105)).all()


def test_wardrobe_of_all_classes_takes_them_in_turn(studio: Studio) -> None:
    for every in (None, "all"):
        garments = studio.wardrobe(every, 0)
        assert [g.label for g in garments] == [*range(10), 0, 1]


def test_wardrobe_ends_at_the_last_seed(studio: Studio) -> None:
    garments = studio.wardrobe(0, MAX_SEED)
    assert garments[-1].seed == MAX_SEED


def test_line_is_one_seed_in_every_class(studio: Studio) -> None:
    garments = studio.line(7)
    pixels = studio.draw(garments)
    assert [(g.label, g.seed) for g in garments] == [(label, 7) for label in range(10)]
    assert len(np.unique(pixels.reshape(10, -1), axis=0)) == 10


def test_the_ends_of_a_strip_are_its_garments(studio: Studio) -> None:
    a, b = studio.garment("dress", 1), studio.garment("coat", 2, 1.0)
    pixels = studio.draw(strip(a, b))
    assert len(pixels) == STRIP_STEPS
    assert (pixels[0] == studio.generate(3, 1)).all()
    assert (pixels[-1] == studio.generate(4, 2, 1.0)).all()
    assert (pixels[25] == studio.draw([blend(a, b, 0.5)])[0]).all()


def test_shape_and_pattern_follow_blend_unless_they_are_given(studio: Studio) -> None:
    a, b = studio.garment(0, 1), studio.garment(9, 2)
    assert blend(a, b, 0.3) == blend(a, b, 0.9, 0.3, 0.3)
    shape, pattern, plain = studio.draw([blend(a, b, 0, shape=1), blend(a, b, 0, pattern=1), a])
    assert (shape != pattern).any()
    assert (shape != plain).any()


def edit(studio: Studio, garment: Recipe, edits: object) -> np.ndarray:
    pixels: np.ndarray = studio.draw([studio.edited(garment, edits)])[0]
    return pixels


def test_edits_move_and_no_edits_do_not(studio: Studio) -> None:
    garment = studio.garment("shirt", 5)
    plain = edit(studio, garment, {})
    assert (plain == studio.generate("shirt", 5)).all()
    assert (edit(studio, garment, {"brightness": 0}) == plain).all()
    assert (edit(studio, garment, {"brightness": 2}) != plain).any()
    assert (edit(studio, garment, {"component 1": -1.5}) != plain).any()


def test_controls_say_what_was_measured(studio: Studio) -> None:
    brightness, sleeves = studio.controls
    assert (brightness.name, brightness.unit, brightness.effect) == (
        "brightness",
        "grey levels",
        11.5,
    )
    assert (sleeves.low, sleeves.high, sleeves.labels) == (-2, 3, (0, 2, 4, 6))


def test_a_model_without_directions_still_draws(plain_model) -> None:
    plain = Studio(load_generator(plain_model))
    assert plain.default_daring == 1
    assert plain.controls == ()
    assert plain.generate("dress", 1).any()
    with pytest.raises(ValueError, match="edits must be empty for this model"):
        plain.edited(plain.garment(3, 1), {"brightness": 1})
    with pytest.raises(ValueError, match="daring"):
        plain.generate("dress", 1, 0.5)


def test_many_threads_draw_the_same_garments(studio: Studio) -> None:
    expected = {seed: studio.generate("coat", seed) for seed in range(16)}
    wrong: list[int] = []

    def draw(seed: int) -> None:
        if (studio.generate("coat", seed) != expected[seed]).any():
            wrong.append(seed)

    threads = [threading.Thread(target=draw, args=(n % 16,)) for n in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 1.5, "42", None, True, [1], float("nan")])
def test_refuses_a_seed_by_name_and_value(studio: Studio, seed: object) -> None:
    with pytest.raises(ValueError, match=f"seed must be a whole number in 0..{MAX_SEED}, not "):
        studio.generate("dress", seed)


@pytest.mark.parametrize("label", [10, -1, "hat", "", None, 1.5, True, ["dress"], "x" * 5000])
def test_refuses_a_label_by_name_and_value(studio: Studio, label: object) -> None:
    with pytest.raises(ValueError, match="label must be") as told:
        studio.generate(label, 1)
    assert len(str(told.value)) < 500


@pytest.mark.parametrize("daring", [-0.1, 2.1, "1", True, float("inf"), float("nan"), {}])
def test_refuses_a_daring_by_name_and_value(studio: Studio, daring: object) -> None:
    with pytest.raises(ValueError, match=r"daring must be a number in 0\.\.2, not "):
        studio.generate("dress", 1, daring)


@pytest.mark.parametrize("field", ["blend", "shape", "pattern"])
@pytest.mark.parametrize("share", [-0.01, 1.01, "half", float("nan")])
def test_refuses_a_share_by_name_and_value(studio: Studio, field: str, share: object) -> None:
    garment = studio.garment(0, 0)
    with pytest.raises(ValueError, match=rf"{field} must be a number in 0\.\.1, not "):
        blend(garment, garment, **{field: share})


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ({"colour": 1}, "direction must be one of brightness, sleeves, .* not 'colour'"),
        ({"brightness": 3.5}, r"edits\['brightness'\] must be a number in -2.04\.\.3.06, not 3.5"),
        ({"brightness": "1"}, r"edits\['brightness'\] must be a number"),
        ([1], r"edits must be an object, not \[1\]"),
        (None, "edits must be an object, not None"),
        ({1: 1}, "not 1"),
    ],
)
def test_refuses_edits_by_name_and_value(studio: Studio, edits: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        studio.edited(studio.garment("dress", 1), edits)


@pytest.mark.parametrize("count", [0, 401, "many", 2.5])
def test_refuses_a_count_by_name_and_value(studio: Studio, count: object) -> None:
    with pytest.raises(ValueError, match=r"count must be a whole number in 1\.\.400, not "):
        studio.sheet("all", 0, None, count)
