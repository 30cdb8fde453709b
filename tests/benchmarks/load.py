"""python -m tests.benchmarks.load: many visitors at once, many requests in a row, and then none.

50 open sessions ask for one garment a second each, over HTTP, as the API's own clients do: join the
queue, follow its events, fetch the picture. Meanwhile one more visitor opens the page and asks for
a garment as the page's scripts do. Then requests one after the other from a few clients, while memory is
watched; then nobody, while the processor is watched.
"""

import argparse
import asyncio
import dataclasses
import json
import re
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.page import free_port, resident_mib, start
from training.hardware import describe_machine

CLIENTS = 8
"""Who send the requests in a row: enough that the queue is never empty, too few to fill it."""

PATIENCE_SECONDS = 30


@dataclasses.dataclass
class Tally:
    """Milliseconds of what was answered, and what went wrong, by kind."""

    took_ms: list[float] = dataclasses.field(default_factory=list)
    errors: Counter[str] = dataclasses.field(default_factory=Counter)

    def __str__(self) -> str:
        if len(self.took_ms) < 2:
            return f"{len(self.took_ms)} answers, errors {dict(self.errors) or 'none'}"
        p95 = statistics.quantiles(self.took_ms, n=20, method="inclusive")[-1]
        return (
            f"median {statistics.median(self.took_ms):6.0f} ms, p95 {p95:6.0f} ms, "
            f"{len(self.took_ms)} answers, errors {dict(self.errors) or 'none'}"
        )


async def generate(client: httpx.AsyncClient, seed: int, session: str | None = None) -> None:
    """One garment from the queue, to the PNG's bytes; raises where it is not one.

    Without a name of its own each call is a new session to Gradio: the hardest case for memory.
    """
    body: dict[str, object] = {"data": ["dress", seed, 0.7]}
    if session:
        body["session_hash"] = session
    joined = await client.post("/gradio_api/call/generate", json=body)
    joined.raise_for_status()  # 503: the queue is full
    event = joined.json()["event_id"]
    told = await client.get(f"/gradio_api/call/generate/{event}")
    done = re.search(r"event: complete\ndata: (.+)", told.text)
    if not done:
        raise ValueError(told.text[-80:])
    picture = await client.get(json.loads(done[1])[0]["url"])
    if not picture.content.startswith(b"\x89PNG"):
        raise ValueError("no PNG")


async def open_page(client: httpx.AsyncClient, session: str) -> None:
    """The page's HTML, and a garment by the call that its scripts make."""
    page = await client.get("/")
    page.raise_for_status()
    config = (await client.get("/config")).json()
    header = next(
        part["id"] for part in config["components"]
        if "garment" in (part["props"].get("server_fns") or ())
    )  # fmt: skip
    asked = {"component_id": header, "fn_name": "garment", "session_hash": session}
    asked["data"] = {"label": 3, "seed": 42}
    answer = await client.post("/gradio_api/component_server", json=asked)
    if "pixels" not in (answer.json() or {}):
        raise ValueError(answer.text[:80])


async def timed(tally: Tally, call: Awaitable[None], due: float | None = None) -> None:
    """Await a call; put on the tally its error, or what it took since it was due."""
    began = time.perf_counter() if due is None else due
    try:
        await call
        tally.took_ms.append((time.perf_counter() - began) * 1000)
    except (httpx.HTTPError, ValueError) as error:
        status = getattr(getattr(error, "response", None), "status_code", "")
        tally.errors[f"{type(error).__name__} {status or str(error)[:60]}".strip()] += 1


async def hold_open(client: httpx.AsyncClient, session: str) -> None:
    """The stream by which an open page tells that it is still there."""
    async with client.stream("GET", f"/gradio_api/heartbeat/{session}", timeout=None) as beats:
        async for _ in beats.aiter_bytes():
            pass


async def visit(url: str, number: int, seconds: float, tally: Tally) -> None:
    """A session: one garment a second, at its own moment of the second.

    Its client follows one call at a time. Where the server is late the next call is late too, which
    counts as waiting: time runs from the moment when a call was due. Connections are its own, as a
    browser's are: httpx looks through all of a client's for each request, and a single client for
    fifty sessions was slower than the server.
    """
    session = f"visitor{number}"
    async with httpx.AsyncClient(**_options(url)) as client:
        alive = asyncio.create_task(hold_open(client, session))
        began = time.perf_counter() + number % 50 / 50
        for second in range(int(seconds)):
            due = began + second
            await asyncio.sleep(due - time.perf_counter())
            await timed(tally, generate(client, 1000 * number + second, session), due)
        alive.cancel()
        await asyncio.gather(alive, return_exceptions=True)


def _options(url: str) -> dict[str, Any]:
    # No certificates: reading them anew for each client takes longer than a call.
    return {"base_url": url, "timeout": PATIENCE_SECONDS, "verify": False}


async def sessions(url: str, count: int, seconds: float) -> tuple[Tally, Tally]:
    """`count` sessions for so long, and the page of one more opened every two seconds."""
    visitors, newcomer = Tally(), Tally()
    async with httpx.AsyncClient(**_options(url)) as client:
        crowd = [
            asyncio.create_task(visit(url, number, seconds, visitors)) for number in range(count)
        ]
        for number in range(max(1, int(seconds / 2))):
            await timed(newcomer, open_page(client, f"newcomer{number}"))
            await asyncio.sleep(2)
        await asyncio.gather(*crowd)
    return visitors, newcomer


async def in_a_row(url: str, count: int) -> Tally:
    """`count` requests, from a few clients who each wait for their answer."""
    tally, seeds = Tally(), iter(range(count))

    async def client_of_many() -> None:
        async with httpx.AsyncClient(**_options(url)) as client:
            for seed in seeds:
                await timed(tally, generate(client, seed))

    await asyncio.gather(*(client_of_many() for _ in range(CLIENTS)))
    return tally


def processor_seconds(process: subprocess.Popen) -> float:
    """What the process and its threads have used of the processor so far (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def watch_memory(process: subprocess.Popen, url: str, requests: int, warm_up: int) -> None:
    """Requests in five parts after the warm-up; prints what memory did."""
    print(f"warm-up         {asyncio.run(in_a_row(url, warm_up))}")
    first, spent = resident_mib(process), processor_seconds(process)
    for part in range(5):
        tally = asyncio.run(in_a_row(url, requests // 5))
        print(f"requests {(part + 1) * requests // 5:6} {tally}; {resident_mib(process):.1f} MiB")
    each = (processor_seconds(process) - spent) * 1000 / max(requests, 1)
    last = resident_mib(process)
    print(f"memory          {first:.1f} MiB warm, {last:.1f} MiB after {requests} requests: "
          f"{(last / first - 1) * 100:+.1f} %; {each:.1f} ms of processor a request")  # fmt: skip


def main() -> None:
    """Start a server, try it, print, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, default=2_500)
    parser.add_argument("--idle", type=float, default=20, help="seconds without a request")
    options = parser.parse_args()
    port = free_port()
    process, took = start(port)
    url = f"http://127.0.0.1:{port}"
    try:
        print(f"machine         {describe_machine()}")
        print(f"first garment   {took:.2f} s after process start")
        spent, own = processor_seconds(process), time.process_time()
        visitors, newcomer = asyncio.run(sessions(url, options.sessions, options.seconds))
        busy = (processor_seconds(process) - spent) / options.seconds * 100
        own = (time.process_time() - own) / options.seconds * 100
        print(f"{options.sessions} sessions     {visitors}; {busy:.0f} % of a core, "
              f"who asks {own:.0f} %")  # fmt: skip
        print(f"one more page   {newcomer}")
        watch_memory(process, url, options.requests, options.warm_up)
        time.sleep(5)
        spent = processor_seconds(process)
        time.sleep(options.idle)
        idle = (processor_seconds(process) - spent) / options.idle * 100
        print(f"idle            {idle:.1f} % of a core over {options.idle:.0f} s")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
