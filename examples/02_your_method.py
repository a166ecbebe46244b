# %% [markdown]
# # Evaluate a method of your own
#
# A method is an object. You pass it to `merlab.evaluate` beside the methods that come with merlab, and it is trained
# and tested on the same folds. There are three kinds: a network, any object with `fit` and `predict_proba`, and a
# scikit-learn classifier, which has [a page of its own](03_your_scikit_learn_pipeline.md). This page shows the first
# two, on SYNTHETIC faces.

# %%
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

import merlab

# All files are written into this folder, which is removed at the end.
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

# %% [markdown]
# ## A network
#
# A function gets the shape of the problem, a `merlab.Task`, and returns an untrained torch module that maps inputs
# (N, C, H, W) to logits (N, classes). merlab trains it. Keyword arguments of the function are options, which can be
# changed without changing the code: `network={"width": 16}`.


# %%
def small_network(task: merlab.Task, *, width: int = 8) -> nn.Module:
    """Two convolutions and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(task.channels, width, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Linear(2 * width * 16, task.classes),
    )


network = merlab.Method(
    name="small-network",
    input="flow:channels=uvs,scale=minmax,size=28x28",
    presets={"short": merlab.Preset(training=merlab.TrainingSettings(epochs=30, learning_rate=0.002), reduced=True)},
    network=small_network,
)

# %% [markdown]
# ## An object with `fit` and `predict_proba`
#
# `fit` gets the inputs (N, C, H, W) and the labels (N,) of the training subjects. It may also take `groups`, the
# subject of each clip, and `seed`. `predict_proba` gets the inputs of the test subject, without labels, and returns
# one row of probabilities per clip. merlab uses a fresh copy of the object for every fold.


# %%
class NearestMean:
    """The class whose mean input is nearest; ``softness`` turns distances into probabilities."""

    def __init__(self, softness: float = 1.0) -> None:
        self.softness = softness

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        """Compute the mean input of every class that occurs."""
        self.classes_ = np.unique(labels)
        self.means = np.stack([inputs[labels == label].mean(axis=0) for label in self.classes_])

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Softmax of the negative squared distances, one column per class of ``classes_``."""
        distances = ((inputs[:, None] - self.means[None]) ** 2).sum(axis=(2, 3, 4)) / self.softness
        weights = np.exp(distances.min(axis=1, keepdims=True) - distances)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)


# %% [markdown]
# ## Evaluate both beside a baseline
#
# A dictionary gives the names in tables. The methods of this script also work in several processes (`jobs`).

# %%
clips = merlab.load("synthetic", merlab.make_faces(folder / "faces", subjects=6, clips=30, preset="easy"))
results = merlab.evaluate(
    clips,
    {"linear-svm": "linear-svm", "nearest-mean": NearestMean(softness=10), "small-network": network},
    scheme="casme2-5",
    protocol="kfold",
    folds=3,
    seeds=2,
    cache=folder / "cache",
    progress=False,
)
print(results.verdict)
results

# %%
results.plot()

# %% [markdown]
# ## On the command line
#
# With the method in a file of its own, `my_methods.py`, the same evaluation is
#
#     merlab evaluate linear-svm --method my_methods.py:network --database synthetic --root faces \
#         --scheme casme2-5 --protocol kfold --folds 3 --seeds 2

# %%
temporary.cleanup()
