"""python -m tests.benchmarks.rivals: quality against minutes of training, ours and rivals'.

Every contender trains alone on the same 55,000 garments and the same machine; only its own steps
count as its minutes (compilation included, as for ours), and each mark leaves a snapshot. Judging
comes afterwards, against the held-out garments. The same command goes on where it was interrupted,
in the run folder's `results.jsonl` and `results.md` stands what came out. The results that are
shown stand in `tests/benchmarks/rivals.jsonl`; `python -m tests.benchmarks.rivals_plot` draws them.

dcgan          the official PyTorch tutorial's recipe, made conditional, at 28 px
video          what the popular video tutorial does, on the networks of dcgan: labels dropped, rates
               of 1e-4 and 1e-5 for generator and critic, the critic told 0 to 0.15 off the truth;
               both are judged once more with the uniform z of that tutorial's progress pictures
mimicry        torch-mimicry's cGAN-PD (hinge, projection, spectral norm, five critic steps) at 32 px,
               with the package's networks and the published settings; the package comes by
               pip install --no-deps torch-mimicry==0.1.16 (its other parts want TensorFlow)
mimicry-small  the same as narrow as Trama and with two critic steps, for a budget of minutes
trama          this repository's preset, or with --trama-run a run that there is already

Rivals get every help that Trama has and that changes no rule of theirs: bf16, compilation and
channels_last where they are faster here, garments in memory, measured statistics for BatchNorm,
and, as a row of its own, Trama's average of the generator's weights.
"""

import argparse
import dataclasses
import io
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from model.pixels import grid, save_png
from model.storage import read_json, write_atomically
from tests.benchmarks.rival_figures import judge_all
from tests.benchmarks.rival_networks import RECIPES
from tests.benchmarks.rival_runs import Contender, build, sample_snapshot, variants
from training.config import PRESETS
from training.data import ImageSet, load_fashion_mnist
from training.hardware import describe_machine
from training.train import settle

NAMES = (*RECIPES, "trama")
MARKS = (5.0, 10.0, 20.0, 30.0, 60.0)
CLOCKS = {"wall": time.perf_counter, "core": time.process_time}


def train(
    name: str,
    contender: Contender,
    folder: Path,
    marks: list[float],
    checkpoint_minutes: float,
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    """Train until the last mark, leaving a snapshot at each; goes on from the folder's state.

    The clock runs during steps only. The first step after an interruption compiles once more and
    is not counted, because the first step of all was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seconds, saved, resumed = _resume(contender, folder)
    told = seconds
    todo = [mark for mark in marks if not (folder / _mark_name(mark) / "done.json").is_file()]
    while todo:
        if seconds < todo[0] * 60:
            started = clock()
            contender.step()
            seconds += 0 if resumed else clock() - started
            resumed = False
        if seconds - told >= 60:
            told = seconds
            rate = contender.images_seen / seconds
            print(f"{name:14} {seconds / 60:6.1f} min {contender.images_seen:>9,} images, "
                  f"{rate:.0f} a second", flush=True)  # fmt: skip
        reached = [mark for mark in todo if seconds >= mark * 60]
        for mark in reached:
            _keep_mark(name, contender, folder / _mark_name(mark), mark, seconds)
            todo.remove(mark)
        if reached or seconds - saved >= checkpoint_minutes * 60:
            saved = seconds
            _save_state(contender, folder, seconds)


def _keep_mark(name: str, contender: Contender, folder: Path, mark: float, seconds: float) -> None:
    """Snapshot, sheets of samples, and last of all the note that the mark is complete."""
    contender.save_snapshot(folder)
    for variant in variants(name):
        pixels, _ = sample_snapshot(name, folder, variant, 80)
        save_png(grid(pixels, 10), folder / f"{variant}.png")
    _note_mark(folder, name, mark, seconds, contender.images_seen)


def _note_mark(
    folder: Path,
    name: str,
    mark: float,
    seconds: float,
    images_seen: int,
    horizon: int | None = None,
) -> None:
    note: dict[str, Any] = {
        "contender": name,
        "mark": mark,
        "minutes": round(seconds / 60, 3),
        "images_seen": images_seen,
        "trained_on": describe_machine(),
    }
    if horizon is not None:
        note["horizon"] = horizon
    write_atomically(folder / "done.json", json.dumps(note).encode())
    print(f"{name:14} {mark:g} minutes: {images_seen:,} images", flush=True)


def adopt(run: Path, folder: Path, first_mark: float) -> None:
    """Marks of trama from a run of `python -m training.train`: its snapshots, by its journal's clock.

    A journal's rates count sheets, snapshots and whatever else the machine had to do, but not the
    time between two sittings, and a snapshot has the time of the next line: if anything, these
    minutes are too many.

    Raises:
        ValueError: the folder holds no such run.
    """
    journal = run / "journal.jsonl"
    if not journal.is_file():
        raise ValueError(f"--trama-run: {run} holds no journal.jsonl")
    records = map(json.loads, journal.read_text(encoding="utf-8").splitlines())
    progress = [record for record in records if record["event"] == "progress"]
    config = read_json(run / "run.json")["config"] if (run / "run.json").is_file() else {}
    horizon = config.get("total_images")  # runs with other horizons are other curves
    minutes, images, clock = 0.0, 0, {}
    for record in progress:
        minutes += (record["images_seen"] - images) / record["images_per_second"] / 60
        images = record["images_seen"]
        clock[images] = minutes
    for snapshot in sorted((run / "snapshots").iterdir()):
        seen = int(snapshot.name.removesuffix("k")) * 1000
        reached = min((count for count in clock if count >= seen), default=images)
        mark = round(clock[reached], 3)  # as its folder's name: coarser ones could share a place
        place = folder / _mark_name(mark)
        if mark < first_mark or (place / "done.json").is_file():
            continue
        shutil.copytree(snapshot, place, dirs_exist_ok=True)
        exact = reached if reached // 1000 == seen // 1000 else seen  # else to a thousand
        _note_mark(place, "trama", mark, clock[reached] * 60, exact, horizon)


def _mark_name(mark: float) -> str:
    return f"{mark:08.3f}min"


def _save_state(contender: Contender, folder: Path, seconds: float) -> None:
    buffer = io.BytesIO()
    torch.save({"seconds": seconds, "state": contender.state_dict()}, buffer)
    write_atomically(folder / "state.pt", buffer.getvalue())


def _resume(contender: Contender, folder: Path) -> tuple[float, float, bool]:
    """Seconds so far (twice: trained, saved) and whether there was something to resume."""
    path = folder / "state.pt"
    if not path.is_file():
        return 0.0, 0.0, False
    stored: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    contender.load_state_dict(stored["state"])
    return stored["seconds"], stored["seconds"], True


def train_all(options: argparse.Namespace, marks: list[float], data: ImageSet) -> None:
    """One contender after the other."""
    config = PRESETS[options.preset]
    given = {name: getattr(options, name) for name in ("precision", "compile", "total_images")}
    config = dataclasses.replace(config, **{k: v for k, v in given.items() if v is not None})
    options.run_dir.mkdir(parents=True, exist_ok=True)
    execution = settle(options.run_dir, config, torch.device("cpu"))
    print(
        f"{len(data):,} garments on {describe_machine()}; {execution.precision}"
        f"{', compiled' if execution.compile else ''} ({execution.why})",
        flush=True,
    )
    # What an earlier run compiled would be a present to whoever trained here last.
    torch.compiler.config.force_disable_caches = True
    for name in options.contenders:
        torch.compiler.reset()
        contender = build(name, config, execution, data)
        clock = CLOCKS[options.clock]
        train(name, contender, options.run_dir / name, marks, options.checkpoint_minutes, clock)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.rivals",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--contenders", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--minutes", type=float, default=60, help="budget: marks beyond are left")
    parser.add_argument("--marks", type=float, nargs="+", default=list(MARKS), metavar="MINUTES")
    parser.add_argument("--run-dir", type=Path, default=Path("runs/rivals"))
    parser.add_argument(
        "--trama-run", type=Path, metavar="FOLDER",
        help="take trama's marks from the snapshots of this run of training.train",
    )  # fmt: skip
    parser.add_argument("--preset", choices=PRESETS, default="fashion-mnist", help="of trama")
    parser.add_argument("--total-images", type=int, help="horizon of trama's schedules")
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), help="of all contenders")
    parser.add_argument("--compile", choices=("auto", "yes", "no"), help="of all contenders")
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall",
        help="core: this process's own seconds, where others work on the machine; for one thread",
    )  # fmt: skip
    parser.add_argument("--checkpoint-minutes", type=float, default=5)
    parser.add_argument("--cas-samples", type=int, default=10_000, help="0 leaves CAS out")
    parser.add_argument("--no-judging", action="store_true", help="train only, judge another day")
    parser.add_argument("--no-training", action="store_true", help="judge what is there")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = parse(arguments)
    marks = sorted({*(m for m in options.marks if m < options.minutes), options.minutes})
    if marks[0] <= 0:
        print(f"error: --marks and --minutes must be above 0, not {marks[0]:g}", file=sys.stderr)
        return 1
    try:
        if options.trama_run:
            adopt(options.trama_run, options.run_dir / "trama", marks[0])
        if not options.no_training:
            train_all(options, marks, load_fashion_mnist("train"))
        if not options.no_judging:
            given = arguments if arguments is not None else sys.argv[1:]
            print(judge_all(options.run_dir, options.contenders, options.cas_samples, given))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
