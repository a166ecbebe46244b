"""Onset and apex of SYNTHETIC clips, rendered in memory under any recipe: what exported files are compared on.

The faces, movements and disturbances are those of ``merlab make-faces``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.evaluation.predictions import CLIP_COLUMNS
from merlab.faces.album import Album
from merlab.frames import Float32Array
from merlab.inputs import input_of, parse_recipe
from merlab.models.card import SyntheticSettings
from merlab.models.labeled_examples import Examples
from merlab.processes.pool import each_in_processes
from merlab.progress import Progress
from merlab.schemes import find_scheme
from merlab.synthesis import PRESETS, FaceRenderer, make_renderers, plan_clip
from merlab.synthesis.action_units import CASME2_PRIOR
from merlab.synthesis.canvas_layout import FPS
from merlab.synthesis.sampling import sample_emotion

ONSET, APEX = 1, 5
# Makes the random numbers of this module independent of those of the face generator.
STREAM = 31


def synthetic_examples(settings: SyntheticSettings, jobs: int | None, progress: Progress) -> Examples:
    """Render the clips of every subject under the recipe, which may be of any kind.

    Raises MerlabError for a recipe that uses more frames than onset and apex, and for a scheme with a class that
    synthetic faces do not show.
    """
    recipe = parse_recipe(settings.recipe)
    find_scheme(settings.scheme)
    probe = replace(_clip("probe", "probe", "happiness"), offset=2 * APEX)
    if not {ONSET, APEX}.issuperset(recipe.kind.frames_needed(probe, recipe)):
        raise MerlabError(
            f"{recipe.kind.name} uses more frames of a clip than onset and apex, and no others are rendered here; "
            "make whole clips with `merlab make-faces` and pass them with --database synthetic --root FOLDER"
        )
    subjects, rendered = range(settings.subjects), []
    for one in each_in_processes(partial(_render_subject, settings), subjects, jobs):
        rendered.append(one)
        progress(len(rendered), len(subjects), "rendering faces")
    # Processes finish in any order.
    rendered.sort(key=lambda one: one[0])
    keys = [
        ("synthetic", f"sub{subject:04d}", f"clip{clip:02d}") for subject in subjects for clip in range(settings.clips)
    ]
    return Examples(
        np.concatenate([inputs for _, inputs, _ in rendered]),
        np.concatenate([labels for _, _, labels in rendered]),
        pd.DataFrame(keys, columns=list(CLIP_COLUMNS)),
    )


def _render_subject(settings: SyntheticSettings, subject: int) -> tuple[int, Float32Array, NDArray[np.int64]]:
    """The subject, and inputs and labels of its clips."""
    recipe, scheme = parse_recipe(settings.recipe), find_scheme(settings.scheme)
    rng = np.random.default_rng([settings.seed, STREAM, subject])
    renderers = make_renderers(settings.seed, subject, [PRESETS[name] for name in settings.presets])
    inputs, labels = [], []
    for number in range(settings.clips):
        label = (subject + number) % len(scheme.classes)
        renderer = renderers[number // len(scheme.classes) % len(renderers)]
        emotions = [name for name in CASME2_PRIOR if scheme.emotions.get(name) == scheme.classes[label]]
        if not emotions:
            raise MerlabError("synthetic faces do not show every class of this scheme; use megc2019 or casme2-5")
        emotion = sample_emotion(rng, emotions)
        album = _onset_and_apex(rng, renderer, number, emotion, settings.slack)
        inputs.append(input_of(_clip(f"sub{subject:04d}", f"clip{number:02d}", emotion), album, recipe))
        labels.append(label)
    return subject, np.asarray(inputs, np.float32), np.asarray(labels, np.int64)


def _onset_and_apex(rng: np.random.Generator, renderer: FaceRenderer, number: int, emotion: str, slack: int) -> Album:
    """Onset and apex of a clip as JPEG images, each off by up to ``slack`` frames."""
    plan = plan_clip(renderer.identity, number, emotion, renderer.preset)
    early, late = rng.integers(-slack, slack + 1, 2)
    onset, apex = max(plan.timing.onset + early, 0), plan.timing.apex + late
    album = Album()
    for name, frame in ((ONSET, onset), (APEX, max(apex, onset + 1))):
        album.add(name, renderer.frame(plan, min(int(frame), len(plan) - 1)))
    return album


def _clip(subject: str, name: str, emotion: str) -> Clip:
    return Clip("synthetic", subject, name, FPS, ONSET, APEX, APEX, "", emotion, Path("in-memory"))
