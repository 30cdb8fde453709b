"""Filling in what is missing: what is known stays, what is made differs, and mistakes are told."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.classifier import SHIPPED_CLASSIFIER, load_classifier
from model.completion import STEPS, complete
from model.completion_files import read_torn
from model.encoder import Encoder, EncoderConfig
from model.generator import Generator
from model.keepsake import AI_NOTICE, COMPOSITE_XMP, XMP, StampError, mark_png, read_stamp
from model.pixels import to_img
from model.pool import pool_of
from model.seam import join
from model.w_space import rough_metric
from model.weights import SHIPPED_MODEL, load_generator


@pytest.fixture(scope="module")
def generator(tiny_model: Path) -> Generator:
    return load_generator(tiny_model)


@pytest.fixture(scope="module")
def picture(generator: Generator) -> np.ndarray:
    return generator.sample([3], [77])[0]


@pytest.fixture(scope="module")
def left_half() -> np.ndarray:
    hidden = np.zeros((28, 28), dtype=bool)
    hidden[:, :14] = True
    return hidden


def test_the_known_part_stays_and_the_rest_differs(generator, picture, left_half):
    made = complete(generator, picture, left_half, count=5, seed=3)
    assert made.pixels.shape == (5, 28, 28, 1)
    assert (made.pixels[:, ~left_half] == picture[~left_half]).all()
    assert len({pixels.tobytes() for pixels in made.pixels}) == 5
    assert len(made.labels) == len(made.ws) == len(made.error) == 5
    flat = complete(generator, picture[..., 0], left_half, count=5, seed=3)
    assert (flat.pixels == made.pixels).all()
    other = complete(generator, picture, left_half, count=5, seed=4)
    assert not (other.pixels == made.pixels).all()


def test_an_encoder_that_knows_hidden_parts_has_a_say(generator, picture, left_half):
    encoder = Encoder(generator.config, EncoderConfig(widths=(4, 8), blocks=1)).eval()
    encoder.metric.copy_(rough_metric(generator)[-len(encoder.metric) :])
    without = complete(generator, picture, left_half, 4, encoder=encoder)
    encoder.hidden_share = 0.5
    with torch.no_grad():
        encoder.classify.weight.zero_()
        encoder.classify.bias.zero_()
        encoder.classify.bias[7] = 100.0
    made = complete(generator, picture, left_half, 4, encoder=encoder)
    assert set(made.labels) == {7} != set(without.labels)
    assert (made.pixels[:, ~left_half] == picture[~left_half]).all()
    assert len({pixels.tobytes() for pixels in made.pixels}) == 4
    unseen = np.where(left_half[..., None], 255 - picture, picture)
    again = complete(generator, unseen, left_half, 4, encoder=encoder)
    assert (again.pixels == made.pixels).all()


def test_more_different_is_farther_apart(generator, picture, left_half):
    def apart(different: float) -> float:
        made = complete(generator, picture, left_half, 6, different, label="dress")
        assert set(made.labels) == {3}
        return float(made.pixels[:, left_half].astype(float).std(0).mean())

    assert apart(0) < apart(0.5) < apart(1)


def test_every_step_is_told_and_it_can_be_stopped(generator, picture, left_half):
    told: list[int] = []
    complete(generator, picture, left_half, 4, on_step=lambda place, _: told.append(place))
    assert told == list(range(STEPS))
    told.clear()
    stopped = complete(
        generator, picture, left_half, 4,
        on_step=lambda place, _: told.append(place), stop=lambda: len(told) == 2,
    )  # fmt: skip
    assert told == [0, 1]
    assert (stopped.pixels[:, ~left_half] == picture[~left_half]).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pixels": np.zeros((28, 28), np.float32)}, r"pixels must be uint8 \[28, 28, 1\], not fl"),
        ({"pixels": np.zeros((32, 28), np.uint8)}, r"pixels must be .* not uint8 \[32, 28\]"),
        ({"pixels": np.zeros((28, 28, 3), np.uint8)}, r"not uint8 \[28, 28, 3\]"),
        ({"pixels": "a garment"}, "pixels must be .* not 'a garment'"),
        ({"hidden": np.ones((28, 28), bool)}, r"mask must hide 1\.\.783 pixels, not 784"),
        ({"hidden": np.zeros((28, 28), bool)}, r"mask must hide 1\.\.783 pixels, not 0"),
        ({"hidden": np.ones((28, 28), np.uint8)}, r"mask must be bool \[28, 28\], not uint8"),
        ({"hidden": np.ones((9, 28), bool)}, r"mask must be bool \[28, 28\], not bool \[9, 28\]"),
        ({"hidden": None}, "mask must be .* not None"),
        ({"count": 3}, r"count must be a whole number in 4\.\.8, not 3"),
        ({"count": 9}, "count must be .* not 9"),
        ({"different": 1.5}, r"different must be a number in 0\.\.1, not 1\.5"),
        ({"different": float("nan")}, "different must be a number"),
        ({"label": "hat"}, "label must be one of"),
        ({"seed": -1}, "seed must be a whole number"),
    ],
)
def test_mistakes_name_the_field_and_the_value(generator, picture, left_half, changed, message):
    given = {"pixels": picture, "hidden": left_half} | changed
    with pytest.raises(ValueError, match=message):
        complete(generator, **given)


@pytest.mark.parametrize("missing", [1, 783])
def test_one_pixel_and_all_but_one(generator, picture, missing):
    hidden = np.arange(784).reshape(28, 28) < missing
    made = complete(generator, picture, hidden, 4)
    assert (made.pixels[:, ~hidden] == picture[~hidden]).all()


def test_the_joint_takes_up_the_difference_and_fades():
    hidden = np.zeros((28, 28), dtype=bool)
    hidden[:, :20] = True
    known = np.full((28, 28, 1), 100, np.uint8)
    made = np.stack([np.full((28, 28, 1), level, float) for level in (80, 100)])
    joined = join(made, known, hidden)
    assert (joined[:, :, 20:] == 100).all()
    assert (joined[1] == 100).all()
    row = joined[0, 14, :20, 0].astype(int)
    assert row[19] > 90
    assert row[0] == 80
    assert (np.diff(row) >= 0).all()


def test_the_crowd_knows_its_own(generator):
    pool = pool_of(generator)
    assert pool_of(generator) is pool
    known = np.arange(784) % 28 >= 14
    fits = [pool.fit(label, pool.img[3, 0], known).evidence for label in range(len(pool.w))]
    assert int(np.argmax(fits)) == 3


def test_the_shipped_model_completes_pullovers(left_half):
    """From their right halves alone: the class is found, the left is close, no border is seen.

    Sixteen of them, as one alone may be so plain that its own columns hardly differ, and half of one
    may well be half of a coat; and such as are taken for pullovers when they are whole.
    """
    generator, classifier = load_generator(SHIPPED_MODEL), load_classifier(SHIPPED_CLASSIFIER)
    drawn = generator.sample([2] * 20, range(123, 143))
    with torch.inference_mode():
        pullovers = drawn[(classifier(to_img(torch.from_numpy(drawn))).argmax(1) == 2).numpy()]
    labels, errors, borders = [], [], []
    for real in pullovers[:16]:
        made = complete(generator, real, left_half, 4)
        labels += made.labels
        apart = made.pixels[:, left_half].astype(float) - real[left_half].astype(float)
        errors += [*np.sqrt(np.square(apart).mean((1, 2)))]
        beside = real[:, 14].astype(float)
        across = [np.abs(own - beside).mean() for own in (made.pixels[:, :, 13], real[:, 13])]
        borders.append(across)
    assert labels.count(2) >= 0.85 * 4 * 16
    assert np.mean(errors) < 45
    seam, plain = np.sum(borders, axis=0)
    assert seam < 1.5 * plain


def save(path: Path, pixels: np.ndarray, mode: str | None = None) -> Path:
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode)).save(path)
    return path


def test_files_are_read_as_they_are(generator, picture, left_half, tmp_path):
    grey = save(tmp_path / "a.png", picture[..., 0])
    mask = save(tmp_path / "mask.png", np.where(left_half, 255, 0).astype(np.uint8))
    torn = read_torn(generator, grey, mask)
    assert (torn.pixels == picture).all()
    assert (torn.hidden == left_half).all()
    assert torn.notes == ()
    seen = np.dstack([picture[..., 0]] * 3 + [np.where(left_half, 0, 255).astype(np.uint8)])
    clear = read_torn(generator, save(tmp_path / "b.png", seen))
    assert (clear.hidden == left_half).all()
    assert (clear.pixels[~left_half] == picture[~left_half]).all()
    assert clear.notes == ("picture was RGB and was converted to L",)
    deep = save(tmp_path / "c.png", picture[..., 0].astype(np.uint16) * 257)
    assert (read_torn(generator, deep, mask).pixels == picture).all()


def test_files_that_are_refused(generator, picture, left_half, tmp_path):
    grey = save(tmp_path / "a.png", picture[..., 0])
    large = save(tmp_path / "large.png", np.zeros((30, 28), np.uint8))
    words = tmp_path / "words.png"
    words.write_text("no picture")
    cut = tmp_path / "cut.png"
    cut.write_bytes(grey.read_bytes()[:-40])
    film = tmp_path / "film.gif"
    frames = [Image.fromarray(picture[..., 0]), Image.fromarray(255 - picture[..., 0])]
    frames[0].save(film, save_all=True, append_images=frames[1:])
    heavy = tmp_path / "heavy.png"
    heavy.write_bytes(grey.read_bytes() + bytes(2**20))
    for path, mask, message in (
        (grey, None, "mask must be given, as the picture has no transparent part: a.png"),
        (large, grey, r"picture must be of the model's own size, 28 x 28 pixels, not 28 x 30"),
        (grey, large, r"mask must be of the model's own size"),
        (words, grey, "picture must be a picture .* not words.png"),
        (cut, grey, "picture cannot be read: cut.png"),
        (film, grey, "picture must be one still picture"),
        (heavy, grey, "picture must have at most 1048576 bytes"),
        (tmp_path / "none.png", grey, "picture cannot be read: none.png"),
    ):
        with pytest.raises(ValueError, match=message):
            read_torn(generator, path, mask)


def test_what_leaves_says_that_a_part_is_generated(picture):
    data = mark_png(Image.fromarray(picture[..., 0]))
    assert data == mark_png(Image.fromarray(picture[..., 0]))
    assert b"AI-generated in part" in data
    assert b"compositeWithTrainedAlgorithmicMedia" in data
    assert COMPOSITE_XMP != XMP
    assert AI_NOTICE.encode() not in data
    with pytest.raises(StampError):
        read_stamp(data)


def test_nothing_at_inference_is_left_behind(generator, picture, left_half):
    with torch.inference_mode():
        inside = complete(generator, picture, left_half, 4)
    outside = complete(generator, picture, left_half, 4)
    assert (inside.pixels == outside.pixels).all()
    assert not any(parameter.grad is not None for parameter in generator.parameters())
