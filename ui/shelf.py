"""The studios of a page: those given at start, and the last few that its visitors asked for."""

import contextlib
import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

from model.client import MAX_MODEL_BYTES, HubError
from model.encoder import load_encoder
from model.push import generator_tag
from model.studio import Studio
from model.visitors import (
    check_cost,
    digest_of,
    fetch_as_nobody,
    forget,
    load_within_bounds,
    note_use,
    place_of,
    prune,
)
from model.weights import ModelFolderError, generator_sha256, read_config
from ui.shelf_rules import ShelfError, ShelfRules, join_id, parse_id, parse_key, refuse

MAX_STUDIOS = 3
"""In memory at a time, those given at start included."""

Key = tuple[str, str]


@dataclasses.dataclass(frozen=True, eq=False)
class Entry:
    """A studio on the shelf, and where it came from.

    `source` is what it was asked for by: a folder, or `user/name[@revision]`; `commit` is the one
    that the Hub gave, empty for a folder.
    """

    studio: Studio
    source: str
    commit: str = ""

    @property
    def name(self) -> str:
        """Model in its recipes: the folder's name, or `user/name`."""
        return self.studio.name

    @property
    def digest(self) -> str:
        """Revision in its recipes."""
        return self.studio.digest

    @property
    def key(self) -> Key:
        """What tells it from the others."""
        return self.name, self.digest


class Shelf:
    """At most three studios; safe to call from many threads.

    Those given at start stay. The others make room for what is asked for next, the one that was
    used longest ago first.
    """

    def __init__(
        self, given: Sequence[Entry], rules: ShelfRules, embedded_name: str | None = None
    ) -> None:
        """A shelf of what the operator chose.

        Args:
            given: one to three entries; the first is the page's own.
            rules: what visitors may open, and within which bounds.
            embedded_name: name of the model whose older revisions lie at `rules.hub_id`.

        Raises:
            ValueError: none, too many, or the same one twice.
        """
        if not 1 <= len(given) <= MAX_STUDIOS:
            raise ValueError(f"1..{MAX_STUDIOS} models can be given at start, not {len(given)}")
        self._given = {entry.key: entry for entry in given}
        if len(self._given) < len(given):
            raise ValueError(f"a model is given twice: {', '.join(e.source for e in given)}")
        self._first = given[0]
        self._rules = rules
        self._embedded_name = embedded_name
        self._opened: OrderedDict[Key, Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._download = threading.Lock()

    @property
    def first(self) -> Entry:
        """The page's own."""
        return self._first

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is in memory: given at start, then opened, the last used at the end."""
        with self._lock:
            return (*self._given.values(), *self._opened.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, each once; two revisions of a model have the same."""
        return tuple(dict.fromkeys(entry.name for entry in self.entries))

    @property
    def offered(self) -> tuple[str, ...] | None:
        """Ids that visitors may open, none where there is no room for them; None for any."""
        if len(self._given) == MAX_STUDIOS:
            return ()
        allowed = self._rules.allowed
        return None if allowed is None else tuple(sorted(allowed))

    def find(self, model: object, digest: object) -> Studio:
        """The studio of a recipe's model, if it is in memory; nobody is asked for it.

        Raises:
            ShelfError: "malformed", "unknown_model", or "other_revision" of one that is here.
        """
        key = parse_key(model, digest)
        if entry := self._take(key):
            return entry.studio
        if key[0] in self.names:
            return refuse("other_revision", f"{key[0]} is here, but not its revision {key[1]}")
        return refuse("unknown_model", f"{key[0]} is not open")

    def open(self, source: object) -> Entry:
        """Open `user/name[@revision]` of the Hub; at once if it is in memory by that very id.

        Raises:
            ShelfError: "malformed", "not_allowed" or "busy"; what the Hub said ("not_found",
                "unreachable", ...); "too_large"; "invalid" for what is no sound model folder.
        """
        repo_id, revision = parse_id(source)
        if entry := self._opened_by(join_id(repo_id, revision), repo_id):
            return entry
        self._rules.check(repo_id, revision)
        return self._open(repo_id, revision, repo_id)

    def open_revision(self, model: object, digest: object) -> Entry:
        """Open the revision of a model that a recipe names by its digest.

        `training.publish` tags it. A model that was pushed in another way can only be had if it
        did not change since.

        Raises:
            ShelfError: as `open` does; "other_revision" if that revision is not to be had.
        """
        key = parse_key(model, digest)
        if entry := self._take(key):
            return entry
        name, wanted = key
        repo_id = self._home(name)
        ours = repo_id == self._rules.hub_id or repo_id in (e.name for e in self._given.values())
        for revision in (generator_tag(wanted), None):
            if not ours:  # tags and the default branch of ours are the operator's own
                self._rules.check(repo_id, revision)
            try:
                return self._open(repo_id, revision, name, wanted)
            except ShelfError as error:
                if error.reason != "unknown_revision":
                    raise
        return refuse("other_revision", f"{repo_id} has no revision {wanted}")

    def _home(self, name: str) -> str:
        """Hub id of a recipe's model."""
        if "/" in name:
            return name
        if name == self._embedded_name and self._rules.hub_id:
            return self._rules.hub_id
        if name in (self._embedded_name, *(entry.name for entry in self._given.values())):
            refuse("other_revision", f"the other revisions of {name} are not on the Hub")
        return refuse("unknown_model", f"{name} is a folder that is not here")

    def _take(self, key: Key) -> Entry | None:
        with self._lock:
            if key in self._given:
                return self._given[key]
            if key in self._opened:
                self._opened.move_to_end(key)
            return self._opened.get(key)

    def _opened_by(self, source: str, name: str, digest: str | None = None) -> Entry | None:
        """What is in memory and was asked for in this very way."""
        for entry in self.entries:
            if (entry.source, entry.name) == (source, name) and digest in (None, entry.digest):
                return self._take(entry.key) or entry
        return None

    def _open(
        self, repo_id: str, revision: str | None, name: str, digest: str | None = None
    ) -> Entry:
        source = join_id(repo_id, revision)
        if len(self._given) == MAX_STUDIOS:
            refuse("not_allowed", "the models given at start leave no room for another")
        if not self._download.acquire(timeout=self._rules.wait_seconds):
            refuse("busy", f"another model is being opened; {source} must wait")
        try:
            if entry := self._opened_by(source, name, digest):
                return entry  # somebody else was quicker
            with self._explaining(source):
                return self._fetch(repo_id, revision, name, digest, source)
        finally:
            self._download.release()

    def _fetch(
        self, repo_id: str, revision: str | None, name: str, digest: str | None, source: str
    ) -> Entry:
        """Download, check, make room and load, in this order; the download lock is held."""
        rules = self._rules
        place = place_of(rules.cache, repo_id)
        note_use(place)
        prune(rules.cache, rules.max_cache_bytes - MAX_MODEL_BYTES)
        try:
            folder = fetch_as_nobody(repo_id, revision, rules.cache, rules.deadline_seconds)
            note_use(place)
            found = digest_of(folder)
            if digest not in (None, found):
                refuse("other_revision", f"{source} is {found} now, not {digest}")
            if entry := self._take((name, found)):  # by another revision's name
                return entry
            return self._load(folder, name, found, source)
        except (HubError, ModelFolderError) as error:
            if getattr(error, "reason", "invalid") in ("invalid", "too_large"):
                forget(place)
            raise
        finally:
            prune(rules.cache, rules.max_cache_bytes)

    def _load(self, folder: Path, name: str, digest: str, source: str) -> Entry:
        check_cost(read_config(folder))  # what is refused by its shape costs nobody a place
        with self._lock:  # before its memory is taken, so that there are never four
            while len(self._opened) >= MAX_STUDIOS - len(self._given):
                self._opened.popitem(last=False)
        generator = load_within_bounds(folder)
        encoder = load_encoder(folder, generator_sha256(folder))
        entry = Entry(Studio(generator, name, digest, encoder), source, folder.name)
        with self._lock:
            self._opened[entry.key] = entry
        return entry

    @contextlib.contextmanager
    def _explaining(self, source: str) -> Iterator[None]:
        """Turn what loading raises into ShelfError; no path of this machine reaches a visitor."""
        try:
            yield
        except ShelfError:
            raise
        except HubError as error:
            raise ShelfError(error.reason, f"{source}: {self._clean(error)}") from error
        except ModelFolderError as error:
            raise ShelfError("invalid", f"{source}: {self._clean(error)}") from error
        except MemoryError as error:
            raise ShelfError("too_large", f"{source}: no memory is left for it") from error
        except OSError as error:
            fault = error.strerror or type(error).__name__
            raise ShelfError("unreachable", f"{source}: the cache failed ({fault})") from error

    def _clean(self, error: Exception) -> str:
        return " ".join(str(error).replace(f"{self._rules.cache}/", "").split())
