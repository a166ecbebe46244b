"""The metadata of a result, from its plan, its recognizer and its finished chunks."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from merlab.faces.quality import frame_rate_warnings
from merlab.models.recognizer import Recognizer
from merlab.spotting.caveats import spotting_caveats
from merlab.version import __version__
from merlab.videos.chunks.assembly import Clock, FaceRecord, Totals
from merlab.videos.chunks.chunk_worker import VideoPlan
from merlab.videos.metadata import FollowedFace, Made, RecognitionRequest, SourceVideo, UsedModel, VideoMetadata

# Fields of a model's card that a result repeats.
OF_CARD = {"name", "method", "preset", "recipe", "classes", "temperature", "stamps", "trained_on", "limits"}


def result_metadata(
    plan: VideoPlan, recognizer: Recognizer, request: RecognitionRequest, totals: Totals, clock: Clock, made: Made
) -> VideoMetadata:
    """The content of metadata.json."""
    return VideoMetadata(
        video=SourceVideo(
            name=plan.source.name,
            fps=plan.fps,
            fps_source="given" if plan.options.fps else "container",
            frame_rate_varies=clock.times is not None,
            frames=totals.frames,
            seconds=round(clock(totals.frames) + 1 / plan.fps, 6),
            width=totals.size[0],
            height=totals.size[1],
        ),
        faces=tuple(_face(face, plan.first) for _, face in sorted(totals.faces.items())),
        model=UsedModel(
            **recognizer.card.model_dump(mode="json", include=OF_CARD),
            digest=recognizer.digest,
            runtime=plan.options.runtime,
        ),
        settings=plan.options.used(),
        versions={
            "merlab": __version__,
            "torch": torch.__version__,
            "opencv": cv2.__version__,
            "numpy": np.__version__,
        },
        dropped=totals.dropped,
        warnings=tuple(_warnings(plan, totals, clock)),
        asked=request,
        made=made,
    )


def _face(face: FaceRecord, first: int) -> FollowedFace:
    begin, end = (number + first - 1 for number in (face.first, face.last))
    return FollowedFace(face_id=face.face_id, first=begin, last=end, frames=face.frames)


def _warnings(plan: VideoPlan, totals: Totals, clock: Clock) -> list[str]:
    """What limits the result, in sentences."""
    options, fps = plan.options, plan.fps
    warnings = spotting_caveats(fps, totals.frames, plan.division.promised, totals.dropped, options.spotting)
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
            f"in {totals.unspotted / fps:.1f} s movements were not spotted: a face was seen there for less than "
            f"{2 * options.spotting.score.reach:g} s without a break"
        )
    return warnings + [text for _, face in sorted(totals.faces.items()) for text in face.warnings()]
