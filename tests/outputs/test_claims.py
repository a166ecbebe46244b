"""An output folder belongs to one set of settings, and is replaced only by a complete one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from merlab.errors import MerlabError, Stopped
from merlab.outputs.claims import ChangedVideoError, OtherResultError, claim_folder, claimed_folder, require_same

WRITTEN = re.compile(r"(half|faces)\.txt")


def is_complete(folder: Path) -> bool:
    return (folder / "faces.txt").is_file()


def write(out: Path, seed: int, *, again: bool = False, fault: BaseException | None = None) -> Path:
    """Faces of this seed, made in two steps; a fault occurs between them."""
    with claimed_folder(
        out, "marker.json", {"seed": seed}, "faces", again=again, is_complete=is_complete, writes=WRITTEN.fullmatch
    ) as folder:
        if not (folder / "half.txt").exists():
            (folder / "half.txt").write_text(str(seed))
        if fault:
            raise fault
        (folder / "faces.txt").write_text((folder / "half.txt").read_text())
    return folder


def stop_at_once(out: Path) -> None:
    """Stop before the first file is written."""
    with (
        pytest.raises(Stopped, match="nothing was finished that could be kept"),
        claimed_folder(out, "marker.json", {}, "faces", is_complete=is_complete, writes=WRITTEN.fullmatch),
    ):
        raise KeyboardInterrupt


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def out(tmp_path):
    write(tmp_path / "out", 1)
    return tmp_path / "out"


class TestALinkToAFolder:
    def test_stays_a_link_to_the_new_content(self, out, tmp_path):
        """As to a larger disk, where the new content is made as well."""
        link = tmp_path / "here" / "link"
        link.parent.mkdir()
        link.symlink_to(out, target_is_directory=True)
        made_in = write(link, 2, again=True)
        assert made_in.parent == out.parent
        assert link.is_symlink()
        assert content(out) == {"marker.json": '{\n  "seed": 2\n}\n', "half.txt": "2", "faces.txt": "2"}
        assert {path.name for path in (*link.parent.iterdir(), *out.parent.iterdir())} == {"link", "out", "here"}


def test_a_disk_or_volume_is_refused_before_the_work_because_it_cannot_be_replaced(out, monkeypatch):
    before = content(out)
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == out)
    with pytest.raises(MerlabError, match="out is a disk or volume of its own, .*; choose a folder in it, or empty it"):
        write(out, 2, again=True, fault=AssertionError("work began"))
    assert content(out) == before
    write(out, 1)


class TestTheFolderInWhichOneWorks:
    def test_is_filled_and_stays_when_nothing_is_finished(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        stop_at_once(Path())
        write(Path(), 1)
        assert content(tmp_path) == {"marker.json": '{\n  "seed": 1\n}\n', "half.txt": "1", "faces.txt": "1"}

    def test_is_not_replaced(self, out, monkeypatch):
        monkeypatch.chdir(out)
        with pytest.raises(MerlabError, match="is the folder in which you work, so that it cannot be replaced"):
            write(Path(), 2, again=True)
        assert content(out)["faces.txt"] == "1"


class TestOtherSettings:
    def test_are_refused_with_what_changed_and_the_remedy(self, out):
        with pytest.raises(MerlabError, match=r"out holds faces of other settings: --seed 1 -> 2\. Add --again"):
            write(out, 2)
        assert content(out)["faces.txt"] == "1"

    def test_replace_the_old_content_when_requested(self, out):
        write(out, 2, again=True)
        assert content(out)["faces.txt"] == "2"
        assert [path.name for path in out.parent.iterdir()] == ["out"]

    @pytest.mark.parametrize("fault", [KeyboardInterrupt(), MerlabError("no room")])
    def test_the_old_content_stays_until_the_new_one_is_complete_and_work_is_continued(self, out, fault):
        with pytest.raises(type(fault)):
            write(out, 2, again=True, fault=fault)
        assert content(out)["faces.txt"] == "1"
        (out.parent / ".again-out" / "half.txt").write_text("continued")
        write(out, 2, again=True)
        assert content(out)["faces.txt"] == "continued"
        assert [path.name for path in out.parent.iterdir()] == ["out"]

    def test_unfinished_work_stays_where_the_old_content_is_used_and_a_warning_names_it(self, out):
        with pytest.raises(Stopped):
            write(out, 2, again=True, fault=KeyboardInterrupt())
        with pytest.warns(UserWarning, match=r"\.again-out holds unfinished work of a command with --again"):
            write(out, 1)
        write(out, 2, again=True)
        assert content(out)["half.txt"] == "2"

    @pytest.mark.parametrize(
        ("changed", "kind"), [({"bytes": 8}, ChangedVideoError), ({"bytes": 8, "seed": 2}, OtherResultError)]
    )
    def test_are_told_from_a_changed_video_which_does_not_stop_the_others_of_its_folder(self, tmp_path, changed, kind):
        with pytest.raises(OtherResultError) as error:
            require_same(tmp_path, {"bytes": 9, "seed": 1}, {"bytes": 9, "seed": 1, **changed}, "faces")
        assert type(error.value) is kind

    def test_work_for_yet_other_settings_is_not_continued(self, out):
        with pytest.raises(Stopped):
            write(out, 2, again=True, fault=KeyboardInterrupt())
        write(out, 3, again=True)
        assert content(out)["faces.txt"] == "3"


class TestTheSameSettings:
    def test_leave_nothing_and_say_so_where_nothing_was_finished(self, tmp_path):
        stop_at_once(tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_leave_nothing_in_a_folder_that_has_the_lock_in_it(self, tmp_path, monkeypatch):
        """As a volume of a container has, because the folder above may not be written."""
        (tmp_path / "out").mkdir()
        monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
        stop_at_once(tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []

    def test_are_not_warned_of_where_no_work_is_left(self, out, recwarn):
        write(out, 1)
        assert not recwarn.list

    def test_are_continued(self, tmp_path):
        with pytest.raises(Stopped, match=r"finished work is kept in .*out"):
            write(tmp_path / "out", 1, fault=KeyboardInterrupt())
        (tmp_path / "out" / "half.txt").write_text("continued")
        # A first attempt may have had the option already.
        assert write(tmp_path / "out", 1, again=True) == tmp_path / "out"
        assert content(tmp_path / "out")["faces.txt"] == "continued"

    def test_are_made_anew_only_when_requested(self, out):
        (out / "half.txt").write_text("changed by hand")
        write(out, 1)
        assert content(out)["faces.txt"] == "changed by hand"
        write(out, 1, again=True)
        assert content(out)["faces.txt"] == "1"


class TestAnythingElse:
    def test_is_never_replaced(self, tmp_path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(MerlabError, match="is not empty and does not hold faces"):
            write(tmp_path, 1, again=True)
        with pytest.raises(MerlabError, match="is a file"):
            write(tmp_path / "thesis.txt", 1, again=True)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    @pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "@eaDir", "THUMBS.DB"])
    def test_a_new_folder_that_a_file_manager_has_shown_is_taken(self, tmp_path, name):
        (tmp_path / name).touch()
        claim_folder(tmp_path, "run.json", {"seed": 1}, "a run")
        assert (tmp_path / "run.json").is_file()

    @pytest.mark.parametrize("mine", ["notes.txt", "half.txt/notes.txt", ".notes", "deep/er/faces.txt"])
    def test_beside_a_result_is_named_before_any_work_and_stays(self, out, mine):
        (out / "half.txt").unlink()
        (out / mine).parent.mkdir(parents=True, exist_ok=True)
        (out / mine).write_text("mine")
        with pytest.raises(MerlabError, match=f"out also holds {mine}, which --again .* would delete; move"):
            write(out, 2, again=True)
        assert (out / mine).read_text() == "mine"
        assert (out / "faces.txt").read_text() == "1"

    def test_beside_a_marker_that_states_nothing_stays(self, tmp_path):
        (tmp_path / "marker.json").write_text("{}")
        (tmp_path / "keep.txt").write_text("mine")
        with pytest.raises(MerlabError, match=r"also holds keep\.txt"):
            write(tmp_path, 1, again=True)
        assert (tmp_path / "keep.txt").read_text() == "mine"

    def test_a_linked_folder_of_the_user_is_named(self, out):
        (out / "linked").symlink_to(out.parent, target_is_directory=True)
        with pytest.raises(MerlabError, match="also holds linked,"):
            write(out, 2, again=True)

    def test_of_many_files_the_first_are_named(self, out):
        for number in range(5):
            (out / f"note{number}").touch()
        with pytest.raises(MerlabError, match=r"note0, note1, note2 and 2 more, which"):
            write(out, 2, again=True)

    def test_what_a_file_manager_or_a_stopped_process_left_is_no_obstacle(self, out):
        (out / ".DS_Store").touch()
        # Of network storage by Synology, which makes small pictures of those in a folder.
        (out / "@eaDir" / "faces.txt").mkdir(parents=True)
        (out / "@eaDir" / "faces.txt" / "SYNOFILE_THUMB_M.jpg").touch()
        (out / ".unfinished-1-half").mkdir()
        (out / ".unfinished-1-half" / "frame").touch()
        (out / ".unfinished-2-half.txt").touch()
        (out / ".lock").touch()
        write(out, 2, again=True)
        assert sorted(content(out)) == ["faces.txt", "half.txt", "marker.json"]

    def test_a_damaged_marker_is_named_and_can_be_replaced(self, out):
        (out / "marker.json").write_bytes(b"[1")
        with pytest.raises(MerlabError, match=r"marker\.json is not valid JSON .*; add --again"):
            write(out, 1)
        write(out, 1, again=True)
        assert content(out)["faces.txt"] == "1"

    def test_a_folder_that_holds_only_its_marker_can_be_claimed_for_anything(self, tmp_path):
        with (
            pytest.raises(MerlabError, match="no face"),
            claimed_folder(
                tmp_path / "out", "marker.json", {"seed": 1}, "faces", is_complete=is_complete, writes=WRITTEN.fullmatch
            ),
        ):
            raise MerlabError("no face in the first frame")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("content", [b"[1, 2]", b"7", b"null", b'"settings"'])
    def test_a_marker_that_is_not_an_object_is_named(self, tmp_path, content):
        (tmp_path / "run.json").write_bytes(content)
        with pytest.raises(MerlabError, match=r"run\.json holds .*, not an object"):
            claim_folder(tmp_path, "run.json", {"seed": 1}, "a run")


def test_a_second_writer_is_refused(out):
    refused = pytest.raises(MerlabError, match="is being written by process")
    with (
        claimed_folder(out, "marker.json", {"seed": 1}, "faces", is_complete=is_complete, writes=WRITTEN.fullmatch),
        refused,
    ):
        write(out, 1, again=True)
