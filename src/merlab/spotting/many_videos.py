"""Many videos in one command: a folder for each result, and the events of all in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from merlab.alignment_record import known_rate
from merlab.errors import MerlabError, keeping
from merlab.frames import ClipError, ImageFolder
from merlab.frames.clock import ClockError, require_rate
from merlab.frames.opening import require_different
from merlab.outputs.claims import ChangedVideoError, OtherResultError, require_no_file
from merlab.outputs.locks import only_writer
from merlab.outputs.result_folder import ResultFolder
from merlab.progress import Progress, one_line, shown_progress
from merlab.spelling import first_of
from merlab.spotting.tables_of_all import EVENTS, WEAK, require_no_others, warn_of_left_out, write_tables
from merlab.spotting.video_sources import folder_of
from merlab.storage import require_writable

MOST_NAMED = 3


class _Result(Protocol):
    @property
    def folder(self) -> Path:
        """Holds EVENTS and WEAK."""


Result = TypeVar("Result", bound=_Result)


def for_each(
    videos: Iterable[Path | str],
    out: Path,
    make: Callable[[Path, Path, Progress], Result],
    progress: Progress | bool = True,
    tables: Iterable[str] = (EVENTS, WEAK),
) -> dict[Path, Result | MerlabError]:
    """The result of each video, or its error; the events of all results are written as one table, ``out / EVENTS``.

    So are the weak candidates, ``out / WEAK``. A warning names videos of the tables that are not given any more, and
    those that have changed since their result was made: it stays, and is left out of the tables.

    Args:
        videos: the videos; one that cannot be used does not stop the others.
        out: gets one folder per video, with its name.
        make: makes the result of a video in a folder, and reports progress.
        progress: as in ``shown_progress``.
        tables: the tables of all videos in ``out`` that are replaced, by this function or after it.

    Raises:
        MerlabError: for two videos of the same name, for an ``out`` that holds the result of a single video, or tables
            whose rows would be lost (see ``require_no_others``), and if another process works on ``out``; as soon as a
            video has a result of other settings; where no video has a result of its present content.

    """
    require_no_file(out, "the results")
    require_writable(out / EVENTS)
    folders = folder_of_each(videos, out)
    if (out / EVENTS).is_file() and any(out.glob("*.json")):
        raise MerlabError(f"{out} holds the result of a single video; choose another folder for several videos")
    left_out = require_no_others(out, tables, folders)
    with only_writer(out), shown_progress(progress) as show, keeping(f"the finished videos are kept in {out}"):
        results = _made(folders, make, show)
        changed = {video: result for video, result in results.items() if isinstance(result, ChangedVideoError)}
        if changed and all(isinstance(result, MerlabError) for result in results.values()):
            # The tables of all videos stay like the results.
            raise next(iter(changed.values()))
        write_tables(out, [result.folder for result in results.values() if not isinstance(result, MerlabError)])
    warn_of_left_out(out, left_out, "not among the videos any more")
    had_a_result = [video.name for video in changed if (folders[video] / EVENTS).is_file()]
    warn_of_left_out(out, had_a_result, "changed since the result was made")
    return results


def _made(
    folders: Mapping[Path, Path], make: Callable[[Path, Path, Progress], Result], show: Progress
) -> dict[Path, Result | MerlabError]:
    """The result of each video in its folder, or its error; raises OtherResultError."""
    results: dict[Path, Result | MerlabError] = {}
    for position, (video, folder) in enumerate(folders.items(), start=1):
        name = f"{one_line(video.name)} ({position} of {len(folders)})"
        try:
            results[video] = make(video, folder, _prefixed(show, name))
        except ChangedVideoError as error:
            results[video] = error
        except OtherResultError:
            # It is no fault of the video, and the tables of all videos stay like the result.
            raise
        except MerlabError as error:
            results[video] = error
    return results


def require_rates(videos: Iterable[Path | str], fps: float | None) -> None:
    """Check the frame rate once, before work that would end in the same error for every video.

    Raises ClockError for an impossible rate, and without one where all videos are folders of images.
    """
    if fps is not None:
        require_rate(fps)
        return
    paths = list(map(Path, videos))
    if all(map(_holds_images, paths)):
        named = first_of((path.name for path in paths), MOST_NAMED)
        raise ClockError(
            f"folders of images ({named}) do not state their frame rate; give --fps (in Python, fps)"
            f"{known_rate(paths)}; it is used for all of them"
        )


def require_ours(videos: Iterable[Path | str], out: Path, metadata: str, holds: str) -> None:
    """Raises MerlabError where the folder of a video's result, a ``ResultFolder``, holds anything else.

    It is for before any work: the tables of all videos would be replaced even where a single result is refused.
    """
    for folder in folder_of_each(videos, out).values():
        ResultFolder(folder, metadata, holds).require_ours()


def folder_of_each(videos: Iterable[Path | str], out: Path) -> dict[Path, Path]:
    """The folder of each video's result, of its name under ``out``; raises MerlabError where two would share one.

    Raises ClipError for two paths of one video.
    """
    paths = list(map(Path, videos))
    require_different(paths)
    folders = {video: folder_of(video, out) for video in paths}
    owners: dict[Path, Path] = {}
    for video, folder in folders.items():
        if folder in owners:
            raise MerlabError(
                f"the results of {owners[folder]} and {video} would both be in {folder}; run the command "
                "once for each, with different folders as --out"
            )
        owners[folder] = video
    return folders


def _holds_images(source: Path) -> bool:
    """Whether a source is a folder of numbered images, with whatever other fault."""
    try:
        return source.is_dir() and bool(ImageFolder(source).names)
    except ClipError:
        return True


def _prefixed(progress: Progress, name: str) -> Progress:
    return lambda done, total, what, /: progress(done, total, f"{name}: {what}")
