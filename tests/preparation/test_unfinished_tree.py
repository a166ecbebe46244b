"""A clip of a database whose alignment is stopped or killed continues where it was, and ends with the same bytes."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from merlab.errors import Stopped
from merlab.outputs.checkpoints import Pace
from merlab.preparation.aligned_clip import ClipWriter
from merlab.preparation.database_faces import prepare
from merlab.preparation.unfinished_clip import STATE, WORKING
from tests.helpers import files_in
from tests.preparation.conftest import FIVE_POINTS

RIGID = replace(FIVE_POINTS, motion="rigid")
FIRST = Path("Cropped", "sub01", "EP02_01f")
# Ends as if it were killed after some frames of all clips; a state is stored after the first and each third frame.
KILLED = """
import itertools, os, signal, sys
from dataclasses import replace
from merlab.outputs.checkpoints import Pace
from merlab.preparation.aligned_clip import ClipWriter
from merlab.preparation.database_faces import prepare
from tests.preparation.conftest import FIVE_POINTS

turns, frames, write = itertools.cycle([True, False, False]), itertools.count(1), ClipWriter.write
Pace.is_due = property(lambda pace: next(turns))

def write_or_die(writer, number):
    write(writer, number)
    if next(frames) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

ClipWriter.write = write_or_die
prepare("casme2", sys.argv[1], sys.argv[2], replace(FIVE_POINTS, motion="rigid"), jobs=1, progress=False)
"""


@pytest.fixture
def written(monkeypatch) -> list[int]:
    """The frames that are aligned in this process."""
    numbers: list[int] = []
    write = ClipWriter.write

    def listed(writer: ClipWriter, number: int) -> None:
        numbers.append(number)
        write(writer, number)

    monkeypatch.setattr(ClipWriter, "write", listed)
    return numbers


def stop(after: int, root: Path, out: Path) -> str:
    """Stop after ``after`` frames, and return the message; the state is stored after the first and each third one."""
    turns, frames, write = itertools.cycle([True, False, False]), itertools.count(1), ClipWriter.write

    def write_or_stop(writer: ClipWriter, number: int) -> None:
        write(writer, number)
        if next(frames) == after:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pace, "is_due", property(lambda pace: next(turns)))
        patch.setattr(ClipWriter, "write", write_or_stop)
        with pytest.raises(Stopped) as raised:
            prepare("casme2", root, out, RIGID, jobs=1, progress=False)
    return str(raised.value)


@pytest.mark.slow
def test_it_continues_within_the_clip_after_a_stop_and_after_a_kill(raw_tree, tmp_path, written):
    """Frames 46..56 of two clips: the first is stopped after nine frames, the second killed after six."""
    root, out = raw_tree("casme2"), tmp_path / "out"
    prepare("casme2", root, tmp_path / "whole", RIGID, jobs=1, progress=False)
    assert stop(9, root, out) == f"finished work is kept in {out}"
    assert not (out / FIRST).exists()
    assert [path.relative_to(out) for path in out.rglob(STATE)] == [WORKING / FIRST / STATE]
    # Frames 53 to 56 of the first clip, then six of the second.
    killed = subprocess.run([sys.executable, "-c", KILLED, str(root), str(out), "10"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (out / FIRST).is_dir()
    written.clear()
    prepare("casme2", root, out, RIGID, jobs=1, progress=False)
    assert written[0] > 46
    assert written[-1] == 56
    assert files_in(out) == files_in(tmp_path / "whole")
    assert not (out / WORKING).exists()


@pytest.mark.slow
@pytest.mark.usefixtures("prepared_processes")
def test_several_processes_continue_what_one_began(raw_tree, tmp_path):
    root, out = raw_tree("casme2"), tmp_path / "out"
    prepare("casme2", root, tmp_path / "whole", RIGID, jobs=1, progress=False)
    stop(5, root, out)
    prepare("casme2", root, out, RIGID, jobs=2, progress=False)
    assert files_in(out) == files_in(tmp_path / "whole")


@pytest.mark.slow
def test_a_clip_whose_frames_have_changed_begins_anew_and_says_so(raw_tree, tmp_path, written):
    root, out = raw_tree("casme2"), tmp_path / "out"
    stop(9, root, out)
    frames = root / FIRST
    shutil.copyfile(frames / "img47.jpg", frames / "img50.jpg")
    written.clear()
    with pytest.warns(UserWarning, match="the source, .* changed since sub01 EP02_01f was stopped"):
        prepare("casme2", root, out, RIGID, jobs=1, progress=False)
    assert written == [*range(46, 57), *range(46, 57)]
    prepare("casme2", root, tmp_path / "whole", RIGID, jobs=1, progress=False)
    assert files_in(out) == files_in(tmp_path / "whole")
