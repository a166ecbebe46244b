"""Files and folders appear whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from merlab.errors import MerlabError
from merlab.json_files import read_json, write_json
from merlab.storage import (
    WriteError,
    ignores_case,
    keep_text,
    remove_folder,
    remove_unfinished,
    replace_folder,
    require_writable,
    temporary_folder,
    whole_file,
    whole_folder,
)


def write_half_a_file(path: Path, fault: type[BaseException]) -> None:
    with whole_file(path) as temporary:
        temporary.write_text("ha")
        raise fault


def write_half_a_folder(path: Path, fault: type[BaseException]) -> None:
    with whole_folder(path) as temporary:
        (temporary / "new.jpg").touch()
        raise fault


class TestAWholeFile:
    def test_appears_with_all_of_its_content(self, tmp_path):
        with whole_file(tmp_path / "new" / "table.csv") as temporary:
            temporary.write_text("1,2")
            assert not (tmp_path / "new" / "table.csv").exists()
        assert (tmp_path / "new" / "table.csv").read_text() == "1,2"
        assert [path.name for path in (tmp_path / "new").iterdir()] == ["table.csv"]

    def test_has_a_temporary_name_with_the_same_suffix(self, tmp_path):
        with whole_file(tmp_path / "clip.avi") as temporary:
            assert temporary.suffix == ".avi"
            temporary.touch()

    @pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt, SystemExit])
    def test_leaves_the_old_one_and_no_trace_when_writing_stops(self, tmp_path, fault):
        (tmp_path / "table.csv").write_text("old")
        with pytest.raises(fault):
            write_half_a_file(tmp_path / "table.csv", fault)
        assert (tmp_path / "table.csv").read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]

    def test_that_is_never_written_is_an_error(self, tmp_path):
        with pytest.raises(MerlabError, match=r"cannot write .*table\.csv"), whole_file(tmp_path / "table.csv"):
            pass

    def test_under_a_file_is_an_error_that_names_it(self, tmp_path):
        (tmp_path / "file").touch()
        place = tmp_path / "file" / "table.csv"
        with (
            pytest.raises(MerlabError, match=r"cannot write .*table\.csv: .*file is a file; choose a folder"),
            whole_file(place) as temporary,
        ):
            temporary.touch()

    def test_in_a_folder_whose_name_is_too_long_is_an_error(self, tmp_path):
        place = tmp_path / ("long" * 100) / "table.csv"
        with (
            pytest.raises(WriteError, match=r"table\.csv: File name too long; give it, or the video .* a shorter name"),
            whole_file(place) as temporary,
        ):
            temporary.touch()

    @pytest.mark.parametrize("name", [".", "..", "/"])
    def test_without_a_name_of_its_own_is_an_error(self, tmp_path, monkeypatch, name):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(MerlabError, match="cannot write"), whole_file(Path(name)) as aside:
            aside.write_text("new")

    def test_cannot_replace_a_folder(self, tmp_path):
        (tmp_path / "table.csv").mkdir()
        with pytest.raises(MerlabError, match="cannot write"), whole_file(tmp_path / "table.csv") as temporary:
            temporary.touch()
        assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


class TestAPlaceForAFile:
    """It is checked before work that takes long."""

    def test_may_be_in_folders_that_do_not_exist_yet(self, tmp_path):
        require_writable(tmp_path / "new" / "deeper" / "table.csv")
        assert list(tmp_path.iterdir()) == []

    def test_under_a_file_is_refused(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(WriteError, match="file is a file; choose a folder"):
            require_writable(tmp_path / "file" / "new" / "table.csv")

    def test_under_a_link_to_nothing_is_refused(self, tmp_path):
        """As to a disk that is not mounted."""
        (tmp_path / "out").symlink_to(tmp_path / "unmounted" / "out")
        with pytest.raises(WriteError, match="out is a link to a place that does not exist; choose a folder"):
            require_writable(tmp_path / "out" / "new" / "table.csv")

    def test_that_is_a_folder_is_refused(self, tmp_path):
        with pytest.raises(WriteError, match="it is a folder; give a name inside it"):
            require_writable(tmp_path)

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write to every folder")
    def test_in_a_folder_that_is_only_read_is_refused(self, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(WriteError, match="choose a folder that you may write to"):
            require_writable(tmp_path / "table.csv")

    def test_of_a_file_that_is_read_is_refused(self, tmp_path):
        with pytest.raises(MerlabError, match="is read by this command"):
            require_writable(tmp_path / "table.csv", [None, tmp_path / "deeper" / ".." / "table.csv"])

    @pytest.mark.parametrize("given", [0, 1])
    def test_of_a_file_that_is_read_is_refused_where_one_of_the_paths_is_relative(self, tmp_path, monkeypatch, given):
        monkeypatch.chdir(tmp_path)
        paths = (tmp_path / "table.csv", Path("table.csv"))
        with pytest.raises(MerlabError, match="is read by this command"):
            require_writable(paths[given], [paths[1 - given]])


class TestAWholeFolder:
    def test_appears_with_all_of_its_files(self, tmp_path):
        with whole_folder(tmp_path / "deep" / "clip") as temporary:
            (temporary / "img1.jpg").touch()
            assert not (tmp_path / "deep" / "clip").exists()
        assert [path.name for path in (tmp_path / "deep").iterdir()] == ["clip"]
        assert [path.name for path in (tmp_path / "deep" / "clip").iterdir()] == ["img1.jpg"]

    def test_replaces_the_old_one_with_nothing_of_it_left(self, tmp_path):
        (tmp_path / "clip").mkdir()
        (tmp_path / "clip" / "old.jpg").touch()
        with whole_folder(tmp_path / "clip") as temporary:
            (temporary / "new.jpg").touch()
        assert [path.name for path in (tmp_path / "clip").iterdir()] == ["new.jpg"]
        assert [path.name for path in tmp_path.iterdir()] == ["clip"]

    @pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
    def test_leaves_the_old_one_and_no_trace_when_writing_stops(self, tmp_path, fault):
        (tmp_path / "clip").mkdir()
        (tmp_path / "clip" / "old.jpg").touch()
        with pytest.raises(fault):
            write_half_a_folder(tmp_path / "clip", fault)
        assert [path.name for path in tmp_path.iterdir()] == ["clip"]
        assert [path.name for path in (tmp_path / "clip").iterdir()] == ["old.jpg"]

    def test_leaves_the_old_one_where_the_new_one_cannot_take_its_place(self, tmp_path):
        (tmp_path / "clip").mkdir()
        (tmp_path / "clip" / "old.jpg").touch()
        with (
            pytest.raises(MerlabError, match=r"cannot write .*clip"),
            whole_folder(tmp_path / "clip") as temporary,
        ):
            temporary.rmdir()
        assert [path.name for path in tmp_path.iterdir()] == ["clip"]
        assert [path.name for path in (tmp_path / "clip").iterdir()] == ["old.jpg"]

    def test_cannot_replace_a_file(self, tmp_path):
        (tmp_path / "clip").write_text("mine")
        with pytest.raises(MerlabError, match=r"cannot write .*clip"), whole_folder(tmp_path / "clip"):
            pass
        assert (tmp_path / "clip").read_text() == "mine"


class TestUnfinishedWork:
    def test_of_a_stopped_process_is_removed_when_it_is_old(self, tmp_path):
        for number in range(3):
            folder = tmp_path / "runs" / f".unfinished-{number}-clip"
            (folder / "inner").mkdir(parents=True)
            (folder / "inner" / ".unfinished-x-part").touch()
            os.utime(folder, (time.time() - 3600,) * 2)
        (tmp_path / ".unfinished-1-table.csv").touch()
        os.utime(tmp_path / ".unfinished-1-table.csv", (0, 0))
        remove_unfinished(tmp_path)
        assert [path.name for path in tmp_path.rglob("*")] == ["runs"]

    def test_of_a_running_process_is_kept(self, tmp_path):
        with whole_file(tmp_path / "table.csv") as temporary:
            temporary.write_text("1")
            remove_unfinished(tmp_path)
        assert (tmp_path / "table.csv").read_text() == "1"


def test_a_disk_ignores_case_where_it_finds_a_file_by_other_letters(tmp_path):
    (tmp_path / "made.json").touch()
    assert ignores_case(tmp_path / "made.json") is (sys.platform in ("win32", "darwin"))
    # As such a disk does.
    (tmp_path / "MADE.JSON").touch()
    assert ignores_case(tmp_path / "made.json")


def test_a_cache_of_the_user_that_cannot_be_written_has_another_remedy_than_an_output(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    denied = PermissionError(errno.EACCES, "Permission denied")
    assert "set XDG_CACHE_HOME" in str(WriteError.at(user_cache_path("merlab") / "inputs" / "a.npy", denied))
    assert "choose a folder that you may write to" in str(WriteError.at(tmp_path / "run" / "a.npy", denied))


def test_a_cache_on_a_disk_with_shorter_names_has_the_remedy_of_a_cache(tmp_path, monkeypatch):
    """Encrypted home folders allow 143 bytes in a name, and the recipe of an input is longer."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    too_long = OSError(errno.ENAMETOOLONG, "File name too long")
    assert "set XDG_CACHE_HOME" in str(WriteError.at(tmp_path / "merlab" / "inputs" / "a.npy", too_long))


def test_on_windows_a_file_that_another_program_has_open_is_named_as_that(tmp_path, monkeypatch):
    """What Python says there when a spreadsheet program shows the table that is to be replaced."""
    table = tmp_path / "results.csv"
    table.touch()
    used = PermissionError(errno.EACCES, "The process cannot access the file because it is being used")
    assert "close the program" not in str(WriteError.at(table, used))
    monkeypatch.setattr("sys.platform", "win32")
    assert str(WriteError.at(table, used)).endswith(
        "; close the program that has it open, or choose a folder that you may write to"
    )
    assert "close the program" not in str(WriteError.at(tmp_path / "new.csv", used))


def test_a_full_disk_is_named_in_the_same_words_in_every_language(tmp_path):
    """By which the service knows it; Windows in German says this of its error 112."""
    full = OSError(errno.ENOSPC, "Es steht nicht genug Speicherplatz auf dem Datenträger zur Verfügung")
    assert str(WriteError.at(tmp_path / "a", full)).endswith(f"{os.strerror(errno.ENOSPC)}; make room and run it again")


def test_on_windows_a_path_that_is_too_long_is_named_as_that(tmp_path, monkeypatch):
    """There, open fails for a path of 260 characters as for one whose folder does not exist."""
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
    long = tmp_path.joinpath("a" * 120, "b" * 120, "results.csv")
    monkeypatch.setattr("sys.platform", "win32")
    assert "choose a folder with a shorter path, or let Windows" in str(WriteError.at(long, missing))
    assert "choose a folder that you may write to" in str(WriteError.at(Path("results.csv"), missing))


class TestAVirusScanner:
    """Reads each new file, which Windows lets nobody rename meanwhile."""

    @pytest.fixture(autouse=True)
    def of_windows(self, monkeypatch):
        monkeypatch.setattr("sys.platform", "win32")
        monkeypatch.setattr("merlab.storage.PAUSES", (0.0, 0.0, 0.0))

    def scanned(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        refusals, replace = iter(range(times)), Path.replace

        def refused(path: Path, place: Path) -> Path:
            if next(refusals, None) is not None:
                raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used")
            return replace(path, place)

        monkeypatch.setattr(Path, "replace", refused)

    @pytest.mark.parametrize("times", [1, 3])
    def test_delays_a_file_and_a_folder(self, tmp_path, monkeypatch, times):
        self.scanned(monkeypatch, times)
        with whole_file(tmp_path / "a.txt") as temporary:
            temporary.write_text("new")
        assert (tmp_path / "a.txt").read_text() == "new"
        self.scanned(monkeypatch, times)
        with whole_folder(tmp_path / "folder") as made:
            (made / "a.txt").touch()
        assert [path.name for path in (tmp_path / "folder").iterdir()] == ["a.txt"]

    @pytest.mark.parametrize(("times", "is_left"), [(0, False), (3, False), (4, True)])
    def test_delays_the_end_of_a_folder(self, tmp_path, monkeypatch, times, is_left):
        refusals, rmtree = iter(range(times)), shutil.rmtree

        def refused(path: Path, ignore_errors: bool) -> None:
            if next(refusals, None) is None:
                rmtree(path, ignore_errors)

        monkeypatch.setattr(shutil, "rmtree", refused)
        (tmp_path / "job").mkdir()
        remove_folder(tmp_path / "job")
        assert (tmp_path / "job").exists() == is_left

    def test_is_not_waited_for_without_end(self, tmp_path, monkeypatch):
        self.scanned(monkeypatch, 100)
        with pytest.raises(WriteError, match="being used"), whole_file(tmp_path / "a.txt") as temporary:
            temporary.write_text("new")
        assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_larger_files_is_another_fault_than_a_missing_permission(tmp_path):
    too_large = OSError(errno.EFBIG, "File too large")
    assert "; choose a folder on a disk that takes files of this size" in str(WriteError.at(tmp_path / "a", too_large))


def test_a_folder_that_may_not_be_entered_does_not_hide_the_error(tmp_path, monkeypatch):
    denied = PermissionError(errno.EACCES, "Permission denied")

    def may_not_be_entered(path: Path) -> bool:
        raise denied

    monkeypatch.setattr(Path, "is_file", may_not_be_entered)
    assert "a.csv: Permission denied; choose" in str(WriteError.at(tmp_path / "private" / "a.csv", denied))


def test_a_folder_that_is_a_link_to_nothing_is_named(tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "unmounted" / "out")
    message = f"{tmp_path / 'out'} is a link to a place that does not exist; choose a folder"
    with pytest.raises(WriteError, match=re.escape(message)):
        write_json(tmp_path / "out" / "run.json", {})


def write_to_a_full_disk() -> None:
    with temporary_folder() as folder:
        (folder / "a").touch()
        raise OSError(errno.ENOSPC, "No space left on device")


def test_without_room_for_temporary_files_their_place_is_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    message = f"cannot write temporary files in {tmp_path}: No space left on device; make room there, or set TMPDIR"
    with pytest.raises(WriteError, match=f"^{re.escape(message)}"):
        write_to_a_full_disk()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(WriteError, match="^cannot write temporary files: No such file or directory; make room"):
        write_to_a_full_disk()


def test_temporary_files_that_a_library_still_has_open_are_no_error(tmp_path, monkeypatch):
    """As on a network disk, which keeps an open file under another name until it is closed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def busy(path: object, **_: object) -> None:
        raise OSError(errno.ENOTEMPTY, "Directory not empty")

    monkeypatch.setattr(os, "rmdir", busy)
    with temporary_folder() as folder:
        (folder / "network.bin").touch()
    monkeypatch.undo()


def test_a_name_may_be_as_long_as_the_disk_allows_and_a_longer_one_is_named_with_the_remedy(tmp_path):
    longest = tmp_path / ("记" * 83 + ".json")
    write_json(longest, {})
    assert read_json(longest) == {}
    with pytest.raises(WriteError, match="File name too long; give it, or the video .*, a shorter name"):
        write_json(tmp_path / f"x{longest.name}x", {})


def test_a_folder_of_another_user_whose_content_cannot_be_removed_is_named(tmp_path, monkeypatch):
    old, new = tmp_path / "faces", tmp_path / "new"
    for folder, text in ((old, "old"), (new, "new")):
        folder.mkdir()
        (folder / "a.txt").write_text(text)
    # What it does where each file is refused.
    monkeypatch.setattr("shutil.rmtree", lambda path, ignore_errors: None)
    with pytest.warns(UserWarning, match=r"faces is new; .* stays in .*\.unfinished-\w+-faces; remove that folder"):
        replace_folder(old, new)
    assert (old / "a.txt").read_text() == "new"


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_a_full_disk_behind_a_link_is_named_as_full(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    error = WriteError.at(tmp_path / "link" / "table.csv", OSError(errno.ENOSPC, "No space left on device"))
    assert "No space left on device; make room" in str(error)


def test_a_check_of_a_text_writes_nothing_and_tells_whether_it_is_there(tmp_path):
    path = tmp_path / "page.md"
    assert (keep_text(path, "new", check=True), path.exists()) == (False, False)
    assert (keep_text(path, "new", check=False), path.read_text()) == (True, "new")
    assert (keep_text(path, "newer", check=True), path.read_text()) == (False, "new")
    assert keep_text(path, "new", check=True)


@pytest.mark.filterwarnings("error")
def test_a_folder_that_is_replaced_as_a_whole_needs_no_warning(tmp_path):
    for name in ("old", "new"):
        with whole_folder(tmp_path / "faces") as temporary:
            (temporary / name).touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["faces", "new"]
