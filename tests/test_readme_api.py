"""The README's examples for a running page, run as they stand there but for the address."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
WRITTEN = "http://127.0.0.1:7860"


def example(mark: str, url: str) -> str:
    """The marked block, at the address of the test's server."""
    marked = README.split(f"<!-- {mark} example -->")[1]
    block = re.search(r"```\w+\n(.*?)```", marked, re.DOTALL)
    assert block is not None
    assert WRITTEN in block[1]
    return block[1].replace(WRITTEN, url.rstrip("/"))


def test_the_python_example_runs(url: str, tmp_path: Path) -> None:
    script = example("api", url) + "\nprint(open(path, 'rb').read(4))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["{'Coat': 1.0}", "b'\\x89PNG'"], done.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_example_runs(url: str) -> None:
    done = subprocess.run(
        ["sh", "-c", example("curl", url)], capture_output=True, text=True, timeout=60
    )
    (file,) = json.loads(done.stdout)["data"]
    assert httpx.get(file["url"]).content.startswith(b"\x89PNG")


def test_every_endpoint_is_named(url: str) -> None:
    for name in httpx.get(f"{url}gradio_api/info").json()["named_endpoints"]:
        assert f"`{name}`" in README
