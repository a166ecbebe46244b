"""The crop to which others are corrected: where the faces of ``merlab make-faces`` move, as a mean map of strain."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from merlab.clips import Clip
from merlab.faces.album import Album
from merlab.frames import Float32Array
from merlab.inputs.extraction import input_of
from merlab.inputs.flow import FLOW
from merlab.inputs.recipe import parse
from merlab.synthesis import PRESETS, make_renderer, plan_clip
from merlab.synthesis.canvas_layout import FPS

STORED = Path(__file__).with_name("strain_of_faces.csv")
BLUR = 0.7  # px, the standard deviation of the smoothing of a map
# The classes of MEGC2019 are equally frequent: negative is disgust and repression in turn.
EMOTIONS = ("disgust", "happiness", "surprise", "repression", "happiness", "surprise")


@lru_cache
def strain_of_faces() -> Float32Array:
    """The map (28, 28) of synthetic faces, as stored with merlab: ``rendered_strain(40, 6)``."""
    return np.loadtxt(STORED, np.float32, delimiter=",")


def mean_strain(strain: Float32Array) -> Float32Array:
    """The map (H, W) of centered strain (N, H, W): the mean over clips, mirrored and averaged, smoothed."""
    mean = strain.mean(axis=0)
    return np.asarray(cv2.GaussianBlur((mean + mean[:, ::-1]) / 2, (0, 0), BLUR), np.float32)


def rendered_strain(subjects: int, clips: int) -> Float32Array:
    """The same map of newly rendered faces of the preset ``default``: onset and apex of ``clips`` of each subject."""
    recipe = parse("flow:channels=s,scale=centered", {"flow": FLOW})
    strain = []
    for subject in range(subjects):
        renderer = make_renderer(0, subject, PRESETS["default"])
        for number in range(clips):
            emotion = EMOTIONS[number % len(EMOTIONS)]
            plan = plan_clip(renderer.identity, number, emotion, renderer.preset)
            album = Album()
            album.add(1, renderer.frame(plan, plan.timing.onset))
            album.add(2, renderer.frame(plan, plan.timing.apex))
            clip = Clip("synthetic", f"sub{subject}", f"clip{number}", FPS, 1, 2, 2, "", emotion, Path("in-memory"))
            strain.append(input_of(clip, album, recipe)[0])
    return mean_strain(np.stack(strain))
