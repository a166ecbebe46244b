"""A recognizer that has learned nothing, for tests of what is done with one."""

from __future__ import annotations

import torch

from merlab.inputs import parse_recipe
from merlab.models.card import ModelCard
from merlab.models.recognizer import Recognizer


def small_recognizer(**changes) -> Recognizer:
    recipe = str(parse_recipe("flow:channels=uvs,size=28x28"))
    facts = {
        "name": "small",
        "method": "ststnet",
        "preset": "reduced",
        "recipe": recipe,
        "scheme": "megc2019",
        "classes": ("negative", "positive", "surprise"),
        "stamps": ("SYNTHETIC",),
    }
    card = ModelCard.model_validate(facts | changes)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Recognizer(card, card.build())
