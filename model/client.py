"""What every use of the Hub shares: well-formed names, a token, and errors that people understand."""

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from model.download import Reason, client_errors, explain

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MAX_MODEL_BYTES = 50_000_000
"""Nothing larger is sent or fetched."""

_REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9_][\w./+-]*", re.ASCII)
_ADVICE: dict[Reason, str] = {
    "unreachable": "the Hub could not be reached",
    "unauthorised": "the token was refused, or may not do this",
    "not_found": "not found, or the token may not see it",
    "payment_required": "the account's plan does not cover this",
}


class HubError(OSError):
    """The Hub could not do what was asked; `reason` is for programs, the message for people."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def check_repo_id(repo_id: str) -> None:
    """Raise ValueError unless it is `user/name` as the Hub allows it."""
    if not _is_name(_REPO_ID, repo_id, 96) or repo_id.endswith(".git"):
        raise ValueError(f"repo_id must be user/name, not {repo_id!r}")


def check_revision(revision: str) -> None:
    """Raise ValueError unless it can be a tag, a branch or a commit."""
    if not _is_name(_REVISION, revision, 255):
        raise ValueError(f"revision must be a tag, a branch or a commit, not {revision!r}")


def open_api(token: str | None) -> "HfApi":
    """Client of the Hub that may write.

    Raises:
        HubError: there is no token; says how to get one.
    """
    from huggingface_hub import HfApi, get_token

    token = token or get_token()
    if not token:
        raise HubError(
            "no_token",
            "publishing needs a token with the right to write: make one at "
            "https://huggingface.co/settings/tokens, then run `hf auth login` or set HF_TOKEN; "
            "nothing was sent",
        )
    return HfApi(token=token)


@contextlib.contextmanager
def explained(repo_id: str) -> Iterator[None]:
    """Turn exceptions of the Hub's client into HubError."""
    try:
        yield
    except HubError:
        raise
    except client_errors() as error:
        reason, detail = explain(error)
        message = f"{repo_id}: {_ADVICE.get(reason, 'the Hub refused')} ({detail})"
        raise HubError(reason, message) from error


def _is_name(pattern: re.Pattern[str], text: str, most: int) -> bool:
    return bool(
        pattern.fullmatch(text)
        and len(text) <= most
        and not any(part in text for part in ("..", "--", "//"))
        and not text.endswith((".", "-", "/", ".lock"))
    )
