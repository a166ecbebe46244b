"""What libraries would report to their makers is switched off: nothing leaves the machine."""

from __future__ import annotations

import os
import sys


def switch_off_onnxruntime_telemetry() -> None:
    """Keep ONNX Runtime from reporting its use, unless the user has set ORT_DISABLE_TELEMETRY.

    Call it before ``import onnxruntime``, which reads the setting.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def switch_off_openvino_telemetry() -> None:
    """Keep OpenVINO from reporting its use; call it before ``import openvino``, which reports itself.

    Without the package ``openvino_telemetry``, OpenVINO sends nothing and keeps no identifier in the user's home.
    """
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
