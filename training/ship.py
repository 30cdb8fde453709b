"""python -m training.ship RUN_DIR FOLDER: make a run's result a model folder to be committed.

Copies the run's model and, when the run has reached its horizon, its log-spaced generators under
`history/`, with the losses of its journal. What `history/` held of another training goes; what it held
up to the model that the run began with (`--init`) belongs to this training and stays, as far as 16 MB go.
With `--mean-with MODEL...` what ships is the mean of the run's generator and of those, which the same
training passed through; it is the last moment then.
`python -m training.derive FOLDER` comes next.
"""

import argparse
import dataclasses
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.curves import CURVES_FILE, Curves, read_curves, write_curves
from model.generator import Generator
from model.history import HISTORY_FOLDER, images_of
from model.storage import read_json
from model.weights import (
    CONFIG_FILE,
    GENERATOR_FILE,
    generator_sha256,
    load_discriminator,
    save_model,
)
from training.curves import losses_of
from training.mean import mean_generator

HISTORY_BYTES = 16 * 2**20


def ship(
    run_dir: Path, folder: Path, snapshot: str | None = None, mean_with: Sequence[Path] = ()
) -> list[Path]:
    """Write the model folder; returns the generators kept as its history, oldest first.

    Raises:
        ValueError: the run has no model yet, its history would exceed 16 MB, or a model of the mean
            has another shape.
    """
    source = run_dir / "snapshots" / snapshot if snapshot else run_dir / "model"
    if not source.is_dir():
        raise ValueError(f"{run_dir} has no such model: {source} is missing")
    run: dict[str, Any] = read_json(run_dir / "run.json")
    config = run.get("config")
    horizon = config.get("total_images") if isinstance(config, dict) else None
    if type(horizon) is not int:
        raise ValueError(f"{run_dir / 'run.json'}: config.total_images must be a number of images")
    history = _finished_history(run_dir, horizon)
    generator, critic = mean_generator([source, *mean_with]), load_discriminator(source)
    own = {generator_sha256(moment) for moment in history}
    is_last = bool(history and mean_with and not snapshot)
    if is_last:
        own.add(_digest(generator))
    earlier = _earlier_history(folder / HISTORY_FOLDER, run.get("began"), own)
    if earlier:
        history = _thinned([*earlier, *history])
    if (total := _size(history)) > HISTORY_BYTES:
        raise ValueError(f"history of {total} bytes is over the limit of {HISTORY_BYTES}")
    before = read_curves(folder / HISTORY_FOLDER / CURVES_FILE) if earlier else None
    curves = losses_of(run_dir / "journal.jsonl", before.images_seen[0] if before else None)
    if before and curves:
        curves = _joined(before, curves)
    save_model(folder, generator, critic)
    moments = {moment.name: moment for moment in history}
    if is_last:
        moments[history[-1].name] = folder
    _ship_history(moments, curves, folder / HISTORY_FOLDER)
    return history


def _ship_history(wanted: dict[str, Path], curves: Curves | None, target: Path) -> None:
    """Make `target` hold these moments by name and these losses, and nothing else.

    What was measured of a moment stays where that very generator stays.
    """
    for old in target.iterdir() if target.is_dir() else ():
        same = old.name in wanted and _is_of(old, generator_sha256(wanted[old.name]))
        if old.is_dir() and not same:
            shutil.rmtree(old)
    (target / CURVES_FILE).unlink(missing_ok=True)
    for name, moment in wanted.items():
        (target / name).mkdir(parents=True, exist_ok=True)
        for file in (CONFIG_FILE, GENERATOR_FILE):
            if moment != target / name:
                shutil.copyfile(moment / file, target / name / file)
    if wanted and curves:
        write_curves(target / CURVES_FILE, curves)
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()


def _is_of(moment: Path, digest: str) -> bool:
    """Whether it holds this very generator; one that a copy broke off in holds none."""
    return (moment / GENERATOR_FILE).is_file() and generator_sha256(moment) == digest


def _digest(generator: Generator) -> str:
    with tempfile.TemporaryDirectory() as folder:
        save_model(Path(folder), generator)
        return generator_sha256(folder)


def _earlier_history(folder: Path, began: dict[str, Any] | None, own: set[str]) -> list[Path]:
    """The moments kept of a training that led to the model that a run began with, oldest first.

    That model is known by one of them being it, or one of the run's `own` (sha256), shipped before.
    """
    if not own or began is None or not folder.is_dir():
        return []
    moments = sorted(path.parent for path in folder.glob(f"*/{GENERATOR_FILE}"))
    if {began["model_sha256"], *own}.isdisjoint(generator_sha256(moment) for moment in moments):
        return []
    return [moment for moment in moments if images_of(moment.name) <= began["at_images"]]


def _thinned(moments: list[Path]) -> list[Path]:
    """As many as the limit allows, as even as they can be on a scale of the logarithm of the images."""
    kept = list(moments)

    def gap_without(place: int) -> float:
        return images_of(kept[place + 1].name) / images_of(kept[place - 1].name)

    while len(kept) > 2 and _size(kept) > HISTORY_BYTES:
        del kept[min(range(1, len(kept) - 1), key=gap_without)]
    return kept


def _size(moments: list[Path]) -> int:
    return sum((moment / GENERATOR_FILE).stat().st_size for moment in moments)


def _joined(earlier: Curves, later: Curves) -> Curves:
    """Both, without points of the first that the second has passed."""
    kept = sum(seen < later.images_seen[0] for seen in earlier.images_seen)
    return Curves(*(getattr(earlier, field.name)[:kept] + getattr(later, field.name)
                    for field in dataclasses.fields(Curves)))  # fmt: skip


def _finished_history(run_dir: Path, horizon: int) -> list[Path]:
    """The snapshots of a run whose last one stands at the horizon; none of an unfinished run."""
    snapshots = sorted((run_dir / "snapshots").glob("*k"))
    return snapshots if snapshots and snapshots[-1].name == f"{horizon // 1000:06d}k" else []


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.ship", description=__doc__)
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--snapshot", metavar="NAME", help="one of its snapshots, not its end")
    parser.add_argument(
        "--mean-with", type=Path, nargs="+", default=[], metavar="MODEL",
        help="folders of the same training, averaged with the run's model",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        history = ship(options.run_dir, options.folder, options.snapshot, options.mean_with)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    curves = (options.folder / HISTORY_FOLDER / CURVES_FILE).is_file()
    print(f"{options.folder}: model written, {len(history)} generators as history, "
          f"{'with' if curves else 'without'} loss curves")  # fmt: skip
    print(f"next: python -m training.derive {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
