"""What an export is worth, measured on what was written: CAS, copies and near copies, the study."""

import csv
import dataclasses
import gzip
import hashlib
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from model.config import FASHION_MNIST_CLASSES, ModelConfig
from model.export import ExportError, ExportPlan
from model.export_formats import IDX_IMAGES, IDX_LABELS, LABELS_FILE, parquet_path
from training.cas import CasConfig, CasScore, cached_cas
from training.data import CACHE_DIR, ImageSet, load_fashion_mnist
from training.mixing import balanced, study

MAX_CAS_IMAGES = 60_000
"""As many as Fashion-MNIST has to train on; a larger export is judged by its first ones."""

_CHUNK = 1_000
_NEAR_PERCENTILE = 1.0

Batch = tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class RealData:
    """Real pictures of the exported classes: to learn from, held out, and to report on."""

    train: ImageSet
    heldout: ImageSet
    test: ImageSet


def load_real(config: ModelConfig, labels: tuple[int, ...]) -> RealData:
    """Fashion-MNIST, cut to these classes.

    Raises:
        ValueError: the model draws something else, or a single class, which nobody can confuse.
    """
    if len(labels) < 2:
        raise ValueError(f"labels must be two or more for a proof, not {labels}: --no-proof")
    if config.class_names != FASHION_MNIST_CLASSES or config.image_size != 28:
        raise ValueError(
            "the proof compares with Fashion-MNIST, and this model draws something else: --no-proof"
        )
    return RealData(
        *(_cut(load_fashion_mnist(name), labels) for name in ("train", "heldout", "test"))
    )


def _cut(data: ImageSet, labels: tuple[int, ...]) -> ImageSet:
    keep = torch.isin(data.labels, torch.tensor(labels))
    return ImageSet(data.pixels[keep], data.labels[keep], data.class_names)


def read_export(folder: Path, plan: ExportPlan, config: ModelConfig) -> Iterator[Batch]:
    """Pixels uint8 [N, H, W, C] and labels [N] of a finished export, in order, in bounded memory.

    Raises:
        ExportError: the files hold fewer pictures than the plan.
    """
    shape = (config.image_size, config.image_size, config.image_channels)
    readers = {"idx": _read_idx, "parquet": _read_parquet, "folder": _read_folder}
    reader = next(readers[name] for name in readers if name in plan.formats)
    count = 0
    for pixels, labels in reader(folder, plan, shape):
        count += len(pixels)
        yield pixels, labels
    if count != plan.count:
        raise ExportError(f"{folder} holds {count:,} pictures and not {plan.count:,}: delete it")


def _read_idx(folder: Path, plan: ExportPlan, shape: tuple[int, int, int]) -> Iterator[Batch]:
    del plan
    size = int(np.prod(shape))
    dimensions = 3 if shape[2] == 1 else 4
    with gzip.open(folder / IDX_IMAGES) as images, gzip.open(folder / IDX_LABELS) as labels:
        images.read(4 + 4 * dimensions)
        labels.read(8)
        while content := images.read(size * _CHUNK):
            pixels = np.frombuffer(content, np.uint8).reshape(-1, *shape)
            yield pixels, np.frombuffer(labels.read(len(pixels)), np.uint8).astype(np.int64)


def _read_parquet(folder: Path, plan: ExportPlan, shape: tuple[int, int, int]) -> Iterator[Batch]:
    import pyarrow.parquet as pq  # slow to import

    for number in range(plan.shards):
        file = pq.ParquetFile(folder / parquet_path(number, plan.shards))
        for batch in file.iter_batches(_CHUNK):
            pictures = [row["bytes"] for row in batch["image"].to_pylist()]
            pixels = [np.asarray(Image.open(io.BytesIO(png))).reshape(shape) for png in pictures]
            yield np.stack(pixels), batch["label"].to_numpy()


def _read_folder(folder: Path, plan: ExportPlan, shape: tuple[int, int, int]) -> Iterator[Batch]:
    del plan
    with (folder / LABELS_FILE).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        while chunk := list(itertools.islice(rows, _CHUNK)):
            pixels = [np.asarray(Image.open(folder / row["file"])).reshape(shape) for row in chunk]
            yield np.stack(pixels), np.array([int(row["label"]) for row in chunk])


def copies(batches: Iterator[Batch], real: RealData, total: int) -> dict[str, Any]:
    """Exact and near copies: of training pictures, and among themselves.

    A picture is near where its nearest training picture is nearer than those of all but one in a
    hundred held-out real pictures are to them; so one in a hundred is what no copying gives.
    Distances are root mean squares in grey levels of 0..255.
    """
    train = real.train.pixels.numpy()
    known = {_digest(picture) for picture in train}
    index = _flat(train)
    usual = np.concatenate(
        [_nearest(part, index) for part in np.array_split(real.heldout.pixels.numpy(), 5)]
    )
    limit = float(np.percentile(usual, _NEAR_PERCENTILE))
    seen: set[bytes] = set()
    exact = distances = 0
    nearest: list[np.ndarray] = []
    bar = tqdm(total=total, desc="copies", leave=False, disable=None)
    for pixels, _ in batches:
        digests = [_digest(picture) for picture in pixels]
        exact += sum(digest in known for digest in digests)
        seen.update(digests)
        if distances < MAX_CAS_IMAGES:
            nearest.append(_nearest(pixels, index))
            distances += len(pixels)
        bar.update(len(pixels))
    bar.close()
    found = np.concatenate(nearest)
    return {
        "exact_of_training": exact,
        "exact_among_themselves": total - len(seen),
        "near_of_training": {
            "value": _round(float((found < limit).mean())),
            "floor": _NEAR_PERCENTILE / 100,
            "limit_grey_levels": _round(limit),
            "samples": len(found),
        },
        "nearest_grey_levels": {
            "smallest": _round(float(found.min())),
            "median": _round(float(np.median(found))),
            "median_of_heldout_real": _round(float(np.median(usual))),
        },
        "samples": total,
        "training_pictures": len(train),
        "heldout_pictures": len(usual),
    }


def _digest(picture: np.ndarray) -> bytes:
    return hashlib.blake2b(picture.tobytes(), digest_size=16).digest()


def _flat(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.reshape(len(pixels), -1).astype(np.float32))


def _nearest(pixels: np.ndarray, index: torch.Tensor) -> np.ndarray:
    """Distance of each picture to the nearest of the index [M, D], in grey levels."""
    queries = _flat(pixels)
    squares = torch.full((len(queries),), float("inf"))
    lengths = queries.square().sum(1)
    for part in torch.split(
        index, 8_192
    ):  # sums of squares of whole numbers below 2**26: exact enough
        dots = queries @ part.T
        squares = torch.minimum(squares, (part.square().sum(1) - 2 * dots).amin(1))
    return ((squares + lengths).clamp(min=0) / queries.shape[1]).sqrt().numpy()


def cas_figures(
    batches: Iterator[Batch], real: RealData, seed: int, config: CasConfig, cache_dir: Path
) -> tuple[dict[str, Any], Batch]:
    """CAS with the rows of real pictures beside it, and the pictures that it was taken from."""
    pixels, labels = _take(batches, MAX_CAS_IMAGES)
    title = f"CAS {len(pixels):,} synthetic"
    score = cached_cas(pixels, labels, real.test, seed, config, title, cache_dir)
    rows = {"real": np.arange(len(real.train))}
    if len(pixels) < len(real.train):
        rows["real_as_many"] = balanced(real.train, len(pixels), seed)
    real_rows = {}
    for name, places in rows.items():
        arrays = real.train.pixels.numpy()[places], real.train.labels.numpy()[places]
        title = f"CAS {len(places):,} real"
        row = cached_cas(*arrays, real.test, seed, config, title, cache_dir)
        real_rows[name] = {**_row(row, real.test), "samples": len(places)}
    figures = {
        **_row(score, real.test),
        "floor": real_rows["real"]["value"],
        "samples": len(pixels),
        "against": "test",
        "test_pictures": len(real.test),
        "classifier_seed": seed,
        "classifier": {k: v for k, v in dataclasses.asdict(config).items() if k != "precision"},
        **real_rows,
    }
    return figures, (pixels, labels)


def _row(score: CasScore, test: ImageSet) -> dict[str, Any]:
    present = sorted(set(test.labels.tolist()))
    by_class = {test.class_names[label]: _round(score.by_class[label]) for label in present}
    return {"value": _round(score.accuracy), "by_class": by_class}


def _take(batches: Iterator[Batch], most: int) -> Batch:
    parts: list[Batch] = []
    count = 0
    for part in batches:
        parts.append(part)
        count += len(part[0])
        if count >= most:
            break
    pixels, labels = (np.concatenate(arrays)[:most] for arrays in zip(*parts, strict=True))
    return pixels, labels


def prove(
    folder: Path,
    plan: ExportPlan,
    config: ModelConfig,
    real: RealData,
    *,
    with_study: bool = False,
    seed: int = 0,
    cas: CasConfig | None = None,
    cache_dir: Path = CACHE_DIR,
) -> dict[str, Any]:
    """Figures for `metrics.json` of a finished export, with the study if it is asked for."""
    cas = cas or CasConfig()
    figures, synthetic = cas_figures(read_export(folder, plan, config), real, seed, cas, cache_dir)
    gap = 100 * (figures["floor"] - figures["value"])
    metrics: dict[str, Any] = {
        "cas": figures,
        "cas_gap": {
            "value": _round(gap), "floor": 0.0, "unit": "points", "samples": figures["samples"],
            "against": "test",
        },
        "copies": copies(read_export(folder, plan, config), real, plan.count),
    }  # fmt: skip
    if with_study:
        rows = study(real.train, real.test, *synthetic, seed=seed, cache_dir=cache_dir)
        metrics["study"] = [dataclasses.asdict(row) for row in rows]
    return metrics


def _round(value: float) -> float:
    return float(f"{value:.5g}")
