"""Synthetic flow as ``merlab make-flow`` writes it: its folder, and the clips that are read from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.json_models import first_fault, read_sealed
from merlab.spelling import as_typed
from merlab.synthesis.folder import MANIFEST
from merlab.synthesis.manifest import FlowManifest
from merlab.synthesis.varied_flow import OTHER_SIDE, UNIT_KEYS, Float16Array

TITLE = "SYNTHETIC flow of micro-expressions (not of people)"
FLOW = "SYNTHETIC_flow"

__all__ = ["OTHER_SIDE", "UNIT_KEYS", "FlowClips", "read_flow"]


@dataclass(frozen=True, eq=False)
class FlowClips:
    """N synthetic clips as flow from onset to apex.

    Attributes:
        planes: (N, 3, 120, 97) u and v in px of 231x282, and strain in px per px, of the window 291x360 around the
            crop, at a third of its size.
        emotions: the label of each clip; the scheme megc2019 has a class for each.
        subjects, names: of each clip; a name is unique within its subject.
        intensities: (N, 28) the change of activity of each of UNIT_KEYS from onset to apex; OTHER_SIDE has the position
            of the same unit on the other side.
        digest: SHA-256 of all of this.

    """

    planes: Float16Array
    emotions: tuple[str, ...]
    subjects: tuple[str, ...]
    names: tuple[str, ...]
    intensities: Float32Array
    digest: str

    def __len__(self) -> int:
        return len(self.names)

    def of(self, rows: NDArray[np.bool_]) -> FlowClips:
        """The clips of the rows that are set in a mask (N,); the digest stays that of all."""
        emotions, subjects, names = (tuple(compress(each, rows)) for each in (self.emotions, self.subjects, self.names))
        return FlowClips(self.planes[rows], emotions, subjects, names, self.intensities[rows], self.digest)


def flow_file(subject: str) -> Path:
    """The path in the folder of the arrays of a subject, ``sub001``."""
    return Path(FLOW) / f"{subject}.npz"


def read_flow(folder: Path) -> FlowClips:
    """The clips in a folder of ``merlab make-flow``.

    Raises MerlabError for a folder that is absent, incomplete or damaged, or that holds anything else.
    """
    manifest = read_flow_manifest(folder)
    planes, intensities = [], []
    for file, digest in manifest.files.items():
        path = folder / file
        if digest_of(path) != digest:
            fault = "is damaged" if path.is_file() else "is missing"
            raise MerlabError(
                f"{path} {fault}; run `merlab make-flow {as_typed(str(folder))}` again as before, which replaces it"
            )
        with np.load(path, allow_pickle=False) as arrays:
            planes.append(arrays["planes"])
            intensities.append(arrays["intensities"])
    clips = manifest.clips
    content = [manifest.files, [(clip.subject, clip.clip, clip.emotion) for clip in clips]]
    return FlowClips(
        planes=np.concatenate(planes),
        emotions=tuple(clip.emotion for clip in clips),
        subjects=tuple(clip.subject for clip in clips),
        names=tuple(clip.clip for clip in clips),
        intensities=np.concatenate(intensities),
        digest=hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest(),
    )


def read_flow_manifest(folder: Path) -> FlowManifest:
    """The manifest of a folder of synthetic flow; raises MerlabError if it is absent or anything else."""
    path = folder / MANIFEST
    again = "remove it and run the same `merlab make-flow` command again, which writes it"
    content = read_sealed(path, again) if path.is_file() else None
    if not isinstance(content, dict) or content.get("title") != TITLE:
        raise MerlabError(
            f"{folder} does not hold complete SYNTHETIC flow; `merlab make-flow {as_typed(str(folder))}` writes it "
            "into a new folder, or completes one that it began"
        )
    try:
        return FlowManifest.model_validate(content)
    except ValidationError as error:
        raise MerlabError(f"{path} is not a manifest of synthetic flow ({first_fault(error)}); {again}") from error


def digest_of(path: Path) -> str:
    """The SHA-256 of a file; empty if there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
