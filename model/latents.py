"""One garment is one seed: seed -> z -> w, and what can be done with w on the way to a picture."""

from collections.abc import Sequence

import numpy as np
import torch

from model.generator import Generator
from model.pixels import to_pixels

MAX_SEED = 2**32 - 1
MAX_DARING = 2.0


def draw_z(seeds: Sequence[int], z_dim: int) -> torch.Tensor:
    """Latents [N, z_dim], each from its own seed.

    RandomState is a stream that numpy has frozen; torch's depends on how many values are drawn at
    once, so seed 42 would be another garment in another network size or version.

    Raises:
        ValueError: a seed is not a whole number in 0 .. 2**32 - 1.
    """
    for seed in seeds:
        if (
            isinstance(seed, bool)
            or not isinstance(seed, int | np.integer)
            or not 0 <= seed <= MAX_SEED
        ):
            raise ValueError(f"seed must be a whole number in 0..{MAX_SEED}, not {seed!r}")
    rows = [np.random.RandomState(int(seed)).standard_normal(z_dim) for seed in seeds]
    return torch.from_numpy(np.asarray(rows, dtype=np.float32).reshape(len(rows), z_dim))


@torch.inference_mode()
def map_seeds(
    generator: Generator, labels: Sequence[int], seeds: Sequence[int], daring: float = 1.0
) -> torch.Tensor:
    """W [N, w_dim] of one garment for each label and seed, truncated towards its class's mean.

    Raises:
        ValueError: labels and seeds differ in number, or a value is out of range.
    """
    if len(labels) != len(seeds):
        raise ValueError(f"labels and seeds must be as many, not {len(labels)} and {len(seeds)}")
    classes = generator.config.num_classes
    for label in labels:
        if classes and not 0 <= label < classes:
            raise ValueError(f"label must be in 0..{classes - 1}, not {label!r}")
    z = draw_z(seeds, generator.config.z_dim).to(generator.device)
    c = torch.tensor([int(label) for label in labels], dtype=torch.int64, device=generator.device)
    c = c if classes else torch.zeros_like(c)
    # One row at a time: matrix products of another height may round differently.
    rows = [generator.mapping(z[i : i + 1], c[i : i + 1]) for i in range(len(seeds))]
    w = torch.cat(rows) if rows else z.new_zeros(0, generator.config.w_dim)
    return truncate(generator, w, c, daring)


def truncate(generator: Generator, w: torch.Tensor, c: torch.Tensor, daring: float) -> torch.Tensor:
    """Pull w [N, w_dim] towards the mean of its class c [N]: w_c + daring (w - w_c).

    Raises:
        ValueError: daring is out of 0..2, or not 1 for a model folder without class means.
    """
    if not 0 <= daring <= MAX_DARING:
        raise ValueError(f"daring must be in 0..{MAX_DARING}, not {daring!r}")
    if daring == 1:
        return w
    if generator.directions is None:
        raise ValueError("daring other than 1 needs class means: run python -m training.derive")
    means = generator.directions.class_means.to(w.device)[c]
    return means + daring * (w - means)


def broadcast(generator: Generator, w: torch.Tensor) -> torch.Tensor:
    """W [N, w_dim] -> ws [N, L, w_dim], the same for every layer."""
    return w[:, None].expand(-1, generator.config.num_layers, -1)


@torch.inference_mode()
def render(generator: Generator, w: torch.Tensor, batch_size: int = 1) -> np.ndarray:
    """W [N, w_dim] or ws [N, L, w_dim] -> uint8 pixels [N, H, W, C].

    Pass by pass of `batch_size`: with 1 the same garment is the same bytes in any company, because
    every convolution has always the same shape.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size!r}")
    ws = broadcast(generator, w) if w.ndim == 2 else w
    size, channels = generator.config.image_size, generator.config.image_channels
    pixels = np.empty((len(ws), size, size, channels), dtype=np.uint8)
    for start in range(0, len(ws), batch_size):
        part = ws[start : start + batch_size]
        pixels[start : start + batch_size] = to_pixels(generator.synthesis(part))
    return pixels
