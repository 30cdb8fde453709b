"""The film of a training: the same recipe at each moment that a model folder keeps."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from model.code import Code
from model.history import HISTORY_FOLDER, Film
from model.mixing import blend
from model.recipe import Edit
from model.storage import ModelFolderError
from model.studio import Studio
from model.weights import SHIPPED_MODEL, add_metrics, load_generator, save_model
from training.derive import derive_history
from training.publish import space_files


@pytest.fixture(scope="module")
def kept(tiny_model, tmp_path_factory):
    """A folder with three moments, the last of them the model itself."""
    folder = shutil.copytree(tiny_model, tmp_path_factory.mktemp("film") / "model")
    for name, shift in (("000010k", 0.4), ("000200k", 0.1), ("000800k", 0.0)):
        generator = load_generator(folder)
        generator.synthesis.to_image.bias += shift
        save_model(folder / HISTORY_FOLDER / name, generator)
    assert derive_history(folder) == 3
    return folder


def test_a_seed_is_drawn_at_each_moment(kept):
    film, studio = Film(kept), Studio.open(kept)
    assert [m.images_seen for m in film.moments] == [10_000, 200_000, 800_000]
    garment = studio.garment(4, 17, daring=1)
    strip = film.strip(garment)
    assert strip.shape == (3, 28, 28, 1)
    assert np.array_equal(strip[2], studio.draw([garment])[0])
    means = strip.astype(int).mean((1, 2, 3))
    assert means[0] > means[1] > means[2]


def test_blends_and_darings_mean_the_same_and_edits_are_left_out(kept):
    film, studio = Film(kept), Studio.open(kept)
    pair = blend(studio.garment(0, 1, 0.7), studio.garment(3, 2, 0.5), 0.4, 0.6)
    edited = dataclasses.replace(pair, edits=(Edit("brightness", 1.0, 1.0),))
    drawn = film.draw([pair, edited], 0)
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], film.draw([pair], 1)[0])


def test_figures_stand_by_their_moment_and_the_best_is_known(kept, tmp_path):
    folder = shutil.copytree(kept, tmp_path / "judged")
    assert Film(folder).best is None
    for place, r in (("history/000010k", 20.0), ("history/000200k", 2.0), (".", 3.0)):
        add_metrics(folder / place, {"heldout": {"r_e": {"value": r}, "kd_e": {"value": 0.1}}})
    film = Film(folder)
    assert [m.r for m in film.moments] == [20.0, 2.0, 3.0]
    assert film.moments[0].kd == 0.1
    assert film.moments[0].recall is None
    assert film.best == 1
    path = folder / "history" / "000200k" / "metrics.json"
    path.write_text(json.dumps({"heldout": {"r_e": {"value": "good"}}}), encoding="utf-8")
    with pytest.raises(ModelFolderError, match="r_e must be a number"):
        Film(folder)


def test_what_cannot_be_shown_is_told(kept, plain_model, tmp_path):
    with pytest.raises(ModelFolderError, match="no moments"):
        Film(plain_model)
    film = Film(kept)
    garment = Studio.open(kept).garment(0, 0)
    for moment in (-1, 3, "1", None):
        with pytest.raises(ValueError, match=r"moment must be in 0\.\.2"):
            film.draw([garment], moment)
    studio = Studio.open(kept)
    code = Code.of(studio.generator, 3, studio.generator.directions.class_means[3] + 1)
    with pytest.raises(ValueError, match="must be of seeds"):
        film.draw([studio.from_code(3, code)], 0)
    folder = shutil.copytree(kept, tmp_path / "odd")
    config = folder / HISTORY_FOLDER / "000010k" / "config.json"
    config.write_text(config.read_text().replace('"z_dim": 8', '"z_dim": 9'), encoding="utf-8")
    with pytest.raises(ModelFolderError, match="another shape"):
        Film(folder)


def test_the_shipped_film_has_eight_moments_and_goes_with_the_page():
    film, studio = Film(SHIPPED_MODEL), Studio.open(SHIPPED_MODEL)
    assert len(film.moments) == 8
    garment = studio.garment(9, 42)
    strip = film.strip(garment)
    assert np.array_equal(strip[-1], studio.draw([garment])[0])
    differences = np.abs(strip[1:].astype(int) - strip[:-1]).mean((1, 2, 3))
    assert (differences > 1).all()
    assert film.best == 7
    assert film.moments[7].r < film.moments[3].r
    shipped = space_files()
    for moment in film.moments:
        assert f"weights/fashion-mnist/history/{moment.name}/model.safetensors" in shipped
    assert sum(path.stat().st_size for path in shipped.values()) < 30e6
