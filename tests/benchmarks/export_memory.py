"""python -m tests.benchmarks.export_memory --count 200000: does the memory of an export stay bounded?

Draws, writes, reads back and looks for copies as `training.export` does, in one process, and prints
the most memory that was ever resident after each part, and the pace of drawing. A million pictures
need as much as the first ten thousand and eight bytes each for the digests of the copies.
"""

import argparse
import dataclasses
import resource
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from model.export import ExportPlan, export_images, shard_size
from model.generator import Generator
from model.weights import SHIPPED_MODEL, load_generator
from training.export_proof import RealData, copies, load_real
from training.export_read import read_export
from training.hardware import describe_machine, keep_freed_memory


@dataclasses.dataclass(frozen=True)
class Memory:
    """Peak resident memory in MiB after each part, and pictures drawn and written in a second."""

    first: float
    drawn: float
    read: float
    copies: float | None
    pace: float


def peak() -> float:
    """Most memory that this process ever had resident, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def measure(
    generator: Generator, plan: ExportPlan, folder: Path, real: RealData | None = None
) -> Memory:
    """Export into a new folder and go through it; `first` is the peak when one shard is written."""
    first = 0.0
    start = time.perf_counter()
    with tqdm(total=plan.count, desc="pictures", disable=None) as bar:

        def show(done: int, total: int) -> None:
            nonlocal first
            del total
            bar.update(done - bar.n)
            if done >= plan.shard_images and not first:
                first = peak()

        export_images(generator, plan, folder, show)
    pace, drawn = plan.count / (time.perf_counter() - start), peak()
    for _ in read_export(folder, plan, generator.config):
        pass
    read, looked = peak(), None
    if real is not None:
        copies(read_export(folder, plan, generator.config), real, plan.count)
        looked = peak()
    return Memory(first, drawn, read, looked, pace)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--formats", default="idx,parquet", help="with commas (%(default)s)")
    parser.add_argument("--no-copies", action="store_true", help="draw, write and read alone")
    options = parser.parse_args()
    keep_freed_memory()
    generator = load_generator(SHIPPED_MODEL)
    config = generator.config
    plan = ExportPlan(
        labels=tuple(range(config.num_classes)),
        count=options.count,
        formats=tuple(options.formats.split(",")),
        shard_images=shard_size(config),
    )
    real = None if options.no_copies else load_real(config, plan.labels)
    loaded = peak()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(generator, plan, Path(folder) / "export", real)
    print(f"machine              {describe_machine()}")
    print(f"pictures             {plan.count:,}, formats {','.join(plan.formats)}")
    print(f"pictures per second  {found.pace:.0f}, drawn and written")
    print("peak resident memory, MiB")
    print(f"  before             {loaded:.0f}")
    print(f"  first {plan.shard_images:,} safe  {found.first:.0f}")
    print(f"  all drawn          {found.drawn:.0f}")
    print(f"  read back          {found.read:.0f}")
    if found.copies is not None:
        print(f"  copies looked for  {found.copies:.0f}")


if __name__ == "__main__":
    main()
