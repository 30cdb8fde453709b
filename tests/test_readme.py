"""The README's commands are real: they parse, its Python runs, and CI calls its test command."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from model.weights import SHIPPED_MODEL

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
SHELL_LINES = [
    line.split("#")[0].strip()
    for kind, block in BLOCKS
    if kind == "bash"
    for line in block.splitlines()
]


def run(command: list[str], cwd: Path = ROOT) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("line", sorted({x for x in SHELL_LINES if x.startswith("python -m ")}))
def test_commands_exist_and_know_their_options(line):
    words = shlex.split(line)
    module, options = words[2], [word for word in words if word.startswith("--")]
    told = run([sys.executable, "-m", module, "--help"])
    assert told.returncode == 0, told.stderr
    known = told.stdout
    if module == "model":
        known = run([sys.executable, "-m", module, words[3], "--help"]).stdout
    for option in options:
        assert option in known, f"{module} does not know {option}"


@pytest.mark.parametrize("line", [x for x in SHELL_LINES if x.startswith("python -m model ")])
def test_model_commands_make_pictures(line, tmp_path):
    words = shlex.split(line)
    words[words.index("--out") + 1] = str(tmp_path / "made.png")
    done = run([sys.executable, *words[1:]])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made.png").read_bytes().startswith(b"\x89PNG")


def test_the_python_example_prints_what_it_says():
    (example,) = [
        block for kind, block in BLOCKS if kind == "python" and "from_pretrained" in block
    ]
    done = run([sys.executable, "-c", example])
    assert done.stdout.strip() == "(2, 28, 28, 1) uint8", done.stderr


def test_ci_calls_the_readme_s_own_test_command():
    marked = README.split("<!-- test command -->")[1].split("```")[1]
    assert ".venv/bin/python -m pytest" in marked
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "<!-- test command -->" in script
    assert "pytest" not in script.replace("test_command", "")


def test_pictures_and_links_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_portuguese_setup_is_the_same_as_the_english():
    setups = [block for kind, block in BLOCKS if kind == "bash" and "app.py" in block]
    assert len(setups) == 2
    assert setups[0] == setups[1]


FIGURES = {
    "R": ["r_e"],
    "R in the features of our own classifier": ["r_c"],
    "KD": ["kd_e"],
    "precision / recall": ["precision", "recall"],
    "coverage": ["coverage"],
    "a classifier takes them for what was asked for": ["label_agreement"],
    "nearer to a train than to a test garment": ["memorisation"],
    "CAS gap, points": ["cas_gap"],
    "path length in W over that in Z": ["ppl_ratio"],
    "tone and texture shared by the classes of a seed": ["style_coherence"],
}
"""Rows of the README's first table of figures, and what they are called in `metrics.json`."""


def shown(value: float, as_told: str) -> bool:
    """Whether a figure is told right, to as many digits as are told."""
    digits = len(as_told.partition(".")[2])
    return abs(value - float(as_told)) <= 0.5001 * 10**-digits


def cells(row: str) -> list[list[str]]:
    """The numbers in each cell of a row, but the first cell."""
    return [re.findall(r"-?\d+(?:\.\d+)?", cell) for cell in row.strip("|").split("|")[1:]]


@pytest.mark.parametrize("name", FIGURES)
def test_the_readme_tells_the_shipped_model_s_figures(name):
    quick = json.loads((SHIPPED_MODEL / "metrics.json").read_text(encoding="utf-8"))
    (row,) = [line for line in README.splitlines() if line.startswith(f"| {name} |")]
    found, groups = cells(row), (quick["full"], quick, quick["heldout"])
    for told, floor, measured in zip(found[::2], found[1::2], groups, strict=True):
        figures = [measured[key] for key in FIGURES[name]] if told else []
        wanted = [figure["value"] for figure in figures]
        if len(figures) == 1 and len(told) == 2:
            wanted.append(figures[0]["error"])
        assert len(told) == len(wanted)
        for value, as_told in zip(wanted, told, strict=True):
            assert shown(value, as_told), f"{name}: {value}, not {as_told}"
        floors = [figure["floor"] for figure in figures] if floor else []
        if len(figures) == 1 and len(floor) == 2:
            floors.append(figures[0]["null_error"])
        for value, as_told in zip(floors, floor, strict=True):
            assert shown(value, as_told), f"{name}: {value}, not {as_told}"
