"""Optimizers of PyTorch without its compiler, which takes more than a second to load in every process that trains.

PyTorch loads it when it makes an optimizer and when the optimizer takes its first step, to hide both from it, also
where nothing is compiled. A version of PyTorch that hides them in another way loads it as before.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from typing import Any

import torch
from torch.nn import Parameter
from torch.optim import Optimizer

HIDDEN = (Optimizer.add_param_group, Optimizer.zero_grad)


def made(kind: type[Optimizer], parameters: Iterable[Parameter], **settings: Any) -> Optimizer:
    """``kind(parameters, **settings)``; not for steps that are ``differentiable``."""
    if "torch._dynamo" in sys.modules:
        return kind(parameters, **settings)
    for function in (inspect.unwrap(each) for each in HIDDEN):
        # PyTorch looks here before it loads the compiler.
        vars(function).setdefault("__dynamo_disable", function)
    step = torch.no_grad()(inspect.unwrap(kind.step))
    plain: type[Optimizer] = type(kind.__name__, (kind,), {"step": step})
    return plain(parameters, **settings)
