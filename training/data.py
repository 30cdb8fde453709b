"""Real garments: Fashion-MNIST from wherever it is, or a folder of pictures by class."""

import dataclasses
import functools
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torchvision.datasets import FashionMNIST, ImageFolder

from model.config import FASHION_MNIST_CLASSES
from model.garments import (
    GET_FASHION_MNIST,
    SYSTEM_FOLDER,
    DataError,
    find_fashion_mnist,
    read_garments,
    torchvision_folder,
    torchvision_root,
    trained_on,
)

__all__ = [
    "CACHE_DIR",
    "DataError",
    "ImageSet",
    "Split",
    "batch_indices",
    "batch_noise",
    "fixed_order",
    "load_fashion_mnist",
    "load_image_folder",
]

Split = Literal["train", "heldout", "test"]

CACHE_DIR = Path("runs") / "cache"
"""Where what is measured of real garments is kept by default."""


@dataclasses.dataclass(frozen=True)
class ImageSet:
    """Pictures with labels: `pixels` uint8 [N, H, W, C], `labels` int64 [N].

    `kinds` int64 [N] says which part of its class each is, where classes have parts.
    """

    pixels: torch.Tensor
    labels: torch.Tensor
    class_names: tuple[str, ...]
    kinds: torch.Tensor | None = None

    @functools.cached_property
    def members(self) -> list[list[np.ndarray]]:
        """Numbers of the pictures of each kind of each class; needs kinds."""
        if self.kinds is None:
            raise ValueError("pictures without kinds have no members of kinds")
        place = self.labels * (int(self.kinds.max()) + 1) + self.kinds
        return [
            [np.flatnonzero(place == at) for at in torch.unique(place[self.labels == label])]
            for label in range(len(self.class_names))
        ]

    def __len__(self) -> int:
        return len(self.pixels)


def load_fashion_mnist(split: Split, folder: str | Path | None = None) -> ImageSet:
    """Fashion-MNIST: 55,000 garments to train on, 5,000 held out of train, 10,000 to report on.

    Looks in `folder` if given, else in `$FASHION_MNIST`, the Debian package's folder, and last in
    torchvision's download under `~/.cache/fashion-mnist`.

    Raises:
        DataError: a file is missing or its content is not the published one.
    """
    home = Path(folder) if folder else _find_fashion_mnist()
    pixels, labels = read_garments(home, "t10k" if split == "test" else "train")
    if split != "test":
        keep = trained_on() if split == "train" else ~trained_on()
        pixels, labels = pixels[keep], labels[keep]
    return ImageSet(
        torch.from_numpy(pixels.copy()),
        torch.from_numpy(labels.astype(np.int64)),
        FASHION_MNIST_CLASSES,
    )


def _find_fashion_mnist() -> Path:
    if found := find_fashion_mnist():
        return found
    try:
        FashionMNIST(torchvision_root(), download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"Fashion-MNIST is not in {SYSTEM_FOLDER} and could not be downloaded ({error}); "
            f"{GET_FASHION_MNIST}"
        ) from error
    return torchvision_folder()


def load_image_folder(folder: str | Path, size: int, channels: int) -> ImageSet:
    """Pictures under `folder`, squared by a centre crop and scaled; sub-folders are the classes.

    Raises:
        DataError: no folder, no pictures, or one that cannot be read.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"no such folder: {root}")
    try:
        listing = ImageFolder(str(root))
    except (FileNotFoundError, OSError) as error:
        raise DataError(
            f"{root} must hold one sub-folder of pictures for each class: {error}"
        ) from error
    pixels = np.empty((len(listing.samples), size, size, channels), dtype=np.uint8)
    for row, (path, _) in zip(pixels, listing.samples, strict=True):
        row[:] = _read_square(Path(path), size, channels)
    labels = torch.tensor([label for _, label in listing.samples])
    return ImageSet(torch.from_numpy(pixels), labels, tuple(listing.classes))


def _read_square(path: Path, size: int, channels: int) -> np.ndarray:
    """Centre crop of a picture, scaled: uint8 [size, size, channels]."""
    try:
        with Image.open(path) as opened:
            image = opened.convert("L" if channels == 1 else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"not a readable picture: {path} ({error})") from error
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    scaled = image.resize((size, size), Image.Resampling.LANCZOS, box=box)
    return np.asarray(scaled).reshape(size, size, channels)


def batch_indices(count: int, seed: int, start: int, size: int) -> np.ndarray:
    """Which pictures are number `start` to `start + size - 1` of the endless shuffled stream.

    A pure function, so that a run can go on at any image: each pass has a permutation of its own.
    """
    places = np.arange(start, start + size)
    passes = places // count
    picked = np.empty(size, dtype=np.int64)
    for number in np.unique(passes):
        here = passes == number
        picked[here] = _permutation(count, seed, int(number))[places[here] % count]
    return picked


def fixed_order(count: int) -> np.ndarray:
    """The order [count] in which judges take real pictures, whose first ones are a fair part of all.

    It is one for all of them, so that what was trained on these pictures once is found again.
    """
    return np.random.RandomState(0).permutation(count)


@functools.lru_cache(maxsize=2)
def _permutation(count: int, seed: int, number: int) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=[seed, number])).permutation(count)


def batch_noise(seed: int, start: int, shape: tuple[int, ...], stream: int) -> np.ndarray:
    """Standard normal float32 that depends only on the seed, the images seen and the stream."""
    bits = np.random.Philox(key=[seed, stream], counter=[0, 0, 0, start])
    return np.random.Generator(bits).standard_normal(shape, dtype=np.float32)
