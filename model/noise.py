"""Noise number by number: what the lesson shows as threads and re-rolls one by one."""

import reprlib

import numpy as np
import torch

from model.checks import number, whole_number
from model.latents import MAX_SEED, broadcast, draw_z, map_noise
from model.studio import Studio

FARTHEST = 8.0
"""Of a number of noise from 0: one in a thousand million million falls outside."""


def noise_of(seed: object, z_dim: int) -> list[float]:
    """The numbers that a seed stands for; as JSON and back they are the same float32.

    Raises:
        ValueError: seed is not a whole number in 0 .. 2**32 - 1.
    """
    numbers: list[float] = draw_z([whole_number("seed", seed, 0, MAX_SEED)], z_dim)[0].tolist()
    return numbers


def read_noise(noise: object, z_dim: int) -> torch.Tensor:
    """Noise [1, z_dim] from a list of numbers.

    Raises:
        ValueError: not z_dim numbers, or one is farther than `FARTHEST` from 0.
    """
    if not isinstance(noise, list | tuple) or len(noise) != z_dim:
        raise ValueError(f"noise must be a list of {z_dim} numbers, not {reprlib.repr(noise)}")
    numbers = [number(f"noise[{n}]", value, -FARTHEST, FARTHEST) for n, value in enumerate(noise)]
    return torch.tensor([numbers], dtype=torch.float32)


def weave(
    studio: Studio, noise: object, label: object = None, daring: object = None
) -> tuple[np.ndarray, np.ndarray]:
    """W float32 [N, w_dim] and pixels [N, H, W, C] of the garments of one noise.

    Args:
        studio: of the model; its `z_dim` says how many numbers there are.
        noise: list of numbers; those that `noise_of` a seed tells make the seed's very garments.
        label: a class by number or name; None for every class in turn, N of them.
        daring: truncation psi, 0 to 2; the studio's usual if None.

    Raises:
        ValueError: naming the field and its value.
    """
    z = read_noise(noise, studio.config.z_dim)
    garments = studio.line(0, daring) if label is None else [studio.garment(label, 0, daring)]
    labels = [garment.label for garment in garments]
    share = garments[0].daring
    w = map_noise(studio.generator, labels, z.expand(len(labels), -1), share)
    return w.cpu().numpy(), studio.draw_ws(broadcast(studio.generator, w))
