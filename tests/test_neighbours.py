"""The nearest training garments: exactly those that a full search finds, and a scale to judge by."""

import numpy as np
import pytest

from model import garments
from model.garments import DataError
from model.neighbours import CLOSE_BELOW, Neighbours, read_scale
from training.closeness import LEVELS, measure
from training.data import load_fashion_mnist


@pytest.fixture(scope="module")
def test_set():
    return load_fashion_mnist("test")


@pytest.fixture(scope="module")
def neighbours():
    return Neighbours.open()


def test_they_are_those_of_a_full_search(neighbours, test_set):
    train = load_fashion_mnist("train").pixels.numpy().reshape(-1, 784).astype(np.float32)
    for number in (0, 1, 5, 400, 9_999):
        picture = test_set.pixels[number].numpy()
        squares = np.square(train - picture.reshape(-1).astype(np.float32)).sum(1)
        found = neighbours.nearest(picture, int(test_set.labels[number]))
        expected = np.sqrt(np.sort(squares)[:5] / 784) / 255
        assert [g.distance for g in found.garments] == pytest.approx(expected, abs=1e-5)
        for garment in found.garments:
            difference = garment.pixels.astype(float) - picture
            assert np.sqrt((difference**2).mean()) / 255 == pytest.approx(garment.distance)


def test_a_training_garment_is_its_own_nearest_and_close(neighbours):
    train = load_fashion_mnist("train")
    for number in (3, 54_999):
        found = neighbours.nearest(train.pixels[number].numpy(), int(train.labels[number]))
        assert found.garments[0].distance == 0
        assert found.garments[0].label == train.labels[number]
        assert found.word == "close"


def test_garments_held_out_are_no_training_garments(neighbours):
    held = load_fashion_mnist("heldout")
    found = neighbours.nearest(held.pixels[0].numpy(), int(held.labels[0]))
    assert found.garments[0].place not in set(garments.heldout_indices())


def test_one_garment_in_twenty_of_the_test_is_close(neighbours, test_set):
    scale = read_scale()
    assert scale.shape == (10, LEVELS)
    assert (np.diff(scale, axis=1) >= 0).all()
    again = measure(neighbours, test_set, 20)
    assert np.abs(again[:, 50] / scale[:, 50] - 1).max() < 0.5
    noise = np.random.default_rng(0).integers(0, 256, (28, 28, 1), dtype=np.uint8)
    found = neighbours.nearest(noise, 0)
    assert (found.word, found.percentile) == ("new", 100)
    assert found.close_below == pytest.approx(np.interp(CLOSE_BELOW, range(LEVELS), scale[0]))


@pytest.mark.parametrize(
    ("pixels", "label", "told"),
    [
        (np.zeros((28, 28, 1), np.float32), 0, "pixels must be uint8"),
        (np.zeros((28, 28), np.uint8), 0, "pixels must be uint8"),
        (np.zeros((28, 28, 1), np.uint8), 10, "label must be"),
    ],
)
def test_bad_input_is_named(neighbours, pixels, label, told):
    with pytest.raises(ValueError, match=told):
        neighbours.nearest(pixels, label)


def test_without_the_data_set_it_says_so_and_downloads_nothing(monkeypatch, tmp_path):
    monkeypatch.delenv("FASHION_MNIST", raising=False)
    monkeypatch.setattr(garments, "SYSTEM_FOLDER", tmp_path / "none")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DataError, match="not at hand"):
        Neighbours.open()
    monkeypatch.setenv("FASHION_MNIST", str(tmp_path))
    with pytest.raises(DataError, match="missing"):
        Neighbours.open()
