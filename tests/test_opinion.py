"""The critic's opinion: percentiles that can be checked by counting, and a file read strictly."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch

import training.derive as derive_module
from model.opinion import HEAPS, LEVELS, Critic, Opinion, load_heaps, quantiles, save_heaps
from model.storage import ModelFolderError
from model.weights import (
    DISCRIMINATOR_FILE,
    OPINION_FILE,
    SHIPPED_MODEL,
    check_folder,
    load_discriminator,
    load_generator,
    save_model,
)
from tests.conftest import tiny_heaps
from training.data import DataError, load_fashion_mnist
from training.derive import derive_opinions
from training.opinions import measure_opinions


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "copy")


def noise(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)


def test_an_opinion_is_the_share_that_is_found_less_real(tiny_model):
    critic, pixels = Critic.open(tiny_model), noise(40)
    logits = critic.logits(pixels, [3] * 40).astype(np.float64)
    rows = np.tile(quantiles(logits), (10, 1))
    heaps = dataclasses.replace(tiny_heaps(critic.config), real=rows, made=rows - 1e-9)
    told = Critic(load_discriminator(tiny_model), heaps).opinions(pixels, 3)
    for logit, opinion in zip(logits, told, strict=True):
        below = 100 * (logits < logit).sum() / 39
        assert opinion.among_real == pytest.approx(below, abs=1.5)
        assert opinion.score == pytest.approx(below, abs=1.5)


def test_an_opinion_does_not_depend_on_the_company(tiny_model):
    critic, pixels = Critic.open(tiny_model), noise(6)
    labels = [0, 5, 9, 9, 2, 1]
    together = critic.opinions(pixels, labels)
    alone = [critic.opinions(pixels[n : n + 1], labels[n])[0] for n in range(6)]
    assert together == alone
    assert critic.opinions(noise(0), []) == []


def test_words_go_from_strange_to_real():
    words = [Opinion(p, p, beyond=False).word for p in (0, 24, 26, 49, 51, 74, 76, 100)]
    assert words == [
        *["strange"] * 2, *["doubtful"] * 2, *["convincing"] * 2, *["real"] * 2
    ]  # fmt: skip


def test_what_lies_beyond_all_it_knows_is_said(tiny_model):
    critic = Critic.open(tiny_model)
    for shift, among in ((50, 0), (-50, 100)):
        rows = {name: getattr(tiny_heaps(critic.config), name) + shift for name in HEAPS}
        moved = Critic(load_discriminator(tiny_model), dataclasses.replace(
            tiny_heaps(critic.config), **rows))  # fmt: skip
        (opinion,) = moved.opinions(noise(1), 0)
        assert opinion.beyond
        assert (opinion.among_real, opinion.among_made) == (among, among)
    assert critic.scores("real", 0) == sorted(critic.scores("real", 0))
    assert not Opinion(50, 50, beyond=False).beyond


@pytest.mark.parametrize(
    ("pixels", "labels", "told"),
    [
        (noise(1).astype(np.float32), 0, "pixels must be uint8"),
        (noise(1)[:, :20], 0, "pixels must be uint8"),
        (noise(2), [1], "labels must be one or 2, not 1"),
        (noise(1), 10, "label must be a whole number in 0..9, not 10"),
        (noise(1), "bag", "label must be"),
    ],
)
def test_bad_input_is_named(tiny_model, pixels, labels, told):
    with pytest.raises(ValueError, match=told):
        Critic.open(tiny_model).opinions(pixels, labels)


def test_the_file_is_read_as_it_was_written_and_strictly(folder):
    heaps = tiny_heaps(load_generator(folder).config)
    save_heaps(folder, heaps)
    path = folder / OPINION_FILE
    whole = path.read_text(encoding="utf-8")
    np.testing.assert_allclose(load_heaps(folder).made, heaps.made, atol=6e-4)
    check_folder(folder)
    falling = json.loads(whole)
    falling["real"][4][7] = 5
    short = {**json.loads(whole), "made": json.loads(whole)["made"][:9]}
    for broken, told in (
        (json.dumps(falling), "real must be 10 lists"),
        (json.dumps(short), "made must be 10 lists"),
        (whole[:200], "not valid JSON"),
        (whole.replace('"shown"', '"seen"'), "format_version"),
        (whole.replace('"format_version": 1', '"format_version": 2'), "format_version 1"),
    ):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(ModelFolderError, match=told):
            check_folder(folder)
    path.unlink()
    check_folder(folder)  # the file is optional
    with pytest.raises(ModelFolderError, match=r"opinion\.json is missing"):
        Critic.open(folder)


def test_another_critic_needs_another_scale(folder):
    generator, critic = load_generator(folder), load_discriminator(folder)
    save_model(folder, generator, critic)
    assert (folder / OPINION_FILE).is_file()
    critic.head.bias += 1
    save_model(folder, generator, critic)
    with pytest.raises(ModelFolderError, match="another critic's"):
        load_heaps(folder)
    generator.synthesis.to_image.bias += 1
    save_model(folder, generator, critic)
    assert not (folder / OPINION_FILE).exists()


def test_the_scale_is_measured_on_garments_of_each_class(tiny_model):
    generator, critic = load_generator(tiny_model), load_discriminator(tiny_model)
    real = load_fashion_mnist("heldout")
    heaps = measure_opinions(generator, critic, real, made=20)
    assert heaps.real.shape == heaps.made.shape == heaps.shown.shape == (10, LEVELS)
    bags = real.pixels[real.labels == 8].numpy()
    told = Critic(critic, heaps).opinions(bags[:60], 8)
    assert np.mean([opinion.among_real for opinion in told]) == pytest.approx(50, abs=15)


def test_opinions_stay_where_there_are_no_garments_to_measure_them_on(folder, monkeypatch):
    def missing(*given):
        raise DataError("no Fashion-MNIST here")

    monkeypatch.setattr(derive_module, "load_fashion_mnist", missing)
    monkeypatch.setattr(derive_module, "measurable", lambda _: True)
    before = (folder / OPINION_FILE).read_bytes()
    assert "as they were: no Fashion-MNIST here" in derive_opinions(folder)
    assert (folder / OPINION_FILE).read_bytes() == before


def test_a_folder_without_a_critic_gets_no_opinions(folder):
    (folder / DISCRIMINATOR_FILE).unlink()
    assert "no opinions" in derive_opinions(folder)
    assert not (folder / OPINION_FILE).exists()


def test_the_shipped_critic_tells_real_test_garments_from_made_ones():
    critic, test = Critic.open(SHIPPED_MODEL), load_fashion_mnist("test")
    generator, labels = load_generator(SHIPPED_MODEL), torch.arange(10).repeat_interleave(6)
    made = generator.sample(labels.tolist(), list(range(60)), batch_size=20)
    picked = torch.cat([(test.labels == label).nonzero()[:6, 0] for label in range(10)])
    real = critic.opinions(test.pixels[picked].numpy(), labels.tolist())
    fake = critic.opinions(made, labels.tolist())
    assert np.mean([o.score for o in real]) > np.mean([o.score for o in fake]) + 10
    assert sum(o.beyond for o in real) <= 2
