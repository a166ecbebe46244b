"""The output folder of synthetic faces: it belongs to one set of settings, and is resumed only by the same versions."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import openpyxl
from pydantic import BaseModel

from merlab.claims import claim_folder
from merlab.errors import MerlabError
from merlab.storage import read_json_object, write_json
from merlab.version import __version__

SETTINGS = "SYNTHETIC_settings.json"
MANIFEST = "SYNTHETIC_manifest.json"
README = "README.txt"


def claim(out: Path, settings: BaseModel) -> None:
    """Reserve ``out`` for the output of these settings, or check that it is already reserved for them.

    Raises MerlabError if the folder holds anything else.
    """
    claim_folder(out, SETTINGS, settings.model_dump(mode="json"), "synthetic faces", versions=stack_versions())


def require_same_versions(out: Path) -> None:
    """Raises MerlabError if the folder was started with other versions, because their bytes may differ."""
    started_with = read_json_object(out / SETTINGS).get("versions")
    if started_with != stack_versions():
        raise MerlabError(
            f"{out} was started with {_listed(started_with)}, but the installed versions are "
            f"{_listed(stack_versions())}, whose bytes may differ; install the former versions or choose a new folder"
        )


def write_manifest(out: Path, manifest: BaseModel) -> None:
    """Write the manifest of the folder; write it last, because it marks the folder as complete."""
    write_json(out / MANIFEST, manifest.model_dump(mode="json"))


def require_at_least(least: int, **values: float) -> None:
    """Raises MerlabError with the first value that is too small."""
    for name, value in values.items():
        if value < least:
            raise MerlabError(f"{name} must be {least} or more, got {value}")


def stack_versions() -> dict[str, str]:
    """Package -> version, for all packages that the bytes depend on."""
    return {
        "merlab": __version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "openpyxl": openpyxl.__version__,
    }


def _listed(versions: object) -> str:
    if not isinstance(versions, dict):
        return "unknown versions"
    return ", ".join(f"{package} {number}" for package, number in versions.items())
