"""python -m tests.benchmarks.dcgan --minutes N: the baseline that Trama has to beat.

The DCGAN of the official tutorials (arXiv 1511.06434: BatchNorm, BCE, Adam 2e-4 with beta1 0.5,
batch 128), made conditional, on the same garments, minutes and machine, judged in the same way.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from model.pixels import grid, save_png, to_pixels
from training.config import PRESETS
from training.data import batch_indices, batch_noise, load_fashion_mnist
from training.evaluate import load_reference
from training.features import extract_features
from training.hardware import choose_execution, describe_machine
from training.metrics import coverage_figures, frechet_distance, kernel_distance

Z_DIM, WIDTH, CLASSES, BATCH = 100, 64, 10, 128


class Maker(nn.Module):
    """z and label to img, 1 - 7 - 14 - 28 px."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(CLASSES, Z_DIM)
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(2 * Z_DIM, WIDTH * 4, 7, 1, 0, bias=False),
            nn.BatchNorm2d(WIDTH * 4),
            nn.ReLU(),
            nn.ConvTranspose2d(WIDTH * 4, WIDTH * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(WIDTH * 2),
            nn.ReLU(),
            nn.ConvTranspose2d(WIDTH * 2, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return self.layers(torch.cat((z, self.embed(c)), 1)[:, :, None, None])


class Judge(nn.Module):
    """img and label (as a second plane) to logit."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(CLASSES, 28 * 28)
        self.layers = nn.Sequential(
            nn.Conv2d(2, WIDTH, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2),
            nn.Conv2d(WIDTH, WIDTH * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(WIDTH * 2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(WIDTH * 2, 1, 7, 1, 0, bias=False),
        )

    def forward(self, img: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        plane = self.embed(c).view(-1, 1, 28, 28)
        return self.layers(torch.cat((img, plane), 1))[:, 0, 0, 0]


def initialise(module: nn.Module) -> None:
    """The tutorials' initialisation."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)


def train(minutes: float, seed: int = 0) -> tuple[Maker, int]:
    """Train for that long, compilation included; returns the generator and the images seen."""
    torch.manual_seed(seed)
    data, device = load_fashion_mnist("train"), torch.device("cpu")
    execution = choose_execution(PRESETS["fashion-mnist"], device, 1)
    bf16 = execution.precision == "bf16"
    maker, judge = Maker().apply(initialise), Judge().apply(initialise)
    make, tell = (torch.compile(m) if execution.compile else m for m in (maker, judge))
    makers = torch.optim.Adam(maker.parameters(), 2e-4, (0.5, 0.999), fused=True)
    judges = torch.optim.Adam(judge.parameters(), 2e-4, (0.5, 0.999), fused=True)
    bce, ones, zeros = F.binary_cross_entropy_with_logits, torch.ones(BATCH), torch.zeros(BATCH)
    started, seen = time.perf_counter(), 0
    while time.perf_counter() - started < minutes * 60:
        picked = batch_indices(len(data), seed, seen, BATCH)
        real = data.pixels[picked].permute(0, 3, 1, 2).float() / 127.5 - 1
        label = data.labels[picked]
        z = torch.from_numpy(batch_noise(seed, seen, (BATCH, Z_DIM), 1))
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            fake = make(z, label).float()
            told_real, told_fake = tell(real, label).float(), tell(fake.detach(), label).float()
        judges.zero_grad()
        (bce(told_real, ones) + bce(told_fake, zeros)).backward()
        judges.step()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            told = tell(fake, label).float()
        makers.zero_grad()
        bce(told, ones).backward()
        makers.step()
        seen += BATCH
    return maker.eval(), seen


@torch.inference_mode()
def sample(maker: Maker, count: int) -> np.ndarray:
    """Class-balanced pixels [count, 28, 28, 1]."""
    label = torch.arange(count) % CLASSES
    z = torch.from_numpy(batch_noise(1, 0, (count, Z_DIM), 2))
    parts = [maker(z[i : i + 500], label[i : i + 500]) for i in range(0, count, 500)]
    return to_pixels(torch.cat(parts))


def main() -> None:
    """Train, judge against the held-out garments, print one line, save a sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--against", choices=("heldout", "test"), default="heldout")
    parser.add_argument("--out", type=Path, default=Path("runs/dcgan.png"))
    options = parser.parse_args()
    maker, seen = train(options.minutes)
    reference = load_reference(options.against)
    pixels = sample(maker, reference.samples)
    save_png(grid(pixels[:80], 10), options.out)
    features = extract_features(pixels)
    ratio = frechet_distance(features, reference.target) / reference.floors["fd"]
    kernel, error = kernel_distance(features, reference.target)
    cover = coverage_figures(features, reference.target)
    print(
        f"DCGAN {options.minutes:g} min, {seen:,} images on {describe_machine()}: R in E {ratio:.2f}, "
        f"KD {kernel:.4f} ± {error:.4f}, recall {cover['recall']:.3f}, "
        f"coverage {cover['coverage']:.3f} ({reference.samples:,} against {reference.name})"
    )


if __name__ == "__main__":
    main()
