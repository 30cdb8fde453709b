"""An export read back from its files, as a classifier or a proof needs it, in bounded memory."""

import contextlib
import csv
import gzip
import io
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from model.config import ModelConfig
from model.export import STATE_FILE, ExportError, ExportPlan
from model.export_check import damaged, reading
from model.export_formats import IDX_IMAGES, IDX_LABELS, LABELS_FILE, idx_header, parquet_path

_CHUNK = 1_000

Batch = tuple[np.ndarray, np.ndarray]


def read_export(folder: Path, plan: ExportPlan, config: ModelConfig) -> Iterator[Batch]:
    """Pixels uint8 [N, H, W, C] and labels [N] of a finished export, in order, in bounded memory.

    Raises:
        ExportError: a file is missing or damaged, or holds something else than the plan says.
    """
    shape = (config.image_size, config.image_size, config.image_channels)
    readers = {"idx": _read_idx, "parquet": _read_parquet, "folder": _read_folder}
    reader = next(readers[name] for name in readers if name in plan.formats)
    known, count = np.array(plan.labels), 0
    for pixels, labels in reader(folder, plan, shape):
        wanted = known[np.arange(count, count + len(pixels)) % len(known)]
        count += len(pixels)
        if count > plan.count:
            break
        if not np.array_equal(labels, wanted):
            raise _other(folder, f"other labels than its {STATE_FILE}")
        yield pixels, labels
    if count != plan.count:
        more = "more" if count > plan.count else f"{count:,}"
        raise _other(folder, f"{more} pictures and not {plan.count:,}")


def _other(folder: Path, what: str) -> ExportError:
    return ExportError(
        f"{folder} holds {what}: the export is damaged, delete {folder} and start again"
    )


def _read_idx(folder: Path, plan: ExportPlan, shape: tuple[int, int, int]) -> Iterator[Batch]:
    size, left = math.prod(shape), plan.count
    pictures, names = folder / IDX_IMAGES, folder / IDX_LABELS
    with contextlib.ExitStack() as opened:
        files: list[gzip.GzipFile] = []
        for path, of_one in ((pictures, shape[: 2 if shape[2] == 1 else 3]), (names, ())):
            header = idx_header((plan.count, *of_one))
            with reading(path, folder):
                files.append(opened.enter_context(gzip.open(path)))
                if files[-1].read(len(header)) != header:
                    raise damaged(path, "damaged (not the start of these pictures)", folder)
        while left:
            count = min(left, _CHUNK)
            with reading(pictures, folder):
                pixels = np.frombuffer(_whole(files[0], count * size), np.uint8)
            with reading(names, folder):
                labels = np.frombuffer(_whole(files[1], count), np.uint8).astype(np.int64)
            yield pixels.reshape(-1, *shape), labels
            left -= count
        for path, file in zip((pictures, names), files, strict=True):
            with reading(path, folder):  # to the end, where the checksum is
                if file.read(1):
                    raise damaged(path, f"damaged (more than {plan.count:,} pictures)", folder)


def _whole(file: gzip.GzipFile, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise EOFError(f"{size - len(content):,} bytes are missing")
    return content


def _read_parquet(folder: Path, plan: ExportPlan, shape: tuple[int, int, int]) -> Iterator[Batch]:
    import pyarrow.parquet as pq  # slow to import

    for number in range(plan.shards):
        path = folder / parquet_path(number, plan.shards)
        with reading(path, folder):
            batches = pq.ParquetFile(path).iter_batches(_CHUNK)
        while True:
            with reading(path, folder):
                batch = next(batches, None)
                if batch is None:
                    break
                pictures = [row["bytes"] for row in batch["image"].to_pylist()]
                pixels = np.stack([_pixels(io.BytesIO(png), shape) for png in pictures])
                labels = batch["label"].to_numpy()
            yield pixels, labels


def _read_folder(folder: Path, plan: ExportPlan, shape: tuple[int, int, int]) -> Iterator[Batch]:
    del plan
    path = folder / LABELS_FILE
    with contextlib.ExitStack() as opened:
        with reading(path, folder):
            file = opened.enter_context(path.open(encoding="utf-8", newline=""))
            rows = csv.DictReader(file)
        while True:
            with reading(path, folder):
                chunk = [(row["file"], int(row["label"])) for row in itertools.islice(rows, _CHUNK)]
            if not chunk:
                break
            pixels = []
            for name, _ in chunk:
                with reading(folder / name, folder):
                    pixels.append(_pixels(folder / name, shape))
            yield np.stack(pixels), np.array([label for _, label in chunk])


def _pixels(png: Path | io.BytesIO, shape: tuple[int, int, int]) -> np.ndarray:
    with Image.open(png) as image:
        pixels = np.asarray(image)
    if pixels.dtype != np.uint8:
        raise ValueError(f"pixels of {pixels.dtype}")
    return pixels.reshape(shape)
