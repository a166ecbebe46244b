"""Onset and apex of SYNTHETIC clips, drawn in memory: many faces for little work, since no other frame is drawn.

The faces, movements and disturbances are those of ``merlab make-faces``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.faces.album import Album
from merlab.frames import Float32Array
from merlab.inputs import input_of, parse_recipe
from merlab.processes import each_in_processes
from merlab.progress import Progress
from merlab.schemes import find_scheme
from merlab.storage import whole_file
from merlab.synthesis import PRESETS, FaceRenderer, make_renderer, plan_clip
from merlab.synthesis.action_units import CASME2_PRIOR
from merlab.synthesis.canvas_layout import FPS

ONSET, APEX = 1, 5
# Apart from every stream of the generator: what pretraining draws by itself.
STREAM = 31


@dataclass(frozen=True)
class Drawing:
    """What is drawn.

    Attributes:
        scheme: names the classes; every class gets equally many clips.
        recipe: of the inputs; one that looks at onset and apex alone.
        subjects, clips: identities, and clips of each.
        presets: of the generator, in turn.
        seed: of everything.
        slack: onset and apex are missed by up to so many frames either way, as spotted ones are.

    """

    scheme: str
    recipe: str
    subjects: int = 240
    clips: int = 9
    presets: tuple[str, ...] = ("default", "hard")
    seed: int = 0
    slack: int = 4

    @property
    def stated(self) -> dict[str, Any]:
        """Everything that decides the examples, as JSON keeps it."""
        return {**asdict(self), "presets": list(self.presets)}


class Examples(NamedTuple):
    """Labeled inputs (N, C, H, W), labels (N,) in the order of the classes, and database, subject, clip a row."""

    inputs: Float32Array
    labels: NDArray[np.int64]
    keys: pd.DataFrame

    @property
    def groups(self) -> list[str]:
        """The subject of each row, ``database/subject``."""
        return list(self.keys["database"] + "/" + self.keys["subject"])

    @property
    def stated(self) -> dict[str, Any]:
        """What tells these clips from any others, as JSON keeps it."""
        digest = hashlib.sha256(np.ascontiguousarray(self.inputs).data)
        digest.update(self.labels.tobytes() + self.keys.to_csv(index=False).encode())
        return {"clips": len(self.labels), "sha256": digest.hexdigest()}

    def of(self, groups: set[str]) -> Examples:
        """The clips of these subjects."""
        kept = np.array([group in groups for group in self.groups])
        return Examples(self.inputs[kept], self.labels[kept], self.keys[kept].reset_index(drop=True))


def draw(drawing: Drawing, folder: Path, jobs: int | None, progress: Progress) -> Examples:
    """Draw every subject, or find it in ``folder``, which keeps them: a drawing that was stopped goes on.

    Raises MerlabError for a recipe that looks at more than onset and apex.
    """
    recipe = parse_recipe(drawing.recipe)
    probe = replace(_clip("drawn", "drawn", "happiness"), offset=2 * APEX)
    if not {ONSET, APEX}.issuperset(recipe.kind.frames_needed(probe, recipe)):
        raise MerlabError(
            f"{recipe.kind.name} looks at more of a clip than onset and apex, which are all that pretraining draws; "
            "make whole clips with `merlab make-faces` and name them with --database synthetic --root FOLDER"
        )
    files = [folder / f"subject-{subject:04d}.npz" for subject in range(drawing.subjects)]
    waiting = [position for position, file in enumerate(files) if not file.exists()]
    progress(len(files) - len(waiting), len(files), "drawing faces")
    work = partial(_draw_subject, drawing, files)
    for done, _ in enumerate(each_in_processes(work, waiting, jobs), start=len(files) - len(waiting) + 1):
        progress(done, len(files), "drawing faces")
    return _read(files)


def _draw_subject(drawing: Drawing, files: Sequence[Path], subject: int) -> None:
    recipe, scheme = parse_recipe(drawing.recipe), find_scheme(drawing.scheme)
    rng = np.random.default_rng([drawing.seed, STREAM, subject])
    renderers = {name: make_renderer(drawing.seed, subject, PRESETS[name]) for name in drawing.presets}
    inputs, labels = [], []
    for number in range(drawing.clips):
        label = (subject + number) % len(scheme.classes)
        renderer = renderers[drawing.presets[number // len(scheme.classes) % len(drawing.presets)]]
        emotion = _emotion(rng, [name for name in CASME2_PRIOR if scheme.emotions.get(name) == scheme.classes[label]])
        album = _pair(rng, renderer, number, emotion, drawing.slack)
        inputs.append(input_of(_clip(f"sub{subject:04d}", f"clip{number:02d}", emotion), album, recipe))
        labels.append(label)
    with whole_file(files[subject]) as aside, aside.open("wb") as file:
        np.savez(file, inputs=np.asarray(inputs, np.float32), labels=np.asarray(labels, np.int64))


def _emotion(rng: np.random.Generator, emotions: Sequence[str]) -> str:
    """One of these, as often as CASME II has it among them."""
    if not emotions:
        raise MerlabError("synthetic faces do not show every class of this scheme; use megc2019 or casme2-5")
    shares = np.array([CASME2_PRIOR[emotion] for emotion in emotions], float)
    return emotions[rng.choice(len(emotions), p=shares / shares.sum())]


def _pair(rng: np.random.Generator, renderer: FaceRenderer, number: int, emotion: str, slack: int) -> Album:
    """Onset and apex of a clip, each missed by up to ``slack`` frames, as JPEG leaves them."""
    plan = plan_clip(renderer.identity, number, emotion, renderer.preset)
    early, late = rng.integers(-slack, slack + 1, 2)
    onset, apex = max(plan.timing.onset + early, 0), plan.timing.apex + late
    album = Album()
    for name, frame in ((ONSET, onset), (APEX, max(apex, onset + 1))):
        album.add(name, renderer.frame(plan, min(int(frame), len(plan) - 1)))
    return album


def _clip(subject: str, name: str, emotion: str) -> Clip:
    return Clip("synthetic", subject, name, FPS, ONSET, APEX, APEX, "", emotion, Path("drawn"))


def _read(files: Sequence[Path]) -> Examples:
    inputs, labels, keys = [], [], []
    for subject, file in enumerate(files):
        with np.load(file, allow_pickle=False) as held:
            inputs.append(held["inputs"])
            labels.append(held["labels"])
        keys += [("synthetic", f"sub{subject:04d}", f"clip{number:02d}") for number in range(len(labels[-1]))]
    table = pd.DataFrame(keys, columns=["database", "subject", "clip"])
    return Examples(np.concatenate(inputs), np.concatenate(labels), table)
