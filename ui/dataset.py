"""Labelled garments for other models, as one ZIP file; and what such garments are worth."""

import io
import json
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

from model.checks import number, whole_number
from model.export import STATE_FILE, ExportPlan, export_images
from model.keepsake import AI_NOTICE
from model.latents import MAX_DARING, MAX_SEED
from model.storage import ModelFolderError, read_json
from model.studio import Studio
from model.weights import METRICS_FILE

FEWEST, MOST = 100, 2_000
"""Pictures of a file from the page; the command makes any number."""

FORMATS = ("idx", "folder")

_FOLDERS = Path(__file__).parent.parent / "weights"
_PACKED = (".png", ".gz")
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that ZIP knows: a date would make equal files differ
_turn = threading.BoundedSemaphore(1)


class DatasetBusyError(ValueError):
    """Another file is being made: each takes a core for seconds, so there is one at a time."""


def make_plan(
    studio: Studio, count: object, labels: object, daring: object, seed: object
) -> ExportPlan:
    """What a file of the page shall hold.

    Args:
        studio: the model.
        count: 100 to 2,000.
        labels: numbers of classes, each once; all if None.
        daring: 0 to 2; 1 if None.
        seed: of the first picture.

    Raises:
        ValueError: naming the field and its value.
    """
    classes = max(studio.config.num_classes, 1)
    if labels is None:
        known = tuple(range(classes))
    elif isinstance(labels, list) and 0 < len(labels) <= classes:
        known = tuple(whole_number("labels", label, 0, classes - 1) for label in labels)
    else:
        raise ValueError(f"labels must be a list of 1..{classes} classes")
    pictures = whole_number("count", count, FEWEST, MOST)
    return ExportPlan(
        labels=known,
        count=pictures,
        seed=whole_number("seed", seed, 0, MAX_SEED - pictures + 1),
        daring=1.0 if daring is None else number("daring", daring, 0, MAX_DARING),
        formats=FORMATS,
        generator_sha256=studio.digest,
    )


def write_dataset(studio: Studio, plan: ExportPlan) -> bytes:
    """The pictures of a plan as a ZIP file: `images/`, `labels.csv`, `idx/` and a note.

    Raises:
        DatasetBusyError: one is being made already.
        ValueError: daring other than 1 for a model without class means.
    """
    if not _turn.acquire(blocking=False):
        raise DatasetBusyError("another file of garments is being made: try again in a moment")
    try:
        with tempfile.TemporaryDirectory(prefix="trama-data-") as folder:
            export_images(studio.generator, plan, folder)
            return _pack(Path(folder), _note(studio, plan))
    finally:
        _turn.release()


def proof_of(studio: Studio) -> dict[str, Any] | None:
    """How well a classifier does that learnt from this model's garments alone; None if unmeasured.

    Accuracy on real garments, the same of one that learnt from real ones, how many it learnt from,
    and the day. Figures of another revision of the weights are not this model's.
    """
    for path in sorted(_FOLDERS.glob(f"*/{METRICS_FILE}")):
        try:
            metrics: Any = read_json(path)
            if not str(metrics["generator_sha256"]).startswith(studio.digest):
                continue
            found = metrics["cas_accuracy"]
            return {
                "value": float(found["value"]),
                "real": float(found["floor"]),
                "samples": int(found["samples"]),
                "date": str(found["date"]),
            }
        except (ModelFolderError, KeyError, TypeError, ValueError):
            continue  # of a model that was never measured
    return None


def _note(studio: Studio, plan: ExportPlan) -> str:
    fields = ("labels", "count", "seed", "daring")
    about = {field: getattr(plan, field) for field in fields}
    about |= {"model": studio.name, "revision": studio.digest}
    return f"{AI_NOTICE}\n\n{json.dumps(about, indent=2)}\n"


def _pack(folder: Path, note: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.name == STATE_FILE:
                continue
            packing = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
            _add(archive, path.relative_to(folder).as_posix(), path.read_bytes(), packing)
        _add(archive, "README.txt", note.encode(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, packing: int) -> None:
    about = zipfile.ZipInfo(name, _DATE)
    about.compress_type, about.external_attr = packing, 0o644 << 16
    about.create_system = 3  # the same on every machine
    archive.writestr(about, content)
