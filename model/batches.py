"""Many pictures at once on a CPU: half the work of picture by picture, within one grey level of it.

Pads and strips are drawn here; what a visitor keeps is drawn by `model.latents.render`. What it
saves is arithmetic that comes to the same sums in another order, so no weight is rounded. bfloat16
was tried and left out: even with sums in fp32 some pixels were four levels off.
"""

import functools
import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from model.generator import Generator, SynthesisNetwork
from model.latents import broadcast, render
from model.layers import EPSILON, StyleNorm, SynthesisBlock, doubling_kernel
from model.pixels import to_pixels

BATCH = 16
"""Pictures in one pass: fewer waste time between operations, more no longer fit the caches."""

Weights: TypeAlias = tuple[torch.Tensor, torch.Tensor | None]
"""Weight and bias of one operation."""


class BatchRenderer:
    """Draws many garments of one generator, whose weights are copied; safe from many threads.

    Where torch has one thread, batches go to as many threads as there are cores.
    """

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._synthesis = _Synthesis(generator.synthesis)

    def render(self, w: torch.Tensor) -> np.ndarray:
        """W [N, w_dim] or ws [N, L, w_dim] -> uint8 pixels [N, H, W, C]."""
        ws = broadcast(self._generator, w) if w.ndim == 2 else w
        size, channels = self._generator.config.image_size, self._generator.config.image_channels
        if not len(ws):
            return np.empty((0, size, size, channels), dtype=np.uint8)
        workers = drawers()
        # Equal parts, a multiple of the workers: none of them waits for a last, lonely batch.
        parts = math.ceil(len(ws) / BATCH / workers) * workers
        batches = ws.tensor_split(min(parts, len(ws)))
        if workers == 1:
            return np.concatenate([self._draw(batch) for batch in batches])
        return np.concatenate(list(_pool(workers).map(self._draw, batches)))

    def each(self, ws: torch.Tensor) -> np.ndarray:
        """Ws [N, L, w_dim], N at least 1 -> the bytes of `render`, garment by garment on each core."""
        workers = drawers()
        draw = functools.partial(render, self._generator)
        return np.concatenate(
            list(_pool(workers).map(draw, ws.tensor_split(min(workers, len(ws)))))
        )

    @torch.inference_mode()
    def _draw(self, ws: torch.Tensor) -> np.ndarray:
        return to_pixels(self._synthesis.draw(ws))


def drawers() -> int:
    """How many threads may draw at the same time: one for each core if torch itself keeps to one.

    Torch's own threads wait for each other at every operation. On two cores that other programs
    used too, a pad took two to six times as long with them, and a single picture up to 25 times.
    """
    if torch.get_num_threads() > 1:
        return 1
    if hasattr(os, "sched_getaffinity"):  # a container often has fewer cores than its machine
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Synthesis:
    """A SynthesisNetwork after training, with what does not depend on ws computed once."""

    @torch.inference_mode()
    def __init__(self, network: SynthesisNetwork) -> None:
        channels, size, _ = self.base_shape = network.base_shape
        # Rows of the first product in the order of channels_last, so that nothing is moved after.
        order = torch.arange(channels * size**2).view(channels, size**2).T.flatten()
        self.base = network.base.weight[order], network.base.bias[order]
        self.blocks = [_Block(cast("SynthesisBlock", block)) for block in network.blocks]
        self.norm = _fold_norm(network.norm)
        self.to_image = _convolution(network.to_image)

    def draw(self, ws: torch.Tensor) -> torch.Tensor:
        """Ws [N, L, w_dim] -> img [N, C, H, W] in [-1, 1]; in inference mode only."""
        channels, size, _ = self.base_shape
        x = F.linear(ws[:, 0], *self.base).view(len(ws), size, size, channels).permute(0, 3, 1, 2)
        for index, block in enumerate(self.blocks):
            x = block.draw(x, ws[:, 1 + 2 * index], ws[:, 2 + 2 * index])
        x = _activate_(x, ws[:, -1], self.norm)
        return torch.tanh_(F.conv2d(x, *self.to_image, padding=1))


class _Block:
    """A SynthesisBlock that doubles by a transposed convolution, of 2.25 times fewer products."""

    def __init__(self, block: SynthesisBlock) -> None:
        self.norm1, self.norm2 = _fold_norm(block.norm1), _fold_norm(block.norm2)
        kernel = doubling_kernel(block.conv1.weight)
        self.conv1 = kernel.contiguous(memory_format=torch.channels_last), block.conv1.bias
        self.conv2 = _convolution(block.conv2)
        self.skip = block.skip.weight[:, :, 0, 0].contiguous(), block.skip.bias

    def draw(self, x: torch.Tensor, w1: torch.Tensor, w2: torch.Tensor) -> torch.Tensor:
        """X [N, C, H, W], which is overwritten, w1 and w2 [N, w_dim] -> [N, C', 2H, 2W]."""
        n, _, height, width = x.shape
        skip = F.linear(x.permute(0, 2, 3, 1), *self.skip)  # [N, H, W, C']
        y = _activate_(x, w1, self.norm1)
        y = F.conv_transpose2d(y, *self.conv1, stride=2, padding=1)
        y = F.conv2d(_activate_(y, w2, self.norm2), *self.conv2, padding=1)
        y = y.contiguous(memory_format=torch.channels_last)  # as it is, but for the smallest sizes
        y.permute(0, 2, 3, 1).view(n, height, 2, width, 2, -1).add_(skip[:, :, None, :, None])
        return y


def _activate_(x: torch.Tensor, w: torch.Tensor, norm: Weights) -> torch.Tensor:
    """ReLU of x [N, C, H, W] normalised, scaled and shifted by w [N, w_dim]; x is overwritten."""
    gain, offset = F.linear(w, *norm)[:, :, None, None].chunk(2, dim=1)  # [N, C, 1, 1] each
    return torch.addcmul(offset, x, gain, out=x).relu_()


def _fold_norm(norm: StyleNorm) -> Weights:
    """Weight [2C, w_dim] and bias [2C] that take w to the gain and the offset of each channel."""
    rate = torch.rsqrt(norm.var + EPSILON)
    scale, shift = norm.affine.weight.chunk(2)
    scale_bias, shift_bias = norm.affine.bias.chunk(2)
    gain, gain_bias = rate[:, None] * scale, rate * (1 + scale_bias)
    offset, offset_bias = shift - norm.mean[:, None] * gain, shift_bias - norm.mean * gain_bias
    return torch.cat((gain, offset)), torch.cat((gain_bias, offset_bias))


def _convolution(conv: nn.Conv2d) -> Weights:
    return conv.weight.contiguous(memory_format=torch.channels_last), conv.bias


@functools.cache
def _pool(workers: int) -> ThreadPoolExecutor:
    """One for all generators: two pads at once share the cores batch by batch."""
    return ThreadPoolExecutor(workers, thread_name_prefix="trama-batches")
