"""The folder that synthetic faces are written to: claimed for its settings, gone on with under the same versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openpyxl

from merlab import __version__
from merlab.errors import MerlabError
from merlab.storage import claim_folder, read_json, write_json

SETTINGS = "SYNTHETIC_settings.json"
MANIFEST = "SYNTHETIC_manifest.json"
README = "README.txt"


def claim(out: Path, settings: dict[str, Any]) -> None:
    """Make ``out`` the folder of these settings, or see that it already is.

    Raises MerlabError when it holds something else.
    """
    claim_folder(out, SETTINGS, settings, "synthetic faces", versions=stack_versions())


def require_same_stack(out: Path) -> None:
    """Raises MerlabError when the folder was begun with versions whose bytes may differ from those of this process."""
    begun_with = read_json(out / SETTINGS)["versions"]
    if begun_with != stack_versions():
        raise MerlabError(
            f"{out} was begun with {_listed(begun_with)}, but this is {_listed(stack_versions())}, "
            "whose bytes may differ; go on with those versions or choose a new folder"
        )


def write_manifest(out: Path, title: str, settings: dict[str, Any], **content: object) -> None:
    """Write what the folder holds; last of all, because the manifest declares it complete."""
    write_json(out / MANIFEST, {"title": title, "settings": settings, "versions": stack_versions(), **content})


def require_at_least(least: int, **values: float) -> None:
    """Raises MerlabError naming the first value that is too small."""
    for name, value in values.items():
        if value < least:
            raise MerlabError(f"{name} must be {least} or more, got {value}")


def stack_versions() -> dict[str, str]:
    """The versions that the bytes depend on."""
    return {
        "merlab": __version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "openpyxl": openpyxl.__version__,
    }


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{package} {number}" for package, number in versions.items())
