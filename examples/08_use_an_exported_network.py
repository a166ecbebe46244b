# %% [markdown]
# # Use an exported network without merlab
#
# An exported network needs ONNX Runtime, and its input. This page computes the input of the recognizer that ships with
# merlab from two pictures, in NumPy and OpenCV alone, and compares the probabilities with those of merlab. The faces
# are SYNTHETIC. It needs the extra `onnx`.

# %%
import os
import tempfile
from pathlib import Path

import merlab
from merlab.inputs import from_frames

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # Otherwise ONNX Runtime reports its use to its makers.

# All files are written into this folder, which is removed at the end.
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)

# %% [markdown]
# ## With merlab: the network, two pictures, the probabilities
#
# The pictures are an aligned face at onset and apex, 231 x 282 pixels. `merlab recognize` writes such pictures of
# every event, `onset.png` and `apex.png`; with `--save-inputs` also the input, as `inputs.npz`.

# %%
recognizer = merlab.load_recognizer()
merlab.export_recognizer(folder / "recognizer.onnx", "onnx", subjects=1, progress=False)
faces = merlab.load("synthetic", merlab.make_faces(folder / "faces", subjects=1, clips=1, preset="easy"))
(clip,) = faces
frames = faces.frames(clip)
assert clip.onset is not None
assert clip.apex is not None
onset, apex = frames.read(clip.onset), frames.read(clip.apex)
inputs_of_merlab = from_frames(onset, apex, recognizer.recipe)
probabilities_of_merlab = recognizer.predict_proba(inputs_of_merlab)
print(clip.emotion, dict(zip(recognizer.classes, probabilities_of_merlab[0].round(3).tolist(), strict=True)))

# %% [markdown]
# ## Without merlab: the input
#
# From here on, only the two pictures and the ONNX file are used. The recipe in the file's metadata lists every step;
# [the page about exporting](../howto/export.md) explains them.

# %%
import json

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

session = onnxruntime.InferenceSession(folder / "recognizer.onnx")
metadata = session.get_modelmeta().custom_metadata_map
kind, _, options = metadata["recipe"].partition(":")
recipe = dict(option.split("=") for option in options.split(","))
recipe

# %%
assert (kind, recipe["algorithm"], recipe["channels"], recipe["scale"]) == ("flow", "dis", "uvs", "centered")
assert (recipe["magnify"], recipe["view"], recipe["version"]) == ("none", "global", "1")


Plane = NDArray[np.float32]


def size_of(text: str) -> tuple[int, int]:
    """``231x282`` -> (231, 282): width and height."""
    width, height = text.split("x")
    return int(width), int(height)


def resize(plane: Plane, size: tuple[int, int]) -> Plane:
    """Area averages to reduce, linear interpolation to enlarge."""
    smaller = plane.shape[1] > size[0] or plane.shape[0] > size[1]
    return np.asarray(
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR), np.float32
    )


def gray(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray levels at the size at which the flow is computed."""
    plane = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)
    return np.rint(resize(plane, size_of(recipe["at"]))).astype(np.uint8)


def strain(u: Plane, v: Plane) -> Plane:
    """Optical strain, from the derivatives of the flow by central differences."""
    u_y, u_x = np.gradient(u)
    v_y, v_x = np.gradient(v)
    return np.asarray(np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2), np.float32)


def centered(plane: Plane) -> Plane:
    """Minus the median, divided by the standard deviation; 0 where nothing moves."""
    spread = plane.std()
    return (plane - np.median(plane)) / spread if spread > 1e-6 else np.zeros_like(plane)


dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
flow = dis.calc(gray(onset), gray(apex), None)  # type: ignore[call-overload]
u, v = flow[..., 0], flow[..., 1]
planes = [centered(resize(plane, size_of(recipe["size"]))) for plane in (u, v, strain(u, v))]
inputs = np.stack(planes)[None].astype(np.float32)
inputs.shape

# %% [markdown]
# ## Without merlab: the probabilities
#
# They are the softmax of the logits divided by the temperature.

# %%
(logits,) = session.run(["logits"], {"input": inputs})
scaled = logits / float(metadata["temperature"])
exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
print(*json.loads(metadata["stamps"]), json.loads(metadata["classes"]), probabilities[0].round(3))

# %% [markdown]
# Both ways give the same, up to rounding.

# %%
print("largest difference of an input:", float(np.abs(inputs - inputs_of_merlab).max()))
print("largest difference of a probability:", float(np.abs(probabilities - probabilities_of_merlab).max()))
assert np.abs(inputs - inputs_of_merlab).max() < 1e-4
assert np.abs(probabilities - probabilities_of_merlab).max() < 1e-4

# %%
temporary.cleanup()
