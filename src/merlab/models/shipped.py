"""The recognizer that ships with merlab: its file, its card and its network, without loading PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from safetensors import SafetensorError, safe_open

from merlab.errors import MerlabError, first_line
from merlab.given import require_file
from merlab.inference.light import LightFlowCnns
from merlab.models.digest import FIELD, content_digest

# The entry of a file's metadata that holds its card.
CARD = "merlab-card"
SHIPPED = Path(__file__).parent / "weights" / "synthetic.safetensors"
REMEDY = "install merlab again"


def shipped_card() -> dict[str, JsonValue]:
    """The fields of its ModelCard, by their names; raises MerlabError where its file is missing or damaged."""
    return _content()[0]


def shipped_network() -> LightFlowCnns:
    """Its network, computed by NumPy; raises MerlabError as ``shipped_card``."""
    card, tensors = _content()
    return LightFlowCnns(tensors, **card["network"])


def _content() -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    require_file(SHIPPED, REMEDY)
    try:
        with safe_open(SHIPPED, framework="numpy") as file:
            text = file.metadata()[CARD]
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        card = json.loads(text)
        is_sound = content_digest(text, tensors) == card[FIELD]
    except (SafetensorError, OSError, RuntimeError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise MerlabError(f"{SHIPPED} is damaged ({first_line(error)}); {REMEDY}") from error
    if not is_sound:
        raise MerlabError(f"{SHIPPED} is damaged: its content differs from the digest in it; {REMEDY}")
    return card, tensors
