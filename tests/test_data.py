"""Fashion-MNIST, image folders and the endless shuffled stream."""

import gzip
import shutil

import numpy as np
import pytest
from PIL import Image

from model.garments import SYSTEM_FOLDER, heldout_indices
from tests.conftest import break_chunk
from training.data import (
    DataError,
    batch_indices,
    batch_noise,
    load_fashion_mnist,
    load_image_folder,
)

NAMES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")


def test_splits_have_the_stated_sizes_and_do_not_overlap():
    train, heldout, test = (load_fashion_mnist(split) for split in ("train", "heldout", "test"))
    assert (len(train), len(heldout), len(test)) == (55_000, 5_000, 10_000)
    assert np.bincount(heldout.labels).tolist() == [500] * 10
    assert len(np.unique(heldout_indices())) == 5_000


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(
        DataError, match=r"missing.*train-images.*dataset-fashion-mnist, or set FASH"
    ):
        load_fashion_mnist("train", tmp_path)
    (tmp_path / NAMES[0]).write_bytes(b"not gzip")
    with pytest.raises(DataError, match=r"damaged.*train-images"):
        load_fashion_mnist("train", tmp_path)
    (tmp_path / NAMES[0]).write_bytes(gzip.compress(b"\0" * 100))
    with pytest.raises(DataError, match=r"checksum.*dataset-fashion-mnist, or set FASHION_MNIST"):
        load_fashion_mnist("train", tmp_path)
    packed = bytearray(gzip.compress(np.random.RandomState(0).bytes(1000) + b"\0" * 5000))
    packed[10:30] = b"\xff" * 20  # a whole header before what makes no sense
    (tmp_path / NAMES[0]).write_bytes(packed)
    with pytest.raises(DataError, match=r"damaged.*train-images"):
        load_fashion_mnist("train", tmp_path)


@pytest.mark.skipif(not SYSTEM_FOLDER.is_dir(), reason="needs the packaged files to copy")
def test_own_folder_is_read_and_a_cut_file_is_refused(tmp_path):
    for name in NAMES:
        shutil.copy(SYSTEM_FOLDER / name, tmp_path / name)
    assert len(load_fashion_mnist("train", tmp_path)) == 55_000
    whole = (tmp_path / NAMES[1]).read_bytes()
    (tmp_path / NAMES[1]).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"damaged.*train-labels"):
        load_fashion_mnist("train", tmp_path)


def test_image_folder_takes_classes_from_sub_folders(tmp_path):
    for name, level in (("boots", 10), ("shirts", 200)):
        (tmp_path / name).mkdir()
        Image.new("RGB", (40, 30), (level, level, level)).save(tmp_path / name / "one.png")
    pictures = load_image_folder(tmp_path, 16, 3)
    assert pictures.class_names == ("boots", "shirts")
    assert pictures.pixels.shape == (2, 16, 16, 3)
    assert pictures.pixels[:, 0, 0, 0].tolist() == [10, 200]
    (tmp_path / "boots" / "two.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"two\.png"):
        load_image_folder(tmp_path, 16, 3)
    Image.new("RGB", (40, 30)).save(tmp_path / "boots" / "two.png")
    break_chunk(tmp_path / "boots" / "two.png")
    with pytest.raises(DataError, match=r"two\.png"):
        load_image_folder(tmp_path, 16, 3)
    with pytest.raises(DataError, match="no such folder"):
        load_image_folder(tmp_path / "nowhere", 16, 3)


def test_the_stream_can_start_anywhere():
    whole = batch_indices(10, seed=3, start=0, size=40)
    parts = [batch_indices(10, 3, start, 8) for start in range(0, 40, 8)]
    assert np.concatenate(parts).tolist() == whole.tolist()
    for number in range(4):
        assert sorted(whole[number * 10 : number * 10 + 10]) == list(range(10))
    assert whole[:10].tolist() != whole[10:20].tolist()


def test_noise_depends_on_seed_place_and_stream_only():
    base = batch_noise(0, 64, (8, 4), stream=1)
    assert np.array_equal(base, batch_noise(0, 64, (8, 4), stream=1))
    for other in (batch_noise(1, 64, (8, 4), 1), batch_noise(0, 128, (8, 4), 1),
                  batch_noise(0, 64, (8, 4), 2)):  # fmt: skip
        assert not np.allclose(base, other)
