"""What is measured on real garments."""

import numpy as np
import pytest

from model.attributes import (
    ATTRIBUTES,
    asymmetry,
    brightness,
    contrast,
    fade,
    flare,
    height,
    neckline,
    placket,
    sleeves,
    stripes,
    texture,
    width,
)
from training.data import load_fashion_mnist


@pytest.fixture(scope="module")
def heldout():
    return load_fashion_mnist("heldout")


def block(top: int = 4, bottom: int = 24, left: int = 8, right: int = 20, grey: int = 120):
    pixels = np.zeros((1, 28, 28, 1), dtype=np.uint8)
    pixels[:, top:bottom, left:right] = grey
    return pixels


def medians(measure, heldout, *labels):
    values, real = measure(heldout.pixels.numpy()), heldout.labels.numpy()
    return [np.nanmedian(values[real == label]) for label in labels]


def test_a_plain_block_measures_as_drawn():
    pixels = block()
    assert brightness(pixels) == pytest.approx(120)
    assert brightness(block(grey=200)) == pytest.approx(200)
    assert (width(pixels), height(pixels)) == (12, 20)
    for measure in (contrast, texture, stripes, fade, neckline, placket, asymmetry):
        assert measure(pixels) == pytest.approx(0, abs=1e-6), measure.__name__


def test_each_measure_sees_what_it_is_named_for():
    pixels = block()
    pixels[:, 14:] //= 2
    assert fade(pixels) == pytest.approx(60)
    pixels = block()
    pixels[:, 6:22:4, 8:20] = 200
    assert stripes(pixels) > 30 > 1 > stripes(block())
    pixels = block()
    pixels[:, :, 13:15] = 80
    assert placket(pixels) == pytest.approx(40)
    pixels = block()
    pixels[:, 4:7, 11:17] = 0
    assert neckline(pixels) == pytest.approx(3)
    pixels = block()
    pixels[:, 21:24, 4:24] = 120
    assert flare(pixels) > flare(block())
    pixels = block(left=0, right=28, bottom=10) | block()
    assert sleeves(pixels) == 6
    assert asymmetry(block(left=2)) > 30


def test_sizes_do_not_depend_on_where_the_garment_lies():
    for measure in (width, height, brightness):
        assert measure(block(6, 26, 10, 22)) == measure(block())


def test_real_garments_measure_as_their_names_say(heldout):
    shirt, pullover, coat = medians(sleeves, heldout, 0, 2, 4)
    assert shirt + 5 < min(pullover, coat)
    sneaker, boot = medians(height, heldout, 7, 9)
    assert sneaker + 4 < boot
    trouser, dress, top = medians(width, heldout, 1, 3, 0)
    assert trouser < dress < top


def test_every_attribute_is_defined_where_it_says_so(heldout):
    pixels, real = heldout.pixels.numpy()[:500], heldout.labels.numpy()[:500]
    for attribute in ATTRIBUTES:
        values = attribute.measure(pixels)
        assert values.shape == (500,)
        assert np.isfinite(values[attribute.defined(real)]).mean() > 0.9, attribute.name
    names = [attribute.name for attribute in ATTRIBUTES]
    assert len(set(names)) == len(names)


def test_an_empty_picture_has_nothing_to_measure():
    nothing = np.zeros((2, 28, 28, 1), dtype=np.uint8)
    with np.errstate(all="raise"):
        for attribute in ATTRIBUTES:
            assert np.isnan(attribute.measure(nothing)).all(), attribute.name


def test_colour_counts_by_its_luminance():
    grey = block()
    assert brightness(grey.repeat(3, axis=3)) == pytest.approx(brightness(grey))
