"""Kinds: halves of halves of a class, of real garments and in z."""

import dataclasses

import numpy as np
import pytest
import torch

from model.config import ModelConfig
from model.discriminator import Discriminator
from model.generator import Generator
from model.kinds import kind_shares, of_kind
from tests.conftest import TINY
from training.data import ImageSet, batch_indices, load_fashion_mnist
from training.kinds import next_batch, with_kinds

WITH_KINDS = dataclasses.replace(TINY, kind_splits=2)


@pytest.fixture(scope="module")
def heldout() -> ImageSet:
    return load_fashion_mnist("heldout")


def drawn(kinds: int) -> tuple[torch.Tensor, torch.Tensor]:
    z = torch.randn(4_000, 8, generator=torch.manual_seed(0))
    return z, torch.arange(4_000) % kinds


def test_the_kinds_of_a_class_are_equally_many_and_the_lighter_half_comes_last(heldout):
    data = with_kinds(heldout, 3)
    assert data.kinds is not None
    light = heldout.pixels.float().mean((1, 2, 3))
    for label in range(10):
        kinds = data.kinds[data.labels == label]
        counts = torch.bincount(kinds, minlength=8)
        assert counts.max() - counts.min() <= 1
        lighter = kinds & 1 == 1
        own = light[data.labels == label]
        assert own[lighter].mean() > own[~lighter].mean()
    assert torch.equal(data.kinds, with_kinds(heldout, 3).kinds)


def test_kinds_are_alike(heldout):
    data = with_kinds(heldout, 4)
    assert data.kinds is not None
    img = heldout.pixels.float().flatten(1)
    within = total = 0.0
    for label in range(10):
        mine = data.labels == label
        total += float(img[mine].var(0, correction=0).sum()) / 10
        for kind in range(16):
            within += float(img[mine & (data.kinds == kind)].var(0, correction=0).sum()) / 160
    assert within < 0.75 * total


def test_a_batch_has_one_kind_of_each_class_and_a_pass_has_each_garment_at_most_once(heldout):
    data = with_kinds(heldout, 2)
    assert data.kinds is not None
    seen = np.zeros(len(data), dtype=int)
    handfuls = 4 * (len(data.members[0][0]) // 5)
    for number in range(handfuls):
        picked = next_batch(data, 3, number * 50, 50)
        seen[picked] += 1
        assert torch.bincount(data.labels[picked]).tolist() == [5] * 10
        for label in range(10):
            assert len(set(data.kinds[picked][data.labels[picked] == label].tolist())) == 1
    assert seen.max() == 1
    assert seen.mean() > 0.95
    again = next_batch(data, 3, handfuls * 50, 50)
    assert set(next_batch(data, 3, 0, 50)) != set(again)
    assert np.array_equal(again, next_batch(with_kinds(heldout, 2), 3, handfuls * 50, 50))


def test_without_kinds_batches_are_those_of_always(heldout):
    assert np.array_equal(next_batch(heldout, 3, 64, 64), batch_indices(len(heldout), 3, 64, 64))


def test_batches_that_cannot_be_made_up_name_the_numbers(heldout):
    data = with_kinds(heldout, 6)
    with pytest.raises(ValueError, match="batch_size must be a multiple of 10 classes, not 64"):
        next_batch(data, 0, 0, 64)
    with pytest.raises(ValueError, match="20 pictures of a kind, and the smallest kind has 7"):
        next_batch(data, 0, 0, 200)


def test_too_few_pictures_name_the_class_and_both_numbers(heldout):
    few = dataclasses.replace(heldout, pixels=heldout.pixels[:40], labels=heldout.labels[:40])
    with pytest.raises(ValueError, match=r"kind_splits=4 needs at least 32 pictures .* has \d"):
        with_kinds(few, 4)


def test_z_of_a_kind_draws_that_kind_and_is_as_normal_as_before():
    z, kind = drawn(8)
    turned = of_kind(z, kind, 3)
    torch.testing.assert_close(turned.abs(), z.abs())
    torch.testing.assert_close(turned[:, 3:], z[:, 3:])
    shares = kind_shares(turned, 3)
    torch.testing.assert_close(shares.sum(1), torch.ones(len(z)))
    assert torch.equal(shares.argmax(1), kind)
    assert shares.max(1).values.mean() > 0.75


def test_between_two_kinds_both_have_a_share():
    z = torch.ones(1, 8)
    z[0, 0] = 0
    assert kind_shares(z, 2)[0].tolist() == pytest.approx([0, 0, 0.5, 0.5], abs=1e-3)


def test_a_seed_draws_the_kind_that_its_signs_name():
    torch.manual_seed(1)
    mapping = Generator(WITH_KINDS).mapping
    z, kind = drawn(4)
    c = torch.arange(len(z)) % 10
    before = mapping(of_kind(z * 3, kind, 2), c)
    with torch.no_grad():
        mapping.kinds.weight.view(10, 4, -1)[:, 2] += 1
    moved = (mapping(of_kind(z * 3, kind, 2), c) - before).abs().mean(1)
    assert moved[kind == 2].median() > 20 * moved[kind != 2].median()


def test_the_critic_weighs_all_kinds_alike_where_it_is_told_none():
    critic = Discriminator(WITH_KINDS)
    img, c = torch.randn(6, 1, 28, 28), torch.arange(6)
    told = torch.stack([critic(img, c, kind=torch.full((6,), kind)) for kind in range(4)])
    assert told.std(0).min() > 1e-6
    torch.testing.assert_close(critic(img, c), told.mean(0))


def test_wrong_labels_keep_the_kind():
    critic = Discriminator(WITH_KINDS)
    img, c, kind = torch.randn(4, 1, 28, 28), torch.arange(4), torch.tensor([0, 1, 2, 3])
    wrong = torch.tensor([5, 6])
    logits = critic(img, c, wrong=wrong, kind=kind)
    torch.testing.assert_close(logits[4:], critic(img[:2], wrong, kind=kind[:2]))


def test_without_kinds_nothing_is_drawn_differently():
    torch.manual_seed(5)
    plain = Generator(ModelConfig())
    assert plain.mapping.kinds is None
    names = [
        name for name, _ in (*plain.named_parameters(), *Discriminator(TINY).named_parameters())
    ]
    assert not [name for name in names if "kind" in name]
    assert np.isfinite(plain.sample([0], [1])).all()
