"""What stands in metadata.json: of what the result is, what it was made with, what limits it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch

from merlab import __version__
from merlab.faces.quality import frame_rate_warnings
from merlab.models.recognizer import Recognizer
from merlab.spotting.timeline import limits
from merlab.videos.chunks.assembly import Clock, FaceRecord, Totals
from merlab.videos.chunks.chunk_worker import Work


def describe(work: Work, recognizer: Recognizer, totals: Totals, clock: Clock) -> dict[str, Any]:
    """All of it that is the same whenever it is made."""
    return {
        "video": {
            "name": work.source.name,
            "fps": work.fps,
            "fps_source": "given" if work.options.fps else "container",
            "frame_rate_varies": clock.times is not None,
            "frames": totals.frames,
            "seconds": round(clock(totals.frames) + 1 / work.fps, 6),
            "width": totals.size[0],
            "height": totals.size[1],
        },
        "faces": [_face(face, work.first) for _, face in sorted(totals.faces.items())],
        "model": _model(recognizer, work.options.runtime),
        "settings": work.options.described(),
        "versions": {
            "merlab": __version__,
            "torch": torch.__version__,
            "opencv": cv2.__version__,
            "numpy": np.__version__,
        },
        "dropped": totals.dropped,
        "warnings": _warnings(work, totals, clock),
    }


def _face(face: FaceRecord, first: int) -> dict[str, int]:
    begin, end = (number + first - 1 for number in (face.first, face.last))
    return {"face_id": face.face_id, "first": begin, "last": end, "frames": face.frames}


def _model(recognizer: Recognizer, runtime: str) -> dict[str, Any]:
    card = recognizer.card
    return {
        "name": card.name,
        "method": card.method,
        "preset": card.preset,
        "digest": recognizer.digest,
        "recipe": card.recipe,
        "classes": list(card.classes),
        "temperature": card.temperature,
        "stamps": list(card.stamps),
        "trained_on": card.trained_on,
        "limits": card.limits,
        "runtime": runtime,
    }


def _warnings(work: Work, totals: Totals, clock: Clock) -> list[str]:
    """What limits the result, in sentences."""
    options, fps = work.options, work.fps
    warnings = limits(fps, totals.frames, work.division.promised, totals.dropped, options.spotting)
    if clock.times is not None:
        warnings += frame_rate_warnings(float("inf"), clock.times)
    if totals.faceless:
        warnings.append(f"no face is seen in {totals.faceless} of {totals.frames} frames")
    if totals.left_out:
        warnings.append(
            f"up to {totals.left_out} more faces were seen at once than the {options.most_faces} that are followed; "
            "--most-faces follows more"
        )
    if totals.unspotted:
        warnings.append(
            f"{totals.unspotted / fps:.1f} s were not looked at for movements: a face was seen there for less than "
            f"{2 * options.spotting.score.reach:g} s on end"
        )
    return warnings + [text for _, face in sorted(totals.faces.items()) for text in face.warnings()]
