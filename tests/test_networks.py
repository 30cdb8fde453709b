"""The two networks at every promised size, and what must hold of them whatever their weights."""

import numpy as np
import pytest
import torch

from model.config import ConfigError, ModelConfig
from model.discriminator import Discriminator
from model.generator import Generator
from model.layers import convolve_doubled, group_spread, upsample
from model.pixels import to_img
from training.data import batch_indices, load_fashion_mnist
from training.ema import ema_decay, estimate_statistics, update_ema
from training.schedule import learning_rate, snapshot_images
from training.spread import estimate_spread

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


@pytest.mark.parametrize("spread_sizes", [1, 2])
def test_an_opinion_depends_on_neighbours_only_where_training_asks_for_it(spread_sizes):
    critic = Discriminator(tiny(spread_sizes=spread_sizes))
    img, label = torch.rand(8, 1, 28, 28) * 2 - 1, torch.arange(8) % 2
    alone = torch.cat([critic(img[i : i + 1], label[i : i + 1]) for i in range(8)])
    torch.testing.assert_close(critic(img, label), alone, rtol=1e-4, atol=1e-5)
    made = (torch.arange(8) >= 4).long()
    in_batch = critic(img, label, made)
    assert (in_batch - alone).abs().max() > 1e-5
    changed = img.clone()
    changed[7] = 0  # made, of class 1
    difference = (critic(changed, label, made) - in_batch).abs()
    assert difference[5] > 0  # another made one of its class
    assert difference[[0, 1, 2, 3, 4, 6]].max() < 1e-6


@pytest.mark.parametrize("count", [3, 4])
def test_a_doubled_picture_is_convolved_alike_one_by_one_and_in_a_batch(count):
    torch.manual_seed(0)
    conv, x = torch.nn.Conv2d(5, 6, 3, padding=1), torch.randn(count, 5, 4, 4)
    inputs = (x.requires_grad_(), conv.weight, conv.bias)
    ways = [
        (y, *torch.autograd.grad(y.square().sum(), inputs))
        for y in (convolve_doubled(x, conv), conv(upsample(x)))
    ]
    for batch, plain in zip(*ways, strict=True):
        torch.testing.assert_close(batch, plain, rtol=1e-4, atol=1e-4)


def test_the_critic_can_be_asked_about_wrong_labels_in_passing():
    critic = Discriminator(tiny())
    img, c, wrong = torch.randn(4, 1, 28, 28), torch.tensor([0, 1, 2, 3]), torch.tensor([5, 6])
    logits = critic(img, c, wrong=wrong)
    torch.testing.assert_close(logits[:4], critic(img, c))
    torch.testing.assert_close(logits[4:], critic(img[:2], wrong))


def test_spread_is_the_standard_deviation_within_each_group():
    x, group = torch.randn(6, 4, 3, 3), torch.tensor([0, 0, 0, 2, 2, 1])
    spread = group_spread(x, group, groups=4, channels=2)
    for number, members in ((0, x[:3]), (2, x[3:5])):
        expected = members.std(0, correction=0).view(2, 2, 3, 3)  # averaged over pairs of channels
        torch.testing.assert_close(spread[number], expected.mean(1), rtol=1e-3, atol=1e-3)
    assert spread[[1, 3]].abs().max() < 1e-4  # one picture, and none


def test_stored_spread_is_that_of_real_garments():
    critic, data = Discriminator(tiny(spread_sizes=2)), load_fashion_mnist("heldout")
    estimate_spread(critic, data, images=512, batch=256)
    batches = [batch_indices(len(data), 0, start, 256) for start in (0, 256)]
    imgs = [to_img(data.pixels[picked]) for picked in batches]
    spreads = [
        critic.class_spread(img, data.labels[picked])
        for img, picked in zip(imgs, batches, strict=True)
    ]
    for name, stored in (("spread", critic.spread), ("spread_14", critic.spread_14)):
        torch.testing.assert_close(stored, torch.stack([s[name] for s in spreads]).mean(0))


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
        ({"spread_sizes": 0}, "spread_sizes"),
        ({"kind_splits": 9}, "kind_splits"),
        ({"kind_splits": 4, "z_dim": 3}, "kind_splits must be at most z_dim=3, not 4"),
        ({"kind_splits": 4, "class_names": ()}, "kind_splits must be 0 without class_names"),
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


def test_a_folder_of_version_2_has_a_critic_that_was_shown_the_smallest_size_alone():
    later = {"spread_sizes", "kind_splits"}
    older = {k: v for k, v in tiny(spread_sizes=2).to_dict().items() if k not in later}
    config = ModelConfig.from_dict({**older, "format_version": 2})
    with pytest.raises(ConfigError, match="spread_sizes"):
        ModelConfig.from_dict({**older, "format_version": 2, "spread_sizes": 2})
    assert config.spread_sizes == 1
    assert [name for name, _ in Discriminator(config).named_buffers()] == ["spread"]


def test_a_folder_of_version_3_has_no_kinds_and_may_have_chosen_its_spreads():
    older = {k: v for k, v in tiny(spread_sizes=2).to_dict().items() if k != "kind_splits"}
    config = ModelConfig.from_dict({**older, "format_version": 3})
    assert (config.spread_sizes, config.kind_splits) == (2, 0)
    with pytest.raises(ConfigError, match="unknown key 'kind_splits' in format_version 3"):
        ModelConfig.from_dict({**older, "format_version": 3, "kind_splits": 4})


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
