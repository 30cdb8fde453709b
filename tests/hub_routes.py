"""The routes that the Python client of the Hub uses, and what each of them checks."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qs

import yaml

from tests.hub_store import File, Hub, RefusalError, Reply, Repo, commit_id

USER = "tester"
LFS_ENDINGS = (".safetensors", ".png", ".parquet", ".gz")
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
REPO = r"/api/(?P<kind>model|dataset|space)s/(?P<repo>[^/]+/[^/]+)"


class Request(Protocol):
    """What a route may look at."""

    hub: Hub
    content: bytes
    query: dict[str, list[str]]

    @property
    def base(self) -> str: ...
    def need_token(self) -> None: ...
    def find(self, kind: str, repo_id: str) -> Repo: ...
    def part(self, content: bytes, headers: dict[str, str]) -> Reply: ...


Route = Callable[..., Reply]
ROUTES: list[tuple[set[str], re.Pattern[str], Route]] = []


def route(methods: str, pattern: str) -> Callable[[Route], Route]:
    def register(function: Route) -> Route:
        ROUTES.append((set(methods.split("|")), re.compile(pattern), function))
        return function

    return register


@route("GET", "/api/whoami-v2")
def whoami(on: Request) -> Reply:
    on.need_token()
    return Reply({"type": "user", "name": USER, "orgs": []})


@route("POST", "/api/validate-yaml")
def validate(on: Request) -> Reply:
    request = json.loads(on.content)
    header = yaml.safe_load(request["content"].split("---")[1])
    errors = []
    if request["repoType"] == "space":
        if len(header.get("short_description", "")) > 60:
            errors.append("short_description must be at most 60 characters long")
        errors += [f"{k} is wrong" for k in ("colorFrom", "colorTo") if header[k] not in COLOURS]
    messages = {"errors": [{"message": error} for error in errors], "warnings": []}
    return Reply(messages, 400 if errors else 200)


@route("POST", "/api/repos/create")
def create(on: Request) -> Reply:
    on.need_token()
    request = json.loads(on.content)
    kind, owner = request.get("type") or "model", request.get("organization") or USER
    repo_id = f"{owner}/{request['name']}"
    url = f"{on.base}/{'' if kind == 'model' else kind + 's/'}{repo_id}"
    if owner != USER:
        raise RefusalError(403, "", f"You don't have the rights to create under {owner}")
    if (kind, repo_id) in on.hub.repos:
        return Reply({"error": "You already created this repo", "url": url}, 409)
    if kind == "space" and request.get("hardware", "cpu-basic") == "cpu-basic":
        raise RefusalError(402, "", "cpu-basic needs a PRO subscription")
    root = commit_id(url)
    private = request.get("visibility") == "private"
    on.hub.repos[kind, repo_id] = Repo(private, request, {root: {}}, {"main": root})
    return Reply({"url": url, "name": repo_id, "id": repo_id})


@route("GET", REPO + "(?:/revision/(?P<revision>.+))?")
def info(on: Request, kind: str, repo: str, revision: str | None) -> Reply:
    found = on.find(kind, repo)
    commit = found.find(revision or "main")
    siblings: list[dict[str, object]] = []
    for path, file in found.commits[commit].items():
        sized = {"size": file.size, "blobId": file.oid}
        lfs = {"lfs": {"size": file.size, "sha256": file.oid, "pointerSize": 134}}
        more = {**sized, **(lfs if file.lfs else {})} if "blobs" in on.query else {}
        siblings.append({"rfilename": path, **more})
    about = {"_id": "0", "id": repo, "modelId": repo, "sha": commit, "siblings": siblings}
    plain = {"private": found.private, "gated": False, "disabled": False, "tags": []}
    counts = {"downloads": 0, "likes": 0}
    return Reply({**about, **plain, **counts}, headers={"X-Repo-Commit": commit})


@route("GET", REPO + "/tree/(?P<revision>[^/]+)(?:/(?P<folder>.+))?")
def tree(on: Request, kind: str, repo: str, revision: str, folder: str | None) -> Reply:
    files = on.find(kind, repo).files(revision)
    prefix, deep = f"{folder}/" if folder else "", on.query.get("recursive") != ["false"]
    entries: dict[str, dict[str, object]] = {}
    for path, file in sorted(files.items()):
        if path.startswith(prefix):
            first, slash, _ = path.removeprefix(prefix).partition("/")
            place = path if deep or not slash else prefix + first
            inside = {"type": "directory", "path": place, "size": 0, "oid": commit_id(place)}
            entries[place] = file.describe(path) if place == path else inside
    return Reply(list(entries.values()))


@route("POST", REPO + "/paths-info/(?P<revision>.+)")
def paths(on: Request, kind: str, repo: str, revision: str) -> Reply:
    files = on.find(kind, repo).files(revision)
    asked = parse_qs(on.content.decode())["paths"]
    return Reply([files[path].describe(path) for path in asked if path in files])


@route("GET", REPO + "/refs")
def refs(on: Request, kind: str, repo: str) -> Reply:
    found = on.find(kind, repo)

    def listed(names: dict[str, str], place: str) -> list[dict[str, str]]:
        return [
            {"name": name, "ref": f"refs/{place}/{name}", "targetCommit": commit}
            for name, commit in names.items()
        ]

    branches, tags = listed(found.branches, "heads"), listed(found.tags, "tags")
    return Reply({"branches": branches, "tags": tags, "converts": []})


@route("POST", REPO + "/tag/(?P<revision>.+)")
def tag(on: Request, kind: str, repo: str, revision: str) -> Reply:
    found, name = on.find(kind, repo), json.loads(on.content)["tag"]
    if name in found.tags:
        raise RefusalError(409, "", "Tag exists already")
    found.tags[name] = found.find(revision)
    return Reply({})


@route("POST", REPO + "/variables")
def variables(on: Request, kind: str, repo: str) -> Reply:
    found, request = on.find(kind, repo), json.loads(on.content)
    found.variables[request["key"]] = request["value"]
    return Reply({key: {"value": value} for key, value in found.variables.items()})


@route("POST", REPO + "/preupload/(?P<revision>.+)")
def preupload(on: Request, kind: str, repo: str, revision: str) -> Reply:
    files, answers = on.find(kind, repo).files(revision), []
    for asked in json.loads(on.content)["files"]:
        path, known = asked["path"], files.get(asked["path"])
        mode = "lfs" if path.endswith(LFS_ENDINGS) else "regular"
        oid = known.oid if known else None
        answers.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return Reply({"files": answers})


@route("POST", r"/(?:(?:datasets|spaces)/)?[^/]+/[^/]+\.git/info/lfs/objects/batch")
def batch(on: Request) -> Reply:
    on.need_token()
    objects = json.loads(on.content)["objects"]
    for wanted in objects:
        if (oid := wanted["oid"]) not in on.hub.blobs:
            upload = {"href": f"{on.base}/_lfs/{oid}"}
            wanted["actions"] = {"upload": upload, "verify": {"href": f"{on.base}/_verify"}}
    return Reply({"transfer": "basic", "objects": objects})


@route("PUT", "/_lfs/(?P<oid>[0-9a-f]{64})")
def put_blob(on: Request, oid: str) -> Reply:
    if hashlib.sha256(on.content).hexdigest() != oid:
        raise RefusalError(400, "", "sha256 mismatch")
    on.hub.blobs[oid] = on.content
    return Reply({})


@route("POST", "/_verify")
def verify(on: Request) -> Reply:
    wanted = json.loads(on.content)
    if len(on.hub.blobs.get(wanted["oid"], b"")) != wanted["size"]:
        raise RefusalError(404, "EntryNotFound", "the object is missing")
    return Reply({})


@route("GET|HEAD", "/_lfs/(?P<oid>[0-9a-f]{64})")
def get_blob(on: Request, oid: str) -> Reply:
    return on.part(on.hub.blobs[oid], {"ETag": f'"{oid}"'})


@route("POST", REPO + "/commit/(?P<branch>.+)")
def commit(on: Request, kind: str, repo: str, branch: str) -> Reply:
    found = on.find(kind, repo)
    head = found.find(branch)
    header, *changes = (json.loads(line) for line in on.content.splitlines())
    if header["value"].get("parentCommit", head) != head:
        raise RefusalError(412, "", "A commit has happened since.")
    files = dict(found.commits[head])
    for change in changes:
        _apply(on.hub, files, change["key"], change["value"])
    content = [head, header, sorted((path, file.oid) for path, file in files.items())]
    commit = commit_id(json.dumps(content))
    found.commits[commit] = files
    found.branches[branch] = commit
    url = f"{on.base}/{'' if kind == 'model' else kind + 's/'}{repo}/commit/{commit}"
    return Reply({"success": True, "commitOid": commit, "commitUrl": url, "hookOutput": ""})


@route("GET|HEAD", r"/(?:(?P<kind>dataset|space)s/)?(?P<repo>[^/]+/[^/]+)/resolve/"
                   r"(?P<revision>[^/]+)/(?P<path>.+)")  # fmt: skip
def resolve(on: Request, kind: str | None, repo: str, revision: str, path: str) -> Reply:
    found = on.find(kind or "model", repo)
    commit = found.find(revision)
    if path not in found.commits[commit]:
        raise RefusalError(404, "EntryNotFound", "Entry not found")
    file = found.commits[commit][path]
    headers = {"X-Repo-Commit": commit, "ETag": f'"{file.oid}"'}
    if not file.lfs:
        return on.part(file.content, headers)
    # To another host name: the client follows a redirect on this one and misses the headers.
    place = f"{on.base.replace('127.0.0.1', 'localhost')}/_lfs/{file.oid}"
    linked = {"X-Linked-ETag": f'"{file.oid}"', "X-Linked-Size": str(file.size)}
    return Reply(b"", 302, {**headers, **linked, "Location": place})


def _apply(hub: Hub, files: dict[str, File], key: str, value: dict[str, str]) -> None:
    if key == "deletedFile":
        del files[value["path"]]
    elif key == "lfsFile":
        if value["oid"] not in hub.blobs:
            raise RefusalError(400, "", "LFS pointer to an object that was never uploaded")
        content = hub.blobs[value["oid"]]
        files[value["path"]] = File(content, True, len(content))
    elif key == "file":
        content = base64.b64decode(value["content"])
        files[value["path"]] = File(content, False, len(content))
    else:
        raise RefusalError(400, "", f"no such change: {key}")
