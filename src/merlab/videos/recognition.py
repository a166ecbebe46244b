"""From any video to a result: find the faces, spot their movements, describe them, write the files.

The video is divided into chunks (see ``chunks.division``) that do not depend on each other. So the result is the same
for any number of processes and after any interruption, memory for frames does not grow with the length, and finished
chunks are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.faces.mesh_network import runtime_version
from merlab.faces.people import MOST_FACES
from merlab.frames import Clock
from merlab.frames.opening import state_of
from merlab.given import as_path
from merlab.outputs.claims import require_same, warn_of_other_versions
from merlab.outputs.kept_arrays import computing_versions
from merlab.outputs.locks import only_writer
from merlab.outputs.result_folder import KEPT, WORKING, ResultFolder
from merlab.progress import Progress, shown_progress
from merlab.spotting.aligned_frames import clock_of_frames
from merlab.spotting.many_videos import for_each, require_ours, require_rates
from merlab.spotting.motion import MEASURED, keys_of
from merlab.spotting.numbering import numbers_with_gaps
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.stretches import margin
from merlab.spotting.tables_of_all import EVENTS, WEAK
from merlab.spotting.video_sources import folder_of, source_of, warn_of_arrivals
from merlab.version import __version__
from merlab.videos.chunks.division import CHUNK_SECONDS, Division
from merlab.videos.chunks.kept_chunk import KEPT_VERSION
from merlab.videos.chunks.plan import VideoPlan
from merlab.videos.chunks.result_metadata import made_with
from merlab.videos.early import import_early
from merlab.videos.making import Making, make_result
from merlab.videos.metadata import FindingRequest, RecognitionRequest, UsedModel
from merlab.videos.options import UNSURE_BELOW, Options, options_of
from merlab.videos.result import METADATA, VideoResult, read_video_result
from merlab.videos.source import listed, opened
from merlab.videos.summary import SUMMARY, write_summary
from merlab.videos.used_model import LIGHT, is_light, used_model
from merlab.videos.words import WordSettings
from merlab.vocabulary import OverlayKind, RuntimeChoice, RuntimeName

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from merlab.videos.options import RecognizeOptions

OUT = Path("merlab-recognized")
# Where settings need a wider margin than the default ones, it is a multiple of this, s.
MARGIN_STEP = 0.5
HOLDS = "results of `merlab recognize`"


def recognize(
    source: Path | str,
    out: Path | str | None = None,
    *,
    fps: float | None = None,
    aligned: bool = False,
    most_faces: int = MOST_FACES,
    finding: FaceFinding | None = None,
    weights: Path | str | None = None,
    runtime: RuntimeChoice = "auto",
    unsure_below: float = UNSURE_BELOW,
    words: WordSettings | None = None,
    spotting: SpottingSettings | None = None,
    overlay: OverlayKind | bool = "frames",
    overlay_lines: int | None = None,
    save_inputs: bool = False,
    again: bool = False,
    jobs: int | None = 1,
    progress: Progress | bool = True,
) -> VideoResult:
    """Find and follow the faces in a video, spot their brief movements, and recognize and describe each movement.

    The call resumes interrupted work, and reloads a finished result of the same video and settings. What took long is
    kept beside the result (about 2 kB per frame and face), so that the same video with other settings of spotting,
    other weights or another ``unsure_below`` takes seconds; the result is the same as without it.

    Args:
        source: a video, or a folder of images that are numbered in their names.
        out: the folder for the result; unless given, one with the name of the source under ``merlab-recognized``.
        fps: frames per second of the camera; required for images and for streams without time stamps. For slow motion
            that does not state it: seconds then are those of the recording, not those of a player.
        aligned: the frames are aligned faces already, so that no face has to be found.
        most_faces: how many faces are followed at once.
        finding: the detector and the landmarks that find faces, a ``merlab.faces.alignment.FaceFinding``; unless given,
            YuNet and the face mesh.
        weights: a file of ``merlab pretrain``; unless given, the recognizer that ships with merlab.
        runtime: what computes the recognizer, ``auto``, ``torch``, ``onnx``, ``openvino`` or ``openvino-bf16``.
            ``auto`` computes the one that ships with merlab by NumPy.
        unsure_below: below this probability the class of an event stays empty.
        words: the other limits within which a class is named, a ``merlab.videos.words.WordSettings``; what fails is
            left empty, with its reasons in ``withheld``.
        spotting: what counts as a movement, a ``merlab.spotting.spot.SpottingSettings``.
        overlay: also write the results drawn into the video (``frames``), or on black, with the landmarks of the faces
            and without the people (``mesh``); ``none`` does not. True and False are ``frames`` and ``none``.
        overlay_lines: scale the overlay down to at most this many px on its shorter side, 120 or more: 1080 makes
            1920x1080 of 3840x2160. Unless given, it has the size of the video. Tables have px of the video.
        save_inputs: keep the input of the recognizer for each event, ``inputs.npz`` in the folder of its pictures.
        again: replace a finished result in ``out``, also one of other settings, when the new one is complete.
        jobs: processes; None: one per core. A worker of ``multiprocessing.Pool``, which may not start processes, works
            alone. The result does not depend on it.
        progress: True shows it on standard error, False does not, a function is called with it.

    Returns:
        The tables, the metadata and the paths of the files.

    Raises:
        MerlabError: for a source that cannot be read, has no frame rate or shows no face (nothing is left in ``out``
            then), for an ``out`` that another process writes or that holds anything else, and, without ``again``, for
            one with a result of other settings.

    """
    source = source_of(source)
    out = folder_of(source, OUT) if out is None else as_path(out, "out")
    options = options_of(
        fps=fps,
        aligned=aligned,
        most_faces=most_faces,
        finding=finding,
        weights=weights,
        runtime=runtime,
        unsure_below=unsure_below,
        words=words,
        spotting=spotting,
        overlay=overlay,
        overlay_lines=overlay_lines,
        save_inputs=save_inputs,
        again=again,
        jobs=jobs,
    )
    model = used_model(options.weights, options.runtime)
    if not is_light(options.weights, options.runtime):
        options = replace(options, runtime=cast("RuntimeName", model.runtime))
    plan = _plan(source, out, options)
    if jobs != 1:
        import_early("pandas", "jinja2")
    request = _request(plan, model)
    if not again and (finished := _finished(out, request)):
        return finished
    with only_writer(out), shown_progress(progress) as show:
        # Another process may have finished it in the meantime.
        if not again and (finished := _finished(out, request)):
            return finished
        folder = ResultFolder(out, METADATA, HOLDS)
        work = _finding(plan.division, request).model_dump(mode="json")
        plan = replace(plan, kept=folder.claim(work, request.model_dump(mode="json"), again))
        return make_result(Making(plan, folder, model, request, show), jobs)


def recognize_each(
    videos: Path | str | Iterable[Path | str], out: Path | str | None = None, **options: Unpack[RecognizeOptions]
) -> dict[Path, VideoResult | MerlabError]:
    """``recognize`` each video of a folder, or of a list; a video that cannot be used does not stop the others.

    In ``out``, ``events.csv`` also has the events of all videos, and ``summary.csv`` one row per video: minutes, faces,
    how many events of each kind, part, action unit and class, warnings, and why a video failed.

    Args:
        videos: a folder of videos, or the videos.
        out: gets one folder per video, with its name; unless given, ``merlab-recognized``, for a folder of videos one
            with its name there.
        options: the keyword arguments of ``recognize``.

    Returns:
        A mapping from each video to its result, or to its error.

    Raises:
        MerlabError: for a folder without videos, for two videos of the same name, for a wrong option, where the face
            mesh is missing, for an ``out`` that another process writes or that has tables of other videos, and,
            without ``again``, for a video with a result of other settings. A video that has changed since its result
            was made is one that cannot be used.

    """
    paths, skipped = listed(videos)
    if out is None:
        out = folder_of(source_of(videos), OUT) if isinstance(videos, str | Path) else OUT
    # A wrong option or a missing model file is reported once, before any work, and not for every video.
    settings = options_of(**options)
    settings.face_models()
    require_rates(paths, settings.fps)
    progress = options.get("progress", True)

    def make(video: Path, of_video: Path, show: Progress) -> VideoResult:
        options["progress"] = show
        return recognize(video, of_video, **options)

    out = as_path(out, "out")
    require_ours(paths, out, METADATA, HOLDS)
    results = for_each(paths, out, make, progress, (EVENTS, WEAK, SUMMARY))
    write_summary(out, results, skipped)
    if isinstance(videos, str | Path):
        warn_of_arrivals([as_path(videos, "videos")], paths)
    return results


def _plan(source: Path, out: Path, options: Options) -> VideoPlan:
    frames, first = opened(source)
    clock = clock_of_frames(source, frames, options.fps)
    around = _margin(clock, options.spotting)
    # No more than two chunks then need a frame, also where the clock or settings of spotting need a long margin.
    division = Division(1, len(clock), max(round(CHUNK_SECONDS * clock.fps), 2 * around), around)
    return VideoPlan(
        source,
        out / WORKING,
        out / KEPT,
        first,
        clock,
        division,
        options,
        keys_of(frames),
        numbers_with_gaps(frames),
    )


def _margin(clock: Clock, spotting: SpottingSettings) -> int:
    """How many frames before and after a chunk are read: the same number for similar settings of spotting.

    What is kept of the chunks can then be used for all of them. Scores depend a little on this number: the noise is
    that of all frames read, and the key frames of the motion are counted from the first of them. So the default
    settings, and those that need less, have the margin of the default settings.
    """
    default = SpottingSettings().margin(clock.fps)
    if spotting.margin(clock.fps) <= default:
        return margin(clock, default)
    seconds = math.ceil(spotting.around / MARGIN_STEP) * MARGIN_STEP
    return margin(clock, round(seconds * clock.fps))


def _request(plan: VideoPlan, model: UsedModel) -> RecognitionRequest:
    """Everything that determines a result; raises MerlabError where the networks that find faces are missing."""
    state = state_of(plan.source)
    return RecognitionRequest(
        source=str(plan.source.resolve()),
        bytes=state.bytes,
        modified_ns=state.modified_ns,
        frames_promised=plan.division.promised,
        fps=plan.clock.fps,
        face_models=plan.options.face_models(),
        weights=model.digest,
        runtime=model.runtime,
        measured=MEASURED,
        **plan.options.used().model_dump(),
        merlab=__version__,
    )


def _finding(division: Division, request: RecognitionRequest) -> FindingRequest:
    fields = request.model_dump(include=set(FindingRequest.model_fields))
    versions = computing_versions() | {"scipy": version("scipy")}
    versions |= runtime_version() if request.landmarks == "mesh" else {}
    return FindingRequest(**fields, chunk=division.length, margin=division.margin, kept=KEPT_VERSION, versions=versions)


def _finished(out: Path, request: RecognitionRequest) -> VideoResult | None:
    """The result where it is finished; raises MerlabError where ``out`` holds one of other settings."""
    if not (out / METADATA).is_file():
        return None
    result = read_video_result(out)
    asked = result.metadata.asked
    if request.runtime == LIGHT and asked.runtime == "torch":
        # ``auto`` asks for none, and was PyTorch before. The result states which one computed it.
        request = request.model_copy(update={"runtime": asked.runtime})
    require_same(out, asked.model_dump(mode="json"), request.model_dump(mode="json"), HOLDS)
    warn_of_other_versions(out, result.metadata.versions, made_with(result.metadata.model.runtime))
    ResultFolder(out, METADATA, HOLDS).remove_leftovers()
    return result
