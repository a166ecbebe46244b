"""The metadata of a result, from its plan, its recognizer and its finished chunks."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from merlab.faces.mesh_network import runtime_version
from merlab.frames import dim_caveats, open_frames
from merlab.outputs.kept_arrays import computing_versions
from merlab.spotting.aligned_frames import damaged_runs
from merlab.spotting.caveats import (
    damage_caveats,
    missing_caveats,
    rate_caveats,
    source_caveats,
    spotting_caveats,
    unspotted_caveats,
)
from merlab.spotting.timing import file_facts, timing_of
from merlab.version import __version__
from merlab.videos.chunks.assembly import FaceRecord, Totals, face_warnings
from merlab.videos.chunks.plan import VideoPlan
from merlab.videos.class_units import TABLES
from merlab.videos.metadata import FollowedFace, Made, RecognitionRequest, SourceVideo, UsedModel, VideoMetadata
from merlab.videos.rows import Event
from merlab.videos.used_model import LIGHT


def result_metadata(
    plan: VideoPlan,
    model: UsedModel,
    request: RecognitionRequest,
    totals: Totals,
    events: Sequence[Event],
    made: Made,
) -> VideoMetadata:
    """The content of metadata.json."""
    width, height = totals.size
    video = SourceVideo(
        **dict(timing_of(plan.clock, totals.frames, plan.first, plan.options.fps, plan.numbers)),
        name=plan.source.name,
        width=width,
        height=height,
        file=file_facts(open_frames(plan.source)),
        damaged=len(totals.damaged),
    )
    return VideoMetadata(
        video=video,
        faces=tuple(_face(face, plan) for _, face in sorted(totals.faces.items())),
        model=model,
        settings=plan.options.used(),
        versions=made_with(model.runtime),
        dropped=totals.dropped,
        withheld={event.event: tuple(event.reasons) for event in events if event.withheld},
        warnings=tuple(source_caveats(video, video.file) + _warnings(plan, totals) + _limits(plan, model)),
        asked=request,
        made=made,
    )


def made_with(runtime: str) -> dict[str, str]:
    """The versions of merlab and of the libraries that give the numbers of a result whose model has this runtime."""
    torch = {} if runtime == LIGHT else {"torch": version("torch")}
    return {"merlab": __version__, **torch, "scipy": version("scipy"), **computing_versions(), **runtime_version()}


def _face(face: FaceRecord, plan: VideoPlan) -> FollowedFace:
    begin, end = map(plan.number, (face.first, face.last))
    return FollowedFace(face_id=face.face_id, first=begin, last=end, frames=face.frames)


def _warnings(plan: VideoPlan, totals: Totals) -> list[str]:
    """What limits the result, in sentences."""
    options = plan.options
    damaged = list(map(plan.number, totals.damaged))
    remedy = "one or two in a row are bridged, more are a gap, which no event spans; copy it again from the original"
    warnings = damage_caveats(damaged, totals.frames, remedy)
    warnings += missing_caveats(plan.numbers)
    warnings += rate_caveats(plan.source, plan.options.fps)
    warnings += dim_caveats(plan.source)
    warnings += spotting_caveats(plan.clock, totals.dropped, options.spotting, damaged_runs(totals.damaged, first=1))
    warnings += totals.light.caveats()
    warnings += totals.repeats.caveats(plan.clock, plan.first, plan.numbers)
    if totals.faceless:
        warnings.append(f"no face is seen in {totals.faceless} of {totals.frames} frames")
    if totals.left_out:
        warnings.append(
            f"up to {totals.left_out} more faces were seen at once than the {options.most_faces} that are followed; "
            "--most-faces follows more"
        )
    warnings += unspotted_caveats(totals.unspotted, plan.clock, options.spotting)
    return warnings + face_warnings(face for _, face in sorted(totals.faces.items()))


def _limits(plan: VideoPlan, model: UsedModel) -> list[str]:
    """What a class could not be tested for, and why there is none in the whole video, in sentences."""
    options, scheme, limits = plan.options, model.scheme, []
    if plan.clock.fps < options.words.least_fps:
        limits.append(
            f"no movement gets a class: that needs {options.words.least_fps:g} frames per second, and the video has "
            f"{plan.clock.fps:.4g}"
        )
    if scheme not in TABLES:
        limits.append(
            f"there is no table of the action units of the classes of {scheme}: classes were not compared with what "
            "moved"
        )
    if options.aligned:
        limits.append("the faces were aligned elsewhere: it was not tested whether they are upright and uncovered")
    elif options.finding.landmarks != "mesh":
        limits.append("five points do not show whether a face is covered: only its picture was tested for that")
    return limits
