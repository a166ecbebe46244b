"""Write the clips of one subject: the frames and the exact movement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from merlab.frames import Image
from merlab.processes.thread_limits import one_thread
from merlab.storage import whole_file, whole_folder
from merlab.synthesis.canvas_layout import CAMERA
from merlab.synthesis.face_tree import Tree, TreeClip
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.rendering import FaceRenderer
from merlab.synthesis.sampling import ClipPlan, plan_clip
from merlab.synthesis.texture import paint_face
from merlab.synthesis.truth import ClipTruth, clip_truth


def write_subject(tree: Tree, entries: Sequence[TreeClip]) -> Iterator[TreeClip]:
    """Write these clips of one subject; yields each clip when it is complete."""
    identity = sample_identity(tree.seed, entries[0].subject)
    with one_thread():
        layers = paint_face(identity, tree.preset.blur)
        cropped = FaceRenderer(identity, layers, tree.preset)
        camera = FaceRenderer(identity, layers, tree.preset, CAMERA) if tree.raw else None
    for entry in entries:
        with one_thread():
            plan = plan_clip(identity, entry.clip, entry.emotion, tree.preset)
            write_truth(tree.truth(entry), clip_truth(cropped, plan))
            if camera is not None:
                write_frames(tree.raw_frames(entry), "img{}.jpg", camera, plan, entry.first_frame)
            write_frames(tree.cropped(entry), "reg_img{}.jpg", cropped, plan, entry.first_frame)
        yield entry


def write_frames(folder: Path, pattern: str, renderer: FaceRenderer, plan: ClipPlan, first_frame: int) -> None:
    """Write the frames of a clip as JPEGs, numbered from ``first_frame``; the folder appears whole or not at all."""
    with whole_folder(folder) as temporary:
        for number, frame in enumerate(renderer.frames(plan), start=first_frame):
            (temporary / pattern.format(number)).write_bytes(as_jpeg(frame, renderer.preset.jpeg_quality))


def as_jpeg(frame: Image, quality: int) -> bytes:
    """The bytes of a JPEG file of the frame."""
    return cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def write_truth(path: Path, truth: ClipTruth) -> None:
    """Write the exact movement of a clip: the flow as float16, and the names and positions of the landmarks."""
    with whole_file(path) as temporary:
        np.savez_compressed(
            temporary,
            flow=truth.flow.astype(np.float16),
            landmark_names=np.array(list(truth.onset_landmarks)),
            onset_landmarks=np.array(list(truth.onset_landmarks.values()), np.float32),
            apex_landmarks=np.array(list(truth.apex_landmarks.values()), np.float32),
        )
