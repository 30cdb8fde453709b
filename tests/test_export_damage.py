"""Exports gone wrong: files missing or damaged, full and forbidden disks, figures, and memory."""

import contextlib
import json
import math
import os
import random
import re
import shutil
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from model import export_check, export_formats
from model.export import STATE_FILE, ExportError, export_images, finished_images, safe_on_disk
from model.weights import load_generator
from tests.benchmarks.export_memory import measure
from tests.test_export import contents, plan_of
from training.data import ImageSet
from training.export import main as export
from training.export_metrics import describe_gaps, measured_before
from training.export_proof import RealData, cas_gaps, copies
from training.export_read import read_export

IMAGES, LABELS = export_formats.IDX_IMAGES, export_formats.IDX_LABELS
PARQUET = "data/train-00001-of-00004.parquet"
PICTURE = "images/3-dress/0000000010.png"


@pytest.fixture(scope="module")
def generator(tiny_model):
    return load_generator(tiny_model)


@pytest.fixture(scope="module")
def finished(generator, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "finished"
    export_images(generator, plan_of(), folder)
    return folder


@pytest.fixture(scope="module")
def halfway(generator, tmp_path_factory) -> Path:
    """Two of four shards."""
    folder = tmp_path_factory.mktemp("exports") / "halfway"

    def stop(done: int, total: int) -> None:
        if done == 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_images(generator, plan_of(), folder, stop)
    return folder


def shorten(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    path.write_bytes(b"a letter" * (path.stat().st_size // 8 + 1))


DAMAGE: list[tuple[str, Callable[[Path], object], str]] = [
    ("images", shutil.rmtree, r"images/\S+ is missing"),
    (PICTURE, Path.unlink, rf"{PICTURE} is missing"),
    ("labels.csv", Path.unlink, r"labels\.csv is missing"),
    ("labels.csv", shorten, r"labels\.csv is short, [\d,]+ bytes of [\d,]+"),
    ("idx", shutil.rmtree, rf"{IMAGES} is missing"),
    (LABELS, Path.unlink, rf"{LABELS} is missing"),
    (IMAGES, shorten, rf"{IMAGES} is short"),
    (IMAGES, overwrite, rf"{IMAGES} is damaged \(not a gzip file\)"),
    ("data", shutil.rmtree, r"data/train-00000-of-00004\.parquet is missing"),
    (PARQUET, Path.unlink, rf"{PARQUET} is missing"),
    (PARQUET, shorten, rf"{PARQUET} is damaged \(not a whole Parquet file\)"),
    (PARQUET, overwrite, rf"{PARQUET} is damaged"),
]


@pytest.mark.parametrize("state", ["finished", "halfway"])
@pytest.mark.parametrize(("name", "harm", "said"), DAMAGE)
def test_damage_is_said_before_anything_is_written(
    generator, request, tmp_path, state, name, harm, said
):
    folder = tmp_path / "harmed"
    shutil.copytree(request.getfixturevalue(state), folder)
    harm(folder / name)
    before = contents(folder)
    advice = rf": the export is damaged, delete {folder} and start again$"
    with pytest.raises(ExportError, match=said + r".*" + advice):
        export_images(generator, plan_of(), folder)
    assert contents(folder) == before


def test_what_is_whole_is_taken_as_such(generator, finished, halfway, tmp_path):
    """What a kill left behind the safe part is no damage; other files are left alone."""
    folder = tmp_path / "resumed"
    shutil.copytree(halfway, folder)
    with (folder / IMAGES).open("ab") as file:
        file.write(b"half of a shard")
    (folder / "images" / "3-dress" / "note.txt").write_text("mine")
    export_images(generator, plan_of(), folder)
    (folder / "images" / "3-dress" / "note.txt").unlink()
    assert contents(folder) == contents(finished)


def test_pictures_in_folders_by_shard_are_looked_for(generator, tmp_path, monkeypatch):
    for module in (export_formats, export_check):
        monkeypatch.setattr(module, "FLAT_IMAGES", 100)
    plan = plan_of(labels=(3, 5, 9), formats=("folder",))
    export_images(generator, plan, tmp_path / "a")
    export_images(generator, plan, tmp_path / "a")
    gone = next((tmp_path / "a" / "images" / "5-sandal" / "part-00002").iterdir())
    gone.unlink()
    with pytest.raises(ExportError, match=rf"{gone} is missing"):
        export_images(generator, plan, tmp_path / "a")


@pytest.mark.parametrize(
    "change", [{"shards_done": "four"}, {"shards_done": 9}, {"sizes": []}, {"sizes": {}}]
)
def test_a_state_that_cannot_be_is_said(generator, finished, tmp_path, change):
    shutil.copytree(finished, tmp_path / "a")
    state = json.loads((tmp_path / "a" / STATE_FILE).read_text())
    (tmp_path / "a" / STATE_FILE).write_text(json.dumps(state | change))
    with pytest.raises(ExportError, match=r"export\.json is damaged .*delete .*a and start again"):
        export_images(generator, plan_of(), tmp_path / "a")


def read(folder: Path, generator, name: str) -> list[int]:
    plan = plan_of(formats=(name,))
    return [int(pixels.sum()) for pixels, _ in read_export(folder, plan, generator.config)]


@pytest.mark.parametrize(
    ("format_name", "name"),
    [("idx", IMAGES), ("idx", LABELS), ("parquet", PARQUET), ("folder", PICTURE),
     ("folder", "labels.csv")],
)  # fmt: skip
def test_reading_what_is_damaged_names_the_file(generator, finished, tmp_path, format_name, name):
    """Any byte changed, any part lost: the same pictures, or an error that names the export."""
    folder = tmp_path / "harmed"
    shutil.copytree(finished, folder)
    path, whole = folder / name, (finished / name).read_bytes()
    path.unlink()
    with pytest.raises(ExportError, match=rf"{name} is missing: .*delete {folder}"):
        read(folder, generator, format_name)
    cut_off = random.Random(1)
    refused = []
    for trial in range(60):
        content = bytearray(whole)
        place = cut_off.randrange(len(content))
        if trial % 3:
            content[place] ^= 1 << cut_off.randrange(8)
        else:
            del content[place:]
        path.write_bytes(content)
        try:
            read(folder, generator, format_name)
        except ExportError as error:
            refused.append(str(error))
    assert len(refused) >= 20  # all that were cut off
    for said in refused:
        assert said.startswith(str(folder))
        assert f"the export is damaged, delete {folder} and start again" in said
    path.write_bytes(whole)
    assert read(folder, generator, format_name) == read(finished, generator, format_name)


def test_a_whole_file_of_another_export_is_refused(generator, finished, tmp_path):
    for change, said in (
        ({"count": 90}, "not the start of these pictures"),
        ({"labels": (3,)}, "holds other labels"),
    ):
        folder = tmp_path / str(change.get("labels", "fewer"))
        export_images(generator, plan_of(**change, formats=("idx",)), folder)
        with pytest.raises(ExportError, match=said):
            read(folder, generator, "idx")


def command(model: Path, out: Path, *more: str) -> list[str]:
    return [str(model), "--count", "20", "--no-proof", "--out", str(out), *more]


def test_the_command_says_what_is_missing(tiny_model, tmp_path, capsys):
    out = tmp_path / "made"
    assert export(command(tiny_model, out)) == 0
    shutil.rmtree(out / "images")
    capsys.readouterr()
    assert export(command(tiny_model, out)) == 1
    assert re.fullmatch(
        rf"error: {out}/images/\S+ is missing: the export is damaged, delete {out} and start "
        r"again\n",
        capsys.readouterr().err,
    )


@pytest.mark.parametrize("name", ["metrics.json", "sheet.png", "README.md"])
def test_a_disk_that_is_full_after_the_pictures(tiny_model, tmp_path, capsys, name):
    out = tmp_path / "made"
    assert export(command(tiny_model, out)) == 0
    whole = contents(out)
    (out / name).unlink()
    part = out / f".{name}.part"
    part.symlink_to("/dev/full")
    capsys.readouterr()
    assert export(command(tiny_model, out)) == 1
    assert capsys.readouterr().err == (
        f"error: the disk is full: {out} holds 20 of 20 pictures, which are safe; make room and "
        "run the same command again\n"
    )
    part.unlink()
    assert export(command(tiny_model, out)) == 0
    assert contents(out) == whole


def test_a_disk_that_is_full_from_the_start_or_another_one(generator, finished, tmp_path):
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / f".{STATE_FILE}.part").symlink_to("/dev/full")
    with pytest.raises(ExportError, match=r"disk is full: .*full holds 0 of 130 pictures"):
        export_images(generator, plan_of(), folder)
    said = r"^the disk of runs/cache is full: .*finished holds 130 of 130 pictures"
    with (
        pytest.raises(ExportError, match=said),
        safe_on_disk(finished, plan_of(), "the disk of runs/cache"),
    ):
        Path("/dev/full").write_bytes(b"figures")


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of root, which may write anywhere."""
    before = os.geteuid()
    if not before:
        os.seteuid(65534)
    try:
        yield
    finally:
        if not before:
            os.seteuid(before)


def test_a_place_that_is_not_ours_is_named(generator, tmp_path):
    plan = plan_of(formats=("idx",), count=20)
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o555)
        new, there = Path(home) / "new", Path(home) / "there"
        there.mkdir(0o555)
        for folder in (new, there):
            said = rf"{folder}\S* cannot be read or written \(Permission denied\): change its perm"
            with nobody(), pytest.raises(ExportError, match=said):
                export_images(generator, plan, folder)
        Path(home).chmod(0o700)
        assert finished_images(there) == 0


def test_a_place_that_cannot_be_is_named(tiny_model, tmp_path, capsys):
    (tmp_path / "letter").write_text("mine")
    for out in (tmp_path / "letter" / "a", tmp_path / ("a" * 300), Path("/proc/nowhere/a")):
        assert export(command(tiny_model, out)) == 1
        said = capsys.readouterr().err
        assert str(out) in said or str(out.parent) in said
        assert "cannot be made" in said
        assert "choose another folder" in said


def test_a_model_folder_that_is_not_there_is_said(tiny_model, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for source in ("/no/such/folder", "./here", "../there", "~/models", "a/b/c", "/a@b"):
        assert export([source, "--out", str(tmp_path / "x")]) == 1
        assert capsys.readouterr().err == f"error: there is no folder {source}\n"
    (tmp_path / "weights").write_text("")
    assert export(["./weights", "--out", str(tmp_path / "x")]) == 1
    assert capsys.readouterr().err == "error: ./weights is a file and no folder\n"
    for source in ("name", "user/name@", "https://host/a"):
        assert export([source, "--out", str(tmp_path / "x")]) == 1
        assert re.search("source must be|revision must be", capsys.readouterr().err)
    assert not (tmp_path / "x").exists()


CAS = {"value": 0.85, "samples": 10_000, "test_pictures": 10_000,
       "real": {"value": 0.93, "samples": 55_000},
       "real_as_many": {"value": 0.88, "samples": 10_000}}  # fmt: skip


def test_the_two_gaps_have_their_own_names():
    gaps = cas_gaps(CAS)
    many, every = gaps["cas_gap"], gaps["cas_gap_all"]
    assert (many["value"], many["real_samples"]) == (3.0, 10_000)
    assert (every["value"], every["real_samples"]) == (8.0, 55_000)
    error = 100 * math.sqrt(0.85 * 0.15 / 10_000 + 0.88 * 0.12 / 10_000)
    assert many["error"] == pytest.approx(error, rel=1e-4)
    assert describe_gaps(gaps) == (
        "gap 3.00 ± 0.48 points to as many real ones, 8.00 ± 0.44 points to all 55,000 real ones"
    )
    large = {name: value for name, value in CAS.items() if name != "real_as_many"}
    gaps = cas_gaps(large | {"samples": 60_000})
    assert gaps["cas_gap"] == gaps["cas_gap_all"]
    assert describe_gaps(gaps) == "gap 8.00 ± 0.44 points to all 55,000 real ones"


def test_figures_of_an_older_export_are_converted_or_measured_again(tmp_path):
    about = {"command": "c", "generator_sha256": "s"}
    old = {"about": about, "cas": CAS, "cas_gap": {"value": 8.0}, "copies": {}}
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(old))
    found = measured_before(tmp_path, about)
    assert found == {"about": about, "cas": CAS, "copies": {}, **cas_gaps(CAS)}
    assert measured_before(tmp_path, {**about, "command": "another"}) is None
    path.write_text(json.dumps(old | {"cas": {"value": 0.85}}))
    assert measured_before(tmp_path, about) is None
    for text in ("", "[]", "{", '{"about": {"command": "c", "generator_sha256": "s"}, "cas": 3}'):
        path.write_text(text)
        assert measured_before(tmp_path, about) is None
    path.unlink()
    assert measured_before(tmp_path, about) is None


def small(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 1), dtype=np.uint8)


def small_real() -> RealData:
    def images(count: int, seed: int) -> ImageSet:
        return ImageSet(torch.from_numpy(small(count, seed)), torch.zeros(count).long(), ("a",))

    return RealData(images(100, 1), images(50, 2), images(50, 3))


def test_copies_are_counted_as_a_set_would():
    real = small_real()
    pixels = np.concatenate((small(3_000, 4), small(500, 4), small(100, 1)[:30], small(700, 4)))
    pixels = pixels[np.random.default_rng(5).permutation(len(pixels))]
    parts = np.array_split(pixels, 7)
    found = copies(((part, np.zeros(len(part))) for part in parts), real, len(pixels))
    different = {picture.tobytes() for picture in pixels}
    known = {picture.tobytes() for picture in real.train.pixels.numpy()}
    assert found["exact_among_themselves"] == len(pixels) - len(different) == 1200
    assert found["exact_of_training"] == sum(p.tobytes() in known for p in pixels) == 30


def test_looking_for_copies_takes_eight_bytes_a_picture():
    real, peaks = small_real(), []
    for count in (60_000, 160_000):
        batches = ((small(1_000, 10 + n), np.zeros(1_000)) for n in range(count // 1_000))
        tracemalloc.start()
        copies(batches, real, count)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / 100_000 < 10


def test_the_benchmark_of_memory_measures_every_part(generator, tmp_path):
    found = measure(generator, plan_of(formats=("idx", "parquet")), tmp_path / "a")
    assert 0 < found.first <= found.drawn <= found.read
    assert found.copies is None
    assert found.pace > 0
