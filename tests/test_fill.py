"""What the eraser asks the server: completions as a job, a file, and clear words for bad requests."""

import base64
import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from model.keepsake import read_stamp
from model.studio import Studio
from ui import jobs
from ui.desk import Desk, answering
from ui.fill import Fill
from ui.jobs import Jobs


@pytest.fixture(scope="module")
def fill(studio: Studio) -> Fill:
    return Fill(Desk(studio), Jobs())


def text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=np.uint8).tobytes()).decode()


@pytest.fixture(scope="module")
def request_of(studio: Studio) -> dict[str, object]:
    mask = np.zeros((28, 28))
    mask[:, :14] = 1
    pixels = studio.generate("dress", 42)
    return {"pixels": text(pixels), "mask": text(mask), "count": 4, "different": 0.6, "seed": 3}


def fetch(fill: Fill, job: str) -> dict[str, object]:
    for _ in range(600):
        answer = answering(fill.complete_step)({"job": job})
        if answer.get("done") or "error" in answer:
            return answer
        assert 0 <= answer["progress"] <= 1
        time.sleep(0.05)
    raise AssertionError("the job did not end within half a minute")


def test_completions_are_garments_that_keep_what_is_known(fill, studio, request_of):
    begun = answering(fill.complete)(request_of)
    answer = fetch(fill, begun["job"])
    assert len(answer["garments"]) == 4
    pixels = np.frombuffer(base64.b64decode(answer["pixels"]), np.uint8).reshape(4, 28, 28, 1)
    known = studio.generate("dress", 42)[:, 14:]
    assert all(np.array_equal(picture[:, 14:], known) for picture in pixels)
    assert len({picture.tobytes() for picture in pixels}) == 4
    for garment in answer["garments"]:
        assert studio.read(garment["recipe"]).text == garment["recipe"]
    again = answering(fill.complete_step)({"job": begun["job"]})
    assert again["error"].startswith("job must be one that was started")


def test_a_picture_to_keep_tells_its_recipe(fill, studio, request_of):
    recipe = studio.garment("dress", 42, dye="moss").text
    asked = {"pixels": request_of["pixels"], "recipe": recipe}
    answer = answering(fill.completed_picture)(asked)
    png = base64.b64decode(answer["png"].partition(",")[2])
    assert Image.open(io.BytesIO(png)).size == (896, 896)
    assert read_stamp(png) == recipe


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("pixels", None, "pixels must be base64 of 784 bytes, not None"),
        ("pixels", "AAAA", "pixels must be base64 of 784 bytes, not 'AAAA'"),
        ("pixels", "#" * 40, "pixels must be base64 of 784 bytes"),
        ("pixels", "A" * 2**21, "pixels must be base64 of 784 bytes"),
        ("pixels", ["x"], "pixels must be base64 of 784 bytes, not ['x']"),
        ("mask", text(np.zeros((28, 28))), "mask must hide 1..783 pixels, not 0"),
        ("mask", text(np.ones((28, 28))), "mask must hide 1..783 pixels, not 784"),
        ("mask", text(np.ones(3)), "mask must be base64 of 784 bytes"),
        ("count", 3, "count must be a whole number in 4..8, not 3"),
        ("different", 1.5, "different must be a number in 0..1, not 1.5"),
        ("different", float("nan"), "different must be"),
        ("seed", -1, "seed must be a whole number in 0..4294967295, not -1"),
    ],
)
def test_bad_requests_are_told_field_and_value(fill, request_of, field, value, told):
    answer = answering(fill.complete)({**request_of, field: value})
    assert answer["error"].startswith(told)


@pytest.mark.parametrize("job", [None, "", "unknown", 3, ["x"], {"job": 1}])
def test_unknown_jobs_are_refused(fill, job):
    assert answering(fill.complete_step)({"job": job})["error"].startswith("job must be")
    assert answering(fill.complete_stop)({"job": job}) == {"stopped": False}


def test_a_stopped_job_ends_with_what_it_has(fill, request_of):
    begun = fill.complete(request_of)
    assert fill.complete_stop(begun) == {"stopped": True}
    answer = fetch(fill, begun["job"])
    assert answer["done"]


def test_a_full_house_is_told_and_forgotten_jobs_leave(monkeypatch):
    monkeypatch.setattr(jobs, "MOST", 3)
    monkeypatch.setattr(jobs, "FORGOTTEN_SECONDS", 0.3)
    hold, house, noticed = threading.Event(), Jobs(), threading.Event()

    def work(job):
        while not job.stopped:
            time.sleep(0.01)
        noticed.set()
        hold.wait(5)
        return {}

    for _ in range(3):
        house.start(work)
    with pytest.raises(jobs.JobBusyError, match="too many"):
        house.start(work)
    assert noticed.wait(5)  # nobody asked for them
    hold.set()
    time.sleep(0.1)
    last = house.start(lambda job: {"made": job.progress})
    for _ in range(100):
        answer = house.step(last["job"])
        if answer["done"]:
            break
        time.sleep(0.02)
    assert answer == {"done": True, "made": 0.0}


def test_what_goes_wrong_at_work_is_told_when_it_is_fetched():
    house = Jobs()

    def work(_):
        raise ValueError("seed must be kind")

    begun = house.start(work)
    time.sleep(0.2)
    with pytest.raises(ValueError, match="seed must be kind"):
        house.step(begun["job"])
