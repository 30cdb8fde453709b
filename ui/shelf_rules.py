"""What a visitor may ask of the shelf: well-formed names, of models that the operator lets in."""

import contextlib
import dataclasses
import re
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

from model.client import check_repo_id, check_revision
from model.download import Reason
from model.visitors import cache_folder

MODELS_VARIABLE = "TRAMA_MODELS"
"""Ids of the models that visitors may open, between blanks or commas; `*` for any."""

HUB_ID_VARIABLE = "TRAMA_HUB_ID"
"""Where the embedded model is published with its older revisions."""

LONGEST_SOURCE = 200

ShelfReason: TypeAlias = (
    Reason | Literal["unknown_model", "other_revision", "not_allowed", "busy", "malformed"]
)

_LONGEST_DETAIL = 300
_DIGEST = re.compile(r"[0-9a-f]{8}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_MAYBE_A_COMMIT = re.compile(r"[0-9a-fA-F]{4,64}|refs/.*")


class ShelfError(ValueError):
    """A model that cannot be shown; `reason` is a word that a page can translate."""

    def __init__(self, reason: ShelfReason, detail: str) -> None:
        self.reason: ShelfReason = reason
        self.detail = detail if len(detail) <= _LONGEST_DETAIL else f"{detail[:_LONGEST_DETAIL]}…"
        super().__init__(f"{reason}: {self.detail}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShelfRules:
    """Bounds of a shelf.

    Attributes:
        allowed: `user/name` and `user/name@revision` that visitors may open; None for any.
        hub_id: `user/name` of the embedded model, None if it is not published.
        cache: folder for what visitors have fetched.
        max_cache_bytes: of that folder.
        deadline_seconds: of a download, which is then killed.
        wait_seconds: for the download of somebody else, before "busy".
    """

    allowed: frozenset[str] | None
    hub_id: str | None
    cache: Path
    max_cache_bytes: int = 400_000_000
    deadline_seconds: float = 60.0
    wait_seconds: float = 1.0

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "ShelfRules":
        """Rules from environment variables; on a Space nothing may be opened that is not listed.

        Raises:
            ValueError: naming the variable that holds no model ids.
        """
        listed = environment.get(MODELS_VARIABLE, "").replace(",", " ").split()
        hub_id = environment.get(HUB_ID_VARIABLE, "").strip() or None
        for variable, ids in (
            (MODELS_VARIABLE, [item for item in listed if item != "*"]),
            (HUB_ID_VARIABLE, [hub_id] if hub_id else []),
        ):
            for item in ids:
                try:
                    parse_id(item)
                except ShelfError as error:
                    raise ValueError(f"{variable} must hold model ids, not {item!r}") from error
        if hub_id and "@" in hub_id:
            raise ValueError(f"{HUB_ID_VARIABLE} must have no revision, not {hub_id!r}")
        anything = "*" in listed or not (listed or environment.get("SPACE_ID"))
        return cls(
            allowed=None if anything else frozenset(listed), hub_id=hub_id, cache=cache_folder()
        )

    def check(self, repo_id: str, revision: str | None) -> None:
        """Refuse what the operator has not listed.

        Anybody can put a commit in front of a listed model, by a pull request that nobody merged.
        So a commit must be listed itself; tags and branches are the owner's.

        Raises:
            ShelfError: "not_allowed".
        """
        if self.allowed is None or f"{repo_id}@{revision}" in self.allowed:
            return
        if repo_id in self.allowed and not (revision and _MAYBE_A_COMMIT.fullmatch(revision)):
            return
        refuse("not_allowed", f"this page does not open {join_id(repo_id, revision)}")


def parse_id(source: object) -> tuple[str, str | None]:
    """Split `user/name[@revision]`; never a folder, whatever lies on this machine.

    Raises:
        ShelfError: "malformed", naming the value.
    """
    if isinstance(source, str) and len(source) <= LONGEST_SOURCE:
        repo_id, at, revision = source.partition("@")
        with contextlib.suppress(ValueError):
            check_repo_id(repo_id)
            if at:
                check_revision(revision)
            return repo_id, revision if at else None
    return refuse("malformed", f"model must be user/name[@revision], not {reprlib.repr(source)}")


def parse_key(model: object, digest: object) -> tuple[str, str]:
    """Model and digest of a recipe: a name or `user/name`, and 8 hex digits.

    Raises:
        ShelfError: "malformed", naming the value.
    """
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        refuse("malformed", f"digest must be 8 hex digits, not {reprlib.repr(digest)}")
    if isinstance(model, str) and len(model) <= LONGEST_SOURCE:
        if _MODEL.fullmatch(model):
            return model, digest
        with contextlib.suppress(ValueError):
            check_repo_id(model)
            return model, digest
    return refuse("malformed", f"model must be a name or user/name, not {reprlib.repr(model)}")


def refuse(reason: ShelfReason, detail: str) -> NoReturn:
    """Raise a `ShelfError`."""
    raise ShelfError(reason, detail)


def join_id(repo_id: str, revision: str | None) -> str:
    """What `parse_id` splits."""
    return f"{repo_id}@{revision}" if revision else repo_id
