"""Files of measurements that may be lost: written whole or not at all, and computed anew if damaged."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once it is whole, its folder made if need be.

    Its name is nobody else's: two commands that compute the same at once do not spoil each other's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def tell_damaged(path: Path, fault: object) -> None:
    """Say in one line, beside any progress bar, that a file is damaged and will be replaced."""
    tqdm.write(f"{path} is damaged ({str(fault).splitlines()[0]}); computing it again")
