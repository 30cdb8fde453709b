"""Recipes: text and back, what is refused, and sums of sums that stay what they were."""

import dataclasses

import numpy as np
import pytest

from model.mixing import blend, children, pad
from model.recipe import MAX_PARTS, WHOLE, Edit, Part, Recipe, RecipeError, mix, round_shares
from model.recipe_text import MAX_LENGTH, parse_recipe
from model.studio import Studio

PLAIN = "tr1~fashion-mnist~4b1c9e02~3:4209:0.7~~indigo"
RICH = (
    "tr1~user/name~4b1c9e02~3:4209:0.7:0.58:0.4,4:7719:1:0.42:0.6"
    "~brightness:1.5,component-1:-0.25:0,strange%7Ename:2~indigo:0.6,moss:0.4"
)


@pytest.mark.parametrize("text", [PLAIN, RICH])
def test_text_is_kept(text: str) -> None:
    assert parse_recipe(text).text == text


def test_fields_mean_what_they_say() -> None:
    recipe = parse_recipe(RICH)
    assert recipe.parts[1] == Part(4, 7719, 1.0, 0.42, 0.6)
    assert recipe.edits[1] == Edit("component 1", -0.25, 0.0)
    assert recipe.edits[2].name == "strange~name"
    assert recipe.classes == ((4, pytest.approx(0.51)), (3, pytest.approx(0.49)))
    assert (recipe.label, recipe.seed, recipe.daring) == (4, 7719, 1.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "malformed"),
        ("", "malformed"),
        ("x" * (MAX_LENGTH + 1), "malformed"),
        ("<script>", "malformed"),
        ("tr2~fashion-mnist~4b1c9e02~3:4209:0.7~~indigo", "version"),
        (PLAIN + "~", "malformed"),
        (PLAIN.replace("fashion-mnist", "../x"), "malformed"),
        (PLAIN.replace("fashion-mnist", "a/b/c"), "malformed"),
        (PLAIN.replace("4b1c9e02", "4B1C9E02"), "malformed"),
        (PLAIN.replace("4209", "4294967296"), "malformed"),
        (PLAIN.replace("4209", "٣"), "malformed"),
        (PLAIN.replace("0.7", "2.1"), "malformed"),
        (PLAIN.replace("0.7", "nan"), "malformed"),
        (PLAIN.replace("0.7", "1e0"), "malformed"),
        (PLAIN.replace("0.7", "0.7:0.5"), "malformed"),
        (PLAIN.replace("0.7", "0.7:-1"), "malformed"),
        (PLAIN.replace("~~", "~a:1,a:2~"), "malformed"),
        (PLAIN.replace("~~", "~a b:1~"), "malformed"),
        (PLAIN.replace("indigo", "pink"), "dye"),
        (PLAIN.replace("indigo", "indigo:0.5"), "malformed"),
        (PLAIN.replace("3:4209:0.7", ",".join(["3:1:1:0.01"] * (MAX_PARTS + 1))), "malformed"),
    ],
)
def test_what_is_no_recipe_is_refused_with_a_reason(text: object, reason: str) -> None:
    with pytest.raises(RecipeError) as told:
        parse_recipe(text)
    assert told.value.reason == reason
    assert len(str(told.value)) < 400


def test_a_studio_knows_its_own_garments_only(studio: Studio) -> None:
    mine = studio.garment("dress", 1)
    assert studio.read(mine.text) == mine
    for change, reason in (
        ({"model": "other"}, "model"),
        ({"digest": "f" * 8}, "revision"),
        ({"parts": (Part(10, 1, 0.7),)}, "label"),
        ({"edits": (Edit("colour", 1, 1),)}, "direction"),
        ({"edits": (Edit("brightness", 99, 99),)}, "direction"),
    ):
        with pytest.raises(RecipeError) as told:
            studio.read(dataclasses.replace(mine, **change).text)
        assert told.value.reason == reason


def test_shares_sum_to_a_whole() -> None:
    for shares in ([1, 1, 1], [0.1] * 7, [1e-9, 1], [3, 0, 0], [0.25, 0.75]):
        rounded = round_shares(shares)
        assert round(sum(rounded) * WHOLE) == WHOLE
        assert np.allclose(rounded, np.asarray(shares) / sum(shares), atol=1 / WHOLE)


def test_a_share_of_one_is_the_garment_itself(studio: Studio) -> None:
    a, b = studio.edited(studio.garment(0, 1), {"brightness": 1}), studio.garment(9, 2)
    assert mix((a, b), (1, 0), (1, 0)) == a
    assert (studio.draw([blend(a, b, 1)])[0] == studio.generate(9, 2)).all()


def test_a_blend_of_blends_is_flat_and_the_same(studio: Studio) -> None:
    a, b, c = (studio.garment(label, 1) for label in (0, 3, 9))
    nested = blend(blend(a, b, 0.5), c, 0.5)
    flat = mix((a, b, c), (0.25, 0.25, 0.5), (0.25, 0.25, 0.5))
    assert nested == flat
    assert studio.read(nested.text) == nested


def test_edits_and_dyes_are_mixed_too(studio: Studio) -> None:
    a = studio.edited(studio.garment(0, 1, dye="indigo"), {"brightness": 2})
    mixed = blend(a, studio.garment(0, 2, dye="madder"), 0, shape=0.5, pattern=1)
    assert mixed.edits == (Edit("brightness", 1, 0),)
    assert mixed.dyes == (("indigo", 0.25), ("madder", 0.75))
    assert mixed.ramp[0] == (55, 19, 26)


def test_corners_of_a_pad_are_its_garments(studio: Studio) -> None:
    corners = [studio.garment(label, 5) for label in (0, 3, 4, 9)]
    places = pad(corners, 17)
    assert [places[n] for n in (0, 16, 272, 288)] == corners
    exact, sketched = studio.draw(places[::40]), studio.sketch(places)[::40]
    assert np.abs(exact.astype(int) - sketched.astype(int)).max() <= 1


def test_children_keep_what_their_parent_is_and_differ(studio: Studio) -> None:
    parent = studio.edited(studio.garment("dress", 1), {"brightness": 1})
    young = children(parent, 0.3, 100)
    assert len({child.text for child in young}) == 12
    assert all(child.edits == parent.edits and child.dyes == parent.dyes for child in young)
    grandchild = young[0]
    for generation in range(40):
        grandchild = children(grandchild, 0.5, generation)[0]
        assert len(grandchild.parts) <= MAX_PARTS
        assert len(grandchild.text) <= MAX_LENGTH
    assert studio.read(grandchild.text) == grandchild


def test_a_class_mix_keeps_its_seed(studio: Studio) -> None:
    mixed = studio.class_mix(studio.garment("dress", 7), {"dress": 3, "coat": 1})
    assert mixed.classes == ((3, 0.75), (4, 0.25))
    assert {part.seed for part in mixed.parts} == {7}
    for wrong in ({}, {"dress": 0}, {"dress": -1}, {"hat": 1}, [1], {"dress": float("nan")}):
        with pytest.raises(ValueError, match="must"):
            studio.class_mix(mixed, wrong)


def test_recipes_of_two_models_do_not_mix() -> None:
    a = parse_recipe(PLAIN)
    with pytest.raises(RecipeError, match="one model"):
        mix((a, Recipe("other", a.digest, a.parts, a.dyes)), (1, 1), (1, 1))
