"""Directions on disk, and how they are found: by measuring, on a network where the truth is known."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

import training.derive as derive_module
import training.discover as discover_module
from model.config import ModelConfig
from model.directions import load_directions, save_directions
from model.generator import Generator
from model.weights import (
    DIRECTIONS_FILE,
    ModelFolderError,
    generator_sha256,
    load_generator,
    save_model,
)
from tests.conftest import tiny_directions
from training.derive import class_means, find_components, format_table, main
from training.discover import discover, measurable

PLANTED_AXIS = 2


class Judge(nn.Module):
    """Knows one class as long as a picture is not too bright."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, img: torch.Tensor) -> torch.Tensor:
        bright = (img.mean((1, 2, 3)) > self.limit).float()
        return torch.stack([torch.zeros_like(bright), 2 * bright - 1], dim=1)


def plant() -> Generator:
    """A network of plain grey squares whose one grey level is led by one axis of w."""
    torch.manual_seed(0)
    config = ModelConfig(
        z_dim=8, class_dim=4, w_dim=8, base_width=4, mapping_layers=0, generator_widths=(4, 4),
        discriminator_widths=(4, 4, 4),
    )  # fmt: skip
    generator = Generator(config)
    synthesis = generator.synthesis
    for parameter in synthesis.parameters():
        nn.init.zeros_(parameter)
    synthesis.norm.affine.weight[4, PLANTED_AXIS] = 0.2
    synthesis.norm.affine.bias[4] = 1.0
    synthesis.to_image.weight[0, 0, 1, 1] = 0.3
    return generator.eval().requires_grad_(False)


@pytest.fixture
def planted():
    with torch.no_grad():
        return plant()


def copy_of(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def describe_again(folder, change):
    """Rewrite the metadata of a directions file."""
    path = folder / DIRECTIONS_FILE
    with safe_open(path, framework="pt") as file:
        described = json.loads(file.metadata()["directions"])
    replaced = change(described)
    described = replaced if replaced == [] else described
    save_file(load_file(path), path, metadata={"directions": json.dumps(described)})


def test_directions_come_back_as_they_were(tiny_model):
    generator = load_generator(tiny_model)
    written = tiny_directions(generator.config, generator_sha256(tiny_model))
    read = generator.directions
    assert torch.equal(read.class_means, written.class_means)
    assert torch.equal(read.components, written.components)
    assert read.generator_sha256 == written.generator_sha256
    assert read.component_names == ("component 1", "component 2", "component 3")
    for one, other in zip(read.named, written.named, strict=True):
        assert torch.equal(one.vector, other.vector)
        same = dataclasses.replace(one, vector=other.vector)
        assert vars(same) == vars(other)


def test_the_same_directions_are_the_same_bytes(plain_model, tmp_path):
    folder = copy_of(plain_model, tmp_path)
    directions = tiny_directions(load_generator(folder).config, generator_sha256(folder))
    contents = set()
    for _ in range(3):
        save_directions(folder, directions)
        contents.add((folder / DIRECTIONS_FILE).read_bytes())
    assert len(contents) == 1
    empty = dataclasses.replace(directions, named=(), components=directions.components[:0])
    save_directions(folder, empty)
    assert load_generator(folder).directions.named == ()


def test_directions_of_another_generator_are_refused(tiny_model, tmp_path):
    folder = copy_of(tiny_model, tmp_path)
    with pytest.raises(ModelFolderError, match=f"run python -m training.derive {folder}"):
        load_directions(folder, "0" * 64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(format_version=2), "format_version 1"),
        (lambda d: d.update(more=1), "format_version 1"),
        (lambda _: [], "format_version 1"),
        (lambda d: d.update(named=3), "named must be a list"),
        (lambda d: d.update(components=True), r"components must be in 0\.\.256, not True"),
        (lambda d: d.update(components=4), "components has shape"),
        (lambda d: d["named"].pop(), "named has shape"),
        (lambda d: d["named"][0].pop("unit"), "must have the fields"),
        (lambda d: d["named"][0].update(name=""), "name must be a short text"),
        (lambda d: d["named"][0].update(effect="1"), "effect must be a number"),
        (lambda d: d["named"][0].update(low=float("nan")), "low must be a number"),
        (lambda d: d["named"][0].update(low=1.0), r"low\.\.high must hold 0"),
        (lambda d: d["named"][0].update(layers=[0, 7]), r"layers must be whole numbers in 0\.\.6"),
        (lambda d: d["named"][0].update(layers=[3, 3]), "layers must be a first and a last"),
        (lambda d: d["named"][0].update(labels=[10]), r"labels must be whole numbers in 0\.\.9"),
    ],
)
def test_damaged_descriptions_are_refused(tiny_model, tmp_path, change, message):
    folder = copy_of(tiny_model, tmp_path)
    describe_again(folder, change)
    with pytest.raises(ModelFolderError, match=message):
        load_directions(folder, generator_sha256(folder))


def test_damaged_files_are_refused(tiny_model, tmp_path):
    folder = copy_of(tiny_model, tmp_path)
    path = folder / DIRECTIONS_FILE
    whole = path.read_bytes()
    for content in (b"", whole[:50], whole[:-4], b"{" * 1000):
        path.write_bytes(content)
        with pytest.raises(ModelFolderError, match=DIRECTIONS_FILE):
            load_directions(folder, generator_sha256(folder))
    path.unlink()
    with pytest.raises(ModelFolderError, match="is missing"):
        load_directions(folder, generator_sha256(folder))


def test_class_means_are_means_of_the_mapping(planted):
    means = class_means(planted, samples=2000)
    assert means.shape == (10, 8)
    z = torch.randn(20_000, 8, generator=torch.manual_seed(5))
    w = planted.mapping(z, torch.full((20_000,), 4))
    torch.testing.assert_close(means[4], w.mean(0), rtol=0, atol=0.08)


def test_components_lead_where_the_picture_changes_most(planted):
    components = find_components(planted, class_means(planted, 2000), count=3, samples=2000)
    assert components.shape == (3, 8)
    first = torch.nn.functional.normalize(components[0], dim=0)
    spread = planted.mapping(torch.randn(4000, 8), torch.zeros(4000, dtype=torch.int64)).std(0)
    assert first[PLANTED_AXIS].abs() > 0.8
    assert components[0, PLANTED_AXIS].abs() == pytest.approx(float(spread[PLANTED_AXIS]), rel=0.1)


def test_a_planted_direction_is_found_and_nothing_else(planted):
    means = class_means(planted, 2000)
    verdicts = {v.name: v for v in discover(planted, means, Judge(2.0), (600, 50, 50))}
    found = verdicts.pop("brightness")
    assert found.reason == ""
    vector = torch.nn.functional.normalize(found.direction.vector, dim=0)
    assert vector[PLANTED_AXIS] > 0.8
    assert found.direction.correlation > 0.95
    assert found.direction.class_kept == 1
    assert (found.direction.low, found.direction.high) == (-3, 3)
    levels = planted.sample([n % 10 for n in range(200)], list(range(200)), batch_size=50)
    spread = levels.mean((1, 2, 3)).std()
    assert found.direction.effect == pytest.approx(spread, rel=0.3)
    assert all(v.reason for v in verdicts.values()), format_table(list(verdicts.values()))


def test_the_range_ends_where_the_class_does(planted):
    means = class_means(planted, 2000)
    levels = planted.sample([0] * 100, list(range(100)), batch_size=50) / 127.5 - 1
    limit = float(levels.mean() + 2.2 * levels.mean((1, 2, 3)).std())
    verdicts = {v.name: v for v in discover(planted, means, Judge(limit), (600, 100, 100))}
    found = verdicts["brightness"]
    if found.direction is None:
        assert "loses the class 0.5 up" in found.reason
    else:
        assert found.direction.high < 2
        assert found.direction.low == -3


def test_only_garments_of_fashion_mnist_are_measured():
    config = ModelConfig()
    assert measurable(config)
    assert not measurable(dataclasses.replace(config, class_names=("a", "b")))
    assert not measurable(dataclasses.replace(config, image_channels=3))


def test_derive_repeats_itself_and_replaces_a_stale_file(
    plain_model, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(derive_module, "load_classifier", lambda: Judge(2.0))
    monkeypatch.setattr(derive_module, "discover", lambda *given: discover(*given, (300, 30, 30)))
    folder = copy_of(plain_model, tmp_path)
    assert main([str(folder)]) == 0
    first = (folder / DIRECTIONS_FILE).read_bytes()
    table = capsys.readouterr().out
    assert "dropped" in table or "effect of one unit" in table
    assert main([str(folder)]) == 0
    assert (folder / DIRECTIONS_FILE).read_bytes() == first

    generator = load_generator(folder)
    generator.synthesis.to_image.bias += 0.5
    save_model(tmp_path / "other", generator)
    shutil.copy(folder / DIRECTIONS_FILE, tmp_path / "other" / DIRECTIONS_FILE)
    with pytest.raises(ModelFolderError, match="another generator's"):
        load_generator(tmp_path / "other")
    assert main([str(tmp_path / "other")]) == 0
    directions = load_generator(tmp_path / "other").directions
    assert directions.class_means.shape == (10, 16)
    assert np.isfinite(directions.components.numpy()).all()


def test_what_was_derived_stays_where_deriving_fails(plain_model, tmp_path, monkeypatch, capsys):
    folder = copy_of(plain_model, tmp_path)
    (folder / DIRECTIONS_FILE).write_bytes(b"of before")

    def fail(*given):
        raise ValueError("no classifier")

    monkeypatch.setattr(derive_module, "load_classifier", fail)
    assert main([str(folder)]) == 1
    assert "no classifier" in capsys.readouterr().err
    assert (folder / DIRECTIONS_FILE).read_bytes() == b"of before"


def test_derive_on_other_pictures_gives_means_and_components(tmp_path, capsys):
    config = ModelConfig(
        class_names=(), z_dim=4, w_dim=8, base_width=4, generator_widths=(4, 4),
        discriminator_widths=(4, 4, 4), image_channels=3,
    )  # fmt: skip
    save_model(tmp_path / "free", Generator(config))
    assert main([str(tmp_path / "free")]) == 0
    assert "no named directions" in capsys.readouterr().out
    directions = load_generator(tmp_path / "free").directions
    assert directions.class_means.shape == (1, 8)
    assert directions.components.shape == (8, 8)
    assert directions.named == ()


def test_derive_names_a_folder_that_is_none(tmp_path, capsys):
    assert main([str(tmp_path / "none")]) == 1
    assert "none is not a folder" in capsys.readouterr().err


def test_thresholds_are_those_that_were_promised():
    assert discover_module.MIN_CORRELATION == 0.6
    assert discover_module.MIN_CLASS_KEPT == 0.9
