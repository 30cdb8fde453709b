"""The networks and recipes of the rivals: the tutorials' DCGANs, and torch-mimicry's cGAN-PD."""

import dataclasses
import importlib
import importlib.util
import sys
import types
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 10
MIMICRY = "torch-mimicry==0.1.16"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a rival is, as it was published; what was changed stands beside it."""

    maker: Callable[[], nn.Module]
    judge: Callable[[], nn.Module]
    z_dim: int
    batch: int
    loss: Literal["bce", "hinge"]
    critic_steps: int
    betas: tuple[float, float]
    size: int
    """Garments are padded with black to so many pixels, and its samples are cropped to 28 px."""
    decay_steps: int | None = None
    """Generator steps over which both learning rates go linearly to zero."""
    rates: tuple[float, float] = (2e-4, 2e-4)
    """Learning rates of the generator and of the critic."""
    labelled: bool = True
    label_noise: float = 0.0
    """What the critic is told of real and made is off by up to this, evenly."""
    uniform_sheets: bool = False
    """Judged once more with z drawn evenly from 0 to 1, as a tutorial's progress pictures have it."""


class DcganMaker(nn.Module):
    """z and label to img, 1 - 7 - 14 - 28 px; not `labelled`, it does not hear the label.

    The label is one-hot in both networks. Learnt embeddings, also common, start as noise that the
    critic hears before the garments: after 5,000 images z moved a garment a third as far.
    """

    def __init__(self, z_dim: int = 100, width: int = 64, labelled: bool = True) -> None:
        super().__init__()
        self.labelled = labelled
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(z_dim + CLASSES * labelled, width * 4, 7, 1, 0, bias=False),
            nn.BatchNorm2d(width * 4),
            nn.ReLU(),
            nn.ConvTranspose2d(width * 4, width * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(width * 2),
            nn.ReLU(),
            nn.ConvTranspose2d(width * 2, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )
        self.apply(_initialise)

    def forward(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        if self.labelled:
            z = torch.cat((z, F.one_hot(c, CLASSES).to(z.dtype)), 1)
        return self.layers(z[:, :, None, None])


class DcganJudge(nn.Module):
    """img and label (as ten more planes) to logit; not `labelled`, it does not see the label."""

    def __init__(self, width: int = 64, labelled: bool = True) -> None:
        super().__init__()
        self.labelled = labelled
        self.layers = nn.Sequential(
            nn.Conv2d(1 + CLASSES * labelled, width, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(width * 2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width * 2, 1, 7, 1, 0, bias=False),
        )
        self.apply(_initialise)

    def forward(self, img: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        if self.labelled:
            planes = F.one_hot(c, CLASSES).to(img.dtype)[:, :, None, None].expand(-1, -1, 28, 28)
            img = torch.cat((img, planes), 1)
        return self.layers(img)[:, 0]


def _initialise(module: nn.Module) -> None:
    """The tutorials' initialisation."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)


@lru_cache(maxsize=1)
def find_mimicry() -> Path | None:
    """Where torch-mimicry is installed; it is not imported."""
    spec = importlib.util.find_spec("torch_mimicry")
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _mimicry_network(module: str, name: str) -> type[nn.Module]:
    """One of the package's networks, without its trainer and metrics, which want TensorFlow."""
    place = find_mimicry()
    if place is None:
        raise ValueError(f"--contenders mimicry: pip install --no-deps {MIMICRY}")
    for package, folder in (("torch_mimicry", place), ("torch_mimicry.nets", place / "nets")):
        if package not in sys.modules:
            empty = types.ModuleType(package)  # its own __init__ would import all of it
            empty.__path__ = [str(folder)]
            sys.modules[package] = empty
    return getattr(importlib.import_module(f"torch_mimicry.nets.{module}"), name)


def mimicry_maker(width: int) -> nn.Module:
    """The package's generator of 32 px, with one grey channel at its end instead of three."""
    maker = _mimicry_network("cgan_pd.cgan_pd_32", "CGANPDGenerator32")(CLASSES, ngf=width)
    maker.c5 = nn.Conv2d(width, 1, 3, 1, padding=1)
    nn.init.xavier_uniform_(maker.c5.weight, 1.0)
    return maker


def mimicry_judge(width: int) -> nn.Module:
    """The package's discriminator of 32 px (projection, spectral norm), for one grey channel."""
    judge = _mimicry_network("cgan_pd.cgan_pd_32", "CGANPDDiscriminator32")(CLASSES, ndf=width)
    judge.block1 = type(judge.block1)(1, width)
    return judge


def _mimicry(maker_width: int, judge_width: int, critic_steps: int) -> Recipe:
    return Recipe(
        maker=lambda: mimicry_maker(maker_width),
        judge=lambda: mimicry_judge(judge_width),
        z_dim=128,
        batch=64,
        loss="hinge",
        critic_steps=critic_steps,
        betas=(0.0, 0.9),
        size=32,
        decay_steps=100_000,
    )


DCGAN = Recipe(
    maker=DcganMaker,
    judge=DcganJudge,
    z_dim=100,
    batch=128,
    loss="bce",
    critic_steps=1,
    betas=(0.5, 0.999),
    size=28,
    uniform_sheets=True,
)

RECIPES = {
    "dcgan": DCGAN,
    "video": dataclasses.replace(
        DCGAN,
        maker=lambda: DcganMaker(labelled=False),
        judge=lambda: DcganJudge(labelled=False),
        betas=(0.9, 0.999),
        rates=(1e-4, 1e-5),
        labelled=False,
        label_noise=0.15,
    ),
    "mimicry": _mimicry(256, 128, critic_steps=5),  # as published for CIFAR-10
    # Not published: as wide as Trama, with fewer critic steps, for a budget of minutes on a CPU.
    "mimicry-small": _mimicry(64, 64, critic_steps=2),
}
