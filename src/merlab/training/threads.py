"""The number of threads of PyTorch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# Torch has one generator for all threads of a program: two that train at once would take numbers from each other.
ONE_TRAINS = threading.RLock()


@contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """So many threads inside, and the former number afterwards.

    With one thread, sums have one order: the last digits of a result do not depend on how many processes work. Networks
    that are small are also faster with it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
