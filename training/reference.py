"""Real garments and what is measured against them: distances, coverage, classes, memorisation."""

import dataclasses
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.classifier import Classifier, load_classifier
from training.data import CACHE_DIR, ImageSet, fixed_order, load_fashion_mnist
from training.features import FeatureSpace, cached_features, space_c, space_e
from training.memorisation import measure_memorisation
from training.metrics import (
    by_class,
    coverage_errors,
    coverage_figures,
    frechet_distance,
    frechet_error,
    kernel_distance,
    kernel_value,
)
from training.protocol import Figure
from training.subjects import Sampled

_CLASS_SUBSETS = 20


@dataclasses.dataclass(frozen=True, eq=False)
class Featured:
    """Pictures with labels and their features by the space's letter, each [N, D]."""

    labels: np.ndarray
    features: dict[str, np.ndarray]

    def first(self, count: int) -> "Featured":
        """The first ones."""
        few = {letter: given[:count] for letter, given in self.features.items()}
        return Featured(self.labels[:count], few)


@dataclasses.dataclass(eq=False)
class Reference:
    """Real garments to compare with, and what other real garments, `train`, reach against them."""

    name: str
    class_names: tuple[str, ...]
    spaces: dict[str, FeatureSpace]
    judge: Classifier
    real: Featured
    train: Featured
    cache_dir: Path = CACHE_DIR

    @property
    def target(self) -> np.ndarray:
        """Features of the real garments in E."""
        return self.real.features["e"]

    @property
    def samples(self) -> int:
        """How many training garments, and so generated ones, stand on the other side."""
        return len(self.train.labels)

    @cached_property
    def floors(self) -> dict[str, Any]:
        """Values of `train` by figure, with `fd` and `kd` for those in E."""
        figures = measure_distances(self.train, self, errors=False)
        floors = {name: figure["value"] for name, figure in figures.items()}
        classes = {name: f["by_class"] for name, f in figures.items() if "by_class" in f}
        agreement = _agreement(self.real, self.judge, self.class_names)  # it learnt from `train`
        floors["label_agreement"] = agreement["value"]
        classes["label_agreement"] = agreement["by_class"]
        return {
            **floors,
            "fd": floors["fd_e"],
            "kd": floors["kd_e"],
            "by_class": classes,
            "taken_for": agreement["taken_for"],
        }

    def featured(self, sampled: Sampled, title: str) -> Featured:
        """Features of generated pictures in all spaces."""
        features = {
            letter: space.extract(sampled.pixels, f"{title} in {letter.upper()}")
            for letter, space in self.spaces.items()
        }
        return Featured(sampled.labels, features)


def load_reference(
    name: str,
    cache_dir: Path = CACHE_DIR,
    samples: int | None = None,
    inception: FeatureSpace | None = None,
) -> Reference:
    """The held-out or the test garments and as many (or `samples`) from train, with features.

    Raises:
        ValueError: data or feature weights are missing or damaged.
    """
    target = load_fashion_mnist("test" if name == "test" else "heldout")
    train = load_fashion_mnist("train")
    picked = fixed_order(len(train))[: samples or len(target)]
    cut = ImageSet(train.pixels[picked], train.labels[picked], train.class_names)
    spaces = {"e": space_e(), "c": space_c(), **({"i": inception} if inception else {})}

    def featured(data: ImageSet, title: str) -> Featured:
        features = {
            letter: cached_features(
                data.pixels.numpy(), cache_dir, f"real {title} in {letter.upper()}", space
            )
            for letter, space in spaces.items()
        }
        return Featured(data.labels.numpy(), features)

    return Reference(
        name,
        target.class_names,
        spaces,
        load_classifier(),
        featured(target, name),
        featured(cut, "train"),
        cache_dir,
    )


def measure_distances(
    sample: Featured, reference: Reference, errors: bool = True
) -> dict[str, Figure]:
    """FD, KD, coverage, by class and recognised class of a sample; not yet divided by any floor.

    Without `errors` of what drawing just this sample adds, in less time.

    Raises:
        ValueError: too few samples for a space's dimensions, or features that are not finite.
    """
    real, names = reference.real, reference.class_names
    figures: dict[str, Figure] = {}
    for letter in reference.spaces:
        mine, target = sample.features[letter], real.features[letter]
        figures[f"fd_{letter}"] = {"value": frechet_distance(mine, target)}
        if errors:
            figures[f"fd_{letter}"]["error"] = frechet_error(mine, target)
    both = sample.features["e"], real.features["e"]
    if errors:
        value, error = kernel_distance(*both)
        figures["kd_e"] = {"value": value, "error": error}
    else:
        figures["kd_e"] = {"value": kernel_value(*both)}
    count = len(real.labels)  # as many on both sides
    few = sample.first(count).features["e"]
    for name, value in coverage_figures(few, real.features["e"]).items():
        figures[name] = {"value": value, "samples": count}
    if errors:
        for name, error in coverage_errors(few, real.features["e"]).items():
            figures[name]["error"] = error
    figures["kd_e_by_class"] = _of_classes("e", _class_kernel, sample, real, names)
    figures["fd_c_by_class"] = _of_classes("c", frechet_distance, sample, real, names)
    figures["label_agreement"] = _agreement(sample, reference.judge, names)
    return figures


def judge_distances(sample: Featured, reference: Reference) -> dict[str, Figure]:
    """The figures of a sample with their floors: R in every space, and memorisation."""
    floors, found = reference.floors, measure_distances(sample, reference)
    figures: dict[str, Figure] = {}
    for letter in reference.spaces:
        raw, floor = found.pop(f"fd_{letter}"), floors[f"fd_{letter}"]
        if letter == "i":
            figures["fid"] = {**raw, "floor": floor}
        else:
            figures[f"r_{letter}"] = {
                "value": raw["value"] / floor,
                "error": raw["error"] / floor,
                "floor": 1.0,
                "fd": raw["value"],
                "fd_floor": floor,
            }
    for name, figure in found.items():
        figures[name] = {**figure, "floor": floors[name]}
        if name in floors["by_class"]:
            figures[name]["by_class_floor"] = floors["by_class"][name]
    figures["label_agreement"]["taken_for_floor"] = floors["taken_for"]
    return figures | _memorisation(sample, reference)


def mean_figures(drawings: list[dict[str, Figure]]) -> dict[str, Figure]:
    """Figures of several drawings as one: means, and the standard error between them."""
    if len(drawings) == 1:
        return drawings[0]
    merged = {}
    for name, first in drawings[0].items():
        values = [drawing[name]["value"] for drawing in drawings]
        error = float(np.std(values, ddof=1) / len(values) ** 0.5)
        merged[name] = {
            key: _mean([drawing[name][key] for drawing in drawings]) for key in first
        } | {"error": error, "values": values}
        if "error" in first:  # of the drawing alone, and what it is compared with stays the same
            merged[name]["error_of_one"] = _mean([drawing[name]["error"] for drawing in drawings])
    return merged


def _mean(values: list[Any]) -> Any:
    if isinstance(values[0], dict):
        return {key: _mean([value[key] for value in values]) for key in values[0]}
    return values[0] if isinstance(values[0], int) else float(np.mean(values))


def _share_error(share: float, count: int) -> float:
    """Standard error of a share of `count` pictures, binomial."""
    return float((share * (1 - share) / count) ** 0.5)


def _agreement(sample: Featured, judge: Classifier, names: tuple[str, ...]) -> Figure:
    """Share of garments that the classifier takes for what they are meant to be, and for others.

    `taken_for` holds the shares of the nine others by class meant and class told.
    """
    with torch.inference_mode():
        told = judge.head(torch.from_numpy(sample.features["c"])).argmax(1).numpy()
    shares = {}
    for label, name in enumerate(names):
        of_class = np.bincount(told[sample.labels == label], minlength=len(names))
        shares[name] = dict(zip(names, (of_class / max(of_class.sum(), 1)).tolist(), strict=True))
    value = float((told == sample.labels).mean())
    return {
        "value": value,
        "error": _share_error(value, len(told)),
        "by_class": {name: shares[name].pop(name) for name in names},
        "taken_for": shares,
    }


def _of_classes(
    letter: str,
    distance: Callable[[np.ndarray, np.ndarray], float],
    sample: Featured,
    real: Featured,
    names: tuple[str, ...],
) -> Figure:
    found = by_class(
        distance,
        (sample.features[letter], sample.labels),
        (real.features[letter], real.labels),
        names,
    )
    return {"value": float(np.mean(list(found.values()))), "by_class": found}


def _class_kernel(features: np.ndarray, reference: np.ndarray) -> float:
    return kernel_value(features, reference, _CLASS_SUBSETS)


def _memorisation(sample: Featured, reference: Reference) -> dict[str, Figure]:
    """In E; the training side is cut to the target's count, so that one half is the null."""
    count = len(reference.real.labels)
    train, test = reference.train.first(count).features["e"], reference.target
    found = measure_memorisation(sample.first(count).features["e"], train, test)
    figures: dict[str, Figure] = {
        "memorisation": {
            "value": found.share,
            "error": found.error,
            "floor": 0.5,
            "null_error": found.null_error,
        },
        "authpct": {
            "value": found.authentic,
            "error": _share_error(found.authentic, count),
            "floor": found.authentic_floor,
        },
        "c_t": {"value": found.c_t, "floor": 0.0},
    }
    return {name: {**figure, "samples": count} for name, figure in figures.items()}
