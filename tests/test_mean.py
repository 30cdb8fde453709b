"""The mean of generators of one training."""

import dataclasses

import pytest
import torch

from model.generator import Generator
from model.layers import StyleNorm
from model.weights import load_generator, save_model
from tests.conftest import TINY
from training.ema import estimate_statistics
from training.mean import mean_generator


def test_weights_are_averaged_and_statistics_measured_anew(tiny_model, tmp_path):
    first = load_generator(tiny_model)
    other = load_generator(tiny_model)
    for parameter in other.parameters():
        parameter.data += 0.2
    save_model(tmp_path / "other", other)
    mean = mean_generator([tiny_model, tmp_path / "other"])
    for a, b, between in zip(
        first.parameters(), other.parameters(), mean.parameters(), strict=True
    ):
        torch.testing.assert_close(between, (a + b) / 2, rtol=0, atol=1e-3)  # saved as half
    measured = load_generator(tiny_model)
    measured.load_state_dict(mean.state_dict())
    estimate_statistics(measured, 16_384)
    norms = [[m for m in g.modules() if isinstance(m, StyleNorm)] for g in (mean, measured, first)]
    for ours, again, before in zip(*norms, strict=True):
        assert torch.equal(ours.mean, again.mean)
        assert not torch.equal(ours.mean, before.mean)


def test_the_mean_of_one_is_itself(tiny_model):
    mean, itself = mean_generator([tiny_model]), load_generator(tiny_model)
    for name, value in itself.state_dict().items():
        assert torch.equal(value, mean.state_dict()[name])


def test_another_shape_and_nothing_are_refused(tiny_model, tmp_path):
    wide = dataclasses.replace(TINY, w_dim=TINY.w_dim * 2)
    save_model(tmp_path / "wide", Generator(wide))
    with pytest.raises(ValueError, match=r"wide has w_dim=\d+, .* only networks of one training"):
        mean_generator([tiny_model, tmp_path / "wide"])
    with pytest.raises(ValueError, match="at least one"):
        mean_generator([])
