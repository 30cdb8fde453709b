"""python -m tests.benchmarks.page: from process start to the first garment, and /generate's pace."""

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from training.hardware import describe_machine

ROOT = Path(__file__).parents[2]
GARMENT = re.compile(rb"data:image/png;base64,")


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(port: int) -> tuple[subprocess.Popen, float]:
    """The page in a process of its own, and the seconds until its HTML held a garment."""
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    while time.perf_counter() - began < 120:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                if GARMENT.search(answer.read()):
                    return process, time.perf_counter() - began
        except OSError:
            time.sleep(0.02)
    process.kill()
    raise SystemExit("the page did not start within two minutes")


def resident_mib(process: subprocess.Popen) -> float:
    """Memory of the process, MiB (Linux)."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def generate(port: int, seed: int) -> float:
    """Milliseconds of one /generate call, from request to the PNG's bytes."""
    began = time.perf_counter()
    body = json.dumps({"data": ["dress", seed, 1.0]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/gradio_api/run/generate",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        url = json.load(answer)["data"][0]["url"]
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
        if not answer.read().startswith(b"\x89PNG"):
            raise SystemExit("/generate did not return a PNG")
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Start twice (the second with files warm), call, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    options = parser.parse_args()
    seconds = []
    for _ in range(2):
        port = free_port()
        process, took = start(port)
        seconds.append(took)
        if len(seconds) < 2:
            process.terminate()
            process.wait()
    for seed in range(5):
        generate(port, seed)
    took_ms = sorted(generate(port, seed) for seed in range(options.calls))
    print(f"machine         {describe_machine()}")
    print(f"first garment   {seconds[0]:.2f} s, files warm {seconds[1]:.2f} s after process start")
    print(f"/generate       median {statistics.median(took_ms):.1f} ms, "
          f"p95 {took_ms[int(0.95 * len(took_ms))]:.1f} ms over {options.calls} calls")  # fmt: skip
    print(f"memory          {resident_mib(process):.0f} MiB resident")
    process.terminate()
    process.wait()


if __name__ == "__main__":
    main()
