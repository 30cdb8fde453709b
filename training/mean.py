"""The mean of generators of one training: where it stood, at different ends of falling rates."""

from collections.abc import Sequence
from pathlib import Path

import torch

from model.generator import Generator
from model.weights import load_generator
from training.ema import estimate_statistics

_STATISTICS_IMAGES = 16_384


@torch.no_grad()
def mean_generator(folders: Sequence[Path]) -> Generator:
    """Stochastic weight averaging (arXiv 1803.05407) of model folders; batch statistics measured anew.

    Of networks that one training passed through, since those of two trainings have nothing to do
    with each other: their mean would draw noise.

    Raises:
        ValueError: there is none, or one has another shape than the first; names folder and field.
        ModelFolderError: a folder is not a whole one.
    """
    if not folders:
        raise ValueError("a mean needs at least one model folder")
    generators = [load_generator(folder, derived=False) for folder in folders]
    mean = generators[0]
    for folder, other in zip(folders, generators, strict=True):
        if differs := other.config.difference(mean.config):
            name, value, first = differs
            raise ValueError(
                f"{folder} has {name}={value!r}, {folders[0]} {first!r}: "
                "only networks of one training have a mean"
            )
    for weights in zip(*(generator.parameters() for generator in generators), strict=True):
        weights[0].copy_(torch.stack([w.double() for w in weights]).mean(0))
    if len(generators) > 1:
        estimate_statistics(mean, _STATISTICS_IMAGES)
    return mean
