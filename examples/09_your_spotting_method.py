# %% [markdown]
# # Spot by a method of your own
#
# A spotting method is a function from a recording to intervals, or an object with `spot` and, if it learns, `fit`. This
# page compares both with a guess that sees no frame, on SYNTHETIC recordings with known movements: one subject is left
# out at a time, and a method that learns sees the other subjects only.

# %%
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import merlab
from merlab.reports.spotting_comparison import comparison_table
from merlab.spotting.comparison.recordings import recordings_in

# All files are written into this folder, which is removed at the end.
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)
Interval = tuple[int, int, int, float, str]

# %% [markdown]
# ## A function
#
# It gets a `merlab.Recording` and gives (onset, apex, offset, score, kind) of every movement, in frame numbers of the
# recording. This one reads the images, one at a time, and takes the moment at which the picture changes most.


# %%
def largest_change(recording: merlab.Recording) -> list[Interval]:
    """A third of a second around the frame that differs most from the one before it."""
    changes, last = [0.0], None
    for image in recording.images():
        small = image[::4, ::4].astype(np.float32)
        if last is not None:
            changes.append(float(np.abs(small - last).mean()))
        last = small
    apex, half = int(np.argmax(changes)), round(recording.fps / 6)
    onset, offset = max(apex - half, 0), min(apex + half, recording.frames - 1)
    return [(recording.first + onset, recording.first + apex, recording.first + offset, changes[apex], "micro")]


# %% [markdown]
# ## A class that measures and learns
#
# What `measure` returns is kept, so that the next fold, or the next call, does not read the frames again.
# `recording.places()` is where 14 x 12 blocks of the face are in every frame. `fit` gets the training recordings with
# their true movements; those of a tested recording reach no function.


# %%
class AwayAndBack:
    """A block of the face is elsewhere than 0.2 s before and after."""

    threshold = float("inf")

    def measure(self, recording: merlab.Recording) -> NDArray[np.float32]:
        """How far the block that moves most is from its place before and after, px: one number per frame."""
        places, reach = recording.places(), max(1, round(0.2 * recording.fps))
        padded = np.pad(places, [(reach, reach), (0, 0), (0, 0), (0, 0)], mode="edge")
        away = np.linalg.norm(places - padded[: -2 * reach], axis=-1)
        back = np.linalg.norm(places - padded[2 * reach :], axis=-1)
        return np.asarray(np.minimum(away, back).max(axis=(1, 2)), np.float32)

    def fit(self, recordings: list[merlab.Recording]) -> None:
        """The threshold is half of the usual height of a true movement."""
        heights = [
            each.measured()[event.onset - each.first : event.offset - each.first + 1].max()
            for each in recordings
            for event in each.events
        ]
        self.threshold = 0.5 * float(np.median(heights))

    def spot(self, recording: merlab.Recording) -> Iterator[Interval]:
        """One interval for each run of frames above the threshold."""
        curve = recording.measured()
        above = np.concatenate([[False], curve > self.threshold, [False]])
        half = round(0.15 * recording.fps)
        for begin, end in np.flatnonzero(above[1:] != above[:-1]).reshape(-1, 2).tolist():
            apex = begin + int(curve[begin:end].argmax())
            onset, offset = max(apex - half, 0), min(apex + half, recording.frames - 1)
            first = recording.first
            yield first + onset, first + apex, first + offset, float(curve[apex]), "micro"


# %% [markdown]
# ## Compare them

# %%
made = merlab.make_videos(
    folder / "long", subjects=3, minutes=0.1, events=20, fps=30, preset="easy", seed=5, jobs=1, progress=False
)
recordings = recordings_in(made)
comparison = merlab.compare_spotting(
    recordings, ["guess-even", largest_change, AwayAndBack], folder / "compared", jobs=1, progress=False
)
comparison_table(comparison)

# %% [markdown]
# ## On the command line
#
# With the methods in a file of its own, `my_spotter.py`, the same comparison is
#
#     merlab compare-spotting long/SYNTHETIC_events.csv long/SYNTHETIC_videos \
#         --methods guess-even,my_spotter.py:largest_change,my_spotter.py:AwayAndBack
#
# All that a recording has, and what a method may answer: [add a spotting method](../howto/add-a-spotting-method.md).

# %%
temporary.cleanup()
