"""Perceptual path length (arXiv 1812.04948): how evenly pictures change on the way between two."""

import dataclasses

import numpy as np
import torch
from tqdm import tqdm

from model.generator import Generator
from model.latents import broadcast, draw_z
from training.features import embed

EPSILON = 1e-3
"""Step along a way of length 1: pictures stay floats, so no rounding hides so small a change.

A tenth of it gives the same ratio; a hundred times it cuts corners, at a quarter of the lengths.
"""

_BATCH = 50


@dataclasses.dataclass(frozen=True)
class PathLengths:
    """Mean squared change in E for one unit of way; as usual, two per cent of extremes are left out.

    Attributes:
        w: on straight ways in W.
        z: on great circles in Z.
        ratio: the first over the second; below 1 the mapping has made the ways more even.
        errors: standard errors of w, z and ratio; W and Z share their pairs.
    """

    w: float
    z: float
    ratio: float
    errors: tuple[float, float, float]


def measure_path_lengths(generator: Generator, pairs: int, first_seed: int) -> PathLengths:
    """Path lengths in W and in Z, of the same pairs and places.

    Both ends of a way are of one class. The distance is the squared one in E: C was taught to
    ignore everything but the class, so a way through ten different dresses has no length in it.

    Args:
        generator: frozen.
        pairs: number of ways.
        first_seed: ends are the seeds from here on.

    Raises:
        ValueError: fewer than ten pairs, or pictures that are not finite.
    """
    if pairs < 10:
        raise ValueError(f"pairs must be ten or more, not {pairs}")
    steps: dict[str, list[torch.Tensor]] = {"w": [], "z": []}
    shares = np.random.Generator(np.random.Philox(first_seed)).random(pairs, dtype=np.float32)
    with tqdm(total=pairs, desc="path lengths", leave=False, disable=None) as bar:
        for start in range(0, pairs, _BATCH):
            numbers = range(start, min(start + _BATCH, pairs))
            ends = [draw_z([first_seed + side * pairs + n for n in numbers], generator.config.z_dim)
                    for side in (0, 1)]  # fmt: skip
            label = torch.tensor([n % max(generator.config.num_classes, 1) for n in numbers])
            share = torch.from_numpy(shares[start : start + _BATCH])[:, None]
            for space, found in zip(("w", "z"), _steps(generator, ends, label, share), strict=True):
                steps[space].append(found)
            bar.update(len(numbers))
    return _lengths(torch.cat(steps["w"]).numpy(), torch.cat(steps["z"]).numpy())


@torch.inference_mode()
def _steps(
    generator: Generator, ends: list[torch.Tensor], label: torch.Tensor, share: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Squared change per squared epsilon in E, [N] in W and [N] in Z."""
    w_a, w_b = (generator.mapping(z, label) for z in ends)
    along_w = [torch.lerp(w_a, w_b, share + step) for step in (0, EPSILON)]
    along_z = [
        generator.mapping(_circle(ends[0], ends[1], share + step), label) for step in (0, EPSILON)
    ]
    return _change(generator, along_w), _change(generator, along_z)


def _change(generator: Generator, two: list[torch.Tensor]) -> torch.Tensor:
    seen = [embed((generator.synthesis(broadcast(generator, w)) + 1) / 2) for w in two]
    return (seen[1] - seen[0]).double().square().sum(1) / EPSILON**2


def _circle(z_a: torch.Tensor, z_b: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Unit z [N, z_dim] at share [N, 1] of the great circle; drawn ends are never parallel."""
    a, b = (z / z.norm(dim=1, keepdim=True) for z in (z_a, z_b))
    angle = (a * b).sum(1, keepdim=True).clamp(-1, 1).acos()
    way: torch.Tensor = (((1 - share) * angle).sin() * a + (share * angle).sin() * b) / angle.sin()
    return way


def _lengths(in_w: np.ndarray, in_z: np.ndarray) -> PathLengths:
    inside = [
        (steps >= np.percentile(steps, 1)) & (steps <= np.percentile(steps, 99))
        for steps in (in_w, in_z)
    ]
    both = inside[0] & inside[1]
    in_w, in_z = in_w[both], in_z[both]
    w, z, root = float(in_w.mean()), float(in_z.mean()), len(in_w) ** 0.5
    ratio = w / z
    errors = [float(spread.std()) / root for spread in (in_w, in_z, (in_w - ratio * in_z) / z)]
    return PathLengths(w, z, ratio, (errors[0], errors[1], errors[2]))
