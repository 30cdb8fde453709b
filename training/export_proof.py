"""What an export is worth, measured on what was written: CAS, copies and near copies, the study."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from model.config import FASHION_MNIST_CLASSES, ModelConfig
from model.export import ExportPlan
from training.cas import CasConfig, CasScore, cached_cas
from training.data import CACHE_DIR, ImageSet, fixed_order, load_fashion_mnist
from training.export_read import Batch, read_export
from training.mixing import STUDY_CLASSIFIER, balanced, study

MAX_CAS_IMAGES = 60_000
"""As many as Fashion-MNIST has to train on; a larger export is judged by its first ones."""

_NEAR_PERCENTILE = 1.0


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


def copies(batches: Iterator[Batch], real: RealData, total: int) -> dict[str, Any]:
    """Exact and near copies: of training pictures, and among themselves.

    A picture is near where its nearest training picture is nearer than those of all but one in a
    hundred held-out real pictures are to them; so one in a hundred is what no copying gives.
    Distances are root mean squares in grey levels of 0..255. Memory: eight bytes a picture, beside
    what does not grow with their number.
    """
    train = real.train.pixels.numpy()
    known = set(_digests(train).tolist())
    index = _flat(train)
    usual = np.concatenate(
        [_nearest(part, index) for part in np.array_split(real.heldout.pixels.numpy(), 5)]
    )
    limit = float(np.percentile(usual, _NEAR_PERCENTILE))
    seen = np.empty(total, np.uint64)  # a set of Python's would take ten times as much
    found = np.empty(min(total, MAX_CAS_IMAGES), np.float32)
    exact = count = 0
    bar = tqdm(total=total, desc="copies", leave=False, disable=None)
    for pixels, _ in batches:
        digests = _digests(pixels)
        exact += sum(digest in known for digest in digests.tolist())
        seen[count : count + len(pixels)] = digests
        room = found[count : count + len(pixels)]
        if len(room):
            # Copied: results kept as they are, between large temporary blocks, held the heap open,
            # and it grew by 10 to 15 MB a thousand pictures.
            room[:] = _nearest(pixels[: len(room)], index)
        count += len(pixels)
        bar.update(len(pixels))
    bar.close()
    found = found[:count]
    seen = seen[:count]
    seen.sort()  # in place
    return {
        "exact_of_training": exact,
        "exact_among_themselves": int(np.count_nonzero(seen[1:] == seen[:-1])),
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


def _digests(pictures: np.ndarray) -> np.ndarray:
    """Eight bytes of each picture, as uint64 [N].

    That two pictures share them by chance does not matter: among a million there is such a pair
    once in 37 million exports, and it would be one repeated picture too many.
    """
    parts = (hashlib.blake2b(picture.tobytes(), digest_size=8).digest() for picture in pictures)
    return np.frombuffer(b"".join(parts), np.uint64)


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
    rows = {"real": fixed_order(len(real.train))}
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


def cas_gaps(cas: Mapping[str, Any]) -> dict[str, Any]:
    """Points of accuracy that real pictures teach more: `cas_gap` and `cas_gap_all`.

    `cas_gap` is against as many real ones as there are synthetic ones, or all where there are no
    more, as in `training.evaluate`; `cas_gap_all` is against all real ones. The error is that of
    the two shares of the test pictures alone.

    Args:
        cas: what `cas_figures` returned.
    """
    own, tests = cas["value"], cas["test_pictures"]
    gaps = {}
    for name, row in (
        ("cas_gap", cas.get("real_as_many", cas["real"])),
        ("cas_gap_all", cas["real"]),
    ):
        variance = sum(share * (1 - share) / tests for share in (own, row["value"]))
        gaps[name] = {
            "value": _round(100 * (row["value"] - own)), "error": _round(100 * variance**0.5),
            "floor": 0.0, "unit": "points", "samples": cas["samples"],
            "real_samples": row["samples"], "against": "test",
        }  # fmt: skip
    return gaps


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
    metrics: dict[str, Any] = {
        "cas": figures,
        **cas_gaps(figures),
        "copies": copies(read_export(folder, plan, config), real, plan.count),
    }
    if with_study:
        rows = study(real.train, real.test, *synthetic, seed=seed, cache_dir=cache_dir)
        metrics["study"] = [dataclasses.asdict(row) for row in rows]
        title = f"{len(synthetic[0]):,} synthetic"
        alone = cached_cas(*synthetic, real.test, seed, STUDY_CLASSIFIER, title, cache_dir)
        metrics["study_synthetic_only"] = _round(alone.accuracy)
    return metrics


def _round(value: float) -> float:
    return float(f"{value:.5g}")
