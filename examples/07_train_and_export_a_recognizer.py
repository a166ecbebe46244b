# %% [markdown]
# # Train a recognizer and export it
#
# Evaluation trains one network per fold and keeps only its predictions. A recognizer is one network that you keep:
# `merlab.recognize` uses it on videos, and other programs run it as an ONNX file. This page trains a very small one
# on SYNTHETIC faces, to show the steps; do not use it on real faces. It needs the extra `onnx`.

# %%
import json
import os
import tempfile
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # Otherwise ONNX Runtime reports its use to its makers.
import onnxruntime
import pandas as pd

import merlab

# All files are written into this folder, which is removed at the end.
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

# %% [markdown]
# ## Train
#
# Without clips of your own, `merlab.pretrain` renders SYNTHETIC ones. The subjects are divided once: for training,
# for calibrating the probabilities, and for scoring. No subject is in two of them.

# %%
recognizer = merlab.pretrain(
    folder / "small.safetensors",
    method="ststnet",
    preset="reduced",
    scheme="megc2019",
    subjects=9,
    clips_per_subject=6,
    seeds=1,
    progress=False,
)
print(recognizer.classes, recognizer.card.trained_on.clips, "clips")

# %% [markdown]
# The file holds the weights and a card: what the network was trained on, how it was calibrated, and how it scores on
# subjects that it has never seen, beside the baselines. `merlab weights small.safetensors` prints it.

# %%
scores = [
    {"method": score.method, "clips": score.clips, "UF1": score.uf1.mean, "UAR": score.uar.mean}
    for score in recognizer.card.scores
]
pd.DataFrame(scores).round(3)

# %% [markdown]
# ## Export
#
# The ONNX file is written only if it gives the same answers as PyTorch, here on clips of two other synthetic
# subjects.

# %%
exported = merlab.export_recognizer(folder / "small.onnx", "onnx", weights=recognizer, subjects=2, progress=False)
print(f"{exported.agreement.changed} of {exported.agreement.clips} decisions changed, {exported.bytes // 1000} kB")

# %% [markdown]
# ## Use it in another program
#
# ONNX Runtime needs nothing of merlab. Classes, input recipe and temperature are in the file's metadata.

# %%
session = onnxruntime.InferenceSession(folder / "small.onnx")
metadata = session.get_modelmeta().custom_metadata_map
print("classes", json.loads(metadata["classes"]))
print("input", session.get_inputs()[0].shape, metadata["recipe"])
print("stamps", json.loads(metadata["stamps"]))

# %% [markdown]
# ## On the command line
#
#     merlab pretrain small.safetensors --method ststnet --preset reduced --subjects 9 --clips 6 --seeds 1
#     merlab export --weights small.safetensors --format onnx --out small.onnx
#     merlab recognize interview.mp4 --weights small.safetensors

# %%
temporary.cleanup()
