"""Loss curves: out of a run's journal, into the film of a shipped model; read strictly."""

import json
import math
import shutil

import pytest

from model.curves import Curves, read_curves, write_curves
from model.history import HISTORY_FOLDER, Film
from model.storage import ModelFolderError
from model.weights import (
    GENERATOR_FILE,
    add_metrics,
    generator_sha256,
    load_generator,
    read_metrics,
    save_model,
)
from training import ship
from training.curves import POINTS, losses_of
from training.publish import space_files


def record(seen, critic=0.7, generator=0.9, event="progress"):
    told = {"images_seen": seen, "critic_loss": critic, "generator_loss": generator}
    return json.dumps({"event": event, **told})


def journal_of(folder, *lines):
    path = folder / "journal.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_long_journal_becomes_a_few_hundred_points_that_are_dense_at_first(tmp_path):
    lines = [record(n * 3200, critic=n, generator=-n) for n in range(1, 2001)]
    curves = losses_of(journal_of(tmp_path, *lines))
    seen = curves.images_seen
    assert 100 < len(seen) <= POINTS
    assert seen[0] == 3200
    assert seen == tuple(sorted(set(seen)))
    assert seen[1] - seen[0] < (seen[-1] - seen[-2]) / 5
    assert curves.critic_loss[0] == 1
    assert curves.critic_loss == tuple(-loss for loss in curves.generator_loss)
    write_curves(tmp_path / "curves.json", curves)
    assert read_curves(tmp_path / "curves.json") == curves
    assert (tmp_path / "curves.json").stat().st_size < 20_000


def test_what_did_not_lead_to_the_model_is_no_part_of_its_curves(tmp_path):
    lines = [
        record(100, event="start"),
        record(100),
        record(200, critic=9),
        record(300, critic=9),
        '{"event": "progress", "images_s',  # killed here; taken up at 100 images
        record(200, critic=0.5),
        record(300, critic=math.nan),
        record(400, critic=0.4),
        json.dumps({"event": "alarm", "text": "COLLAPSE?"}),
    ]
    curves = losses_of(journal_of(tmp_path, *lines))
    assert curves.images_seen == (100, 200, 400)
    assert curves.critic_loss == (0.7, 0.5, 0.4)
    assert losses_of(journal_of(tmp_path, record(100))) is None
    assert losses_of(tmp_path / "nothing.jsonl") is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"images_seen": [1, 2], "critic_loss": [1, 2]}, "'generator_loss' is missing"),
        ({"extra": 1}, "'extra' is unknown"),
        ({"critic_loss": "low"}, r"critic_loss must be a list of 2\.\.1000"),
        ({"critic_loss": [1, None]}, "critic_loss must hold numbers"),
        ({"critic_loss": [1, True]}, "critic_loss must hold numbers"),
        ({"critic_loss": [1, 2, 3]}, "as many losses as images_seen"),
        ({"images_seen": [2, 1]}, "whole numbers that grow"),
        ({"images_seen": [1, 1.5]}, "whole numbers that grow"),
        ({"images_seen": [0, 1]}, "whole numbers that grow"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, fields, told):
    whole = {"images_seen": [1, 2], "critic_loss": [0.5, 0.6], "generator_loss": [1, 2]}
    path = tmp_path / "curves.json"
    path.write_text(json.dumps(fields if "missing" in told else whole | fields), encoding="utf-8")
    with pytest.raises(ModelFolderError, match=told):
        read_curves(path)


@pytest.fixture
def run_dir(tiny_model, tmp_path):
    """A finished run of 20,000 images with two snapshots."""
    run = tmp_path / "run"
    generator = load_generator(tiny_model)
    for name in ("000010k", "000020k"):
        generator.synthesis.to_image.bias.data += 0.1
        save_model(run / "snapshots" / name, generator)
    shutil.copytree(tiny_model, run / "model", ignore=shutil.ignore_patterns(HISTORY_FOLDER))
    config = {"config": {"total_images": 20_000}}
    (run / "run.json").write_text(json.dumps(config), encoding="utf-8")
    journal_of(run, *(record(n * 1000) for n in range(1, 21)))
    return run


def test_shipping_brings_the_curves_of_this_training_and_no_moment_of_another(
    run_dir, tiny_model, tmp_path, capsys
):
    folder = shutil.copytree(tiny_model, tmp_path / "shipped")  # its film: 10k and 800k
    assert ship.main([str(run_dir), str(folder)]) == 0
    assert "2 generators as history, with loss curves" in capsys.readouterr().out
    history = folder / HISTORY_FOLDER
    assert sorted(p.name for p in history.iterdir()) == ["000010k", "000020k", "curves.json"]
    assert Film(folder).curves == losses_of(run_dir / "journal.jsonl")

    # What was measured of these very generators outlives another call; of others it does not.
    add_metrics(history / "000010k", {"heldout": {"r_e": {"value": 3.0}}})
    (run_dir / "journal.jsonl").unlink()
    ship.ship(run_dir, folder)
    film = Film(folder)
    assert (film.moments[0].r, film.curves) == (3.0, None)
    moved = load_generator(run_dir / "snapshots" / "000010k")
    moved.synthesis.to_image.bias.data += 0.5
    save_model(run_dir / "snapshots" / "000010k", moved)
    ship.ship(run_dir, folder)
    assert Film(folder).moments[0].r is None


def test_a_run_that_went_on_from_a_model_keeps_what_led_to_it(
    run_dir, tiny_model, tmp_path, monkeypatch
):
    folder = shutil.copytree(tiny_model, tmp_path / "shipped")
    ship.ship(run_dir, folder)
    history, before = folder / HISTORY_FOLDER, Film(folder)
    add_metrics(history / "000010k", {"heldout": {"r_e": {"value": 3.0}}})

    # It began with the model at 20,000 images and went on to 40,000.
    second = tmp_path / "second"
    generator = load_generator(run_dir / "snapshots" / "000020k")
    generator.synthesis.to_image.bias.data += 0.1
    save_model(second / "snapshots" / "000040k", generator)
    shutil.copytree(run_dir / "model", second / "model")
    began = {"model_sha256": generator_sha256(history / "000020k"), "at_images": 20_000}
    config = {"config": {"total_images": 40_000}, "began": began}
    (second / "run.json").write_text(json.dumps(config), encoding="utf-8")
    journal_of(second, *(record(20_000 + n * 1000) for n in range(1, 21)))
    ship.ship(second, folder)
    film = Film(folder)
    assert [moment.name for moment in film.moments] == ["000010k", "000020k", "000040k"]
    assert film.moments[0].r == 3.0
    assert film.curves.images_seen[: len(before.curves.images_seen)] == before.curves.images_seen
    assert film.curves.images_seen[-1] == 40_000

    # Where not all fit, the moment goes that is missed least.
    size = (history / "000010k" / GENERATOR_FILE).stat().st_size
    monkeypatch.setattr(ship, "HISTORY_BYTES", 2 * size)
    assert [p.name for p in ship.ship(second, folder)] == ["000010k", "000040k"]
    monkeypatch.undo()
    assert [p.name for p in ship.ship(second, folder)] == ["000010k", "000040k"]  # once more

    # A run that began with another model has nothing to do with them.
    config["began"]["model_sha256"] = "0" * 64
    (second / "run.json").write_text(json.dumps(config), encoding="utf-8")
    shutil.rmtree(history / "000040k")
    ship.ship(second, folder)
    assert [moment.name for moment in Film(folder).moments] == ["000040k"]


def test_what_ships_may_be_a_mean_and_is_the_last_moment_then(run_dir, tiny_model, tmp_path):
    folder, first = tmp_path / "shipped", run_dir / "snapshots" / "000010k"
    command = [str(run_dir), str(folder), "--mean-with", str(first)]
    assert ship.main(command) == 0
    moments = Film(folder).moments
    assert [moment.name for moment in moments] == ["000010k", "000020k"]
    last = folder / HISTORY_FOLDER / "000020k"
    assert generator_sha256(last) == generator_sha256(folder) != generator_sha256(run_dir / "model")

    # Measured once, kept by another call: it is the same mean again.
    add_metrics(last, {"heldout": {"r_e": {"value": 3.0}}})
    assert ship.main(command) == 0
    assert read_metrics(last)["heldout"]["r_e"]["value"] == 3.0


def test_a_mean_that_went_on_keeps_what_led_to_it_once_more(run_dir, tmp_path):
    folder, began_with = tmp_path / "shipped", run_dir / "snapshots" / "000020k"
    ship.ship(run_dir, folder)
    second = tmp_path / "second"
    shutil.copytree(run_dir / "model", second / "model")
    shutil.copytree(run_dir / "model", second / "snapshots" / "000040k")
    began = {"model_sha256": generator_sha256(began_with), "at_images": 20_000}
    config = {"config": {"total_images": 40_000}, "began": began}
    (second / "run.json").write_text(json.dumps(config), encoding="utf-8")
    for _ in range(2):
        ship.ship(second, folder, mean_with=[began_with])
        names = [moment.name for moment in Film(folder).moments]
        assert names[0] == "000010k"
        assert names[-1] == "000040k"
        shutil.rmtree(folder / HISTORY_FOLDER / "000020k", ignore_errors=True)  # as if thinned out


def test_a_run_that_is_not_finished_leaves_no_film(run_dir, tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "shipped")
    shutil.rmtree(run_dir / "snapshots" / "000020k")
    assert ship.ship(run_dir, folder) == []
    assert not (folder / HISTORY_FOLDER).exists()


def test_a_run_before_its_first_snapshot_has_no_film(run_dir, tmp_path):
    shutil.rmtree(run_dir / "snapshots")
    assert ship.ship(run_dir, tmp_path / "shipped") == []


def test_a_run_whose_description_is_damaged_is_told_by_file(run_dir, tmp_path, capsys):
    for content, fault in (("{", "not valid JSON"), ("{}", "config.total_images must be")):
        (run_dir / "run.json").write_text(content, encoding="utf-8")
        assert ship.main([str(run_dir), str(tmp_path / "shipped")]) == 1
        told = capsys.readouterr().err
        assert "run.json" in told
        assert fault in told


def test_a_copy_that_broke_off_is_made_whole_by_the_same_command(run_dir, tmp_path):
    folder = tmp_path / "shipped"
    ship.ship(run_dir, folder)
    moment = folder / HISTORY_FOLDER / "000010k" / GENERATOR_FILE
    moment.unlink()
    ship.ship(run_dir, folder)
    assert moment.is_file()
    run = json.loads((run_dir / "run.json").read_text(encoding="utf-8"))
    run["began"] = {"model_sha256": "0" * 64, "at_images": 5_000}
    (run_dir / "run.json").write_text(json.dumps(run), encoding="utf-8")
    moment.unlink()
    ship.ship(run_dir, folder)
    assert moment.is_file()


def test_curves_go_with_the_page(tiny_model, tmp_path):
    (tmp_path / "app.py").touch()
    folder = shutil.copytree(tiny_model, tmp_path / "weights" / "tiny")
    write_curves(folder / HISTORY_FOLDER / "curves.json", Curves((1, 2), (0.5, 0.5), (1.0, 1.0)))
    assert "weights/tiny/history/curves.json" in space_files(tmp_path)
