"""A tiny real model, and the page built on it."""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from model.config import ModelConfig
from model.directions import Directions, NamedDirection, save_directions
from model.discriminator import Discriminator
from model.generator import Generator
from model.studio import Studio
from model.weights import generator_sha256, save_model

TINY = ModelConfig(
    z_dim=8, class_dim=8, w_dim=16, base_width=8, generator_widths=(8, 8),
    discriminator_widths=(8, 8, 8),
)  # fmt: skip


def tiny_directions(config: ModelConfig, digest: str) -> Directions:
    """Two named directions, the second only for tops, and three components."""
    rows = torch.randn(config.num_classes + 5, config.w_dim, generator=torch.manual_seed(7))
    measured = {"unit": "grey levels", "effect": 11.5, "correlation": 0.9, "class_kept": 0.97}
    named = [("brightness", (0, config.num_layers), ()), ("sleeves", (0, 3), (0, 2, 4, 6))]
    return Directions(
        class_means=rows[: config.num_classes] * 0.1,
        named=tuple(
            NamedDirection(
                name=name,
                vector=rows[-5 + n],
                layers=layers,
                low=-2.04,
                high=3.06,
                labels=labels,
                **measured,
            )
            for n, (name, layers, labels) in enumerate(named)
        ),
        components=rows[-3:],
        generator_sha256=digest,
    )


def write_tiny_model(folder: Path, directions: bool = True, config: ModelConfig = TINY) -> Path:
    """A model folder whose untrained pictures differ by seed, class and direction."""
    torch.manual_seed(1)
    generator = Generator(config)
    with torch.no_grad():
        generator.synthesis.to_image.weight.mul_(4)
    save_model(folder, generator, Discriminator(config))
    if directions:
        save_directions(folder, tiny_directions(config, generator_sha256(folder)))
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model, with directions."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def plain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model before anything was derived from it."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "plain", directions=False)


@pytest.fixture(scope="session")
def studio(tiny_model: Path) -> Studio:
    """Studio of the tiny model."""
    return Studio.open(tiny_model)


@pytest.fixture(scope="session")
def app(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The module app, imported with the tiny model as its own."""
    before = dict(os.environ)
    os.environ["TRAMA_MODEL"] = str(tiny_model)
    os.environ["GRADIO_TEMP_DIR"] = str(tmp_path_factory.mktemp("gradio"))
    yield importlib.import_module("app")
    os.environ.clear()
    os.environ.update(before)
