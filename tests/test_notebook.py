"""The notebook, run from top to bottom at a tiny size on the real garments."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.hub_server import TOKEN, serve

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "training" / "trama.ipynb"
CHOICES = {
    "TRAMA_NOTEBOOK_INSTALL": "no",
    "TRAMA_NOTEBOOK_IMAGES": "640",
    "TRAMA_NOTEBOOK_MEASURED": "60",
}


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def program(notebook, *names: str) -> str:
    """The code of some cells, by their ids."""
    found = {cell["id"]: cell["source"] for cell in notebook.cells}
    return "\n".join(found[name] for name in names)


def texts(cell) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def test_it_is_committed_clean(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert codes
    for cell in codes:
        assert cell.outputs == []
        assert cell.execution_count is None
    ids = [cell["id"] for cell in notebook.cells]
    assert len(ids) == len(set(ids))


def test_portuguese_stands_beside_english(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert "*" in cell.source, f"{cell['id']} has no English in italics"


def test_it_runs_from_top_to_bottom(notebook, tmp_path):
    """Trains, measures, blends and publishes: to a Hub on loopback, by the real client."""
    with serve() as (hub, address):
        environment = {
            **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
            **CHOICES,
            "TRAMA_NOTEBOOK_RUN": str(tmp_path / "run"),
            "HF_ENDPOINT": address,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        where = {"metadata": {"path": str(NOTEBOOK.parent)}}
        client = NotebookClient(notebook.copy(), timeout=600, resources=where)
        done = {cell["id"]: cell for cell in client.execute(env=environment).cells}
        repo = hub.model("tester/trama-notebook")
        assert repo.private
        assert {"config.json", "model.safetensors", "README.md"} <= set(repo.files())
    pictures = {
        name: sum("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
        for name, cell in done.items()
    }
    assert {name: count for name, count in pictures.items() if count} == {
        "dados": 1, "redes": 1, "treino": 1, "curvas": 1, "mistura": 3, "linha": 4,
    }  # fmt: skip
    assert "img/s" in texts(done["treino"])
    (measured,) = (o.data["text/markdown"] for o in done["medida"].outputs if "data" in o)
    assert [row.count("|") for row in measured.splitlines()] == [6] * 5
    assert "tr1~fashion-mnist~" in texts(done["mistura"])


def test_without_a_token_it_shows_what_would_be_sent(notebook, tiny_model, tmp_path):
    code = program(notebook, "escolhas", "preparo")
    code += f"\nMODEL = Path({str(tiny_model)!r})\n" + program(notebook, "publica")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=NOTEBOOK.parent,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
            **CHOICES,
            "HF_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "model user/trama-notebook, private:" in done.stdout, done.stderr
    assert "Nada foi enviado" in done.stdout


def test_outside_a_clone_it_makes_one_or_says_what_it_needs(notebook, tmp_path):
    code = program(notebook, "escolhas", "preparo")

    def run(**choices: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, **CHOICES, **choices},
            capture_output=True,
            text=True,
            timeout=120,
        )

    told = run(TRAMA_NOTEBOOK_REPOSITORY="")
    assert told.returncode
    assert "REPOSITORY está vazio" in told.stderr
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: there is nothing to clone")
    done = run(TRAMA_NOTEBOOK_REPOSITORY=ROOT.as_uri())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "trama" / "training" / "train.py").is_file()
