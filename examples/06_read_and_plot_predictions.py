# %% [markdown]
# # Read and plot predictions
#
# A run folder keeps every prediction, so that tables and figures of your own need no new training. This page makes a
# small run on SYNTHETIC faces and then works with the stored file only.

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import balanced_accuracy_score, f1_score

import merlab

# All files are written into this folder, which is removed at the end.
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

# %% [markdown]
# ## A stored run
#
# `out` names the run folder. The same call, or `merlab evaluate` with the same settings, resumes a run that was
# stopped.

# %%
merlab.evaluate(
    merlab.load("synthetic", merlab.make_faces(folder / "faces", subjects=6, clips=30, preset="easy")),
    ["random", "linear-svm", "ststnet"],
    scheme="casme2-5",
    protocol="kfold",
    folds=3,
    seeds=2,
    out=folder / "run",
    cache=folder / "cache",
    progress=False,
)
for path in sorted((folder / "run").iterdir()):
    print(path.name)

# %% [markdown]
# ## Read it
#
# The predictions are a Parquet file with one row per method, seed and clip; `p_CLASS` are the probabilities. pandas
# reads it, and so do R, Julia and many other programs. `merlab.Results.read(folder)` gives the same table with its
# summaries.

# %%
predictions = pd.read_parquet(folder / "run" / "predictions.parquet")
predictions.head()

# %% [markdown]
# ## Compute a metric yourself
#
# UF1 is the macro F1 over all clips of a seed, not a mean over folds. scikit-learn gives the numbers of the summary.

# %%
scores = pd.DataFrame(
    {
        "method": method,
        "seed": seed,
        "UF1": f1_score(rows["truth"], rows["prediction"], average="macro"),
        "UAR": balanced_accuracy_score(rows["truth"], rows["prediction"]),
    }
    for (method, seed), rows in predictions.groupby(["method", "seed"])
)
means = scores.groupby("method")[["UF1", "UAR"]].mean()
summary = merlab.Results.read(folder / "run").summary
assert np.allclose(means["UF1"], summary["uf1"].loc[means.index])
means.round(3)

# %% [markdown]
# ## Are the probabilities right?
#
# If a method says 0.8, it should be right in 80 % of these cases. The dashed line is perfect calibration.

# %%
figure = Figure(figsize=(5, 4), layout="constrained")
axes = figure.subplots()
axes.plot([0, 1], [0, 1], "--", color="gray")
for method in ("linear-svm", "ststnet"):
    rows = predictions[predictions["method"] == method]
    confidence = rows.filter(like="p_").max(axis=1)
    right = rows["truth"] == rows["prediction"]
    bins = pd.cut(confidence, [0.2, 0.4, 0.6, 0.8, 1])
    axes.plot(
        confidence.groupby(bins, observed=True).mean(), right.groupby(bins, observed=True).mean(), "o-", label=method
    )
axes.set(xlabel="probability of the predicted class", ylabel="share of right predictions")
axes.legend()
figure

# %% [markdown]
# ## Which subjects are difficult?

# %%
marked = predictions.assign(right=predictions["truth"] == predictions["prediction"])
by_subject = marked.pivot_table(index="subject", columns="method", values="right")
figure = Figure(figsize=(6, 3.5), layout="constrained")
by_subject.plot(kind="bar", ax=figure.subplots(), ylabel="accuracy", legend=False)
figure.legend(loc="outside upper center", ncols=3)
figure

# %%
temporary.cleanup()
