"""Model folders to the Hub: one commit, one tag, and nothing left of another generator."""

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from model.client import (
    MAX_MODEL_BYTES,
    HubError,
    check_repo_id,
    check_revision,
    explained,
    open_api,
)
from model.generator import Generator
from model.weights import (
    CARD_FILE,
    MODEL_FILES,
    PICTURE_FILES,
    check_folder,
    generator_sha256,
    save_model,
)

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoSibling

PUSHED_FILES = (*MODEL_FILES, *PICTURE_FILES)


def push_folder(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool = False,
    token: str | None = None,
    revision: str | None = None,
    commit_message: str = "Upload model",
) -> str:
    """Upload a model folder as one commit, tag it, and return the commit's address.

    Pushing the same folder again changes nothing. Model files that only the Hub has are removed,
    as they belong to another generator; a card there stays if the folder has none.

    Args:
        folder: read strictly before anybody is contacted.
        repo_id: `user/name`; made if it does not exist.
        private: of a new repository.
        token: with the right to write; None for the stored one.
        revision: tag to set; one that exists with other files is left alone.
        commit_message: title of the commit.

    Raises:
        ModelFolderError: the folder is not a whole, sound model folder.
        ValueError: repo_id or revision is not well-formed.
        HubError: no token, a refusal or no connection; says what to do.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    folder = Path(folder)
    check_folder(folder)
    check_repo_id(repo_id)
    if revision is not None:
        check_revision(revision)
    files = {name: folder / name for name in PUSHED_FILES if (folder / name).is_file()}
    size = sum(path.stat().st_size for path in files.values())
    if size > MAX_MODEL_BYTES:
        message = f"{folder} has {size:,} bytes; {MAX_MODEL_BYTES:,} at most can be fetched again"
        raise HubError("too_large", message)
    api = open_api(token)
    with explained(repo_id):
        api.create_repo(repo_id, private=private, exist_ok=True)
        if private and not api.model_info(repo_id).private:
            raise HubError("conflict", f"{repo_id} exists and is public; nothing was uploaded")
        if revision and (tagged := _tagged_commit(api, repo_id, revision, files)):
            return f"{api.endpoint}/{repo_id}/commit/{tagged}"
        stale = {*PUSHED_FILES} - {CARD_FILE, *files}
        commit = api.create_commit(
            repo_id,
            [
                *(CommitOperationAdd(name, path) for name, path in files.items()),
                *(CommitOperationDelete(n) for n in api.list_repo_files(repo_id) if n in stale),
            ],
            commit_message=commit_message,
        )
        if revision:
            api.create_tag(repo_id, tag=revision, revision=commit.oid)
    return str(commit.commit_url)


def generator_tag(digest: str) -> str:
    """Tag by which a recipe finds the generator it was made with.

    Args:
        digest: hex digits of the sha256 of `model.safetensors`; the first 8 count.
    """
    return f"g-{digest[:8]}"


def tag_generator(
    folder: str | Path, repo_id: str, commit: str, *, token: str | None = None
) -> str:
    """Tag a commit with its generator's digest, and return the tag.

    A tag that exists stays where it is: what it names has the same generator.

    Raises:
        ModelFolderError: the folder has no generator.
        HubError: no token, a refusal or no connection.
    """
    tag = generator_tag(generator_sha256(folder))
    api = open_api(token)
    with explained(repo_id):
        api.create_tag(repo_id, tag=tag, revision=commit, exist_ok=True)
    return tag


def push_generator(
    generator: Generator,
    repo_id: str,
    *,
    private: bool = False,
    token: str | None = None,
    revision: str | None = None,
    commit_message: str = "Upload generator",
) -> str:
    """`push_folder` of a generator in memory, with its directions if they are this generator's."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        save_model(folder, generator)
        directions = generator.directions
        if directions is not None and directions.generator_sha256 == generator_sha256(folder):
            from model.directions import save_directions

            save_directions(folder, directions)
        return push_folder(
            folder,
            repo_id,
            private=private,
            token=token,
            revision=revision,
            commit_message=commit_message,
        )


def _tagged_commit(api: "HfApi", repo_id: str, revision: str, files: dict[str, Path]) -> str | None:
    """Commit of a tag that already holds these very files; None if there is no such tag.

    Raises:
        HubError: it is a branch, or a tag with other files.
    """
    refs = api.list_repo_refs(repo_id)
    if revision in {branch.name for branch in refs.branches}:
        raise HubError("conflict", f"{revision} is a branch of {repo_id}; choose another tag")
    if revision not in {tag.name for tag in refs.tags}:
        return None
    listing = api.model_info(repo_id, revision=revision, files_metadata=True)
    there = {file.rfilename: file for file in listing.siblings or ()}
    if files.keys() <= there.keys() and all(_is_same(files[n], there[n]) for n in files):
        return listing.sha
    raise HubError(
        "conflict",
        f"the tag {revision} of {repo_id} exists with other files; choose another. "
        "Nothing was uploaded",
    )


def _is_same(path: Path, remote: "RepoSibling") -> bool:
    content = path.read_bytes()
    if remote.lfs is not None:
        return hashlib.sha256(content).hexdigest() == remote.lfs.sha256
    blob = b"blob %d\0" % len(content) + content
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest() == remote.blob_id
