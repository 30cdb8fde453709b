"""From seed to w to picture: determinism, blends, mixtures, moves, and what is refused."""

import itertools

import numpy as np
import pytest
import torch

from model.config import ModelConfig
from model.generator import Generator
from model.latents import (
    blend_layers,
    broadcast,
    draw_z,
    lerp,
    map_seeds,
    mix_classes,
    move,
    pattern_split,
    render,
    slerp,
    truncate,
)
from model.weights import load_generator


@pytest.fixture(scope="module")
def generator(tiny_model) -> Generator:
    return load_generator(tiny_model)


@pytest.fixture(scope="module")
def plain(plain_model) -> Generator:
    return load_generator(plain_model)


def test_the_stream_of_z_is_frozen():
    expected = [[0.49671415, -0.1382643, 0.64768854], [-0.20470766, 0.47894334, -0.51943872]]
    torch.testing.assert_close(draw_z([42, 12345], 3), torch.tensor(expected))
    assert torch.equal(draw_z([42], 64)[:, :3], draw_z([42], 3))
    assert draw_z([], 3).shape == (0, 3)
    assert draw_z([np.uint32(7)], 4).dtype == torch.float32


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, True, "42", None])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(ValueError, match=r"seed must be a whole number in 0\.\.4294967295"):
        draw_z([seed], 4)


def test_a_garment_is_the_same_bytes_alone_in_a_batch_and_elsewhere(generator):
    labels, seeds = [n % 10 for n in range(64)], list(range(64))
    labels[17], labels[63], seeds[17], seeds[63] = 4, 4, 42, 42
    alone = generator.sample([4], [42])
    together = generator.sample(labels, seeds)
    assert alone.tobytes() == together[17].tobytes() == together[63].tobytes()
    shuffled = generator.sample(labels[::-1], seeds[::-1])
    assert shuffled[::-1].tobytes() == together.tobytes()
    assert len({picture.tobytes() for picture in together}) == 63
    assert generator.sample([], []).shape == (0, 28, 28, 1)


def test_larger_batches_differ_by_one_grey_level_at_most(generator):
    labels, seeds = [n % 10 for n in range(20)], list(range(20))
    one = generator.sample(labels, seeds).astype(int)
    assert np.abs(generator.sample(labels, seeds, batch_size=8).astype(int) - one).max() <= 1


def test_truncation_goes_from_the_class_mean_through_the_garment(generator):
    means = generator.directions.class_means
    c = torch.tensor([3])
    w = map_seeds(generator, [3], [5])
    assert torch.equal(map_seeds(generator, [3], [5], daring=0), means[c])
    assert torch.equal(truncate(generator, w, c, 1), w)
    torch.testing.assert_close(truncate(generator, w, c, 2) - w, w - means[c])


def test_daring_needs_class_means(plain):
    assert map_seeds(plain, [3], [5]).shape == (1, 16)
    with pytest.raises(ValueError, match=r"class means: run python -m training\.derive"):
        map_seeds(plain, [3], [5], daring=0.5)


@pytest.mark.parametrize(
    ("labels", "seeds", "daring", "message"),
    [
        ([1, 2], [1], 1.0, "labels and seeds must be as many, not 2 and 1"),
        ([10], [1], 1.0, r"label must be in 0\.\.9, not 10"),
        ([0], [1], 2.1, r"daring must be in 0\.\.2\.0, not 2\.1"),
        ([0], [1], float("nan"), "daring must be"),
    ],
)
def test_bad_recipes_name_the_field(generator, labels, seeds, daring, message):
    with pytest.raises(ValueError, match=message):
        map_seeds(generator, labels, seeds, daring)


def test_lerp_and_slerp_begin_and_end_exactly():
    a, b = torch.randn(2, 3, 8).unbind()
    for way in (lerp, slerp):
        assert torch.equal(way(a, b, 0), a)
        assert torch.equal(way(a, b, 1), b)
        for share in (-0.01, 1.01, float("nan")):
            with pytest.raises(ValueError, match=r"share must be in 0\.\.1"):
                way(a, b, share)
    torch.testing.assert_close(lerp(a, b, 0.25), 0.75 * a + 0.25 * b)


def test_slerp_keeps_length_and_steady_speed():
    a, b = draw_z([1], 64), draw_z([2], 64)
    b = b * a.norm() / b.norm()
    steps = [slerp(a, b, share) for share in (0, 0.25, 0.5, 0.75, 1)]
    for step in steps:
        torch.testing.assert_close(step.norm(), a.norm())
    lengths = torch.stack([(y - x).norm() for x, y in itertools.pairwise(steps)])
    torch.testing.assert_close(lengths, lengths.mean().expand(4), rtol=1e-3, atol=0)
    torch.testing.assert_close(slerp(a, 2 * a, 0.5), 1.5 * a)
    assert slerp(a, -a, 0.5).isfinite().all()
    assert slerp(a, 0 * a, 0.5).isfinite().all()


def test_blends_begin_at_a_and_end_at_b(generator):
    w = map_seeds(generator, [3, 4], [1, 2])
    ws_a, ws_b = broadcast(generator, w).split(1)
    split = pattern_split(generator.config)
    assert split == 3
    assert torch.equal(blend_layers(ws_a, ws_b, 0, 0, split), ws_a)
    assert torch.equal(blend_layers(ws_a, ws_b, 1, 1, split), ws_b)
    picture = render(generator, blend_layers(ws_a, ws_b, 1, 1, split))
    assert picture.tobytes() == generator.sample([4], [2]).tobytes()
    crossed = blend_layers(ws_a, ws_b, 1, 0, split)
    assert torch.equal(crossed[:, :split], ws_b[:, :split])
    assert torch.equal(crossed[:, split:], ws_a[:, split:])
    half = blend_layers(ws_a, ws_b, 0.5, 0.5, split)
    torch.testing.assert_close(half, (ws_a + ws_b) / 2)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ((1.5, 0, 3), r"shape must be in 0\.\.1, not 1\.5"),
        ((0, -1, 3), r"pattern must be in 0\.\.1, not -1"),
        ((0, 0, 7), r"split must be in 0\.\.6, not 7"),
    ],
)
def test_bad_blends_name_the_field(shares, message):
    ws = torch.zeros(1, 6, 4)
    with pytest.raises(ValueError, match=message):
        blend_layers(ws, ws, *shares)


def test_a_mixture_of_one_class_is_that_class(generator):
    for daring in (1.0, 0.5):
        one = mix_classes(generator, 9, {4: 30}, daring)
        assert torch.equal(one, map_seeds(generator, [4], [9], daring))


def test_a_mixture_counts_in_proportions(generator):
    coat, dress = map_seeds(generator, [4, 3], [9, 9], 0.7)
    mixed = mix_classes(generator, 9, {4: 70, 3: 30}, 0.7)
    torch.testing.assert_close(mixed[0], 0.7 * coat + 0.3 * dress)
    assert torch.equal(mixed, mix_classes(generator, 9, {3: 30, 4: 70, 0: 0}, 0.7))
    torch.testing.assert_close(mixed, mix_classes(generator, 9, {4: 0.7, 3: 0.3}, 0.7))


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({4: -1, 3: 2}, "share of label 4 must be 0 or more, not -1"),
        ({4: float("inf")}, "share of label 4"),
        ({4: 0}, "shares must have one above 0"),
        ({}, "shares must have one above 0"),
        ({11: 1}, r"label must be in 0\.\.9, not 11"),
    ],
)
def test_bad_mixtures_name_the_field(generator, shares, message):
    with pytest.raises(ValueError, match=message):
        mix_classes(generator, 9, shares)


def test_moves_add_up_and_touch_only_their_layers(generator):
    named = {direction.name: direction for direction in generator.directions.named}
    w = map_seeds(generator, [2, 6], [1, 2])
    ws = broadcast(generator, w)
    assert torch.equal(move(generator, w, {}), ws)
    assert torch.equal(move(generator, w, {"sleeves": 0.0}), ws)
    moved = move(generator, w, {"sleeves": 2.0})
    torch.testing.assert_close(
        moved[:, :3] - ws[:, :3], (2 * named["sleeves"].vector).expand(2, 3, -1)
    )
    assert torch.equal(moved[:, 3:], ws[:, 3:])
    both = move(generator, w, {"brightness": -1, "sleeves": 2})
    assert torch.equal(both, move(generator, w, {"sleeves": 2, "brightness": -1}))
    torch.testing.assert_close(both, move(generator, moved, {"brightness": -1}))
    changed = render(generator, both)
    assert not np.array_equal(changed, render(generator, w))


def test_components_are_directions_too(generator):
    w = map_seeds(generator, [2], [1])
    moved = move(generator, w, {"component 3": -1.5})
    expected = broadcast(generator, w) - 1.5 * generator.directions.components[2]
    torch.testing.assert_close(moved, expected)


@pytest.mark.parametrize(
    ("strengths", "message"),
    [
        ({"brightness": 3.1}, r"strength of brightness must be in -2\.04\.\.3\.06, not 3\.1"),
        ({"sleeves": float("nan")}, "strength of sleeves must be"),
        ({"component 1": 3.5}, r"strength of component 1 must be in -3\.\.3"),
        ({"glow": 1}, r"one of brightness, sleeves, component 1 \.\. component 3, not 'glow'"),
        ({"component 4": 1}, "not 'component 4'"),
    ],
)
def test_bad_moves_say_what_is_possible(generator, strengths, message):
    with pytest.raises(ValueError, match=message):
        move(generator, torch.zeros(1, 16), strengths)


def test_moves_need_directions(plain):
    with pytest.raises(ValueError, match=r"run python -m training\.derive"):
        move(plain, torch.zeros(1, 16), {"brightness": 1})


def test_an_unconditional_network_takes_any_label():
    config = ModelConfig(
        class_names=(), z_dim=4, w_dim=8, base_width=4, generator_widths=(4, 4),
        discriminator_widths=(4, 4, 4),
    )  # fmt: skip
    free = Generator(config)
    assert np.array_equal(free.sample([0], [3]), free.sample([99], [3]))


def test_a_batch_size_below_one_is_refused(generator):
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        render(generator, torch.zeros(1, 16), 0)
