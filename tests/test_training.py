"""The loop on real garments at toy size: exact resume, kills, two processes, alarms."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from model.weights import (
    SHIPPED_MODEL,
    generator_sha256,
    load_discriminator,
    load_generator,
)
from training import alarms
from training.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from training.config import PRESETS, ConfigError, TrainConfig
from training.hardware import Execution
from training.loop import draw_wrong_labels
from training.run import Run
from training.train import main

TRAIN = [sys.executable, "-m", "training.train"]
TOY = ["fashion-mnist-toy", "--precision", "fp32", "--compile", "no", "--batch-size", "16",
       "--total-images", "320", "--checkpoint-every-images", "32",
       "--statistics-images", "128", "--log-every-images", "16",
       "--generator-lr", "2e-4", "--discriminator-lr", "4e-4"]  # fmt: skip


def toy(run_dir: Path, *extra: str) -> list[str]:
    return [*TOY, "--run-dir", str(run_dir), *extra]


def assert_same_state(one: Path, other: Path) -> None:
    """Bit for bit: weights, averages, critic, singular vectors and optimizer moments."""
    left, right = load_checkpoint(one), load_checkpoint(other)
    assert left is not None
    assert right is not None
    torch.testing.assert_close(left, right, rtol=0, atol=0)


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> Path:
    run_dir = tmp_path_factory.mktemp("straight")
    assert main(toy(run_dir)) == 0
    return run_dir


def test_resumed_run_is_the_same_run_bit_for_bit(straight, tmp_path):
    assert main(toy(tmp_path, "--max-images", "160")) == 0
    state = load_checkpoint(tmp_path)
    assert state is not None
    assert state["images_seen"] == 160
    assert main(toy(tmp_path)) == 0
    assert_same_state(straight, tmp_path)


def test_killed_run_goes_on_from_its_last_good_checkpoint(straight, tmp_path):
    # Sums differ in their last bits with the number of threads, which this process may have set.
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen([*TRAIN, *toy(tmp_path)], stdout=subprocess.DEVNULL, env=environment)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("checkpoint-*.pt")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    checkpoints = sorted(tmp_path.glob("checkpoint-*.pt"))
    assert checkpoints, "the run was killed before its first checkpoint"
    # As if the kill had come in the middle of a save, and once more with a half-written file.
    (tmp_path / ".checkpoint-000000000999.pt.1.part").write_bytes(b"half")
    if len(checkpoints) > 1:
        checkpoints[-1].write_bytes(checkpoints[-1].read_bytes()[:-1000])
    assert main(toy(tmp_path)) == 0
    assert_same_state(straight, tmp_path)


def test_wrong_labels_are_never_the_garments_own(tmp_path):
    options = toy(tmp_path, "--mismatch-weight", "0.5", "--max-images", "32")
    assert main(options) == 0
    config = TrainConfig.from_dict(json.loads((tmp_path / "run.json").read_text())["config"])
    run = Run(config, Execution("fp32", compile=False, why=""), torch.device("cpu"))
    label = torch.arange(16) % 10
    drawn = []
    for run.images_seen in range(0, 1600, 16):
        wrong = draw_wrong_labels(run, label, slice(None))
        assert wrong is not None
        drawn.append((wrong - label) % 10)
    assert set(torch.cat(drawn).tolist()) == set(range(1, 10))


def test_only_damaged_checkpoints_are_an_error(tmp_path):
    save_checkpoint(tmp_path, 1, {"images_seen": 1})
    for path in tmp_path.glob("checkpoint-*.pt"):
        path.write_bytes(b"garbage")
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(tmp_path)


def test_two_processes_are_one_process_within_rounding(straight, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone",
               "--nproc-per-node", "2", "-m", "training.train",
               *toy(tmp_path, "--max-images", "160")]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    alone = tmp_path / "alone"
    assert main(toy(alone, "--max-images", "160")) == 0
    # Not weight by weight: Adam turns the rounding of a gradient that is zero in theory (a bias
    # before a normalisation) into a step of full length, which no picture shows.
    labels, seeds = list(range(10)) * 2, list(range(20))
    pictures = [load_generator(run / "model").sample(labels, seeds) for run in (tmp_path, alone)]
    difference = np.abs(pictures[0].astype(int) - pictures[1].astype(int))
    assert difference.max() <= 3
    img = torch.from_numpy(pictures[0]).permute(0, 3, 1, 2) / 127.5 - 1
    logits = [
        load_discriminator(run / "model")(img, torch.tensor(labels)) for run in (tmp_path, alone)
    ]
    torch.testing.assert_close(logits[0], logits[1], rtol=0.02, atol=0.02)


def test_run_folder_holds_journal_sheets_snapshots_and_choices(straight):
    records = [json.loads(line) for line in (straight / "journal.jsonl").read_text().splitlines()]
    assert {"progress", "stop"} <= {record["event"] for record in records}
    progress = [record for record in records if record["event"] == "progress"]
    assert {"images_per_second", "critic_loss", "generator_loss"} <= set(progress[-1])
    assert list((straight / "sheets").glob("*.png"))
    assert (straight / "snapshots" / "000000k" / "model.safetensors").is_file()
    stored = json.loads((straight / "run.json").read_text())
    assert stored["execution"]["precision"] == "fp32"
    assert TrainConfig.from_dict(stored["config"]).batch_size == 16


def test_another_configuration_in_the_same_folder_is_refused(straight, capsys):
    assert main(toy(straight, "--generator-lr", "0.5")) == 1
    message = capsys.readouterr().err
    assert "generator_lr" in message
    assert "0.5" in message


def test_a_new_run_starts_from_a_model_folder(straight, tmp_path):
    folder = straight / "model"
    assert main(toy(tmp_path, "--init", str(folder), "--at-images", "304")) == 0
    state = load_checkpoint(tmp_path)
    assert state is not None
    assert state["images_seen"] == 320
    stored = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert stored["began"] == {"model_sha256": generator_sha256(folder), "at_images": 304}


def test_init_with_another_shape_names_the_field(straight, tmp_path, capsys):
    arguments = ["fashion-mnist", "--run-dir", str(tmp_path), "--precision", "fp32",
                 "--compile", "no", "--init", str(straight / "model")]  # fmt: skip
    assert main(arguments) == 1
    assert "z_dim" in capsys.readouterr().err


def test_init_and_the_spread_must_agree(straight, tmp_path, capsys):
    folder = str(straight / "model")
    assert main(toy(tmp_path, "--init", folder, "--spread-sizes", "2")) == 1
    assert "spread_sizes=1, this run 2" in capsys.readouterr().err
    assert main(toy(tmp_path / "none", "--spread-sizes", "0")) == 1
    assert "spread_sizes must be a whole number in 1..8, not 0" in capsys.readouterr().err


def test_a_run_with_kinds_resumes_bit_for_bit_and_its_folder_loads(tmp_path, capsys):
    kinds = ("--kind-splits", "3", "--batch-size", "20")
    assert main(toy(tmp_path / "straight", *kinds)) == 0
    assert main(toy(tmp_path / "halted", "--max-images", "160", *kinds)) == 0
    assert main(toy(tmp_path / "halted", *kinds)) == 0
    assert_same_state(tmp_path / "straight", tmp_path / "halted")
    folder = tmp_path / "straight" / "model"
    assert load_generator(folder).config.kinds == 8
    assert load_discriminator(folder).config.kinds == 8
    capsys.readouterr()
    other = ("--kind-splits", "2", "--batch-size", "20")
    assert main(toy(tmp_path / "other", "--init", str(folder), *other)) == 1
    assert "kind_splits=3, this run 2" in capsys.readouterr().err
    assert main(toy(tmp_path / "odd", "--kind-splits", "2", "--batch-size", "16")) == 1
    assert "batch_size must be a multiple of 10 classes, not 16" in capsys.readouterr().err
    assert not (tmp_path / "odd").exists()


def test_a_run_of_the_preset_can_start_from_the_shipped_model():
    assert load_generator(SHIPPED_MODEL).config == PRESETS["fashion-mnist"].model


def test_non_finite_loss_stops_before_the_step(tmp_path, capsys):
    assert main(toy(tmp_path, "--discriminator-lr", "1e30")) == 2
    assert "NON-FINITE" in capsys.readouterr().err


def test_alarms_speak_plainly():
    assert alarms.collapse_alarm(0.1, 0.5)
    assert alarms.collapse_alarm(0.45, 0.5) is None
    assert alarms.critic_alarm([0.01] * 200)
    assert alarms.critic_alarm([1.0] * 200) is None
    assert alarms.critic_alarm([0.01] * 10) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("batch_size", 0),
        ("loss", "wgan"),
        ("decay_start", 2),
        ("mismatch_weight", -1),
        ("seed", None),
    ],
)
def test_bad_configuration_names_field_and_value(field, value):
    if value is None:
        with pytest.raises(ConfigError, match="'seed'"):
            TrainConfig.from_dict({k: v for k, v in PRESETS["fashion-mnist"].to_dict().items()
                                   if k != "seed"})  # fmt: skip
        return
    with pytest.raises(ConfigError, match=field):
        TrainConfig(**{field: value})


def test_spectral_norm_agrees_with_the_singular_values():
    from model.discriminator import Discriminator
    from model.spectral import SpectralNorm

    torch.manual_seed(0)
    critic = Discriminator(PRESETS["fashion-mnist-toy"].model)
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    spectral = SpectralNorm(critic, seed=0)
    for _ in range(100):
        spectral.iterate()
    for name, weight in spectral.weights().items():
        if weight.ndim > 1:
            assert np.isclose(torch.linalg.matrix_norm(weight.flatten(1), 2).item(), 1, atol=1e-2)
            assert name in spectral.u
