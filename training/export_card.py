"""The card of an export: README.md with what the library `datasets` reads, and the sheet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from huggingface_hub import DatasetCardData

from model.config import FASHION_MNIST_CLASSES, ModelConfig
from model.export import ExportPlan
from model.export_check import reading
from model.export_formats import (
    IDX_IMAGES,
    IDX_LABELS,
    IMAGES_FOLDER,
    LABELS_FILE,
    PARQUET_FOLDER,
    class_titles,
    parquet_path,
)
from model.pixels import grid, to_image, to_png
from model.weights import STUDY_FILE
from training.mixing import StudyRow, study_table, verdict

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_SHEET_PICTURES = 100


def write_sheet(pixels: np.ndarray, scale: int) -> bytes:
    """The first hundred pictures, ten a row, as a PNG file."""
    return to_png(to_image(grid(pixels[:_SHEET_PICTURES], 10, scale=scale)))


def render_card(
    folder: Path,
    plan: ExportPlan,
    config: ModelConfig,
    metrics: dict[str, Any],
    rows: Sequence[StudyRow],
    repo_id: str | None = None,
) -> str:
    """README.md of an export, from what was measured; `metrics` is the content of `metrics.json`.

    With `repo_id` the one for the Hub, where the single pictures are not.
    """
    fashion = config.class_names == FASHION_MNIST_CLASSES
    name = f"Trama: {plan.count:,} generated {'garments' if fashion else 'pictures'}"
    about = metrics["about"]
    parts = [
        f"---\n{_metadata(folder, plan, config, name, fashion)}\n---",
        f"# {name}\n\n{_about(plan, config)}",
        "![The first hundred pictures](sheet.png)\n\nThe first hundred; none is chosen.",
        f"## Files\n\n{_files(plan, config, repo_id)}",
        f"## What it is worth\n\n{_worth(metrics)}",
        f"## Does it help?\n\n{_help(metrics, rows)}",
        f"## Copies\n\n{_copies(metrics)}",
        f"## Where it comes from\n\n{_origin(about)}",
        f"## Terms and limits\n\n{_limits(fashion)}",
        f"## Em português\n\n{_PORTUGUESE}",
    ]
    return "\n\n".join(parts) + "\n"


def _metadata(folder: Path, plan: ExportPlan, config: ModelConfig, name: str, fashion: bool) -> str:
    titles, parquet = class_titles(config), "parquet" in plan.formats
    more: dict[str, Any] = {}
    if parquet:
        where = [{"split": "train", "path": f"{PARQUET_FOLDER}/train-*"}]
        more["configs"] = [{"config_name": "default", "data_files": where}]
        more["dataset_info"] = _info(folder, plan, titles)
    data = DatasetCardData(
        pretty_name=name,
        license="mit" if fashion else "unknown",
        task_categories=["image-classification"],
        size_categories=[next((text for most, text in _SIZES if plan.count < most), "1M<n<10M")],
        tags=["synthetic", "gan", "trama", *(["fashion-mnist"] if fashion else [])],
        source_datasets=["zalando-datasets/fashion_mnist"] if fashion else None,
        **more,
    )
    text: str = data.to_yaml()
    return text


def _info(folder: Path, plan: ExportPlan, titles: Sequence[str]) -> dict[str, Any]:
    paths = [folder / parquet_path(number, plan.shards) for number in range(plan.shards)]
    size = 0
    for path in paths:
        with reading(path, folder):
            about = pq.read_metadata(path)
        size += sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    names = {str(number): title for number, title in enumerate(titles)}
    return {
        "features": [
            {"name": "image", "dtype": "image"},
            {"name": "label", "dtype": {"class_label": {"names": names}}},
            {"name": "seed", "dtype": "int64"},
        ],
        "splits": [{"name": "train", "num_bytes": size, "num_examples": plan.count}],
        "download_size": sum(path.stat().st_size for path in paths),
        "dataset_size": size,
    }


def _about(plan: ExportPlan, config: ModelConfig) -> str:
    titles = class_titles(config)
    size, kind = config.image_size, "grey" if config.image_channels == 1 else "colour"
    classes = ", ".join(f"{label} {titles[label]}" for label in plan.labels)
    return (
        f"{plan.count:,} {kind} pictures of {size} × {size} pixels, drawn by a generative "
        f"adversarial network of the project *Trama*; no photograph is among them. Classes, as "
        f"even as the number allows: {classes}. Every picture is one label and one seed, "
        f"{plan.seed} to {plan.seed + plan.count - 1}, at daring {plan.daring_text}; the generator "
        "draws it again from these."
    )


def _files(plan: ExportPlan, config: ModelConfig, repo_id: str | None) -> str:
    place = f'"{repo_id}")`.' if repo_id else '"PATH")` with the path of this folder.'
    lines = {
        "parquet": f"* `{PARQUET_FOLDER}/`: Parquet for the library `datasets`: "
        f"`load_dataset({place}",
        "idx": f"* `{IDX_IMAGES}` and `{IDX_LABELS}`: the format of MNIST and Fashion-MNIST.",
        "folder": f"* `{IMAGES_FOLDER}/` by class, and `{LABELS_FILE}` "
        "(file, label, class, seed, daring).",
    }
    if config.image_channels > 1:
        lines["idx"] += " Four dimensions, the last one the colour."
    if repo_id:
        del lines["folder"]
    return "\n".join(lines[name] for name in plan.formats if name in lines)


def _worth(metrics: dict[str, Any]) -> str:
    if "cas" not in metrics:
        return "It has not been judged."
    cas = metrics["cas"]
    rows = [(f"synthetic, {cas['samples']:,}", cas)]
    names = {"real_as_many": "real, {:,}", "real": "real, all {:,}"}
    rows += [
        (text.format(cas[key]["samples"]), cas[key]) for key, text in names.items() if key in cas
    ]
    classes = list(cas["by_class"])
    table = [
        "| trained on | all | " + " | ".join(classes) + " |",
        "|---|" + "---:|" * (1 + len(classes)),
    ]
    for title, row in rows:
        shares = [row["value"], *row["by_class"].values()]
        table.append(f"| {title} | " + " | ".join(f"{100 * share:.2f}" for share in shares) + " |")
    return (
        "CAS, the classification accuracy score: one and the same small CNN (3x3 convolutions "
        f"32-64-128, {cas['classifier']['epochs']} epochs, last weights, one training a row) "
        f"learns from these pictures alone and is judged on {cas['test_pictures']:,} real test "
        "garments. Per cent right:\n\n" + "\n".join(table) + f"\n\n{_gap(metrics)}"
    )


def _gap(metrics: dict[str, Any]) -> str:
    """The gaps in words; a gap is open or closed when it is beyond two of its errors."""
    many, every = metrics["cas_gap"], metrics["cas_gap_all"]
    gaps = {"as many real ones": many, f"all {every['real_samples']:,} real ones": every}
    if many["real_samples"] == every["real_samples"]:
        del gaps["as many real ones"]
    said = ", ".join(
        f"{gap['value']:.2f} ± {gap['error']:.2f} points against {name}"
        for name, gap in gaps.items()
    )
    text = (
        f"The gap to real pictures: {said} (± one standard error of the test pictures; "
        "`cas_gap` in `metrics.json` is against as many, or all where there are no more; "
        "`cas_gap_all` against all)."
    )
    if every["value"] > 2 * every["error"]:
        return f"{text} Where all real ones are at hand, they teach more."
    return f"{text} These pictures teach about as much as all real ones, or more."


def _help(metrics: dict[str, Any], rows: Sequence[StudyRow]) -> str:
    if not rows:
        return "Not measured; the option `--study` of the command measures it."
    said = verdict(rows, metrics["cas"]["test_pictures"])
    return (
        f"{said} Differences within two standard errors of the test are called unclear; one "
        f"training each, every one of at least {metrics['study_min_steps']:,} steps.\n\n"
        f"{study_table(rows)}\n\n![Accuracy over the number of real pictures]({STUDY_FILE})"
    )


def _copies(metrics: dict[str, Any]) -> str:
    if "copies" not in metrics:
        return "They have not been looked for."
    found = metrics["copies"]
    near, distance = found["near_of_training"], found["nearest_grey_levels"]
    return (
        f"Of {found['samples']:,} pictures, {found['exact_of_training']:,} are exact copies of one "
        f"of {found['training_pictures']:,} training pictures, and "
        f"{found['exact_among_themselves']:,} repeat another of this set.\n\n"
        f"Near copies: {100 * near['value']:.2f} % of {near['samples']:,} have a training picture "
        f"nearer than {near['limit_grey_levels']:.1f} grey levels (root mean square), as "
        f"{100 * near['floor']:.0f} % of real garments held out from training do. The median "
        f"distance to the nearest training picture is {distance['median']:.1f}, that of held-out "
        f"garments {distance['median_of_heldout_real']:.1f}; the smallest is "
        f"{distance['smallest']:.1f}."
    )


def _origin(about: dict[str, Any]) -> str:
    lines = [f"```\n{about['command']}\n```\n", "| | |\n|---|---|", f"| model | {about['model']} |"]
    if about["model_revision"]:
        lines.append(f"| its revision on the Hub | `{about['model_revision']}` |")
    lines.append(f"| sha256 of `model.safetensors` | `{about['generator_sha256']}` |")
    lines.append(f"| measured | {about['date']}, {about['machine']} |")
    return "\n".join(lines)


def _limits(fashion: bool) -> str:
    if not fashion:
        return "The terms depend on those of the pictures that the model learnt from."
    return (
        "MIT, as Fashion-MNIST (Zalando Research), of whose training pictures the model learnt "
        "55,000. Labels are what the model was asked for, not what somebody saw: some pictures "
        "are flawed, and shirts, pullovers and coats are easily taken for each other. Never "
        "report accuracy *on* these pictures as if they were real."
    )


_PORTUGUESE = (
    "Imagens rotuladas, desenhadas por uma rede adversária (GAN) do projeto *Trama*. A tabela "
    "compara um classificador treinado só com elas e o mesmo treinado com imagens reais; os dois "
    "são julgados em imagens reais. Cada imagem é uma classe e uma semente, e pode ser refeita."
)
