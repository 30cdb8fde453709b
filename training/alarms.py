"""Plain words when a run goes wrong."""

import math
from collections.abc import Sequence

import torch

MEMORY_STEPS = 200
"""Steps that the critic's alarm looks back on."""


def spread(img: torch.Tensor) -> float:
    """Mean standard deviation of the pixels over a batch [N, C, H, W]: near 0 if all are alike."""
    return float(img.float().std(0).mean())


def collapse_alarm(fake_spread: float, real_spread: float) -> str | None:
    """Speak up when generated garments vary far less than real ones."""
    if fake_spread >= 0.5 * real_spread:
        return None
    return (
        f"COLLAPSE? Generated garments vary {fake_spread / max(real_spread, 1e-8):.0%} as much as "
        "real ones. Look at the newest sheet; if it repeats itself, go back to an earlier snapshot "
        "and lower the learning rates."
    )


def critic_alarm(critic_losses: Sequence[float]) -> str | None:
    """Speak up when the critic has won: its loss stays near zero."""
    recent = critic_losses[-MEMORY_STEPS:]
    if len(recent) < MEMORY_STEPS or sum(recent) / len(recent) > 0.05:
        return None
    return (
        "OVERPOWERED CRITIC: it tells real from generated without a miss, so the generator learns "
        "nothing. Lower discriminator_lr or the discriminator's widths."
    )


def non_finite_alarm(**losses: float) -> str | None:
    """Name the losses that are not finite."""
    bad = {name: value for name, value in losses.items() if not math.isfinite(value)}
    if not bad:
        return None
    named = ", ".join(f"{name}={value}" for name, value in bad.items())
    return (
        f"NON-FINITE LOSS ({named}): stopped before the optimizer step; the last checkpoint is "
        "good. Try precision=fp32 or lower learning rates."
    )
