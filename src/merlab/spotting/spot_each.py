"""``spot`` in several videos, each into a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from merlab.errors import MerlabError
from merlab.progress import Progress
from merlab.spotting.many_videos import for_each, require_ours, require_rates
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.spot_video import HOLDS, spot
from merlab.spotting.timeline import METADATA, Timeline


def spot_each(
    videos: Sequence[Path],
    out: Path,
    *,
    fps: float | None = None,
    settings: SpottingSettings | None = None,
    again: bool = False,
    progress: Progress | bool = True,
) -> dict[Path, Timeline | MerlabError]:
    """``spot`` in each of the videos; one that cannot be used does not stop the others.

    ``out`` gets a folder per video, and events.csv and weak.csv of all. The other arguments are those of ``spot``.

    Returns:
        A mapping from each video to its timeline, or to its error.

    Raises:
        MerlabError: for two videos of one name, for videos that need ``fps``, and for a folder below ``out`` that holds
            anything else.

    """
    require_rates(videos, fps)
    require_ours(videos, out, METADATA, HOLDS)

    def make(video: Path, folder: Path, show: Progress) -> Timeline:
        return spot(video, folder, fps=fps, settings=settings, again=again, progress=show)

    return for_each(videos, out, make, progress)
