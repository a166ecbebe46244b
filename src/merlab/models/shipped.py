"""The recognizer that ships with merlab: where its file is, and what its card states, without loading PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import JsonValue
from safetensors import safe_open

# The entry of a file's metadata that holds its card.
CARD = "merlab-card"
SHIPPED = Path(__file__).parent / "weights" / "synthetic.safetensors"


def shipped_card() -> dict[str, JsonValue]:
    """The fields of its ModelCard, by their names."""
    with safe_open(SHIPPED, framework="numpy") as file:
        card: dict[str, JsonValue] = json.loads(file.metadata()[CARD])
    return card
