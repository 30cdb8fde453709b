"""The part of a card that judges: the figures of `metrics.json`, each with its floor and origin."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from training.card_text import FIGURES, figure_name

Metrics = Mapping[str, object]

GROUPS = ("", "full", "heldout", "reconstruction")
"""Groups of figures in `metrics.json`; the empty name is its top level."""

_TITLES = {
    "": "Against the test garments",
    "full": "Full protocol, against the test garments",
    "heldout": "Against the garments held out from training",
    "reconstruction": "Test garments drawn again",
}
_NOTES = {
    "": "No choice was made by these figures.",
    "full": "More samples, and so another floor: not to be compared with the table above.",
    "heldout": "These served every choice: which run, which snapshot, which setting.",
    "reconstruction": (
        "By the encoder alone, with one w for all layers, and with a w for each; no stage is told "
        "the class. The floor of a distance is what the nearest training garment reaches, that of "
        "the agreement the classifier on the real pictures, that of an edit how made garments move."
    ),
}
_BY_CLASS_OF = {"cas_gap": "cas_accuracy"}
"""Figures whose values by class are those of another."""

_TOLD_FROM = 0.03
"""Share of a class from which on it is told what the classifier takes it for."""

_FLOOR = (
    "The floor is what as many real training garments reach in the same measure. **The tables are "
    "not to be compared with each other**: they have other counts, and other floors."
)


def judged(metrics: Metrics) -> Iterator[tuple[str, dict[str, Any]]]:
    """Entries that are figures: a finite value and what is needed to repeat it."""
    for name, figures in metrics.items():
        if isinstance(figures, dict) and _is_finite(figures.get("value")):
            yield name, figures


def render_figures(metrics: Metrics, class_names: Sequence[str]) -> str:
    """Markdown of all figures: a table a group, those by class, their meaning, the commands."""
    groups = {name: _group(metrics, name) for name in GROUPS}
    entries = [entry for group in groups.values() for entry in judged(group)]
    if not entries:
        return "It has not been judged yet."
    parts = [_FLOOR]
    for name, group in groups.items():
        if rows := list(judged(group)):
            parts.append(f"### {_TITLES[name]}\n\n{_NOTES[name]}\n\n{_table(rows)}")
            parts += [_by_class(group, class_names), _confusions(group), _by_direction(group)]
    parts.append(_history(metrics))
    known = [key for key in FIGURES if key in dict(entries)]
    if known:
        lines = [f"* **{FIGURES[key].name}**: {FIGURES[key].meaning}" for key in known]
        parts.append("### What they mean\n\n" + "\n".join(lines))
    parts.append(_origin([figures for _, figures in entries]))
    return "\n\n".join(part for part in parts if part)


def number(value: object) -> str:
    """A figure as it stands in a table."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _group(metrics: Metrics, name: str) -> Metrics:
    group = metrics.get(name) if name else metrics
    return group if isinstance(group, dict) else {}


def _table(rows: list[tuple[str, dict[str, Any]]]) -> str:
    lines = [
        "| | value | floor | against | samples | features | date |",
        "|---|---|---|---|---|---|---|",
    ]
    places = {key: place for place, key in enumerate(FIGURES)}
    for key, figures in sorted(rows, key=lambda row: places.get(row[0], len(places))):
        error = f" ± {figures['error']:.2g}" if _is_finite(figures.get("error")) else ""
        chance = f" ± {figures['null_error']:.2g}" if "null_error" in figures else ""
        cells = [figure_name(key), number(figures["value"]) + error]
        cells += [number(figures.get("floor", "")) + chance]
        cells += [
            number(figures.get(field, "")) for field in ("against", "samples", "features", "date")
        ]
        lines.append("| " + " | ".join(_escaped(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _by_class(group: Metrics, class_names: Sequence[str]) -> str:
    """One table of all figures that are known by class, under `by_class` or as entries of classes."""
    columns = {}
    for key, figures in group.items():
        if isinstance(figures, dict) and (values := _class_values(figures, class_names)):
            name = figure_name(_BY_CLASS_OF.get(key, key)).removesuffix(" by class")
            columns[name] = values
            if floors := _class_values({"by_class": figures.get("by_class_floor")}, class_names):
                columns[f"{name}: floor"] = floors
    if not columns:
        return ""
    lines = [
        "| class | " + " | ".join(map(_escaped, columns)) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for place, name in enumerate(class_names):
        cells = [number(values[place]) for values in columns.values()]
        lines.append("| " + " | ".join([_escaped(name), *cells]) + " |")
    return "By class:\n\n" + "\n".join(lines)


def _confusions(group: Metrics) -> str:
    """Which class is taken for which, where it is told of three in a hundred, made or real."""
    figures = group.get("label_agreement")
    if not isinstance(figures, dict) or "taken_for_floor" not in figures:
        return ""
    made, real = figures["taken_for"], figures["taken_for_floor"]
    pairs = [
        (own[other], real[name][other], name, other) for name, own in made.items() for other in own
    ]
    told = sorted((pair for pair in pairs if max(pair[:2]) >= _TOLD_FROM), reverse=True)
    if not told:
        return ""
    lines = ["| garment | taken for | made | real |", "|---|---|---:|---:|"]
    lines += [
        f"| {_escaped(name)} | {_escaped(other)} | {100 * own:.1f} % | {100 * floor:.1f} % |"
        for own, floor, name, other in told
    ]
    return "What our classifier takes garments for:\n\n" + "\n".join(lines)


def _by_direction(group: Metrics) -> str:
    """One table of all figures that are known by named direction, under `by_direction`."""
    columns = {
        figure_name(key): table
        for key, figures in judged(group)
        if isinstance(table := figures.get("by_direction"), dict)
    }
    if not columns:
        return ""
    names = sorted({name for table in columns.values() for name in table})
    lines = [
        "| direction | " + " | ".join(map(_escaped, columns)) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name in names:
        cells = [number(table.get(name, "")) for table in columns.values()]
        lines.append("| " + " | ".join([_escaped(name), *cells]) + " |")
    return "By direction:\n\n" + "\n".join(lines)


def _class_values(figures: dict[str, Any], class_names: Sequence[str]) -> list[object]:
    """One value a class, in their order; empty if these are no figures by class."""
    table = figures.get("by_class", figures)
    if isinstance(table, dict):
        if not class_names or any(name not in table for name in class_names):
            return []
        table = [table[name] for name in class_names]
    if not isinstance(table, list) or len(table) != len(class_names):
        return []
    values = [entry.get("value") if isinstance(entry, dict) else entry for entry in table]
    return values if all(_is_finite(value) for value in values) else []


def _history(metrics: Metrics) -> str:
    """How the figures grew with the images seen, if `history` lists it."""
    history = metrics.get("history")
    rows = [row for row in history if isinstance(row, dict)] if isinstance(history, list) else []
    rows = [row for row in rows if "images_seen" in row]
    keys = [
        key
        for key in ("r_e", "kd_e", "precision", "recall", "coverage", "cas_gap")
        if rows and key in rows[0]
    ]
    if not keys:
        return ""
    lines = [
        "| images seen | " + " | ".join(map(figure_name, keys)) + " |",
        "|---" * (len(keys) + 1) + "|",
    ]
    for row in rows:
        values = [row.get(key, "") for key in keys]
        values = [value.get("value", "") if isinstance(value, dict) else value for value in values]
        lines.append("| " + " | ".join(map(number, [row["images_seen"], *values])) + " |")
    return "### As it learnt\n\nAgainst the held-out garments.\n\n" + "\n".join(lines)


def _origin(entries: list[dict[str, Any]]) -> str:
    """Commands, machines and seeds, each once."""
    commands, machines, seeds = (
        list(dict.fromkeys(_told(figures[field]) for figures in entries if figures.get(field)))
        for field in ("command", "machine", "seeds")
    )
    parts = []
    if commands:
        parts.append("### Measure again\n\n```bash\n" + "\n".join(commands) + "\n```")
    if machines:
        parts.append("Measured on: " + "; ".join(machines) + ".")
    if seeds:
        parts.append("Sampling seeds: " + "; ".join(seeds) + ".")
    return "\n\n".join(parts)


def _told(value: object) -> str:
    """Text as it is; a range of seeds as its ends."""
    return " to ".join(map(number, value)) if isinstance(value, list) else str(value)


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
