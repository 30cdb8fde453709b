"""The endpoint `photo`: a garment's recipes from a photo that is gone afterwards."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from gradio.utils import get_upload_folder

from model.studio import Studio
from ui import endpoint_photo
from ui.desk import Desk
from ui.photo import SAMPLES

BOOT = (SAMPLES / "boot.jpg").read_bytes()


USUAL = (None, 0, None, False, "auto", 0.5, None)
"""What stands for the values that a call leaves out: this way of calling wants them all."""


def uploaded(web: TestClient, content: bytes) -> dict[str, Any]:
    answer = web.post("/gradio_api/upload", files={"files": ("mine.jpg", content, "image/jpeg")})
    return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}


def run(web: TestClient, content: bytes, *rest: object) -> tuple[int, dict[str, Any]]:
    picture = uploaded(web, content)
    data = json.dumps({"data": [picture, *rest, *USUAL[len(rest) :]]})
    headers = {"Content-Type": "application/json"}
    answer = web.post("/gradio_api/run/photo", content=data, headers=headers)
    return answer.status_code, answer.json()


def left() -> list[Path]:
    return [path for path in Path(get_upload_folder()).rglob("*") if "mine" in path.name]


def test_both_ends_are_recipes_and_nothing_is_left(web: TestClient, studio: Studio) -> None:
    status, body = run(web, BOOT, "ankle boot", 0, None, False, "auto", 0.5, "moss")
    assert status == 200, body
    assert left() == []
    (told,) = body["data"]
    for end in ("close", "editable"):
        garment = studio.read(told[end])
        assert garment.label == 9
        assert garment.dyes == (("moss", 1.0),)
        assert 0 <= told["error"][end] <= 1
    assert told["class"] == "Ankle boot"
    assert told["error"]["close"] <= told["error"]["editable"]


@pytest.mark.parametrize(
    ("content", "rest", "message"),
    [
        (b"no picture", (None,), "photo "),
        (BOOT, ("hat",), "label must be one of"),
        (BOOT, (None, 7), "turns must be"),
        (BOOT, (None, 0, 90), "tilt must be"),
        (BOOT, (None, 0, None, False, "perhaps"), "invert must be"),
        (BOOT, (None, 0, None, False, "auto", 3), "background must be"),
        (BOOT, (None, 0, None, False, "auto", 0.5, "pink"), "dye must be one of"),
    ],
)
def test_mistakes_are_told_and_leave_nothing(
    web: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    rest: tuple[object, ...],
    message: str,
) -> None:
    monkeypatch.setattr(endpoint_photo, "inverter_of", None)  # it takes long: it is not begun
    status, body = run(web, content, *rest)
    assert status == 500
    assert body["error"].startswith(message), body
    assert left() == []


def test_a_model_that_cannot_write_what_it_finds_does_not_look_for_it(
    web: TestClient, plain_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint_photo, "inverter_of", None)
    photos = endpoint_photo.Photos(Desk(Studio.open(plain_model)))
    with pytest.raises(ValueError, match="cannot be written"):
        photos.photo(uploaded(web, BOOT))
    assert left() == []
