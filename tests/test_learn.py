"""What the lesson asks the server: answers, bad input, and trainings of many visitors at once."""

import base64
import re
import time
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi.testclient import TestClient

from model.live import Knobs, Moment
from model.studio import Studio
from tests.test_endpoints import server_call
from ui import live
from ui.lesson_code import LINES, ROOT, lesson_code, read_function
from ui.live import MAX_WAITING, Stage
from ui.parts import load_words

TEXTS = ("kinds", "noise", "critic", "duel", "train", "wrong", "uses")


@pytest.mark.parametrize("language", ["pt", "en"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_step_has_at_most_45_words(language: str, text: str) -> None:
    assert 0 < len(load_words()[language][f"learn_{text}"].split()) <= 45


@pytest.mark.parametrize("language", ["pt", "en"])
def test_words_are_defined_where_they_come_first(language: str) -> None:
    words = load_words()[language]
    loss, collapse = ("perda", "colapso") if language == "pt" else ("loss", "collapse")
    train = words["learn_train"].lower()
    told = [f"duel_{n}" for n in range(1, 8)]
    first = next(key for key in told if loss in words[key].lower())
    assert ("o número que" if language == "pt" else "the number that") in words[first]
    assert collapse not in train  # its turn comes in stage 5
    for word in ("passo", "penalidade") if language == "pt" else ("step", "penalty"):
        assert f"{word}, " in train
    for key in ("duel_3", "duel_dots", "learn_duel_notes"):  # no place in a queue from 0 to 100
        assert ("brutas" if language == "pt" else "raw scores") in words[key].lower()


def test_the_recorded_trainings_show_what_their_answers_say(web: TestClient) -> None:
    _, body = server_call(web, "learn", "lesson", {})
    runs = body["runs"]
    assert [run["label"] for run in runs.values()] == [0, 1, 0]  # B is the trousers
    assert "calça" in load_words()["pt"]["wrong_collapse_yes"]
    last = {name: run["variety"][-1] for name, run in runs.items() if "variety" in run}
    assert last["collapse"] < 0.1
    assert max(runs["overpowering"]["losses"]["generator"]) > 1000
    assert max(runs["too-fast"]["losses"]["generator"]) < 1000


def test_the_lesson_opens_with_all_that_its_steps_show(web: TestClient) -> None:
    status, body = server_call(web, "learn", "lesson", {})
    assert status == 200
    assert len(body["zoo"]["garments"]) == 4
    assert len(body["made"]["garments"]) == 6
    assert len(body["noise"]) == 8
    assert (body["duel"]["rows"], body["duel"]["columns"]) == (3, 8)
    assert list(body["runs"]) == ["too-fast", "collapse", "overpowering"]


def test_noise_becomes_w_and_ten_garments(web: TestClient, studio: Studio) -> None:
    _, body = server_call(web, "learn", "noise", {"seed": 77})
    status, body = server_call(web, "learn", "weave", body)
    assert status == 200
    assert np.shape(body["w"]) == (10, studio.config.w_dim)
    drawn = studio.draw(studio.line(77))
    assert base64.b64decode(body["pixels"]) == drawn.tobytes()


def test_a_garment_has_five_chances_and_an_opinion(web: TestClient, studio: Studio) -> None:
    recipe = studio.garment("dress", 1).text
    _, body = server_call(web, "learn", "classify", {"recipe": recipe})
    chances = [chance for _, chance in body["chances"]]
    assert chances == sorted(chances, reverse=True)
    assert len(chances) == 5
    _, body = server_call(web, "header", "opinion", {"recipe": recipe})
    assert 0 <= body["score"] <= 100
    assert sum(body["heaps"]["real"]) == pytest.approx(1, abs=0.01)
    _, body = server_call(web, "header", "nearest", {"recipe": recipe})
    assert body.get("missing") or body["distances"] == sorted(body["distances"])


@pytest.mark.parametrize(
    ("screen", "name", "data"),
    [
        ("learn", "lesson", None),
        ("learn", "classify", {}),
        ("learn", "classify", {"recipe": "tr1~x"}),
        ("learn", "make", {"seed": 1}),
        ("learn", "make", {"label": 99, "seed": 1}),
        ("learn", "make", {"label": 1, "seed": float("nan")}),
        ("learn", "noise", {"seed": -1}),
        ("learn", "weave", {}),
        ("learn", "weave", {"noise": [0] * 7}),
        ("learn", "weave", {"noise": [1e9] * 8}),
        ("learn", "weave", {"noise": ["1"] * 8}),
        ("learn", "train", {"learning_rate": 0}),
        ("learn", "train", {"critic_strength": "strong"}),
        ("learn", "train", {"penalty": float("inf")}),
        ("learn", "train_step", {}),
        ("learn", "train_step", {"job": "unknown"}),
        ("learn", "train_step", {"job": ["x"]}),
        ("header", "opinion", {}),
        ("header", "nearest", {"recipe": 7}),
    ],
)
def test_bad_input_is_named(web: TestClient, screen: str, name: str, data: object) -> None:
    status, body = server_call(web, screen, name, data)
    assert status == 200
    assert set(body) <= {"error", "reason"}
    assert "must" in body["error"]
    assert len(body["error"]) < 500


def moment(seconds: float, ended: live.Moment | str = "") -> Moment:
    sheet = np.zeros((16, 28, 28, 1), np.uint8)
    return Moment(32, seconds, sheet, (0.5,), (float("1e30"),), ended)  # type: ignore[arg-type]


def slowly(_: Knobs) -> Iterator[Moment]:
    """A training of twenty moments."""
    for n in range(20):
        time.sleep(0.02)
        yield moment(n, "time" if n == 19 else "")


def until(stage: Stage, job: str, wanted: str) -> dict[str, object]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = stage.train_step({"job": job})
        if answer[wanted]:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{wanted} never came")


def test_one_trains_and_the_others_see_their_place() -> None:
    stage = Stage(slowly)
    first, second, third = (stage.train({})["job"] for _ in range(3))
    assert [stage.train_step({"job": job})["place"] for job in (first, second, third)] == [0, 1, 2]
    assert stage.train_stop({"job": second}) == {"stopped": True}
    assert stage.train_step({"job": third})["place"] == 1
    assert until(stage, first, "done")["generator"]
    assert until(stage, third, "critic")["place"] == 0
    assert until(stage, third, "done")["failed"] is False
    with pytest.raises(ValueError, match="job must be"):
        stage.train_step({"job": third})
    assert stage.train_stop({"job": third}) == {"stopped": False}


def test_two_hundred_who_press_train_are_told_to_come_back() -> None:
    stage = Stage(slowly)
    answers = [stage.train({}) for _ in range(200)]
    assert sum("job" in answer for answer in answers) == MAX_WAITING + 1
    assert {answer["reason"] for answer in answers if "reason" in answer} == {"train_busy"}
    for answer in answers:
        stage.train_stop(answer)


def test_a_page_that_left_frees_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FORGOTTEN_SECONDS", 0.15)
    stage = Stage(slowly)
    stage.train({})
    second = stage.train({})["job"]
    assert until(stage, second, "done")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_training_that_fails_is_told_and_the_next_goes_on() -> None:
    failing = [True]

    def train(knobs: Knobs) -> Iterator[Moment]:
        if failing.pop() if failing else False:
            raise RuntimeError("no memory")
        return slowly(knobs)

    stage = Stage(train)
    first, second = stage.train({})["job"], stage.train({})["job"]
    assert until(stage, first, "done")["failed"] is True
    assert until(stage, second, "done")["failed"] is False


@pytest.mark.parametrize("language", ["pt", "en"])
def test_the_page_tells_the_readme_s_figures_of_the_video(language: str) -> None:
    number = re.compile(r"\d+(?:\.\d+)?")
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## From the video")[1]
    readme = set(number.findall(section.split("\n## ")[0]))
    words = load_words()[language]
    told = [text for key, text in words.items() if re.fullmatch(r"video_.*_measured", key)]
    assert len(told) == 6
    for text in told:
        plain = re.sub(r"(\d),(\d)", r"\1.\2", text) if language == "pt" else text
        assert set(number.findall(plain)) <= readme, text


def test_every_line_behind_the_lesson_is_there() -> None:
    code = lesson_code()
    for part, places in LINES.items():
        for (file, name), found in zip(places, code[part], strict=True):
            assert found["file"] == file
            assert f"def {name.split('.')[-1]}(" in found["text"]
            assert found["text"].count("\n") == found["last"] - found["first"]
    with pytest.raises(LookupError, match="no function nothing"):
        read_function("model/latents.py", "nothing")
