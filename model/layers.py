"""Blocks of the generator: a normalisation that a style modulates, and a residual block of two."""

from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F

EPSILON = 1e-5
_BATCH = 4
"""Pictures from which on a doubling kernel saves more than it costs; measured on two cores."""


class _LeakyReLU(torch.autograd.Function):
    """Leaky ReLU whose backward reads the sign off its own output.

    The stock one keeps a mask of booleans beside the picture; on a CPU writing and reading that
    mask was measured to take a third of a compiled training step. The output is kept anyway, for
    the convolution that follows.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, slope: float) -> torch.Tensor:
        y = F.leaky_relu(x, slope) if slope else F.relu(x)
        ctx.save_for_backward(y)
        ctx.slope = slope
        return y

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        (y,) = ctx.saved_tensors
        above = y.sign() if ctx.slope == 0 else (y.sign() + 1) / 2
        return grads[0] * (ctx.slope + (1 - ctx.slope) * above), None


def leaky_relu(x: torch.Tensor, slope: float = 0.0) -> torch.Tensor:
    """X where it is above zero and `slope` times x elsewhere; of any shape, slope 0 or more."""
    y: torch.Tensor = _LeakyReLU.apply(x, slope)
    return y


def batch_moments(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance per channel, [C] each, over the batch and, under `torchrun`, over all ranks."""
    x = x.float()
    moments = torch.stack((x.mean((0, 2, 3)), x.square().mean((0, 2, 3))))  # [2, C]
    total, ranks = _total(moments)
    mean, square = (total / ranks).unbind(0)
    return mean, (square - mean.square()).clamp_min(0)


def group_spread(x: torch.Tensor, group: torch.Tensor, groups: int, channels: int) -> torch.Tensor:
    """How much the pictures of each group differ: standard deviations, averaged over channels.

    Minibatch standard deviation (arXiv 1710.10196) within groups instead of across the batch.

    Args:
        x: features [N, C, H, W], C a multiple of `channels`.
        group: whole numbers [N] in 0 .. groups - 1.
        groups: how many there are; an empty one, and one of a single picture, has spread 0.
        channels: how many averages to keep.

    Returns:
        Spreads [groups, channels, H, W], over all ranks under `torchrun`.
    """
    n, width, height, breadth = x.shape
    member = F.one_hot(group, groups).float()  # [N, groups]
    with torch.autocast(x.device.type, enabled=False):
        flat = x.permute(0, 2, 3, 1).reshape(n, -1).float()  # [N, HWC]
        counts, _ = _total(member.sum(0))
        share = member / counts.clamp_min(1)
        mean, _ = _total(share.T @ flat)  # [groups, HWC]
        var, _ = _total(share.T @ (flat - member @ mean).square())
    std = (var + 1e-8).sqrt() - 1e-4
    std = std.view(groups, height, breadth, channels, width // channels).mean(4)
    return std.permute(0, 3, 1, 2)


def _total(x: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Sum over all ranks, differentiable, and how many ranks there are."""
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return x, 1
    from torch.distributed.nn import functional as differentiable

    total: torch.Tensor = differentiable.all_reduce(x)  # type: ignore[no-untyped-call]
    return total, dist.get_world_size()


class StyleNorm(nn.Module):
    """Normalise each channel, then scale and shift it by an affine map of w.

    The stored `mean` and `var` are what every caller gets unless it asks for batch statistics, so
    that a picture cannot depend on its neighbours whatever `train()` or `eval()` was called.
    """

    mean: torch.Tensor
    var: torch.Tensor

    def __init__(self, channels: int, w_dim: int) -> None:
        super().__init__()
        self.affine = nn.Linear(w_dim, 2 * channels)
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(self, x: torch.Tensor, w: torch.Tensor, batch_statistics: bool) -> torch.Tensor:
        """X [N, C, H, W], w [N, w_dim] -> [N, C, H, W]."""
        mean, var = batch_moments(x) if batch_statistics else (self.mean, self.var)
        scale, shift = self.affine(w).float().chunk(2, dim=1)  # [N, C] each
        gain = (1 + scale) * torch.rsqrt(var + EPSILON)
        offset = shift - mean * gain
        y: torch.Tensor = x * gain[:, :, None, None] + offset[:, :, None, None]
        return y.to(x.dtype)


def upsample(x: torch.Tensor) -> torch.Tensor:
    """Double height and width by repetition; its backward is a plain sum, unlike interpolate's."""
    n, c, h, w = x.shape
    x = x[:, :, :, None, :, None].expand(n, c, h, 2, w, 2)
    return x.reshape(n, c, 2 * h, 2 * w)


def convolve_doubled(x: torch.Tensor, conv: nn.Conv2d) -> torch.Tensor:
    """`conv(upsample(x))` of a 3x3 convolution, for a batch in 2.25 times fewer products.

    The sums are the same in another order. For few pictures the kernel costs more than it saves.
    """
    if len(x) < _BATCH:
        y: torch.Tensor = conv(upsample(x))
        return y
    return F.conv_transpose2d(x, doubling_kernel(conv.weight), conv.bias, stride=2, padding=1)


def doubling_kernel(weight: torch.Tensor) -> torch.Tensor:
    """Kernel [C, C', 4, 4] of the transposed convolution that is repetition, then a convolution.

    Each pixel of the doubled picture sees only 2 x 2 different ones of the small picture, so that
    4 products of summed weights stand for 9: the kernel is that of the convolution, whose `weight`
    is [C', C, 3, 3], at the four places where a repeated pixel stands.
    """
    weight = weight.flip(2, 3).transpose(0, 1)  # [C, C', 3, 3]
    kernel = sum(F.pad(weight, (left, 1 - left, top, 1 - top)) for left in (0, 1) for top in (0, 1))
    return torch.as_tensor(kernel)


class SynthesisBlock(nn.Module):
    """Residual block that doubles the size; its two layers each listen to a w of their own."""

    def __init__(self, in_channels: int, out_channels: int, w_dim: int) -> None:
        super().__init__()
        self.norm1 = StyleNorm(in_channels, w_dim)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = StyleNorm(out_channels, w_dim)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.skip = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: torch.Tensor, ws: torch.Tensor, batch_statistics: bool) -> torch.Tensor:
        """X [N, C, H, W], ws [N, 2, w_dim] -> [N, C', 2H, 2W]."""
        y = leaky_relu(self.norm1(x, ws[:, 0], batch_statistics))
        y = convolve_doubled(y, self.conv1)
        y = leaky_relu(self.norm2(y, ws[:, 1], batch_statistics))
        detail: torch.Tensor = self.conv2(y)
        return detail + upsample(self.skip(x))
