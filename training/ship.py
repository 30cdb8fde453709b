"""python -m training.ship RUN_DIR FOLDER: make a run's result a model folder to be committed.

Copies the run's model and, when the run has reached its horizon, its log-spaced generators under
`history/`. `python -m training.derive FOLDER` comes next.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from model.weights import (
    CONFIG_FILE,
    GENERATOR_FILE,
    load_discriminator,
    load_generator,
    save_model,
)

HISTORY_BYTES = 16 * 2**20


def ship(run_dir: Path, folder: Path, snapshot: str | None = None) -> list[Path]:
    """Write the model folder; returns the generators kept as its history, oldest first.

    Raises:
        ValueError: the run has no model yet, or its history would exceed 16 MB.
    """
    source = run_dir / "snapshots" / snapshot if snapshot else run_dir / "model"
    if not source.is_dir():
        raise ValueError(f"{run_dir} has no such model: {source} is missing")
    history = _finished_history(run_dir)
    total = sum((moment / GENERATOR_FILE).stat().st_size for moment in history)
    if total > HISTORY_BYTES:
        raise ValueError(f"history of {total} bytes is over the limit of {HISTORY_BYTES}")
    save_model(folder, load_generator(source), load_discriminator(source))
    for moment in history:
        target = folder / "history" / moment.name
        target.mkdir(parents=True, exist_ok=True)
        for name in (CONFIG_FILE, GENERATOR_FILE):
            shutil.copyfile(moment / name, target / name)
    return history


def _finished_history(run_dir: Path) -> list[Path]:
    """The snapshots of a run whose last one stands at the horizon; none of an unfinished run."""
    horizon = json.loads((run_dir / "run.json").read_text(encoding="utf-8"))["config"][
        "total_images"
    ]
    snapshots = sorted((run_dir / "snapshots").iterdir())
    return snapshots if snapshots and snapshots[-1].name == f"{horizon // 1000:06d}k" else []


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.ship", description=__doc__)
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--snapshot", metavar="NAME", help="one of its snapshots, not its end")
    options = parser.parse_args(arguments)
    try:
        history = ship(options.run_dir, options.folder, options.snapshot)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{options.folder}: model written, {len(history)} generators as history")
    print(f"next: python -m training.derive {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
