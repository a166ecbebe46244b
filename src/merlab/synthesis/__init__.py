"""Synthetic micro-expressions: rendered faces whose action units, timing and optical flow are known exactly.

Faces are rendered from formulas alone; no photograph of a person is used. ``make_faces`` writes them as a tree with the
layout of CASME II, which the database reader ``synthetic`` checks like CASME II itself. All output is marked SYNTHETIC.

Classes: happiness, disgust, surprise, repression and others, in the proportions of CASME II. Their action units are as
frequent as in the annotations of CASME II, so some clips of different classes cannot be distinguished, as in reality.

A clip in memory: ``renderer = make_renderer(seed, subject, preset)`` and ``plan = plan_clip(renderer.identity, clip,
emotion, preset)``; then ``renderer.frames(plan)`` renders frame by frame, and ``clip_truth(renderer, plan)`` gives the
exact movement.

``make_flow`` writes the optical flow of varied clips, to train recognizers; ``read_flow`` reads it.

``make_videos`` writes long recordings of the same faces, to test spotting; their events are the database
``synthetic-long``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from merlab.synthesis.canvas_layout import CAMERA, CROP
    from merlab.synthesis.flow_clips import OTHER_SIDE, UNIT_KEYS, FlowClips, read_flow
    from merlab.synthesis.flow_writing import make_flow
    from merlab.synthesis.presets import PRESETS, RenderPreset
    from merlab.synthesis.recording_writing import make_videos
    from merlab.synthesis.rendering import FaceRenderer, make_renderer, make_renderers
    from merlab.synthesis.sampling import ClipPlan, plan_clip
    from merlab.synthesis.truth import clip_truth
    from merlab.synthesis.writing import make_faces

__all__ = [
    "CAMERA",
    "CROP",
    "OTHER_SIDE",
    "PRESETS",
    "UNIT_KEYS",
    "ClipPlan",
    "FaceRenderer",
    "FlowClips",
    "RenderPreset",
    "clip_truth",
    "make_faces",
    "make_flow",
    "make_renderer",
    "make_renderers",
    "make_videos",
    "plan_clip",
    "read_flow",
]
_WHERE = {
    **dict.fromkeys(("CAMERA", "CROP"), "canvas_layout"),
    **dict.fromkeys(("OTHER_SIDE", "UNIT_KEYS", "FlowClips", "read_flow"), "flow_clips"),
    **dict.fromkeys(("PRESETS", "RenderPreset"), "presets"),
    **dict.fromkeys(("ClipPlan", "plan_clip"), "sampling"),
    **dict.fromkeys(("FaceRenderer", "make_renderer", "make_renderers"), "rendering"),
    "clip_truth": "truth",
    "make_faces": "writing",
    "make_flow": "flow_writing",
    "make_videos": "recording_writing",
}


def __getattr__(name: str) -> Any:
    # Each name is loaded when it is first used: recognition needs only the tables of action units.
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
