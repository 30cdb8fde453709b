"""Which kind each real garment is: a tree of halves, along the direction in which they differ most.

Principal direction divisive partitioning (Boley 1998), cut at the median, so that all kinds are
equally likely; from coarse pixels alone, so that nothing by which a model is judged has a say.
"""

import dataclasses

import numpy as np
import torch
from torch.nn import functional as F

from model.pixels import to_img
from training.data import ImageSet

SIDE = 14
"""Pictures are compared at this many pixels a side: kinds are of shape and shade, not of texture."""


def with_kinds(data: ImageSet, splits: int) -> ImageSet:
    """The same pictures, with their kinds in 0 .. 2**splits - 1: those of a class equally many.

    The lighter half has the larger number, so that one seed is light or dark in all classes.

    Raises:
        ValueError: a class has too few pictures for so many kinds; names it and both numbers.
    """
    coarse = F.adaptive_avg_pool2d(to_img(data.pixels), SIDE).flatten(1).double().numpy()
    labels = data.labels.numpy()
    kinds = np.zeros(len(data), dtype=np.int64)
    for label, name in enumerate(data.class_names):
        members = np.flatnonzero(labels == label)
        if len(members) < 2 << splits:
            raise ValueError(
                f"kind_splits={splits} needs at least {2 << splits} pictures of each class; "
                f"{name!r} has {len(members)}"
            )
        groups = [members]
        for split in range(splits):
            halves = [_halve(coarse, group) for group in groups]
            for _, lighter in halves:
                kinds[lighter] += 1 << split
            groups = [half for pair in halves for half in pair]
    return dataclasses.replace(data, kinds=torch.from_numpy(kinds))


def _halve(coarse: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two halves of a group along its first principal direction, the lighter one last."""
    x = coarse[group]
    _, directions = np.linalg.eigh(np.cov(x.T))
    along = (x - x.mean(0)) @ directions[:, -1]
    if along @ x.mean(1) < 0:  # the sign of a direction is chance, its order must not be
        along = -along
    order = np.argsort(along, kind="stable")
    half = len(group) // 2
    return group[order[:half]], group[order[half:]]
