"""What can be known to fail is told before the first minute of work, of all folders at once."""

import tempfile
from pathlib import Path

from model.storage import ModelFolderError, read_json, refuse
from model.weights import METRICS_FILE, read_metrics
from training.data import DataError, load_fashion_mnist
from training.features import space_c, space_e
from training.protocol import HELDOUT, QUICK, Protocol
from training.subjects import Subject, picture_faults


def check_inputs(
    subjects: list[Subject], protocol: Protocol, only: str | None, cache_dir: Path
) -> None:
    """Refuse folders, data, weights and places to write that a protocol would fail of later on.

    Args:
        subjects: to be judged.
        protocol: by which.
        only: the one part of it that is asked for, "reconstruction" or "completion"; folders of
            pictures have no part in these.
        cache_dir: where features of real garments will be kept.

    Raises:
        ValueError: naming every fault of the folders, a line each, or a missing or damaged file.
    """
    drawing = only in (None, "drawing")
    faults = [
        fault
        for subject in subjects
        if drawing or subject.generator
        for fault in _subject_faults(subject, protocol)
    ]
    if faults:
        raise DataError("\n  ".join(faults))
    for split in ("test", "heldout"):  # together all files of the data set
        load_fashion_mnist(split)
    space_c()
    if only != "reconstruction":
        space_e()
        cache_dir.mkdir(parents=True, exist_ok=True)
        if fault := write_fault(cache_dir):
            raise DataError(f"{fault}: make it writable, or give another --cache-dir")


def _subject_faults(subject: Subject, protocol: Protocol) -> list[str]:
    count = _pictures_of(protocol)
    faults = [] if subject.generator else picture_faults(subject, count, _fewer(count))
    path = subject.folder / METRICS_FILE
    try:
        if path.is_dir():
            refuse(path, "a folder, not a file")
        if subject.generator:
            read_metrics(subject.folder)
        elif path.exists():
            read_json(path)
    except ModelFolderError as error:
        faults.append(f"{error}; move it away, new figures will be written there")
    if fault := write_fault(subject.folder):
        faults.append(f"{fault}: make it writable, or judge a copy; {METRICS_FILE} goes there")
    return faults


def _pictures_of(protocol: Protocol) -> int:
    return max(protocol.samples, protocol.cas_samples)


def _fewer(count: int) -> str:
    """The options that need fewer pictures than `count`, for a message."""
    options = (("--quick", _pictures_of(QUICK)), ("--against heldout", _pictures_of(HELDOUT)))
    return "".join(f", or take {name} ({n:,} in all)" for name, n in options if n < count)


def write_fault(folder: Path) -> str:
    """Why no file can be made in a folder; empty if one can. It is tried: rights tell only half."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".trama-"):
            return ""
    except OSError as error:
        return f"{folder}: no file can be written there ({error.strerror})"
