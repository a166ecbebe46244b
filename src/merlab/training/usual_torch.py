"""PyTorch as it starts, whatever the program that calls merlab has set."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch


class _Shared:
    """Settings that all threads of a program share: the first that needs the usual ones sets them, the last restores.

    Otherwise, a thread that is finished would take them from another one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = torch.float32, "highest"

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = torch.get_default_dtype(), torch.get_float32_matmul_precision()
                _set(torch.float32, "highest")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                _set(*self._before)


_SHARED = _Shared()


def _set(kind: torch.dtype, products: str) -> None:
    torch.set_default_dtype(kind)
    torch.set_float32_matmul_precision(products)


@contextmanager
def usual_torch() -> Iterator[None]:
    """Inside, torch has the settings with which it starts: float32 on the CPU, with gradients, without autocast.

    Without it, results would depend on what the program has set, and on ``jobs``, because worker processes do not have
    it. Afterwards, everything is as the program has set it.
    """
    with _SHARED, torch.inference_mode(False), torch.enable_grad(), ExitStack() as stack:
        for device in ("cpu", "cuda"):
            if torch.is_autocast_enabled(device):
                stack.enter_context(torch.autocast(device, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield
