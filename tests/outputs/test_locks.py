"""One process at a time writes an output; a lock ends with its process."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from merlab.errors import MerlabError
from merlab.outputs import locks, renewed_locks
from merlab.outputs.locks import InUseError, only_writer
from merlab.outputs.renewed_locks import STALE_SECONDS, RenewedFile, this_process
from merlab.storage import WriteError

HOLD = """
import sys, time
from pathlib import Path
from merlab.outputs.locks import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other():
    """``other(out)``: another process that writes ``out``."""
    with ExitStack() as stack:

        def start(out: Path) -> subprocess.Popen[str]:
            process = subprocess.Popen([sys.executable, "-c", HOLD, str(out)], stdout=subprocess.PIPE, text=True)
            stack.callback(process.wait)
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            return process

        yield start


@pytest.fixture(params=["locks of the system", "a disk without locks"])
def disk(request, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.ENOLCK, "No locks available")

    if request.param == "a disk without locks":
        monkeypatch.setattr(locks, "_lock", refuse)
    return request.param


@pytest.fixture
def open_files_stay(monkeypatch):
    """As on Windows, a file that this process has open cannot be removed."""
    unlink = Path.unlink

    def is_open(path: Path) -> bool:
        for descriptor in range(3, 200):
            with suppress(OSError):
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    return True
        return False

    def refused(path: Path, missing_ok: bool = False) -> None:
        if is_open(path):
            raise PermissionError(errno.EACCES, "The process cannot access the file", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr(Path, "unlink", refused)


@pytest.mark.usefixtures("disk")
class TestOneWriter:
    def test_nothing_is_left_of_the_lock(self, tmp_path):
        with only_writer(tmp_path / "new" / "out"):
            (tmp_path / "new" / "out").mkdir()
        assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]
        with only_writer(tmp_path / "nothing" / "written"):
            pass
        assert not (tmp_path / "nothing").exists()

    def test_another_thread_is_refused_until_the_first_has_finished(self, tmp_path):
        refused = pytest.raises(MerlabError, match="is being written by process")
        with only_writer(tmp_path / "out"), refused, only_writer(tmp_path / "out"):
            pass
        with only_writer(tmp_path / "out"), only_writer(tmp_path / "other"):
            pass

    def test_an_error_releases_it(self, tmp_path):
        with pytest.raises(KeyboardInterrupt), only_writer(tmp_path / "out"):
            raise KeyboardInterrupt
        assert list(tmp_path.iterdir()) == []

    def test_a_full_disk_leaves_neither_a_lock_nor_its_folder(self, tmp_path, monkeypatch):
        def refuse(descriptor, content):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as full:
            full.setattr(os, "write", refuse)
            out = tmp_path / "new" / "out"
            with pytest.raises(MerlabError, match="No space left on device; make room"), only_writer(out):
                pass
        assert list(tmp_path.iterdir()) == []
        with only_writer(out):
            pass

    def test_a_full_disk_of_windows_leaves_no_lock_either(self, tmp_path, monkeypatch, open_files_stay):
        def refuse(descriptor, content):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", refuse)
        with pytest.raises(MerlabError, match="No space left"), only_writer(tmp_path / "out"):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_nothing_is_left_of_the_lock_on_windows(self, tmp_path, open_files_stay):
        with only_writer(tmp_path / "out"):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_one_thread_at_a_time(self, tmp_path):
        inside, most, refused = 0, 0, 0
        counting = threading.Lock()

        def write():
            nonlocal inside, most, refused
            for _ in range(30):
                try:
                    with only_writer(tmp_path / "out"):
                        with counting:
                            inside += 1
                            most = max(most, inside)
                        time.sleep(0.001)
                        with counting:
                            inside -= 1
                except MerlabError:
                    refused += 1

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most == 1
        assert refused < 120


def test_another_process_is_named_and_a_link_is_the_same_place(tmp_path, other):
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    process = other(tmp_path / "out")
    for place in ("out", "link"):
        refused = pytest.raises(MerlabError, match=rf"{place} is being written by process {process.pid} since .*\(-c ")
        with refused, only_writer(tmp_path / place):
            pass


def test_what_a_link_to_nothing_leads_to_is_not_made(tmp_path):
    """As a folder on a disk that is not mounted: the results would be on another disk."""
    (tmp_path / "link").symlink_to(tmp_path / "unmounted" / "results")
    refused = pytest.raises(WriteError, match="link is a link to a place that does not exist; choose a folder")
    with refused, only_writer(tmp_path / "link" / "run"):
        pass
    assert not (tmp_path / "unmounted").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 exists only on Unix")
def test_a_killed_process_blocks_nobody(tmp_path, other):
    process = other(tmp_path / "out")
    process.send_signal(signal.SIGKILL)
    process.wait()
    with only_writer(tmp_path / "out"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="there, a running process is not asked for")
def test_on_a_disk_without_locks_a_dead_or_silent_holder_blocks_nobody(tmp_path, monkeypatch, other):
    monkeypatch.setattr(locks, "_lock", lambda descriptor: (_ for _ in ()).throw(OSError(errno.ENOLCK, "")))
    file = tmp_path / ".out.lock.renewed"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    description = this_process()
    for process, age, blocks in ((os.getpid(), 0, True), (ended.pid, 0, False), (os.getpid(), 90, False)):
        file.write_text(json.dumps({**description, "process": process}))
        os.utime(file, (time.time() - age,) * 2)
        with ExitStack() as stack:
            if blocks:
                stack.enter_context(pytest.raises(MerlabError, match="is being written by"))
            stack.enter_context(only_writer(tmp_path / "out"))
        file.unlink(missing_ok=True)


class TestTwoUsers:
    """The other one wrote a file that this one may only read, as with the usual permissions in a shared folder."""

    @pytest.fixture
    def another_users(self, monkeypatch):
        """``another_users(path)``: the file there belongs to another user."""
        really_open = os.open

        def belongs(path: Path) -> None:
            def opened(file, flags, *mode):
                if file == path and path.exists() and flags & os.O_RDWR:
                    raise PermissionError(errno.EACCES, "Permission denied", str(path))
                return really_open(file, flags, *mode)

            monkeypatch.setattr(os, "open", opened)

        return belongs

    def test_who_writes_is_named(self, tmp_path, other, another_users):
        process = other(tmp_path / "out")
        another_users(tmp_path / ".out.lock")
        with (
            pytest.raises(InUseError, match=f"out is being written by process {process.pid} since"),
            only_writer(tmp_path / "out"),
        ):
            pass
        assert (tmp_path / ".out.lock").exists()

    def test_a_killed_process_blocks_nobody(self, tmp_path, another_users):
        (tmp_path / ".out.lock").touch()
        another_users(tmp_path / ".out.lock")
        with only_writer(tmp_path / "out"):
            assert json.loads((tmp_path / ".out.lock").read_bytes())["process"] == os.getpid()
        assert list(tmp_path.iterdir()) == []

    def test_the_lock_of_who_came_first_meanwhile_stays(self, tmp_path, another_users, monkeypatch):
        lock, really_lock = tmp_path / ".out.lock", locks._lock
        lock.touch()
        another_users(lock)
        held: list[int] = []

        def after_another(descriptor: int) -> None:
            really_lock(descriptor)
            if not held:
                lock.unlink()
                held.append(os.open(lock, os.O_WRONLY | os.O_CREAT))
                really_lock(held[0])

        monkeypatch.setattr(locks, "_lock", after_another)
        with pytest.raises(InUseError, match="out is being written"), only_writer(tmp_path / "out"):
            pass
        assert lock.exists()
        os.close(held[0])

    def test_what_it_left_in_a_folder_where_only_owners_remove_files_is_named(
        self, tmp_path, another_users, monkeypatch
    ):
        lock = tmp_path / ".out.lock"
        lock.touch()
        another_users(lock)

        def denied(path: Path, missing_ok: bool = False) -> None:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

        monkeypatch.setattr(Path, "unlink", denied)
        with (
            pytest.raises(MerlabError, match=r"\.out\.lock is a lock .*; ask that user"),
            only_writer(tmp_path / "out"),
        ):
            pass

    def test_who_finishes_at_this_moment_blocks_nobody(self, tmp_path, monkeypatch):
        lock, really_open = tmp_path / ".out.lock", os.open
        lock.touch()

        def opened(file, flags, *mode):
            if file == lock and lock.exists() and flags & os.O_RDWR:
                lock.unlink()
                raise PermissionError(errno.EACCES, "Permission denied", str(lock))
            return really_open(file, flags, *mode)

        monkeypatch.setattr(os, "open", opened)
        with only_writer(tmp_path / "out"):
            assert lock.exists()

    def test_a_file_that_cannot_be_read_either_is_an_error_about_the_output(self, tmp_path, monkeypatch):
        def denied(file, flags, *mode):
            raise PermissionError(errno.EACCES, "Permission denied", str(file))

        monkeypatch.setattr(os, "open", denied)
        with pytest.raises(WriteError, match="out: Permission denied; choose a folder"), only_writer(tmp_path / "out"):
            pass

    @pytest.mark.usefixtures("disk")
    @pytest.mark.parametrize("first_may_write_the_parent", [True, False])
    def test_of_whom_one_may_not_write_the_folder_above_are_not_both_writers(
        self, tmp_path, monkeypatch, first_may_write_the_parent
    ):
        out = tmp_path / "out"
        out.mkdir()
        monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path or first_may_write_the_parent)
        with only_writer(out):
            monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path or not first_may_write_the_parent)
            with pytest.raises(InUseError, match=f"out is being written by process {os.getpid()}"), only_writer(out):
                pass
        with only_writer(out):
            pass
        assert [path.name for path in tmp_path.rglob("*")] == ["out"]


def test_on_a_disk_without_locks_who_was_asleep_leaves_the_lock_of_who_came_next(tmp_path):
    asleep = RenewedFile.acquire(tmp_path / "lock")
    assert asleep is not None
    os.utime(tmp_path / "lock", (time.time() - 2 * STALE_SECONDS,) * 2)
    next_one = RenewedFile.acquire(tmp_path / "lock")
    assert next_one is not None
    asleep.release()
    assert RenewedFile.acquire(tmp_path / "lock") is None
    next_one.release()
    assert list(tmp_path.iterdir()) == []


def test_on_a_disk_without_locks_the_holder_renews_its_lock_but_not_that_of_another(tmp_path, monkeypatch):
    monkeypatch.setattr(renewed_locks, "RENEWAL_SECONDS", 0.001)
    path = tmp_path / "lock"
    held = RenewedFile.acquire(path)
    assert held is not None
    os.utime(path, (0, 0))
    deadline = time.monotonic() + 10
    while path.stat().st_mtime == 0 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert path.stat().st_mtime > 0
    path.write_text(json.dumps({"process": 1}), encoding="utf-8")
    # A renewal that has begun ends.
    time.sleep(0.03)
    os.utime(path, (0, 0))
    time.sleep(0.02)
    assert path.stat().st_mtime == 0
    held.release()
    assert path.exists()


@pytest.mark.parametrize("program", ["/usr/bin/merlab", "/lib/merlab/__main__.py"])
def test_a_lock_states_the_command_as_it_was_typed(monkeypatch, program):
    monkeypatch.setattr(sys, "argv", [program, "recognize", "my video.mp4"])
    assert this_process()["command"] == "merlab recognize 'my video.mp4'"


def test_a_folder_whose_parent_cannot_be_written_has_the_lock_inside(tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with only_writer(tmp_path / "out"):
        assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(MerlabError, match=r"cannot write .*file.out.*choose a folder"),
        only_writer(tmp_path / "file" / "out"),
    ):
        pass


@pytest.mark.usefixtures("disk")
class TestALongName:
    def test_may_be_as_long_as_the_disk_allows(self, tmp_path):
        first, second = (tmp_path / ("a" * 254 + end) for end in "bc")
        refused = pytest.raises(MerlabError, match="is being written by")
        with only_writer(first), only_writer(second), refused, only_writer(first):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_that_is_longer_is_named_with_the_remedy(self, tmp_path):
        with pytest.raises(MerlabError, match="a shorter name"), only_writer(tmp_path / ("a" * 256)):
            pass
        assert list(tmp_path.iterdir()) == []
