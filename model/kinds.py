"""Kinds: parts of a class that the networks are told apart, so that rare garments are not forgotten.

A class is halved, each half again and so on, into 2**splits kinds of equally many garments
(`training.kinds`). The critic knows the kind of each real garment and of which kind a made one is
meant to be; the generator reads it off the signs of z's first numbers. As all kinds are equally
likely, z stays standard normal, and whoever draws from it need not know that there are kinds.
Conditioning on groups found in the data: arXiv 1712.04407, 2006.10728.
"""

import torch
from torch.nn import functional as F

SHARPNESS = 8.0
"""How soon one kind gives way to the next around zero: within about an eighth of a deviation of z,
two share. A jump would leave no way from garment to garment."""


def kind_shares(z: torch.Tensor, splits: int) -> torch.Tensor:
    """How much of each kind is drawn: z [N, z_dim] of unit mean square -> [N, 2**splits], sum 1."""
    signs = _signs(torch.arange(1 << splits, device=z.device), splits)  # [kinds, splits]
    turned = SHARPNESS * z[:, None, :splits].float() * signs
    return F.logsigmoid(turned).sum(2).exp()


def of_kind(z: torch.Tensor, kind: torch.Tensor, splits: int) -> torch.Tensor:
    """Z [N, z_dim] with its first signs turned so that it draws these kinds [N]."""
    signs = _signs(kind, splits).to(z.dtype)
    return torch.cat((z[:, :splits].abs() * signs, z[:, splits:]), dim=1)


def _signs(kind: torch.Tensor, splits: int) -> torch.Tensor:
    """Binary digits of kinds [N], the first split's first, as -1 and 1: [N, splits]."""
    digits = (kind[:, None] >> torch.arange(splits, device=kind.device)) & 1
    return 2 * digits - 1
