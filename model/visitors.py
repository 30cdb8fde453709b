"""Models that a visitor of a page named: fetched as nobody, kept in bounds, checked for their cost.

What an operator names may be private, of any size that loads, and lies in the Hub's own cache.
Nothing of that holds for a stranger's wish.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from model.client import MAX_MODEL_BYTES, HubError
from model.config import ModelConfig
from model.download import Request
from model.generator import Generator
from model.hub import cached_folder, run_download
from model.storage import ModelFolderError
from model.weights import (
    CONFIG_FILE,
    DIRECTIONS_FILE,
    ENCODER_FILE,
    GENERATOR_FILE,
    generator_sha256,
    load_generator,
    read_config,
)

MAX_SIDE = 128
"""Pixels: a pad of 17 x 17 pictures still fits one answer of the page."""

MAX_CLASSES = 100
MAX_NAMED_DIRECTIONS = 64
MAX_LAYER_NUMBERS = 4_194_304
"""Of one picture in the widest layer, 16 MB."""

MAX_MULTIPLICATIONS = 4_000_000_000
"""For one picture, thirty times as many as the embedded model needs."""

MAX_CACHED_MODELS = 32

_SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HF_TOKEN_PATH")
_QUIET = {
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",  # it would fill a cache of its own, which nobody bounds
}


def cache_folder() -> Path:
    """Where such models are kept: TRAMA_CACHE, else a folder of its own beside temporary files."""
    if given := os.environ.get("TRAMA_CACHE"):
        return Path(given)
    owner = os.getuid() if hasattr(os, "getuid") else 0
    place = os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir()
    return Path(place) / f"trama-models-{owner}"


def fetch_as_nobody(
    repo_id: str, revision: str | None, cache: Path, deadline_seconds: float
) -> Path:
    """Generator, configuration, directions and encoder of a public model; its copy if the Hub is away.

    Neither a token nor the Hub's own cache is used, and nothing else of the repository is fetched.

    Raises:
        HubError: the Hub did not give it, or it is larger than 50 MB.
        OSError: the cache cannot be written, or belongs to somebody else.
    """
    _make_private(cache)
    request = Request(
        repo_id=repo_id,
        revision=revision or "main",
        token=False,
        cache_dir=str(cache),
        required=[CONFIG_FILE, GENERATOR_FILE],
        optional=[DIRECTIONS_FILE, ENCODER_FILE],
        max_bytes=MAX_MODEL_BYTES,
    )
    environment = {name: v for name, v in os.environ.items() if name not in _SECRETS} | _QUIET
    answer = run_download(request, deadline_seconds, environment)
    if answer["folder"]:
        return Path(answer["folder"])
    reason = answer["reason"] or "unreachable"
    if reason == "unreachable":  # what was withdrawn or turned private is not shown any more
        with contextlib.suppress(HubError):
            return cached_folder(request)
    raise HubError(reason, answer["detail"])


def digest_of(folder: Path) -> str:
    """The 8 hex digits of the generator's sha256 by which recipes know it."""
    return generator_sha256(folder)[:8]


def load_within_bounds(folder: Path) -> Generator:
    """Generator of a folder that a stranger chose, with its directions.

    Raises:
        ModelFolderError: not sound, or it would cost more memory or time than a page can give.
    """
    check_cost(read_config(folder))
    generator = load_generator(folder)
    if (directions := generator.directions) and len(directions.named) > MAX_NAMED_DIRECTIONS:
        raise ModelFolderError(
            f"{DIRECTIONS_FILE}: {len(directions.named)} named directions; "
            f"{MAX_NAMED_DIRECTIONS} at most"
        )
    return generator


def check_cost(config: ModelConfig) -> None:
    """Refuse a network by its shape alone, before any number of it is read.

    Raises:
        ModelFolderError: naming what is too large.
    """
    numbers, multiplications = picture_cost(config)
    for what, value, most in (
        ("image_size", config.image_size, MAX_SIDE),
        ("classes", config.num_classes, MAX_CLASSES),
        ("numbers in the widest layer", numbers, MAX_LAYER_NUMBERS),
        ("multiplications a picture", multiplications, MAX_MULTIPLICATIONS),
    ):
        if value > most:
            raise ModelFolderError(f"{CONFIG_FILE}: {what}: {value:,}; {most:,} at most")


def picture_cost(config: ModelConfig) -> tuple[int, int]:
    """Numbers in the widest layer of one picture, and multiplications that it takes."""
    side, channels = config.base_size, config.base_width
    widest = config.base_width * side**2
    style = config.z_dim + (config.class_dim if config.num_classes else 0)
    total = config.w_dim * (style + widest)
    for layer in range(config.mapping_layers):
        total += config.w_dim * (config.w_dim if layer else style)
    for width in config.generator_widths:
        total += side**2 * channels * width  # the skip comes before doubling
        side *= 2
        total += 9 * side**2 * width * (channels + width)
        total += 2 * config.w_dim * (channels + width)
        widest = max(widest, side**2 * max(channels, width))
        channels = width
    total += 2 * config.w_dim * channels + 9 * side**2 * channels * config.image_channels
    return widest, total


def prune(cache: Path, max_bytes: int) -> None:
    """Remove the models that were used longest ago until the rest is small and few enough."""
    models = sorted(cache.glob("models--*"), key=_last_used)
    sizes = {model: size_of(model) for model in models}
    while models and (sum(sizes.values()) > max_bytes or len(models) > MAX_CACHED_MODELS):
        forget(oldest := models.pop(0))
        del sizes[oldest]


def forget(model: Path) -> None:
    """Remove one model of a cache, whatever state a killed download left it in."""
    shutil.rmtree(model, ignore_errors=True)
    shutil.rmtree(model.parent / ".locks" / model.name, ignore_errors=True)


def place_of(cache: Path, repo_id: str) -> Path:
    """Folder of a model in a cache, with all its revisions."""
    return cache / f"models--{repo_id.replace('/', '--')}"


def note_use(model: Path) -> None:
    """Make it the model that was used last."""
    with contextlib.suppress(OSError):
        os.utime(model)


def _make_private(cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    if cache.is_symlink() or (hasattr(os, "getuid") and cache.stat().st_uid != os.getuid()):
        raise PermissionError(f"{cache} belongs to somebody else; set TRAMA_CACHE")


def _last_used(model: Path) -> float:
    with contextlib.suppress(OSError):
        return model.stat().st_mtime
    return 0.0


def size_of(model: Path) -> int:
    """Bytes of a cached model, unfinished downloads included."""
    total = 0
    for path in model.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.lstat().st_size  # revisions are links to the same bytes
    return total
