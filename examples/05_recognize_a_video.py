# %% [markdown]
# # Recognize movements in a video
#
# `merlab.recognize` finds the faces in a video, spots every brief movement, and reports its most likely class and
# what moved. This page uses a short SYNTHETIC recording with known movements.

# %%
import tempfile
from pathlib import Path

import pandas as pd

import merlab

# All files are written into this folder, which is removed at the end.
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

# %% [markdown]
# ## Make a recording
#
# Nine seconds at 100 frames per second, already cropped to the face. The table lists the true events.

# %%
recordings = merlab.make_videos(
    folder / "recordings", subjects=1, minutes=0.15, events=14, fps=100, preset="easy", seed=3
)
truth = pd.read_csv(recordings / "SYNTHETIC_events.csv")
truth

# %% [markdown]
# ## Recognize
#
# `aligned=True` means that the frames show aligned faces. Leave it out for a video from a camera: faces are then
# found, followed and aligned, for which `merlab models get` fetches one file, once.

# %%
(recording,) = (recordings / "SYNTHETIC_videos").iterdir()
video = merlab.recognize(recording, folder / "result", aligned=True, progress=False)
video

# %% [markdown]
# ## What was found
#
# One row per movement. The class is empty where something speaks against it; `withheld` lists what.

# %%
video.events[["event", "onset_s", "apex_s", "offset_s", "class", "probability", "regions"]]

# %%
video.plot()

# %% [markdown]
# `frames` has one row per frame and face: the score of movement and its threshold, for plots and statistics of your
# own.

# %%
video.frames.head()

# %% [markdown]
# ## What was written
#
# Tables for other programs, a report, pictures of each movement, a video with the result drawn into it, and an ELAN
# file.

# %%
for path in sorted((folder / "result").iterdir()):
    print(path.name)

# %% [markdown]
# A movement is an observation, not a verdict about a person: see [ethics and limits](../limits.md).

# %%
temporary.cleanup()
