"""python -m tests.benchmarks.rivals_plot: R and CAS against minutes, as a picture for the README.

Without arguments the committed results, `tests/benchmarks/rivals.jsonl`, to `.pictures/rivals.png`.
Averaged weights alone: they are what is shown of every contender.
"""

import argparse
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.benchmarks.rival_figures import read_results, title_of

_HERE = Path(__file__).parent
COMMITTED = _HERE / "rivals.jsonl"
PICTURE = _HERE.parent.parent / ".pictures" / "rivals.png"
_REAL = "real garments"
_MARKERS = "oDsv^"


def draw(rows: Sequence[dict[str, Any]]) -> Figure:
    """R on a logarithmic scale and CAS, over minutes of training; a line each."""
    figure = Figure(figsize=(9.6, 3.8), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_lines(left, rows, "r_e", 1.0)
    left.set_yscale("log")
    ticks = [1, 2, 3, 5, 10, 15]
    left.set_yticks(ticks, labels=[str(tick) for tick in ticks], minor=False)
    left.set_yticks([], minor=True)
    left.set_ylabel("R in E (real garments: 1)")
    _draw_lines(right, rows, "cas", 100.0)
    right.set_ylabel("CAS, %")
    left.legend(fontsize=8)
    return figure


def _draw_lines(axes: Axes, rows: Sequence[dict[str, Any]], key: str, scale: float) -> None:
    shown = [row for row in rows if row["variant"] == "averaged" and key in row]
    for marker, title in zip(itertools.cycle(_MARKERS), sorted({title_of(row) for row in shown})):
        line = sorted((r["minutes"], scale * r[key]) for r in shown if title_of(r) == title)
        name = title.replace(", averaged", "")
        axes.plot(*zip(*line, strict=True), marker=marker, label=name, lw=1.5, ms=5)
    real = [scale * row[key] for row in rows if row["contender"] == _REAL and key in row]
    for value in real:
        axes.axhline(value, color="grey", ls="--", lw=1, label=_REAL)
    axes.set_xlabel("minutes of one core")
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rivals_plot")
    parser.add_argument("results", type=Path, nargs="?", default=COMMITTED)
    parser.add_argument("picture", type=Path, nargs="?", default=PICTURE)
    options = parser.parse_args(arguments)
    rows = read_results(options.results)
    if not rows:
        print(f"error: {options.results} holds no results", file=sys.stderr)
        return 1
    draw(rows).savefig(options.picture, format="png")
    print(options.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
