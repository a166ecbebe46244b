"""Synthetic micro-expressions: rendered faces whose action units, timing and optical flow are known exactly.

Faces are rendered from formulas alone; no photograph of a person is used. ``make_faces`` writes them as a tree in
CASME II's layout, which the database reader ``synthetic`` checks like CASME II itself. Everything says SYNTHETIC.

Classes: happiness, disgust, surprise, repression and others, in CASME II's proportions. Their action units are drawn as
often as CASME II's annotators saw them, so some clips cannot be told apart, as in life.

A clip in memory: ``renderer = make_renderer(seed, subject, preset)`` and ``plan = plan_clip(renderer.identity, clip,
emotion, preset)``; then ``renderer.frames(plan)`` draws frame by frame, and ``clip_truth(renderer, plan)`` says what
moved.

``make_videos`` writes long recordings of the same faces, to spot movements in; their events are the database
``synthetic-long``.
"""

from __future__ import annotations

from merlab.synthesis.canvas_layout import CAMERA, CROP
from merlab.synthesis.presets import PRESETS, RenderPreset
from merlab.synthesis.recording_writing import make_videos
from merlab.synthesis.rendering import FaceRenderer, make_renderer
from merlab.synthesis.sampling import ClipPlan, plan_clip
from merlab.synthesis.truth import ClipTruth, clip_truth
from merlab.synthesis.writing import make_faces

__all__ = [
    "CAMERA",
    "CROP",
    "PRESETS",
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
