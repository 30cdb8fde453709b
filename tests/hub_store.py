"""What the Hub on loopback holds: repositories, commits, files and large objects, in memory."""

import dataclasses
import hashlib
import threading


def commit_id(content: str) -> str:
    """40 hexadecimal digits that are a function of the content."""
    return hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()


@dataclasses.dataclass
class File:
    """A file of a commit; `size` may be declared larger than the content."""

    content: bytes
    lfs: bool
    size: int

    @property
    def oid(self) -> str:
        blob = b"blob %d\0" % len(self.content) + self.content
        return (
            hashlib.sha256(self.content) if self.lfs else hashlib.sha1(blob, usedforsecurity=False)
        ).hexdigest()

    def describe(self, path: str) -> dict[str, object]:
        """An entry of a tree listing."""
        lfs = {"oid": self.oid, "size": self.size, "pointerSize": 134}
        plain = {"type": "file", "path": path, "size": self.size, "oid": self.oid}
        return {**plain, "lfs": lfs} if self.lfs else plain


@dataclasses.dataclass
class Repo:
    """Commits by id, each with its files by path; branches and tags by name."""

    private: bool
    settings: dict[str, object]
    commits: dict[str, dict[str, File]]
    branches: dict[str, str]
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    variables: dict[str, str] = dataclasses.field(default_factory=dict)

    def find(self, revision: str) -> str:
        for names in (self.branches, self.tags):
            if revision in names:
                return names[revision]
        if revision not in self.commits:
            raise RefusalError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return revision

    def files(self, revision: str = "main") -> dict[str, File]:
        return self.commits[self.find(revision)]


class Hub:
    """What the server holds, and every request that it got as `METHOD /path`.

    `credentials` are the Authorization headers that came with them. While `gate` is cleared, no
    request is answered.
    """

    def __init__(self) -> None:
        self.credentials: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.repos: dict[tuple[str, str], Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self.log: list[str] = []

    def put(self, repo_id: str, files: dict[str, bytes], tags: tuple[str, ...] = ()) -> Repo:
        """Make these files the only ones of a public model, without a client."""
        repo = self.repos.setdefault(("model", repo_id), Repo(False, {}, {}, {}))
        stored = {
            path: File(content, path.endswith(".safetensors"), len(content))
            for path, content in files.items()
        }
        commit = commit_id(repr(sorted((path, file.oid) for path, file in stored.items())))
        self.blobs |= {file.oid: file.content for file in stored.values() if file.lfs}
        repo.commits[commit] = stored
        repo.branches["main"] = commit
        repo.tags |= dict.fromkeys(tags, commit)
        return repo

    def model(self, repo_id: str) -> Repo:
        return self.repos["model", repo_id]

    def space(self, repo_id: str) -> Repo:
        return self.repos["space", repo_id]


class RefusalError(Exception):
    """An error as the Hub words it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclasses.dataclass
class Reply:
    """JSON, or bytes as they are."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
