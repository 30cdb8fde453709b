"""The two networks at every promised size, and what must hold of them whatever their weights."""

import numpy as np
import pytest
import torch

from model.config import ConfigError, ModelConfig
from model.discriminator import Discriminator
from model.generator import Generator
from training.ema import ema_decay, estimate_statistics, update_ema
from training.schedule import learning_rate, snapshot_images

TINY = {"z_dim": 6, "class_dim": 4, "w_dim": 8, "base_width": 8}


def tiny(image_size: int = 28, base_size: int = 7, **fields) -> ModelConfig:
    doublings = int(np.log2(image_size // base_size))
    shape = {"generator_widths": (8,) * doublings, "discriminator_widths": (8,) * (doublings + 1)}
    return ModelConfig(image_size=image_size, base_size=base_size, **{**TINY, **shape, **fields})


@pytest.mark.parametrize(
    ("size", "base", "channels", "classes"),
    [(28, 7, 1, ("a", "b")), (32, 4, 3, ("a", "b", "c")), (64, 4, 3, ()), (256, 4, 3, ())],
)
def test_every_promised_size(size, base, channels, classes):
    config = tiny(size, base, image_channels=channels, class_names=classes)
    generator, critic = Generator(config), Discriminator(config)
    label = torch.tensor([0, 1 if classes else 0])
    img = generator(torch.randn(2, config.z_dim), label)
    assert img.shape == (2, channels, size, size)
    assert img.abs().max() <= 1
    assert critic(img, label).shape == (2,)
    assert generator.sample([0, 0], [1, 2]).shape == (2, size, size, channels)


def test_a_picture_never_depends_on_its_neighbours_even_in_train_mode():
    generator = Generator(tiny()).train()
    z, label = torch.randn(8, 6), torch.arange(8)
    together = generator(z, label)
    alone = torch.cat([generator(z[i : i + 1], label[i : i + 1]) for i in range(8)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    in_batch = generator(z, label, batch_statistics=True)
    assert (in_batch - together).abs().max() > 1e-3


def test_stored_statistics_stand_in_for_the_batch():
    torch.manual_seed(1)
    generator = Generator(tiny())
    estimate_statistics(generator, 1024)
    z, label = torch.randn(512, 6), torch.arange(512) % 10
    difference = generator(z, label) - generator(z, label, batch_statistics=True)
    assert difference.abs().mean() < 0.02


def test_every_layer_listens_to_its_own_w():
    config = tiny()
    generator = Generator(config)
    ws = torch.randn(1, config.num_layers, config.w_dim)
    base = generator.synthesis(ws)
    for layer in range(config.num_layers):
        changed = ws.clone()
        changed[:, layer] += 1
        assert (generator.synthesis(changed) - base).abs().max() > 1e-4, layer


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"image_size": 30}, "image_size"),
        ({"image_channels": 2}, "image_channels"),
        ({"z_dim": 10**9}, "z_dim"),
        ({"z_dim": 2.0}, "z_dim"),
        ({"generator_widths": (8,)}, "generator_widths"),
        ({"discriminator_widths": (8, 8, 10**9)}, "discriminator_widths"),
        ({"class_names": ("a", "a")}, "class_names"),
    ],
)
def test_bad_shapes_name_the_field(fields, word):
    with pytest.raises(ConfigError, match=word):
        ModelConfig(**fields)


def test_config_round_trip_is_strict():
    config = tiny()
    assert ModelConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ConfigError, match="unknown key 'colour'"):
        ModelConfig.from_dict({**config.to_dict(), "colour": 1})
    with pytest.raises(ConfigError, match="missing key 'z_dim'"):
        ModelConfig.from_dict({k: v for k, v in config.to_dict().items() if k != "z_dim"})
    with pytest.raises(ConfigError, match="format_version"):
        ModelConfig.from_dict({**config.to_dict(), "format_version": 99})


def test_average_and_schedules():
    one, other = Generator(tiny()), Generator(tiny())
    update_ema(one, other, decay=0.0)
    for left, right in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(left, right)
    assert ema_decay(10**6, 100, halflife_images=100, rampup=1.0) == pytest.approx(0.5)
    assert ema_decay(100, 100, halflife_images=10**6, rampup=0.05) < 1e-5
    assert learning_rate(1.0, 50, 100, decay_start=0.5) == 1.0
    assert learning_rate(1.0, 75, 100, decay_start=0.5) == pytest.approx(0.5)
    assert learning_rate(1.0, 100, 100, decay_start=0.5) == 0.0
    marks = snapshot_images(10_000, 1_500_000, 8)
    assert (len(marks), marks[0], marks[-1]) == (8, 10_000, 1_500_000)
    assert marks == sorted(marks)
