"""Codes: garments from pictures in recipes, near to what they were read from, strictly read."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.code import MOST_LETTERS, Code, CodeError
from model.latents import broadcast, map_seeds, render
from model.mixing import blend, children, pad
from model.recipe import MAX_LENGTH, RecipeError, mix
from model.recipe_text import parse_recipe
from model.studio import Studio
from model.sums import code_ws

FAST = settings(deadline=None, max_examples=60)


@pytest.fixture(scope="module")
def codes(studio: Studio) -> list[Code]:
    """Four of one w, and four of one w for every layer, of four classes."""
    generator, labels = studio.generator, [0, 3, 4, 9]
    w = map_seeds(generator, labels, [11, 12, 13, 14])
    noise = torch.Generator().manual_seed(1)
    ws = broadcast(generator, w) + 0.3 * torch.randn(
        4, studio.config.num_layers, studio.config.w_dim, generator=noise
    )
    plain = [Code.of(generator, label, row) for label, row in zip(labels, w, strict=True)]
    return plain + [Code.of(generator, label, row) for label, row in zip(labels, ws, strict=True)]


def test_a_code_draws_nearly_what_it_was_read_from(studio: Studio) -> None:
    w = map_seeds(studio.generator, [3, 5], [1, 2])
    coded = [studio.from_code(c, Code.of(studio.generator, c, w[i])) for i, c in enumerate((3, 5))]
    away = render(studio.generator, w).astype(int) - studio.draw(coded)
    assert np.abs(away).mean() <= 2.5


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=4, max_size=4), st.floats(0, 1e4))
@FAST
def test_offsets_are_kept_to_half_a_step(studio: Studio, some: list[float], size: float) -> None:
    means = studio.generator.directions.class_means
    w = means[2] + torch.tensor(some).repeat(studio.config.w_dim)[: studio.config.w_dim] * size
    code = Code.of(studio.generator, 2, w)
    away = (code.ws(studio.generator)[0] - (w - means[2])).abs().max()
    assert away <= (w - means[2]).abs().max() / 31 * 0.53 + 1e-6
    assert code.label == 2
    assert not code.layered
    assert Code.of(studio.generator, 2, means[2] + code.ws(studio.generator)[0]).label == 2


def test_the_offsets_of_a_code_are_these_numbers(studio: Studio) -> None:
    width = studio.config.w_dim
    letters = "wAAB" + "ag" + "f" * (width - 3) + "A-g"  # 32 * 2 ** (26 - 42) to a step
    offsets = Code(letters).ws(studio.generator)
    step = 32 * 2.0**-16
    assert offsets.shape == (studio.config.num_layers, width)
    assert offsets[0, -3:].tolist() == [-31 * step, 31 * step, step]
    assert not offsets[0, :-3].any()


def test_a_code_works_wherever_a_seed_does(studio: Studio, codes: list[Code]) -> None:
    a, b = studio.from_code(0, codes[0]), studio.from_code(9, codes[7])
    close = blend(studio.from_code(0, codes[0]), studio.from_code(0, codes[4]), 0.5)
    ws = [code_ws(studio.generator, code) for code in (codes[0], codes[4])]
    expected = render(studio.generator, (ws[0] * 0.5 + ws[1] * 0.5)[None])
    assert (studio.draw([close]) == expected).all()
    made = [
        a,
        b,
        close,
        *children(b, 0.3, 1),
        *studio.line(codes[7]),
        *pad([a, b, close, studio.garment(1, 1)], 3),
        studio.class_mix(b, {0: 1, 1: 3}),
        studio.edited(b, {"brightness": 1}),
    ]
    assert [studio.read(garment.text) for garment in made] == made
    assert [garment.label for garment in studio.line(codes[7])] == list(range(10))
    alone, together = studio.draw([b])[0], studio.draw(made)[1]
    assert (alone == together).all()
    assert studio.garment(0, codes[0].text, 1) == a


def test_daring_pulls_a_code_to_the_mean_of_the_class(studio: Studio, codes: list[Code]) -> None:
    mean = studio.generator.directions.class_means[5:6]
    drawn = studio.draw([studio.from_code(5, codes[4], 0)])
    assert (drawn == render(studio.generator, mean)).all()


def test_the_heaviest_codes_that_fit_are_kept(studio: Studio, codes: list[Code]) -> None:
    row = codes[0].text[4:]
    long = [Code("W" + c.text[1:4] + row * (MOST_LETTERS // len(row) - 1)) for c in codes[:2]]
    a, b = (dataclasses.replace(studio.garment(1, 1), parts=()) for _ in range(2))
    part = studio.garment(1, 1).parts[0]
    a, b = (
        dataclasses.replace(r, parts=(dataclasses.replace(part, seed=c),))
        for r, c in zip((a, b), long, strict=True)
    )
    for shape, pattern in (((0.4, 0.6), (0.4, 0.6)), ((0, 1), (1, 0))):
        mixed = mix((a, b), shape, pattern)
        assert len(mixed.parts) == 1
        assert len(mixed.text) <= MAX_LENGTH
        assert parse_recipe(mixed.text) == mixed


def test_what_is_no_code_of_this_model_is_refused(studio: Studio, codes: list[Code]) -> None:
    good = studio.from_code(0, codes[0]).text
    letters = codes[0].text
    for wrong in (
        letters[:-1],
        letters + "A",
        "W" + letters[1:],
        "x" + letters[1:],
        "w",
        "wABC" + letters[4:],
        letters[:5] + "A" + letters[6:],
        letters[:-1] + "_",
        letters[:-1] + "é",
        letters[:-1] + "\n",
    ):
        with pytest.raises(RecipeError) as told:
            studio.read(good.replace(letters, wrong))
        assert told.value.reason == "code", wrong
        assert len(str(told.value)) < 200
        assert studio.nearest(good.replace(letters, wrong)).parts  # something, never an error
    for wrong in (None, 1.5, "", "w", [], letters[:-1], Code(letters + "A")):
        with pytest.raises(ValueError, match="must"):
            studio.from_code(0, wrong)
    for w in (torch.zeros(3), torch.full((studio.config.w_dim,), torch.nan)):
        with pytest.raises(CodeError, match="w must be"):
            Code.of(studio.generator, 0, w)


@given(st.text(max_size=200) | st.from_regex(r"[wW][A-Za-z0-9_-]{6,150}", fullmatch=True))
@FAST
def test_hostile_letters_are_refused_or_drawn(studio: Studio, text: str) -> None:
    try:
        code = Code(text)
        ws = code.ws(studio.generator)
    except CodeError:
        return
    assert ws.isfinite().all()
    assert parse_recipe(studio.from_code(code.label, code).text).seed == code
