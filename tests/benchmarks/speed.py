"""python -m tests.benchmarks.speed: how fast a training step is, and how near to what is possible.

Counts the multiplications and additions of one step, forwards and backwards of both networks,
times steps at the shipped size, and sets their rate beside a bare convolution's in the same run.
"""

import argparse
import dataclasses
import resource
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from training.config import PRESETS
from training.data import load_fashion_mnist
from training.hardware import (
    Execution,
    choose_execution,
    convolution_rate,
    describe_machine,
    keep_freed_memory,
)
from training.loop import train_step
from training.run import Run


def step_flops(preset: str) -> int:
    """Floating-point operations of one eager fp32 step, for each image."""
    config = dataclasses.replace(PRESETS[preset], batch_size=4)  # of fewer, doubling takes more
    run = Run(config, Execution("fp32", compile=False, why="counting"), torch.device("cpu"))
    data = load_fashion_mnist("heldout")
    with FlopCounterMode(display=False) as counter:
        train_step(run, data)
    return counter.get_total_flops() // config.batch_size


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="fashion-mnist", choices=PRESETS)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch-size", type=int, help="the preset's if not given")
    parser.add_argument("--give-back", action="store_true", help="free memory as the system does")
    options = parser.parse_args()
    kept = not options.give_back and keep_freed_memory()
    config, device = PRESETS[options.preset], torch.device("cpu")
    config = dataclasses.replace(config, batch_size=options.batch_size or config.batch_size)
    flops = step_flops(options.preset)
    execution = choose_execution(config, device, 1)
    dtype = torch.bfloat16 if execution.precision == "bf16" else torch.float32
    run, data = Run(config, execution, device), load_fashion_mnist("train")
    bare, seconds = [], []
    for step in range(options.steps + 3):
        if step == 3:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        start = time.perf_counter()
        train_step(run, data)
        seconds.append(time.perf_counter() - start)
        if step % 10 == 3:  # in between, so that both rates meet the same machine
            bare.append(convolution_rate(device, dtype))
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    median = sorted(seconds[3:])[options.steps // 2]
    rate, reachable = flops * config.batch_size / median / 1e12, sorted(bare)[len(bare) // 2]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"machine            {describe_machine()}")
    print(f"execution          {execution.precision}{', compiled' if execution.compile else ''}")
    print(f"work               {flops / 1e9:.2f} GFLOP an image, batch {config.batch_size}")
    print(f"images per second  {config.batch_size / median:.1f} (median of {options.steps} steps)")
    print(f"effective          {rate:.3f} TFLOP/s")
    print(f"bare convolution   {reachable:.3f} TFLOP/s forward + backward, same dtype, same run")
    print(f"ratio              {rate / reachable:.2f}")
    print(
        f"peak memory        {memory:.2f} GiB; what is freed is {'kept' if kept else 'given back'}"
    )
    print(f"page faults        {faults / options.steps:,.0f} a step")


if __name__ == "__main__":
    main()
