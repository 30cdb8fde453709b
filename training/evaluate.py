"""python -m training.evaluate FOLDER...: how close generated garments are to real ones.

Without options the full protocol: 50,000 garments, three drawings, against the test garments; and
of a model folder the two that follow. With --quick just 10,000 garments, one drawing. Both are for
reports; every choice is made with --against heldout, which ranks.

--only reconstruction: a model folder with an encoder draws 1,000 test garments again (200 with
--quick): how close it comes, and whether what it finds can be edited. --only completion: it fills
in what is hidden of as many. --only drawing: neither.
"""

import argparse
import json
import shlex
import sys
from pathlib import Path

from model.config import FASHION_MNIST_CLASSES
from model.latents import MAX_SEED
from model.storage import read_json, write_atomically
from model.weights import (
    CONFIG_FILE,
    METRICS_FILE,
    add_metrics,
)
from training.card import refresh_card
from training.data import CACHE_DIR
from training.features import space_i
from training.hardware import INTERRUPTED, keep_freed_memory
from training.judge import estimate_minutes, judge
from training.parts import (
    PARTS,
    about,
    announce_parts,
    evaluate_completion,
    evaluate_inversion,
    find_encoder,
)
from training.preflight import check_inputs
from training.protocol import (
    FULL,
    HELDOUT,
    HELDOUT_CAS,
    QUICK,
    Figure,
    Protocol,
)
from training.reference import Reference, load_reference
from training.subjects import Subject, open_subject

__all__ = ["Reference", "judge", "load_reference", "main", "write_metrics"]

_GARMENTS = (28, 28, 1)
_TABLE = ("precision", "recall", "coverage", "memorisation", "style_coherence")


def write_metrics(folder: Path, protocol: Protocol, figures: dict[str, Figure]) -> None:
    """Add the figures to `metrics.json`: quick ones at the top, others under their protocol's name."""
    added: dict[str, object] = {**figures} if protocol.name == "quick" else {protocol.name: figures}
    if (folder / CONFIG_FILE).is_file():
        add_metrics(folder, added)
        refresh_card(folder)
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
    """Judge the folders one after the other; each one's figures are written as soon as it is done.

    One that cannot be judged is told of and left out, so that it costs the others nothing.
    """
    results = {}
    for subject in subjects:
        try:
            figures = judge(subject, reference, protocol, first_seed, command)
        except ValueError as error:
            if len(subjects) == 1:
                raise
            print(f"error: {subject.folder}: {error}", file=sys.stderr)
            continue
        write_metrics(subject.folder, protocol, figures)
        results[subject.folder] = figures
    return results


def format_table(results: dict[Path, dict[str, Figure]], protocol: Protocol) -> str:
    """One line a folder; against held-out garments the best R in E comes first."""
    lines = [
        f"{'R in E':>8} {'R in C':>8} {'KD in E':>16} {'prec.':>6} {'recall':>6} {'cover.':>6} "
        f"{'memo.':>6} {'style':>6}"
        + (f" {'CAS gap':>14}" if protocol.cas_seeds else "")
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


def parse(arguments: list[str] | None) -> tuple[argparse.Namespace, Protocol]:
    """The command line, and the protocol that it asks for."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="FOLDER",
        help="a model folder, or one of pictures with a sub-folder for each class",
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true",
        help="10,000 garments, within ten minutes on two cores; 200 of a part that --only names",
    )  # fmt: skip
    parser.add_argument(
        "--against", choices=("test", "heldout"), default="test",
        help="heldout: 5,000 garments of their own for choices; several folders are ranked",
    )  # fmt: skip
    parser.add_argument(
        "--cas", action="store_true",
        help="with --against heldout: the classifiers that learn from them, too",
    )  # fmt: skip
    parser.add_argument("--only", choices=PARTS, help="one part of what is measured")
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
    if options.cas and options.against != "heldout":
        parser.error("--cas is for --against heldout; the others have it anyway")
    protocol = QUICK if options.quick else FULL
    if options.against == "heldout":
        protocol = HELDOUT_CAS if options.cas else HELDOUT
    highest = MAX_SEED + 1 - max(protocol.samples, protocol.cas_samples) * protocol.sampling_seeds
    if not 0 <= options.seed <= highest:
        parser.error(f"--seed must be in 0..{highest}, not {options.seed}")
    return options, protocol


def choose_parts(options: argparse.Namespace, subjects: list[Subject]) -> tuple[str, ...]:
    """What is to be measured: one part, or with neither --quick nor --against heldout all of them.

    Raises:
        ValueError: the only part is one that a folder does not have.
    """
    if options.only is None:
        return ("drawing",) if options.quick or options.against == "heldout" else PARTS
    for subject in subjects if options.only != "drawing" else ():
        if subject.generator is None:
            raise ValueError(
                f"{subject.folder} holds pictures: --only {options.only} needs a model folder"
            )
        if options.only == "reconstruction" and find_encoder(subject) is None:
            raise ValueError(
                f"{subject.folder} has no encoder of its generator: "
                f"python -m training.encode {subject.folder}"
            )
    return (options.only,)


def _announce(
    subjects: list[Subject], protocol: Protocol, parts: tuple[str, ...], quick: bool
) -> None:
    """Say what is measured, what is left out, and how long all of it will take."""
    total = announce_parts(subjects, parts, quick)
    if "drawing" in parts:
        print(
            f"{protocol.name}: {protocol.samples:,} generated against the {protocol.against} "
            f"garments, {protocol.sampling_seeds} drawing(s) a folder"
        )
        if protocol.left_out:
            print(f"left out: {protocol.left_out}")
        own, real = estimate_minutes(subjects[0], protocol)
        total += own * len(subjects)
        print(f"{about(total)}, and up to {real:.0f} the first time, for the real garments")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    keep_freed_memory()
    options, protocol = parse(arguments)
    given = arguments if arguments is not None else sys.argv[1:]
    command = "python -m training.evaluate " + shlex.join(given)
    try:
        inception = space_i(options.inception_weights) if options.inception_weights else None
        subjects = [
            open_subject(folder, FASHION_MNIST_CLASSES, _GARMENTS) for folder in options.folders
        ]
        parts = choose_parts(options, subjects)
        check_inputs(subjects, protocol, options.only, options.cache_dir)
        _announce(subjects, protocol, parts, options.quick)
        if "reconstruction" in parts:
            evaluate_inversion(subjects, options.quick, command)
        if "completion" in parts:
            evaluate_completion(subjects, options.quick, options.cache_dir, command)
        if "drawing" not in parts:
            return 0
        reference = load_reference(protocol.against, options.cache_dir, protocol.samples, inception)
        results = evaluate(subjects, reference, protocol, options.seed, command)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped: figures of what was finished are in its metrics.json", file=sys.stderr)
        return INTERRUPTED
    print(format_table(results, protocol))
    if protocol.name != "heldout" and len(results) > 1:
        print("not ranked: a choice is made with --against heldout")
    return 0 if len(results) == len(subjects) else 1


if __name__ == "__main__":
    sys.exit(main())
