"""One garment is one seed: seed -> z -> w, and what can be done with w on the way to a picture."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from model.config import ModelConfig
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
    return map_noise(generator, labels, draw_z(seeds, generator.config.z_dim), daring)


@torch.inference_mode()
def map_noise(
    generator: Generator, labels: Sequence[int], z: torch.Tensor, daring: float = 1.0
) -> torch.Tensor:
    """W [N, w_dim] of one garment for each label and each row of z [N, z_dim], truncated likewise."""
    z = z.to(generator.device)
    c = torch.tensor([int(label) for label in labels], dtype=torch.int64, device=generator.device)
    c = c if generator.config.num_classes else torch.zeros_like(c)
    # One row at a time: matrix products of another height may round differently.
    rows = [generator.mapping(z[i : i + 1], c[i : i + 1]) for i in range(len(z))]
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


def lerp(w_a: torch.Tensor, w_b: torch.Tensor, share: float) -> torch.Tensor:
    """Straight way from a to b, of any one shape: 0 is exactly a, 1 exactly b.

    Raises:
        ValueError: share is out of 0..1.
    """
    return torch.lerp(w_a, w_b, _share("share", share))


def slerp(z_a: torch.Tensor, z_b: torch.Tensor, share: float) -> torch.Tensor:
    """Great circle from z_a to z_b [N, z_dim], where a straight way would lose length.

    Lengths go straight from one to the other; 0 is exactly z_a, 1 exactly z_b.

    Raises:
        ValueError: share is out of 0..1.
    """
    share = _share("share", share)
    if share in (0.0, 1.0):
        return z_b if share else z_a
    length_a, length_b = z_a.norm(dim=1, keepdim=True), z_b.norm(dim=1, keepdim=True)
    tiny = torch.finfo(z_a.dtype).tiny
    unit_a, unit_b = z_a / length_a.clamp_min(tiny), z_b / length_b.clamp_min(tiny)
    angle = (unit_a * unit_b).sum(1, keepdim=True).clamp(-1, 1).acos()
    sine = angle.sin()
    near = sine < 1e-4  # parallel or opposite: the circle is a line or is not determined
    sine = torch.where(near, 1, sine)
    weight_a = torch.where(near, 1 - share, ((1 - share) * angle).sin() / sine)
    weight_b = torch.where(near, share, (share * angle).sin() / sine)
    way: torch.Tensor = weight_a * unit_a + weight_b * unit_b
    return way * torch.lerp(length_a, length_b, share)


def pattern_split(config: ModelConfig) -> int:
    """First layer that counts as pattern; those before it are shape.

    Half of the layers. Measured at 28 px (L = 6): with the first three layers of a and the others
    of b, outlines stay those of a and brightness is b's; any other cut mixes more.
    """
    return config.num_layers // 2


def blend_layers(
    ws_a: torch.Tensor, ws_b: torch.Tensor, shape: float, pattern: float, split: int
) -> torch.Tensor:
    """Blend ws_a and ws_b [N, L, w_dim] by one share for the outline, another for what fills it.

    Args:
        ws_a: what a share of 0 is, exactly.
        ws_b: what a share of 1 is, exactly.
        shape: share of b in the layers before `split`, 0 to 1.
        pattern: share of b in the layers from `split` on, 0 to 1.
        split: 0 to L; `pattern_split` has the usual one.

    Returns:
        ws [N, L, w_dim].

    Raises:
        ValueError: naming the argument and its value.
    """
    layers = ws_a.shape[1]
    if not 0 <= split <= layers:
        raise ValueError(f"split must be in 0..{layers}, not {split!r}")
    shares = torch.full((layers, 1), _share("pattern", pattern), device=ws_a.device)
    shares[:split] = _share("shape", shape)
    return torch.lerp(ws_a, ws_b, shares)


def mix_classes(
    generator: Generator, seed: int, shares: Mapping[int, float], daring: float = 1.0
) -> torch.Tensor:
    """W [1, w_dim] of one seed as a mixture of classes, say 70 % coat and 30 % dress.

    Args:
        generator: a conditional one.
        seed: whole number in 0 .. 2**32 - 1.
        shares: weight of each label, in any unit: only their proportions count.
        daring: truncation psi, towards the same mixture of the classes' means.

    Raises:
        ValueError: a share is negative or not finite, all are 0, or a label is out of range.
    """
    for label, share in shares.items():
        if not math.isfinite(share) or share < 0:
            raise ValueError(f"share of label {label} must be 0 or more, not {share!r}")
    total = sum(shares.values())
    if not 0 < total < math.inf:
        raise ValueError(f"shares must have one above 0, not {dict(shares)!r}")
    labels = sorted(label for label, share in shares.items() if share)
    rows = map_seeds(generator, labels, [seed] * len(labels), daring)
    weights = torch.tensor([[shares[label] / total] for label in labels], device=rows.device)
    return (weights * rows).sum(0, keepdim=True)


def move(
    generator: Generator,
    w_or_ws: torch.Tensor,
    strengths: Mapping[str, float],
    in_pattern: Mapping[str, float] | None = None,
) -> torch.Tensor:
    """Move garments along named directions, or along components ("component 1").

    Args:
        generator: with directions.
        w_or_ws: w [N, w_dim] or ws [N, L, w_dim].
        strengths: by name; one unit does what was measured of it, 0 changes nothing.
        in_pattern: strengths in the layers from `pattern_split` on, where they are others.

    Returns:
        ws [N, L, w_dim], as a direction may need only some of the layers.

    Raises:
        ValueError: no directions, an unknown name, or a strength out of its useful range.
    """
    if generator.directions is None:
        raise ValueError("moving needs directions: run python -m training.derive")
    config = generator.config
    ws = broadcast(generator, w_or_ws) if w_or_ws.ndim == 2 else w_or_ws
    change, split = torch.zeros(config.num_layers, config.w_dim), pattern_split(config)
    for name, strength in sorted(strengths.items()):
        direction = generator.directions.find(name, config.num_layers)
        fine = strength if in_pattern is None else in_pattern[name]
        low, high = direction.low, direction.high
        for value in (strength, fine):
            if not low <= value <= high:
                raise ValueError(f"strength of {name} must be in {low:g}..{high:g}, not {value!r}")
        first, end = direction.layers
        change[first : min(end, split)] += strength * direction.vector
        change[max(first, split) : end] += fine * direction.vector
    return ws + change.to(ws.device)


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


def _share(name: str, share: float) -> float:
    if not 0 <= share <= 1:
        raise ValueError(f"{name} must be in 0..1, not {share!r}")
    return float(share)
