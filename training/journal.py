"""What a run says: one console line, one JSONL record, one sheet of fixed seeds."""

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from model.generator import Generator
from model.pixels import grid, save_png

SHEET_COLUMNS = 10
SHEET_ROWS = 8


class Journal:
    """Appends to `journal.jsonl` of a run folder and prints; silent where `quiet`."""

    def __init__(self, run_dir: Path, quiet: bool = False) -> None:
        self.run_dir = run_dir
        self.quiet = quiet
        self.started = time.perf_counter()

    def say(self, text: str) -> None:
        """Print a line at once, also into a pipe."""
        if not self.quiet:
            print(text, flush=True)

    def record(self, event: str, **fields: Any) -> None:
        """Append one record with the time."""
        if self.quiet:
            return
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        line = json.dumps({"event": event, "time": now, **fields})
        with (self.run_dir / "journal.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def progress(self, images_seen: int, total: int, rate: float, **figures: float) -> None:
        """Console line and record of the state of the run."""
        left = dt.timedelta(seconds=round((total - images_seen) / max(rate, 1e-9)))
        named = "  ".join(f"{name} {value:+.3f}" for name, value in figures.items())
        share = images_seen / total
        self.say(f"{images_seen / 1e3:9.1f}k {share:6.1%}  {rate:6.0f} img/s  left {left}  {named}")
        self.record(
            "progress", images_seen=images_seen, images_per_second=round(rate, 1), **figures
        )

    def alarm(self, text: str | None) -> None:
        """Say and record a warning, if there is one."""
        if text:
            self.say(f"!! {text}")
            self.record("alarm", text=text)

    def sheet(self, generator: Generator, name: str) -> None:
        """Save garments of fixed seeds, one column a class, one row a seed."""
        if self.quiet:
            return
        classes = max(generator.config.num_classes, 1)
        labels = [column % classes for _ in range(SHEET_ROWS) for column in range(SHEET_COLUMNS)]
        seeds = [
            row if classes > 1 else row * SHEET_COLUMNS + column
            for row in range(SHEET_ROWS)
            for column in range(SHEET_COLUMNS)
        ]
        pixels: np.ndarray = generator.sample(labels, seeds, batch_size=len(labels))
        save_png(grid(pixels, SHEET_COLUMNS), self.run_dir / "sheets" / f"{name}.png")
