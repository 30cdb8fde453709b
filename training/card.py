"""The card of a model folder: README.md and the sheet of samples that it shows."""

import dataclasses
from pathlib import Path

import numpy as np
from huggingface_hub import EvalResult, ModelCardData
from torch import nn

from model.config import FASHION_MNIST_CLASSES, ModelConfig
from model.generator import Generator
from model.pixels import grid, sheet_scale, to_image, to_png
from model.storage import write_atomically
from model.weights import (
    CARD_FILE,
    DARINGS_FILE,
    DISCRIMINATOR_FILE,
    NEAREST_FILE,
    SHEET_FILE,
    STRIPS_FILE,
    load_discriminator,
    load_generator,
    read_metrics,
)
from training.card_completion import render_completion
from training.card_figures import judged, number, render_figures
from training.card_text import FASHION_DATA, HEADLINES, OWN_DATA, PORTUGUESE, metric_name
from training.study import render_study

MARK = "<!-- Written by training.card; delete this line to keep a text of your own. -->"
DARINGS = (0.0, 0.4, 0.7, 1.0, 1.3)
"""Rows of the picture of darings."""

SHEET_ROWS = 8
SHEET_COLUMNS = 10
_ROOT = Path(__file__).parent.parent
_DATASET = "zalando-datasets/fashion_mnist"
_TASK = "unconditional-image-generation"


def write_card(folder: str | Path, source: str | None = None) -> Path:
    """Write `README.md` and `sheet.png` in a model folder; returns the card's path.

    A card without the line MARK was written by a person and is kept.

    Args:
        folder: read strictly.
        source: what `from_pretrained` gets in the example, `user/name@tag` or a folder; if None,
            the folder itself.

    Raises:
        ModelFolderError: the folder is not a whole, sound model folder.
    """
    folder = Path(folder)
    for name, content in card_files(folder, source).items():
        write_atomically(folder / name, content)
    return folder / CARD_FILE


def refresh_card(folder: Path) -> None:
    """Write the card anew, if the folder has one, so that it shows the figures of its metrics."""
    if (folder / CARD_FILE).is_file():
        write_card(folder)


def card_files(folder: Path, source: str | None = None) -> dict[str, bytes]:
    """The files that `write_card` writes, by name; nothing is written."""
    generator = load_generator(folder)
    path = folder / CARD_FILE
    if path.is_file() and MARK not in (own := path.read_text(encoding="utf-8")):
        card = own
    else:
        card = _render(folder, generator, source or _relative(folder))
    return {CARD_FILE: card.encode(), SHEET_FILE: to_png(to_image(draw_sheet(generator)))}


def draw_sheet(generator: Generator) -> np.ndarray:
    """Garments of the seeds 0, 1, 2 ... a row, one class a column: uint8 pixels [H, W, C]."""
    config = generator.config
    columns = min(config.num_classes, SHEET_COLUMNS) or SHEET_COLUMNS
    labels = [column for _ in range(SHEET_ROWS) for column in range(columns)]
    rows = [row for row in range(SHEET_ROWS) for _ in range(columns)]
    seeds = rows if config.num_classes else list(range(len(labels)))
    return grid(generator.sample(labels, seeds), columns, scale=sheet_scale(config.image_size))


def _render(folder: Path, generator: Generator, source: str) -> str:
    config, metrics = generator.config, read_metrics(folder)
    fashion = config.class_names == FASHION_MNIST_CLASSES
    name = source.partition("@")[0].rpartition("/")[2]
    parts = [
        f"---\n{_metadata(name, fashion, metrics)}\n---\n\n{MARK}",
        f"# {name}\n\n{_about(config, fashion)}",
        f"![{_sheet_text(config)}]({SHEET_FILE})\n\n{_sheet_text(config)}; none is chosen.",
        *_pictures(folder, config, metrics),
        f"## Use\n\n{_example(config, source)}",
        f"## Shape\n\n{_shape(folder, generator)}",
        f"## How good it is\n\n{render_figures(metrics, config.class_names)}",
        *filter(None, [render_completion(metrics), render_study(metrics)]),
        f"## Data and licence\n\n{FASHION_DATA if fashion else OWN_DATA}",
        f"## Limits\n\n{_limits(config, fashion)}",
        f"## Em português\n\n{PORTUGUESE}",
    ]
    return "\n\n".join(parts) + "\n"


def _metadata(name: str, fashion: bool, metrics: dict[str, object]) -> str:
    results = [
        EvalResult(
            task_type=_TASK,
            dataset_type=_DATASET,
            dataset_name="Fashion-MNIST",
            dataset_split="test",
            metric_type=metric,
            metric_name=metric_name(metric),
            metric_value=figures["value"],
        )
        for metric, figures in judged(metrics)
        if metric in HEADLINES and figures.get("against") == "test"
    ]
    data = ModelCardData(
        license="mit" if fashion else "unknown",
        library_name="trama",
        pipeline_tag=_TASK,
        tags=["gan", "pytorch", *(["fashion-mnist"] if fashion else [])],
        datasets=[_DATASET] if fashion else None,
        model_name=name if results else None,
        eval_results=results or None,
    )
    text: str = data.to_yaml()
    return text


def _about(config: ModelConfig, fashion: bool) -> str:
    size = f"{config.image_size} × {config.image_size}"
    kind = "grey" if config.image_channels == 1 else "colour"
    classes = f" of {config.num_classes} classes" if config.num_classes else ""
    what = f"garments{classes}, learnt from Fashion-MNIST" if fashion else f"pictures{classes}"
    return (
        f"A generative adversarial network of the project *Trama* that draws {size} {kind} "
        f"{what}. One seed is one picture: the same bytes alone, in a batch, and next year."
        " Weights are safetensors only."
    )


def _sheet_text(config: ModelConfig) -> str:
    if not config.num_classes:
        return f"The seeds 0 to {SHEET_ROWS * SHEET_COLUMNS - 1}"
    return f"One class a column, one of the seeds 0 to {SHEET_ROWS - 1} a row: a row is one style"


def _pictures(folder: Path, config: ModelConfig, metrics: dict[str, object]) -> list[str]:
    """Sections for the pictures of `training.pictures` that the folder has."""
    columns = "One seed, a class a column" if config.num_classes else "A seed a column"
    daring = ", ".join(f"{daring:g}" for daring in DARINGS)
    groups = ["from garment to garment within a class", "one seed on its way from class to class"]
    groups = groups[: 2 if config.num_classes > 1 else 1]
    across = "; ".join([*groups, "outlines (left) filled with the patterns of others (top)"])
    texts = {
        DARINGS_FILE: (
            "Daring",
            f"{columns}, a daring a row: {daring}. 0 is the average, 1 what was learnt.",
        ),
        STRIPS_FILE: ("Ways between garments", f"From the top: {across}. No seed is chosen."),
        NEAREST_FILE: ("Nearest to training garments", _nearest(metrics)),
    }
    return [
        f"## {title}\n\n![{title}]({name})\n\n{text}"
        for name, (title, text) in texts.items()
        if (folder / name).is_file()
    ]


def _nearest(metrics: dict[str, object]) -> str:
    figures = metrics.get("nearest")
    text = (
        "The twenty samples that come nearest to a training garment in the features, each above "
        "that garment; the nearest pair first."
    )
    if not isinstance(figures, dict) or not {"value", "floor", "median", "median_floor"} <= {
        *figures
    }:
        return text
    value, floor, median, usual = (
        number(figures[key]) for key in ("value", "floor", "median", "median_floor")
    )
    return (
        f"{text} Of {number(figures.get('samples', ''))} samples these twenty are {value} away on "
        f"average, where the twenty nearest of as many real test garments are {floor} away; "
        f"the median of all is {median}, that of real test garments {usual}."
    )


def _example(config: ModelConfig, source: str) -> str:
    place, _, revision = source.partition("@")
    pinned = f', revision="{revision}"' if revision else ""
    labels = [0, min(1, max(config.num_classes - 1, 0))]
    return (
        "With Trama's code (its folder `model/` and `requirements.txt`):\n\n```python\n"
        "from model import Generator\n\n"
        f'generator = Generator.from_pretrained("{place}"{pinned})\n'
        f"pixels = generator.sample(labels={labels}, seeds=[42, 43])\n"
        f"print(pixels.shape, pixels.dtype)  # (2, {config.image_size}, {config.image_size}, "
        f"{config.image_channels}) uint8\n```"
    )


def _shape(folder: Path, generator: Generator) -> str:
    rows = {"parameters of the generator": f"{_count(generator):,}"}
    if (folder / DISCRIMINATOR_FILE).is_file():
        rows["parameters of the discriminator"] = f"{_count(load_discriminator(folder)):,}"
    for field, value in dataclasses.asdict(generator.config).items():
        text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        rows[f"`{field}`"] = text.replace("|", "\\|") or "none"
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {row} |" for name, row in rows.items())


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _limits(config: ModelConfig, fashion: bool) -> str:
    lines = [
        f"* {config.image_size} × {config.image_size} pixels and nothing finer.",
        "* It knows its training pictures and their habits; it can come close to one of them.",
        "* Some seeds are flawed. Daring below 1 gives cleaner and more similar pictures.",
    ]
    if fashion:
        lines.insert(1, "* Catalogue photos: no fabric, no colour, no people; shoes face left.")
        lines.insert(2, "* Shirts, pullovers and coats are easily taken for each other.")
    return "\n".join(lines)


def _relative(folder: Path) -> str:
    """The folder as a reader of the repository would name it, never a path of this machine."""
    place = folder.resolve()
    return place.relative_to(_ROOT).as_posix() if place.is_relative_to(_ROOT) else place.name
