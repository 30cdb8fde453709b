"""What the photo screen asks the server: within bounds, and every refusal by name."""

import base64
import time
from typing import Any

import numpy as np
import pytest

from model.studio import Studio
from tests.test_photo import bomb, cut_off, drawn, packed
from ui.desk import Desk, answering
from ui.jobs import Jobs
from ui.parts import load_words
from ui.payload import LONGEST
from ui.photo import Photo, can_weave, photo_setup


@pytest.fixture(scope="module")
def photo(studio: Studio) -> Photo:
    return Photo(Desk(studio), Jobs())


def base(data: bytes) -> str:
    return base64.b64encode(data).decode()


def read(screen: Photo, **request: object) -> dict[str, Any]:
    return answering(screen.read_photo)(request)


def woven(photo: Photo, job: object) -> dict[str, Any]:
    for _ in range(600):
        step = answering(photo.weave_step)({"job": job})
        if step.get("done", True):
            return step
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def test_a_photo_becomes_a_garment_at_both_ends(photo: Photo, studio: Studio) -> None:
    answer = read(photo, photo=base(packed(drawn())))
    assert len(base64.b64decode(answer["pixels"])) == 28 * 28
    assert answer["background"] == "taken"
    assert answer["inverted"]
    begun = answering(photo.weave_photo)({"pixels": answer["pixels"], "dye": answer["dye"]})
    result = woven(photo, begun["job"])
    close, easy = result["garments"]
    assert len(base64.b64decode(result["pixels"])) == 2 * 28 * 28
    for garment in (close, easy):
        recipe = studio.read(garment["recipe"])
        assert recipe.label == garment["label"]
        assert recipe.dyes == (("indigo", 1.0),)
    # Fetched once, it is gone.
    assert "job must be one" in answering(photo.weave_step)({"job": begun["job"]})["error"]


def test_it_can_be_read_as_another_class_and_be_stopped(photo: Photo) -> None:
    pixels = base(bytes(28 * 28))
    begun = answering(photo.weave_photo)({"pixels": pixels, "label": 7})
    answering(photo.weave_stop)({"job": begun["job"]})
    result = woven(photo, begun["job"])
    assert not result.get("garments") or result["garments"][0]["label"] == 7
    assert answering(photo.weave_stop)({"job": "nobody's"}) == {"stopped": False}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\0\0\0\x20ftypheic\0\0\0\0mif1heic", "heic"),
        (b"<svg></svg>", "svg"),
        (b"no picture", "format"),
        (cut_off(), "broken"),
        (bomb(), "pixels"),
        (packed(drawn(10)), "tiny"),
        (b"", "empty"),
    ],
)
def test_bad_pictures_are_a_word_that_the_page_knows(
    photo: Photo, data: bytes, problem: str
) -> None:
    answer = read(photo, photo=base(data))
    assert answer["problem"] == problem
    assert all(f"photo_wrong_{problem}" in words for words in load_words().values())


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({}, "photo must be base64 of at most"),
        ({"photo": 3}, "photo must be base64 of at most"),
        ({"photo": "A" * (LONGEST + 4)}, "photo must be base64 of at most"),
        ({"photo": "not base64!"}, "photo must be base64"),
        ({"photo": "AAAA", "corrections": 3}, "corrections must be an object"),
        ({"photo": "AAAA", "corrections": {"tilt": 90}}, "tilt must be"),
    ],
)
def test_requests_are_refused_by_field(
    photo: Photo, request_: dict[str, object], told: str
) -> None:
    assert told in read(photo, **request_)["error"]


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"pixels": base(b"abc")}, "pixels must be base64 of 784 bytes"),
        ({"pixels": base(bytes(784)), "label": 10}, "label must be"),
        ({"pixels": base(bytes(784)), "dye": "pink"}, "dye must be one of"),
    ],
)
def test_what_is_woven_is_checked(photo: Photo, request_: dict[str, object], told: str) -> None:
    assert told in answering(photo.weave_photo)(request_)["error"]


def test_a_model_without_class_means_shows_but_does_not_weave(plain_model: Any) -> None:
    plain = Studio.open(plain_model)
    assert not can_weave(plain)
    setup = photo_setup(plain)
    assert not setup["encoder"]
    assert setup["reach"] is None
    photo = Photo(Desk(plain), Jobs())
    answer = read(photo, photo=base(packed(drawn())))
    assert np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).max() > 200
    refused = answering(photo.weave_photo)({"pixels": answer["pixels"]})
    assert "cannot be written" in refused["error"]


def test_the_samples_are_small_and_can_be_read(studio: Studio, photo: Photo) -> None:
    samples = photo_setup(studio)["samples"]
    assert [name for name, _ in samples] == ["bag", "boot", "dress", "shirt"]
    for _, address in samples:
        assert len(address) < 20_000
        assert read(photo, photo=address.partition(",")[2])["sure"] > 0.5
