"""Precision and compilation, chosen by a short measurement and then kept with the run."""

import ctypes
import dataclasses
import functools
import platform
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F

from training.config import TrainConfig

INTERRUPTED = 130
"""Exit status of a command that Ctrl-C stopped, as shells have it."""

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_LARGEST_KEPT, _GROWTH = 2**27, 2**26  # bytes; above are sets of features, which are kept anyway


@dataclasses.dataclass(frozen=True)
class Execution:
    """How the convolutions run. It changes the speed and, within rounding, nothing else."""

    precision: str
    compile: bool
    why: str


def choose_execution(config: TrainConfig, device: torch.device, processes: int) -> Execution:
    """Take bf16 where a bare convolution is faster in it, and compile where that can work."""
    precision, why = config.precision, "as configured"
    if precision == "auto":
        slow, fast = (convolution_rate(device, dtype) for dtype in (torch.float32, torch.bfloat16))
        precision = "bf16" if fast > 1.1 * slow else "fp32"
        why = f"3x3 convolution forward + backward: fp32 {slow:.2f}, bf16 {fast:.2f} TFLOP/s"
    wanted = config.compile == "yes" or (config.compile == "auto" and processes == 1)
    return Execution(precision, wanted and _can_compile(device), why)


@functools.lru_cache(maxsize=1)
def bf16_is_faster() -> bool:
    """Whether this CPU convolves faster in bf16; measured once, so that all of a process agree."""
    return choose_execution(TrainConfig(compile="no"), torch.device("cpu"), 1).precision == "bf16"


def keep_freed_memory() -> bool:
    """Have this process keep the memory that it frees; says whether the C library can.

    Each step, and each batch that is judged, asks for the blocks that the last one freed. glibc gives
    large ones back at once, so the kernel has to find and clear them again, page by page: at batch
    256 a step took 1.4 times as long (`tests.benchmarks.speed --batch-size 256 --give-back`).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # another system, or another C library
        return False
    wanted = ((_M_MMAP_THRESHOLD, _LARGEST_KEPT), (_M_TRIM_THRESHOLD, -1), (_M_TOP_PAD, _GROWTH))
    return all(mallopt(name, value) == 1 for name, value in wanted)


def convolution_rate(device: torch.device, dtype: torch.dtype, repeats: int = 5) -> float:
    """TFLOP/s of a 128-channel 3x3 convolution at 14 px, batch 64, forward and backward."""
    x = torch.randn(64, 128, 14, 14, device=device, dtype=dtype)
    weight = torch.randn(128, 128, 3, 3, device=device, dtype=dtype)
    x = x.to(memory_format=torch.channels_last).requires_grad_()
    weight = weight.to(memory_format=torch.channels_last).requires_grad_()

    def once() -> None:
        y = F.conv2d(x, weight, padding=1)
        torch.autograd.grad(y, (x, weight), torch.ones_like(y))

    flops = 3 * 2 * 64 * 14 * 14 * 128 * 128 * 9
    return flops / median_seconds(once, device, repeats) / 1e12


def median_seconds(action: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Median wall time of an action after one warm-up."""
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        action()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds[1:])[repeats // 2]


def _can_compile(device: torch.device) -> bool:
    """Whether a compiled toy runs here: without a compiler the attempt fails, and eager stays."""
    try:
        torch.compile(lambda x: x.sin() + 1)(torch.ones(8, device=device))
    except Exception as error:  # noqa: BLE001 - the toolchain may fail in any way it likes
        print(f"torch.compile does not work here ({type(error).__name__}); running eager")
        return False
    return True


def describe_machine() -> str:
    """Class of the machine, for reports: processor features and core count, no host name."""
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()} (GPU)"
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{platform.machine()} CPU, {capability}, {torch.get_num_threads()} threads"
