"""From pixels back to w: the descent, what it keeps to, and what it refuses."""

import dataclasses

import numpy as np
import pytest
import torch

from model.inversion import Descent, refine
from model.inverter import Inverter
from model.latents import broadcast, map_seeds, render
from model.perception import match_error
from model.pixels import to_img
from model.w_space import class_space, measure_metric, rough_metric
from model.weights import load_discriminator, load_generator
from tests.conftest import TINY, write_tiny_model

QUICK = Descent(steps=12, layer_steps=8)


@pytest.fixture(scope="module")
def generator(tiny_model):
    return load_generator(tiny_model)


@pytest.fixture(scope="module")
def target(generator):
    """Two garments of the generator itself, one of class 3 and one of class 8."""
    return to_img(torch.from_numpy(generator.sample([3, 8], [5, 6])))


def begin(generator, labels):
    means = torch.stack([class_space(generator, label).mean for label in labels])
    return broadcast(generator, means)


def test_it_comes_closer_first_with_one_w_and_then_with_more(generator, target):
    steps = list(refine(generator, begin(generator, [3, 8]), target, labels=[3, 8], descent=QUICK))
    assert len(steps) == 20
    for step in steps[:12]:
        assert torch.equal(step.ws, step.ws[:, :1].expand_as(step.ws))
    assert not torch.equal(steps[-1].ws[:, 0], steps[-1].ws[:, 1])
    errors = torch.stack([step.error for step in steps])
    assert (errors[11] < 0.7 * errors[0]).all()
    assert (errors[-1] <= errors[11]).all()
    drawn = generator.synthesis(steps[-1].ws)
    assert torch.allclose(match_error(drawn, target), steps[-1].error, atol=1e-5)


def test_rows_do_not_know_of_each_other(generator, target):
    both = list(refine(generator, begin(generator, [3, 8]), target, labels=[3, 8], descent=QUICK))
    alone = list(
        refine(generator, begin(generator, [8]), target[1:], labels=[8], descent=QUICK)
    )  # fmt: skip
    assert torch.allclose(both[-1].ws[1:], alone[-1].ws, atol=1e-2)


def test_what_is_hidden_does_not_count(generator, target):
    mask = torch.ones(1, 1, 28, 28)
    mask[..., :14] = 0
    spoilt = torch.where(mask > 0, target[:1], torch.tensor(1.0))
    starts = begin(generator, [3, 3, 3])
    starts = starts + 0.1 * torch.randn(starts.shape, generator=torch.manual_seed(0))
    a, b = (
        list(refine(generator, starts, given, mask, labels=[3, 3, 3], descent=QUICK))[-1]
        for given in (target[:1], spoilt)
    )
    assert torch.equal(a.ws, b.ws)
    assert a.error.shape == (3,)
    drawn = generator.synthesis(a.ws)
    assert torch.allclose(a.error, match_error(drawn, target[:1], mask), atol=1e-5)
    known = (drawn - target[:1])[..., 14:].square().mean((1, 2, 3)).sqrt() / 2
    assert torch.allclose(a.error, known, atol=1e-5)


def test_a_mask_that_hides_everything_leaves_the_class(generator, target):
    nothing = torch.zeros(1, 1, 28, 28)
    steps = list(refine(generator, begin(generator, [3]), target[:1], nothing, labels=[3],
                        descent=QUICK))  # fmt: skip
    assert steps[-1].error.item() == 0
    assert torch.allclose(steps[-1].ws, steps[0].ws, atol=1e-4)


def test_it_can_be_stopped_and_leaves_the_mode_of_its_caller(generator, target):
    with torch.inference_mode():
        steps = refine(generator, begin(generator, [3]), target[:1], labels=[3], descent=QUICK)
        next(steps)
        assert torch.is_inference_mode_enabled()
        steps.close()
        begun = begin(generator, [3])
        assert len(list(refine(generator, begun, target[:1], labels=[3], descent=QUICK))) == 20
    assert torch.is_grad_enabled()
    assert all(parameter.grad is None for parameter in generator.parameters())


def test_the_critics_features_count_if_they_are_given(generator, tiny_model, target):
    critic = load_discriminator(tiny_model)
    mask = torch.ones(1, 1, 28, 28)
    mask[..., :5] = 0
    pixels_alone = dataclasses.replace(QUICK, features=0.0)
    plain = list(refine(generator, begin(generator, [3]), target[:1], mask, labels=[3],
                        descent=pixels_alone, critic=critic))[-1]  # fmt: skip
    weighed = dataclasses.replace(QUICK, features=0.5)
    other = list(refine(generator, begin(generator, [3]), target[:1], mask, labels=[3],
                        descent=weighed, critic=critic))[-1]  # fmt: skip
    assert not torch.equal(plain.ws, other.ws)
    assert other.error.isfinite().all()


def test_the_metric_tells_how_much_a_change_shows(generator):
    metric = measure_metric(generator, 600, 96)
    assert metric.shape == (96, 96)
    assert torch.equal(metric, measure_metric(generator, 600, 96))
    assert rough_metric(generator) is rough_metric(generator)
    ws = broadcast(generator, map_seeds(generator, [n % 10 for n in range(40)], range(40)))
    change = torch.randn(40, *ws.shape[1:], generator=torch.manual_seed(1)) * 0.01
    seen = generator.synthesis(ws + change) - generator.synthesis(ws)
    told = (change.flatten(1) @ metric.T).square().sum(1).mean()
    assert told.item() == pytest.approx(seen.square().mean().item(), rel=0.3)


def test_spaces_hold_what_is_drawn_from_them(generator, plain_model):
    space = class_space(generator, 4)
    assert torch.equal(space.mean, generator.directions.class_means[4])
    plain = load_generator(plain_model)
    space = class_space(plain, 4)
    u = (map_seeds(plain, [4] * 500, range(500)) - space.mean) @ torch.linalg.inv(space.root)
    assert u.mean().abs() < 0.1
    assert 0.3 < u.square().mean() <= 1.2


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"start_ws": torch.zeros(1, 6, 3)}, r"start_ws must be \[1, 6, 16\], not \[1, 6, 3\]"),
        ({"target": torch.zeros(1, 3, 28, 28)}, "target must be .* not .1, 3, 28, 28."),
        ({"target": torch.zeros(2, 1, 28, 28)}, "target must be"),
        ({"mask": torch.zeros(1, 1, 5, 5)}, "mask must be"),
        ({"labels": [10]}, "label must be in 0..9, not 10"),
        ({"labels": [1, 2]}, "start_ws must be .2, 6, 16."),
    ],
)
def test_wrong_shapes_are_refused_by_name(generator, target, change, fault):
    given = {"start_ws": begin(generator, [3]), "target": target[:1], "labels": [3], **change}
    start, img = given.pop("start_ws"), given.pop("target")
    with pytest.raises(ValueError, match=fault):
        next(refine(generator, start, img, **given))


@pytest.mark.parametrize(
    "change",
    [
        {"steps": -1},
        {"rate": -1.0},
        {"features": -0.1},
        {"prior": float("nan")},
        {"steps": 0, "layer_steps": 0},
    ],
)
def test_a_descent_without_sense_is_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        Descent(**change)


def test_models_whose_w_are_too_many_are_refused(tmp_path):
    large = dataclasses.replace(TINY, w_dim=512)
    generator = load_generator(write_tiny_model(tmp_path / "m", False, large))
    with pytest.raises(ValueError, match="w_dim times layers must be at most 2048, not 3072"):
        Inverter(generator).invert(np.zeros((28, 28, 1), np.uint8))


def test_pixels_are_inverted_at_both_ends(generator):
    pixels = generator.sample([8], [6])[0]
    seen = []
    found = Inverter(generator, descent=QUICK).invert(
        pixels, 8, lambda number, step: seen.append((number, step.error.item()))
    )
    assert [number for number, _ in seen] == list(range(20))
    assert found.label == 8
    assert found.shares.sum() == pytest.approx(1, abs=1e-5)
    assert found.one_w_error == seen[11][1]
    assert found.per_layer_error == seen[-1][1]
    assert found.w.shape == (16,)
    assert found.ws.shape == (6, 16)
    drawn = to_img(torch.from_numpy(render(generator, found.ws[None])))
    known = to_img(torch.from_numpy(pixels[None]))
    assert match_error(drawn, known).item() == pytest.approx(found.per_layer_error, abs=0.003)
    again = Inverter(generator, descent=QUICK).invert(pixels, 8)
    assert torch.equal(again.ws, found.ws)


def test_an_inversion_that_is_stopped_gives_what_there_is(generator):
    pixels = generator.sample([8], [6])[0]
    asked = iter([False, False, True])
    seen = []
    inverter = Inverter(generator, descent=QUICK)
    found = inverter.invert(pixels, 8, lambda _, step: seen.append(step), lambda: next(asked))
    assert len(seen) == 3
    assert torch.equal(found.ws, seen[-1].ws[0])
    assert found.per_layer_error == found.one_w_error


def test_without_an_encoder_the_class_is_guessed(generator):
    for label in (1, 9):
        guess, w, error = Inverter(generator).encode(generator.sample([label], [3])[0])
        assert 0 <= guess < 10
        assert torch.equal(w, class_space(generator, guess).mean)
        assert 0 < error < 1
    with pytest.raises(
        ValueError, match=r"pixels must be uint8 \[28, 28, 1\], not uint8 \[5, 5, 1\]"
    ):
        Inverter(generator).encode(np.zeros((5, 5, 1), np.uint8))
    with pytest.raises(ValueError, match=r"label must be in 0\.\.9, not 10"):
        Inverter(generator).encode(np.zeros((28, 28, 1), np.uint8), 10)


def test_other_classes_are_guessed_by_their_mean_garments(tmp_path):
    others = dataclasses.replace(TINY, class_names=("hat", "scarf"))
    generator = load_generator(write_tiny_model(tmp_path / "m", False, others))
    found = Inverter(generator, descent=QUICK).invert(generator.sample([1], [3])[0])
    assert found.label in (0, 1)
    assert len(found.shares) == 2
