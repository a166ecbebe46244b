"""Spotting by the clock of a video: it starts anew after every gap, and uneven frames are made even first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

import numpy as np

from merlab.frames import Float32Array, Image
from merlab.frames.clock import Clock
from merlab.spotting.even_grid import grid_of
from merlab.spotting.motion import COLUMNS, ROWS, FaceMotion
from merlab.spotting.spot import SpottingSettings, spot_places, spot_window
from merlab.spotting.spotted_window import SpottedWindow, without_later_events


def block_places(
    images: Iterable[Image | None], clock: Clock, known: Iterable[Float32Array] = (), keys: int = 1
) -> Iterator[Float32Array]:
    """The places of the blocks (ROWS, COLUMNS, 2) in each aligned face (H, W, 3) BGR, px; from 0 after every gap.

    An image of None is in a gap; its place is 0.

    ``known`` are those of the first frames, from an earlier call; ``keys`` is the number of key frames, see
    ``motion.keys_of``.
    """
    gaps, motion, earlier = frozenset(clock.gaps), FaceMotion(clock.fps, keys), iter(known)
    for position, image in enumerate(images, start=1):
        if position in gaps or image is None:
            motion = FaceMotion(clock.fps, keys)
        place = next(earlier, None)
        if image is None:
            place = np.zeros((ROWS, COLUMNS, 2), np.float32)
        elif place is None:
            place = motion(image)
        else:
            motion.pass_over(image, place)
        yield place


def spot_stretches(
    places: Iterable[Float32Array], clock: Clock, settings: SpottingSettings, lost: Sequence[range] = ()
) -> Iterator[SpottedWindow]:
    """Spot movements window by window, from the places of the blocks in every frame of a video.

    Nothing is spotted in the frames ``lost``, nor across them, nor where ``is_too_short``. Holds two windows of places
    in memory, however long the video is.
    """
    coming, at = iter(places), 1
    for stretch in stretches(clock, lost):
        if is_too_short(len(stretch), clock, settings):
            continue
        deque(islice(coming, stretch.start - at), maxlen=0)
        at = stretch.stop
        yield from without_later_events(_spot_stretch(islice(coming, len(stretch)), stretch, clock, settings))
    # Who measures places as they pass by needs those of a last stretch that is too short, too.
    deque(coming, maxlen=0)


def spot_track(
    places: Float32Array, first: int, within: range, clock: Clock, settings: SpottingSettings
) -> SpottedWindow:
    """Spot in the frames ``within`` of a track without a gap.

    ``places`` (n, ROWS, COLUMNS, 2) are those of the blocks in all its frames, from frame ``first`` on, px.
    """
    lead, length = within.start - first, len(within)
    grid = grid_of(range(first, first + len(places)), clock)
    if grid is None:
        return spot_window(places, within.start, lead, length, clock.fps, settings)
    begin, last = (int(moment) for moment in grid.moment_of_frame[[lead, lead + length - 1]])
    even = np.stack(list(grid.resampled(places)))
    return grid.in_frames(spot_window(even, begin + 1, begin, last + 1 - begin, clock.fps, settings)).only(within)


def stretches(clock: Clock, lost: Sequence[range] = ()) -> list[range]:
    """The frames between gaps, by position, without those that are ``lost``."""
    limits = (limit for run in lost for limit in (run.start, run.stop))
    borders = sorted({1, *clock.gaps, *limits, len(clock) + 1})
    return [range(*pair) for pair in pairwise(borders) if not any(pair[0] in run for run in lost)]


def is_too_short(frames: int, clock: Clock, settings: SpottingSettings) -> bool:
    """Whether so many frames without a break are too few to spot in.

    A movement is seen where a face differs from those ``reach`` earlier and later. In .5 to .9 s of synthetic
    recordings without a micro-expression, 3 to 7 a minute were spotted, in longer pieces none.
    """
    return frames <= 2 * round(settings.score.reach * clock.fps)


def unspotted(clock: Clock, settings: SpottingSettings, lost: Sequence[range] = ()) -> int:
    """In how many frames nothing is spotted because there are too few of them without a break."""
    return sum(len(each) for each in stretches(clock, lost) if is_too_short(len(each), clock, settings))


def margin(clock: Clock, frames: int) -> int:
    """How many frames last, anywhere in a video, as long as so many at equal distances do; at least as many."""
    if not clock.varies:
        return frames
    times = clock.times / clock.slowed
    reached = np.searchsorted(times, times + frames / clock.fps, side="right")
    return max(frames, int((reached - np.arange(len(times))).max()))


def _spot_stretch(
    places: Iterable[Float32Array], stretch: range, clock: Clock, settings: SpottingSettings
) -> Iterator[SpottedWindow]:
    grid = grid_of(stretch, clock)
    if grid is None:
        return spot_places(places, clock.fps, settings, stretch.start)
    return map(grid.in_frames, spot_places(grid.resampled(places), clock.fps, settings))
