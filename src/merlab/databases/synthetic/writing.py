"""Write a tree of synthetic clips: resumable, in one or many processes, the same bytes for the same settings."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from merlab.clips import Image
from merlab.databases.base import Progress, silent
from merlab.databases.synthetic.coding_table import TITLE, Row, write_coding_table
from merlab.databases.synthetic.identity import Identity, draw_identity
from merlab.databases.synthetic.layout import CAMERA, CROP
from merlab.databases.synthetic.rendering import FaceRenderer
from merlab.databases.synthetic.sampling import ClipPlan, plan_clip
from merlab.databases.synthetic.texture import paint_face
from merlab.databases.synthetic.tree import (
    CODING_TABLE,
    CROPPED,
    MANIFEST,
    RAW,
    README,
    SETTINGS,
    TRUTH,
    Entry,
    Tree,
    stack_versions,
)
from merlab.databases.synthetic.truth import ClipTruth, clip_truth
from merlab.databases.synthetic.workers import write_in_processes
from merlab.errors import MerlabError
from merlab.storage import read_json, whole_file, whole_folder, write_json

LEFTOVER = re.compile(r"^\..+\.[0-9a-f]{8}(\.\w+)?$")

README_TEXT = f"""{TITLE}

Every face, frame and label in this folder is SYNTHETIC: drawn by merlab, of nobody. Results measured here say how a
method behaves on drawn faces; they are not results on CASME II or on people.

{CROPPED}/sub01/EP01_01/reg_imgN.jpg   cropped frames, 200 a second, 231 x 282 px; N counts from a random first frame
{RAW}/sub01/EP01_01/imgN.jpg    the same clips uncropped, 640 x 480 px (only when asked for)
{CODING_TABLE}                onset, apex, offset, action units and emotion, in CASME II's columns
{MANIFEST}              settings, versions, and what each clip truly shows
{TRUTH}/sub01/EP01_01.npz    exact optical flow from onset to apex (H, W, 2), px; landmarks at both (x, y), px
{SETTINGS}              what this tree was asked to hold; the same command goes on where it stopped
"""


def make_faces(
    out: Path,
    *,
    subjects: int = 26,
    clips: int = 255,
    preset: str = "default",
    seed: int = 0,
    raw: bool = False,
    jobs: int | None = None,
    progress: Progress = silent,
) -> Path:
    """Write SYNTHETIC micro-expressions into ``out`` as a tree in CASME II's layout, and return ``out``.

    ``preset`` is a key of PRESETS; ``raw`` adds uncropped camera frames; ``jobs`` processes work at once (None: one a
    core; 1: in this process). Run again with the same settings it goes on where it was, and whatever was interrupted,
    the bytes are the same on the same versions. ``progress`` counts clips.

    Raises MerlabError for settings that cannot be, and for an ``out`` that holds anything else.
    """
    tree = Tree(out, subjects, clips, preset, seed, raw)
    _claim(tree)
    waiting = [entry for entry in tree.entries if not tree.is_written(entry)]
    if not waiting and (out / MANIFEST).exists():
        progress(clips, clips, "found done")
        return out
    _require_same_stack(tree)
    progress(clips - len(waiting), clips, "painting faces")
    by_subject = [list(entries) for _, entries in groupby(waiting, key=lambda entry: entry.subject)]
    if jobs == 1 or len(by_subject) < 2:
        done = clips - len(waiting)
        for entries in by_subject:
            for done, entry in enumerate(write_subject(tree, entries), start=done + 1):  # noqa: B020
                progress(done, clips, f"{entry.folder.as_posix()}")
    else:
        write_in_processes(tree, by_subject, jobs, progress)
    _write_index(tree)
    return out
