"""Labelled garments to disk: any number, in bounded memory, interrupted and resumed at will.

Picture number i has the seed S + i and the i-th label, going round the labels, so that classes are
balanced and any picture can be drawn again with `Generator.sample`. Work is done in shards; the
file `export.json` says which of them are safe. What a killed shard left is cut off or written over
by the same bytes, so the result does not tell whether there was an interruption.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.config import ModelConfig
from model.export_check import check_files, damaged, writing
from model.export_formats import ENCODERS, Shard, class_titles, image_files
from model.export_plan import (
    FORMATS,
    STATE_FILE,
    ExportError,
    ExportPlan,
    estimated_bytes,
    parse_labels,
    shard_size,
)
from model.generator import Generator
from model.storage import ModelFolderError, read_json, write_atomically

__all__ = [
    "FORMATS",
    "STATE_FILE",
    "ExportError",
    "ExportPlan",
    "export_images",
    "finished_images",
    "parse_labels",
    "safe_on_disk",
    "shard_size",
]

FORMAT_VERSION = 1

_CHUNK_IMAGES = 100

Progress = Callable[[int, int], None]


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
        ExportError: the folder holds something else, lacks what it says is safe, or cannot be
            written to, or the disk is full or will be.
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
    with safe_on_disk(folder, plan), _opened(folder):
        state = _read_state(folder, plan)
        first, sizes = state["shards_done"], state["sizes"]
        check_files(folder, plan, titles, first, sizes)
        done = min(first * plan.shard_images, plan.count)
        _check_space(folder, plan, config, done)
        for number in range(first, plan.shards):
            shard = _draw(generator, plan, number, progress)
            sizes = _write(folder, plan, shard, titles, sizes)
            _write_state(folder, plan, number + 1, sizes)
        _tell(progress, plan.count, plan.count)


@contextlib.contextmanager
def safe_on_disk(folder: Path, plan: ExportPlan, disk: str = "the disk") -> Iterator[None]:
    """While an export or something beside it is written: errors of the disk say what to do.

    Args:
        folder: of the export.
        plan: its plan.
        disk: what a message calls the disk that is full.

    Raises:
        ExportError: no room, with how many pictures are safe; no permission; no such place.
    """

    def safe() -> str:  # asked for when it is too late, as the number grows
        done = finished_images(folder)
        return f"{folder} holds {done:,} of {plan.count:,} pictures, which are safe"

    with writing(folder, disk, safe):
        yield


def finished_images(folder: str | Path) -> int:
    """How many pictures of an export are safe on disk; 0 where none has begun."""
    try:
        state: Any = read_json(Path(folder) / STATE_FILE)
        plan = state["plan"]
        return min(int(state["shards_done"]) * int(plan["shard_images"]), int(plan["count"]))
    except (ModelFolderError, KeyError, TypeError, ValueError, OSError):
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
            sizes[path] = _append(folder, path, content, sizes.get(path, 0))
    if "folder" in plan.formats:
        for path, content in image_files(shard, titles):
            _write_small(folder / path, content)
        os.sync()  # once for ten thousand files, not once for each
    return sizes


def _append(folder: Path, name: str, content: bytes, size: int) -> int:
    """Put content behind the first `size` bytes and drop what follows; returns the new size."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if path.exists() else "w+b") as file:
        length = file.seek(0, os.SEEK_END)
        if length < size:  # somebody shortened it meanwhile
            raise damaged(path, f"short, {length:,} bytes of {size:,}", folder)
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
    if not isinstance(state.get("plan"), dict) or not {"shards_done", "sizes"} <= state.keys():
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
    done, sizes = state["shards_done"], state["sizes"]
    if type(done) is not int or not 0 <= done <= plan.shards or not isinstance(sizes, dict):
        raise damaged(path, f"damaged ({done} of {plan.shards} shards)", folder)
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
