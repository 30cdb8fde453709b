"""python -m training.export [FOLDER] --out DIR: labelled garments for other models, with the proof.

Stop it at any time; the same command goes on where it was.
"""

import argparse
import dataclasses
import datetime as dt
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from model.client import check_repo_id, open_api
from model.config import ModelConfig
from model.export import (
    FORMATS,
    ExportPlan,
    export_images,
    finished_images,
    parse_labels,
    safe_on_disk,
    shard_size,
)
from model.export_formats import FLAT_IMAGES
from model.generator import Generator
from model.hub import fetch_model, parse_source
from model.weights import (
    SHIPPED_MODEL,
    generator_sha256,
    load_generator,
)
from training.cas import CasConfig
from training.data import CACHE_DIR
from training.export_card import render_card
from training.export_metrics import describe_gaps, measured_before, study_rows, write_beside
from training.export_proof import RealData, load_real, prove
from training.export_push import push_export
from training.hardware import INTERRUPTED, describe_machine, keep_freed_memory

DEFAULT_COUNT = 60_000


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line; a token has no place on it."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument(
        "model", nargs="?", default=str(SHIPPED_MODEL), metavar="FOLDER|user/name",
        help="model folder or Hub id (the one that comes with Trama)",
    )  # fmt: skip
    parser.add_argument(
        "--labels", default="all", help="classes by name or number, with commas (%(default)s)"
    )
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT, help="pictures (%(default)s)")
    parser.add_argument("--daring", type=float, default=1.0, help="0 to 2 (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first picture (%(default)s)")
    parser.add_argument("--formats", default=",".join(FORMATS), help="with commas (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--no-proof", action="store_true", help="do not judge the pictures")
    parser.add_argument(
        "--study", action="store_true", help="also measure whether they help beside real ones"
    )
    parser.add_argument("--epochs", type=int, default=CasConfig.epochs, help=argparse.SUPPRESS)
    parser.add_argument("--push", metavar="user/name", help="send it to the Hub as a dataset")
    parser.add_argument("--private", action="store_true", help="a new dataset there is private")
    return parser.parse_args(arguments)


@dataclasses.dataclass(frozen=True)
class Source:
    """The model of an export: its folder, its name for readers, its revision if from the Hub."""

    folder: Path
    name: str
    revision: str | None

    @classmethod
    def find(cls, source: str) -> "Source":
        """Folder as it is, or a Hub id fetched.

        Raises:
            ValueError: neither.
            HubError: not on the Hub.
        """
        _check_folder(source)
        place, _ = parse_source(source)
        folder = fetch_model(source)
        if Path(place).is_dir():
            own = folder.resolve()
            root = SHIPPED_MODEL.parent.parent
            inside = own.is_relative_to(root)
            return cls(folder, own.relative_to(root).as_posix() if inside else own.name, None)
        return cls(folder, place, folder.name)  # the Hub's cache names a folder by its commit


def _check_folder(source: str) -> None:
    """Refuse a source that can only be a path, and of no folder, as `parse_source` cannot say it.

    Raises:
        ValueError: naming it.
    """
    path = source.startswith(("/", "./", "../", "~")) or source.partition("@")[0].count("/") > 1
    if path and "://" not in source and not Path(source).is_dir():
        is_file = Path(source).is_file()
        raise ValueError(
            f"{source} is a file and no folder" if is_file else f"there is no folder {source}"
        )


def make_plan(options: argparse.Namespace, generator: Generator, digest: str) -> ExportPlan:
    """The plan that the command line asks for.

    Raises:
        ValueError: naming the option and its value.
    """
    return ExportPlan(
        labels=parse_labels(options.labels, generator.config),
        count=options.count,
        seed=options.seed,
        daring=options.daring,
        formats=tuple(part.strip() for part in options.formats.split(",")),
        generator_sha256=digest,
        shard_images=shard_size(generator.config),
    )


def command_of(
    options: argparse.Namespace, source: Source, plan: ExportPlan, config: ModelConfig
) -> str:
    """The command that makes this very export, with no path of this machine in it."""
    model = f"{source.name}@{source.revision}" if source.revision else source.name
    everything = parse_labels("all", config)
    labels = "all" if plan.labels == everything else ",".join(map(str, plan.labels))
    words = ["python", "-m", "training.export", model, "--labels", labels,
             "--count", str(plan.count), "--daring", plan.daring_text, "--seed", str(plan.seed),
             "--formats", ",".join(plan.formats)]  # fmt: skip
    words += [
        f"--{name.replace('_', '-')}" for name in ("no_proof", "study") if getattr(options, name)
    ]
    if options.epochs != CasConfig.epochs:
        words += ["--epochs", str(options.epochs)]
    return shlex.join([*words, "--out", options.out.resolve().name])


def export(options: argparse.Namespace) -> dict[str, Any]:
    """Pictures, proof, card and push, in this order; returns the content of `metrics.json`.

    Raises:
        ValueError: an option or a folder that cannot be used.
        OSError: the Hub or the disk refused.
    """
    if options.push is not None:
        check_repo_id(options.push)
        open_api(None)  # no token, no work
    source = Source.find(options.model)
    generator = load_generator(source.folder)
    plan = make_plan(options, generator, generator_sha256(source.folder))
    if options.push is not None and "parquet" not in plan.formats:
        raise ValueError(f"push needs the format parquet, not only {options.formats}")
    if options.study and options.no_proof:
        raise ValueError("study is a part of the proof: leave out one of --study and --no-proof")
    real = None if options.no_proof else load_real(generator.config, plan.labels)
    if "folder" in plan.formats and plan.count > FLAT_IMAGES:
        print(
            f"note: the format folder makes {plan.count:,} small files, which some disks take "
            "badly; --formats idx,parquet leaves it out",
            file=sys.stderr,
        )
    _draw(generator, plan, options.out)
    metrics = _judge(options, source, generator.config, plan, real)
    if options.push is not None:
        card = render_card(
            options.out, plan, generator.config, metrics, study_rows(metrics), options.push
        )
        print(f"dataset: {push_export(options.out, plan, options.push, card, options.private)}")
    return metrics


def _draw(generator: Generator, plan: ExportPlan, folder: Path) -> None:
    safe = finished_images(folder)
    with tqdm(total=plan.count, initial=safe, desc="pictures", disable=None) as bar:

        def show(done: int, total: int) -> None:
            del total
            bar.update(done - bar.n)

        export_images(generator, plan, folder, show)


def _judge(
    options: argparse.Namespace,
    source: Source,
    config: ModelConfig,
    plan: ExportPlan,
    real: RealData | None,
) -> dict[str, Any]:
    """Measure what is not measured yet, and write `metrics.json`, the card and its pictures."""
    folder = options.out
    about = {
        "command": command_of(options, source, plan, config),
        "model": source.name,
        "model_revision": source.revision,
        "generator_sha256": plan.generator_sha256,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": describe_machine(),
        "samples": plan.count,
    }
    metrics = measured_before(folder, about)
    if metrics is None:
        metrics = {"about": about}
        if real is not None:
            cas = CasConfig(epochs=options.epochs)
            with safe_on_disk(folder, plan, f"the disk of {CACHE_DIR}"):  # written on the way
                metrics |= prove(folder, plan, config, real, with_study=options.study, cas=cas)
    with safe_on_disk(folder, plan):
        write_beside(folder, plan, config, metrics)
    return metrics


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    keep_freed_memory()
    options = parse(arguments)
    try:
        metrics = export(options)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        safe = finished_images(options.out)
        print(
            f"stopped: {options.out} holds {safe:,} pictures, which are safe; the same command "
            "goes on",
            file=sys.stderr,
        )
        return INTERRUPTED
    if "cas" in metrics:
        cas, found = metrics["cas"], metrics["copies"]
        print(
            f"CAS {cas['value']:.4f} on {cas['samples']:,}; {describe_gaps(metrics)}; "
            f"{found['exact_of_training']} copies of training pictures, "
            f"{found['exact_among_themselves']} repeated"
        )
    print(f"{options.count:,} pictures in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
