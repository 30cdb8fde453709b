"""What a picture costs: parameters, multiply-adds, milliseconds."""

from functools import partial

import torch
from torch.utils.flop_counter import FlopCounterMode

from model.generator import Generator
from training.hardware import median_seconds

_REPEATS = {1: 50, 100: 5}


@torch.inference_mode()
def measure_cost(generator: Generator) -> dict[str, float]:
    """`parameters`, `mmac` of one picture, `ms_batch_1` and `ms_batch_100` a picture (medians)."""
    config = generator.config

    def draw(count: int) -> None:
        z = torch.ones(count, config.z_dim, device=generator.device)
        label = torch.arange(count, device=generator.device) % max(config.num_classes, 1)
        generator(z, label)

    with FlopCounterMode(display=False) as counter:
        draw(1)
    figures = {
        "parameters": float(sum(p.numel() for p in generator.parameters())),
        "mmac": counter.get_total_flops() / 2e6,
    }
    for batch, repeats in _REPEATS.items():
        seconds = median_seconds(partial(draw, batch), generator.device, repeats)
        figures[f"ms_batch_{batch}"] = 1000 * seconds / batch
    return figures
