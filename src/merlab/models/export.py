"""A recognizer as a file for other programs: ONNX or OpenVINO, in float32, bfloat16 or int8.

Its classes, its input's recipe, its temperature, its stamps and its whole card travel in the file's metadata. What was
written is loaded again and judged against PyTorch before it is given to the user.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from merlab import __version__
from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.inference.runtimes import INPUT, Infer, export_onnx, load_onnxruntime, load_openvino, resolve_runtime
from merlab.models.agreement import Agreement, agreement
from merlab.models.recognizer import CARD, Recognizer
from merlab.storage import whole_file

Format = Literal["onnx", "openvino"]
Precision = Literal["fp32", "bf16", "int8"]

SUFFIXES: Mapping[Format, str] = {"onnx": ".onnx", "openvino": ".xml"}
SECTION = "merlab"


@dataclass(frozen=True)
class Export:
    """What is exported: a recognizer, the kind of file, the arithmetic that it is meant for, and the file itself.

    Raises MerlabError for a combination that nothing computes, where a package that writes or reads it is missing, and
    where ``out`` exists or ends otherwise than its format does.
    """

    recognizer: Recognizer
    format: Format
    precision: Precision
    out: Path

    def __post_init__(self) -> None:
        if (self.format, self.precision) == ("onnx", "bf16"):
            raise MerlabError(
                "ONNX Runtime computes no bfloat16 on a CPU; choose --format openvino, or --precision fp32 or int8"
            )
        if self.out.suffix != SUFFIXES[self.format]:
            raise MerlabError(f"--out {self.out}: a file for {self.format} ends in {SUFFIXES[self.format]}")
        for path in self.files:
            if path.exists():
                raise MerlabError(f"{path} exists; remove it, or choose another --out")
        runtime = f"{self.format}-bf16" if self.precision == "bf16" else self.format
        resolve_runtime(runtime, self.recognizer.module, self.recognizer.recipe.shape)
        if self.calibrated:
            resolve_runtime("onnx", self.recognizer.module, self.recognizer.recipe.shape)

    def write(self, test: Float32Array, calibration: Float32Array | None = None) -> Agreement:
        """Write the file, judged on the ``test`` inputs before it appears.

        ``calibration`` inputs set the ranges of int8, which needs them; the test inputs must be of other subjects.
        Raises MerlabError, and leaves nothing, when a float32 file does not answer as PyTorch does.
        """
        with tempfile.TemporaryDirectory() as folder:
            written = self._written(Path(folder) / self.out.name, calibration)
            judged = agreement(self.recognizer, self._loaded(written), test)
            if self.precision == "fp32" and not judged.exact:
                raise MerlabError(
                    f"the exported network is not the one in PyTorch: {judged.changed} of {judged.clips} decisions "
                    f"changed, logits differ by up to {judged.logits:.3g}; nothing was written. Try the other --format "
                    "or another version of torch, and report it with the weights"
                )
            # The file that others open comes last, so that it is never there without its weights.
            for target in reversed(self.files):
                with whole_file(target) as aside:
                    shutil.copyfile(written.with_suffix(target.suffix), aside)
        return judged

    @property
    def calibrated(self) -> bool:
        """Whether it needs calibration inputs."""
        return self.precision == "int8"

    @property
    def files(self) -> list[Path]:
        """All that it consists of; an OpenVINO network has its weights beside it."""
        return [self.out, self.out.with_suffix(".bin")] if self.format == "openvino" else [self.out]

    def metadata(self) -> dict[str, str]:
        """What travels with the network; lists and the card are JSON."""
        card = self.recognizer.card
        return {
            CARD: card.model_dump_json(),
            "name": card.name,
            "classes": json.dumps(card.classes),
            "recipe": card.recipe,
            "temperature": repr(card.temperature),
            "stamps": json.dumps(card.stamps),
            "precision": self.precision,
            "weights-sha256": self.recognizer.digest,
            "merlab": __version__,
        }

    def _written(self, path: Path, calibration: Float32Array | None) -> Path:
        network = path.with_suffix(".onnx")
        export_onnx(self.recognizer.module, self.recognizer.recipe.shape, network)
        if self.calibrated:
            assert calibration is not None, "int8 needs calibration inputs"
            quantize(network, calibration)
        if self.format == "onnx":
            self._describe_onnx(network)
        else:
            self._convert_to_openvino(network, path)
        return path

    def _describe_onnx(self, path: Path) -> None:
        import onnx

        model = onnx.load(path)
        onnx.helper.set_model_props(model, self.metadata())
        onnx.save(model, path)

    def _convert_to_openvino(self, network: Path, path: Path) -> None:
        import openvino

        model = openvino.Core().read_model(network)
        for key, value in self.metadata().items():
            model.set_rt_info(value, [SECTION, key])
        # OpenVINO keeps no bfloat16 weights; float16 ones are as small, and have three bits more.
        openvino.save_model(model, path, compress_to_fp16=self.precision == "bf16")

    def _loaded(self, path: Path) -> Infer:
        if self.format == "onnx":
            return load_onnxruntime(path)
        return load_openvino(path, "bf16" if self.precision == "bf16" else "f32")


@dataclass
class _Reader:
    """Clips one by one, as ONNX Runtime's calibration asks for them; None after the last."""

    left: Iterator[Float32Array]

    def get_next(self) -> dict[str, Float32Array] | None:
        clip = next(self.left, None)
        return None if clip is None else {INPUT: clip}


def quantize(path: Path, calibration: Float32Array) -> None:
    """Replace a float32 ONNX file by one in int8 (QDQ): weights a channel each, ranges seen on the calibration inputs.

    Only convolutions are quantized: they are nearly all of the work, and the gates of attention stay exact.
    """
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    # It recommends a step that folds batch normalization, which the export has already done.
    logging.disable(logging.WARNING)
    try:
        quantize_static(
            path,
            path,
            _Reader(iter(np.split(calibration, len(calibration)))),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    finally:
        logging.disable(logging.NOTSET)
