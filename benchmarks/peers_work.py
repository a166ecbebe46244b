"""The work of one tool for `peers.py`: it runs in the environment of that tool, which has no merlab.

    python peers_work.py TOOL FRAMES.npy VIDEO

Prints one JSON object: what was measured -> per second of processor time, or why it could not be measured.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

LANDMARKS, ALIGNED, VIDEO = "landmarks", "aligned faces", "frames of a whole video"
# The centers of the outer corners of the eyes on merlab's layout, and its size.
EYES, SIZE = ((26.5, 73.0), (203.5, 73.0)), (231, 282)

Measured = dict[str, float]


def per_second(step: Callable[[Any], object], frames: Any) -> float:
    """Frames per second of processor time, threads included; the first one, which loads, does not count."""
    step(frames[0])
    began = time.process_time()
    for frame in frames[1:]:
        step(frame)
    return (len(frames) - 1) / (time.process_time() - began)


def whole(work: Callable[[], object], count: int) -> float:
    """Frames per second of processor time of a whole video, start included."""
    began = time.process_time()
    work()
    return count / (time.process_time() - began)


def of_merlab(frames: Any, video: Path) -> Measured:
    import cv2

    from merlab import recognize
    from merlab.faces.alignment import ClipAlignment, FaceFinding

    cv2.setNumThreads(1)
    tracker = FaceFinding().open()
    return {
        LANDMARKS: per_second(tracker.find, frames),
        ALIGNED: per_second(ClipAlignment(frames[0], FaceFinding().open(), "rigid").align, frames),
        VIDEO: whole(
            lambda: recognize(video, tempfile.mkdtemp(dir=video.parent), overlay=False, progress=False), len(frames)
        ),
    }


def of_mediapipe(frames: Any, video: Path) -> Measured:
    """Its face mesh, and a similarity by the corners of the eyes, by which its users align faces."""
    cv2, mediapipe = importlib.import_module("cv2"), importlib.import_module("mediapipe")
    cv2.setNumThreads(1)
    mesh = mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=1)

    def landmarks(frame: Any) -> Any:
        return mesh.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)).multi_face_landmarks[0].landmark

    def align(frame: Any) -> Any:
        points = landmarks(frame)
        sides = np.array([frame.shape[1], frame.shape[0]])
        eyes = np.array([[points[index].x, points[index].y] for index in (33, 263)]) * sides
        matrix, _ = cv2.estimateAffinePartial2D(eyes, np.array(EYES))
        return cv2.warpAffine(frame, matrix, SIZE, flags=cv2.INTER_CUBIC)

    return {LANDMARKS: per_second(landmarks, frames), ALIGNED: per_second(align, frames)}


def of_py_feat(frames: Any, video: Path) -> Measured:
    detector = importlib.import_module("feat").Detectorv1(device="cpu")
    return {VIDEO: whole(lambda: detector.detect(str(video), data_type="video", batch_size=8), len(frames))}


def of_libreface(frames: Any, video: Path) -> Measured:
    libreface, out = importlib.import_module("libreface"), str(video.parent / "libreface.csv")
    folder = str(video.parent / "libreface")
    return {
        VIDEO: whole(
            lambda: libreface.get_facial_attributes(
                str(video), output_save_path=out, temp_dir=folder, weights_download_dir=folder, device="cpu"
            ),
            len(frames),
        )
    }


def of_deepface(frames: Any, video: Path) -> Measured:
    deepface = importlib.import_module("deepface.DeepFace")
    return {VIDEO: per_second(lambda frame: deepface.analyze(frame, actions=["emotion"], silent=True), frames)}


TOOLS: dict[str, Callable[[Any, Path], Measured]] = {
    "merlab": of_merlab,
    "mediapipe": of_mediapipe,
    "py-feat": of_py_feat,
    "libreface": of_libreface,
    "deepface": of_deepface,
}


def main() -> None:
    tool, frames, video = sys.argv[1:]
    print(json.dumps(TOOLS[tool](np.load(frames), Path(video))))


if __name__ == "__main__":
    main()
