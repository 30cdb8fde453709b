"""The classifier C: what is shipped, how it is read, and how one is trained."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from model.classifier import (
    CONFIG_FILE,
    SHIPPED_CLASSIFIER,
    WEIGHTS_FILE,
    Classifier,
    ClassifierConfig,
    class_chances,
    class_logits,
    load_classifier,
    predict_labels,
    save_classifier,
    to_img,
)
from model.config import ConfigError
from model.storage import ModelFolderError
from training.classifier import METRICS_FILE, Schedule, accuracy, augment, train_classifier
from training.data import load_fashion_mnist

TINY = ClassifierConfig(widths=(4, 8), blocks=1)
EAGER = Schedule(epochs=6, batch_size=32, bf16=False, compile=False)


@pytest.fixture(scope="module")
def heldout():
    return load_fashion_mnist("heldout")


@pytest.fixture(scope="module")
def few(heldout):
    return dataclasses.replace(heldout, pixels=heldout.pixels[:600], labels=heldout.labels[:600])


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    save_classifier(tmp_path / "c", Classifier(TINY))
    return tmp_path / "c"


def test_the_shipped_one_reaches_what_it_says(heldout):
    part = dataclasses.replace(heldout, pixels=heldout.pixels[:1000], labels=heldout.labels[:1000])
    classifier = load_classifier()
    figures = json.loads((SHIPPED_CLASSIFIER / METRICS_FILE).read_text(encoding="utf-8"))
    assert figures["accuracy_test"]["value"] >= 0.94
    assert figures["accuracy_test"]["samples"] == 10_000
    assert accuracy(classifier, part) == pytest.approx(
        figures["accuracy_heldout"]["value"], abs=0.03
    )
    assert (SHIPPED_CLASSIFIER / WEIGHTS_FILE).stat().st_size < 2_000_000
    assert classifier.config.features <= 128


def test_training_repeats_itself_and_leaves_no_trace(few):
    before = torch.get_rng_state()
    first = train_classifier(few, TINY, EAGER)
    assert torch.equal(torch.get_rng_state(), before)
    assert accuracy(first, few) > 0.4
    again = train_classifier(few, TINY, EAGER)
    pixels = few.pixels.numpy()
    assert torch.equal(class_logits(first, pixels), class_logits(again, pixels))
    other = train_classifier(few, TINY, dataclasses.replace(EAGER, seed=1))
    assert not torch.equal(class_logits(first, pixels), class_logits(other, pixels))


def test_what_is_trained_has_no_normalisation_left_and_survives_the_folder(few, tmp_path):
    trained = train_classifier(few, TINY, dataclasses.replace(EAGER, epochs=1))
    assert set(trained.state_dict()) == set(Classifier(TINY).state_dict())
    save_classifier(tmp_path / "c", trained)
    loaded = load_classifier(tmp_path / "c")
    img = to_img(few.pixels[:50])
    assert torch.allclose(loaded(img), trained(img), atol=0.05)
    assert torch.allclose(loaded(img)[:1], loaded(img[:1]), atol=1e-4)  # no batch in it
    assert loaded.features(img).shape == (50, 8)
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_no_pictures_have_no_labels(folder):
    nothing = np.zeros((0, 28, 28, 1), dtype=np.uint8)
    assert predict_labels(load_classifier(folder), nothing).shape == (0,)


def test_shoes_are_shifted_but_never_mirrored():
    img = torch.full((2, 1, 28, 28), -1.0)
    img[:, :, 10:14, 2:6] = 1  # left of the middle
    turnable = torch.tensor([True, False])
    noise = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]], dtype=np.float32)
    same = augment(img, turnable, noise, 2)
    assert torch.equal(same[0], img[0].flip(2))
    assert torch.equal(same[1], img[1])
    noise[:2, 1] = 9  # as far as it goes
    moved = augment(img, turnable, noise, 2)[1]
    assert torch.equal(moved[:, :26, :26], img[1, :, 2:, 2:])
    assert (moved[:, 26:] == -1).all()


def test_a_folder_is_read_strictly(folder, tmp_path):
    hint = (
        "restore this classifier from the repository, or train one: python -m training.classifier"
    )
    with pytest.raises(ModelFolderError, match=f"nowhere is not a folder; {hint} --out .*nowhere"):
        load_classifier(tmp_path / "nowhere")
    state = load_file(folder / WEIGHTS_FILE)
    for changed, fault in (
        ({k: v for k, v in state.items() if k != "head.bias"}, "'head.bias' is missing"),
        ({**state, "more": torch.zeros(1)}, "unexpected tensor 'more'"),
        ({**state, "head.bias": torch.zeros(3)}, "head.bias has shape"),
        ({**state, "head.bias": torch.full((10,), torch.nan)}, "head.bias holds NaN"),
    ):
        shutil.copytree(folder, tmp_path / "bad", dirs_exist_ok=True)
        save_file(changed, tmp_path / "bad" / WEIGHTS_FILE)
        with pytest.raises(ModelFolderError, match=f"{fault}.*; {hint}"):
            load_classifier(tmp_path / "bad")


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("format_version", 2, "format_version must be 1, not 2"),
        ("widths", [], "widths must be"),
        ("widths", [4, "8"], "widths must be"),
        ("widths", 4, "widths must be"),
        ("blocks", -1, "blocks must be in 0..8, not -1"),
        ("image_size", 2, "image_size must be in 4..1024, not 2"),
        ("image_channels", 2, "image_channels must be 1 or 3, not 2"),
        ("class_names", ["one"], "class_names must be two names or more"),
        ("class_names", 3, "class_names must be two names or more"),
        ("depth", 3, "unknown key 'depth'"),
    ],
)
def test_a_bad_field_is_named(folder, field, value, fault):
    fields = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    (folder / CONFIG_FILE).write_text(json.dumps({**fields, field: value}))
    with pytest.raises(ModelFolderError, match=fault):
        load_classifier(folder)


def test_a_missing_field_is_named():
    fields = TINY.to_dict()
    del fields["blocks"]
    with pytest.raises(ConfigError, match="missing key 'blocks'"):
        ClassifierConfig.from_dict(fields)


def test_what_is_not_finite_is_not_saved(tmp_path):
    classifier = Classifier(TINY)
    torch.nn.init.constant_(classifier.head.bias, 1e9)
    with pytest.raises(ModelFolderError, match=r"head\.bias"):
        save_classifier(tmp_path / "c", classifier)
    assert not (tmp_path / "c").exists()


def test_chances_are_a_garments_own_and_sum_to_one():
    pixels = np.random.RandomState(0).randint(0, 256, (3, 28, 28, 1)).astype(np.uint8)
    classifier = load_classifier()
    together = class_chances(classifier, pixels)
    assert together.shape == (3, 10)
    assert np.allclose(together.sum(1), 1, atol=1e-5)
    assert together[1:2].tobytes() == class_chances(classifier, pixels[1:2]).tobytes()
