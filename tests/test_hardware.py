"""What is asked of the machine that trains."""

import platform
import subprocess
import sys

import pytest

LAST_TEN_STEPS = """
import resource, sys
import torch
from training.hardware import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
for step in range(40):
    if step == 30:  # the heap has its size after two steps to six, by what lies between its blocks
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.zeros(16, 2**20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_that_was_freed_is_not_asked_of_the_system_again():
    faults = {
        what: int(subprocess.check_output([sys.executable, "-c", LAST_TEN_STEPS, what]))
        for what in ("kept", "given back")
    }
    assert faults["kept"] < faults["given back"] / 5
