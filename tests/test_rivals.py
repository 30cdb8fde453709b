"""The race against the rivals, at toy size and by the second."""

import json

import numpy as np
import pytest
import torch

from tests.benchmarks.rival_figures import format_table, read_results
from tests.benchmarks.rival_networks import RECIPES, find_mimicry
from tests.benchmarks.rival_runs import build, sample_snapshot, variants
from tests.benchmarks.rivals import main
from training.config import PRESETS
from training.data import load_fashion_mnist
from training.hardware import Execution
from training.train import main as train

EAGER = Execution("fp32", compile=False, why="test")
TOY = PRESETS["fashion-mnist-toy"]
RUN = ["--preset", "fashion-mnist-toy", "--precision", "fp32", "--compile", "no", "--no-judging"]
HERE = ["dcgan", "video", "trama", *(["mimicry-small"] if find_mimicry() else [])]


@pytest.fixture(scope="module")
def garments():
    return load_fashion_mnist("heldout")


def test_every_contender_leaves_snapshots_that_can_be_sampled(tmp_path, capsys):
    arguments = ["--contenders", *HERE, "--run-dir", str(tmp_path), *RUN]
    assert main([*arguments, "--minutes", "0.004", "--marks", "0.002"]) == 0
    for name in HERE:
        first, last = sorted((tmp_path / name).glob("*min"))
        notes = [json.loads((place / "done.json").read_text()) for place in (first, last)]
        assert notes[0]["mark"] == 0.002
        assert 0 < notes[0]["images_seen"] <= notes[1]["images_seen"]
        for variant in variants(name):
            pixels, labels = sample_snapshot(name, last, variant, 20)
            assert pixels.shape == (20, 28, 28, 1)
            assert pixels.dtype == np.uint8
            assert labels.tolist() == [*range(10), *range(10)]
            assert (last / f"{variant}.png").is_file()
    # Once more is a matter of nothing: all marks are there.
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert main([*arguments, "--minutes", "0.004", "--marks", "0.002"]) == 0
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == before
    # A longer budget goes on from there, by another clock too.
    assert (
        main([*arguments, "--clock", "core", "--minutes", "0.006", "--marks", "0.002", "0.004"])
        == 0
    )
    assert all(len(list((tmp_path / name).glob("*min"))) == 3 for name in HERE)
    # Another configuration is another race.
    assert main([*arguments, "--total-images", "640", "--minutes", "0.006"]) == 1
    assert "was begun with total_images=20000, not 640" in capsys.readouterr().err


def test_a_run_that_there_is_already_gives_trama_its_marks(tmp_path, capsys):
    run, race = tmp_path / "run", tmp_path / "race"
    given = ["fashion-mnist-toy", "--run-dir", str(run), "--precision", "fp32", "--compile", "no"]
    sizes = ["--total-images", "4096", "--first-snapshot-images", "2048", "--snapshots", "2",
             "--log-every-images", "1024"]  # fmt: skip
    assert train([*given, *sizes]) == 0
    adopt = ["--contenders", "trama", "--run-dir", str(race), "--trama-run", str(run)]
    assert main([*adopt, *RUN, "--no-training", "--marks", "0.0001"]) == 0
    notes = [json.loads(path.read_text()) for path in sorted((race / "trama").glob("*/done.json"))]
    assert [note["images_seen"] for note in notes] == [2048, 4096]
    assert 0 < notes[0]["minutes"] < notes[1]["minutes"]
    pixels, _ = sample_snapshot("trama", max((race / "trama").iterdir()), "averaged", 10)
    assert pixels.shape == (10, 28, 28, 1)
    assert main([*adopt[:-1], str(race), *RUN, "--no-training"]) == 1
    assert "holds no journal.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("name", HERE)
def test_an_interrupted_contender_goes_on_as_if_nothing_had_happened(name, garments):
    straight = build(name, TOY, EAGER, garments)
    for _ in range(2):
        straight.step()
    first = build(name, TOY, EAGER, garments)
    first.step()
    second = build(name, TOY, EAGER, garments)
    second.load_state_dict(first.state_dict())
    second.step()
    assert second.images_seen == straight.images_seen
    torch.testing.assert_close(second.state_dict(), straight.state_dict(), rtol=0, atol=0)


def test_a_rival_is_trained_by_its_own_recipe(garments):
    rival = build("dcgan", TOY, EAGER, garments)
    rival.step()
    assert rival.images_seen == RECIPES["dcgan"].batch
    assert rival.makers.param_groups[0]["betas"] == (0.5, 0.999)
    assert RECIPES["mimicry"].critic_steps == 5


def test_the_video_tutorial_s_recipe_hears_no_labels(garments):
    rival = build("video", TOY, EAGER, garments)
    assert rival.makers.param_groups[0]["lr"] == 10 * rival.judges.param_groups[0]["lr"] == 1e-4
    misled = rival._draw_target_noise()
    assert 0 <= misled.min() < 0.02
    assert 0.13 < misled.max() <= 0.15
    z, label = torch.randn(2, 100), torch.tensor([1, 7])
    maker, judge = rival.maker.eval(), rival.judge.eval()
    torch.testing.assert_close(maker(z, label), maker(z, label.flip(0)), rtol=0, atol=0)
    img = torch.randn(2, 1, 28, 28)
    torch.testing.assert_close(judge(img, label), judge(img, label.flip(0)), rtol=0, atol=0)
    assert not build("dcgan", TOY, EAGER, garments)._draw_target_noise().any()


def test_uniform_z_is_another_drawing_of_the_same_network(tmp_path, garments):
    rival = build("dcgan", TOY, EAGER, garments)
    rival.save_snapshot(tmp_path)
    drawn = [sample_snapshot("dcgan", tmp_path, name, 20)[0] for name in variants("dcgan")]
    assert variants("dcgan") == ("published", "averaged", "uniform")
    assert (drawn[0] != drawn[2]).any()
    # All of z on one side of 0 moves the garments less apart.
    assert drawn[2].std(0).mean() < drawn[0].std(0).mean()


@pytest.mark.skipif(find_mimicry() is not None, reason="torch-mimicry is installed")
def test_without_the_package_it_says_how_to_get_it(tmp_path, capsys):
    arguments = ["--contenders", "mimicry", "--run-dir", str(tmp_path), *RUN]
    assert main([*arguments, "--minutes", "0.001"]) == 1
    assert "pip install --no-deps torch-mimicry==" in capsys.readouterr().err


@pytest.mark.parametrize(("minutes", "status"), [("0", 1), ("-1", 1)])
def test_a_budget_of_nothing_is_refused(tmp_path, capsys, minutes, status):
    assert main(["--run-dir", str(tmp_path), "--minutes", minutes]) == status
    assert "must be above 0" in capsys.readouterr().err


def test_nothing_to_judge_is_said(tmp_path, capsys):
    assert main(["--run-dir", str(tmp_path / "none"), "--no-training"]) == 1
    assert "holds no snapshot to judge" in capsys.readouterr().err


def test_the_table_is_sorted_and_the_later_line_counts(tmp_path):
    row = {"contender": "dcgan", "variant": "published", "mark": 5.0, "images_seen": 1000,
           "r_e": 30.0, "kd_e": 1.0, "kd_e_error": 0.01, "precision": 0.5, "recall": 0.1,
           "coverage": 0.2}  # fmt: skip
    lines = [row, {**row, "r_e": 31.0, "cas": 0.75}, {**row, "variant": "averaged", "r_e": 20.0}]
    text = "\n".join(json.dumps(line) for line in lines) + '\n{"cut off by a ki'
    (tmp_path / "results.jsonl").write_text(text)
    table = format_table(read_results(tmp_path / "results.jsonl")).splitlines()
    assert len(table) == 4
    assert table[2].startswith("| 5 | dcgan, averaged | 1,000 | 20.00 | 1.0000 ± 0.0100 |")
    assert table[3].endswith("| 31.00 | 1.0000 ± 0.0100 | 0.500 | 0.100 | 0.200 | 0.750 |")
