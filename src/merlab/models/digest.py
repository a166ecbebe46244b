"""The digest of what a file of weights says: its tensors and its card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import torch

from merlab.models.card import ModelCard

FIELD = "content_digest"
# The file that ships with merlab was written before cards had a digest. It is known by a number that its training alone
# gave and that changes no prediction: its negative log-likelihood before calibration.
OLDER_FILES = {0.2989312823832465: "c578bf2ec3d14fef6c343984762af4ae7ac4ca5167e52cd95ddf51555fa9fc4f"}


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


def expected_digest(card: ModelCard) -> str | None:
    """The digest that the content of this card's file must have; None if it was written before cards had one."""
    if card.content_digest is not None or card.calibration is None:
        return card.content_digest
    return OLDER_FILES.get(card.calibration.before.negative_log_likelihood)
