"""Child process of `model.hub`: probe and download one model of the Hub, and say in JSON how it went.

It is a process of its own because a server that accepts and never answers can hold the client for
minutes, and a process can be killed. It imports nothing of this package, so that it starts without
torch.
"""

import contextlib
import errno
import json
import sys
from pathlib import Path
from typing import Literal, TypedDict

Reason = Literal[
    "unreachable",  # no connection, no answer in time, offline mode, or the Hub is in trouble
    "not_found",  # no such model, or a private one without the right token
    "unknown_revision",
    "unauthorised",
    "payment_required",
    "too_large",
    "invalid",  # not a model folder
    "conflict",  # what is there must not be overwritten
    "no_token",
]

PROBE_SECONDS = 3.0

Token = str | bool | None


class Request(TypedDict):
    """What the parent writes to standard input; a token has no place in a list of arguments.

    `required` and `optional` are the only files to download, at most `max_bytes` together.
    """

    repo_id: str
    revision: str
    token: Token
    cache_dir: str | None
    required: list[str]
    optional: list[str]
    max_bytes: int


class Answer(TypedDict):
    """What the child writes to standard output: a folder, or a reason and its detail."""

    folder: str | None
    reason: Reason | None
    detail: str


def download(request: Request) -> Answer:
    """Probe, check names and sizes in the listing, then download what a model folder may hold."""
    from huggingface_hub import HfApi, snapshot_download

    repo_id, revision, token = request["repo_id"], request["revision"], request["token"]
    try:
        listing = HfApi(token=token).model_info(
            repo_id, revision=revision, timeout=PROBE_SECONDS, files_metadata=True
        )
        sizes = {file.rfilename: file.size for file in listing.siblings or ()}
        if fault := check_listing(request, sizes):
            return fault
        # By the name that was asked for: only then does the cache know it when the Hub is away.
        folder = snapshot_download(
            repo_id,
            revision=revision,
            token=token,
            cache_dir=request["cache_dir"],
            allow_patterns=request["required"] + request["optional"],
        )
    except client_errors() as error:
        reason, detail = explain(error)
        return Answer(folder=None, reason=reason, detail=detail)
    if Path(folder).name != listing.sha:
        return Answer(folder=None, reason="unreachable", detail=f"{revision} moved meanwhile")
    if fault := check_sizes(request, Path(folder), sizes):
        return fault
    return Answer(folder=folder, reason=None, detail="")


def check_listing(request: Request, sizes: dict[str, int | None]) -> Answer | None:
    """Refuse a listing without a model, or one whose model files are too large together."""
    if missing := [name for name in request["required"] if name not in sizes]:
        return Answer(folder=None, reason="invalid", detail=f"it has no {missing[0]}")
    given = [sizes.get(name, 0) for name in request["required"] + request["optional"]]
    known = [size for size in given if size is not None]
    if len(known) < len(given):
        return Answer(folder=None, reason="invalid", detail="the Hub does not tell its size")
    if sum(known) > request["max_bytes"]:
        detail = f"{sum(known):,} bytes, where {request['max_bytes']:,} are allowed"
        return Answer(folder=None, reason="too_large", detail=detail)
    return None


def check_sizes(request: Request, folder: Path, sizes: dict[str, int | None]) -> Answer | None:
    """Refuse what is not as large as the listing said."""
    for name in request["required"] + request["optional"]:
        path = folder / name
        if path.is_file() and path.stat().st_size != sizes.get(name):
            detail = f"{name} has {path.stat().st_size:,} bytes, not the {sizes.get(name)} it told"
            return Answer(folder=None, reason="invalid", detail=detail)
    return None


def limit_file_size(max_bytes: int) -> None:
    """Let this process write no larger file: a listing is a promise, not a size."""
    with contextlib.suppress(ImportError):  # only Unix has it
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        wanted = max_bytes if most == resource.RLIM_INFINITY else min(max_bytes, most)
        resource.setrlimit(resource.RLIMIT_FSIZE, (wanted, most))


def client_errors() -> tuple[type[Exception], ...]:
    """What the Hub's client raises; it exports its HTTP library under one name in all versions."""
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]

    return httpx.HTTPError, OSError


def explain(error: Exception) -> tuple[Reason, str]:
    """What an exception of the Hub's client means, and its message in one line."""
    from huggingface_hub.errors import (
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    cause = error.__cause__ if isinstance(error.__cause__, HfHubHTTPError) else error
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "too_large", "more bytes arrived than are allowed"
    if not isinstance(cause, HfHubHTTPError):
        return "unreachable", str(error).split("\n", maxsplit=1)[0] or type(error).__name__
    status = cause.response.status_code
    detail = f"HTTP {status}: {cause.server_message or cause.response.reason_phrase}"
    if isinstance(cause, RevisionNotFoundError):
        return "unknown_revision", detail
    if isinstance(cause, RepositoryNotFoundError):
        return "not_found", detail
    return _BY_STATUS.get(status, "unreachable"), detail


_BY_STATUS: dict[int, Reason] = {
    401: "unauthorised",
    402: "payment_required",
    403: "unauthorised",
    404: "not_found",
    409: "conflict",
    412: "conflict",
}


def main() -> None:
    """Answer the request on standard input."""
    request: Request = json.load(sys.stdin)
    limit_file_size(request["max_bytes"])
    json.dump(download(request), sys.stdout)


if __name__ == "__main__":
    main()
