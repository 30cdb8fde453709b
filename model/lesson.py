"""What the lesson shows of recorded trainings, read from the folder that ships with the page.

Each recording is a sheet of garments (PNG, a row for each moment) and the figures beside it (JSON).
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from model.storage import ModelFolderError, check_file, read_json, refuse

LESSON_FOLDER = Path(__file__).parent.parent / "weights" / "lesson"
RUNS = ("too-fast", "collapse", "overpowering")
"""As they stand on the page: not in the order of the answers there."""

DUEL = "duel"
GARMENTS_FILE = "boots.png"
SIDE = 28


@dataclasses.dataclass(frozen=True, eq=False)
class Recording:
    """Garments, uint8 pixels [rows, columns, H, W, 1], and the figures that belong to them."""

    pixels: np.ndarray
    figures: dict[str, Any]


def read_recording(name: str, folder: Path = LESSON_FOLDER) -> Recording:
    """A recorded training: one of `RUNS`, or `DUEL`.

    Raises:
        ValueError: no such recording.
        ModelFolderError: its files are missing or damaged.
    """
    if name not in (*RUNS, DUEL):
        raise ValueError(f"recording must be one of {', '.join((*RUNS, DUEL))}, not {name!r:.100}")
    figures = read_json(folder / f"{name}.json")
    return Recording(_read_sheet(folder / f"{name}.png"), dict(figures))


def read_garments(folder: Path = LESSON_FOLDER) -> np.ndarray:
    """Real ankle boots to train on, uint8 pixels [N, 28, 28, 1]; a small part of Fashion-MNIST.

    Raises:
        ModelFolderError: the file is missing or damaged.
    """
    return _read_sheet(folder / GARMENTS_FILE).reshape(-1, SIDE, SIDE, 1)


def variety(pixels: np.ndarray) -> float:
    """Mean standard deviation of the pixels [N, H, W, 1] over garments, in grey levels."""
    return float(pixels.std(0).mean())


def _read_sheet(path: Path) -> np.ndarray:
    check_file(path)
    try:
        with Image.open(path) as opened:
            pixels = np.asarray(opened)
    except OSError as error:
        raise ModelFolderError(f"{path}: not a whole picture ({error})") from error
    if pixels.ndim != 2 or pixels.shape[0] % SIDE or pixels.shape[1] % SIDE:
        refuse(path, f"must be a grey sheet of garments of {SIDE} pixels, not {pixels.shape}")
    rows, columns = (size // SIDE for size in pixels.shape)
    return pixels.reshape(rows, SIDE, columns, SIDE).transpose(0, 2, 1, 3)[..., None]
