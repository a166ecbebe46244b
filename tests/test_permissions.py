"""Files without the permission to read them: the message says so, and not that they are absent or damaged."""

from __future__ import annotations

import builtins
import io
import os
import pathlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from merlab.databases.table import read_table_file
from merlab.elan.reading import read_elan
from merlab.errors import MerlabError
from merlab.frames.packets import packets_of
from merlab.methods.from_file import run_file
from merlab.models.recognizer import load_recognizer
from merlab.models.starts import load_starts
from merlab.spotting.scoring.detections import read_detections
from merlab.videos.answers.questions import answer_questions
from merlab.videos.rows import FRAME_ROWS
from merlab.yaml_files import read_yaml


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a file that may not be read, also by a user who may read everything."""
    really_open, really_access = open, os.access

    def refusing(file: Any, *arguments: Any, **named: Any) -> Any:
        if Path(str(file)).parent == tmp_path:
            raise PermissionError(13, "Permission denied", str(file))
        return really_open(file, *arguments, **named)

    def written(name: str) -> Path:
        (tmp_path / name).write_text("subject,clip\n")
        # In Python 3.10, pathlib keeps its own.
        for holder in (builtins, io, getattr(pathlib, "_NormalAccessor", io)):
            monkeypatch.setattr(holder, "open", staticmethod(refusing))
        monkeypatch.setattr(os, "access", lambda path, *_: Path(path).parent != tmp_path and really_access(path, *_))
        return tmp_path / name

    return written


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (read_table_file, "clips.csv"),
        (load_recognizer, "mine.safetensors"),
        (load_starts, "start.safetensors"),
        (load_starts, "start.pth"),
        (run_file, "method.py"),
        (read_yaml, "scheme.yaml"),
        (read_elan, "coded.eaf"),
        (read_detections, "test_04.txt"),
        (lambda file: answer_questions([file], [], file.parent), "questions.jsonl"),
        (FRAME_ROWS.read_table, "events.csv"),
        (packets_of, "face.mp4"),
    ],
)
def test_a_file_that_may_not_be_read_is_named_with_its_permissions(closed, read, name):
    file = closed(name)
    with pytest.raises(MerlabError, match=rf"^{file} cannot be read: Permission denied; check its permissions$"):
        read(file)
