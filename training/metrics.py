"""Distances between sets of features; the statistics are those of well-kept libraries."""

import contextlib
import io

import numpy as np
import torch
from prdc import compute_prdc
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

NEIGHBOURS = 5
_KD_SUBSETS, _KD_SUBSET_SIZE = 100, 1000


def frechet_distance(features: np.ndarray, reference: np.ndarray) -> float:
    """FD (arXiv 1706.08500) of two sets [N, D]; called FID only in the Inception's features.

    Raises:
        ValueError: a set has fewer samples than feature dimensions.
    """
    for name, given in (("features", features), ("reference", reference)):
        if len(given) <= given.shape[1]:
            raise ValueError(
                f"{name}: {len(given)} samples are too few for {given.shape[1]} dimensions"
            )
    statistics = [
        fid_features_to_statistics(torch.from_numpy(given.astype(np.float64)))
        for given in (features, reference)
    ]
    result = fid_statistics_to_metric(*statistics, verbose=False)
    return float(result["frechet_inception_distance"])


def kernel_distance(features: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """KD (arXiv 1801.01401): squared MMD with a cubic kernel, and its standard error."""
    size = min(_KD_SUBSET_SIZE, len(features), len(reference))
    result = kid_features_to_metric(
        torch.from_numpy(features.astype(np.float64)),
        torch.from_numpy(reference.astype(np.float64)),
        kid_subsets=_KD_SUBSETS,
        kid_subset_size=size,
        rng_seed=2020,
        verbose=False,
    )
    spread = float(result["kernel_inception_distance_std"])
    return float(result["kernel_inception_distance_mean"]), spread / _KD_SUBSETS**0.5


def coverage_figures(features: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Precision, recall (arXiv 1904.06991), density and coverage (arXiv 2002.09797), k = 5."""
    with contextlib.redirect_stdout(io.StringIO()):  # prdc prints its counts
        figures = compute_prdc(
            real_features=reference, fake_features=features, nearest_k=NEIGHBOURS
        )
    return {name: float(value) for name, value in figures.items()}
