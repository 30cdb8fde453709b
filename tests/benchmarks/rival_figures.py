"""What the contenders' snapshots are worth: one JSON line each, and the table."""

import datetime as dt
import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model.storage import write_atomically
from tests.benchmarks.rival_networks import RECIPES
from tests.benchmarks.rival_runs import sample_snapshot, variants
from training.cas import cached_cas, cas_score
from training.data import fixed_order, load_fashion_mnist
from training.evaluate import Reference, load_reference
from training.features import NAME, extract_features
from training.hardware import describe_machine
from training.metrics import coverage_figures, frechet_distance, kernel_distance

RESULTS, TABLE = "results.jsonl", "results.md"
_SEED = 0


def judge_all(run_dir: Path, contenders: Sequence[str], cas_samples: int, given: list[str]) -> str:
    """Judge every complete snapshot that has no line yet; returns the table, which is also kept."""
    reference = None
    for name in contenders:
        for place in sorted((run_dir / name).glob("*min")):
            if not (place / "done.json").is_file():
                continue
            note = json.loads((place / "done.json").read_text(encoding="utf-8"))
            for variant in variants(name):
                if _is_judged(read_results(run_dir / RESULTS), note, variant, cas_samples):
                    continue
                reference = reference or load_reference("heldout")
                row = {**note, "variant": variant, **judge(name, place, variant, reference)}
                row |= _score(name, place, variant, cas_samples)
                row |= _about(given)
                with (run_dir / RESULTS).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)
    rows = read_results(run_dir / RESULTS)
    if not rows:
        raise ValueError(f"--run-dir: {run_dir} holds no snapshot to judge")
    floor = real_row(reference or load_reference("heldout"), cas_samples)
    table = format_table([*rows, floor])
    write_atomically(run_dir / TABLE, (table + "\n").encode())
    return table


def judge(name: str, place: Path, variant: str, reference: Reference) -> dict[str, Any]:
    """R in E and in C, KD and coverage of a snapshot, with as many samples as the reference."""
    pixels, _ = sample_snapshot(name, place, variant, reference.samples)
    features = extract_features(pixels, f"{name} {place.name} {variant}")
    own = reference.spaces["c"].extract(pixels, f"{name} {place.name} {variant} in C")
    kernel, error = kernel_distance(features, reference.target)
    figures = {
        "r_e": frechet_distance(features, reference.target) / reference.floors["fd"],
        "r_c": frechet_distance(own, reference.real.features["c"]) / reference.floors["fd_c"],
        "kd_e": kernel,
        "kd_e_error": error,
        **coverage_figures(features, reference.target),
    }
    return {
        **{key: float(f"{value:.5g}") for key, value in figures.items()},
        "samples": reference.samples,
        "against": reference.name,
        "features": NAME,
    }


def real_row(reference: Reference, cas_samples: int) -> dict[str, Any]:
    """The same figures of real training garments."""
    floors = reference.floors
    row: dict[str, Any] = {"contender": "real garments", "variant": "", "mark": 0.0}
    row |= {"minutes": 0.0, "images_seen": 0, "r_e": 1.0, "kd_e": floors["kd"]}
    row |= {key: floors[key] for key in ("precision", "recall", "density", "coverage")}
    if cas_samples:
        train, heldout = load_fashion_mnist("train"), load_fashion_mnist("heldout")
        picked = fixed_order(len(train))[:cas_samples]
        pixels, labels = train.pixels.numpy()[picked], train.labels.numpy()[picked]
        row["cas"] = cached_cas(pixels, labels, heldout, _SEED, title="CAS real").accuracy
        row["cas_samples"] = cas_samples
    return row


def _score(name: str, place: Path, variant: str, cas_samples: int) -> dict[str, Any]:
    if not _has_cas(name, cas_samples):
        return {}
    pixels, labels = sample_snapshot(name, place, variant, cas_samples)
    heldout = load_fashion_mnist("heldout")
    score = cas_score(pixels, labels, heldout, _SEED, title=f"CAS {name} {place.name} {variant}")
    return {"cas": round(score.accuracy, 4), "cas_samples": cas_samples}


def _has_cas(name: str, cas_samples: int) -> bool:
    """Without labels there is nothing that a classifier could learn."""
    return cas_samples > 0 and (name not in RECIPES or RECIPES[name].labelled)


def _about(given: list[str]) -> dict[str, str]:
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": describe_machine(),
        "command": "python -m tests.benchmarks.rivals " + shlex.join(given),
    }


def read_results(path: Path) -> list[dict[str, Any]]:
    """The lines of a `results.jsonl`; of two of one snapshot the later one counts."""
    if not path.is_file():
        return []
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # cut off by a kill; that snapshot is judged again
        rows[_key(row)] = row
    return list(rows.values())


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["contender"], row["variant"], row["mark"], row.get("horizon")


def _is_judged(
    rows: list[dict[str, Any]], note: dict[str, Any], variant: str, cas_samples: int
) -> bool:
    without = not _has_cas(note["contender"], cas_samples)
    return any(
        _key(row) == _key({**note, "variant": variant})
        and (without or row.get("cas_samples") == cas_samples)
        for row in rows
    )


def title_of(row: Mapping[str, Any]) -> str:
    """Contender, which of its weights, its kinds and the horizon of its schedules where it has them."""
    variant = {"averaged": ", averaged", "uniform": ", uniform z"}.get(row["variant"], "")
    horizon = f", {row['horizon']:,} in all" if row.get("horizon") else ""
    kinds = f", {row['kinds']} kinds" if row.get("kinds") else ""
    return f"{row['contender']}{variant}{kinds}{horizon}"


def format_table(rows: list[dict[str, Any]]) -> str:
    """Markdown: by minutes, and at each mark the best R first."""
    lines = [
        "| minutes | contender | images | R | KD | precision | recall | coverage | CAS |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: (row["mark"], row["r_e"])):
        error = f" ± {row['kd_e_error']:.4f}" if "kd_e_error" in row else ""
        cas = f"{row['cas']:.3f}" if "cas" in row else ""
        shares = [f"{row[key]:.3f}" for key in ("precision", "recall", "coverage")]
        cells = [
            f"{row['mark']:.4g}" if row["mark"] else "",
            title_of(row),
            f"{row['images_seen']:,}" if row["images_seen"] else "",
            f"{row['r_e']:.2f}",
            f"{row['kd_e']:.4f}{error}",
            *shares,
            cas,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
