"""Files of a model folder: read with suspicion, written whole or not at all."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors import SafetensorError, safe_open

_MAX_HEADER_BYTES = 1_000_000
_MAX_JSON_BYTES = 4_000_000
_DTYPES = ("F16", "F32")


class ModelFolderError(ValueError):
    """A model folder that cannot be used; the message names the file and the field."""


def read_tensors(path: Path, shapes: Mapping[str, Sequence[int]]) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors file with exactly these names and shapes, as fp32 on the CPU.

    Names, shapes, number types and the size are compared before any number is read.

    Raises:
        ModelFolderError: naming the file and the tensor.
    """
    check_file(path)
    check_header(path)
    numbers = sum(math.prod(shape) for shape in shapes.values())
    size, most = path.stat().st_size, 4 * numbers + _MAX_HEADER_BYTES
    if size > most:
        refuse(path, f"{size:,} bytes, where at most {most:,} are expected")
    tensors = {}
    try:
        with safe_open(path, framework="pt") as file:
            _compare_names(path, set(file.keys()), set(shapes))
            for name, shape in shapes.items():
                entry = file.get_slice(name)
                if tuple(entry.get_shape()) != tuple(shape):
                    refuse(path, f"{name} has shape {entry.get_shape()}, not {list(shape)}")
                if entry.get_dtype() not in _DTYPES:
                    refuse(path, f"{name} is {entry.get_dtype()}, not {' or '.join(_DTYPES)}")
            for name in shapes:
                # A copy: the file may be replaced while the network lives.
                tensors[name] = file.get_tensor(name).to(torch.float32, copy=True)
    except (SafetensorError, OSError) as error:
        refuse(path, f"not a whole safetensors file ({error})", error)
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            refuse(path, f"{name} holds NaN or infinity")
    return tensors


def read_json(path: Path) -> dict[str, object]:
    """Object of a JSON file, in which no key stands twice.

    Raises:
        ModelFolderError: naming the file and the fault.
    """
    check_file(path)
    if path.stat().st_size > _MAX_JSON_BYTES:
        refuse(path, f"more than {_MAX_JSON_BYTES:,} bytes")
    try:
        fields = json.loads(
            path.read_text(encoding="utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        refuse(path, f"not valid JSON ({error})", error)
    if not isinstance(fields, dict):
        refuse(path, f"must be a JSON object, not {type(fields).__name__}")
    return fields


def write_atomically(path: Path, content: bytes) -> None:
    """Write the whole file or nothing, whatever happens in between."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_description(path: Path, key: str, most_bytes: int) -> dict[str, Any]:
    """The JSON object that stands under a key of a safetensors file's metadata; empty for none.

    Raises:
        ModelFolderError: the file is missing, damaged or larger than `most_bytes`.
    """
    check_file(path)
    check_header(path)
    if path.stat().st_size > most_bytes:
        refuse(path, f"more than {most_bytes:,} bytes")
    try:
        with safe_open(path, framework="pt") as file:
            described = json.loads((file.metadata() or {}).get(key, "null"))
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        refuse(path, f"not whole ({error})", error)
    return described if isinstance(described, dict) else {}


def check_file(path: Path) -> None:
    """Refuse a folder that is none and a file that is not there."""
    if not path.parent.is_dir():
        raise ModelFolderError(f"{path.parent} is not a folder")
    if not path.is_file():
        raise ModelFolderError(f"{path} is missing: not a whole model folder")


def check_header(path: Path) -> None:
    """Refuse a safetensors file whose header would take much memory to read."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
    if size > _MAX_HEADER_BYTES:
        refuse(path, f"not a whole safetensors file (a header of {size:,} bytes)")


def refuse(path: Path, fault: str, cause: Exception | None = None) -> NoReturn:
    """Raise ModelFolderError for a fault in this file."""
    raise ModelFolderError(f"{path}: {fault}") from cause


def _compare_names(path: Path, given: set[str], expected: set[str]) -> None:
    if missing := sorted(expected - given):
        refuse(path, f"tensor {missing[0]!r} is missing")
    if extra := sorted(given - expected):
        refuse(path, f"unexpected tensor {extra[0]!r}")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError(f"a key occurs twice among {[key for key, _ in pairs][:20]}")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
