"""python -m training.publish FOLDER user/name: a model folder to the Hub, with its card and a Space."""

import argparse
import sys
from collections.abc import Collection
from pathlib import Path

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    SpaceCard,
    SpaceHardware,
)

from model.client import HubError, check_repo_id, check_revision, explained, open_api
from model.curves import CURVES_FILE
from model.history import HISTORY_FOLDER
from model.push import PUSHED_FILES, generator_tag, push_folder, tag_generator
from model.weights import (
    CARD_FILE,
    CONFIG_FILE,
    DIRECTIONS_FILE,
    DISCRIMINATOR_FILE,
    ENCODER_FILE,
    GENERATOR_FILE,
    MODEL_FILES,
    OPINION_FILE,
    check_folder,
    generator_sha256,
)
from training.card import card_files, write_card

ROOT = Path(__file__).parent.parent
MODEL_VARIABLE = "TRAMA_MODEL"
"""The Space's variable that app.py reads."""

HUB_ID_VARIABLE = "TRAMA_HUB_ID"
"""The Space's variable by which recipes of older revisions find them."""

_CODE = ("app.py", "requirements.txt", "LICENSE")
_CODE_FOLDERS = ("model", "ui")
_OF_A_SPACE = (*_CODE, *(f"{folder}/" for folder in (*_CODE_FOLDERS, "weights")))


def space_files(root: Path = ROOT) -> dict[str, Path]:
    """What a Space needs to run, by its path there: page, code, and the embedded models.

    Raises:
        ValueError: the page is missing.
    """
    paths = [root / name for name in _CODE]
    for name in _CODE_FOLDERS:
        paths += sorted((root / name).rglob("*"))
    for config in sorted((root / "weights").glob(f"*/{CONFIG_FILE}")):
        paths += [config.parent / name for name in MODEL_FILES]
        history = config.parent / HISTORY_FOLDER
        paths += sorted((*history.glob("*/*"), *history.glob(CURVES_FILE)))
    paths += sorted((root / "weights" / "lesson").glob("*"))
    files = {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}
    if "app.py" not in files:
        raise ValueError("app.py is missing: a Space needs the page")
    return {name: path for name, path in files.items() if not _is_by_product(path)}


def _is_by_product(path: Path) -> bool:
    return "__pycache__" in path.parts or path.name.startswith(".")


def space_card(repo_id: str, commit: str, files: Collection[str], private: bool) -> str:
    """README of the Space: the header of this repository's own, and the model it shows.

    A public model is fetched when the Space is built, not when it wakes up.
    """
    header = SpaceCard.load(ROOT / CARD_FILE, ignore_metadata_errors=False).data
    header["models"] = [repo_id]
    if not private:
        wanted = (
            CONFIG_FILE, GENERATOR_FILE, DISCRIMINATOR_FILE, DIRECTIONS_FILE, ENCODER_FILE,
            OPINION_FILE,
        )  # fmt: skip
        names = ",".join(name for name in wanted if name in files)
        header["preload_from_hub"] = [f"{repo_id} {names} {commit}"]
    return (
        f"---\n{header.to_yaml()}\n---\n\n# {header.title}\n\n"
        f"Shows the model [{repo_id}](https://huggingface.co/{repo_id}) at `{commit}`. Another "
        f"model: set the variable `{MODEL_VARIABLE}` to `user/name@revision`.\n"
    )


def publish_space(
    repo_id: str, commit: str, model_files: Collection[str], private: bool, hardware: str
) -> str:
    """Create or update the Space of a model; returns its address.

    Raises:
        HubError: the Hub refused, for example because the account's plan has no such hardware.
    """
    files, api = space_files(), open_api(None)
    card = space_card(repo_id, commit, model_files, private)
    added = [CommitOperationAdd(CARD_FILE, card.encode())]
    added += [CommitOperationAdd(name, path) for name, path in files.items()]
    with explained(f"Space {repo_id}"):
        url = api.create_repo(
            repo_id,
            repo_type="space",
            space_sdk="gradio",
            space_hardware=SpaceHardware(hardware),
            private=private,
            exist_ok=True,
        )
        if private and not api.space_info(repo_id).private:
            raise HubError("conflict", f"Space {repo_id} exists and is public; nothing was changed")
        api.add_space_variable(repo_id, MODEL_VARIABLE, f"{repo_id}@{commit}")
        api.add_space_variable(repo_id, HUB_ID_VARIABLE, repo_id)
        stale = [
            CommitOperationDelete(name)
            for name in api.list_repo_files(repo_id, repo_type="space")
            if name.startswith(_OF_A_SPACE) and name not in files
        ]
        message = f"Show {repo_id} at {commit[:8]}"
        api.create_commit(repo_id, [*added, *stale], commit_message=message, repo_type="space")
    return str(url)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line; a token has no place on it."""
    parser = argparse.ArgumentParser(prog="python -m training.publish", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="model folder")
    parser.add_argument("repo_id", metavar="user/name")
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--revision", metavar="TAG", help="tag that pins these very files")
    parser.add_argument("--space", action="store_true", help="also a Gradio Space that shows it")
    parser.add_argument(
        "--space-hardware",
        default="zero-a10g",
        choices=[kind.value for kind in SpaceHardware],
        help="default: %(default)s, which free accounts have too",
    )
    parser.add_argument("--message", default="Upload model", help="title of the commit")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be sent; contact nobody"
    )
    return parser.parse_args(arguments)


def describe(options: argparse.Namespace) -> str:
    """What would be sent: every file with its size, and the cards."""
    source = _source(options)
    written = card_files(options.folder, source)
    sizes = {n: len(content) for n, content in written.items()} | {
        name: (options.folder / name).stat().st_size
        for name in PUSHED_FILES
        if name not in written and (options.folder / name).is_file()
    }
    access = "private" if options.private else "public"
    lines = [f"model {source}, {access}:", *_listing(sizes)]
    lines.append(f"tag {generator_tag(generator_sha256(options.folder))}, by which recipes find it")
    if options.space:
        card = space_card(options.repo_id, "COMMIT", sizes, options.private)
        there = {CARD_FILE: len(card.encode())}
        there |= {name: path.stat().st_size for name, path in space_files().items()}
        lines += [f"Space {options.repo_id}, {access}, {options.space_hardware}:", *_listing(there)]
        lines += [f"{MODEL_VARIABLE}={options.repo_id}@COMMIT"]
        lines += [f"{HUB_ID_VARIABLE}={options.repo_id}", "", "README.md of the Space:", card]
    lines += ["", "README.md of the model:", written[CARD_FILE].decode()]
    return "\n".join([*lines, "dry run: nothing was written, and nobody was contacted"])


def _listing(sizes: dict[str, int]) -> list[str]:
    total = f"{sum(sizes.values()):>12,} bytes in {len(sizes)} files"
    return [*(f"{size:>12,} bytes  {name}" for name, size in sorted(sizes.items())), total]


def _source(options: argparse.Namespace) -> str:
    revision = f"@{options.revision}" if options.revision else ""
    return f"{options.repo_id}{revision}"


def publish(options: argparse.Namespace) -> None:
    """Card, repository, upload, tags and Space, each only after what it needs has succeeded.

    One tag is the revision that was asked for; the other, `g-` and the first 8 digits of the
    generator's sha256, is how a recipe of this model finds it when another is shown.

    Raises:
        ModelFolderError: the folder is not a whole, sound model folder.
        HubError: no token, a refusal or no connection.
    """
    check_folder(options.folder)
    open_api(None)
    if options.space:
        space_files()
    write_card(options.folder, _source(options))
    url = push_folder(
        options.folder,
        options.repo_id,
        private=options.private,
        revision=options.revision,
        commit_message=options.message,
    )
    print(f"model: {url}")
    commit = url.rpartition("/")[2]  # the address of a commit ends with its id
    print(f"tag: {tag_generator(options.folder, options.repo_id, commit)}")
    if not options.space:
        return
    names = [name for name in PUSHED_FILES if (options.folder / name).is_file()]
    try:
        space = publish_space(
            options.repo_id, commit, names, options.private, options.space_hardware
        )
    except HubError as error:
        raise HubError(
            error.reason, f"{error}; the model is published, the Space is not"
        ) from error
    print(f"Space: {space}")
    if options.private:
        print(
            "A private Space of a private model needs a secret HF_TOKEN that may read the model "
            "(Settings, Variables and secrets); until then it shows the embedded one."
        )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = parse(arguments)
    try:
        check_repo_id(options.repo_id)
        if options.revision is not None:
            check_revision(options.revision)
        if options.dry_run:
            print(describe(options))
        else:
            publish(options)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
