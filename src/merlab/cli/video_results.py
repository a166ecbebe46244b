"""What commands print about the results of videos: of one, or a summary of many."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape

from merlab.cli.console import out_console, print_frame, print_json, print_table, print_warning
from merlab.errors import MerlabError
from merlab.progress import one_line
from merlab.spelling import counted, tenths_of_seconds
from merlab.stamps import in_brackets

if TYPE_CHECKING:
    import pandas as pd

    from merlab.spotting.timeline import Timeline
    from merlab.videos.result import VideoResult
    from merlab.videos.rows import Event

SPOTTED = ("onset", "apex", "offset", "apex_s", "duration_s", "score", "kind", "part")
MOST_NAMED = 3
# Of more movements of a video, those with the highest scores are printed: an hour may have a thousand.
MOST_PRINTED = 100


@dataclass(frozen=True)
class VideoSummary:
    """What is printed of the result of one video; ``table`` has a row per movement, ``content`` is for --json."""

    name: str
    seconds: float
    folder: Path
    warnings: Sequence[str]
    stamps: Sequence[str]
    table: pd.DataFrame
    content: dict[str, Any]

    @property
    def found(self) -> str:
        """``3 movements in 19.7 s``."""
        return f"{self.movements} in {tenths_of_seconds(self.seconds)} s"

    @property
    def movements(self) -> str:
        """``no movement``, ``1 movement``, ``3 movements``."""
        return counted(len(self.table), "movement") if len(self.table) else "no movement"

    @property
    def strongest(self) -> pd.DataFrame:
        """The rows of MOST_PRINTED movements at most, those with the highest scores, in their order."""
        scores = [float(event["score"]) for event in self.content["events"]]
        first = sorted(range(len(scores)), key=lambda at: -scores[at])[:MOST_PRINTED]
        return self.table.iloc[sorted(first)]


Summaries = Mapping[Path, "VideoSummary | MerlabError"]


def summary_of_timeline(timeline: Timeline | MerlabError) -> VideoSummary | MerlabError:
    """A result of ``merlab spot``; an error stays what it is."""
    if isinstance(timeline, MerlabError):
        return timeline
    content = {
        "folder": str(timeline.folder),
        **timeline.metadata.model_dump(mode="json"),
        "events": _records(timeline.events),
        "weak": _records(timeline.weak),
    }
    return VideoSummary(
        name=timeline.video,
        seconds=timeline.metadata.seconds,
        folder=timeline.folder,
        warnings=timeline.warnings,
        stamps=(),
        table=timeline.events[list(SPOTTED)].astype(str),
        content=content,
    )


def summary_of_result(result: VideoResult | MerlabError) -> VideoSummary | MerlabError:
    """A result of ``merlab recognize``; an error stays what it is."""
    if isinstance(result, MerlabError):
        return result
    metadata = result.metadata.model_dump(mode="json")
    return VideoSummary(
        name=result.metadata.video.name,
        seconds=result.metadata.video.seconds,
        folder=result.folder,
        warnings=result.warnings,
        stamps=result.metadata.named_stamps,
        table=_recognized(result.rows, len(result.metadata.faces) > 1),
        content={
            "folder": str(result.folder),
            **metadata,
            "events": _records(result.events),
            "weak": _records(result.weak),
        },
    )


def spot_and_print(
    videos: list[Path],
    out: Path | None,
    spot_one: Callable[[Path, Path], VideoSummary | MerlabError],
    spot_each: Callable[[Sequence[Path], Path], Summaries],
    as_json: bool,
) -> None:
    """Spot in one video, or in several and in those of folders, and print the results.

    ``spot_one`` gets a video and the folder of its result, ``spot_each`` all videos and the folder of their results.
    """
    from merlab.spotting.spot_video import OUT
    from merlab.spotting.tables_of_all import EVENTS
    from merlab.spotting.video_sources import folder_of, skipped_in, videos_in, warn_of_arrivals

    listed = [each for video in videos for each in (videos_in(video) or [video])]
    skipped = {path: reason for video in videos for path, reason in skipped_in(video).items()}
    if out is None:
        # The tables of one folder must not replace those of another.
        out = folder_of(videos[0], OUT) if len(videos) == 1 and listed != videos else OUT
    if len(listed) > 1 or listed != videos:
        summaries = spot_each(listed, out)
        warn_of_arrivals(videos, listed)
        print_results(summaries, skipped, out / EVENTS, as_json)
    else:
        print_results({videos[0]: spot_one(videos[0], folder_of(videos[0], out))}, skipped, None, as_json)


def print_results(
    results: Summaries, skipped: Mapping[Path, str], events: Path | None, as_json: bool, summary: Path | None = None
) -> None:
    """Print the results; ``events`` is the table of the events of all videos, None for a single one.

    ``summary`` is the table of the videos, if there is one.

    Ends the command with status 1 if a video failed.
    """
    if as_json:
        listed = [
            {"video": str(video), "error": str(result)} if isinstance(result, MerlabError) else result.content
            for video, result in results.items()
        ]
        print_json([*listed, *({"video": str(path), "skipped": reason} for path, reason in skipped.items())])
    elif events is None:
        for result in results.values():
            assert isinstance(result, VideoSummary), "the error of a single video is raised"
            _print_video(result)
    else:
        _print_videos(results, skipped, events, summary)
    if any(isinstance(result, MerlabError) for result in results.values()):
        raise typer.Exit(1)


def _print_video(result: VideoSummary) -> None:
    """The warnings and the movements of one video, and where its result is."""
    for warning in result.warnings:
        print_warning(one_line(f"{result.name}: {warning}"))
    heading = f"{one_line(result.name)}: {result.found}{in_brackets(result.stamps, ', ')}"
    if len(result.table) > MOST_PRINTED:
        heading += f"; the {MOST_PRINTED} with the highest scores, events.csv has all"
    if len(result.table):
        print_frame(heading, result.strongest)
    else:
        out_console.print(escape(heading), soft_wrap=True)
    out_console.print(f"the result is in {escape(str(result.folder))}", soft_wrap=True)


def _print_videos(results: Summaries, skipped: Mapping[Path, str], events: Path, summary: Path | None) -> None:
    """Each warning once, one line per video, and where the tables of all events and all videos are."""
    done = [result for result in results.values() if isinstance(result, VideoSummary)]
    for text in repeated_warnings(done):
        print_warning(one_line(text))
    rows = [
        [one_line(video.name), "failed", "", str(result)]
        if isinstance(result, MerlabError)
        else [one_line(video.name), "done", result.found, str(result.folder)]
        for video, result in results.items()
    ]
    rows += [[one_line(path.name), "skipped", "", reason] for path, reason in skipped.items()]
    left_out = f"{len(results) - len(done)} failed, {counted(len(skipped), 'file')} skipped"
    stamps = list(dict.fromkeys(stamp for result in done for stamp in result.stamps))
    print_table(
        f"{counted(len(done), 'video')} done, {left_out}{in_brackets(stamps, ', ')}",
        ["video", "", "found", "result, or reason"],
        rows,
    )
    if done:
        count = sum(len(result.table) for result in done)
        out_console.print(f"table of all movements ({count}): {escape(str(events))}", soft_wrap=True)
    if summary is not None:
        out_console.print(f"table of all videos: {escape(str(summary))}", soft_wrap=True)


def repeated_warnings(results: Sequence[VideoSummary]) -> list[str]:
    """Each warning once, with its videos; warnings that differ only in their numbers count as one."""
    videos: dict[str, dict[str, str]] = {}
    for result in results:
        for warning in result.warnings:
            videos.setdefault(re.sub(r"\d[\d.]*", "#", warning), {}).setdefault(result.name, warning)
    return [_warning_of(by_video) for by_video in videos.values()]


def _warning_of(by_video: Mapping[str, str]) -> str:
    first, *others = by_video
    text = by_video[first]
    if not others:
        return f"{first}: {text}"
    alike = all(warning == text for warning in by_video.values())
    named = ", ".join(list(by_video)[:MOST_NAMED]) + (", ..." if len(by_video) > MOST_NAMED else "")
    numbers = "" if alike else f", the numbers are those of {first}"
    return f"{text} ({counted(len(by_video), 'video')}: {named}{numbers})"


def _recognized(events: Sequence[Event], several_faces: bool) -> pd.DataFrame:
    """What fits a terminal of recognized events; the face only where the video has several."""
    import pandas as pd

    from merlab.videos.moved import units_of

    return pd.DataFrame(
        {
            "event": event.event,
            **({"face": str(event.face_id)} if several_faces else {}),
            "apex, s": f"{event.apex_s:.2f}",
            "lasts, s": f"{event.duration_s:.2f}",
            "kind": event.kind,
            "class, probability": _class_of(event),
            "part": event.part,
            "action units": ", ".join(unit.code for unit in units_of(event.action_units)),
        }
        for event in events
    )


def _class_of(event: Event) -> str:
    """``positive 0.96``, or ``none (0.44): probability too low``: words in one column, so that a terminal fits."""
    from merlab.videos.rows import probability_text

    return event.class_text if event.label else f"none ({probability_text(event.probability)}): {event.withheld}"


def _records(events: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in record.items()} for record in events.to_dict("records")]
