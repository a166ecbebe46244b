# %% [markdown]
# # Evaluate and compare methods
#
# You have clips with labels, and you want to know which method recognizes them best on people that it has never seen.
# The clips here are SYNTHETIC: rendered faces whose movements are known. With a licensed database, only the line with
# `merlab.load` changes, for example to `merlab.load("casme2", "/data/CASME2")`.

# %%
import tempfile
from pathlib import Path

import merlab

# All files are written into this folder, which is removed at the end.
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

# %% [markdown]
# ## Load the clips
#
# `merlab.load` reads a database and checks it. Everything that differs from what the reader expects is a finding,
# with the remedy. This small database has no findings.

# %%
faces = merlab.make_faces(folder / "faces", subjects=6, clips=30, preset="easy")
clips = merlab.load("synthetic", faces)
print(f"{len(clips)} clips of {len(set(clips.groups))} subjects, {len(clips.findings)} findings")
clips.frame[["subject", "name", "onset", "apex", "offset", "action_units", "emotion"]].head()

# %% [markdown]
# One clip: its onset, apex and offset, and the movement between onset and apex.

# %%
clips.plot(next(iter(clips)))

# %% [markdown]
# ## Evaluate
#
# `kfold` makes folds that share no subject. Two baselines show what is easy to reach: `constant` always gives the most
# frequent class, and `linear-svm` is a linear classifier on the optical flow. `ststnet` is a small published network.
# Its preset `reduced` has fewer epochs than the publication, and two seeds are fewer than the usual five: both are
# marked.

# %%
results = merlab.evaluate(
    clips,
    ["constant", "linear-svm", "ststnet"],
    scheme="casme2-5",
    protocol="kfold",
    folds=3,
    seeds=2,
    cache=folder / "cache",
    progress=False,
)
results

# %% [markdown]
# ## Look at the results
#
# `summary` is a DataFrame: one row per method, with the mean over seeds, the standard deviation, and a confidence
# interval over subjects.

# %%
print(results.verdict)
results.summary[["uf1", "uf1_low", "uf1_high", "uar", "accuracy"]].round(3)

# %%
results.plot()

# %% [markdown]
# Is one method better than another? `compare` pairs the two methods clip by clip and permutes whole subjects.

# %%
results.compare("ststnet", "linear-svm")

# %% [markdown]
# ## Keep them
#
# The report is one HTML page with tables, confusion matrices, settings and versions. Given a folder, `report` also
# writes the predictions, from which every number can be computed again.

# %%
report = results.report(folder / "report.html")
print(f"{report.name}: {report.stat().st_size // 1000} kB")

# %%
temporary.cleanup()
