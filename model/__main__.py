"""python -m model generate | blend | edit | sheet | complete: pictures of garments as PNG files."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from model.complete import add_complete, write_completions
from model.encoder import load_encoder
from model.generator import Generator
from model.hub import fetch_model
from model.labels import find_label
from model.latents import blend_layers, broadcast, map_seeds, move, pattern_split, render
from model.pixels import grid, save_png
from model.weights import SHIPPED_MODEL, generator_sha256, load_generator

MAX_SCALE = 64
MAX_GARMENTS = 10_000
_SEEDS = re.compile(r"([0-9]{1,10})(?:-([0-9]{1,10}))?")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    generate = commands.add_parser("generate", help="one garment from its class and seed")
    _add_garment(generate)

    blend = commands.add_parser("blend", help="a garment between two others")
    _add_garment(blend, "-a")
    _add_garment(blend, "-b")
    blend.add_argument("--blend", type=float, default=0.5, help="share of B, 0 to 1 (%(default)s)")
    blend.add_argument("--shape", type=float, help="share of B in the outline (as --blend)")
    blend.add_argument("--pattern", type=float, help="share of B in the rest (as --blend)")

    edit = commands.add_parser("edit", help="a garment moved along measured directions")
    _add_garment(edit)
    edit.add_argument(
        "--set", nargs="+", required=True, action="extend", metavar="NAME=STRENGTH",
        help="for example brightness=1.5; a name that there is not lists those there are",
    )  # fmt: skip

    sheet = commands.add_parser("sheet", help="a row for each class, a column for each seed")
    sheet.add_argument("--labels", nargs="+", help="classes, by name or number (all)")
    sheet.add_argument("--seeds", default="0-9", metavar="A-B", help="(%(default)s)")

    add_complete(
        commands.add_parser("complete", help="what is missing of a picture, several times")
    )

    for command in (generate, blend, edit, sheet):
        command.add_argument("--daring", type=float, default=1.0, help="0 to 2 (%(default)s)")
        command.add_argument(
            "--scale", type=int, default=2 if command is sheet else 8,
            help=f"size of a pixel, 1 to {MAX_SCALE} (%(default)s)",
        )  # fmt: skip
        command.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    for command in commands.choices.values():
        command.add_argument(
            "--model", default=str(SHIPPED_MODEL), metavar="FOLDER|user/name",
            help="model folder or Hub id (the one that comes with Trama)",
        )  # fmt: skip
    return parser.parse_args(arguments)


def _add_garment(parser: argparse.ArgumentParser, suffix: str = "") -> None:
    parser.add_argument(
        f"--label{suffix}", required=True, help="class: number, English or Portuguese name"
    )
    parser.add_argument(f"--seed{suffix}", type=int, required=True, help="whole number from 0")


def draw(generator: Generator, options: argparse.Namespace) -> np.ndarray:
    """What the command line asks for, unenlarged: uint8 pixels [N, H, W, C].

    Raises:
        ValueError: naming the option's field and value.
    """
    if options.command == "sheet":
        names = options.labels or range(max(generator.config.num_classes, 1))
        labels = [find_label(name, generator.config) for name in names]
        seeds = parse_seeds(options.seeds)
        if len(labels) * len(seeds) > MAX_GARMENTS:
            raise ValueError(f"a sheet holds {MAX_GARMENTS} garments at most, not {options.seeds}")
        rows = [label for label in labels for _ in seeds]
        return generator.sample(rows, seeds * len(labels), options.daring)
    if options.command == "blend":
        ws_a = _broadcast_seed(generator, options.label_a, options.seed_a, options.daring)
        ws_b = _broadcast_seed(generator, options.label_b, options.seed_b, options.daring)
        shape = options.blend if options.shape is None else options.shape
        pattern = options.blend if options.pattern is None else options.pattern
        split = pattern_split(generator.config)
        return render(generator, blend_layers(ws_a, ws_b, shape, pattern, split))
    ws = _broadcast_seed(generator, options.label, options.seed, options.daring)
    if options.command == "edit":
        ws = move(generator, ws, parse_strengths(options.set))
    return render(generator, ws)


def parse_seeds(text: str) -> list[int]:
    """Seeds of "A-B", both included, or of a single "A".

    Raises:
        ValueError: another form, or B below A.
    """
    match = _SEEDS.fullmatch(text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if last < first:
        raise ValueError(f"seeds must be A-B with A up to B, not {text!r}")
    if last - first >= MAX_GARMENTS:
        raise ValueError(f"seeds must be {MAX_GARMENTS} at most, not {text!r}")
    return list(range(first, last + 1))


def parse_strengths(settings: Sequence[str]) -> dict[str, float]:
    """Strengths by name of ["brightness=1.5", ...].

    Raises:
        ValueError: not NAME=NUMBER, or a name given twice.
    """
    strengths: dict[str, float] = {}
    for setting in settings:
        name, _, number = setting.partition("=")
        try:
            strength = float(number)
        except ValueError as error:
            raise ValueError(f"set must be NAME=NUMBER, not {setting!r}") from error
        if name in strengths:
            raise ValueError(f"set must name {name!r} once, not twice")
        strengths[name] = strength
    return strengths


def _broadcast_seed(generator: Generator, label: str, seed: int, daring: float) -> torch.Tensor:
    """Ws [1, L, w_dim] of one garment."""
    number = find_label(label, generator.config)
    return broadcast(generator, map_seeds(generator, [number], [seed], daring))


def _check_output(options: argparse.Namespace) -> None:
    """Refuse a scale or a file name before anything is loaded."""
    if not 1 <= options.scale <= MAX_SCALE:
        raise ValueError(f"scale must be in 1..{MAX_SCALE}, not {options.scale}")
    if options.out.suffix.lower() != ".png":
        raise ValueError(f"out must be a .png file, not {str(options.out)!r}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = parse(arguments)
    try:
        if options.command == "complete":
            folder = fetch_model(options.model)
            encoder = load_encoder(folder, generator_sha256(folder))
            for line in write_completions(load_generator(folder), options, encoder):
                print(line)
            return 0
        _check_output(options)
        pixels = draw(Generator.from_pretrained(options.model), options)
        columns = len(parse_seeds(options.seeds)) if options.command == "sheet" else 1
        save_png(grid(pixels, columns, scale=options.scale), options.out)
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
