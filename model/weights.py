"""Model folders: networks to disk and back, whole or not at all, and nothing but what is expected.

A folder holds `config.json`, `model.safetensors`, `discriminator.safetensors`, what was derived
from them (`directions.safetensors`, `encoder.safetensors`, `opinion.json`, `metrics.json`) and its
card, `README.md`.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import save
from torch import nn
from torch.overrides import TorchFunctionMode

from model.config import ConfigError, ModelConfig
from model.discriminator import Discriminator
from model.generator import Generator
from model.storage import (
    ModelFolderError,
    check_file,
    read_json,
    read_tensors,
    refuse,
    write_atomically,
)

__all__ = [
    "SHIPPED_MODEL",
    "ModelFolderError",
    "add_metrics",
    "check_folder",
    "find_discriminator",
    "generator_sha256",
    "load_discriminator",
    "load_generator",
    "read_config",
    "read_metrics",
    "save_model",
]

SHIPPED_MODEL = Path(__file__).parent.parent / "weights" / "fashion-mnist"
"""The model folder that comes with Trama."""

CONFIG_FILE = "config.json"
GENERATOR_FILE = "model.safetensors"
DISCRIMINATOR_FILE = "discriminator.safetensors"
DIRECTIONS_FILE = "directions.safetensors"
ENCODER_FILE = "encoder.safetensors"
OPINION_FILE = "opinion.json"
METRICS_FILE = "metrics.json"
CARD_FILE = "README.md"
SHEET_FILE = "sheet.png"
DARINGS_FILE = "darings.png"
NEAREST_FILE = "nearest.png"
STRIPS_FILE = "strips.png"
STUDY_FILE = "study.png"
PICTURE_FILES = (SHEET_FILE, DARINGS_FILE, NEAREST_FILE, STRIPS_FILE, STUDY_FILE)
"""What the card shows; pushed with it and never fetched."""
MODEL_FILES = (
    CONFIG_FILE,
    GENERATOR_FILE,
    DISCRIMINATOR_FILE,
    DIRECTIONS_FILE,
    ENCODER_FILE,
    OPINION_FILE,
    METRICS_FILE,
    CARD_FILE,
)
"""All that a reader of a model folder may need; nothing else is ever downloaded."""

MAX_PARAMETERS = 200_000_000
_OF_ONE_GENERATOR = (
    DIRECTIONS_FILE, ENCODER_FILE, OPINION_FILE, METRICS_FILE, CARD_FILE, *PICTURE_FILES,
)  # fmt: skip

Network = TypeVar("Network", Generator, Discriminator)


def save_model(
    folder: str | Path,
    generator: Generator,
    discriminator: Discriminator | None = None,
    half: bool = True,
) -> None:
    """Write a model folder; a kill at any moment leaves one that is whole or that loading refuses.

    A new folder appears in one step. In one that exists, what belongs to another generator
    (directions, opinions, metrics, card) goes; saving the same generator again keeps it.

    Args:
        folder: where to; its parents are made.
        generator: its configuration becomes `config.json`.
        discriminator: left out of the folder if None.
        half: store fp16, except for tensors that only fp32 can hold.

    Raises:
        ModelFolderError: a tensor holds NaN or infinity; nothing was written.
    """
    folder = Path(folder)
    contents = {GENERATOR_FILE: _pack(GENERATOR_FILE, generator, half)}
    if discriminator is not None:
        contents[DISCRIMINATOR_FILE] = _pack(DISCRIMINATOR_FILE, discriminator, half)
    config = json.dumps(generator.config.to_dict(), indent=2, ensure_ascii=False) + "\n"
    contents[CONFIG_FILE] = config.encode()  # last: without it nothing loads
    if folder.exists():
        _replace(folder, contents)
    else:
        _create(folder, contents)


def load_generator(folder: str | Path, derived: bool = True) -> Generator:
    """Generator of a model folder: fp32, on the CPU, frozen, with its directions if derived.

    Args:
        folder: read strictly.
        derived: False leaves the directions out, for whoever is about to replace them.

    Raises:
        ModelFolderError: naming the file and the field that are at fault.
    """
    folder = Path(folder)
    generator = _load(folder, GENERATOR_FILE, Generator)
    if derived and (folder / DIRECTIONS_FILE).exists():
        from model.directions import load_directions  # it builds on this module

        generator.directions = load_directions(folder, generator_sha256(folder))
    return generator


def load_discriminator(folder: str | Path) -> Discriminator:
    """Discriminator of a model folder: fp32, on the CPU, frozen.

    Raises:
        ModelFolderError: naming the file and the field that are at fault.
    """
    return _load(Path(folder), DISCRIMINATOR_FILE, Discriminator)


def find_discriminator(folder: str | Path) -> Discriminator | None:
    """`load_discriminator`, or None for a folder without one."""
    return load_discriminator(folder) if (Path(folder) / DISCRIMINATOR_FILE).exists() else None


def check_folder(folder: str | Path) -> None:
    """Read all that a model folder holds, as strictly as its readers will.

    Raises:
        ModelFolderError: naming the file and the field that are at fault.
    """
    load_generator(folder)
    find_discriminator(folder)
    if (Path(folder) / ENCODER_FILE).exists():
        from model.encoder import load_encoder  # it builds on this module

        load_encoder(folder, generator_sha256(folder))
    if (Path(folder) / OPINION_FILE).exists():
        from model.opinion import load_heaps  # it builds on this module

        load_heaps(folder)
    read_metrics(folder)


def generator_sha256(folder: str | Path) -> str:
    """Hex digest of `model.safetensors`, by which derived files know their generator."""
    path = Path(folder) / GENERATOR_FILE
    check_file(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_config(folder: str | Path) -> ModelConfig:
    """Configuration of a model folder.

    Raises:
        ModelFolderError: no such folder or file, broken JSON, or a bad field, which it names.
    """
    path = Path(folder) / CONFIG_FILE
    fields = read_json(path)
    try:
        config = ModelConfig.from_dict(fields)
    except ConfigError as error:
        refuse(path, str(error), error)
    return config


def read_metrics(folder: str | Path) -> dict[str, object]:
    """Content of `metrics.json`; empty if the folder has not been judged yet.

    Raises:
        ModelFolderError: broken JSON, or the figures of another generator.
    """
    path = Path(folder) / METRICS_FILE
    if not path.exists():
        return {}
    metrics = read_json(path)
    digest = generator_sha256(folder)
    if metrics.get("generator_sha256", digest) != digest:
        refuse(path, "generator_sha256 is another generator's: judge this one again")
    return metrics


def add_metrics(folder: str | Path, figures: Mapping[str, object]) -> None:
    """Add or replace entries of `metrics.json`, and note whose figures they are.

    Raises:
        ModelFolderError: what is there is broken, or belongs to another generator.
    """
    content = {**read_metrics(folder), "generator_sha256": generator_sha256(folder), **figures}
    text = json.dumps(content, indent=2) + "\n"
    write_atomically(Path(folder) / METRICS_FILE, text.encode())


def _pack(name: str, network: Generator | Discriminator, half: bool) -> bytes:
    tensors = {}
    for key, value in network.state_dict().items():
        wide = value.detach().to("cpu", torch.float32)
        if not wide.isfinite().all():
            raise ModelFolderError(f"{name}: {key} holds NaN or infinity; nothing was saved")
        narrow = wide.half() if half else wide
        tensors[key] = (narrow if narrow.isfinite().all() else wide).contiguous()
    return save(tensors, metadata={"format": "pt"})


def _create(folder: Path, contents: Mapping[str, bytes]) -> None:
    part = folder.with_name(f".{folder.name}.part")
    if part.exists():
        shutil.rmtree(part)  # of a save that was killed
    part.mkdir(parents=True)
    for name, content in contents.items():
        write_atomically(part / name, content)
    part.rename(folder)


def _replace(folder: Path, contents: Mapping[str, bytes]) -> None:
    same = all(
        (folder / name).is_file() and (folder / name).read_bytes() == contents[name]
        for name in (GENERATOR_FILE, CONFIG_FILE)
    )
    if not same:
        for name in (CONFIG_FILE, DISCRIMINATOR_FILE, *_OF_ONE_GENERATOR):
            (folder / name).unlink(missing_ok=True)
    for name, content in contents.items():
        write_atomically(folder / name, content)


def _load(folder: Path, name: str, kind: type[Network]) -> Network:
    config = read_config(folder)
    with torch.device("meta"), _NoDraws():  # no memory is taken for what may be refused
        network = kind(config)
    shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    count = sum(math.prod(shape) for shape in shapes.values())
    if count > MAX_PARAMETERS:
        refuse(folder / CONFIG_FILE, f"a network of {count:,} numbers; {MAX_PARAMETERS:,} at most")
    network.load_state_dict(read_tensors(folder / name, shapes), strict=True, assign=True)
    return network.eval().requires_grad_(False)


class _NoDraws(TorchFunctionMode):
    """Leave out normal draws: on the meta device they change nothing, but import torch's compiler."""

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Iterable[type],
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        kwargs = kwargs or {}
        return kwargs["tensor"] if func is nn.init.normal_ else func(*args, **kwargs)
