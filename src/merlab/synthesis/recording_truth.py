"""What the recordings of a folder truly show, as tables and for the manifest: events, distractions and lengths."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from merlab.synthesis.canvas_layout import FPS
from merlab.synthesis.distractions import Distraction
from merlab.synthesis.frame_rates import FrameRate
from merlab.synthesis.manifest import DescribedDistraction, DescribedEvent, DescribedRecording
from merlab.synthesis.movement import PlannedEvent
from merlab.synthesis.recording import RecordingPlan
from merlab.synthesis.recording_set import RecordingSet, subject_name
from merlab.vocabulary import DistractionKind

TIMES = ["onset", "apex", "offset", "onset_s", "apex_s", "offset_s"]
EVENT_COLUMNS = ["video", "subject", *TIMES, "emotion", "action_units", "kind", "beside"]
DISTRACTION_COLUMNS = ["video", "subject", "kind", "onset", "offset", "onset_s", "offset_s", "details"]
VIDEO_COLUMNS = ["video", "subject", "frames", "fps", "seconds", "source", "megabits"]


def describe_recording(recordings: RecordingSet, subject: int) -> DescribedRecording:
    """The true content of the recording of a subject (from 0)."""
    plan, rate = recordings.plan(subject), recordings.rate
    return DescribedRecording(
        subject=subject_name(subject),
        video=recordings.video(subject).relative_to(recordings.out).as_posix(),
        fps=rate.fps,
        frames=recordings.frames,
        events=tuple(_described_event(event, plan, rate) for event in plan.events),
        blinks=tuple((rate.exact(blink.start), rate.exact(blink.start + 2 * blink.half)) for blink in plan.blinks),
        gaze_shifts=tuple(
            (rate.exact(shift.moment), round(float(shift.target[0]), 2), round(float(shift.target[1]), 2))
            for shift in plan.gaze_shifts
        ),
        distractions=tuple(_described_distraction(each, rate) for each in plan.distractions),
        megabits=recordings.megabits_of(subject),
    )


def _described_event(event: PlannedEvent, plan: RecordingPlan, rate: FrameRate) -> DescribedEvent:
    return DescribedEvent(
        onset=rate.number(event.onset),
        apex=rate.number(event.apex),
        offset=rate.number(event.offset),
        emotion=event.emotion,
        action_units=tuple(unit.rounded() for unit in event.action_units),
        kind=event.kind,
        onset_s=event.onset / FPS,
        apex_s=event.apex / FPS,
        offset_s=event.offset / FPS,
        beside=distractions_beside(event, plan.distractions),
    )


def _described_distraction(distraction: Distraction, rate: FrameRate) -> DescribedDistraction:
    last = distraction.offset - 1
    return DescribedDistraction(
        kind=distraction.kind,
        onset=rate.first(distraction.onset),
        offset=rate.last(distraction.offset),
        onset_s=distraction.onset / FPS,
        offset_s=last / FPS,
        details=distraction.details,
    )


def distractions_beside(event: PlannedEvent, distractions: tuple[Distraction, ...]) -> tuple[DistractionKind, ...]:
    """The kinds of the distractions during an event, each once, in the order of their onsets."""
    during = [each.kind for each in distractions if each.onset <= event.offset and event.onset < each.offset]
    return tuple(dict.fromkeys(during))


def _described(recordings: RecordingSet) -> Iterator[tuple[str, DescribedRecording]]:
    """The file name and the content of each recording."""
    for subject in range(recordings.subjects):
        yield recordings.video(subject).name, describe_recording(recordings, subject)


def events_table(recordings: RecordingSet) -> pd.DataFrame:
    """One row per event, with EVENT_COLUMNS: video (file name), frames from 1, seconds from 0, kind micro or macro.

    ``beside`` lists the kinds of distractions during the event, separated by ``+``; it is empty without any.
    """
    rows = [
        (
            name,
            recording.subject,
            *(getattr(event, time) for time in TIMES),
            event.emotion,
            "+".join(unit.code for unit in event.action_units),
            event.kind,
            "+".join(event.beside),
        )
        for name, recording in _described(recordings)
        for event in recording.events
    ]
    return pd.DataFrame(rows, columns=EVENT_COLUMNS)


def distractions_table(recordings: RecordingSet) -> pd.DataFrame:
    """One row per distraction, with DISTRACTION_COLUMNS: frames from 1, seconds from 0."""
    rows = [
        (name, recording.subject, each.kind, each.onset, each.offset, each.onset_s, each.offset_s, each.details)
        for name, recording in _described(recordings)
        for each in recording.distractions
    ]
    return pd.DataFrame(rows, columns=DISTRACTION_COLUMNS)


def videos_table(recordings: RecordingSet) -> pd.DataFrame:
    """One row per recording, with VIDEO_COLUMNS, as ``merlab score-spotting --videos`` reads the lengths.

    ``source`` is the path in the folder.
    """
    frames, fps = recordings.frames, recordings.fps
    rows = [
        (
            recordings.video(subject).name,
            subject_name(subject),
            frames,
            fps,
            frames / fps,
            recordings.video(subject).relative_to(recordings.out).as_posix(),
            recordings.megabits_of(subject),
        )
        for subject in range(recordings.subjects)
    ]
    return pd.DataFrame(rows, columns=VIDEO_COLUMNS)
