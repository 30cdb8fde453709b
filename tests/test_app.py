"""The page as a program: it starts offline, says which model it shows, and fails in one line."""

import dataclasses
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import TINY, write_tiny_model
from ui import parts
from ui.desk import Desk
from ui.parts import load_words

ROOT = Path(__file__).parent.parent
GUARDED = """
import runpy, sys
def guard(event, arguments):
    if event == "socket.getaddrinfo" and arguments[0] not in ("127.0.0.1", "localhost", None):
        print("OUTSIDE", arguments[0], flush=True)
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        if not str(arguments[1][0]).startswith(("127.", "::1")):
            print("OUTSIDE", arguments[1], flush=True)
sys.addaudithook(guard)
sys.argv = ["app.py", *sys.argv[1:]]
runpy.run_path("app.py", run_name="__main__")
"""
"""Runs app.py and reports every look-up and connection that leaves the machine."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "TRAMA_MODEL"}
    return {**kept, "OMP_NUM_THREADS": "1", **changes}


def read_page(port: int, process: subprocess.Popen[str]) -> str:
    for _ in range(600):
        assert process.poll() is None, process.communicate()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the page did not start within a minute")


def test_starts_offline_with_twelve_garments_in_the_html(tiny_model: Path, tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", GUARDED, "--model", str(tiny_model)],
        cwd=ROOT,
        env=environment(GRADIO_SERVER_PORT=str(port), GRADIO_TEMP_DIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        html = read_page(port, process)
    finally:
        process.terminate()
        told, _ = process.communicate(timeout=30)
    assert html.count("data:image/png;base64,") == 12
    assert "OUTSIDE" not in told
    assert "Traceback" not in told
    assert "gradio.live" not in told


def test_a_folder_that_is_no_model_is_refused_in_one_line(tmp_path: Path) -> None:
    write_tiny_model(tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text("{}")
    for source in (str(tmp_path / "model"), str(tmp_path / "missing"), "not a model"):
        done = subprocess.run(
            [sys.executable, "app.py", "--model", source],
            cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr.startswith("trama: the model could not be opened: ")
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("threads", ["0", "many", "-1"])
def test_threads_that_are_no_number_are_refused_in_one_line(threads: str) -> None:
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env=environment() | {"TRAMA_THREADS": threads},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"trama: TRAMA_THREADS must be a whole number in 1..999, not '{threads}'"
    ]


def test_a_page_that_cannot_start_says_so_in_one_line(app: ModuleType) -> None:
    class Taken:
        def launch(self, **_: object) -> None:
            raise OSError("Cannot find empty port in range: 7860-7860.")

    with pytest.raises(SystemExit, match="the page could not be started: Cannot find empty port"):
        app.main(Taken())


def test_a_model_that_cannot_be_had_leads_to_the_embedded_one_with_a_notice(
    app: ModuleType, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "SHIPPED_MODEL", tiny_model)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    studio, origin = app.open_studio("nobody/nothing@v1")
    assert origin.kind == "fallback"
    assert origin.asked == "nobody/nothing@v1"
    words = load_words()
    for language in ("pt", "en"):
        assert f"reason_{origin.notice}" in words[language]
    assert studio.generate("dress", 1).any()


def test_a_word_that_stands_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "a.json").write_text('{"pt": {"x": "1", "x": "2"}, "en": {"x": "3"}}')
    monkeypatch.setattr(parts, "HERE", tmp_path)
    with pytest.raises(ValueError, match="'x' stands twice"):
        parts.load_words.__wrapped__()


def test_the_embedded_model_is_the_default(
    app: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAMA_MODEL", raising=False)
    assert app.parse_arguments([]).model == []
    assert app.SHIPPED_MODEL == ROOT / "weights" / "fashion-mnist"
    monkeypatch.setenv("TRAMA_MODEL", "user/name@v2")
    assert app.parse_arguments([]).model == ["user/name@v2"]
    assert app.parse_arguments(["--model", "folder"]).model == ["folder"]
    assert app.parse_arguments(["--model", "a", "--model", "b/c"]).model == ["a", "b/c"]


def test_several_models_can_be_given_at_start(
    app: ModuleType,
    tiny_model: Path,
    plain_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    sources = [str(tiny_model), str(plain_model), "nobody/nothing"]
    shelf, origin = app.open_shelf(sources)
    assert shelf.names == ("tiny", "plain")  # what cannot be had has no place on it
    assert (origin.kind, shelf.first.source) == ("folder", str(tiny_model))
    blocks = app.build(shelf.first.studio, origin, shelf)
    assert blocks.blocks
    assert app.open_shelf(sources[:1] * 2)[0].names == ("tiny",)
    four = [str(write_tiny_model(tmp_path / str(n))) for n in range(4)]
    with pytest.raises(ValueError, match="at start, not 4"):
        app.open_shelf(four)


def test_without_directions_there_is_no_adjust_screen(app: ModuleType, plain_model: Path) -> None:
    studio, origin = app.open_studio(str(plain_model))
    blocks = app.build(studio, origin)
    screens = [block.elem_id for block in blocks.blocks.values() if getattr(block, "elem_id", None)]
    # Adjust, lesson, film and game are built all the same, for models that come later; the page leaves
    # them out until then.
    built = "header wardrobe line blend adjust photo learn models collection replay game footer"
    assert screens == built.split()
    head = next(b for b in blocks.blocks.values() if getattr(b, "elem_id", None) == "header").head
    assert (
        '"screens": ["wardrobe", "line", "blend", "photo", "learn", "models", "collection"]' in head
    )


@pytest.mark.parametrize("classes", [(), ("cat", "dog")])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_models_have_a_page_too(
    app: ModuleType, tmp_path: Path, classes: tuple[str, ...], channels: int
) -> None:
    config = dataclasses.replace(
        TINY, image_size=32, base_size=8, image_channels=channels, class_names=classes
    )
    folder = write_tiny_model(tmp_path / "model", directions=False, config=config)
    studio, origin = app.open_studio(str(folder))
    app.build(studio, origin)
    desk = Desk(studio)
    recipe = studio.garment(0, 1).text
    for view in ("smooth", "pixels"):
        answer = desk.picture({"recipe": recipe, "view": view})
        assert answer["png"].startswith("data:image/png")


def test_the_page_keeps_little(app: ModuleType) -> None:
    assert app.demo.delete_cache == (600, 3600)
    assert app.demo.analytics_enabled is False
    assert app.LAUNCH["run_history"] is False
    assert "share" not in app.LAUNCH


def test_every_word_of_the_page_is_in_both_languages() -> None:
    words = load_words()
    assert set(words["pt"]) == set(words["en"])
    sources = [*ROOT.glob("ui/*.html"), *ROOT.glob("ui/*.js")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    used = set(re.findall(r'data-(?:t|say|tip)="(\w+)"', text))
    used |= set(re.findall(r"trama\.(?:word|tell)\('(\w+)'", text))
    assert used <= set(words["en"]), used - set(words["en"])
    holes = re.compile(r"\{\w+\}")
    for key, word in words["pt"].items():
        assert sorted(holes.findall(word)) == sorted(holes.findall(words["en"][key])), key
    written = text + "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("ui/*.py"))
    families = (
        "recipe_",
        "hint_",
        "direction_",
        "reason_",
        "notice_",
        "origin_",
        "unit_",
        "end_",
        "photo_wrong_",
        "photo_sample_",
        "adjustments",
        "opinion_",
        "left_",
        "kin_",
    )
    dyes = ("indigo", "madder", "ochre", "moss", "ink")
    idle = {key for key in words["en"] if key not in used and not key.startswith(families)}
    assert not {key for key in idle if key not in dyes and key not in written}
