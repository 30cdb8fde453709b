"""Models of the Hub on the shelf: opened as nobody, three at most, older revisions by their tag."""

import gc
import weakref
from pathlib import Path

import pytest

from model.studio import Studio
from model.weights import save_model
from tests.conftest import write_tiny_model
from tests.shelf.conftest import contents, fetched, refusal, rules
from tests.test_encoder import put_encoder
from tests.test_weights import networks
from ui.shelf import Entry, Shelf

FETCHED = {"config.json", "model.safetensors", "directions.safetensors"}


def test_a_folder_here_is_not_for_visitors(shelf, hub, tiny_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "name").symlink_to(tiny_model)
    assert refusal(shelf.open, str(tiny_model)) in ("malformed", "not_found")
    assert refusal(shelf.open, "user/name") == "not_found"
    assert shelf.open_revision("tiny", shelf.first.digest) is shelf.first
    assert shelf.names == ("tiny",)


def test_a_model_is_opened_with_its_classes_and_directions(shelf, hub, plain_model, tmp_path):
    files = contents(plain_model) | contents(Path(shelf.first.source))
    pickles = dict.fromkeys(("pytorch_model.bin", "model.pkl", "a/run.py"), b"\x80\x04.")
    hub.put("user/name", {**files, **pickles}, ("v1",))
    entry = shelf.open("user/name@v1")
    assert (entry.name, entry.source) == ("user/name", "user/name@v1")
    assert entry.commit == hub.model("user/name").find("v1")
    assert entry.studio.config.class_names == shelf.first.studio.config.class_names
    assert [control.name for control in entry.studio.controls] == ["brightness", "sleeves"]
    same = (studio.generate("dress", 7) for studio in (entry.studio, shelf.first.studio))
    assert next(same).tobytes() == next(same).tobytes()
    assert shelf.names == ("tiny", "user/name")
    assert shelf.find("user/name", entry.digest) is entry.studio
    assert fetched(tmp_path) == FETCHED
    assert not [line for line in hub.log if any(name in line for name in pickles)]


def test_a_model_is_opened_with_its_encoder(shelf, hub, tmp_path):
    hub.put("user/name", contents(put_encoder(write_tiny_model(tmp_path / "model"))))
    assert shelf.open("user/name").studio.encoder.classes == 10
    assert fetched(tmp_path) == FETCHED | {"encoder.safetensors"}


def test_no_token_and_no_foreign_cache(shelf, hub, models, tmp_path):
    hub.put("user/name", models[0])
    shelf.open("user/name")
    assert hub.log
    assert hub.credentials == []
    assert not (tmp_path / "home").exists()
    hub.model("user/name").private = True
    assert refusal(shelf.open, "user/name@main") == "not_found"
    assert hub.credentials == []


def test_what_is_in_memory_asks_nobody(shelf, hub, models):
    hub.put("user/name", models[0], ("v1",))
    entry = shelf.open("user/name")
    before = list(hub.log)
    assert shelf.open("user/name") is entry
    assert shelf.open_revision("user/name", entry.digest) is entry
    assert hub.log == before
    assert shelf.open("user/name@v1") is entry  # the same weights are not loaded twice
    assert len(shelf.entries) == 2


def test_three_at_most_and_the_first_stays(shelf, hub, models):
    for n, files in enumerate(models):
        hub.put(f"user/m{n}", files)
    opened = [shelf.open(f"user/m{n}") for n in range(2)]
    gone = weakref.ref(opened[1].studio)
    assert len(shelf.entries) == 3
    shelf.find("user/m0", opened[0].digest)  # now m1 is the one that was used longest ago
    shelf.open("user/m2")
    assert shelf.names == ("tiny", "user/m0", "user/m2")
    assert refusal(shelf.find, "user/m1", opened[1].digest) == "unknown_model"
    assert refusal(shelf.find, "user/m2", "0" * 8) == "other_revision"
    opened.clear()
    gc.collect()
    assert gone() is None
    shelf.open("user/m3")
    assert shelf.names == ("tiny", "user/m2", "user/m3")
    assert shelf.find("tiny", shelf.first.digest) is shelf.first.studio


def test_what_is_given_at_start_stays(hub, given, plain_model, tmp_path, models):
    for n in range(2):
        save_model(tmp_path / f"given{n}", networks(n)[0])
    entries = [given, *(Entry(Studio.open(tmp_path / f"given{n}"), "x") for n in range(2))]
    hub.put("user/name", models[3])
    full = Shelf(entries, rules())
    assert full.names == ("tiny", "given0", "given1")
    assert refusal(full.open, "user/name") == "not_allowed"
    assert hub.log == []
    two = Shelf(entries[:2], rules())
    two.open("user/name")
    assert two.names == ("tiny", "given0", "user/name")
    for wrong in ([], [*entries, given], [given, given]):
        with pytest.raises(ValueError, match=r"at start|twice"):
            Shelf(wrong, rules())


def test_a_recipe_of_an_older_revision_finds_it_by_its_tag(hub, given, models, digests):
    hub.put("me/trama", models[0], (f"g-{digests[0]}", f"g-{digests[3]}"))  # one tag was moved
    hub.put("me/trama", models[1])
    shelf = Shelf([given], rules(hub_id="me/trama", allowed=frozenset()), "tiny")
    entry = shelf.open_revision("tiny", digests[0])
    assert (entry.name, entry.digest) == ("tiny", digests[0])
    assert shelf.find("tiny", digests[0]) is entry.studio
    assert entry.source == f"me/trama@g-{digests[0]}"
    assert shelf.open_revision("tiny", digests[1]).source == "me/trama"  # pushed without a tag
    assert refusal(shelf.open_revision, "tiny", digests[2]) == "other_revision"
    assert refusal(shelf.open_revision, "tiny", digests[3]) == "other_revision"
    assert shelf.find("tiny", given.digest) is given.studio
    before = len(hub.log)
    assert refusal(shelf.open_revision, "another", digests[0]) == "unknown_model"
    assert refusal(shelf.open_revision, "user/other", digests[0]) == "not_allowed"
    nowhere = Shelf([given], rules(), "tiny")
    assert refusal(nowhere.open_revision, "tiny", digests[0]) == "other_revision"
    assert len(hub.log) == before


def test_an_id_given_at_start_has_its_older_revisions(hub, given, models, digests):
    old = digests[0]
    hub.put("me/trama", models[0], (f"g-{old}",))
    own = Entry(Studio(given.studio.generator, "me/trama", given.digest), "me/trama@v2", "c" * 40)
    shelf = Shelf([own], rules(allowed=frozenset()))
    assert shelf.open_revision("me/trama", old).digest == old
    assert refusal(shelf.open, "me/trama") == "not_allowed"
    assert shelf.open("me/trama@v2") is own
