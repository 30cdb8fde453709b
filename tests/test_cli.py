"""python -m model: pictures on disk, and one clear line where something is wrong."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.__main__ import main, parse_seeds, parse_strengths
from model.latents import map_seeds, move, render
from model.weights import load_generator

ROOT = Path(__file__).parent.parent


@pytest.fixture
def run(tiny_model, tmp_path):
    def run_on_tiny(*arguments: str) -> tuple[int, np.ndarray | None]:
        out = tmp_path / "made" / "picture.png"
        status = main([*arguments, "--model", str(tiny_model), "--out", str(out)])
        return status, np.asarray(Image.open(out)) if out.is_file() else None

    return run_on_tiny


def test_generate_is_the_seed_enlarged(run, tiny_model):
    status, picture = run("generate", "--label", "bota", "--seed", "42")
    assert status == 0
    assert picture.shape == (224, 224)
    expected = load_generator(tiny_model).sample([9], [42])[0, :, :, 0]
    assert np.array_equal(picture[::8, ::8], expected)
    _, small = run("generate", "--label", "ankle boot", "--seed", "42", "--scale", "1")
    assert np.array_equal(small, expected)
    _, other = run("generate", "--label", "9", "--seed", "42", "--scale", "1", "--daring", "0.3")
    assert not np.array_equal(small, other)


def test_blend_ends_at_b(run):
    pair = ("--label-a", "dress", "--seed-a", "1", "--label-b", "casaco", "--seed-b", "2")
    _, end = run("blend", *pair, "--blend", "1")
    _, b = run("generate", "--label", "coat", "--seed", "2")
    assert np.array_equal(end, b)
    _, start = run("blend", *pair, "--shape", "0", "--pattern", "0")
    _, a = run("generate", "--label", "dress", "--seed", "1")
    assert np.array_equal(start, a)
    _, middle = run("blend", *pair)
    assert not np.array_equal(middle, a)


def test_edit_moves(run, tiny_model):
    settings = ("--set", "brightness=1.5", "--set", "component 1=-2")
    _, picture = run("edit", "--label", "shirt", "--seed", "3", "--scale", "1", *settings)
    generator = load_generator(tiny_model)
    strengths = {"brightness": 1.5, "component 1": -2.0}
    moved = move(generator, map_seeds(generator, [6], [3]), strengths)
    assert np.array_equal(picture, render(generator, moved)[0, :, :, 0])


def test_sheet_has_a_row_for_each_class_and_a_column_for_each_seed(run, tiny_model):
    labels = ("--labels", "bag", "tênis")
    _, picture = run("sheet", *labels, "--seeds", "5-7", "--scale", "1")
    assert picture.shape == (2 * 28 + 2, 3 * 28 + 2 * 2)
    expected = load_generator(tiny_model).sample([7], [6])[0, :, :, 0]
    assert np.array_equal(picture[30:58, 30:58], expected)
    _, everything = run("sheet", "--seeds", "5", "--scale", "1")
    assert everything.shape == (10 * 30 - 2, 28)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("generate", "--label", "hat", "--seed", "1"), "label must be one of 0 T-shirt/top"),
        (("generate", "--label", "bag", "--seed", "-1"), "seed must be a whole number in 0.."),
        (("generate", "--label", "bag", "--seed", "1", "--daring", "3"), "daring must be in 0..2"),
        (("generate", "--label", "bag", "--seed", "1", "--scale", "0"), "scale must be in 1..64"),
        (
            ("edit", "--label", "bag", "--seed", "1", "--set", "glow=1"),
            "one of brightness, sleeves",
        ),
        (("edit", "--label", "bag", "--seed", "1", "--set", "glow"), "set must be NAME=NUMBER"),
        (("sheet", "--seeds", "9-3"), "seeds must be A-B with A up to B, not '9-3'"),
        (("sheet", "--seeds", "0-9999999999"), "seeds must be 10000 at most"),
        (("sheet", "--seeds", "0-9000"), "a sheet holds 10000 garments at most"),
    ],
)
def test_mistakes_are_one_clear_line(run, capsys, arguments, message):
    status, picture = run(*arguments)
    assert status == 1
    assert picture is None
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1


def test_a_model_that_is_not_there_and_a_file_that_is_no_png(tmp_path, capsys):
    recipe = ["generate", "--label", "bag", "--seed", "1"]
    missing = str(tmp_path / "none" / "such")
    assert main([*recipe, "--model", missing, "--out", str(tmp_path / "a.png")]) == 1
    assert missing in capsys.readouterr().err
    assert main([*recipe, "--out", str(tmp_path / "a.jpg")]) == 1
    assert "out must be a .png file" in capsys.readouterr().err


def test_argparse_keeps_its_own_status():
    with pytest.raises(SystemExit) as stopped:
        main(["generate", "--label", "bag"])
    assert stopped.value.code == 2


def test_the_command_runs_as_a_program(tiny_model, tmp_path):
    out = tmp_path / "bag.png"
    command = ["generate", "--label", "bolsa", "--seed", "7", "--model", tiny_model, "--out", out]
    done = subprocess.run(
        [sys.executable, "-m", "model", *map(str, command)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, str(out), "")
    assert out.read_bytes().startswith(b"\x89PNG")


def test_small_parsers():
    assert parse_seeds("3-5") == [3, 4, 5]
    assert parse_seeds("42") == [42]
    assert parse_strengths(["a=1", "b=-0.5"]) == {"a": 1.0, "b": -0.5}
    for bad in ("", "-3", "1-", "a-b", "1--2"):
        with pytest.raises(ValueError, match="seeds must be A-B"):
            parse_seeds(bad)
    with pytest.raises(ValueError, match="once, not twice"):
        parse_strengths(["a=1", "a=2"])
