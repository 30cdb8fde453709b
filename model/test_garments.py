"""Real garments that ship with the page: some of Fashion-MNIST's test set, which no network saw.

One grey PNG: a row of 28 x 28 garments for each class, in the order of the labels.
`python -m training.sample` writes it; what may be done with it, `test-garments.md` says.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from model.config import FASHION_MNIST_CLASSES
from model.storage import check_file, refuse

TEST_GARMENTS = Path(__file__).parent.parent / "weights" / "lesson" / "test-garments.png"

SIZE = 28
MAX_EACH = 100
"""Garments of a class that the file may hold."""


@lru_cache(maxsize=2)
def load_test_garments(path: Path = TEST_GARMENTS) -> np.ndarray:
    """Pixels uint8 [classes, garments, 28, 28, 1].

    Raises:
        ModelFolderError: the file is missing, damaged, or no such sheet.
    """
    check_file(path)
    rows = len(FASHION_MNIST_CLASSES)
    try:
        with Image.open(path, formats=["PNG"]) as sheet:
            width, height = sheet.size
            each, odd = divmod(width, SIZE)
            if sheet.mode != "L" or height != rows * SIZE or odd or not 0 < each <= MAX_EACH:
                told = f"a grey sheet of {rows} rows of garments of {SIZE} x {SIZE}"
                refuse(path, f"must be {told}, not {sheet.mode} {width} x {height}")
            pixels = np.asarray(sheet)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        refuse(path, f"not a readable PNG: {error}", error)
    return pixels.reshape(rows, SIZE, each, SIZE).transpose(0, 2, 1, 3)[..., None].copy()
