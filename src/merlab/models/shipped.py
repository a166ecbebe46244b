"""The recognizer that ships with merlab: its file, its card and its network, without loading PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import JsonValue
from safetensors import safe_open

from merlab.errors import MerlabError
from merlab.inference.light import LightFlowCnns
from merlab.models.digest import FIELD, content_digest

# The entry of a file's metadata that holds its card.
CARD = "merlab-card"
SHIPPED = Path(__file__).parent / "weights" / "synthetic.safetensors"


def shipped_card() -> dict[str, JsonValue]:
    """The fields of its ModelCard, by their names."""
    with safe_open(SHIPPED, framework="numpy") as file:
        card: dict[str, JsonValue] = json.loads(file.metadata()[CARD])
    return card


def shipped_network() -> LightFlowCnns:
    """Its network, computed by NumPy; raises MerlabError where its file is damaged."""
    with safe_open(SHIPPED, framework="numpy") as file:
        text = file.metadata()[CARD]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    card = json.loads(text)
    if content_digest(text, tensors) != card[FIELD]:
        raise MerlabError(f"{SHIPPED} is damaged: its content differs from the digest in it; install merlab again")
    return LightFlowCnns(tensors, **card["network"])
