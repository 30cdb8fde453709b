"""The card's pictures and figures, drawn from tiny models and real garments."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from model.config import FASHION_MNIST_CLASSES, ModelConfig
from model.weights import (
    PICTURE_FILES,
    SHIPPED_MODEL,
    generator_sha256,
    load_generator,
    save_model,
)
from tests.conftest import write_tiny_model
from tests.test_weights import networks
from training.card import card_files, write_card
from training.card_figures import number, render_figures
from training.data import load_fashion_mnist
from training.pictures import (
    COLUMNS,
    NEAREST,
    describe,
    draw_darings,
    draw_nearest,
    draw_strips,
    find_nearest,
    main,
    small_png,
)

WIDTH = (COLUMNS * 30 - 2) * 3


def test_the_same_folder_gives_the_same_small_files_and_a_card_that_shows_them(
    tiny_model, tmp_path, capsys
):
    folder = shutil.copytree(tiny_model, tmp_path / "tiny")
    assert main([str(folder), "--samples", "0"]) == 0
    names = ("darings.png", "strips.png")
    before = {name: (folder / name).read_bytes() for name in names}
    assert main([str(folder), "--samples", "0"]) == 0
    assert {name: (folder / name).read_bytes() for name in names} == before
    card = (folder / "README.md").read_text()
    assert all(f"]({name})" in card for name in (*names, "sheet.png"))
    assert "nearest.png" not in card
    assert all(Image.open(io.BytesIO(content)).width == WIDTH for content in before.values())


def write_study(export, digest):
    """What `training.export --study` leaves of its measurements."""
    rows = [
        {"real": real, "synthetic": 500, "without": 0.68, "with_synthetic": 0.68 + gain}
        for real, gain in ((100, 0.16), (10_000, 0.001))
    ]
    about = {"generator_sha256": digest, "samples": 500, "date": "2026-11-28",
             "machine": "a machine", "command": "python -m training.export x --study"}  # fmt: skip
    metrics = {
        "about": about, "study": rows, "study_min_steps": 3_000,
        "study_synthetic_only": 0.81,
        "cas": {"value": 0.8, "test_pictures": 10_000},
        "copies": {"exact_of_training": 0, "near_of_training": {"value": 0.002, "floor": 0.01}},
    }  # fmt: skip
    export.mkdir()
    (export / "metrics.json").write_text(json.dumps(metrics))


def test_the_card_shows_what_an_export_of_the_model_was_worth(tiny_model, tmp_path, capsys):
    folder = shutil.copytree(tiny_model, tmp_path / "tiny")
    write_study(tmp_path / "mine", generator_sha256(folder))
    assert main([str(folder), "--samples", "0", "--export", str(tmp_path / "mine")]) == 0
    card = (folder / "README.md").read_text()
    assert "it helps with 100 (+16.0 points)" in card
    assert "| 10,000 | 68.00 % | 68.10 % | +0.10 |" in card
    assert "](study.png)" in card
    assert Image.open(folder / "study.png").width > 500
    assert main([str(folder), "--samples", "0"]) == 0  # and keeps it
    assert (folder / "README.md").read_text() == card
    write_study(tmp_path / "other", "0" * 64)
    assert main([str(folder), "--samples", "0", "--export", str(tmp_path / "other")]) == 1
    assert "export must be of the generator in" in capsys.readouterr().err


def test_the_shipped_card_shows_the_shipped_figures():
    """Figures that were measured after the card was written must not be missing in it."""
    for name, content in card_files(SHIPPED_MODEL).items():
        assert (SHIPPED_MODEL / name).read_bytes() == content, name


def test_pictures_of_another_generator_do_not_stay(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "tiny")
    for name in PICTURE_FILES:
        (folder / name).write_bytes(b"old")
    save_model(folder, networks(seed=3)[0])
    assert not [name for name in PICTURE_FILES if (folder / name).exists()]


def test_darings_begin_with_the_class_means(tiny_model):
    generator = load_generator(tiny_model)
    pixels = draw_darings(generator)
    assert pixels.shape == ((5 * 30 - 2) * 3, WIDTH, 1)
    mean = generator.sample([3], [99], daring=0.0)[0]
    left = 3 * 30 * 3
    np.testing.assert_array_equal(pixels[: 28 * 3 : 3, left : left + 28 * 3 : 3], mean)


def test_a_model_without_classes_or_directions_has_strips_only(tmp_path):
    config = ModelConfig(
        class_names=(), image_channels=3, z_dim=8, w_dim=16, base_width=8,
        generator_widths=(8, 8), discriminator_widths=(8, 8, 8),
    )  # fmt: skip
    folder = write_tiny_model(tmp_path / "free", directions=False, config=config)
    assert draw_strips(load_generator(folder)).shape[1:] == (WIDTH, 3)
    assert main([str(folder)]) == 0
    assert (folder / "strips.png").is_file()
    assert not (folder / "darings.png").exists()
    assert not (folder / "nearest.png").exists()


def test_copies_are_found_as_copies(tiny_model, tmp_path):
    generator, heldout = load_generator(tiny_model), load_fashion_mnist("heldout")
    few = [type(heldout)(heldout.pixels[part], heldout.labels[part], heldout.class_names)
           for part in (slice(100), slice(100, 100 + NEAREST))]  # fmt: skip
    copied = heldout.pixels[50 : 50 + NEAREST].numpy()
    found = find_nearest(copied, *few, tmp_path)
    np.testing.assert_array_equal(found.samples, found.originals)
    assert found.distances.max() < 0.1 < found.real_distances.min()
    assert (np.diff(found.real_distances) >= 0).all()
    picture = draw_nearest(generator, found)
    assert picture.shape[1] == WIDTH
    assert len(small_png(picture)) < 60_000
    entry = describe(found, NEAREST, "command")
    assert entry["value"] < entry["floor"]
    assert entry["against"] == "train"


@pytest.mark.parametrize("count", [NEAREST - 1, 10_001])
def test_the_number_of_samples_is_checked(tiny_model, tmp_path, capsys, count):
    folder = shutil.copytree(tiny_model, tmp_path / "tiny")
    assert main([str(folder), "--samples", str(count)]) == 1
    assert f"samples must be in 20..10000, not {count}" in capsys.readouterr().err
    assert not (folder / "strips.png").exists()


def entry(value: float, **more: object) -> dict[str, object]:
    about = {"floor": 1.0, "samples": 100, "against": "test", "features": "E", "seeds": [5, 104],
             "date": "2030-01-02", "machine": "abacus", "command": "python -m training.x"}  # fmt: skip
    return {"value": value, **about, **more}


def test_figures_stand_in_groups_with_floors_classes_and_commands():
    shares = dict.fromkeys(FASHION_MNIST_CLASSES, 0.5)
    metrics = {
        "generator_sha256": "x",
        "r_e": entry(5.55555, error=0.0123),
        "cas_gap": entry(3.2, by_class=shares, by_class_floor=dict.fromkeys(shares, 0.75)),
        "label_agreement": entry(
            0.9,
            taken_for={"Coat": {"Shirt": 0.028, "Dress": 0.031, "Bag": 0.001}},
            taken_for_floor={"Coat": {"Shirt": 0.0325, "Dress": 0.02, "Bag": 0.029}},
        ),
        "not_a_figure": entry(float("nan")),
        "full": {"r_e": entry(9.0, samples=50_000), "something_new": entry(1.5)},
        "heldout": {"recall": entry(0.25, against="heldout")},
        "history": [{"images_seen": 10_000, "r_e": {"value": 7.0}, "recall": 0.125}],
    }
    text = render_figures(metrics, FASHION_MNIST_CLASSES)
    for wanted in (
        "| R in E | 5.556 ± 0.012 | 1 | test | 100 | E | 2030-01-02 |",
        "| R in E | 9 | 1 | test | 50,000 | E | 2030-01-02 |",
        "| something new | 1.5 |", "| class | CAS | CAS: floor |", "| Dress | 0.5 | 0.75 |",
        "| Recall | 0.25 | 1 | heldout |", "| 10,000 | 7 | 0.125 |", "not to be compared",
        "| Coat | Dress | 3.1 % | 2.0 % |\n| Coat | Shirt | 2.8 % | 3.2 % |",
        "* **CAS gap**: ", "python -m training.x", "abacus", "5 to 104",
    ):  # fmt: skip
        assert wanted in text
    assert "nan" not in text
    assert "not a figure" not in text
    assert "| Coat | Bag |" not in text
    places = [text.index(f"### {title}") for title in ("Against the test", "Full", "Against the g")]
    assert places == sorted(places)
    assert render_figures({"r_e": {}}, ()) == "It has not been judged yet."


def test_the_card_says_how_far_the_nearest_pairs_are(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "tiny")
    (folder / "nearest.png").write_bytes(b"a picture")
    metrics = {"nearest": entry(2.5, floor=2.25, median=4.0, median_floor=5.0, against="train")}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    card = write_card(folder).read_text()
    assert "these twenty are 2.5 away on average" in card
    assert "test garments are 2.25 away" in card
    assert "model-index" not in card


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.00012345, "0.0001234"), (974401, "974,401"), (50_000.0, "50,000"), ("", "")],
)
def test_numbers_of_a_table(value, text):
    assert number(value) == text
