"""State to disk and back. A kill at any moment leaves the last good checkpoint readable."""

import hashlib
import io
from pathlib import Path
from typing import Any

import torch

from model.storage import write_atomically

_PATTERN = "checkpoint-*.pt"
_DIGEST_BYTES = 64
_KEEP = 2


class CheckpointError(ValueError):
    """No checkpoint in the folder can be read; the message names the folder."""


def save_checkpoint(run_dir: Path, images_seen: int, state: dict[str, Any]) -> Path:
    """Write a checksummed checkpoint under a temporary name, rename it, keep the newest two."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    path = run_dir / f"checkpoint-{images_seen:012d}.pt"
    write_atomically(path, hashlib.sha256(payload).hexdigest().encode() + payload)
    for old in sorted(run_dir.glob(_PATTERN))[:-_KEEP]:
        old.unlink()
    return path


def load_checkpoint(run_dir: Path) -> dict[str, Any] | None:
    """Newest state whose checksum holds, or None if the folder has no checkpoint.

    Raises:
        CheckpointError: there are checkpoints and all of them are damaged.
    """
    paths = sorted(run_dir.glob(_PATTERN), reverse=True)
    for path in paths:
        content = path.read_bytes()
        digest, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(payload).hexdigest().encode() == digest:
            state: dict[str, Any] = torch.load(
                io.BytesIO(payload), map_location="cpu", weights_only=True
            )
            return state
    if paths:
        raise CheckpointError(
            f"every checkpoint in {run_dir} is damaged: {[p.name for p in paths]}"
        )
    return None
