"""python -m training.evaluate FOLDER...: how close generated garments are to real ones.

Without options the full protocol: 50,000 garments, three drawings, against the test garments. With
--quick 10,000. Both are for reports; every choice is made with --against heldout, which ranks.

A model folder with an encoder is also asked to draw 1,000 test garments again (200 with --quick):
how close it comes, and whether what it finds can be edited. --only reconstruction does just that.
And every model folder is asked to fill in what is hidden of as many: --only completion.
"""

import argparse
import json
import shlex
import sys
from pathlib import Path

from model.config import FASHION_MNIST_CLASSES
from model.encoder import load_encoder
from model.storage import read_json, write_atomically
from model.weights import (
    CONFIG_FILE,
    METRICS_FILE,
    add_metrics,
    find_discriminator,
    generator_sha256,
)
from training import completeness, reconstruction
from training.data import CACHE_DIR, load_fashion_mnist
from training.features import space_i
from training.hardware import keep_freed_memory
from training.judge import estimate_minutes, judge
from training.preflight import check_inputs
from training.protocol import (
    FULL,
    HELDOUT,
    QUICK,
    Figure,
    Protocol,
    Reference,
    load_reference,
)
from training.subjects import Subject, open_subject

__all__ = ["Reference", "judge", "load_reference", "main", "write_metrics"]

_GARMENTS = (28, 28, 1)
_TABLE = ("precision", "recall", "coverage", "memorisation", "style_coherence")


def write_metrics(folder: Path, protocol: Protocol, figures: dict[str, Figure]) -> None:
    """Add the figures to `metrics.json`: quick ones at the top, others under their protocol's name."""
    added: dict[str, object] = {**figures} if protocol.name == "quick" else {protocol.name: figures}
    if (folder / CONFIG_FILE).is_file():
        add_metrics(folder, added)
        return
    old = read_json(folder / METRICS_FILE) if (folder / METRICS_FILE).is_file() else {}
    content = old | added
    write_atomically(folder / METRICS_FILE, (json.dumps(content, indent=2) + "\n").encode())


def evaluate(
    subjects: list[Subject],
    reference: Reference,
    protocol: Protocol,
    first_seed: int,
    command: str,
) -> dict[Path, dict[str, Figure]]:
    """Judge the folders one after the other; each one's figures are written as soon as it is done."""
    results = {}
    for subject in subjects:
        figures = judge(subject, reference, protocol, first_seed, command)
        write_metrics(subject.folder, protocol, figures)
        results[subject.folder] = figures
    return results


def evaluate_inversion(subjects: list[Subject], quick: bool, command: str) -> None:
    """Figures of reconstruction and editability, of the folders that have an encoder."""
    for subject in subjects:
        encoder = None
        if subject.generator:
            encoder = load_encoder(subject.folder, generator_sha256(subject.folder))
        if subject.generator is None or encoder is None:
            print(f"{subject.folder}: no encoder, so no reconstruction")
            continue
        count = reconstruction.QUICK_GARMENTS if quick else reconstruction.GARMENTS
        minutes = reconstruction.estimate_minutes(subject.generator, encoder, count)
        print(f"{subject.folder}: {count:,} test garments drawn again, about {minutes:.0f} minutes")
        if quick:
            print(f"left out: {reconstruction.GARMENTS - count:,} more test garments")
        figures = reconstruction.measure_reconstruction(
            subject.generator,
            encoder,
            load_fashion_mnist("train"),
            reconstruction.pick_garments(load_fashion_mnist("test"), count),
            command,
            find_discriminator(subject.folder),
        )
        add_metrics(subject.folder, {"reconstruction": figures})
        for name, figure in figures.items():
            floor = f"  floor {figure['floor']:.4g}" if "floor" in figure else ""
            print(f"{name:24} {figure['value']:8.4g}{floor}")


def evaluate_completion(
    subjects: list[Subject], quick: bool, cache_dir: Path, command: str
) -> None:
    """Figures of filling in what is hidden, of the model folders."""
    for subject in subjects:
        if subject.generator is None:
            continue
        count = completeness.QUICK_GARMENTS if quick else completeness.GARMENTS
        minutes = completeness.estimate_minutes(count)
        print(f"{subject.folder}: {count:,} test garments filled in, about {minutes:.0f} minutes")
        if quick:
            print(f"left out: {completeness.GARMENTS - count:,} more test garments")
        encoder = load_encoder(subject.folder, generator_sha256(subject.folder))
        figures = completeness.measure_completion(
            subject.generator,
            load_fashion_mnist("train"),
            load_fashion_mnist("test"),
            count,
            cache_dir,
            command,
            encoder,
        )
        add_metrics(subject.folder, {"completion": figures})
        for mask, methods in figures["masks"].items():
            for method, found in methods.items():
                told = "  ".join(f"{name} {value:.4g}" for name, value in found.items())
                print(f"{mask}, {method}: {told}")


def format_table(results: dict[Path, dict[str, Figure]], protocol: Protocol) -> str:
    """One line a folder; against held-out garments the best R in E comes first."""
    lines = [
        f"{'R in E':>8} {'R in C':>8} {'KD in E':>16} {'prec.':>6} {'recall':>6} {'cover.':>6} "
        f"{'memo.':>6} {'style':>6}"
        + ("" if protocol.name == "heldout" else f" {'CAS gap':>14}")
        + "  folder"
    ]
    rows = list(results.items())
    if protocol.name == "heldout":
        rows.sort(key=lambda pair: pair[1]["r_e"]["value"])
    for folder, figures in rows:
        kernel = figures["kd_e"]
        deviation = f"{kernel['value']:8.4f} ± {kernel['error']:5.4f}"
        shares = " ".join(
            f"{figures[k]['value']:6.3f}" if k in figures else 6 * " " for k in _TABLE
        )
        line = f"{figures['r_e']['value']:8.2f} {figures['r_c']['value']:8.1f} {deviation:>16} {shares}"
        if "cas_gap" in figures:
            gap = figures["cas_gap"]
            line += f" {gap['value']:7.2f} ± {gap['error']:4.2f}"
        lines.append(f"{line}  {folder}")
    return "\n".join(lines)


def _parse(arguments: list[str] | None) -> tuple[argparse.Namespace, Protocol]:
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="FOLDER",
        help="a model folder, or one of pictures with a sub-folder for each class",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="10,000 garments; within ten minutes")
    parser.add_argument(
        "--against", choices=("test", "heldout"), default="test",
        help="heldout: 5,000 garments of their own for choices; several folders are ranked",
    )  # fmt: skip
    parser.add_argument(
        "--only",
        choices=("drawing", "reconstruction", "completion"),
        help="one part of what is measured",
    )
    parser.add_argument("--seed", type=int, default=1_000_000, help="first sampling seed")
    parser.add_argument(
        "--inception-weights", type=Path, metavar="FILE", help="torch-fidelity's, for the real FID"
    )
    parser.add_argument("--cache-dir", type=Path, default=CACHE_DIR, help="for the real garments")
    options = parser.parse_args(arguments)
    if options.quick and options.against == "heldout":
        parser.error("--quick is for --against test; the held-out garments are few as they are")
    if options.only in ("reconstruction", "completion") and options.against == "heldout":
        parser.error(f"--only {options.only} is for --against test")
    if options.against == "heldout":
        return options, HELDOUT
    return options, QUICK if options.quick else FULL


def _announce(subjects: list[Subject], protocol: Protocol) -> None:
    print(
        f"{protocol.name}: {protocol.samples:,} generated against the {protocol.against} garments, "
        f"{protocol.sampling_seeds} drawing(s) a folder"
    )
    if protocol.left_out:
        print(f"left out: {protocol.left_out}")
    if protocol.name != "heldout":
        own, real = estimate_minutes(subjects[0], protocol)
        print(
            f"about {own * len(subjects):.0f} minutes, and up to {real:.0f} the first time, for the "
            "real garments",
            flush=True,
        )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    keep_freed_memory()
    options, protocol = _parse(arguments)
    given = arguments if arguments is not None else sys.argv[1:]
    command = "python -m training.evaluate " + shlex.join(given)
    try:
        inception = space_i(options.inception_weights) if options.inception_weights else None
        subjects = [
            open_subject(folder, FASHION_MNIST_CLASSES, _GARMENTS) for folder in options.folders
        ]
        check_inputs(subjects, protocol, options.only, options.cache_dir)
        if options.only in (None, "reconstruction") and protocol.name != "heldout":
            evaluate_inversion(subjects, options.quick, command)
        if options.only in (None, "completion") and protocol.name != "heldout":
            evaluate_completion(subjects, options.quick, options.cache_dir, command)
        if options.only in ("reconstruction", "completion"):
            return 0
        _announce(subjects, protocol)
        reference = load_reference(protocol.against, options.cache_dir, protocol.samples, inception)
        results = evaluate(subjects, reference, protocol, options.seed, command)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(format_table(results, protocol))
    if protocol.name != "heldout" and len(results) > 1:
        print("not ranked: a choice is made with --against heldout")
    return 0


if __name__ == "__main__":
    sys.exit(main())
