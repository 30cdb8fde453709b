"""Models that are unsound, costly or not what their listing says: refused, and nothing stays."""

import contextlib
import json
import os
import threading
from pathlib import Path

import pytest
from torch.utils.flop_counter import FlopCounterMode

from model.config import ModelConfig
from model.generator import Generator
from model.storage import ModelFolderError
from model.visitors import check_cost, picture_cost
from tests.shelf.conftest import fetched, refusal
from tests.test_weights import TINY


def changed(files: dict[str, bytes], **configuration: object) -> dict[str, bytes]:
    config = {**json.loads(files["config.json"]), **configuration}
    return {**files, "config.json": json.dumps(config).encode()}


def huge() -> dict[str, object]:
    """Few parameters, but gigabytes for each picture."""
    return {
        "image_size": 1024, "base_size": 4, "generator_widths": [1] * 7 + [2048],
        "discriminator_widths": [1] * 9,
    }  # fmt: skip


UNSOUND = {
    "only a pickle": lambda files: {
        "config.json": files["config.json"], "pytorch_model.bin": b"\x80\x04."},
    "a pickle in disguise": lambda files: {**files, "model.safetensors": b"\x80\x04." * 1000},
    "a zip": lambda files: {**files, "model.safetensors": b"PK\x03\x04" + b"\0" * 1000},
    "an endless header": lambda files: {
        **files, "model.safetensors": (10**12).to_bytes(8, "little") + b" " * 1000},
    "a large header": lambda files: {
        **files, "model.safetensors": (2 * 10**6).to_bytes(8, "little") + b" " * 2 * 10**6},
    "cut off": lambda files: {**files, "model.safetensors": files["model.safetensors"][:-8]},
    "huge pictures": lambda files: changed(files, **huge()),
    "huge layers": lambda files: changed(files, w_dim=1024, base_width=2048),
    "ten thousand classes": lambda files: changed(files, class_names=[str(n) for n in range(10**4)]),
    "other shapes": lambda files: changed(files, w_dim=9),
    "an unknown key": lambda files: changed(files, auto_map="run.py"),
    "not a configuration": lambda files: {**files, "config.json": b"[" * 100_000},
    "empty": lambda _: {},
    "broken directions": lambda files: {**files, "directions.safetensors": b"half"},
    "a broken encoder": lambda files: {**files, "encoder.safetensors": b"half"},
    "a large encoder": lambda files: {**files, "encoder.safetensors": bytes(4_000_001)},
}  # fmt: skip


@pytest.mark.parametrize("fault", UNSOUND)
def test_unsound_models_are_refused_and_nothing_of_them_stays(shelf, hub, models, tmp_path, fault):
    hub.put("user/name", UNSOUND[fault](models[0]))
    assert refusal(shelf.open, "user/name") == "invalid"
    assert shelf.names == ("tiny",)
    assert fetched(tmp_path) == set()


def test_a_shape_that_is_refused_costs_nobody_a_place(shelf, hub, models):
    for n in range(2):
        hub.put(f"user/m{n}", models[n])
        shelf.open(f"user/m{n}")
    hub.put("user/name", changed(models[0], **huge()))
    assert refusal(shelf.open, "user/name") == "invalid"
    assert shelf.names == ("tiny", "user/m0", "user/m1")


def test_the_cost_of_a_picture_is_known_from_its_shape():
    for config in (TINY, ModelConfig()):
        generator = Generator(config)
        with FlopCounterMode(display=False) as counter:
            generator.sample([0], [1])
        numbers, multiplications = picture_cost(config)
        assert multiplications == pytest.approx(counter.get_total_flops() / 2, rel=0.01)
        assert numbers == max(64 * 28**2, 128 * 28**2) if config != TINY else numbers
    check_cost(ModelConfig())


@pytest.mark.parametrize(
    ("field", "shape"),
    [
        ("image_size", {"image_size": 256, "base_size": 128, "generator_widths": (1,),
                        "discriminator_widths": (1, 1)}),
        ("classes", {"class_names": tuple(str(n) for n in range(101))}),
        ("widest layer", {"image_size": 128, "base_size": 64, "generator_widths": (257,),
                          "base_width": 1, "discriminator_widths": (1, 1)}),
        ("multiplications", {"generator_widths": (2048, 512)}),
    ],
)  # fmt: skip
def test_costly_shapes_are_named(field, shape, monkeypatch):
    monkeypatch.setattr("model.config._BOUNDS", {"base_size": (2, 128)})
    with pytest.raises(ModelFolderError, match=field):
        check_cost(ModelConfig(**shape))


def test_a_listing_that_is_too_large_ends_the_matter(shelf, hub, models, tmp_path):
    hub.put("user/name", models[0]).files()["model.safetensors"].size = 50_000_001
    assert refusal(shelf.open, "user/name") == "too_large"
    assert hub.log == ["GET /api/models/user/name/revision/main"]
    assert fetched(tmp_path) == set()


@pytest.mark.parametrize(
    ("size", "told", "by_the_file_too", "reason"),
    [
        (60_000_000, 1000, True, "too_large"),
        (60_000_000, 1000, False, "too_large"),
        (60_000_000, None, False, "invalid"),
        (60_000, 1000, True, "unreachable"),  # the client takes it for a broken connection
        (60_000, 1000, False, "invalid"),
        (60_000, 100_000, False, "invalid"),
    ],
)
def test_a_listing_that_lies_about_sizes(
    shelf, hub, models, tmp_path, size, told, by_the_file_too, reason
):
    files = {**models[0], "model.safetensors": b"\0" * size}
    file = hub.put("user/name", files).files()["model.safetensors"]
    file.size, file.lfs = told, by_the_file_too
    watched = Watch(tmp_path / "cache")
    with watched:
        assert refusal(shelf.open, "user/name") == reason
    assert watched.most <= 50_100_000
    assert shelf.names == ("tiny",)
    assert "model.safetensors" not in fetched(tmp_path)
    hub.put("user/name", models[0])
    assert shelf.open("user/name").name == "user/name"


class Watch:
    """How large a folder gets while a block runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.most, self._done = folder, 0, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._done.wait(0.02):
            with contextlib.suppress(FileNotFoundError):  # files come and go
                sizes = [os.lstat(path).st_size for path in self.folder.rglob("*")]
                self.most = max(self.most, sum(sizes))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
