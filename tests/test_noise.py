"""Noise number by number: the same garments as from seeds, and what is refused."""

import json

import numpy as np
import pytest

from model.noise import noise_of, weave
from model.studio import Studio


def test_the_noise_of_a_seed_makes_its_very_garments(studio: Studio) -> None:
    noise = json.loads(json.dumps(noise_of(4207, studio.config.z_dim)))
    w, pixels = weave(studio, noise)
    assert w.shape == (10, studio.config.w_dim)
    assert pixels.tobytes() == studio.draw(studio.line(4207)).tobytes()
    one_w, one = weave(studio, noise, "dress", 0.3)
    assert one.tobytes() == studio.draw([studio.garment("dress", 4207, 0.3)]).tobytes()
    assert one_w.shape == (1, studio.config.w_dim)


def test_a_number_more_or_less_is_another_garment(studio: Studio) -> None:
    noise = noise_of(1, studio.config.z_dim)
    before, _ = weave(studio, noise, 3)
    noise[0] = -noise[0]
    after, _ = weave(studio, noise, 3)
    assert np.abs(after - before).max() > 0


@pytest.mark.parametrize(
    ("noise", "told"),
    [
        (None, "noise must be a list of 8 numbers, not None"),
        ("12345678", "noise must be a list of 8 numbers, not '12345678'"),
        ([0.0] * 7, "noise must be a list of 8 numbers"),
        ([0.0] * 7 + [float("nan")], r"noise\[7\] must be a number in -8..8, not nan"),
        ([True] + [0.0] * 7, r"noise\[0\] must be a number in -8..8, not True"),
        ([9] + [0.0] * 7, r"noise\[0\] must be a number in -8..8, not 9"),
    ],
)
def test_what_is_no_noise_is_refused(studio: Studio, noise: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        weave(studio, noise)


def test_other_fields_are_refused_too(studio: Studio) -> None:
    noise = noise_of(1, studio.config.z_dim)
    with pytest.raises(ValueError, match="daring"):
        weave(studio, noise, 3, 5)
    with pytest.raises(ValueError, match="label"):
        weave(studio, noise, 10)
    with pytest.raises(ValueError, match="seed"):
        noise_of(-1, 8)
