"""The figures of filling in: what is hidden, what is compared, and what the card tells of it."""

from pathlib import Path

import numpy as np
import pytest
import torch

from model.weights import load_generator
from training.card_completion import render_completion
from training.completeness import (
    EACH,
    MASKS,
    METHODS,
    complete_many,
    draw_masks,
    measure_completion,
)
from training.data import ImageSet, load_fashion_mnist


def test_masks_hide_what_they_say():
    box, half, strokes = (draw_masks(name, 40, 28) for name in MASKS)
    assert box.sum() == 40 * 11 * 11
    assert box[0, 8:19, 8:19].all()
    assert half[:, :, :14].all()
    assert not half[:, :, 14:].any()
    shares = strokes.mean((1, 2))
    assert 0.03 < shares.min() < shares.max() < 0.6
    assert len(np.unique(shares)) > 20
    assert (strokes == draw_masks(MASKS[2], 40, 28)).all()
    with pytest.raises(ValueError, match="name must be one of centre box"):
        draw_masks("right half", 1, 28)


def test_many_together_keep_what_is_known(tiny_model: Path):
    generator = load_generator(tiny_model)
    pixels = generator.sample(range(10), range(10))
    hidden = draw_masks(MASKS[0], 10, 28)
    made = complete_many(generator, pixels, hidden)
    assert made.shape == (10, EACH, 28, 28, 1)
    for row, mask, picture in zip(made, hidden, pixels, strict=True):
        assert (row[:, ~mask] == picture[~mask]).all()
        assert len({one.tobytes() for one in row}) == EACH


def test_every_method_is_measured_and_told(tiny_model: Path, tmp_path: Path):
    test = load_fashion_mnist("test")
    train = load_fashion_mnist("train")
    few = ImageSet(test.pixels[:280], test.labels[:280], test.class_names)
    known = ImageSet(train.pixels[:300], train.labels[:300], train.class_names)
    torch.manual_seed(0)
    figures = measure_completion(
        load_generator(tiny_model), known, few, 140, tmp_path, "the command", masks=MASKS[1:2]
    )
    assert set(figures["masks"]) == {"left half"}
    for methods in figures["masks"].values():
        assert tuple(methods) == METHODS
        for found in methods.values():
            assert 0 <= found["error"] <= 1
            assert 0 <= found["agreement"] <= 1
    told = render_completion({"completion": figures})
    assert "| left half | OpenCV |" in told
    assert "the command" in told
    assert render_completion({}) == ""
