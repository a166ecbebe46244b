"""The digest of what a file of weights says: its tensors and its card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import torch

FIELD = "content_digest"


def content_digest(card: str, tensors: Mapping[str, torch.Tensor]) -> str:
    """The SHA-256 of the tensors (names, types, shapes, values) and of a card's JSON without its own digest.

    Raises ValueError or RecursionError for JSON that Python cannot read.
    """
    facts = {name: value for name, value in json.loads(card).items() if name != FIELD}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"\0{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
