"""Synthetic micro-expressions: drawn faces whose action units, timing and optical flow are known exactly.

A database for whoever has none. Faces are drawn from formulas alone, no photograph is behind them; ``make_faces``
writes them as a tree in CASME II's layout, which is read and checked like CASME II itself. Everything says SYNTHETIC.

Classes: happiness, disgust, surprise, repression and others, in CASME II's proportions. Their action units are drawn as
often as CASME II's annotators saw them, so some clips cannot be told apart, as in life.

A clip in memory: ``renderer = make_renderer(seed, subject, preset)`` and ``plan = plan_clip(renderer.identity, clip,
emotion, preset)``; then ``renderer.frames(plan)`` draws frame by frame, and ``clip_truth(renderer, plan)`` says what
moved.

``make_videos`` writes long recordings of the same faces, to spot movements in; their events are the database
``synthetic-long``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from merlab.databases.base import Database, Examination, Progress
from merlab.databases.casme2 import examine_tree
from merlab.databases.coded.examine import cropped_folder
from merlab.databases.coded.table import MANIFEST
from merlab.databases.synthetic.layout import CAMERA, CROP
from merlab.databases.synthetic.presets import PRESETS, RenderPreset
from merlab.databases.synthetic.recording_reading import SYNTHETIC_LONG
from merlab.databases.synthetic.recording_writing import make_videos
from merlab.databases.synthetic.rendering import FaceRenderer, make_renderer
from merlab.databases.synthetic.sampling import ClipPlan, plan_clip
from merlab.databases.synthetic.truth import ClipTruth, clip_truth
from merlab.databases.synthetic.writing import make_faces
from merlab.errors import MerlabError


def _examine(root: Path, deep: bool, progress: Progress, *, heads: bool = False) -> Examination:
    if not (root / MANIFEST).is_file():
        raise MerlabError(
            f"{root} has no {MANIFEST}, so it is no complete tree of synthetic faces; "
            f"`merlab make-faces {root}` makes one or goes on with one that was stopped"
        )
    examination = examine_tree(root, name=SYNTHETIC.name, deep=deep, progress=progress, heads=heads)
    return replace(examination, tables=(*examination.tables, root / MANIFEST))


SYNTHETIC = Database(
    name="synthetic",
    title="SYNTHETIC micro-expressions drawn by merlab, in CASME II's layout",
    access="make it: `merlab make-faces FOLDER`; free of rights of others, of no real person",
    examine=_examine,
    examine_heads=partial(_examine, heads=True),
    cropped=cropped_folder,
)

__all__ = [
    "CAMERA",
    "CROP",
    "PRESETS",
    "SYNTHETIC",
    "SYNTHETIC_LONG",
    "ClipPlan",
    "ClipTruth",
    "FaceRenderer",
    "RenderPreset",
    "clip_truth",
    "make_faces",
    "make_renderer",
    "make_videos",
    "plan_clip",
]
