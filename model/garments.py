"""The real garments of Fashion-MNIST, read from wherever they are at hand; never downloaded here."""

import gzip
import hashlib
import os
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

SYSTEM_FOLDER = Path("/usr/share/datasets/fashion-mnist")
GET_FASHION_MNIST = (
    "install the Debian package dataset-fashion-mnist, or set FASHION_MNIST to a folder with the "
    "four .gz files"
)
"""What to do when the data set is not at hand, for error messages."""
HELDOUT_FILE = Path(__file__).parent / "heldout_fashion_mnist.txt"

Part = Literal["train", "t10k"]
"""As the files are named: 60,000 garments, and the 10,000 of the test."""

# Of the decompressed files: packagers compress the same bytes in different ways.
_SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


class DataError(ValueError):
    """Pictures that are missing, damaged or of the wrong kind; the message names the file."""


def torchvision_root() -> Path:
    """Where torchvision is told to download to; the files lie further down."""
    return Path.home() / ".cache" / "fashion-mnist"


def torchvision_folder() -> Path:
    """Where torchvision then keeps the files."""
    return torchvision_root() / "FashionMNIST" / "raw"


def find_fashion_mnist() -> Path | None:
    """Folder of the data set: `$FASHION_MNIST`, the Debian package's or torchvision's; or None."""
    if named := os.environ.get("FASHION_MNIST"):
        return Path(named)
    return next((p for p in (SYSTEM_FOLDER, torchvision_folder()) if p.is_dir()), None)


def read_garments(folder: Path, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """uint8 pixels [N, 28, 28, 1] and uint8 labels [N] of one half of the data set.

    Raises:
        DataError: a file is missing or its content is not the published one.
    """
    pixels = _read_idx(folder, f"{part}-images-idx3-ubyte", header_bytes=16)
    labels = _read_idx(folder, f"{part}-labels-idx1-ubyte", header_bytes=8)
    return pixels.reshape(-1, 28, 28, 1), labels


@lru_cache(maxsize=1)
def heldout_indices() -> np.ndarray:
    """Places in the train file of the 5,000 garments that no network may see, 500 a class."""
    return np.loadtxt(HELDOUT_FILE, dtype=np.int64, comments="#").ravel()


def trained_on() -> np.ndarray:
    """Which garments of the train file networks learn from: bool [60000]."""
    seen = np.ones(60_000, dtype=bool)
    seen[heldout_indices()] = False
    return seen


def _read_idx(folder: Path, name: str, header_bytes: int) -> np.ndarray:
    """Body of one IDX file, plain or gzipped, after its checksum was verified."""
    plain, packed = folder / name, folder / f"{name}.gz"
    path = plain if plain.is_file() else packed
    try:
        content = path.read_bytes() if path == plain else gzip.decompress(path.read_bytes())
    except FileNotFoundError as error:
        raise DataError(f"Fashion-MNIST file missing: {packed}; {GET_FASHION_MNIST}") from error
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(
            f"Fashion-MNIST file damaged: {path} ({error}); {GET_FASHION_MNIST}"
        ) from error
    if hashlib.sha256(content).hexdigest() != _SHA256[name]:
        raise DataError(
            f"Fashion-MNIST file damaged: {path} does not have the published checksum; "
            f"{GET_FASHION_MNIST}"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header_bytes)
