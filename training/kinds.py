"""Which kind each real garment is: a tree of halves, along the direction in which they differ most.

Principal direction divisive partitioning (Boley 1998), cut at the median, so that all kinds are
equally likely; from coarse pixels alone, so that nothing by which a model is judged has a say.
"""

import dataclasses
import functools

import numpy as np
import torch
from torch.nn import functional as F

from model.pixels import to_img
from training.data import ImageSet, batch_indices

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


def next_batch(data: ImageSet, seed: int, start: int, size: int) -> np.ndarray:
    """Which pictures the batch has that begins with number `start` of the endless shuffled stream.

    With kinds, as many of each class, and those of a class all of one kind: the critic is shown how
    much the garments of a class in a batch differ, and among many kinds it could not see that those
    of one are all alike. A pure function, so that a run can go on at any image.

    Raises:
        ValueError: `size` is no multiple of the classes, or a kind has too few pictures.
    """
    if data.kinds is None:
        return batch_indices(len(data), seed, start, size)
    classes = len(data.members)
    if size % classes:
        raise ValueError(f"batch_size must be a multiple of {classes} classes, not {size}")
    return np.concatenate(
        [
            _handful(kinds, size // classes, (seed, label), start // size)
            for label, kinds in enumerate(data.members)
        ]
    )


def _handful(kinds: list[np.ndarray], count: int, seed: tuple[int, int], number: int) -> np.ndarray:
    """Handful `number` of a class: `count` garments of one kind, until all were out once."""
    parts = [len(members) // count for members in kinds]
    if not min(parts):
        fewest = min(len(members) for members in kinds)
        raise ValueError(
            f"batch_size asks for {count} pictures of a kind, and the smallest kind has {fewest}; "
            "take a smaller batch_size or fewer kind_splits"
        )
    passed, place = divmod(number, sum(parts))
    order = _shuffled(sum(parts), *seed, passed)
    ends = np.cumsum(parts)
    kind = int(np.searchsorted(ends, order[place], side="right"))
    part = int(ends[kind] - 1 - order[place])
    mixed = _shuffled(len(kinds[kind]), *seed, passed)
    picked: np.ndarray = kinds[kind][mixed[part * count : (part + 1) * count]]
    return picked


@functools.lru_cache(maxsize=512)
def _shuffled(count: int, seed: int, label: int, passed: int) -> np.ndarray:
    return np.random.Generator(
        np.random.Philox(key=[seed, label], counter=[0, 0, 0, passed])
    ).permutation(count)


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
