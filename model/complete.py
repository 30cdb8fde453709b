"""python -m model complete: what is missing of a picture, filled in several times."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from model.completion import DEFAULT_COUNT, DEFAULT_DIFFERENT, FEWEST, MOST, complete
from model.completion_files import read_torn
from model.encoder import Encoder
from model.generator import Generator
from model.keepsake import mark_png
from model.labels import class_names
from model.pixels import to_image


def add_complete(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options, but for the model."""
    parser.add_argument("picture", type=Path, metavar="PICTURE", help="of the model's own size")
    parser.add_argument(
        "--mask", type=Path, metavar="FILE",
        help="picture that is white where the other one is missing (where it is transparent)",
    )  # fmt: skip
    parser.add_argument(
        "--count", type=int, default=DEFAULT_COUNT, help=f"{FEWEST} to {MOST} (%(default)s)"
    )
    parser.add_argument(
        "--different", type=float, default=DEFAULT_DIFFERENT,
        help="how much they differ, 0 to 1 (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--label", help="class, by number or name (what the known part looks like)")
    parser.add_argument("--seed", type=int, default=0, help="whole number from 0 (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")


def write_completions(
    generator: Generator, options: argparse.Namespace, encoder: Encoder | None = None
) -> Iterator[str]:
    """Write the PNG files, then tell of each one, after what was done to the picture.

    Raises:
        ValueError: naming the option's field and value.
    """
    torn = read_torn(generator, options.picture, options.mask)
    made = complete(
        generator, torn.pixels, torn.hidden, options.count, options.different, options.label,
        options.seed, encoder=encoder,
    )  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    names = class_names(generator.config)
    yield from torn.notes
    for place, (pixels, label) in enumerate(zip(made.pixels, made.labels, strict=True), start=1):
        path = options.out / f"completion-{place}.png"
        path.write_bytes(mark_png(to_image(pixels)))
        yield f"{path}  {names[label]}" if names else str(path)
