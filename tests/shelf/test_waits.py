"""A shelf in trouble: a Hub that never answers or is away, callers at once, a full cache."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from model.visitors import (
    MAX_CACHED_MODELS,
    cache_folder,
    fetch_as_nobody,
    place_of,
    prune,
    size_of,
)
from tests.hub_server import Hub, silent
from tests.shelf.conftest import fetched, refusal, rules
from ui.shelf import Shelf
from ui.shelf_rules import ShelfError


def look_ups(hub: Hub) -> int:
    return sum(line.startswith("GET /api/models/") for line in hub.log)


@contextmanager
def under_way(call: Callable[[str], object], *arguments: str) -> Iterator[list[object]]:
    """Calls at the same time, one for each argument, and what they answer by the end of the block."""
    answers: list[object] = []

    def run(argument: str) -> None:
        try:
            answers.append(call(argument))
        except ShelfError as error:
            answers.append(error.reason)

    threads = [threading.Thread(target=run, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    yield answers
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 30 s")


def test_a_hub_that_never_answers_is_given_up_at_the_deadline(hub, given, monkeypatch):
    with silent() as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        shelf = Shelf([given], rules(deadline_seconds=0.5))
        start = time.monotonic()
        assert refusal(shelf.open, "user/name") == "unreachable"
        assert time.monotonic() - start < 10
    assert shelf.find("tiny", given.digest) is given.studio


def test_a_second_caller_is_told_that_the_shelf_is_busy(hub, given, models):
    hub.put("user/m0", models[0])
    hub.put("user/m1", models[1])
    shelf = Shelf([given], rules(wait_seconds=0.2))
    hub.gate.clear()
    with under_way(shelf.open, "user/m0") as answers:
        wait_for(lambda: look_ups(hub) == 1)
        start = time.monotonic()
        assert refusal(shelf.open, "user/m1") == "busy"
        assert refusal(shelf.open_revision, "user/m1", "0" * 8) == "busy"
        assert time.monotonic() - start < 5
        assert shelf.find("tiny", given.digest) is given.studio  # the page goes on meanwhile
        assert answers == []
        hub.gate.set()
    assert [entry.name for entry in answers] == ["user/m0"]
    assert shelf.open("user/m1").name == "user/m1"


def test_two_who_want_the_same_share_one_download(hub, given, models):
    hub.put("user/m0", models[0])
    shelf = Shelf([given], rules(wait_seconds=30))
    hub.gate.clear()
    with under_way(shelf.open, "user/m0", "user/m0") as answers:
        wait_for(lambda: look_ups(hub) == 1)
        hub.gate.set()
    assert answers[0] is answers[1]
    assert sum(line.startswith("GET /_lfs/") for line in hub.log) == 1


def test_a_killed_download_leaves_the_shelf_as_it_was(hub, given, models, tmp_path):
    hub.put("user/m0", models[0])
    shelf = Shelf([given], rules(deadline_seconds=0.5))
    hub.gate.clear()
    assert refusal(shelf.open, "user/m0") == "unreachable"
    hub.gate.set()
    assert shelf.names == ("tiny",)
    patient = Shelf([given], rules())
    assert patient.open("user/m0").name == "user/m0"


def test_when_the_hub_is_away_the_cached_copy_serves(hub, given, models, monkeypatch):
    hub.put("user/m0", models[0])
    pixels = Shelf([given], rules()).open("user/m0").studio.generate(0, 1)
    later = Shelf([given], rules())
    with monkeypatch.context() as patch:
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        assert later.open("user/m0").studio.generate(0, 1).tobytes() == pixels.tobytes()
        assert refusal(later.open, "user/m1") == "unreachable"
    del hub.repos["model", "user/m0"]  # withdrawn, not away
    assert refusal(Shelf([given], rules()).open, "user/m0") == "not_found"


def test_the_cache_keeps_what_was_used_last(hub, given, models, tmp_path):
    for n in range(3):
        hub.put(f"user/m{n}", models[n])
    cache, shelf = cache_folder(), Shelf([given], rules())
    for n in range(2):
        shelf.open(f"user/m{n}")
        os.utime(place_of(cache, f"user/m{n}"), (n, n))
    size = size_of(place_of(cache, "user/m0"))
    bounded = Shelf([given], rules(max_cache_bytes=50_000_000 + int(1.5 * size)))
    bounded.open("user/m2")  # before it, room is made for the largest that may come
    kept = {path.name for path in cache.glob("models--*")}
    assert kept == {"models--user--m1", "models--user--m2"}
    assert not (cache / ".locks" / "models--user--m0").exists()
    Shelf([given], rules(max_cache_bytes=0)).open("user/m0")  # bounds are kept even for the last
    assert fetched(tmp_path) == set()


def test_the_cache_holds_no_more_than_some_models(tmp_path):
    for n in range(MAX_CACHED_MODELS + 5):
        (tmp_path / f"models--user--m{n}").mkdir()
        os.utime(tmp_path / f"models--user--m{n}", (n, n))
    (tmp_path / "of another program").mkdir()
    prune(tmp_path, 10**9)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {
        "of another program", *(f"models--user--m{n}" for n in range(5, MAX_CACHED_MODELS + 5))
    }  # fmt: skip


def test_a_cache_of_somebody_else_is_not_used(hub, given, models, tmp_path):
    hub.put("user/m0", models[0])
    (tmp_path / "theirs").mkdir()
    (tmp_path / "cache").symlink_to(tmp_path / "theirs")
    assert refusal(Shelf([given], rules()).open, "user/m0") == "unreachable"
    assert list((tmp_path / "theirs").iterdir()) == []
    with pytest.raises(PermissionError, match="TRAMA_CACHE"):
        fetch_as_nobody("user/m0", None, tmp_path / "cache", 1)
    assert hub.log == []


def test_the_cache_has_a_place_of_its_own(monkeypatch, tmp_path):
    monkeypatch.delenv("TRAMA_CACHE", raising=False)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    assert cache_folder().parent == tmp_path
    monkeypatch.delenv("GRADIO_TEMP_DIR")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert cache_folder().parent == tmp_path / "temporary"
    monkeypatch.setenv("TRAMA_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


def test_many_threads_never_see_more_than_three(hub, given, models, digests):
    """Readers and openers at once: what is found is what was asked for, within the bound."""
    for n, files in enumerate(models):
        hub.put(f"user/m{n}", files)
    shelf, done, faults = Shelf([given], rules(wait_seconds=0.01)), threading.Event(), []

    def read(seed: int) -> None:
        choice = random.Random(seed)
        while not done.wait(0.001):
            n = choice.randrange(len(models))
            if len(shelf.entries) > 3 or shelf.names[0] != "tiny":
                faults.append(shelf.names)
            try:
                studio = shelf.find(f"user/m{n}", digests[n])
            except ShelfError as error:
                if error.reason != "unknown_model":
                    faults.append(error.reason)
            else:
                if (studio.name, studio.digest) != (f"user/m{n}", digests[n]):
                    faults.append(studio.name)

    readers = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(2):
        with under_way(shelf.open, *(f"user/m{n}" for n in range(len(models)))) as answers:
            pass
        opened = [entry for entry in answers if not isinstance(entry, str)]
        assert opened
        assert {answer for answer in answers if isinstance(answer, str)} <= {"busy"}
    done.set()
    for reader in readers:
        reader.join()
    assert faults == []
