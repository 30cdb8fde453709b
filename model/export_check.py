"""Whether what an export says is safe really stands there, and errors that say which file is to blame."""

import binascii
import contextlib
import csv
import errno
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from PIL.Image import DecompressionBombError

from model.export_formats import (
    FLAT_IMAGES,
    IDX_IMAGES,
    IDX_LABELS,
    LABELS_FILE,
    image_folder,
    image_name,
    parquet_path,
)
from model.export_plan import STATE_FILE, ExportError, ExportPlan

_APPENDED = {"folder": (LABELS_FILE,), "idx": (IDX_IMAGES, IDX_LABELS), "parquet": ()}
_PARQUET_MARK = b"PAR1"  # a Parquet file begins and ends with it
_GZIP_MARK = b"\x1f\x8b"

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_PLACE = (errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)

_FAULTS = (
    ArithmeticError,
    AttributeError,
    DecompressionBombError,
    EOFError,
    LookupError,
    NotImplementedError,
    SyntaxError,  # of Pillow, for a PNG file
    TypeError,
    ValueError,  # of pyarrow, too
    binascii.Error,
    csv.Error,
    struct.error,
    zlib.error,
)
"""What gzip, csv, Pillow and pyarrow raise for a damaged file, beside errors of the system."""


def damaged(path: Path, fault: str, folder: Path) -> ExportError:
    """The error for a file of an export that cannot be right, and what to do."""
    return ExportError(f"{path} is {fault}: the export is damaged, delete {folder} and start again")


@contextlib.contextmanager
def reading(path: Path, folder: Path) -> Iterator[None]:
    """While this file of the export in `folder` is read: faults of its content name it.

    Raises:
        ExportError: it is missing or damaged.
        OSError: the system refused; this says nothing of the file.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise damaged(path, "missing", folder) from error
    except ExportError:
        raise
    except OSError as error:
        if error.errno not in (None, errno.EISDIR):
            raise
        raise damaged(path, f"damaged ({error})", folder) from error  # of gzip and Pillow
    except _FAULTS as error:
        raise damaged(path, f"damaged ({error})", folder) from error


@contextlib.contextmanager
def writing(folder: Path, disk: str, safe: Callable[[], str]) -> Iterator[None]:
    """While something is written into `folder`: errors of the disk say what is safe, what to do.

    Args:
        folder: of the export.
        disk: what the message of a full disk calls it.
        safe: what the message of a full disk says of the pictures.

    Raises:
        ExportError: no room, no permission, or no such place.
        OSError: anything else.
    """
    try:
        yield
    except OSError as error:
        place = folder if error.filename is None else error.filename
        if error.errno in _NO_ROOM:
            raise ExportError(
                f"{disk} is full: {safe()}; make room and run the same command again"
            ) from error
        if error.errno in _NOT_ALLOWED:
            raise ExportError(
                f"{place} cannot be read or written ({error.strerror}): change its permissions and "
                "run the same command again, or choose another folder"
            ) from error
        if error.errno in _NO_PLACE:
            raise ExportError(
                f"{place} cannot be made ({error.strerror}): choose another folder"
            ) from error
        raise


def check_files(
    folder: Path, plan: ExportPlan, titles: Sequence[str], done: int, sizes: Mapping[str, int]
) -> None:
    """Look for every file of the first `done` shards, without reading them.

    Raises:
        ExportError: one is missing, short or damaged; the message names the first.
    """
    if not done:
        return
    for name in plan.formats:
        for path in _APPENDED[name]:
            _check_appended(folder, path, sizes)
    if "parquet" in plan.formats:
        for number in range(done):
            _check_parquet(folder, folder / parquet_path(number, plan.shards))
    if "folder" in plan.formats:
        _check_images(folder, plan, titles, done)


def _check_appended(folder: Path, name: str, sizes: Mapping[str, int]) -> None:
    path, size = folder / name, sizes.get(name)
    if not isinstance(size, int) or size < 1:
        raise damaged(folder / STATE_FILE, f"damaged (no size of {name})", folder)
    with reading(path, folder), path.open("rb") as file:
        start = file.read(len(_GZIP_MARK))
        length = file.seek(0, os.SEEK_END)
    if length < size:
        raise damaged(path, f"short, {length:,} bytes of {size:,}", folder)
    if path.suffix == ".gz" and start != _GZIP_MARK:
        raise damaged(path, "damaged (not a gzip file)", folder)


def _check_parquet(folder: Path, path: Path) -> None:
    mark = len(_PARQUET_MARK)
    with reading(path, folder), path.open("rb") as file:
        start = file.read(mark)
        file.seek(max(file.seek(0, os.SEEK_END) - mark, mark))
        end = file.read()
    if start != _PARQUET_MARK or end != _PARQUET_MARK:
        raise damaged(path, "damaged (not a whole Parquet file)", folder)


def _check_images(folder: Path, plan: ExportPlan, titles: Sequence[str], done: int) -> None:
    """Every picture by its name: a folder is listed once, as a million questions take minutes."""
    step = len(plan.labels)
    listed: dict[Path, set[str]] = {}
    for number in range(done):
        if plan.count > FLAT_IMAGES:
            listed.clear()  # folders of one shard alone, so that memory is bounded
        places = plan.places(number)
        for turn, label in enumerate(plan.labels):
            place = folder / image_folder(label, number, plan.count, titles)
            first = places.start + (turn - places.start) % step
            wanted = [image_name(plan.seed + i) for i in range(first, places.stop, step)]
            if not wanted:
                continue
            if place not in listed:
                with reading(place, folder):
                    listed[place] = {entry.name for entry in os.scandir(place)}
            there = listed[place]
            missing = next((name for name in wanted if name not in there), None)
            if missing is not None:
                raise damaged(place / missing, "missing", folder)
