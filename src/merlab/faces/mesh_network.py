"""The network of the face mesh, under the fastest runtime of this machine: OpenVINO, else OpenCV.

OpenVINO is optional (the extra ``openvino``). It reads the same file and takes about a third of the time. Its landmarks
differ by less than 0.05 px of a frame of 640 x 480 pixels: both compute with float32, in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from merlab.frames import Float32Array, Image
from merlab.telemetry import switch_off_openvino_telemetry

MESH_SIZE, MESH_SIDE = 468, 192

# A crop (192, 192, 3) uint8 BGR -> the points (468, 3), px of the crop, and the logit of the presence of a face.
MeshNetwork = Callable[[Image], tuple[Float32Array, float]]


def load_opencv(path: Path) -> MeshNetwork:
    """The network of a .tflite file under OpenCV."""
    # By itself, OpenCV opens no path on Windows that has other letters than those of the system's language.
    network = cv2.dnn.readNetFromTFLite(np.fromfile(path, np.uint8))
    names = network.getUnconnectedOutLayersNames()

    def compute(crop: Image) -> tuple[Float32Array, float]:
        network.setInput(cv2.dnn.blobFromImage(crop, 1 / 255, swapRB=True))
        return _answer([np.asarray(output, np.float32) for output in network.forward(names)])

    return compute


def load_openvino(path: Path) -> MeshNetwork:
    """The network of a .tflite file under OpenVINO, on one thread, in float32."""
    request = _compiled(path).create_infer_request()
    # The memory that the network reads: giving it a new array each time costs .2 ms of Python.
    given = request.get_input_tensor().data

    def compute(crop: Image) -> tuple[Float32Array, float]:
        given[0] = crop
        return _answer(list(request.infer().values()))

    return compute


@cache
def _compiled(path: Path) -> Any:
    """The compiled network, 0.1 s; it takes a crop (1, 192, 192, 3) uint8 BGR."""
    switch_off_openvino_telemetry()
    import openvino
    from openvino.preprocess import ColorFormat, PrePostProcessor

    core = openvino.Core()
    steps = PrePostProcessor(core.read_model(str(path)))
    image = steps.input()
    image.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    image.tensor().set_color_format(ColorFormat.BGR)
    image.preprocess().convert_element_type(openvino.Type.f32).convert_color(ColorFormat.RGB).scale(255.0)
    # Pinned, the inference of every process and thread would share the first core.
    threads = {"INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}
    hints = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", **threads}
    return core.compile_model(steps.build(), "CPU", hints)


def _answer(outputs: Sequence[Float32Array]) -> tuple[Float32Array, float]:
    """The two outputs, whose order differs between the runtimes."""
    points = next(output for output in outputs if output.size == 3 * MESH_SIZE)
    logit = next(output for output in outputs if output.size == 1)
    return points.reshape(MESH_SIZE, 3), float(logit.item())


def load_fastest(path: Path) -> MeshNetwork:
    """The network of a .tflite file under OpenVINO where it is installed, else under OpenCV."""
    return load_openvino(path) if find_spec("openvino") else load_opencv(path)


def runtime_version() -> dict[str, str]:
    """OpenVINO -> its version, where ``load_fastest`` takes it; OpenCV's version is known anyway."""
    return {"openvino": version("openvino")} if find_spec("openvino") else {}
