# %% [markdown]
# # Evaluate a scikit-learn pipeline
#
# Every scikit-learn classifier is a method, and so is a pipeline that ends in one. merlab flattens the inputs to (N,
# numbers), clones the estimator for every fold, and fits it on the training subjects only: whatever the pipeline
# learns (means, components, class weights), it does not learn from the test subjects.

# %%
import tempfile
from pathlib import Path

from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import merlab

# All files are written into this folder, which is removed at the end.
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

# %% [markdown]
# ## Two pipelines on SYNTHETIC faces
#
# `input` names what the methods see: here the optical flow from onset to apex, horizontal and vertical, in 20 x 20
# pixels. `merlab.inputs()` lists all inputs and their options.

# %%
pipelines = {
    "pca + logistic": make_pipeline(StandardScaler(), PCA(10), LogisticRegression(max_iter=1000)),
    "pca + neighbors": make_pipeline(StandardScaler(), PCA(10), KNeighborsClassifier(3)),
}
clips = merlab.load("synthetic", merlab.make_faces(folder / "faces", subjects=6, clips=30, preset="easy"))
results = merlab.evaluate(
    clips,
    {**pipelines, "linear-svm": "linear-svm"},
    scheme="casme2-5",
    protocol="loso",
    seeds=1,
    input="flow:channels=uv,size=20x20",
    cache=folder / "cache",
    progress=False,
)
print(results.verdict)
results

# %% [markdown]
# ## Where does it make errors?
#
# `predictions` has one row per method, seed and clip. Everything else is computed from it, here with scikit-learn.

# %%
predictions = results.predictions
logistic = predictions[predictions["method"] == "pca + logistic"]
figure = Figure(figsize=(5, 4.5), layout="constrained")
ConfusionMatrixDisplay.from_predictions(
    logistic["truth"], logistic["prediction"], ax=figure.subplots(), xticks_rotation=45, colorbar=False
)
figure

# %% [markdown]
# The clips that both pipelines get wrong:

# %%
wrong = predictions[predictions["truth"] != predictions["prediction"]]
both = wrong[wrong["method"].isin(pipelines)].groupby(["subject", "clip", "truth"])["prediction"].agg(list)
both[both.map(len) == len(pipelines)]

# %%
temporary.cleanup()
