"""Weights to start from and synthetic flow, small enough for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from merlab.evaluation.start import Start
from merlab.inputs import parse_recipe
from merlab.methods import Task, find_method
from merlab.models.card import ModelCard, SyntheticSettings, TrainedOn
from merlab.models.recognizer import Recognizer
from merlab.models.starts import load_starts
from merlab.synthesis import UNIT_KEYS, FlowClips

CLASSES = ("negative", "positive", "surprise")
CENTERED = "flow:channels=uvs,scale=centered,size=28x28"


def write_start(
    path: Path,
    method: str = "flow-cnn",
    *,
    recipe: str = CENTERED,
    classes: Sequence[str] = CLASSES,
    databases: Sequence[str] = (),
    network: Mapping[str, Any] | None = None,
    seed: int = 0,
    inputs: Sequence[str] = (),
) -> Path:
    """A file of random weights; unless ``databases`` are given, its card states synthetic faces alone.

    ``inputs`` are digests of the training clips.
    """
    torch.manual_seed(seed)
    parsed = parse_recipe(recipe).seen_by(find_method(method).view)
    options = dict(network or {})
    module = find_method(method).network
    assert module is not None
    synthetic = TrainedOn(databases=("synthetic",), synthetic=SyntheticSettings(scheme="megc2019", recipe=str(parsed)))
    card = ModelCard(
        name=path.stem,
        method=method,
        preset="paper",
        network=options,
        recipe=str(parsed),
        scheme="megc2019",
        classes=tuple(classes),
        trained_on=TrainedOn(databases=tuple(databases)) if databases else synthetic,
        training_inputs=tuple(inputs),
    )
    Recognizer(card, module(Task.of(len(classes), parsed), **options)).save(path)
    return path


def starts_in(*files: Path) -> list[Start]:
    """The networks in files of ``merlab pretrain``."""
    return [start for start in load_starts(files) if isinstance(start, Start)]


def hand_made_flow(subjects: int = 4, emotions: Sequence[str] = ("disgust", "happiness", "surprise")) -> FlowClips:
    """One clip of each emotion for each subject; a band that moves is the class, and its unit has changed by 0.5."""
    rng = np.random.default_rng(0)
    count = subjects * len(emotions)
    planes = rng.normal(0, 0.1, (count, 3, 120, 97)).astype(np.float16)
    intensities = np.zeros((count, len(UNIT_KEYS)), np.float32)
    for row in range(count):
        number = row % len(emotions)
        planes[row, :, 20 + 30 * number : 35 + 30 * number, 30:70] += 2
        intensities[row, number] = 0.5
    return FlowClips(
        planes=planes,
        emotions=tuple(emotions) * subjects,
        subjects=tuple(f"sub{row // len(emotions) + 1:03d}" for row in range(count)),
        names=tuple(f"clip{row % len(emotions) + 1:02d}" for row in range(count)),
        intensities=intensities,
        digest="0123456789abcdef" * 4,
    )
