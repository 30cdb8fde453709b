"""The endpoint `complete`: several completions of a picture that is gone afterwards."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from gradio.utils import get_upload_folder
from PIL import Image

from model.pixels import to_png
from model.studio import Studio

HIDDEN = np.arange(28) < 14
MASK = np.repeat(np.where(HIDDEN, 255, 0)[None].astype(np.uint8), 28, axis=0)


@pytest.fixture(scope="module")
def garment(studio: Studio) -> np.ndarray:
    pixels: np.ndarray = studio.generate("dress", 42)[..., 0]
    return pixels


def upload(web: TestClient, data: bytes, name: str) -> dict[str, Any]:
    answer = web.post("/gradio_api/upload", files={"files": (name, data, "image/png")})
    return {"path": answer.json()[0], "meta": {"_type": "gradio.FileData"}}


def png(pixels: np.ndarray) -> bytes:
    return to_png(Image.fromarray(pixels))


def run(web: TestClient, *data: object) -> tuple[int, dict[str, Any]]:
    content = json.dumps({"data": data})
    headers = {"Content-Type": "application/json"}
    answer = web.post("/gradio_api/run/complete", content=content, headers=headers)
    return answer.status_code, answer.json()


def left(named: str) -> list[Path]:
    return [path for path in Path(get_upload_folder()).rglob("*") if named in path.name]


def test_six_different_ones_and_nothing_is_left(web: TestClient, garment: np.ndarray) -> None:
    picture, mask = upload(web, png(garment), "mine.png"), upload(web, png(MASK), "mine-mask.png")
    assert len(left("mine")) == 2
    status, body = run(web, picture, mask, 6, 0.5, "dress", 7)
    assert status == 200, body
    assert left("mine") == []
    made = []
    for file in body["data"][0]:
        assert file["mime_type"] == "image/png"
        data = web.get(f"/gradio_api/{file['url'].split('/gradio_api/', 1)[1]}").content
        assert b"AI-generated in part" in data
        made.append(np.asarray(Image.open(io.BytesIO(data))))
    assert len({pixels.tobytes() for pixels in made}) == 6
    assert all((pixels[:, ~HIDDEN] == garment[:, ~HIDDEN]).all() for pixels in made)


def test_a_transparent_picture_needs_no_mask(web: TestClient, garment: np.ndarray) -> None:
    torn = np.dstack([garment, garment, garment, 255 - MASK])
    status, body = run(web, upload(web, png(torn), "torn.png"), None, 4, 0.5, None, 0)
    assert status == 200, body
    assert len(body["data"][0]) == 4
    assert left("torn") == []


def test_mistakes_are_told_and_leave_nothing(web: TestClient, garment: np.ndarray) -> None:
    good, wide = png(garment), png(np.zeros((28, 40), np.uint8))
    for data, mask, rest, message in (
        (wide, png(MASK), (6, 0.5, None, 0), "picture must be of the model's own size"),
        (b"no picture", png(MASK), (6, 0.5, None, 0), "picture must be a picture"),
        (good, wide, (6, 0.5, None, 0), "mask must be of the model's own size"),
        (good, None, (6, 0.5, None, 0), "mask must be given"),
        (good, png(np.full((28, 28), 255, np.uint8)), (6, 0.5, None, 0), "mask must hide 1..783"),
        (good, png(MASK), (60, 0.5, None, 0), "count must be"),
        (good, png(MASK), (6, 0.5, "hat", 0), "label must be one of"),
    ):
        picture = upload(web, data, "wrong.png")
        status, body = run(
            web, picture, None if mask is None else upload(web, mask, "wrong-mask.png"), *rest
        )
        assert status == 500
        assert message in body["error"]
        assert left("wrong") == []


def test_only_what_was_uploaded_is_touched(
    web: TestClient, garment: np.ndarray, tmp_path: Path
) -> None:
    """A caller may name any file of the machine; it is neither read nor deleted."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(png(garment))
    for file in ({"path": str(secret)}, str(secret), {"path": None}, 7, {}):
        mask = upload(web, png(MASK), "also.png")
        status, body = run(web, file, mask, 6, 0.5, None, 0)
        assert status == 500
        assert "picture must be an uploaded file" in body["error"]
        assert left("also") == []
    assert secret.is_file()
