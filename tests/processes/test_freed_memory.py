"""The memory that a process keeps."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from merlab.processes.freed_memory import keep_freed_memory

COUNT_PAGE_FAULTS = """
import resource
import numpy as np
from merlab.processes.freed_memory import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [np.ones(2**21) for _ in range(8)]  # 16 MiB each, as large activations are
    del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
keep_freed_memory()
faults()
print(faults())
"""


def test_another_system_is_not_searched_for_its_c_library(monkeypatch):
    """The Python of the store of Windows cannot be opened as a file, where this looks."""

    def refused() -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(platform, "libc_ver", refused)
    monkeypatch.setattr("sys.platform", "win32")
    keep_freed_memory()


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has this setting")
def test_memory_that_was_freed_is_not_fetched_from_the_kernel_again():
    output = subprocess.run([sys.executable, "-c", COUNT_PAGE_FAULTS], capture_output=True, text=True, check=True)
    before, after = map(int, output.stdout.split())
    assert 10 * after < before
