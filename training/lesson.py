"""python -m training.lesson WHAT: record what the page's lesson shows, from real trainings.

garments: the boots that a live training learns from. duel: one step of both networks taken apart.
collapse, overpowering, too-fast: trainings that fail, each for one reason.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.lesson import DUEL, GARMENTS_FILE, LESSON_FOLDER, variety
from model.live import BATCH, USUAL, Knobs, Live, NotFiniteError, Rules
from model.pixels import to_image, to_img, to_pixels, to_png
from model.storage import write_atomically
from training.data import load_fashion_mnist

GARMENTS = 512
LABEL = 9
_COLUMNS = 16
_SHOWN = 8

DUEL_STEPS = 60
"""Steps before the one that is recorded: boots can be seen, and a step still changes them."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """A training that fails: its knobs, the class it learns, its steps of the critic, its rules."""

    knobs: Knobs
    label: int
    steps: int
    rules: Rules = USUAL


FAILURES = {
    # By this project's rules no collapse came about within a minute, whatever the knobs. It takes
    # a critic that sees garments one by one, learns at two fifths of the generator's rate and has one
    # turn where the generator has five, and a game in which it always pays to please more.
    "collapse": Failure(
        Knobs(learning_rate=4e-3, critic_strength=0.2),
        label=1,
        steps=96,
        rules=Rules(loss="hinge", shows_spread=False, generator_turns=5),
    ),
    "overpowering": Failure(Knobs(critic_strength=10, penalty=0), label=0, steps=156),
    "too-fast": Failure(Knobs(learning_rate=0.05), label=0, steps=156),
}

_MOMENTS = 12


def record_garments(folder: Path) -> str:
    """Write real boots of the training part, the first ones there are, as one sheet."""
    boots = _of_class(LABEL)[:GARMENTS]
    write_atomically(folder / GARMENTS_FILE, _sheet(boots.reshape(-1, 2 * _COLUMNS, 28, 28, 1)))
    return f"{GARMENTS_FILE}: {len(boots)} garments"


def record_duel(folder: Path) -> str:
    """Write one step of a young training: real, made, and made from the same noise after it."""
    live = Live(to_img(torch.from_numpy(_of_class(LABEL))), Knobs())
    for _ in range(DUEL_STEPS):
        live.step()
    real, z = live.draw_batch()
    made = live.make(z)
    turns = live.turn(real, z)
    after = live.make(z)
    real_after, made_after = live.opinions(real, made)
    pleased = live.opinions(real, after)[1]
    figures = {
        "label": LABEL,
        "images_seen": live.images_seen - BATCH,
        "batch": BATCH,
        "critic_loss": _round(turns.critic_loss),
        "generator_loss": _round(turns.generator_loss),
        "real": {"before": _rounded(turns.real_logits), "learnt": _rounded(real_after)},
        "made": {
            "before": _rounded(turns.fake_logits),
            "learnt": _rounded(made_after),
            "after": _rounded(pleased),
        },
    }
    rows = np.stack([to_pixels(img[:_SHOWN]) for img in (real, made, after)])
    _write(folder, DUEL, rows, figures)
    moved = float((after - made).abs().mean() * 127.5)
    return f"{DUEL}: garments move by {moved:.1f} grey levels in one step"


def record_failure(folder: Path, name: str) -> str:
    """Write sheets and losses of a training that fails.

    `variety` is that of each sheet over that of the real garments, whole.
    """
    failure = FAILURES[name]
    knobs, garments = failure.knobs, _of_class(failure.label)
    live = Live(to_img(torch.from_numpy(garments)), knobs, rules=failure.rules)
    real, varieties = variety(garments), []
    losses: dict[str, list[float]] = {"critic": [], "generator": []}
    rows, seen, ended = [], [], ""
    for step in range(1, failure.steps + 1):
        try:
            turns = live.step()
        except NotFiniteError as error:
            ended = str(error)
            break
        losses["critic"].append(_round(turns.critic_loss))
        losses["generator"].append(_round(turns.generator_loss))
        if step * _MOMENTS % failure.steps < _MOMENTS:
            sheet = live.sheet()
            rows.append(sheet[:_SHOWN])
            varieties.append(round(variety(sheet) / real, 3))
            seen.append(live.images_seen)
    figures = {
        "label": failure.label,
        "learning_rate": knobs.learning_rate,
        "critic_strength": knobs.critic_strength,
        "penalty": knobs.penalty,
        **dataclasses.asdict(failure.rules),
        "batch": BATCH,
        "images_seen": seen,
        "variety": varieties,
        "losses": losses,
        "ended": ended,
    }
    _write(folder, name, np.stack(rows), figures)
    share = f"{varieties[-1]:.1%} of the variety of real ones" if varieties else "no sheet"
    return f"{name}: {len(losses['critic'])} steps, {len(rows)} sheets, {share} {ended}"


def _of_class(label: int) -> np.ndarray:
    train = load_fashion_mnist("train")
    pixels: np.ndarray = train.pixels[train.labels == label].numpy()
    return pixels


def _write(folder: Path, name: str, rows: np.ndarray, figures: dict[str, Any]) -> None:
    write_atomically(folder / f"{name}.png", _sheet(rows))
    write_atomically(folder / f"{name}.json", (json.dumps(figures) + "\n").encode())


def _sheet(pixels: np.ndarray) -> bytes:
    """PNG of pixels [rows, columns, H, W, 1] without gaps."""
    rows, columns, height, width, _ = pixels.shape
    flat = pixels[..., 0].transpose(0, 2, 1, 3).reshape(rows * height, columns * width, 1)
    return to_png(to_image(np.ascontiguousarray(flat)), optimize=True)


def _round(value: torch.Tensor) -> float:
    return round(float(value), 3)


def _rounded(logits: torch.Tensor) -> list[float]:
    return [_round(value) for value in logits[:_SHOWN]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    commands: dict[str, Callable[[Path], str]] = {"garments": record_garments, DUEL: record_duel}
    parser = argparse.ArgumentParser(prog="python -m training.lesson", description=__doc__)
    parser.add_argument("what", nargs="+", choices=(*commands, *FAILURES))
    parser.add_argument("--folder", type=Path, default=LESSON_FOLDER)
    options = parser.parse_args(arguments)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        for what in options.what:
            if what in FAILURES:
                print(record_failure(options.folder, what), flush=True)
            else:
                print(commands[what](options.folder), flush=True)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
