"""The shipped garments are the same garments, here and next year.

`python -m tests.test_golden` writes the picture anew; do that only when the weights change.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.generator import Generator
from model.pixels import save_png
from model.weights import SHIPPED_MODEL

GOLDEN = Path(__file__).parent / "golden" / "fashion-mnist.png"
SEEDS = (0, 42, 4200, 2**32 - 1)
LABELS = range(10)


def garments(generator: Generator, daring: float) -> np.ndarray:
    """uint8 [H, W, 1]: one row a seed, one column a class."""
    labels = [label for _ in SEEDS for label in LABELS]
    seeds = [seed for seed in SEEDS for _ in LABELS]
    pixels = generator.sample(labels, seeds, daring=daring)
    rows = pixels.reshape(len(SEEDS), len(LABELS), *pixels.shape[1:])
    return np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0)


def both(generator: Generator) -> np.ndarray:
    """The garments untruncated, and below them at daring 0.7."""
    return np.concatenate([garments(generator, 1.0), garments(generator, 0.7)], axis=0)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator.from_pretrained(SHIPPED_MODEL)


def test_shipped_garments_are_within_one_level_of_the_golden_ones(generator):
    golden = np.asarray(Image.open(GOLDEN)).astype(int)
    now = both(generator)[..., 0].astype(int)
    assert np.abs(now - golden).max() <= 1


def test_seed_42_is_the_same_bytes_alone_and_in_a_batch_of_64(generator):
    alone = generator.sample([9], [42])[0]
    together = generator.sample([9] * 64, [42 if i == 17 else i + 100 for i in range(64)])
    assert np.array_equal(alone, together[17])


def test_threads_do_not_change_a_garment(generator):
    threads = torch.get_num_threads()
    first = garments(generator, 1.0)
    torch.set_num_threads(1 if threads > 1 else 2)
    try:
        second = garments(generator, 1.0)
    finally:
        torch.set_num_threads(threads)
    assert np.abs(first.astype(int) - second.astype(int)).max() <= 1


if __name__ == "__main__":
    save_png(both(Generator.from_pretrained(SHIPPED_MODEL)), GOLDEN)
