"""The part of a card that tells how well what is missing is filled in."""

from collections.abc import Mapping
from typing import Any

_INTRODUCTION = (
    "{samples:,} test garments, of which a part was hidden and filled in {each} times; the class was "
    "not told. The error is the root mean square difference on the hidden part, as a share of the "
    "whole scale of grey: a single guess that is right on average, be it blurred, has the lowest. "
    "Agreement is the share that our classifier takes for the true class. Difference is that between "
    "two completions of one garment. The distances of the first completions are to the other test "
    "garments; whole ones reach {floor}. The mean is that of the true class, which the others were "
    "not told; the nearest garment is the one of all training garments that has the nearest visible part."
)


def render_completion(metrics: Mapping[str, Any]) -> str:
    """Markdown of the group `completion` of `metrics.json`; empty where it was not measured."""
    group = metrics.get("completion")
    if not isinstance(group, dict) or not isinstance(group.get("masks"), dict):
        return ""
    real = group["real"]
    floor = (
        f"an agreement of {real['agreement']:.3f}, an FD in C of {real['fd_c']:.3f} "
        f"and a KD in E of {real['kd_e']:.4f}"
    )
    lines = [
        "| hidden | by | error | agreement | difference | FD in C | KD in E |",
        "|---|---|---|---|---|---|---|",
    ]
    for mask, methods in group["masks"].items():
        lines += [_row(mask, method, figures) for method, figures in methods.items()]
    told = _INTRODUCTION.format(samples=group["samples"], each=group["each"], floor=floor)
    origin = f"`{group['command']}`, {group['date']}, {group['machine']}."
    return "## Filling in what is missing\n\n" + "\n\n".join((told, "\n".join(lines), origin))


def _row(mask: str, method: str, figures: Mapping[str, float]) -> str:
    apart = f"{figures['diversity']:.3f}" if "diversity" in figures else ""
    cells = (
        mask, method, f"{figures['error']:.3f}",
        f"{figures['agreement']:.3f} ± {figures['agreement_error']:.3f}", apart,
        f"{figures['fd_c']:.2f} ± {figures['fd_c_error']:.2f}",
        f"{figures['kd_e']:.4f} ± {figures['kd_e_error']:.4f}",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"
