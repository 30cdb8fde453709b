"""Exports: the bytes, interruptions of every kind, the proof, the command and the push."""

import csv
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from torchvision.datasets import ImageFolder
from torchvision.datasets.mnist import read_image_file, read_label_file

from model.export import (
    STATE_FILE,
    ExportError,
    ExportPlan,
    export_images,
    finished_images,
    parse_labels,
    shard_size,
)
from model.export_formats import FLAT_IMAGES, Shard, image_path
from model.weights import generator_sha256, load_generator
from tests.conftest import TINY
from tests.hub_server import TOKEN, WRONG_TOKEN, run_client, serve
from tests.test_cas import TINY as TINY_CAS
from tests.test_cas import cut
from training.data import ImageSet, load_fashion_mnist
from training.export import main as export
from training.export_card import render_card
from training.export_proof import RealData, copies, load_real, prove
from training.export_read import read_export

ROOT = Path(__file__).parent.parent


def plan_of(**changes) -> ExportPlan:
    fields = {"labels": tuple(range(10)), "count": 130, "seed": 7, "shard_images": 40}
    return ExportPlan(**{**fields, **changes})


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def generator(tiny_model):
    return load_generator(tiny_model)


@pytest.fixture(scope="module")
def whole(generator, tmp_path_factory) -> Path:
    """An export without interruption."""
    folder = tmp_path_factory.mktemp("exports") / "whole"
    export_images(generator, plan_of(), folder)
    return folder


def expected(generator) -> tuple[np.ndarray, list[int]]:
    labels = [place % 10 for place in range(130)]
    return generator.sample(labels, list(range(7, 137))), labels


def test_idx_files_are_read_by_torchvision(whole, generator, tmp_path):
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (tmp_path / name).write_bytes(gzip.decompress((whole / f"idx/{name}.gz").read_bytes()))
    pixels, labels = expected(generator)
    read = read_image_file(str(tmp_path / "train-images-idx3-ubyte"))
    assert np.array_equal(read.numpy(), pixels[..., 0])
    assert read_label_file(str(tmp_path / "train-labels-idx1-ubyte")).tolist() == labels


def test_the_folder_is_read_by_torchvision_with_the_same_labels(whole, generator):
    pixels, labels = expected(generator)
    found = {
        Path(path).stem: (path, label) for path, label in ImageFolder(whole / "images").samples
    }
    with (whole / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found) == 130
    for place, row in enumerate(rows):
        path, label = found[f"{7 + place:010d}"]
        assert (whole / row["file"]).samefile(path)
        assert label == labels[place] == int(row["label"])
        assert int(row["seed"]) == 7 + place
    assert rows[9]["class"] == "Ankle boot"
    batches = list(read_export(whole, plan_of(formats=("folder",)), generator.config))
    assert np.array_equal(np.concatenate([part for part, _ in batches]), pixels)


def test_parquet_is_read_by_datasets(whole, generator, tmp_path):
    program = (
        "import datasets, sys, numpy; d = datasets.load_dataset(sys.argv[1], split='train');"
        "print(len(d), type(d.features['image']).__name__, d.features['label'].names[9],"
        " d['label'][:3], d['seed'][:2]);"
        "print(numpy.asarray(d[12]['image']).sum())"
    )
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", program, str(whole)], capture_output=True,
                          text=True, env=environment)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    first, last = done.stdout.strip().splitlines()
    assert first == "130 Image Ankle boot [0, 1, 2] [7, 8]"
    assert int(last) == int(expected(generator)[0][12].sum())


def test_every_format_alone_is_the_same_pictures(whole, generator, tmp_path):
    pixels, labels = expected(generator)
    for name in ("idx", "parquet"):
        batches = list(read_export(whole, plan_of(formats=(name,)), generator.config))
        assert np.array_equal(np.concatenate([part for part, _ in batches]), pixels)
        assert np.concatenate([part for _, part in batches]).tolist() == labels
    (tmp_path / "data").mkdir()
    export_images(generator, plan_of(formats=("idx",)), tmp_path / "idx only")
    assert {name.split("/")[0] for name in contents(tmp_path / "idx only")} == {STATE_FILE, "idx"}


@pytest.mark.parametrize("when", [0, 40, 120])
def test_stopped_anywhere_and_resumed_is_the_same_bytes(whole, generator, tmp_path, when):
    def stop(done: int, total: int) -> None:
        if done == when:
            raise KeyboardInterrupt

    folder = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        export_images(generator, plan_of(), folder, stop)
    assert finished_images(folder) == when
    # What a kill in the middle of a shard leaves: tails, half files, temporary files.
    (folder / "idx").mkdir(exist_ok=True)
    for name in ("labels.csv", "idx/train-images-idx3-ubyte.gz"):
        with (folder / name).open("ab") as file:
            file.write(b"half of a shard")
    (folder / f".{STATE_FILE}.part").write_bytes(b"{")
    export_images(generator, plan_of(), folder)
    assert contents(folder) == contents(whole)


def test_killed_and_resumed_is_the_same_bytes(generator, tiny_model, tmp_path):
    """kill -9, twice, of a process that writes."""
    plan = plan_of(count=600, shard_images=30)
    program = (
        (
            "import sys; from model.export import *; from model.weights import load_generator\n"
            f"export_images(load_generator({str(tiny_model)!r}), ExportPlan(**{plan.to_dict()!r}"
            "| {'labels': tuple(range(10)), 'formats': FORMATS}), sys.argv[1])"
        )
        .replace("ExportPlan(**{", "ExportPlan(**({")
        .replace("FORMATS})", "FORMATS}))")
    )
    folder = tmp_path / "killed"
    for least in (30, 240):
        process = subprocess.Popen([sys.executable, "-c", program, str(folder)], cwd=ROOT)
        while finished_images(folder) < least and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 240 <= finished_images(folder) < 600
    export_images(generator, plan, folder)
    export_images(generator, plan, tmp_path / "whole")
    assert contents(folder) == contents(tmp_path / "whole")


def test_a_full_disk_is_said_and_resumed(whole, generator, tmp_path):
    folder = tmp_path / "full"
    (folder / "data").mkdir(parents=True)
    # As if a first run had been killed in its first shard, so that the folder is an export.
    (folder / STATE_FILE).write_text(json.dumps(
        {"format_version": 1, "plan": plan_of().to_dict(), "shards_done": 0, "sizes": {}}
    ))  # fmt: skip
    part = folder / "data" / ".train-00001-of-00004.parquet.part"
    part.symlink_to("/dev/full")
    with pytest.raises(ExportError, match=r"disk is full.*full holds 40 of 130"):
        export_images(generator, plan_of(), folder)
    part.unlink()
    export_images(generator, plan_of(), folder)
    assert {k: v for k, v in contents(folder).items() if k != STATE_FILE} == {
        k: v for k, v in contents(whole).items() if k != STATE_FILE
    }


def test_too_little_room_is_said_beforehand(generator, tmp_path):
    with pytest.raises(ExportError, match=r"bytes free, and 4,000,000,000 pictures"):
        export_images(generator, plan_of(count=4_000_000_000, shard_images=10_000), tmp_path / "a")


def test_other_contents_are_left_alone(whole, generator, tmp_path):
    before = contents(whole)
    for change, field in (({"count": 131}, "count"), ({"daring": 0.5}, "daring"),
                          ({"labels": (3,)}, "labels"), ({"generator_sha256": "0"}, "gen")):  # fmt: skip
        with pytest.raises(ExportError, match=rf"whole holds another export, with {field}"):
            export_images(generator, plan_of(**change), whole)
    assert contents(whole) == before
    (tmp_path / "mine.txt").write_text("a letter")
    with pytest.raises(ExportError, match=re.escape(f"{tmp_path} is not empty")):
        export_images(generator, plan_of(), tmp_path)
    with pytest.raises(ExportError, match=r"mine\.txt is a file"):
        export_images(generator, plan_of(), tmp_path / "mine.txt")
    assert contents(tmp_path) == {"mine.txt": b"a letter"}
    (tmp_path / "b").mkdir()
    for text in ("{", "{}", '{"format_version": 9, "plan": {}, "shards_done": 1, "sizes": {}}'):
        (tmp_path / "b" / STATE_FILE).write_text(text)
        assert finished_images(tmp_path / "b") == 0
        with pytest.raises(ExportError, match="b"):
            export_images(generator, plan_of(), tmp_path / "b")


def test_a_shortened_file_and_a_second_writer_are_refused(generator, tmp_path):
    folder = tmp_path / "twice"

    def second(done: int, total: int) -> None:
        if done == 40:
            with pytest.raises(ExportError, match="another command is writing"):
                export_images(generator, plan_of(), folder)
        if done == 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_images(generator, plan_of(), folder, second)
    os.truncate(folder / "labels.csv", 10)
    with pytest.raises(ExportError, match=r"labels\.csv is short, 10 bytes of"):
        export_images(generator, plan_of(), folder)


def test_plans_and_labels_name_what_is_wrong(generator, plain_model, tmp_path):
    assert parse_labels("all", TINY) == tuple(range(10))
    assert parse_labels("Dress, casaco,7", TINY) == (3, 4, 7)
    with pytest.raises(ValueError, match="every class once"):
        parse_labels("dress,vestido", TINY)
    with pytest.raises(ValueError, match="hat"):
        parse_labels("dress,hat", TINY)
    for change, match in (
        ({"count": 0}, "count must be at least 1, not 0"),
        ({"seed": -1}, "seed must be in"),
        ({"seed": 2**32 - 3}, "seed must be in"),
        ({"daring": 2.5}, "daring must be in"),
        ({"formats": ("idx", "zip")}, "formats must be of folder, idx, parquet.*zip"),
        ({"formats": ()}, "formats"),
        ({"labels": ()}, "labels"),
        ({"labels": (1, 1)}, "labels"),
    ):
        with pytest.raises(ValueError, match=match):
            plan_of(**change)
    with pytest.raises(ValueError, match=r"labels must be in 0\.\.9"):
        export_images(generator, plan_of(labels=(11,)), tmp_path / "a")
    with pytest.raises(ValueError, match="class means"):
        export_images(load_generator(plain_model), plan_of(daring=0.5), tmp_path / "a")
    assert not (tmp_path / "a").exists()
    assert shard_size(TINY) == 10_000


def test_parquet_without_pyarrow_is_explained(tiny_model, tmp_path):
    program = f"""
import sys
sys.modules["pyarrow"] = None
from model.export import ExportPlan, export_images
from model.weights import load_generator
generator = load_generator({str(tiny_model)!r})
try:
    export_images(generator, ExportPlan(labels=(0,), count=1), {str(tmp_path / "a")!r})
except ValueError as error:
    print(error)
export_images(generator, ExportPlan(labels=(0,), count=1, formats=("idx",)), {str(tmp_path / "b")!r})
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pip install pyarrow" in done.stdout


def test_folders_of_a_large_export_are_split():
    fields = {"number": 3, "of": 20, "pixels": np.zeros((1, 4, 4, 1), np.uint8), "daring": 1.0,
              "labels": np.array([0]), "seeds": np.array([12])}  # fmt: skip
    names = ["a/b"] * 11
    assert (
        image_path(Shard(count=FLAT_IMAGES, **fields), 0, names) == "images/00-a-b/0000000012.png"
    )
    large = image_path(Shard(count=FLAT_IMAGES + 1, **fields), 0, names)
    assert large == "images/00-a-b/part-00003/0000000012.png"


@pytest.fixture(scope="module")
def real() -> RealData:
    train, heldout, test = (load_fashion_mnist(name) for name in ("train", "heldout", "test"))
    return RealData(cut(train, 1500), cut(heldout, 300), cut(test, 300))


def test_planted_copies_are_found(real):
    other = load_fashion_mnist("test").pixels.numpy()[-200:]
    clean = copies(iter([(other, np.zeros(200))]), real, 200)
    assert (clean["exact_of_training"], clean["exact_among_themselves"]) == (0, 0)
    assert clean["near_of_training"]["value"] < 0.06
    stolen = real.train.pixels.numpy()[:20]
    nearly = np.clip(real.train.pixels.numpy()[20:50].astype(int) + 1, 0, 255).astype(np.uint8)
    mixed = np.concatenate((other[:150], stolen, nearly, other[:5]))
    found = copies(iter([(mixed[:100], 0), (mixed[100:], 0)]), real, len(mixed))
    assert found["exact_of_training"] == 20
    assert found["exact_among_themselves"] == 5
    assert found["near_of_training"]["value"] > 0.24
    assert found["nearest_grey_levels"]["smallest"] == 0


def test_the_proof_goes_into_the_card(whole, generator, real, tmp_path):
    plan, config = plan_of(), generator.config
    metrics = prove(whole, plan, config, real, cas=TINY_CAS, cache_dir=tmp_path)
    assert set(metrics) == {"cas", "cas_gap", "cas_gap_all", "copies"}
    cas = metrics["cas"]
    assert cas["samples"] == cas["real_as_many"]["samples"] == 130
    assert cas["real"]["samples"] == 1500
    assert cas["floor"] == cas["real"]["value"] > cas["value"]
    assert list(cas["by_class"]) == list(config.class_names)
    for name, row in (("cas_gap", cas["real_as_many"]), ("cas_gap_all", cas["real"])):
        gap = metrics[name]
        assert gap["value"] == pytest.approx(100 * (row["value"] - cas["value"]), abs=0.01)
        assert gap["real_samples"] == row["samples"]
    about = {"command": "c", "model": "m", "model_revision": None, "generator_sha256": "s",
             "date": "d", "machine": "x"}  # fmt: skip
    card = render_card(whole, plan, config, {**metrics, "about": about}, [])
    many, every = (
        f"{metrics[name]['value']:.2f} ± {metrics[name]['error']:.2f}"
        for name in ("cas_gap", "cas_gap_all")
    )
    for wanted in ("| synthetic, 130 |", "| real, 130 |", "| real, all 1,500 |",
                   f" {many} points against as many real ones,",
                   f" {every} points against all 1,500 real ones",
                   "0 are exact copies", "--study"):  # fmt: skip
        assert wanted in card


def test_what_cannot_be_proved_is_said():
    with pytest.raises(ValueError, match="two or more"):
        load_real(TINY, (3,))
    other = type(TINY)(class_names=("a", "b"))
    with pytest.raises(ValueError, match="--no-proof"):
        load_real(other, (0, 1))
    some = load_real(TINY, (3, 4))
    assert set(some.test.labels.tolist()) == {3, 4}
    assert isinstance(some.train, ImageSet)


def test_the_command_writes_card_and_goes_on(tiny_model, tmp_path, capsys):
    out = tmp_path / "made"
    arguments = [str(tiny_model), "--labels", "dress,Casaco", "--count", "21", "--seed", "5",
                 "--no-proof", "--out", str(out)]  # fmt: skip
    assert export(arguments) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["about"]["generator_sha256"] == generator_sha256(tiny_model)
    assert metrics["about"]["samples"] == 21
    card = (out / "README.md").read_text()
    assert str(tmp_path) not in card
    assert "--labels 3,4 --count 21 --daring 1 --seed 5" in card
    header = yaml.safe_load(card.split("---")[1])
    assert header["dataset_info"]["splits"][0]["num_examples"] == 21
    assert header["task_categories"] == ["image-classification"]
    assert "synthetic" in header["tags"]
    before = contents(out)
    assert export(arguments) == 0
    assert contents(out) == before
    capsys.readouterr()
    for more, match in (
        (["--count", "22"], "made holds another export"),
        (["--labels", "hat"], "hat"),
        (["--formats", "idx,tar"], "tar"),
        (["--study"], "study is a part"),
        (["--push", "nobody"], "repo_id"),
    ):
        assert export([*arguments, *more]) == 1
        assert match in capsys.readouterr().err
    assert export(["no/where/at-all", "--out", str(tmp_path / "x")]) == 1
    assert contents(out) == before


def test_a_push_makes_a_dataset_that_can_be_loaded(tiny_model, tmp_path):
    out = tmp_path / "pushed"
    command = ["-m", "training.export", str(tiny_model), "--count", "20", "--no-proof",
               "--out", str(out), "--push"]  # fmt: skip
    with serve() as (hub, url):
        refused = run_client([*command, "tester/garments"], url, tmp_path / "home", token="")
        assert refused.returncode == 1
        assert b"HF_TOKEN" in refused.stderr
        assert not out.exists()
        wrong = run_client([*command, "tester/garments"], url, tmp_path / "home", WRONG_TOKEN)
        assert wrong.returncode == 1
        assert b"token was refused" in wrong.stderr
        done = run_client([*command, "tester/garments"], url, tmp_path / "home")
        assert done.returncode == 0, done.stderr.decode()
        files = hub.repos["dataset", "tester/garments"].files()
        assert set(files) == {
            "README.md", "metrics.json", "sheet.png", "export.json",
            "data/train-00000-of-00001.parquet",
            "idx/train-images-idx3-ubyte.gz", "idx/train-labels-idx1-ubyte.gz",
        }  # fmt: skip
        for name, file in files.items():
            assert name == "README.md" or file.content == (out / name).read_bytes()
        card = files["README.md"].content.decode()
        assert '`load_dataset("tester/garments")`' in card
        assert "labels.csv" not in card
        assert "labels.csv" in (out / "README.md").read_text()
        program = (
            "import datasets; d = datasets.load_dataset('tester/garments', split='train');"
            "print(len(d), d.features['label'].names[3], d[3]['label'])"
        )
        read = run_client(["-c", program], url, tmp_path / "reader")
        assert read.stdout.decode().split("\n")[0] == "20 Dress 3", read.stderr.decode()[-2000:]
    everything = b"".join(contents(out).values()) + done.stdout + done.stderr + wrong.stderr
    assert TOKEN.encode() not in everything
    assert WRONG_TOKEN.encode() not in everything
