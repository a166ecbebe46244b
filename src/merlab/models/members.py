"""Recognizers that average several networks: joined into one network, and taken apart again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from merlab.methods.flow_cnn import FlowCnns
from merlab.models.recognizer import Recognizer

# The options of a network that averages others.
AVERAGING = ("members", "mirrored")


def joined_members(networks: Sequence[Recognizer], options: Mapping[str, Any], seed: int) -> Recognizer:
    """One recognizer of networks of the same form; ``options`` are those of the network that averages them."""
    card = networks[0].card.model_copy(update={"network": dict(options), "seed": seed})
    module = card.build()
    parts = module.networks if isinstance(module, FlowCnns) else [module]
    for part, network in zip(parts, networks, strict=True):
        part.load_state_dict(network.module.state_dict())
    return Recognizer(card, module)


def single(recognizer: Recognizer) -> list[Recognizer]:
    """The networks that a recognizer averages, each as a recognizer; the recognizer itself if it is one network."""
    if not isinstance(recognizer.module, FlowCnns):
        return [recognizer]
    options = {name: value for name, value in recognizer.card.network.items() if name not in AVERAGING}
    card = recognizer.card.model_copy(update={"network": options})
    return [Recognizer(card, network, recognizer.digest) for network in recognizer.module.networks]
