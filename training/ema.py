"""The averaged generator: the one that is shown, judged and shipped."""

import torch
from torch import nn

from model.generator import Generator
from model.layers import StyleNorm, batch_moments
from training.data import batch_noise

_STATISTICS_STREAM = 3


def ema_decay(images_seen: int, batch_size: int, halflife_images: int, rampup: float) -> float:
    """Weight that the old average keeps in one step of `batch_size` images."""
    halflife = min(halflife_images, max(images_seen * rampup, 1e-8))
    return float(0.5 ** (batch_size / halflife))


@torch.no_grad()
def update_ema(generator_ema: nn.Module, generator: nn.Module, decay: float) -> None:
    """Move every parameter of the average towards the present one."""
    averages: list[torch.Tensor] = list(generator_ema.parameters())
    present: list[torch.Tensor] = list(generator.parameters())
    torch._foreach_lerp_(averages, present, 1 - decay)


@torch.no_grad()
def estimate_statistics(generator: Generator, images: int, seed: int = 0, batch: int = 128) -> None:
    """Measure each StyleNorm's mean and variance on fresh, class-balanced samples, and store them.

    Training normalises by the batch; afterwards the network uses what is stored here, so that no
    picture depends on its neighbours.
    """
    totals: dict[nn.Module, torch.Tensor] = {}

    def record(module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
        mean, var = batch_moments(args[0])
        moments = torch.stack((mean, var + mean.square()))
        totals[module] = totals.get(module, torch.zeros_like(moments)) + moments

    norms = [m for m in generator.modules() if isinstance(m, StyleNorm)]
    hooks = [norm.register_forward_pre_hook(record) for norm in norms]
    batches = max(1, round(images / batch))
    for number in range(batches):
        noise = batch_noise(
            seed, number * batch, (batch, generator.config.z_dim), _STATISTICS_STREAM
        )
        label = torch.arange(batch, device=generator.device) % max(generator.config.num_classes, 1)
        generator(torch.from_numpy(noise).to(generator.device), label, batch_statistics=True)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean, square = (totals[norm] / batches).unbind(0)
        norm.mean.copy_(mean)
        norm.var.copy_((square - mean.square()).clamp_min(0))
