"""What the collection asks the server: garments by the dozen, archives, labelled data."""

import base64
import csv
import gzip
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.keepsake import AI_NOTICE, read_stamp
from model.studio import Studio
from tests.conftest import TINY
from ui import dataset
from ui.collection import Collection
from ui.dataset import DatasetBusyError, make_plan, proof_of, write_dataset
from ui.desk import Desk, answering


@pytest.fixture
def collection(studio: Studio) -> Collection:
    return Collection(Desk(studio))


def unzipped(answer: dict[str, Any]) -> zipfile.ZipFile:
    head, _, data = answer["file"].partition(",")
    assert head == "data:application/zip;base64"
    return zipfile.ZipFile(io.BytesIO(base64.b64decode(data)))


def test_one_bad_recipe_does_not_hide_the_others(collection: Collection, studio: Studio) -> None:
    good = [studio.garment("dress", 4), studio.garment("bag", 5)]
    other = good[0].text.replace(studio.digest, "0badcafe")
    answer = collection.open_many({"recipes": [good[0].text, "nonsense", other, 7, good[1].text]})
    assert answer["places"] == [0, 4]
    assert [garment["recipe"] for garment in answer["garments"]] == [each.text for each in good]
    pixels = np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8)
    assert np.array_equal(pixels, studio.draw(good).ravel())
    assert [(each["place"], each["reason"]) for each in answer["refused"]] == [
        (1, "malformed"), (2, "revision"), (3, "malformed"),
    ]  # fmt: skip
    assert collection.open_many({"recipes": ["x"]})["pixels"] == ""


@pytest.mark.parametrize("recipes", [None, [], "x", 7, ["x"] * 61, {"a": 1}])
def test_a_list_of_another_size_is_refused(collection: Collection, recipes: object) -> None:
    answer = answering(collection.open_many)({"recipes": recipes})
    assert "recipes must be a list of 1..60" in answer["error"]


def test_a_recipe_of_a_model_that_is_not_here_is_sound(
    collection: Collection, studio: Studio
) -> None:
    good = studio.garment("dress", 4).text
    elsewhere = [
        good.replace(studio.digest, "0badcafe"),
        good.replace(f"~{studio.name}~", "~user/x~"),
    ]
    wrong = {
        "malformed": ["nonsense", "", 7, None, good[:-1], good + "~", "x" * 7000],
        "version": [good.replace("tr1", "tr2")],
        "label": [good.replace("~3:4:", "~10:4:")],
        "direction": [good.replace("~~", "~no-such:1~")],
        "dye": [good.rpartition("~")[0] + "~pink"],
    }
    texts = [good, *elsewhere, *(text for bad in wrong.values() for text in bad)]
    refused = collection.check_recipes({"recipes": texts})["refused"]
    expected = [
        "dye" if text == good[:-1] else reason for reason, bad in wrong.items() for text in bad
    ]
    assert [each["reason"] for each in refused] == expected
    assert [each["place"] for each in refused] == list(range(3, len(texts)))
    answer = answering(collection.check_recipes)({"recipes": ["x"] * 501})
    assert "recipes must be a list of 1..500" in answer["error"]


def test_an_archive_holds_pictures_that_tell_their_recipes(
    collection: Collection, studio: Studio
) -> None:
    garments = [studio.garment("dress", 4), studio.garment("dress", 4, dye="ink")]
    request = {"recipes": [garment.text for garment in garments], "language": "pt"}
    archive = unzipped(collection.archive(request))
    assert archive.namelist() == ["Vestido-4.png", "Vestido-4-2.png", "index.csv", "recipes.txt"]
    called = unzipped(collection.archive({**request, "names": ["Vestido 4.2", "../../etc"]}))
    assert called.namelist()[0].startswith("Vestido-4")
    assert not any("/" in name or name.startswith(".") for name in called.namelist())
    for names in ("Vestido", ["Vestido"], [1, 2], ["\n", "b"], ["x" * 101, "b"]):
        assert "error" in answering(collection.archive)({**request, "names": names}), names
    stamps = [read_stamp(archive.read(name)) for name in archive.namelist()[:2]]
    assert stamps == request["recipes"]
    for wrong in ({"recipes": ["x"] * 201}, {"language": "xx"}, {"recipes": ["x"]}):
        assert "error" in answering(collection.archive)({**request, **wrong})


def test_labelled_data_are_what_the_seeds_draw(
    collection: Collection, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    request = {"count": 100, "labels": [3, 8], "daring": 0.5, "seed": 40}
    archive = unzipped(collection.dataset(request))
    rows = list(csv.DictReader(io.StringIO(archive.read("labels.csv").decode())))
    assert len(rows) == 100
    assert [(row["label"], row["seed"]) for row in rows[:3]] == [
        ("3", "40"), ("8", "41"), ("3", "42"),
    ]  # fmt: skip
    assert {row["file"] for row in rows} <= set(archive.namelist())
    idx = gzip.decompress(archive.read("idx/train-images-idx3-ubyte.gz"))
    size = TINY.image_size**2
    drawn = studio.generator.sample([3], [40], 0.5)
    assert idx[16 : 16 + size] == np.ascontiguousarray(drawn[0]).tobytes()
    assert archive.read("README.txt").decode().startswith(AI_NOTICE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"count": 99}, {"count": 2001}, {"count": "100"}, {"count": float("nan")}, {"count": True},
        {"labels": []}, {"labels": [10]}, {"labels": [1, 1]}, {"labels": "all"},
        {"labels": [[1]]}, {"daring": 3}, {"daring": "bold"}, {"seed": -1}, {"seed": 2**32},
    ],
)  # fmt: skip
def test_labelled_data_out_of_bounds_are_refused_by_the_field(
    collection: Collection, change: dict[str, object]
) -> None:
    request = {"count": 100, "labels": None, "daring": 1, "seed": 0, **change}
    assert next(iter(change)) in answering(collection.dataset)(request)["error"]


def test_one_file_of_data_at_a_time(collection: Collection, studio: Studio) -> None:
    plan = make_plan(studio, 100, None, None, 0)
    with dataset._turn:
        with pytest.raises(DatasetBusyError):
            write_dataset(studio, plan)
        answer = collection.dataset({"count": 100, "seed": 0})
        assert answer["reason"] == "dataset_busy"
    assert write_dataset(studio, plan) == write_dataset(studio, plan)


def test_the_proof_is_of_these_weights_or_absent(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert proof_of(studio) is None
    monkeypatch.setattr(dataset, "_FOLDERS", tmp_path)
    (tmp_path / "a").mkdir()
    metrics = tmp_path / "a" / "metrics.json"
    metrics.write_text("{}")
    assert proof_of(studio) is None
    metrics.write_text(
        f'{{"generator_sha256": "{studio.digest}ff", "cas_accuracy": '
        '{"value": 0.8, "floor": 0.9, "samples": 10000, "date": "2026-11-24"}}'
    )
    assert proof_of(studio) == {
        "value": 0.8, "real": 0.9, "samples": 10000, "date": "2026-11-24",
    }  # fmt: skip
