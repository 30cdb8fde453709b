"""Labelled garments to disk: any number, in bounded memory, interrupted and resumed at will.

Picture number i has the seed S + i and the i-th label, going round the labels, so that classes are
balanced and any picture can be drawn again with `Generator.sample`. Work is done in shards; the
file `export.json` says which of them are safe. What a killed shard left is cut off or written over
by the same bytes, so the result does not tell whether there was an interruption.
"""

import contextlib
import dataclasses
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.config import ModelConfig
from model.export_formats import ENCODERS, Shard, class_titles, image_files
from model.generator import Generator
from model.labels import find_label
from model.latents import MAX_DARING, MAX_SEED
from model.storage import ModelFolderError, read_json, write_atomically

STATE_FILE = "export.json"
FORMATS = tuple(ENCODERS)
FORMAT_VERSION = 1

_SHARD_IMAGES = 10_000
_SHARD_BYTES = 64_000_000
_CHUNK_IMAGES = 100
_BLOCK_BYTES = 4096  # what a small file takes of a disk

Progress = Callable[[int, int], None]


class ExportError(ValueError):
    """An export that cannot start or go on; the message names the folder and what to do."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportPlan:
    """All that decides the bytes of an export."""

    labels: tuple[int, ...]
    count: int
    seed: int = 0
    daring: float = 1.0
    formats: tuple[str, ...] = FORMATS
    generator_sha256: str = ""
    shard_images: int = _SHARD_IMAGES

    def __post_init__(self) -> None:
        if not self.labels or len(set(self.labels)) < len(self.labels):
            raise ValueError(f"labels must name one class or more, each once, not {self.labels}")
        if not all(0 <= label <= 255 for label in self.labels):
            raise ValueError(f"labels must be in 0..255, not {self.labels}")
        if type(self.count) is not int or self.count < 1:
            raise ValueError(f"count must be at least 1, not {self.count}")
        if type(self.seed) is not int or not 0 <= self.seed <= MAX_SEED - self.count + 1:
            raise ValueError(
                f"seed must be in 0..{MAX_SEED - self.count + 1} for count {self.count}, "
                f"not {self.seed}"
            )
        if not 0 <= self.daring <= MAX_DARING:
            raise ValueError(f"daring must be in 0..{MAX_DARING}, not {self.daring}")
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats or len(set(self.formats)) < len(self.formats):
            raise ValueError(
                f"formats must be of {', '.join(FORMATS)}, each once, not {', '.join(self.formats)}"
            )
        if self.shard_images < 1:
            raise ValueError(f"shard_images must be at least 1, not {self.shard_images}")

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-self.count // self.shard_images)

    def places(self, shard: int) -> range:
        """Numbers of the pictures of a shard."""
        start = shard * self.shard_images
        return range(start, min(start + self.shard_images, self.count))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, as it stands in `export.json`."""
        fields = dataclasses.asdict(self)
        return {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}


def parse_labels(text: str, config: ModelConfig) -> tuple[int, ...]:
    """Labels of "all" or of names and numbers with commas between: "dress, casaco, 7".

    Raises:
        ValueError: no such class, or one given twice.
    """
    if text.strip().casefold() == "all":
        return tuple(range(max(config.num_classes, 1)))
    labels = tuple(find_label(part, config) for part in text.split(","))
    if len(set(labels)) < len(labels):
        raise ValueError(f"labels must name every class once, not {text!r}")
    return labels


def shard_size(config: ModelConfig) -> int:
    """Pictures of a shard that keep it within some 64 MB of pixels."""
    return max(1, min(_SHARD_IMAGES, _SHARD_BYTES // picture_bytes(config)))


def picture_bytes(config: ModelConfig) -> int:
    """Bytes of the pixels of one picture."""
    return config.image_size**2 * config.image_channels


def estimated_bytes(plan: ExportPlan, config: ModelConfig, images: int) -> int:
    """Disk that so many pictures take, rather too much than too little."""
    raw = picture_bytes(config) + 120
    of_a_file = -(-raw // _BLOCK_BYTES) * _BLOCK_BYTES
    each = {"folder": of_a_file + 80, "idx": raw, "parquet": raw}
    return images * sum(each[name] for name in plan.formats)


def export_images(
    generator: Generator, plan: ExportPlan, folder: str | Path, progress: Progress | None = None
) -> None:
    """Write the pictures of a plan, or those that are still missing.

    Args:
        generator: the one whose `generator_sha256` stands in the plan.
        plan: what to write.
        folder: new, empty, or with this very plan begun or finished.
        progress: told how many pictures of how many there are, a hundred at a time.

    Raises:
        ExportError: the folder holds something else, or the disk is full or will be.
        ValueError: daring other than 1 for a model without class means.
    """
    folder = Path(folder)
    config = generator.config
    if max(plan.labels) >= max(config.num_classes, 1):
        raise ValueError(f"labels must be in 0..{config.num_classes - 1}, not {plan.labels}")
    generator.sample([plan.labels[0]], [plan.seed], plan.daring)  # what it refuses, it refuses here
    for name in plan.formats:
        ENCODERS[name].check()
    titles = class_titles(config)
    with _opened(folder):
        state = _read_state(folder, plan)
        first, sizes = int(state["shards_done"]), dict(state["sizes"])
        done = min(first * plan.shard_images, plan.count)
        _check_space(folder, plan, config, done)
        for number in range(first, plan.shards):
            places = plan.places(number)
            shard = _draw(generator, plan, number, progress)
            try:
                sizes = _write(folder, plan, shard, titles, sizes)
                _write_state(folder, plan, number + 1, sizes)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise ExportError(
                    f"the disk is full: {folder} holds {places.start:,} of {plan.count:,} pictures, "
                    "which are safe; make room and run the same command again"
                ) from error
        _tell(progress, plan.count, plan.count)


def finished_images(folder: str | Path) -> int:
    """How many pictures of an export are safe on disk; 0 where none has begun."""
    try:
        state: Any = read_json(Path(folder) / STATE_FILE)
        plan = state["plan"]
        return min(int(state["shards_done"]) * int(plan["shard_images"]), int(plan["count"]))
    except (ModelFolderError, KeyError, TypeError, ValueError):
        return 0  # `export_images` says what is wrong


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _draw(generator: Generator, plan: ExportPlan, number: int, progress: Progress | None) -> Shard:
    places = plan.places(number)
    labels = [plan.labels[place % len(plan.labels)] for place in places]
    seeds = [plan.seed + place for place in places]
    parts = []
    for start in range(0, len(places), _CHUNK_IMAGES):
        _tell(progress, places.start + start, plan.count)
        part = slice(start, start + _CHUNK_IMAGES)
        parts.append(generator.sample(labels[part], seeds[part], plan.daring))
    return Shard(
        number=number,
        of=plan.shards,
        pixels=np.concatenate(parts),
        labels=np.array(labels),
        seeds=np.array(seeds),
        daring=plan.daring,
        count=plan.count,
    )


def _write(
    folder: Path, plan: ExportPlan, shard: Shard, titles: Sequence[str], sizes: dict[str, int]
) -> dict[str, int]:
    """Write all files of a shard; returns the sizes of those that grow."""
    sizes = dict(sizes)
    for name in plan.formats:
        whole, appended = ENCODERS[name].encode(shard, titles)
        for path, content in whole.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / path, content)
        for path, content in appended.items():
            sizes[path] = _append(folder / path, content, sizes.get(path, 0))
    if "folder" in plan.formats:
        for path, content in image_files(shard, titles):
            _write_small(folder / path, content)
        os.sync()  # once for ten thousand files, not once for each
    return sizes


def _append(path: Path, content: bytes, size: int) -> int:
    """Put content behind the first `size` bytes and drop what follows; returns the new size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "w+b") as file:
        if file.seek(0, os.SEEK_END) < size:
            raise ExportError(
                f"{path} is shorter than {path.parent} says: the export is damaged, delete its "
                "folder and start again"
            )
        file.seek(size)
        file.write(content)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    return size + len(content)


def _write_small(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except FileNotFoundError:  # cheaper than to ask ten thousand times
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[None]:
    """The folder, made if need be, for this process alone where the system can tell."""
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"out must be a folder, and {folder} is a file")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl  # not on every system
    except ImportError:
        yield
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise ExportError(f"another command is writing to {folder}: wait for its end") from error
    finally:
        os.close(place)


def _read_state(folder: Path, plan: ExportPlan) -> dict[str, Any]:
    path = folder / STATE_FILE
    if not path.is_file():
        if any(entry.name != f".{STATE_FILE}.part" for entry in folder.iterdir()):
            raise ExportError(f"{folder} is not empty and no export: choose another folder")
        _write_state(folder, plan, 0, {})
    try:
        state: dict[str, Any] = read_json(path)
    except ModelFolderError as error:
        raise ExportError(f"{error}: delete {folder} and start again") from error
    if not {"plan", "shards_done", "sizes"} <= state.keys():
        raise ExportError(f"{path} is no export of Trama: choose another folder")
    if state.get("format_version") != FORMAT_VERSION:
        raise ExportError(f"{path} is of another version of Trama: choose another folder")
    wanted, there = plan.to_dict(), state["plan"]
    for field, value in wanted.items():
        if there.get(field) != value:
            raise ExportError(
                f"{folder} holds another export, with {field} {there.get(field)} instead of "
                f"{value}: choose another folder, or delete it"
            )
    return state


def _write_state(folder: Path, plan: ExportPlan, done: int, sizes: dict[str, int]) -> None:
    state = {"format_version": FORMAT_VERSION, "plan": plan.to_dict(), "shards_done": done,
             "sizes": sizes}  # fmt: skip
    write_atomically(folder / STATE_FILE, (json.dumps(state, indent=2) + "\n").encode())


def _check_space(folder: Path, plan: ExportPlan, config: ModelConfig, done: int) -> None:
    needed = estimated_bytes(plan, config, plan.count - done)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ExportError(
            f"{folder} has {free:,} bytes free, and {plan.count - done:,} pictures may need "
            f"{needed:,}: make room, or choose fewer formats or another folder"
        )
