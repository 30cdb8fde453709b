"""Model folders: what is saved comes back, what is wrong is refused by name, kills leave no half."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from model import storage, weights
from model.config import ModelConfig
from model.directions import Directions, save_directions
from model.discriminator import Discriminator
from model.generator import Generator
from model.weights import (
    ModelFolderError,
    generator_sha256,
    load_discriminator,
    load_generator,
    read_config,
    read_metrics,
    save_model,
)

ROOT = Path(__file__).parent.parent
SHIPPED = sorted(path.parent for path in (ROOT / "weights").glob("*/discriminator.safetensors"))
TINY = ModelConfig(
    image_size=8, base_size=4, generator_widths=(8,), discriminator_widths=(8, 8),
    z_dim=4, class_dim=4, w_dim=8, base_width=8, class_names=("a", "b"),
)  # fmt: skip


def networks(seed: int = 0) -> tuple[Generator, Discriminator]:
    torch.manual_seed(seed)
    return Generator(TINY), Discriminator(TINY)


@pytest.fixture
def folder(tmp_path) -> Path:
    save_model(tmp_path / "model", *networks())
    return tmp_path / "model"


def rewrite(folder: Path, **changes: torch.Tensor | None) -> None:
    """Change tensors of model.safetensors by name; `.` is written as `__`, None removes."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    for name, value in changes.items():
        tensors[name.replace("__", ".")] = value
    save_file({name: value for name, value in tensors.items() if value is not None}, path)


def reconfigure(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def refusal(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        load_generator(folder)
    return str(caught.value)


def test_what_is_saved_comes_back(folder):
    generator, discriminator = networks()
    loaded, critic = load_generator(folder), load_discriminator(folder)
    assert loaded.config == TINY == read_config(folder)
    assert not loaded.training
    for network, original in ((loaded, generator), (critic, discriminator)):
        state = network.state_dict()
        for name, tensor in original.state_dict().items():
            assert state[name].dtype == torch.float32
            torch.testing.assert_close(state[name], tensor.half().float(), rtol=0, atol=0)
        assert not any(parameter.requires_grad for parameter in network.parameters())
    assert loaded.sample([0, 1], [1, 2]).shape == (2, 8, 8, 1)
    assert read_metrics(folder) == {}


def test_full_precision_on_request(tmp_path):
    generator, _ = networks()
    save_model(tmp_path / "full", generator, half=False)
    full = load_generator(tmp_path / "full")
    np.testing.assert_array_equal(full.sample([0], [7]), generator.sample([0], [7]))
    torch.testing.assert_close(full.state_dict(), generator.state_dict(), rtol=0, atol=0)


def test_what_fp16_cannot_hold_stays_fp32(tmp_path):
    generator, _ = networks()
    generator.synthesis.norm.var.fill_(1e6)
    save_model(tmp_path / "wide", generator)
    assert load_generator(tmp_path / "wide").synthesis.norm.var.max() == 1e6


def test_a_network_with_nan_is_not_saved(folder, tmp_path):
    generator, _ = networks()
    with torch.no_grad():
        generator.synthesis.to_image.bias[0] = torch.nan
    before = generator_sha256(folder)
    for target in (folder, tmp_path / "new"):
        with pytest.raises(ModelFolderError, match=r"synthesis\.to_image\.bias"):
            save_model(target, generator)
    assert generator_sha256(folder) == before
    assert not (tmp_path / "new").exists()


def test_saving_again_keeps_and_another_generator_removes_what_was_derived(folder):
    derived = [folder / name for name in ("metrics.json", "README.md", "sheet.png")]
    for path in derived:
        path.write_text("{}")
    (folder / "notes.txt").write_text("mine")
    generator, discriminator = networks()
    save_model(folder, generator, discriminator)
    assert all(path.is_file() for path in derived)
    save_model(folder, networks(seed=1)[0])
    assert not any(path.exists() for path in derived)
    with pytest.raises(ModelFolderError, match=r"discriminator\.safetensors is missing"):
        load_discriminator(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert load_generator(folder)


def test_directions_of_another_generator_are_refused(folder, tmp_path):
    directions = Directions(
        class_means=torch.zeros(2, TINY.w_dim), named=(), components=torch.zeros(0, TINY.w_dim),
        generator_sha256=generator_sha256(folder),
    )  # fmt: skip
    save_directions(folder, directions)
    assert load_generator(folder).directions is not None
    other = tmp_path / "other"
    save_model(other, networks(seed=1)[0])
    (other / "directions.safetensors").write_bytes((folder / "directions.safetensors").read_bytes())
    assert "directions.safetensors: generator_sha256 is another generator's" in refusal(other)
    save_model(folder, networks(seed=1)[0])
    assert load_generator(folder).directions is None


class Kill(BaseException):
    """Nothing in the code may catch it or clean up after it, as with SIGKILL."""


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("renames", range(4))
def test_a_kill_leaves_the_old_folder_or_one_that_is_refused(
    tmp_path, monkeypatch, existing, renames
):
    """Killed in place of the first, second, ... rename: of three files, then of a new folder."""
    folder, left = tmp_path / "model", [renames]
    if existing:
        save_model(folder, *networks())

    def dying(rename):
        def wrapped(source, target):
            if not left[0]:
                raise Kill
            left[0] -= 1
            return rename(source, target)

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying(Path.replace))
        patch.setattr(Path, "rename", dying(Path.rename))
        if existing and renames == 3:
            save_model(folder, *networks(seed=1))
        else:
            with pytest.raises(Kill):
                save_model(folder, *networks(seed=1))
            assert "missing" in refusal(folder) or "not a folder" in refusal(folder)
    save_model(folder, *networks(seed=1))
    assert load_generator(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_not_a_folder(folder, tmp_path):
    assert "not a folder" in refusal(tmp_path / "nowhere")
    assert "not a folder" in refusal(folder / "config.json")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_missing_file(folder, name):
    (folder / name).unlink()
    assert f"{name} is missing" in refusal(folder)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "not valid JSON"),
        ('{"image_size": 8', "not valid JSON"),
        ('{"image_size": NaN}', "NaN"),
        ('{"z_dim": 4, "z_dim": 8}', "twice"),
        ("[" * 100_000, "not valid JSON"),
        ("[1, 2]", "not list"),
        ("\xff", "not valid JSON"),
    ],
)
def test_broken_json(folder, text, fault):
    (folder / "config.json").write_bytes(text.encode("latin-1"))
    message = refusal(folder)
    assert "config.json" in message
    assert fault in message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("surprise", 1),
        ("format_version", 1),
        ("z_dim", 0),
        ("z_dim", "4"),
        ("z_dim", True),
        ("base_width", 10**12),
        ("generator_widths", [8, 8]),
        ("class_names", ["a", "a"]),
        ("class_names", [["a"], "b"]),
    ],
)
def test_bad_field_of_the_configuration(folder, field, value):
    reconfigure(folder, **{field: value})
    message = refusal(folder)
    assert "config.json" in message
    assert field in message


def test_missing_field_of_the_configuration(folder):
    path = folder / "config.json"
    path.write_text(json.dumps({k: v for k, v in TINY.to_dict().items() if k != "w_dim"}))
    assert "missing key 'w_dim'" in refusal(folder)


def test_a_configuration_of_absurd_size_takes_no_memory(folder):
    """8.8 GB of legal values are refused by a process that may not have 4 GB."""
    reconfigure(folder, image_size=64, base_size=32, base_width=2048, w_dim=1024)
    script = (
        "import resource; from model.weights import load_generator, ModelFolderError\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (4 * 2**30, 4 * 2**30))\n"
        f"try: load_generator({str(folder)!r})\n"
        "except ModelFolderError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert "config.json" in done.stdout
    assert "200,000,000 at most" in done.stdout


def test_loading_does_not_import_the_compiler(folder):
    """Torch's stand-ins for some calls on the meta device do, which would slow every start."""
    script = (
        "import sys; from model.weights import load_discriminator, load_generator\n"
        f"load_generator({str(folder)!r}), load_discriminator({str(folder)!r})\n"
        "print({'torch._dynamo', 'sympy', 'huggingface_hub'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr


def test_long_json_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(storage, "_MAX_JSON_BYTES", 10)
    assert "more than 10 bytes" in refusal(folder)


NAME, TENSOR = "synthesis__to_image__bias", "synthesis.to_image.bias"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({NAME: None}, f"tensor {TENSOR!r} is missing"),
        ({"surplus": torch.zeros(1)}, "unexpected tensor 'surplus'"),
        ({NAME: torch.zeros(2)}, f"{TENSOR} has shape [2], not [1]"),
        ({NAME: torch.zeros(1, 1)}, f"{TENSOR} has shape [1, 1], not [1]"),
        ({NAME: torch.zeros(1, dtype=torch.float64)}, f"{TENSOR} is F64"),
        ({NAME: torch.zeros(1, dtype=torch.int32)}, f"{TENSOR} is I32"),
        ({NAME: torch.zeros(1, dtype=torch.bfloat16)}, f"{TENSOR} is BF16"),
        ({NAME: torch.full((1,), torch.nan)}, f"{TENSOR} holds NaN"),
        ({NAME: torch.full((1,), -torch.inf)}, f"{TENSOR} holds NaN or infinity"),
    ],
)
def test_bad_tensor(folder, changes, fault):
    rewrite(folder, **changes)
    message = refusal(folder)
    assert "model.safetensors" in message
    assert fault in message


def test_the_discriminator_is_read_as_strictly(folder):
    (folder / "model.safetensors").replace(folder / "discriminator.safetensors")
    with pytest.raises(ModelFolderError, match=r"discriminator\.safetensors: tensor .* is missing"):
        load_discriminator(folder)


def test_a_pickle_is_never_opened(folder, tmp_path):
    canary = tmp_path / "canary"

    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(canary),)

    for write in (pickle.dump, torch.save):
        with (folder / "model.safetensors").open("wb") as file:
            write(Bomb(), file)
        assert "not a whole safetensors file" in refusal(folder)
    assert not canary.exists()


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_truncated_weights(folder, kept):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    assert "not a whole safetensors file" in refusal(folder)


def test_weights_of_absurd_size_are_not_read(folder):
    os.truncate(folder / "model.safetensors", 100 * 2**30)  # a hole: takes no space on the disk
    assert "107,374,182,400 bytes" in refusal(folder)


def test_metrics_of_another_generator_are_refused(folder):
    path = folder / "metrics.json"
    path.write_text(json.dumps({"generator_sha256": generator_sha256(folder), "r_e": {"value": 2}}))
    assert read_metrics(folder)["r_e"] == {"value": 2}
    save_model(folder.parent / "other", networks(seed=1)[0])
    path.replace(folder.parent / "other" / "metrics.json")
    with pytest.raises(ModelFolderError, match=r"metrics\.json: generator_sha256"):
        read_metrics(folder.parent / "other")


def test_networks_too_large_are_refused_before_reading(folder, monkeypatch):
    monkeypatch.setattr(weights, "MAX_PARAMETERS", 100)
    assert "100 at most" in refusal(folder)


@pytest.mark.skipif(not SHIPPED, reason="weights/ holds no model yet")
@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.name)
def test_shipped_weights_were_derived_from_this_very_generator(shipped):
    """Loading refuses directions that carry another generator's sha256."""
    assert (shipped / "directions.safetensors").is_file(), (
        f"run python -m training.derive {shipped}"
    )
    assert load_generator(shipped).directions is not None
    assert load_discriminator(shipped)
    assert read_metrics(shipped)
