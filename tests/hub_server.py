"""The Hub on loopback, in memory: enough of its HTTP contract for a real huggingface_hub client.

It checks what the Hub checks (token, sha256 of uploads, parent commit, metadata of cards, the plan
that a Space needs). It proves what the client sends and can read, not the policies of the Hub.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote

from tests.hub_routes import ROUTES
from tests.hub_store import Hub, RefusalError, Reply, Repo

ROOT = Path(__file__).parent.parent
TOKEN = "hf_loopback"  # noqa: S105 - opens nothing but this server
WRONG_TOKEN = "hf_wrong"  # noqa: S105


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *args: object) -> None:
        pass

    @property
    def base(self) -> str:
        return f"http://{self.headers['Host']}"

    @property
    def authorised(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def answer(self) -> None:
        self.path, _, query = self.path.partition("?")
        self.path, self.query = unquote(self.path), parse_qs(query)
        self.hub.log.append(f"{self.command} {self.path}")
        if "Authorization" in self.headers:
            self.hub.credentials.append(self.headers["Authorization"])
        self.hub.gate.wait(60)
        self.content = self._read()
        try:
            reply = self._dispatch()
        except RefusalError as error:
            headers = {"X-Error-Code": error.code, "X-Error-Message": str(error)}
            reply = Reply({"error": str(error)}, error.status, headers)
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        for name, value in {**headers, "X-Request-Id": "loopback", **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the base class's names

    def _read(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def _dispatch(self) -> Reply:
        if "Authorization" in self.headers and not self.authorised:
            raise RefusalError(401, "", "Invalid credentials in Authorization header")
        for methods, pattern, function in ROUTES:
            if self.command in methods and (match := pattern.fullmatch(self.path)):
                return function(self, **match.groupdict())
        raise RefusalError(404, "", f"no route {self.command} {self.path}")

    def need_token(self) -> None:
        if not self.authorised:
            raise RefusalError(401, "", "Invalid username or password.")

    def find(self, kind: str, repo_id: str) -> Repo:
        repo = self.hub.repos.get((kind, repo_id))
        if repo is None or (repo.private and not self.authorised):
            raise RefusalError(
                404 if self.authorised else 401, "RepoNotFound", "Repository not found"
            )
        if self.command == "POST" and "/paths-info/" not in self.path:
            self.need_token()
        return repo

    def part(self, content: bytes, headers: dict[str, str]) -> Reply:
        """All of it, or the range that a resumed download asks for."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        headers = {**headers, "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
        if not asked:
            return Reply(content, headers=headers)
        first, last = int(asked[1]), int(asked[2] or len(content) - 1)
        where = f"bytes {first}-{last}/{len(content)}"
        return Reply(content[first : last + 1], 206, {**headers, "Content-Range": where})


@contextlib.contextmanager
def serve() -> Iterator[tuple[Hub, str]]:
    """A running Hub and its address, until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneHub", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """Address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def run_client(
    command: list[str], endpoint: str, home: Path, token: str = TOKEN
) -> subprocess.CompletedProcess[bytes]:
    """A client of its own: huggingface_hub reads its environment when it is imported."""
    environment = {
        **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_TOKEN": token,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, timeout=120
    )
