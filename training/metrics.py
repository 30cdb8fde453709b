"""Distances between sets of features; the statistics are those of well-kept libraries."""

import contextlib
import io
from collections.abc import Callable

import numpy as np
import torch
from joblib import parallel_config
from prdc import compute_prdc
from sklearn.metrics.pairwise import pairwise_distances, polynomial_kernel
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

NEIGHBOURS, _JACKKNIFE_HALVES = 5, 20
KD_SUBSETS, _KD_SUBSET_SIZE = 100, 1000
_KD_ERROR_SAMPLES = 10_000
"""Of a side, at most: enough for the error of a mean, and a matrix that fits in memory."""

_MORE = "draw more garments or add pictures to the folder"


def frechet_distance(features: np.ndarray, reference: np.ndarray) -> float:
    """FD (arXiv 1706.08500) of two sets [N, D]; called FID only in the Inception's features.

    Raises:
        ValueError: a set has fewer samples than feature dimensions, or a number is not finite.
    """
    _check(features, reference)
    statistics = [_statistics(given) for given in (features, reference)]
    result = fid_statistics_to_metric(*statistics, verbose=False)
    return float(result["frechet_inception_distance"])


def frechet_error(features: np.ndarray, reference: np.ndarray) -> float:
    """Standard error of the FD that comes from drawing just these `features` [N, D].

    By the delta method: the FD changes with the mean by 2 (m1 - m2) and with the covariance S1 by
    I - T, where T = S2^1/2 (S2^1/2 S1 S2^1/2)^-1/2 S2^1/2 is the optimal way from the one normal
    distribution to the other; so every sample has a known influence.
    """
    _check(features, reference)
    one, two = (_statistics(given) for given in (features, reference))
    root = _power(two["sigma"], 0.5)
    way = root @ _power(root @ one["sigma"] @ root, -0.5) @ root
    centred = features.astype(np.float64) - one["mu"]
    influence = 2 * centred @ (one["mu"] - two["mu"])
    influence += (centred * (centred - centred @ way)).sum(1)
    return float(influence.std() / len(features) ** 0.5)


def kernel_distance(features: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """KD (arXiv 1801.01401): squared MMD with a cubic kernel, and its standard error.

    The error is that of drawing just these `features`, and of the subsets. The subsets alone, as
    libraries give it, tell half of it: they are taken from the same features again and again.

    Raises:
        ValueError: fewer than four samples on a side, or a number is not finite.
    """
    value, spread = _kernel_subsets(features, reference, KD_SUBSETS)
    return value, float(np.hypot(spread / KD_SUBSETS**0.5, _kernel_error(features, reference)))


def kernel_value(features: np.ndarray, reference: np.ndarray, subsets: int = KD_SUBSETS) -> float:
    """KD alone, from so many subsets, where no error is asked for.

    Raises:
        ValueError: as `kernel_distance`.
    """
    return _kernel_subsets(features, reference, subsets)[0]


def _kernel_subsets(
    features: np.ndarray, reference: np.ndarray, subsets: int
) -> tuple[float, float]:
    """Mean and standard deviation between subsets."""
    fewest = min(len(features), len(reference))
    if fewest < 4:
        raise ValueError(
            f"features and reference must have four samples or more, not {fewest}; {_MORE}"
        )
    _check_finite(features, reference)
    size = min(_KD_SUBSET_SIZE, fewest if fewest > _KD_SUBSET_SIZE else fewest // 2)
    result = kid_features_to_metric(
        torch.from_numpy(features.astype(np.float32)),  # fp64 takes twice as long; 3e-8 apart
        torch.from_numpy(reference.astype(np.float32)),
        kid_subsets=subsets,
        kid_subset_size=size,
        rng_seed=2020,
        verbose=False,
    )
    mean, spread = (result[f"kernel_inception_distance_{name}"] for name in ("mean", "std"))
    return float(mean), float(spread)


def _kernel_error(features: np.ndarray, reference: np.ndarray) -> float:
    """By the delta method: twice how much nearer a sample is to its own kind than to the other's."""
    own, other = (
        given[
            np.linspace(0, len(given) - 1, min(len(given), _KD_ERROR_SAMPLES)).astype(int)
        ].astype(np.float32)
        for given in (features, reference)
    )
    influence = np.zeros(len(own))
    for start in range(0, len(own), 1000):
        rows = own[start : start + 1000]
        near, far = (polynomial_kernel(rows, given, 3, coef0=1) for given in (own, other))
        near[np.arange(len(rows)), start + np.arange(len(rows))] = 0  # a sample is no pair
        influence[start : start + len(rows)] = 2 * (
            near.sum(1, dtype=np.float64) / (len(own) - 1) - far.mean(1, dtype=np.float64)
        )
    return float(influence.std() / len(features) ** 0.5)


def coverage_figures(features: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Precision, recall (arXiv 1904.06991), density and coverage (arXiv 2002.09797), k = 5.

    Raises:
        ValueError: no more than k samples on a side, or a number is not finite.
    """
    fewest = min(len(features), len(reference))
    if fewest <= NEIGHBOURS:
        raise ValueError(
            f"features and reference must have over {NEIGHBOURS} samples, not {fewest}; {_MORE}"
        )
    _check_finite(features, reference)
    # prdc prints its counts, and has eight threads wait for each other: half as long again.
    with contextlib.redirect_stdout(io.StringIO()), parallel_config(backend="sequential"):
        figures = compute_prdc(
            real_features=reference, fake_features=features, nearest_k=NEIGHBOURS
        )
    return {name: float(value) for name, value in figures.items()}


def coverage_errors(features: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Standard errors of these four that come from drawing just these `features` [N, D].

    Precision and density are means over the features. In recall and coverage one of them counts for
    many of the reference: their errors are by a jackknife that leaves out half of the features at a
    time, as neighbours of the order k are not smooth enough for one that leaves out few.
    """
    real = pairwise_distances(reference)
    real_radius = np.partition(real, NEIGHBOURS, axis=1)[:, NEIGHBOURS]  # the nearest is itself
    between = pairwise_distances(reference, features)
    inside = between < real_radius[:, None]
    errors = {
        "precision": inside.any(0).std() / len(features) ** 0.5,
        "density": inside.sum(0).std() / NEIGHBOURS / len(features) ** 0.5,
    }
    del real, inside
    own = pairwise_distances(features)
    draws = np.random.RandomState(0)
    left: dict[str, list[float]] = {"recall": [], "coverage": []}
    for _ in range(_JACKKNIFE_HALVES):
        # In order, as memory is read; which ones they are is all that counts.
        kept = np.sort(draws.permutation(len(features))[: len(features) // 2])
        radius = np.partition(own[np.ix_(kept, kept)], NEIGHBOURS, axis=1)[:, NEIGHBOURS]
        part = between.take(kept, axis=1)
        left["recall"].append(float((part < radius).any(1).mean()))
        left["coverage"].append(float((part.min(1) < real_radius).mean()))
    for name, values in left.items():
        errors[name] = np.std(values, ddof=1)  # (n - d) / d is 1
    return {name: float(error) for name, error in errors.items()}


def by_class(
    distance: Callable[[np.ndarray, np.ndarray], float],
    features: tuple[np.ndarray, np.ndarray],
    reference: tuple[np.ndarray, np.ndarray],
    class_names: tuple[str, ...],
) -> dict[str, float]:
    """A distance between the garments of each class.

    Args:
        distance: of two sets of features.
        features: [N, D] and labels [N].
        reference: [M, D] and labels [M].
        class_names: in label order.

    Raises:
        ValueError: naming a class with too few samples.
    """
    found = {}
    for label, name in enumerate(class_names):
        mine, real = (given[labels == label] for given, labels in (features, reference))
        try:
            found[name] = distance(mine, real)
        except ValueError as error:
            raise ValueError(f"class {name!r}: {error}") from error
    return found


def _statistics(features: np.ndarray) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = fid_features_to_statistics(
        torch.from_numpy(features.astype(np.float64))
    )
    return found


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Power of a symmetric matrix without negative eigenvalues; directions without spread stay 0."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > values.max() * len(values) * np.finfo(values.dtype).eps
    powers = np.where(kept, np.where(kept, values, 1.0) ** exponent, 0.0)
    result: np.ndarray = (vectors * powers) @ vectors.T
    return result


def _check(features: np.ndarray, reference: np.ndarray) -> None:
    for name, given in (("features", features), ("reference", reference)):
        if len(given) <= given.shape[1]:
            raise ValueError(
                f"{name}: {len(given)} samples are too few for {given.shape[1]} dimensions, "
                f"at least {given.shape[1] + 1} are needed; {_MORE}"
            )
    _check_finite(features, reference)


def _check_finite(features: np.ndarray, reference: np.ndarray) -> None:
    for name, given in (("features", features), ("reference", reference)):
        if not np.isfinite(given).all():
            row = int((~np.isfinite(given)).any(1).argmax())
            raise ValueError(
                f"{name}: sample {row} holds NaN or infinity; leave this picture out, or replace "
                "the network that gave its features"
            )
