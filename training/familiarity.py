"""What an encoder sees in the garments that it learnt from, so that it can tell what is none."""

import numpy as np
import torch

from model.encoder import Encoder
from model.pixels import to_img
from training.data import ImageSet

_FIRST = 10_000
_BATCH = 250
_LEAST = 1e-3
"""Of the mean variance, added to each: ways that garments do not vary in would count without end."""
_STRANGE = 0.98


def measure_familiarity(encoder: Encoder, train: ImageSet, held: ImageSet) -> float:
    """Fill in the encoder's `usual` and `spread`; returns the strangeness of 98 in 100 held-out garments."""
    few = ImageSet(train.pixels[:_FIRST], train.labels[:_FIRST], train.class_names)
    seen = _seen(encoder, few)
    usual = torch.stack([seen[few.labels == c].mean(0) for c in range(encoder.classes)])
    apart = seen - usual[few.labels]
    variances, ways = torch.linalg.eigh(apart.T @ apart / len(apart))
    spread = ways / (variances + _LEAST * variances.mean()).sqrt()
    encoder.usual.copy_(usual)
    encoder.spread.copy_(spread)
    strange = torch.cat([encoder.strangeness(img) for img in _batches(held)])
    return float(np.quantile(strange.numpy(), _STRANGE))


def _seen(encoder: Encoder, data: ImageSet) -> torch.Tensor:
    """What the encoder sees in each garment: double [N, F]."""
    return torch.cat([encoder.seen(img) for img in _batches(data)]).double()


def _batches(data: ImageSet) -> list[torch.Tensor]:
    return [to_img(part) for part in torch.split(data.pixels, _BATCH)]
