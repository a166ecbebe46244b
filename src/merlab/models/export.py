"""A recognizer as a file for other programs: ONNX or OpenVINO, in float32, bfloat16 or int8.

The metadata of the file holds the classes, the recipe of the input, the temperature, the stamps and the whole card. The
file is loaded again and compared with PyTorch before it appears.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import numpy as np

from merlab.errors import MerlabError
from merlab.evaluation.study import Clips, as_table
from merlab.frames import Float32Array
from merlab.given import as_path, as_whole
from merlab.inference.runtimes import (
    INPUT,
    Infer,
    export_onnx,
    load_onnxruntime,
    load_openvino,
    resolve_runtime,
)
from merlab.models.export_agreement import ExportAgreement, compared_with_torch
from merlab.models.export_clips import clips_of, synthetic_clips
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.models.shipped import CARD
from merlab.progress import Progress, shown_progress
from merlab.registry import look_up
from merlab.storage import require_writable, temporary_folder, whole_file
from merlab.telemetry import switch_off_onnxruntime_telemetry, switch_off_openvino_telemetry
from merlab.version import __version__
from merlab.vocabulary import ExportFormat, ExportPrecision, RuntimeName

SUFFIXES: Mapping[ExportFormat, str] = {"onnx": ".onnx", "openvino": ".xml"}
SECTION = "merlab"
SUBJECTS = 12


@dataclass(frozen=True)
class Exported:
    """An exported file: how well it agrees with PyTorch, on which clips, its size, its stamps and its metadata.

    ``bytes`` includes the weights of an OpenVINO network, which are in a second file.
    """

    out: Path
    agreement: ExportAgreement
    compared_on: str
    bytes: int
    stamps: tuple[str, ...]
    metadata: Mapping[str, str] = field(repr=False)


def export_recognizer(
    out: Path | str,
    format: ExportFormat,  # noqa: A002 - the public name of the option
    *,
    weights: Path | str | Recognizer | None = None,
    precision: ExportPrecision = "fp32",
    clips: Clips | None = None,
    subjects: int | None = None,
    progress: Progress | bool = True,
) -> Exported:
    """Export a recognizer as a file for ONNX Runtime or OpenVINO, and compare it with PyTorch before it appears.

    Args:
        out: the new file: ``.onnx``, or ``.xml`` for OpenVINO, which has its weights in a ``.bin`` beside it.
        format: what reads it: ``onnx`` or ``openvino``.
        weights: a recognizer, or a file of ``merlab pretrain``; unless given, the recognizer that ships with merlab.
        precision: ``fp32``, ``bf16`` (OpenVINO only) or ``int8`` (calibrated on clips of other subjects).
        clips: clips to compare on and to calibrate with (``merlab.load``); unless given, SYNTHETIC clips.
        subjects: how many SYNTHETIC subjects to compare on where no ``clips`` are given, 6 clips of each; None: 12.
        progress: True shows it on standard error, False does not, a function is called with it.

    Raises:
        MerlabError: for a combination that no runtime computes, a missing package, an ``out`` that exists, cannot be
            written or has the wrong suffix, and a float32 file that gives other answers than PyTorch. Nothing is
            written then.

    """
    if clips is not None and subjects is not None:
        raise MerlabError(f"subjects ({subjects}) are SYNTHETIC ones, but the clips are given; leave one of them out")
    count = as_whole(SUBJECTS if subjects is None else subjects, "subjects", 1)
    recognizer = weights if isinstance(weights, Recognizer) else load_recognizer(weights)
    export = Export(recognizer, format, precision, as_path(out, "out"))
    with shown_progress(progress) as show:
        chosen = (
            synthetic_clips(recognizer.card, count, export.calibrated, show)
            if clips is None
            else clips_of(as_table(clips), recognizer.recipe, export.calibrated, show)
        )
        show(0, 1, "exporting and comparing")
        found = export.write(chosen.test, chosen.calibration)
    size = sum(path.stat().st_size for path in export.files)
    return Exported(export.out, found, chosen.what, size, recognizer.card.stamps, export.metadata())


@dataclass(frozen=True)
class Export:
    """What is exported: a recognizer, the kind of file, the arithmetic that it is meant for, and the file itself.

    Raises MerlabError for a combination that no runtime computes, for a missing package that writes or reads the file,
    and if ``out`` exists, cannot be written or has the wrong suffix.
    """

    recognizer: Recognizer
    format: ExportFormat
    precision: ExportPrecision
    out: Path

    def __post_init__(self) -> None:
        suffix = look_up(self.format, SUFFIXES, "export format")
        look_up(self.precision, dict.fromkeys(get_args(ExportPrecision)), "precision")
        if (self.format, self.precision) == ("onnx", "bf16"):
            raise MerlabError(
                "ONNX Runtime has no bfloat16 on a CPU; choose --format openvino, or --precision fp32 or int8 (in "
                "Python, format and precision)"
            )
        if self.out.suffix != suffix:
            raise MerlabError(f"{self.out}: the name of a file for {self.format} ends in {suffix}")
        for path in self.files:
            if path.exists():
                raise MerlabError(f"{path} exists; remove it, or choose another name")
            require_writable(path)
        runtime: RuntimeName = "openvino-bf16" if self.precision == "bf16" else self.format
        resolve_runtime(runtime, self.recognizer.module, self.recognizer.recipe.shape)
        if self.calibrated:
            resolve_runtime("onnx", self.recognizer.module, self.recognizer.recipe.shape)

    def write(self, test: Float32Array, calibration: Float32Array | None = None) -> ExportAgreement:
        """Write the file, after a comparison with PyTorch on the ``test`` inputs.

        ``calibration`` inputs set the ranges of int8, which needs them; the test inputs must be of other subjects.
        Raises MerlabError, and leaves nothing, if a float32 file gives other answers than PyTorch.
        """
        with temporary_folder() as folder:
            written = self._written(folder / self.out.name, calibration)
            found = self._compared(written, test)
            if self.precision == "fp32" and not found.exact:
                raise MerlabError(
                    f"the exported network gives other answers than PyTorch: {found.changed} of {found.clips} "
                    f"decisions changed, logits differ by up to {found.logits:.3g}; nothing was written. Try the other "
                    "format or another version of torch, and report it with the weights"
                )
            # The file that others open is written last, so that it never appears without its weights.
            for target in reversed(self.files):
                with whole_file(target) as aside:
                    shutil.copyfile(written.with_suffix(target.suffix), aside)
        return found

    @property
    def calibrated(self) -> bool:
        """Whether it needs calibration inputs."""
        return self.precision == "int8"

    @property
    def one_clip(self) -> bool:
        """Whether the file takes one clip at a time.

        OpenVINO 2026.4 computes wrong values from int8 networks whose number of clips is free.
        """
        return (self.format, self.precision) == ("openvino", "int8")

    @property
    def files(self) -> list[Path]:
        """All its files; an OpenVINO network has its weights in a second one."""
        return [self.out, self.out.with_suffix(".bin")] if self.format == "openvino" else [self.out]

    def metadata(self) -> dict[str, str]:
        """The metadata in the file; lists and the card are JSON."""
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
        switch_off_openvino_telemetry()
        import openvino

        model = openvino.Core().read_model(network)
        for key, value in self.metadata().items():
            model.set_rt_info(value, [SECTION, key])
        if self.one_clip:
            model.reshape([1, *self.recognizer.recipe.shape])
        # OpenVINO stores no bfloat16 weights; float16 ones are as small, and have three more bits.
        openvino.save_model(model, path, compress_to_fp16=self.precision == "bf16")

    def _compared(self, path: Path, test: Float32Array) -> ExportAgreement:
        """The agreement of the file as users load it: of clips one by one and, unless it takes one, all at once."""
        network = self._loaded(path)
        ways: list[Infer] = [lambda clips: np.concatenate([network(clip) for clip in np.split(clips, len(clips))])]
        if not self.one_clip:
            ways.append(network)
        found = [compared_with_torch(self.recognizer, way, test) for way in ways]
        return max(found, key=lambda each: (each.changed, each.logits))

    def _loaded(self, path: Path) -> Infer:
        if self.format == "onnx":
            try:
                return load_onnxruntime(path)
            except Exception as error:
                if not self.calibrated:
                    raise
                cause = str(error).partition("\n")[0]
                raise MerlabError(
                    f"ONNX Runtime {version('onnxruntime')} cannot load the int8 file of {self.recognizer.card.name} "
                    f"({cause}); versions up to 1.23 load none that averages networks or mirror images, and newer ones "
                    "need Python 3.11. Choose --format openvino or --precision fp32 (in Python, format and precision)"
                ) from error
        return load_openvino(path, "bf16" if self.precision == "bf16" else "f32", as_stored=True)


@dataclass
class _Reader:
    """Clips one by one, as ONNX Runtime's calibration requests them; None after the last."""

    left: Iterator[Float32Array]

    def get_next(self) -> dict[str, Float32Array] | None:
        clip = next(self.left, None)
        return None if clip is None else {INPUT: clip}


def quantize(path: Path, calibration: Float32Array) -> None:
    """Replace a float32 ONNX file by one in int8 (QDQ): weights per channel, ranges from the calibration inputs.

    Only convolutions are quantized: they are nearly all of the work, and the gates of attention stay exact.
    """
    switch_off_onnxruntime_telemetry()
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    # It recommends to fold batch normalization first, which the export has already done.
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
