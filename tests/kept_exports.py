"""Exported networks that are kept: to write the ONNX of a network takes seconds, and always gives the same."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from filelock import FileLock
from torch import nn

from merlab.inference.runtimes import export_onnx
from merlab.models import export


def keep_exports(patch: pytest.MonkeyPatch, shared: Path) -> None:
    """Let the ONNX of each network be written once per session, in whichever process is the first to export it."""
    folder = shared / "exports"
    folder.mkdir(exist_ok=True)

    def exported(module: nn.Module, shape: tuple[int, ...], path: Path) -> None:
        digest = sha256(f"{module} {shape}".encode())
        for weight in module.state_dict().values():
            digest.update(weight.numpy().tobytes())
        kept = folder / f"{digest.hexdigest()}.onnx"
        with FileLock(f"{kept}.lock"):
            if not kept.exists():
                export_onnx(module, shape, kept)
        shutil.copy(kept, path)

    patch.setattr(export, "export_onnx", exported)
