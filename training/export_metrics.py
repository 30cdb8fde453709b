"""What stands beside the pictures of an export: figures, plot, sheet and card, written and kept."""

import json
from pathlib import Path
from typing import Any

from model.config import ModelConfig
from model.export import ExportPlan
from model.pixels import sheet_scale
from model.storage import ModelFolderError, read_json, write_atomically
from model.weights import CARD_FILE, METRICS_FILE, SHEET_FILE, STUDY_FILE
from training.export_card import render_card, write_sheet
from training.export_proof import cas_gaps
from training.export_read import read_export
from training.mixing import MIN_STEPS, StudyRow, study_plot


def write_beside(
    folder: Path, plan: ExportPlan, config: ModelConfig, metrics: dict[str, Any]
) -> None:
    """Write `metrics.json`, the plot of a study, the sheet and the card into a finished export.

    Raises:
        ExportError: a file of the export is missing or damaged.
        OSError: the disk refused.
    """
    rows = study_rows(metrics)
    if rows:
        metrics["study_min_steps"] = MIN_STEPS
    # The figures first, as they took longest.
    write_atomically(folder / METRICS_FILE, (json.dumps(metrics, indent=2) + "\n").encode())
    if rows:
        write_atomically(folder / STUDY_FILE, study_plot(rows, metrics["study_synthetic_only"]))
    first, _ = next(read_export(folder, plan, config))
    write_atomically(folder / SHEET_FILE, write_sheet(first, sheet_scale(config.image_size)))
    card = render_card(folder, plan, config, metrics, rows)
    write_atomically(folder / CARD_FILE, card.encode())


def study_rows(metrics: dict[str, Any]) -> list[StudyRow]:
    """The rows of the study, none where there was none."""
    return [StudyRow(**row) for row in metrics.get("study", [])]


def measured_before(folder: Path, about: dict[str, Any]) -> dict[str, Any] | None:
    """What an earlier run of the same command measured; None if it has to be measured (again)."""
    try:
        old: dict[str, Any] = read_json(folder / METRICS_FILE)
        if not _same_command(old, about):
            return None
        if "cas" in old and "cas_gap_all" not in old:  # `cas_gap` was the one against all
            old |= cas_gaps(old["cas"])
        if old.get("study") and "study_synthetic_only" not in old:  # it was of a shorter training
            return None
    except (ModelFolderError, KeyError, TypeError, AttributeError):
        return None
    return old


def _same_command(old: dict[str, Any], about: dict[str, Any]) -> bool:
    was = old.get("about")
    return isinstance(was, dict) and all(
        was.get(name) == about[name] for name in ("command", "generator_sha256")
    )


def describe_gaps(metrics: dict[str, Any]) -> str:
    """The gaps to as many and to all real pictures, in a line for the screen."""
    gaps = [metrics["cas_gap"], metrics["cas_gap_all"]]
    names = ["as many", f"all {gaps[1]['real_samples']:,}"]
    first = int(gaps[0]["real_samples"] == gaps[1]["real_samples"])  # the same, said once
    return "gap " + ", ".join(
        f"{gap['value']:.2f} ± {gap['error']:.2f} points to {name} real ones"
        for name, gap in zip(names[first:], gaps[first:], strict=True)
    )
