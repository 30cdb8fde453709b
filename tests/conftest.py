"""A tiny real model, and the page built on it."""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from model.config import ModelConfig
from model.curves import CURVES_FILE, Curves, write_curves
from model.directions import Directions, NamedDirection, save_directions
from model.discriminator import Discriminator
from model.generator import Generator
from model.history import HISTORY_FOLDER
from model.opinion import LEVELS, Heaps, save_heaps
from model.studio import Studio
from model.weights import generator_sha256, load_generator, save_model
from tests.browsing import CHROMIUM, DESKTOP, FLAGS, OPENED, complaint, outside
from training.hardware import keep_freed_memory

keep_freed_memory()  # the tests train, too

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


def tiny_heaps(config: ModelConfig) -> Heaps:
    """Quantiles as of a critic that finds real garments half a unit better than made ones."""
    rows = np.tile(np.linspace(-1, 1, LEVELS), (max(config.num_classes, 1), 1))
    return Heaps(real=rows, made=rows - 0.5, shown=rows - 0.4)


def break_chunk(path: Path) -> None:
    """Damage a PNG so that its header is whole and its pixels end in the middle of nothing."""
    content = bytearray(path.read_bytes())
    place = content.index(b"IDAT") - 4
    length = int.from_bytes(content[place : place + 4], "big")
    content[place : place + 4] = (length // 2).to_bytes(4, "big")
    path.write_bytes(content)


def write_tiny_model(folder: Path, directions: bool = True, config: ModelConfig = TINY) -> Path:
    """A model folder whose untrained pictures differ by seed, class and direction."""
    torch.manual_seed(1)
    generator = Generator(config)
    with torch.no_grad():
        generator.synthesis.to_image.weight.mul_(4)
    save_model(folder, generator, Discriminator(config))
    if directions:
        save_directions(folder, tiny_directions(config, generator_sha256(folder)))
        save_heaps(folder, tiny_heaps(config))
    return folder


def add_tiny_history(folder: Path) -> Path:
    """Two moments of training, the second the model itself, and the losses in between."""
    for name in ("000010k", "000800k"):
        generator = load_generator(folder)
        with torch.no_grad():
            if name == "000010k":
                generator.synthesis.to_image.weight.mul_(-1)
        moment = folder / HISTORY_FOLDER / name
        save_model(moment, generator)
        save_directions(moment, tiny_directions(generator.config, generator_sha256(moment)))
    seen, losses = (3_000, 10_000, 90_000, 800_000), (0.7, 0.65, 0.6, 0.55)
    write_curves(folder / HISTORY_FOLDER / CURVES_FILE, Curves(seen, losses, losses[::-1]))
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the tiny model, with directions and a history."""
    return add_tiny_history(write_tiny_model(tmp_path_factory.mktemp("models") / "tiny"))


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
    os.environ["TRAMA_MODELS"] = "user/name"  # so that no link of a test asks the real Hub
    os.environ["GRADIO_TEMP_DIR"] = str(tmp_path_factory.mktemp("gradio"))
    yield importlib.import_module("app")
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = str(CHROMIUM) if CHROMIUM.exists() else None
        try:
            started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            pytest.skip(f"no browser: {error.message.splitlines()[0]}")
        expect.set_options(timeout=30_000)  # a slow machine is no fault of the page
        yield started
        started.close()


@pytest.fixture(scope="module")
def web(app: ModuleType, studio: Studio) -> Iterator[TestClient]:
    """The page without a port."""
    blocks = app.build(studio, app.page.Origin("folder", "tiny"))
    with TestClient(gr.mount_gradio_app(FastAPI(), blocks, "/", **app.LAUNCH)) as client:
        yield client


@pytest.fixture(scope="module")
def url(app: ModuleType, studio: Studio) -> Iterator[str]:
    blocks = app.build(studio, app.page.Origin("folder", "tiny"))
    _, address, _ = blocks.launch(prevent_thread_lock=True, quiet=True, **app.LAUNCH)
    yield address
    blocks.close()


@pytest.fixture
def visit(browser: Browser, url: str) -> Iterator[OPENED]:
    """Opens the page; afterwards nothing may have been wrong, nor asked of anybody else."""
    faults: list[str] = []
    contexts = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
        page.on("console", lambda line: faults.extend(complaint(line)))
        page.on("request", lambda request: faults.extend(outside(request.url)))

    def opened(
        locale: str = "pt-BR",
        viewport: Any = DESKTOP,
        screen: str = "",
        query: str = "",
        **more: Any,
    ) -> Page:
        context = browser.new_context(
            locale=locale, viewport=viewport, accept_downloads=True, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(90_000)
        watch(page)
        page.goto(f"{url}{query}#{screen}")
        # The page is alive once its scripts have drawn the rail; #wardrobe may be hidden.
        page.wait_for_selector("#wardrobe [data-part=rail] canvas", state="attached")
        page.wait_for_function("document.body.dataset.screen")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
