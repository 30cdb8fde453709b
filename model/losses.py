"""Adversarial losses of logits [N]; each returns a scalar to be minimised."""

from typing import Literal

import torch
from torch.nn import functional as F

Loss = Literal["hinge", "relativistic"]


def discriminator_loss(
    loss: Loss, real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> torch.Tensor:
    """Hinge (arXiv 1705.02894), or relativistic pairs of one class (Eq. 2, arXiv 2501.05441)."""
    if loss == "hinge":
        return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()
    return F.softplus(fake_logits - real_logits).mean()


def generator_loss(
    loss: Loss, real_logits: torch.Tensor, fake_logits: torch.Tensor
) -> torch.Tensor:
    """The generator's side of the same game; `real_logits` count in the relativistic one only."""
    if loss == "hinge":
        return -fake_logits.mean()
    return F.softplus(real_logits - fake_logits).mean()


def mismatch_loss(right_logits: torch.Tensor, wrong_logits: torch.Tensor) -> torch.Tensor:
    """Real pictures under their own label against the same under a wrong one (arXiv 1605.05396)."""
    return F.softplus(wrong_logits - right_logits).mean()
