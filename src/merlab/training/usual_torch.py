"""PyTorch as it starts, whatever the program that calls merlab has set."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

# Libraries and what they compute, which have a precision of float32 of their own since torch 2.9.
OPERATIONS = (("cuda", "matmul"), ("mkldnn", "matmul"), ("mkldnn", "conv"), ("mkldnn", "rnn"))


@dataclass(frozen=True)
class _Settings:
    """The type of new tensors, the precision of matrix products, and that of each operation that has its own."""

    dtype: torch.dtype
    products: str
    operations: tuple[str, ...]

    @classmethod
    def now(cls) -> _Settings:
        """Those of the program."""
        try:
            products = torch.get_float32_matmul_precision()
        except RuntimeError:
            # Torch refuses this where a program has set operations, whose settings then count.
            products = USUAL.products
        return cls(torch.get_default_dtype(), products, tuple(each.fp32_precision for each in _operations()))

    def set(self) -> None:
        torch.set_default_dtype(self.dtype)
        # It sets operations too, so these are set after it.
        torch.set_float32_matmul_precision(self.products)
        for operation, precision in zip(_operations(), self.operations, strict=False):
            operation.fp32_precision = precision


USUAL = _Settings(torch.float32, "highest", ("ieee",) * len(OPERATIONS))


def _operations() -> list[Any]:
    """Those of this torch."""
    found = (getattr(getattr(torch.backends, library), name, None) for library, name in OPERATIONS)
    return [each for each in found if hasattr(each, "fp32_precision")]


class _Shared:
    """Settings that all threads of a program share: the first that needs the usual ones sets them, the last restores.

    Otherwise, a thread that is finished would take them from another one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = USUAL

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = _Settings.now()
                USUAL.set()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._before.set()


_SHARED = _Shared()


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
