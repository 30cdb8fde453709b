"""The publish command from end to end, with the real client and a Hub on loopback."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from model.weights import generator_sha256, save_model
from tests.hub_server import WRONG_TOKEN, Hub, run_client, serve
from tests.test_weights import networks
from training.card import MARK, write_card
from training.publish import main as publish


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
def published(server, folder, tmp_path_factory) -> tuple[Hub, str, Path, str]:
    """`tester/published` with its Space; the hub, its address, the local folder and the output."""
    place = tmp_path_factory.mktemp("published")
    copy = shutil.copytree(folder, place / "tiny")
    figures = {"samples": 100, "against": "test", "features": "E", "date": "2030-01-02"}
    metrics = {"r_e": {"value": 5.5, "floor": 1.0, **figures}, "heldout": {}}
    (copy / "metrics.json").write_text(json.dumps(metrics))
    arguments = [str(copy), "tester/published", "--revision", "v1.0", "--space"]
    done = run_client(["-m", "training.publish", *arguments], server[1], place / "home")
    assert done.returncode == 0, done.stderr.decode()
    return (*server, copy, done.stdout.decode())


def test_publish_fills_the_card_and_tags(published):
    hub, url, copy, output = published
    repo = hub.model("tester/published")
    assert set(repo.files("v1.0")) == {
        "README.md", "config.json", "discriminator.safetensors", "metrics.json",
        "model.safetensors", "sheet.png",
    }  # fmt: skip
    assert f"{url}/tester/published/commit/{repo.find('v1.0')}" in output
    card = repo.files()["README.md"].content.decode()
    assert card == (copy / "README.md").read_text()
    header = yaml.safe_load(card.split("---")[1])
    assert header["pipeline_tag"] == "unconditional-image-generation"
    assert header["model-index"][0]["results"][0]["metrics"][0]["value"] == 5.5
    assert "| 5.5 | 1 | test | 100 | E | 2030-01-02 |" in card
    for wanted in ("sheet.png", "`image_size` | 8", "## Limits", "## Data and licence"):
        assert wanted in card


def test_the_example_of_the_card_runs(published, tmp_path):
    _, url, copy, _ = published
    example = re.search(r"```python\n(.*?)```", (copy / "README.md").read_text(), re.DOTALL)[1]
    done = run_client(["-c", example], url, tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().strip() in example


def test_publish_makes_a_space_that_shows_the_model(published):
    hub, _, _, output = published
    commit, space = hub.model("tester/published").find("v1.0"), hub.space("tester/published")
    assert space.variables == {
        "TRAMA_MODEL": f"tester/published@{commit}",
        "TRAMA_HUB_ID": "tester/published",
    }
    assert space.settings["sdk"] == "gradio"
    assert space.settings["hardware"] == "zero-a10g"
    files = space.files()
    assert {"README.md", "app.py", "requirements.txt", "LICENSE", "model/hub.py"} <= set(files)
    assert not [name for name in files if "__pycache__" in name or name.startswith("training")]
    header = yaml.safe_load(files["README.md"].content.decode().split("---")[1])
    assert header["sdk_version"]
    assert header["app_file"] == "app.py"
    assert header["models"] == ["tester/published"]
    names = "config.json,model.safetensors,discriminator.safetensors"
    assert header["preload_from_hub"] == [f"tester/published {names} {commit}"]
    assert "Space: " in output


def test_publishing_the_same_again_changes_nothing_and_other_files_do_not_move_a_tag(
    published, tmp_path
):
    hub, url, copy, _ = published
    repo = hub.model("tester/published")
    before, commits, tags = repo.find("v1.0"), len(repo.commits), dict(repo.tags)
    command = ["-m", "training.publish", str(copy), "tester/published", "--revision", "v1.0"]
    done = run_client(command, url, tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert (repo.find("v1.0"), len(repo.commits), repo.tags) == (before, commits, tags)
    other = tmp_path / "tiny"
    save_model(other, networks(seed=1)[0])
    done = run_client([*command[:2], str(other), *command[3:]], url, tmp_path)
    assert done.returncode == 1
    assert b"the tag v1.0 of tester/published exists with other files" in done.stderr
    assert len(repo.commits) == commits
    done = run_client([*command[:2], str(other), *command[3:-1], "v2.0"], url, tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert set(repo.files("v2.0")) == {
        "README.md", "config.json", "model.safetensors", "sheet.png"
    }  # fmt: skip
    assert repo.find("v1.0") == before
    assert repo.find(f"g-{generator_sha256(other)[:8]}") == repo.find("v2.0")


def test_publish_tags_the_generator_by_its_digest(published):
    hub, _, copy, output = published
    repo, tag = hub.model("tester/published"), f"g-{generator_sha256(copy)[:8]}"
    assert repo.find(tag) == repo.find("v1.0")
    assert f"tag: {tag}" in output


def test_a_plan_without_such_a_space_leaves_a_published_model_and_a_clear_message(
    published, tmp_path
):
    hub, url, copy, _ = published
    arguments = [str(copy), "tester/free", "--private", "--space", "--space-hardware", "cpu-basic"]
    done = run_client(["-m", "training.publish", *arguments], url, tmp_path)
    assert done.returncode == 1
    assert b"plan does not cover this" in done.stderr
    assert b"the model is published, the Space is not" in done.stderr
    assert b"Traceback" not in done.stderr
    assert hub.model("tester/free").private
    assert ("space", "tester/free") not in hub.repos


def test_private_is_not_promised_for_what_is_public(published, tmp_path):
    hub, url, copy, _ = published
    commits = len(hub.model("tester/published").commits)
    command = ["-m", "training.publish", str(copy), "tester/published", "--private"]
    done = run_client(command, url, tmp_path)
    assert done.returncode == 1
    assert b"exists and is public; nothing was uploaded" in done.stderr
    assert len(hub.model("tester/published").commits) == commits


def test_a_private_model_is_not_shown_by_a_public_space(server, folder, tmp_path):
    hub, url = server
    copy = shutil.copytree(folder, tmp_path / "copy")
    publish = ["-m", "training.publish", str(copy), "tester/hidden", "--space"]
    assert run_client(publish, url, tmp_path).returncode == 0
    space = hub.repos["space", "tester/hidden"]
    commits, hub.model("tester/hidden").private = len(space.commits), True
    done = run_client([*publish, "--private"], url, tmp_path)
    assert done.returncode == 1
    assert b"Space tester/hidden exists and is public; nothing was changed" in done.stderr
    assert len(space.commits) == commits


def test_dry_run_says_what_would_be_sent_and_contacts_nobody(server, folder, tmp_path):
    server[0].log.clear()
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    command = ["-m", "training.publish", str(folder), "tester/tiny", "--space", "--dry-run"]
    done = run_client(command, server[1], tmp_path, token="")
    assert done.returncode == 0, done.stderr.decode()
    output = done.stdout.decode()
    size = f"{(folder / 'model.safetensors').stat().st_size:,} bytes  model.safetensors"
    for wanted in (size, "sheet.png", "README.md", "app.py", MARK, "TRAMA_MODEL=tester/tiny@",
                   "TRAMA_HUB_ID=tester/tiny", f"tag g-{generator_sha256(folder)[:8]}"):  # fmt: skip
        assert wanted in output
    assert server[0].log == []
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_without_a_token_nothing_is_half_done(server, folder, tmp_path):
    server[0].log.clear()
    copy = shutil.copytree(folder, tmp_path / "copy")
    done = run_client(
        ["-m", "training.publish", str(copy), "tester/x"], server[1], tmp_path, token=""
    )
    assert done.returncode == 1
    assert b"https://huggingface.co/settings/tokens" in done.stderr
    assert b"HF_TOKEN" in done.stderr
    assert server[0].log == []
    assert not (copy / "README.md").exists()


def test_a_refused_token_leaves_nothing_behind(server, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    command = ["-m", "training.publish", str(copy), "tester/other"]
    done = run_client(command, server[1], tmp_path, WRONG_TOKEN)
    assert done.returncode == 1
    assert b"the token was refused" in done.stderr
    assert b"Traceback" not in done.stderr
    assert ("model", "tester/other") not in server[0].repos


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["nowhere", "user/name"], "nowhere is not a folder"),
        (["{folder}", "name"], "repo_id must be user/name, not 'name'"),
        (["{folder}", "user/name", "--revision", "a b"], "revision must be"),
    ],
)
def test_publish_names_what_is_wrong(folder, capsys, arguments, fault):
    filled = [argument.format(folder=folder) for argument in arguments]
    assert publish([*filled, "--dry-run"]) == 1
    assert fault in capsys.readouterr().err


def test_a_card_written_by_hand_is_kept(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert MARK in write_card(copy).read_text()
    (copy / "README.md").write_text("my own words")
    assert write_card(copy, "user/name").read_text() == "my own words"
    assert (copy / "sheet.png").is_file()
