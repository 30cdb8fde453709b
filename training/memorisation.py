"""Whether generated garments stand nearer to those that were trained on than to those that were not."""

import dataclasses

import numpy as np
from scipy import stats
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.neighbors import NearestNeighbors


@dataclasses.dataclass(frozen=True)
class Memorisation:
    """Three views of one question.

    Attributes:
        share: of samples nearer to train than to test, ties half; 0.5 where nothing is memorised.
        error: standard error of `share` by drawing other samples, binomial.
        null_error: that of 0.5 by dealing the same real garments anew to train and test; larger, as
            many samples have the same nearest garment. `share` is to be seen against this one.
        authentic: share of samples that are farther from their nearest training garment than that
            one is from its own nearest (AuthPct, arXiv 2102.08921).
        authentic_floor: the same share of the test garments.
        c_t: standard deviations by which distances to train exceed those of test garments (C_T of
            arXiv 2004.05675 with one cell). Copies bring it below 0, and so does keeping to the
            middle of the crowd: only together with `share` it tells of copies.
    """

    share: float
    error: float
    null_error: float
    authentic: float
    authentic_floor: float
    c_t: float


def measure_memorisation(samples: np.ndarray, train: np.ndarray, test: np.ndarray) -> Memorisation:
    """Compare the distances of samples [N, D] to as many training and test garments [M, D].

    Raises:
        ValueError: train and test differ in number, which would shift the null, or are too few.
    """
    if len(train) != len(test) or len(train) < 2:
        raise ValueError(
            f"train and test must be as many, two or more, not {len(train)} and {len(test)}"
        )
    if not len(samples):
        raise ValueError("samples must hold at least one, not 0")
    nearest, to_train = pairwise_distances_argmin_min(samples, train)
    nearest_test, to_test = pairwise_distances_argmin_min(samples, test)
    share = float((to_train < to_test).mean() + (to_train == to_test).mean() / 2)
    null_error = _null_error(
        np.where(to_train <= to_test, nearest, len(train) + nearest_test), 2 * len(train)
    )
    within = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(train).kneighbors(train)[0]
    authentic = float((to_train > within[nearest, 1]).mean())
    near_test, from_test = pairwise_distances_argmin_min(test, train)
    usual = float((from_test > within[near_test, 1]).mean())
    count, others = len(samples), len(test)
    rank = stats.mannwhitneyu(to_train, from_test).statistic
    spread = (count * others * (count + others + 1) / 12) ** 0.5
    c_t = float((rank - count * others / 2) / spread)
    error = (share * (1 - share) / count) ** 0.5
    return Memorisation(share, error, null_error, authentic, usual, c_t)


def _null_error(nearest: np.ndarray, real: int) -> float:
    """Of the share [N] whose nearest of `real` garments is in a half of these that is drawn by lot."""
    held = np.bincount(nearest, minlength=real)
    return float((held.var() * real**2 / (4 * (real - 1))) ** 0.5 / len(nearest))
