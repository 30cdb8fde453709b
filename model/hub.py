"""Models by folder or by Hub id, fetched within a deadline or taken from the cache.

Nothing here imports huggingface_hub before it is needed: a page that shows a folder starts offline.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model import download
from model.client import MAX_MODEL_BYTES, HubError, check_repo_id, check_revision
from model.download import Answer, Reason, Request, Token
from model.push import push_folder, push_generator
from model.weights import (
    CONFIG_FILE,
    GENERATOR_FILE,
    MODEL_FILES,
    ModelFolderError,
    load_generator,
)

__all__ = [
    "HubError",
    "ResolvedModel",
    "fetch_model",
    "parse_source",
    "push_folder",
    "push_generator",
    "resolve_model",
]

FETCH_SECONDS = 60.0
"""Deadline of `fetch_model` for the network."""

RESOLVE_SECONDS = 10.0
"""Deadline of `resolve_model` for the network; the look into the cache comes on top."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_RUN = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"


@dataclass(frozen=True)
class ResolvedModel:
    """A model folder, where it came from, and why not from where it was asked for.

    `notice` is a word that a page can translate; `detail` is for a log.
    """

    folder: Path
    origin: Literal["folder", "hub", "cache", "fallback"]
    notice: Reason | None = None
    detail: str = ""


def parse_source(source: str | Path) -> tuple[str, str | None]:
    """Split `user/name@revision`; a folder that exists, and `user/name`, have no revision.

    Raises:
        ValueError: neither a folder nor a well-formed model id and revision.
    """
    if _is_folder(source):
        return str(source), None
    repo_id, at, revision = str(source).partition("@")
    try:
        check_repo_id(repo_id)
    except ValueError as error:
        raise ValueError(
            f"source must be a folder, user/name or user/name@revision, not {str(source)!r}"
        ) from error
    if not at:
        return repo_id, None
    check_revision(revision)
    return repo_id, revision


def fetch_model(
    source: str | Path,
    *,
    revision: str | None = None,
    token: Token = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
    deadline_seconds: float = FETCH_SECONDS,
) -> Path:
    """Model folder of a source: a folder as it is, a Hub id downloaded or from the cache.

    Warns when the Hub gave nothing and the cached copy of that revision is used.

    Args:
        source: folder, `user/name` or `user/name@revision`.
        revision: tag, branch or commit; the default branch if None.
        token: of the Hub; None for the stored one, False for none.
        cache_dir: the client's own if None.
        local_files_only: look into the cache only.
        deadline_seconds: then the download is killed.

    Raises:
        ValueError: source or revision is not well-formed.
        HubError: neither on the Hub nor in the cache, or more than 50 MB.
    """
    place, wanted = _merge(source, revision)
    if _is_folder(place):
        return Path(place)
    request = _request(place, wanted, token, cache_dir)
    fetched = _fetch(request, local_files_only, deadline_seconds)
    if fetched.notice:
        message = f"{_name(request)}: {fetched.notice} ({fetched.detail}); using the cached copy"
        warnings.warn(message, stacklevel=2)
    return fetched.folder


def resolve_model(
    source: str | Path, revision: str | None, fallback_folder: str | Path
) -> ResolvedModel:
    """Like `fetch_model`, for a page that must start: trouble leads to the fallback, in 15 s.

    Raises:
        ValueError: source or revision is not well-formed.
    """
    place, wanted = _merge(source, revision)
    if _is_folder(place):
        return ResolvedModel(Path(place), "folder")
    try:
        fetched = _fetch(_request(place, wanted, None, None), False, RESOLVE_SECONDS)
        load_generator(fetched.folder)
    except HubError as error:
        return ResolvedModel(Path(fallback_folder), "fallback", error.reason, str(error))
    except ModelFolderError as error:
        return ResolvedModel(Path(fallback_folder), "fallback", "invalid", str(error))
    return fetched


def _is_folder(source: str | Path) -> bool:
    with contextlib.suppress(OSError):  # a name too long for the file system is no folder
        return bool(str(source)) and Path(source).is_dir()
    return False


def _merge(source: str | Path, revision: str | None) -> tuple[str, str | None]:
    place, named = parse_source(source)
    if revision is None:
        return place, named
    check_revision(revision)
    if named not in (None, revision):
        raise ValueError(f"revision must be given once, not as {named!r} and as {revision!r}")
    return place, revision


def _request(
    repo_id: str, revision: str | None, token: Token, cache_dir: str | Path | None
) -> Request:
    required = [CONFIG_FILE, GENERATOR_FILE]
    return Request(
        repo_id=repo_id,
        revision=revision or "main",
        token=token,
        cache_dir=None if cache_dir is None else str(cache_dir),
        required=required,
        optional=[name for name in MODEL_FILES if name not in required],
        max_bytes=MAX_MODEL_BYTES,
    )


def _fetch(request: Request, local_files_only: bool, deadline_seconds: float) -> ResolvedModel:
    if local_files_only:
        return ResolvedModel(cached_folder(request), "cache")
    if _COMMIT.fullmatch(request["revision"]):  # it never changes: nobody need be asked
        with contextlib.suppress(HubError):
            return ResolvedModel(cached_folder(request), "cache")
    answer = run_download(request, deadline_seconds, os.environ)
    if answer["folder"]:
        return ResolvedModel(Path(answer["folder"]), "hub")
    reason, detail = answer["reason"] or "unreachable", answer["detail"]
    try:
        return ResolvedModel(cached_folder(request), "cache", reason, detail)
    except HubError as error:
        message = (
            f"{_name(request)} is no folder here, and the Hub did not give it: {reason} ({detail})"
        )
        raise HubError(reason, message) from error


def cached_folder(request: Request) -> Path:
    """Folder of a model that was downloaded before.

    Raises:
        HubError: it is not in the cache, or not whole.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            request["repo_id"],
            revision=request["revision"],
            cache_dir=request["cache_dir"],
            allow_patterns=request["required"] + request["optional"],
            local_files_only=True,
        )
    except LocalEntryNotFoundError as error:
        raise HubError("unreachable", f"{_name(request)} is not in the cache") from error
    if not all((Path(folder) / name).is_file() for name in request["required"]):
        raise HubError("unreachable", f"{_name(request)} is not whole in the cache")
    return Path(folder)


def run_download(
    request: Request, deadline_seconds: float, environment: Mapping[str, str]
) -> Answer:
    """Answer of `model/download.py`, which is killed at the deadline."""
    try:
        child = subprocess.run(  # noqa: S603 - our own file, run by the same interpreter
            [sys.executable, "-c", _RUN, download.__file__],
            input=json.dumps(request),
            env={**environment, "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
            capture_output=True,
            text=True,
            timeout=deadline_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        detail = f"no answer within {deadline_seconds:g} s"
        return Answer(folder=None, reason="unreachable", detail=detail)
    if child.returncode:
        last = (child.stderr.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
        return Answer(folder=None, reason="unreachable", detail=last)
    answer: Answer = json.loads(child.stdout)
    return answer


def _name(request: Request) -> str:
    return f"{request['repo_id']}@{request['revision']}"
