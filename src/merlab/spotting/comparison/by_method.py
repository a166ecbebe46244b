"""Spot in videos by a comparison method: `merlab spot --method NAME`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from merlab.databases.long_video import Kind, LongVideo
from merlab.errors import MerlabError, Stopped
from merlab.frames import Clock, clock_of, open_frames
from merlab.frames.opening import SourceState, require_unchanged, state_of
from merlab.given import as_path, require_number
from merlab.outputs.kept_arrays import computing_versions
from merlab.outputs.locks import only_writer
from merlab.outputs.result_folder import KEPT, ResultFolder
from merlab.processes.thread_limits import one_thread
from merlab.progress import Progress, shown_progress
from merlab.spotting.aligned_frames import why_nothing_is_seen
from merlab.spotting.caveats import rate_caveats
from merlab.spotting.comparison import as_spotter, code_of
from merlab.spotting.comparison.folds import equal_recordings, has_events, target_of
from merlab.spotting.comparison.found import Found, distinct
from merlab.spotting.comparison.measured_recording import MeasuredRecording, is_unmeasured, measured_recording
from merlab.spotting.comparison.method_result import (
    HOLDS,
    METADATA,
    METHOD_ROWS,
    MethodEvent,
    MethodMetadata,
    MethodRequest,
    MethodResult,
    stored_result,
    versions_of_methods,
    write_result,
)
from merlab.spotting.comparison.notes import damage_note, file_notes, gap_note, missing_note, short_note
from merlab.spotting.comparison.recordings import digest_of, recordings_in
from merlab.spotting.comparison.sampling import step_of
from merlab.spotting.comparison.spotter import COMPUTED, Fitted, Spotter, Target
from merlab.spotting.comparison.yours import YourSpotter
from merlab.spotting.kept_if_stopped import kept_if_stopped
from merlab.spotting.many_videos import for_each, require_ours
from merlab.spotting.moments_row import moments_of
from merlab.spotting.motion import MEASURED
from merlab.spotting.video_sources import source_of
from merlab.stamps import SYNTHETIC
from merlab.version import __version__

# In the folder of several results: what was measured of the recordings that the method is fitted on.
TRAINING = ".training"
# The kind that `merlab spot` is about.
KIND: Kind = "micro"


class MethodOnVideos:
    """A comparison method, fitted once, for any number of videos of aligned faces.

    Args:
        method: a name that `merlab spotting-methods` lists, ``FILE.py:NAME``, or a method of your own, as
            ``compare_spotting`` takes it.
        train: a folder of `merlab make-videos` or `merlab long-videos` to fit on; networks, and methods of your own
            that have ``fit``, need one.
        p: the p of the threshold instead of the fitted or the assumed one, 0 to 1.
        fps: frames per second, also in place of the rate of time stamps; folders of images and streams without time
            stamps need it. Recordings of ``train`` with a rate in a column fps keep that.
        seed: of networks and of the random guess.

    Raises:
        MerlabError: for an unknown method, a ``p`` out of range, and a method that learns without ``train``, or with
            one without micro-expressions.

    """

    def __init__(
        self,
        method: object,
        train: Path | None = None,
        *,
        p: float | None = None,
        fps: float | None = None,
        seed: int = 0,
    ) -> None:
        if p is not None:
            require_number(p, "p of spotting", 0, 1)
        self._spotter: Spotter = as_spotter(method)
        self._training: Sequence[LongVideo] = recordings_in(train) if train else ()
        if self._spotter.needs_training and not has_events(self._training, [KIND]):
            what = f"{train} has no micro-expression" if train else "there are no recordings to learn from"
            raise MerlabError(
                f"{self._spotter.name} learns from recordings, and {what}; give a folder of `merlab make-videos` or of "
                "`merlab long-videos` with --train"
            )
        self._train, self._p, self._fps, self._seed = train, p, fps, seed
        self._target: Target = target_of(KIND, self._training)
        self._fitted: Fitted | None = None
        self._training_kept: Path | None = None

    def spot(self, source: Path, out: Path, progress: Progress | bool = True, *, again: bool = False) -> MethodResult:
        """Spot micro-expressions in one video; a finished result of the same video and settings is loaded.

        Raises MerlabError for a source that cannot be read, is changed meanwhile, or does not hold aligned faces, and
        for an ``out`` that holds anything else, without ``again`` also a result of other settings.
        """
        # A method of yours may change the current folder.
        source, out = source_of(source).absolute(), as_path(out, "out").absolute()
        clock = clock_of(source, open_frames(source), self._fps)
        video = LongVideo("", "", source.name, source, clock.fps, len(clock), ())
        request, folder = self._request(video), ResultFolder(out, METADATA, HOLDS)
        if not again and (stored := stored_result(out, request)):
            folder.remove_leftovers()
            return stored
        with only_writer(out):
            # Another process may have finished it in the meantime.
            if not again and (stored := stored_result(out, request)):
                return stored
            kept = folder.claim(_measured_of(request), request.model_dump(mode="json"), again)
            with (
                one_thread(),
                shown_progress(progress) as show,
                kept_if_stopped(folder, kept, lambda: is_unmeasured(kept), "the features"),
            ):
                result = self._make(video, clock, request, folder.result, kept, show)
            folder.hand_over(kept)
            # Those of a network fill ten times as much as the places that `merlab spot` keeps.
            shutil.rmtree(out / KEPT, ignore_errors=True)
        return replace(result, folder=out)

    def spot_each(
        self, videos: Sequence[Path], out: Path, progress: Progress | bool = True, *, again: bool = False
    ) -> dict[Path, MethodResult | MerlabError]:
        """As ``for_each``; the features of ``train`` are kept in ``out`` until all videos have a result.

        Raises MerlabError also for a folder below ``out`` that holds anything else.
        """
        require_ours(videos, out, METADATA, HOLDS)
        self._training_kept = as_path(out, "out").absolute() / TRAINING
        results = for_each(videos, out, partial(self.spot, again=again), progress)
        if not any(isinstance(each, MerlabError) for each in results.values()):
            shutil.rmtree(self._training_kept, ignore_errors=True)
        return results

    def _make(
        self, video: LongVideo, clock: Clock, request: MethodRequest, out: Path, kept: Path, show: Progress
    ) -> MethodResult:
        fitted = self._fit(kept, show)
        material = self._material(video, kept, show, tested=True)
        if material.shows_nothing:
            raise MerlabError(why_nothing_is_seen(video.source, open_frames(video.source)))
        show(0, 1, f"{self._spotter.name} spots in {video.name}")
        rows = [
            METHOD_ROWS.as_written(_row(each, material, clock))
            for each in distinct(material.unbroken(fitted.spot(material)))
        ]
        # It may have changed while the method was fitted, and a method of your own reads frames itself.
        require_unchanged(video.source, SourceState(request.bytes, request.modified_ns))
        notes = [*rate_caveats(video.source, self._fps), *file_notes(video)]
        notes += [damage_note(video.name, material.damaged)] if material.damaged else []
        notes += [missing_note(video.name, material.missing)] if material.missing else []
        notes += [gap_note(video.name, material.gaps)] if material.gaps else []
        if material.samples < self._spotter.least_samples(self._target, material.rate):
            notes.append(short_note(self._spotter.name, video.name))
        metadata = MethodMetadata(
            name=video.name,
            requested=request,
            seconds=round(clock.duration, 6),
            facts=dict(fitted.facts),
            warnings=(*self._warnings(video), *notes),
            versions=versions_of_methods(),
        )
        return write_result(out, rows, metadata)

    def _fit(self, kept: Path, show: Progress) -> Fitted:
        """The fit, made once."""
        if self._fitted is None:
            with self._training_kept_if_stopped():
                root = self._training_kept or kept
                training = [self._material(each, root, show, tested=False) for each in self._training]
            fitted = self._spotter.fit(training, self._target, self._seed)
            self._fitted = fitted if self._p is None else fitted.with_p(self._p)
        return self._fitted

    @contextmanager
    def _training_kept_if_stopped(self) -> Iterator[None]:
        """Raise Stopped that says where the features of ``train`` are kept, where they are not beside the result."""
        try:
            yield
        except KeyboardInterrupt as stop:
            if self._training_kept is None or is_unmeasured(self._training_kept):
                raise
            raise Stopped(f"the features measured until now are kept in {self._training_kept}") from stop

    def _material(self, video: LongVideo, kept: Path, show: Progress, *, tested: bool) -> MeasuredRecording:
        features = self._spotter.features(self._target, video.fps / step_of(video.fps))
        places = self._spotter.places and tested
        return measured_recording(video, features, kept, show, places=places, aligned=tested)

    def _request(self, video: LongVideo) -> MethodRequest:
        state = state_of(video.source)
        return MethodRequest(
            source=str(video.source.resolve()),
            bytes=state.bytes,
            modified_ns=state.modified_ns,
            fps=video.fps,
            method=self._spotter.name,
            train=str(self._train.resolve()) if self._train else None,
            recordings=digest_of(self._training),
            p=self._p,
            seed=self._seed,
            merlab=__version__,
            code=code_of(self._spotter),
            computed=COMPUTED,
        )

    def _warnings(self, video: LongVideo) -> tuple[str, ...]:
        """What limits the result, in sentences."""
        spotter = self._spotter
        what = "a method of your own" if isinstance(spotter, YourSpotter) else "a comparison method"
        warnings = [f"{spotter.name} is {what}; merlab's own spotter is used without --method"]
        if spotter.fits and not self._training and self._p is None:
            warnings.append(f"nothing was fitted ({spotter.fits}): assumed values are used; --train gives recordings")
        if any(each.source.resolve() == video.source.resolve() for each in self._training):
            warnings.append(f"{spotter.name} was fitted on {video.name} itself: a score of this result is too high")
        elif any(video in equal for equal in equal_recordings([video, *self._training])):
            warnings.append(f"{spotter.name} was fitted on a copy of {video.name}: a score of this result is too high")
        if any(each.name.startswith(SYNTHETIC) for each in self._training):
            warnings.append(f"{spotter.name} was fitted on {SYNTHETIC} recordings, not on people")
        return tuple(warnings)


def _measured_of(request: MethodRequest) -> dict[str, object]:
    """What the features of a video depend on besides their own names, which state the rest."""
    of_video = request.model_dump(mode="json", include={"source", "bytes", "modified_ns", "fps", "merlab"})
    return {**of_video, "measured": MEASURED, "versions": computing_versions()}


def _row(found: Found, material: MeasuredRecording, clock: Clock) -> MethodEvent:
    frames = found.onset, found.apex, found.offset
    moments = moments_of(frames, found.score, int, lambda number: clock.seconds(number - material.first + 1))
    return MethodEvent(video=material.video.name, **asdict(moments), kind=found.kind)
