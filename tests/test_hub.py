"""The real client of the Hub against a server on loopback: push, pin, fetch, fall back, publish."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from model.directions import Directions
from model.generator import Generator
from model.hub import HubError, fetch_model, parse_source, push_folder, resolve_model
from model.weights import ModelFolderError, generator_sha256, load_generator, save_model
from tests.hub_server import WRONG_TOKEN, run_client, serve, silent
from tests.test_weights import TINY, networks

REPO = "tester/tiny"
FETCH = """
import sys
from model.generator import Generator
from model.hub import HubError
try:
    generator = Generator.from_pretrained("tester/tiny", revision={revision!r})
    sys.stdout.buffer.write(generator.sample([0, 1], [7, 7]).tobytes())
except HubError as error:
    sys.exit(f"{{error.reason}}: {{error}}")
"""
RESOLVE = """
import json
from model.hub import resolve_model
for source in {sources!r}:
    found = resolve_model(source, None, "embedded")
    print(json.dumps([str(found.folder), found.origin, found.notice, found.detail]))
"""


def resolve(*sources: str, endpoint: str, home: Path) -> list[list[str | None]]:
    """Folder, origin, notice and detail of each source, for a page whose own model is `embedded`."""
    done = run_client(["-c", RESOLVE.format(sources=sources)], endpoint, home)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("local") / "tiny"
    save_model(folder, *networks())
    return folder


@pytest.fixture(scope="module")
def server():
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def home(server, folder, tmp_path_factory) -> Path:
    """Cache of a client that has pushed the model, tagged it v1.0, and loaded it by that tag."""
    home = tmp_path_factory.mktemp("home")
    program = (
        "from model.generator import Generator\n"
        f"generator = Generator.from_pretrained({str(folder)!r})\n"
        "print(generator.push_to_hub('tester/tiny', revision='v1.0', commit_message='First'))\n"
    )
    done = run_client(["-c", program], server[1], home)
    assert done.returncode == 0, done.stderr.decode()
    commit = server[0].model(REPO).tags["v1.0"]
    assert done.stdout.decode().strip() == f"{server[1]}/{REPO}/commit/{commit}"
    done = run_client(["-c", FETCH.format(revision="v1.0")], server[1], home)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == pixels(folder)
    return home


def pixels(folder: Path) -> bytes:
    return load_generator(folder).sample([0, 1], [7, 7]).tobytes()


def closed() -> str:
    """Address at which nobody listens any more."""
    with silent() as address:
        return address


def test_pushed_and_pinned_model_draws_the_same_pixels(server, home, folder):
    repo = server[0].model(REPO)
    assert set(repo.files()) == {"config.json", "model.safetensors"}
    assert len(repo.commits) == 2  # the empty root, and one commit for all files
    assert repo.find("v1.0") == repo.find("main")
    assert not repo.private
    content = (folder / "model.safetensors").read_bytes()
    assert repo.files("v1.0")["model.safetensors"].content == content


def test_unknown_revision_and_unknown_model(server, home, tmp_path):
    done = run_client(["-c", FETCH.format(revision="v9")], server[1], tmp_path)
    assert done.returncode == 1
    assert b"unknown_revision: tester/tiny@v9" in done.stderr
    [found] = resolve("tester/nothing", endpoint=server[1], home=tmp_path)
    assert found[:3] == ["embedded", "fallback", "not_found"]


def test_wrong_token(server, home, tmp_path):
    done = run_client(["-c", FETCH.format(revision="v1.0")], server[1], tmp_path, WRONG_TOKEN)
    assert done.returncode == 1
    assert b"unauthorised" in done.stderr


def test_the_server_is_gone_and_the_cached_copy_serves(home, folder):
    address = closed()
    done = run_client(["-c", FETCH.format(revision="v1.0")], address, home)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == pixels(folder)
    assert b"tester/tiny@v1.0: unreachable" in done.stderr
    assert b"using the cached copy" in done.stderr
    cached, never = resolve(f"{REPO}@v1.0", "tester/never", endpoint=address, home=home)
    assert cached[1:3] == ["cache", "unreachable"]
    assert Path(cached[0]).is_relative_to(home)
    assert never[:3] == ["embedded", "fallback", "unreachable"]


def test_a_server_that_never_answers_does_not_hold_up_the_page(home):
    program = f"""
import time
from model.hub import resolve_model
for source, origin in (("{REPO}@v1.0", "cache"), ("tester/never", "fallback")):
    start = time.monotonic()
    found = resolve_model(source, None, "embedded")
    assert time.monotonic() - start < 15
    assert (found.origin, found.notice) == (origin, "unreachable"), found
"""
    with silent() as address:
        done = run_client(["-c", program], address, home)
    assert done.returncode == 0, done.stderr.decode()


def test_a_download_is_killed_at_its_deadline(tmp_path, monkeypatch):
    with silent() as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        with pytest.raises(HubError, match=r"no answer within 0\.2 s"):
            fetch_model("tester/never", cache_dir=tmp_path, deadline_seconds=0.2)


def test_a_pinned_commit_in_the_cache_asks_nobody(server, home):
    commit = server[0].model(REPO).tags["v1.0"]
    before = len(server[0].log)
    [found] = resolve(f"{REPO}@{commit}", endpoint=server[1], home=home)
    assert found[1:3] == ["cache", None]
    assert len(server[0].log) == before


def test_too_large_a_model_is_refused_before_it_is_downloaded(server, home, tmp_path):
    weights = server[0].model(REPO).files()["model.safetensors"]
    honest, weights.size = weights.size, 50_000_001
    server[0].log.clear()
    try:
        [found] = resolve(REPO, endpoint=server[1], home=tmp_path)
    finally:
        weights.size = honest
    assert found[:3] == ["embedded", "fallback", "too_large"]
    assert server[0].log == [f"GET /api/models/{REPO}/revision/main"]


def test_only_a_whole_model_folder_is_taken_and_nothing_beside_it(server, home, tmp_path):
    repo = server[0].model(REPO)
    files = repo.files()
    extra = {"pytorch_model.bin": files["config.json"], "run.py": files["config.json"]}
    repo.commits["1" * 40] = {**files, **extra}
    repo.commits["2" * 40] = {"config.json": files["config.json"]}
    repo.commits["3" * 40] = {**files, "model.safetensors": files["config.json"]}
    repo.tags |= {"extra": "1" * 40, "poor": "2" * 40, "broken": "3" * 40}
    sources = [f"{REPO}@{tag}" for tag in ("extra", "poor", "broken")]
    whole, poor, broken = resolve(*sources, endpoint=server[1], home=tmp_path)
    assert whole[1] == "hub"
    assert {path.name for path in Path(whole[0]).iterdir()} == set(files)
    assert poor[:3] == broken[:3] == ["embedded", "fallback", "invalid"]
    assert "model.safetensors" in poor[3]
    assert "model.safetensors" in broken[3]


def test_sources(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user" / "name").mkdir(parents=True)
    assert parse_source("user/name") == ("user/name", None)
    assert parse_source("other/name@v1.0") == ("other/name", "v1.0")
    assert parse_source(tmp_path) == (str(tmp_path), None)
    assert fetch_model("user/name") == Path("user/name")
    assert resolve_model("user/name", None, "embedded").origin == "folder"
    assert resolve_model(tmp_path, None, "embedded").folder == tmp_path


@pytest.mark.parametrize(
    "source",
    ["", "name", "a/b/c", "../x", "a/..", "/absolute/path", "a/b@", "a/b@-x", "a/b@x..y", "a/b@x y",
     "-a/b", "a/b.git", "a/b?c", "a--b/c", "a/b@v1@v2", "https://host/a", "a/" + "b" * 100, "a/" + "b" * 300],
)  # fmt: skip
def test_malformed_sources_are_refused(source):
    with pytest.raises(ValueError, match=r"source must be|revision must be"):
        parse_source(source)


def test_revision_is_given_once():
    with pytest.raises(ValueError, match="given once"):
        fetch_model("user/name@v1", revision="v2")


def test_an_unsound_folder_is_not_pushed(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "discriminator.safetensors").write_bytes(b"half")
    with pytest.raises(ModelFolderError, match=r"discriminator\.safetensors"):
        push_folder(copy, REPO)


def test_push_keeps_the_directions_of_this_very_generator(monkeypatch):
    """They go with the generator they were derived from, and are left out for any other."""
    sent: list[set[str]] = []
    digests: list[str] = []

    def look(folder: Path, *_: object, **__: object) -> str:
        sent.append({path.name for path in folder.iterdir()})
        loaded = Generator.from_pretrained(folder)
        assert (loaded.directions is not None) == ("directions.safetensors" in sent[-1])
        digests.append(generator_sha256(folder))
        return "address"

    monkeypatch.setattr("model.push.push_folder", look)
    generator, _ = networks()
    generator.push_to_hub(REPO)
    for digest in (digests[0], "0" * 64):
        generator.directions = Directions(
            class_means=torch.zeros(2, TINY.w_dim), named=(), components=torch.zeros(0, TINY.w_dim),
            generator_sha256=digest,
        )  # fmt: skip
        assert generator.push_to_hub(REPO) == "address"
    assert ["directions.safetensors" in names for names in sent] == [False, True, False]
    assert len(set(digests)) == 1
