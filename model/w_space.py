"""Where the w of a generator lie, and how much a change of them shows in the picture."""

import threading
import weakref
from typing import NamedTuple

import numpy as np
import torch

from model.generator import Generator

_SAMPLES = 4_000
_PROBES = 256
_BATCH = 64
_FLOOR = 1e-4
"""Least variance of w in any way, as a share of the largest: some ways are hardly ever taken."""

_MEASURING = threading.Lock()
_ROUGH: "weakref.WeakKeyDictionary[Generator, torch.Tensor]" = weakref.WeakKeyDictionary()


class ClassSpace(NamedTuple):
    """Where the w of a class lie: its mean [w_dim], and a symmetric root [w_dim, w_dim].

    The root maps u, of mean 0 and variance 1, to what w differs from the mean by.
    """

    mean: torch.Tensor
    root: torch.Tensor


def class_space(generator: Generator, label: int) -> ClassSpace:
    """Mean and spread of w in a class, from what the mapping network makes of 4,000 fixed z."""
    config = generator.config
    noise = np.random.RandomState(0).standard_normal((_SAMPLES, config.z_dim))
    z = torch.from_numpy(noise.astype(np.float32)).to(generator.device)
    with torch.inference_mode(mode=False), torch.no_grad():
        w = generator.mapping(z, z.new_full((_SAMPLES,), label, dtype=torch.int64)).double()
        if generator.directions is None:
            mean = w.mean(0)
        else:
            mean = generator.directions.class_means[label].to(w)
        values, axes = torch.linalg.eigh((w - mean).T @ (w - mean) / _SAMPLES)
        values = values.clamp_min(_FLOOR * values[-1].clamp_min(1e-12))
        root = axes @ torch.diag(values.sqrt()) @ axes.T
        return ClassSpace(mean.float(), root.float())


def measure_metric(generator: Generator, probes: int, rank: int, seed: int = 0) -> torch.Tensor:
    """How much a change of ws shows in the picture on average: a factor F [rank, L w_dim].

    The mean square change of a picture's pixels is about the square of F times the change of its
    flattened ws. From slopes of random sums of pixels, each of another garment of every class in turn.

    Args:
        generator: frozen.
        probes: how many slopes, some 10 ms each on a CPU.
        rank: how many ways are kept, the plainest ones.
        seed: of the garments and the sums.
    """
    config, random = generator.config, np.random.RandomState(seed)
    pixels = config.image_channels * config.image_size**2
    slopes = []
    for start in range(0, probes, _BATCH):
        count = min(_BATCH, probes - start)
        z = torch.from_numpy(random.standard_normal((count, config.z_dim)).astype(np.float32))
        signs = (2 * random.randint(0, 2, (count, pixels)) - 1).astype(np.float32)
        label = torch.arange(start, start + count) % max(config.num_classes, 1)
        with torch.inference_mode(mode=False), torch.enable_grad():
            w = generator.mapping(z.to(generator.device), label.to(generator.device)).detach()
            ws = w[:, None].repeat(1, config.num_layers, 1).requires_grad_()
            img = generator.synthesis(ws).flatten(1)
            total = (img * torch.from_numpy(signs).to(img)).sum()
            slopes.append(torch.autograd.grad(total, ws)[0].flatten(1))
    with torch.inference_mode(mode=False), torch.no_grad():
        gathered = torch.cat(slopes).double() / (probes * pixels) ** 0.5
        values, axes = torch.linalg.eigh(gathered.T @ gathered)
        kept = min(rank, len(values))
        sizes = values[-kept:].clamp_min(0).sqrt()
        factor: torch.Tensor = (axes[:, -kept:] * sizes).T.float().contiguous()
        return factor


def rough_metric(generator: Generator) -> torch.Tensor:
    """A metric from few probes, measured once for each generator: 3 s on a CPU."""
    with _MEASURING:
        if generator not in _ROUGH:
            _ROUGH[generator] = measure_metric(generator, _PROBES, _PROBES)
        return _ROUGH[generator]
