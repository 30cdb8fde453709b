"""A Hub on loopback whose clients are watched, small models to put on it, and a shelf."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.studio import Studio
from model.visitors import cache_folder
from model.weights import generator_sha256, save_model
from tests.hub_server import TOKEN, Hub, serve
from tests.test_weights import networks
from ui.shelf import Entry, Shelf
from ui.shelf_rules import ShelfError, ShelfRules


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Hub, str]]:
    """A running Hub and its address."""
    with serve() as running:
        yield running


@pytest.fixture
def hub(served, tmp_path, monkeypatch) -> Hub:
    """The Hub of this test's clients, which have a token that it would take."""
    hub, address = served
    hub.repos.clear()
    hub.log.clear()
    hub.credentials.clear()
    hub.gate.set()
    for name in list(os.environ):
        if "proxy" in name.lower() or name.startswith(("TRAMA_", "SPACE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("TRAMA_CACHE", str(tmp_path / "cache"))
    return hub


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> list[dict[str, bytes]]:
    """Files of four models of two classes, one generator each."""
    place = tmp_path_factory.mktemp("visited")
    for seed in range(4):
        save_model(place / str(seed), networks(seed)[0])
    return [contents(place / str(seed)) for seed in range(4)]


@pytest.fixture(scope="session")
def digests(models, tmp_path_factory) -> list[str]:
    """The digests by which recipes know the models."""
    place = tmp_path_factory.mktemp("digests")
    found = []
    for files in models:
        (place / "model.safetensors").write_bytes(files["model.safetensors"])
        found.append(generator_sha256(place)[:8])
    return found


@pytest.fixture
def given(tiny_model) -> Entry:
    return Entry(Studio.open(tiny_model), str(tiny_model))


@pytest.fixture
def shelf(hub, given) -> Shelf:
    return Shelf([given], ShelfRules.read(os.environ), "tiny")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def rules(**changes: object) -> ShelfRules:
    values = {"allowed": None, "hub_id": None, "cache": cache_folder()}
    return ShelfRules(**{**values, **changes})


def refusal(call, *arguments: object) -> str:
    with pytest.raises(ShelfError) as caught:
        call(*arguments)
    assert len(str(caught.value)) < 400
    assert "/cache/" not in str(caught.value)
    return caught.value.reason


def fetched(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "cache").glob("models--*/snapshots/*/*")}
