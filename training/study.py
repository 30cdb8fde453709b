"""What an export of a model was measured to be worth to other models, for that model's own card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.storage import read_json
from model.weights import METRICS_FILE, STUDY_FILE, generator_sha256
from training.mixing import StudyRow, study_plot, study_table, verdict


def take_study(folder: Path, export: Path) -> tuple[dict[str, Any], bytes]:
    """The study of an export of the model in `folder`: the entry for its metrics, and the plot.

    Raises:
        ValueError: the export is of another generator, or was not studied.
    """
    metrics: dict[str, Any] = read_json(export / METRICS_FILE)
    about = metrics.get("about", {})
    if (digest := generator_sha256(folder)) != about.get("generator_sha256"):
        raise ValueError(
            f"export must be of the generator in {folder} (sha256 {digest[:8]}), and {export} is of "
            f"{str(about.get('generator_sha256'))[:8]}"
        )
    if not metrics.get("study") or "study_synthetic_only" not in metrics:
        raise ValueError(f"{export} has no study: python -m training.export ... --study makes it")
    cas, copies = metrics["cas"], metrics["copies"]
    entry = {
        "rows": metrics["study"],
        "min_steps": metrics["study_min_steps"],
        "synthetic_only": metrics["study_synthetic_only"],
        "test_pictures": cas["test_pictures"],
        "exact_copies": copies["exact_of_training"],
        "near_copies": copies["near_of_training"],
        **{name: about[name] for name in ("samples", "date", "machine", "command")},
    }
    return entry, study_plot(_rows(entry), entry["synthetic_only"])


def render_study(metrics: Mapping[str, Any]) -> str:
    """Markdown of what `take_study` noted; empty where it did not."""
    entry = metrics.get("study")
    if not isinstance(entry, Mapping):
        return ""
    near = entry["near_copies"]
    return (
        f"## As labelled data\n\n{verdict(_rows(entry), entry['test_pictures'])} One training each of at "
        f"least {entry['min_steps']:,} steps, judged on {entry['test_pictures']:,} real test "
        "pictures; differences within two standard errors of those are called unclear.\n\n"
        f"{study_table(_rows(entry))}\n\n![Accuracy over the number of real pictures]({STUDY_FILE})\n\n"
        f"{entry['exact_copies']:,} of the {entry['samples']:,} pictures are exact copies of training "
        f"pictures; {100 * near['value']:.2f} % are near ones, where of real pictures "
        f"{100 * near['floor']:.0f} % are. `{entry['command']}`, {entry['date']}, {entry['machine']}."
    )


def _rows(entry: Mapping[str, Any]) -> list[StudyRow]:
    return [StudyRow(**row) for row in entry["rows"]]
