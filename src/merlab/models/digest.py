"""The digest of what a file of weights says: its tensors and its card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

FIELD = "content_digest"


def content_digest(card: str, tensors: Mapping[str, torch.Tensor] | Mapping[str, NDArray[np.float32]]) -> str:
    """The SHA-256 of the tensors (names, types, shapes, values) and of a card's JSON without its own digest.

    Arrays have the digest of the tensors that they are. Raises ValueError or RecursionError for JSON that Python
    cannot read.
    """
    facts = {name: value for name, value in json.loads(card).items() if name != FIELD}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        kind = f"torch.{tensor.dtype}" if isinstance(tensor, np.ndarray) else tensor.dtype
        digest.update(f"\0{name} {kind} {tuple(tensor.shape)}\0".encode())
        digest.update(_bytes_of(tensor))
    return digest.hexdigest()


def _bytes_of(tensor: torch.Tensor | NDArray[np.float32]) -> memoryview:
    if isinstance(tensor, np.ndarray):
        return np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data
    import torch

    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
