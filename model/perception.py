"""How far pictures are apart: pixel by pixel, and as a network sees them."""

import torch
from torch.nn import functional as F

from model.discriminator import Discriminator


def match_error(
    img: torch.Tensor, target: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """How far pictures are from their target: root mean square of the differences, [N] in 0..1.

    In units of the whole scale of grey, so that 0.1 is 25.5 grey levels.

    Args:
        img: [N, C, H, W] in [-1, 1].
        target: the same, or one for all.
        mask: [N, 1, H, W], or one for all; only where it is 1 a difference counts.
    """
    return mean_square(img, target, mask).sqrt() / 2


def mean_square(
    img: torch.Tensor, target: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean square difference of the known pixels, [N], on the scale of -1 to 1; as `match_error`."""
    square = (img - target).square()
    if mask is None:
        return square.mean((1, 2, 3))
    known = (square * mask).sum((1, 2, 3))
    return known / (mask.expand(-1, square.shape[1], -1, -1).sum((1, 2, 3))).clamp_min(1)


def critic_features(critic: Discriminator, img: torch.Tensor) -> list[torch.Tensor]:
    """What a critic sees of img [N, C, H, W], layer by layer: `unit_vectors` [N, C', H', W'] each.

    Without its last layer, which judges.
    """
    return [unit_vectors(seen) for seen in critic.look(img)]


def unit_vectors(features: torch.Tensor) -> torch.Tensor:
    """Features [N, C, H, W] as vectors of length one at every place."""
    return F.normalize(features, dim=1, eps=1e-6)


def features_apart(seen: list[torch.Tensor], other: list[torch.Tensor]) -> torch.Tensor:
    """How differently a network sees two batches of pictures, from its `unit_vectors` of both: [N].

    As LPIPS (arXiv 1801.03924) without its learnt weights: their squared distances, averaged over
    the places and over the layers.
    """
    apart = [(a - b).square().sum(1).mean((1, 2)) for a, b in zip(seen, other, strict=True)]
    return torch.stack(apart).mean(0)
