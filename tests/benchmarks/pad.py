"""python -m tests.benchmarks.pad: how long a pad between four garments takes, way by way.

The ways take turns, so that they meet the same machine. Where other programs run, minima say what
the machine can do, and processor seconds say it too: of both cores together.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

import torch

from model.latents import map_seeds, render
from model.mixing import pad
from model.studio import Studio
from model.weights import SHIPPED_MODEL
from training.hardware import describe_machine

CORNERS = ((3, 42), (4, 43), (9, 7), (0, 11))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--torch-threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.torch_threads)
    studio = Studio.open(SHIPPED_MODEL)
    corners = [studio.garment(label, seed) for label, seed in CORNERS]
    garments = pad(corners)
    w = map_seeds(studio.generator, [n % 10 for n in range(289)], range(289), 0.7)
    ways: dict[str, Callable[[], object]] = {
        "17 x 17 one by one": lambda: studio.draw(garments),
        "289 in batches of 32": lambda: render(studio.generator, w, 32),
        "17 x 17 pad": lambda: studio.sketch(pad(corners)),
        "9 x 9 pad": lambda: studio.sketch(pad(corners, 9)),
    }
    wall: dict[str, list[float]] = {way: [] for way in ways}
    processor: dict[str, list[float]] = {way: [] for way in ways}
    for repeat in range(options.repeats + 1):
        for way, draw in ways.items():
            began, spent = time.perf_counter(), time.process_time()
            draw()
            if repeat:  # the first finds nothing in the caches
                wall[way].append((time.perf_counter() - began) * 1000)
                processor[way].append((time.process_time() - spent) * 1000)
    load = os.getloadavg()[0]
    print(
        f"machine  {describe_machine()}, torch threads {torch.get_num_threads()}, load {load:.1f}"
    )
    for way in ways:
        print(
            f"{way:20} median {statistics.median(wall[way]):6.0f} ms, "
            f"p95 {statistics.quantiles(wall[way], n=20, method='inclusive')[-1]:6.0f}, "
            f"least {min(wall[way]):6.0f}; processor: median "
            f"{statistics.median(processor[way]):6.0f} ms, least {min(processor[way]):6.0f}"
        )


if __name__ == "__main__":
    main()
