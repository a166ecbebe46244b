"""The folder of a result: of one kind, and with the decisions of coders about the same frames."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from merlab.errors import MerlabError
from merlab.json_files import write_json
from merlab.outputs.claims import ChangedVideoError, OtherResultError
from merlab.outputs.locks import only_writer
from merlab.outputs.result_folder import CODING, KEPT, REQUEST, WORKING, ResultFolder
from merlab.storage import WriteError
from tests.helpers import files_in

ROWS = "event,face_id,decision\ne0001,0,accept\n"


def request(source="a.avi", **changes):
    return {"source": source, "bytes": 9, "modified_ns": 5, "frames_promised": 3, "floor": 4.5, **changes}


def work_of(asked):
    return {name: value for name, value in asked.items() if name != "floor"}


def recognized(out):
    return ResultFolder(out, "metadata.json", "results of `merlab recognize`")


def spotted(out):
    return ResultFolder(out, "spotting.json", "results of `merlab spot`")


def begin(folder, asked=None, *, again=False):
    asked = asked or request()
    return folder.claim(work_of(asked), asked, again)


def finish(folder, asked=None, *, again=False):
    """A finished result with one table."""
    asked = asked or request()
    kept = begin(folder, asked, again=again)
    folder.result.mkdir(parents=True)
    (folder.result / "events.csv").write_text(folder.holds)
    write_json(folder.result / folder.metadata, {"asked": asked})
    folder.hand_over(kept)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


class TestKind:
    @pytest.mark.parametrize("make", [begin, finish])
    @pytest.mark.parametrize(("one", "other"), [(recognized, spotted), (spotted, recognized)])
    @pytest.mark.parametrize("again", [False, True])
    def test_results_of_another_command_are_refused_and_stay(self, out, make, one, other, again):
        make(one(out))
        before = files_in(out)
        with pytest.raises(MerlabError, match=f"holds {one(out).holds}, not {other(out).holds}; choose another folder"):
            begin(other(out), again=again)
        assert files_in(out) == before

    @pytest.mark.parametrize("make", [begin, finish])
    def test_results_of_the_same_command_are_continued(self, out, make):
        make(recognized(out))
        assert begin(recognized(out)) == out / KEPT
        assert json.loads((out / WORKING / REQUEST).read_text())["holds"] == recognized(out).holds

    def test_a_finished_result_is_known_without_what_is_kept(self, out):
        finish(spotted(out))
        (out / KEPT / REQUEST).unlink()
        (out / KEPT).rmdir()
        with pytest.raises(MerlabError, match="contains no results of `merlab recognize`"):
            begin(recognized(out), again=True)
        assert begin(spotted(out), again=True)

    def test_of_an_earlier_version_that_did_not_state_it(self, out):
        write_json(out / KEPT / REQUEST, work_of(request()))
        assert begin(recognized(out)) == out / KEPT
        (out / "spotting.json").write_text("{}")
        write_json(out / WORKING / REQUEST, request())
        write_json(out / KEPT / REQUEST, work_of(request()))
        with pytest.raises(MerlabError, match="contains no results of `merlab recognize`"):
            begin(recognized(out), again=True)

    def test_what_0_2_began_is_made_from_the_start_on_request_and_files_of_yours_stay(self, out):
        write_json(out / ".parts" / "asked.json", {**request(), "merlab": "0.2.0"})
        with pytest.raises(OtherResultError, match=r"merlab 0\.2\.0 began, .* Add --again"):
            begin(recognized(out))
        assert (out / ".parts" / "asked.json").exists()
        (out / "notes.txt").touch()
        with pytest.raises(MerlabError, match="contains no results of `merlab recognize`; choose another folder"):
            begin(recognized(out), again=True)
        (out / "notes.txt").unlink()
        assert begin(recognized(out), again=True) == out / KEPT
        assert not (out / ".parts").exists()

    @pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "@eaDir"])
    def test_a_new_folder_that_a_file_manager_has_shown_is_taken(self, out, name):
        out.mkdir()
        (out / name).touch()
        assert begin(recognized(out)) == out / KEPT

    @pytest.mark.parametrize("name", ["notes.txt", ".notes"])
    def test_a_folder_with_a_file_of_yours_is_refused(self, out, name):
        out.mkdir()
        (out / name).touch()
        with pytest.raises(MerlabError, match="contains no results"):
            begin(recognized(out), again=True)

    def test_a_file_in_its_place_is_named_and_stays(self, out):
        out.write_text("mine")
        with pytest.raises(MerlabError, match="out exists and contains no results of `merlab spot`; choose another"):
            spotted(out).require_ours()
        assert out.read_text() == "mine"

    def test_an_empty_folder_in_one_that_may_not_be_written_is_taken(self, out, monkeypatch):
        """As a volume of a container is: the lock is in it."""
        out.mkdir()
        monkeypatch.setattr(os, "access", lambda path, mode: path != out.parent)
        with only_writer(out):
            assert [path.name for path in out.iterdir()] == [".lock"]
            spotted(out).require_ours()
            (out / ".git").mkdir()
            with pytest.raises(MerlabError, match="choose another folder"):
                spotted(out).require_ours()


class TestUnfinishedWork:
    def test_of_another_request_is_not_mixed_into_the_new_result(self, out):
        begin(recognized(out))
        (out / WORKING / "000001").mkdir()
        (out / KEPT / "000001.npz").touch()
        begin(recognized(out), request(floor=1.0))
        assert not (out / WORKING / "000001").exists()
        assert (out / KEPT / "000001.npz").exists()

    def test_of_the_same_request_is_continued(self, out):
        begin(recognized(out))
        (out / WORKING / "000001").mkdir()
        begin(recognized(out))
        assert (out / WORKING / "000001").is_dir()

    def test_of_other_frames_is_not_thrown_away_unless_requested(self, out):
        kept = begin(recognized(out)) / "000001.npz"
        kept.touch()
        with pytest.raises(MerlabError, match="out holds unfinished results of `merlab recognize` of other settings"):
            begin(recognized(out), request(frames_promised=4))
        assert kept.exists()
        begin(recognized(out), request(frames_promised=4), again=True)
        assert not kept.exists()

    def test_is_not_replaced_where_again_is_neither_true_nor_false(self, out):
        for again in ("no", None, 1):
            with pytest.raises(MerlabError, match="again must be True or False"):
                recognized(out).claim({}, request(), again)

    def test_half_written_files_are_removed(self, out):
        begin(recognized(out))
        (out / KEPT / ".unfinished-1-000001.npz").touch()
        begin(recognized(out))
        assert [path.name for path in (out / KEPT).iterdir()] == [REQUEST]


class TestAfterAgainWasKilled:
    def test_nothing_stays_where_no_long_work_would_be_lost(self, out):
        finish(recognized(out))
        begin(recognized(out), request(floor=1.0), again=True)
        assert (out / WORKING).is_dir()
        recognized(out).remove_leftovers()
        assert sorted(path.name for path in out.iterdir()) == [KEPT, "events.csv", "metadata.json"]

    def test_long_work_stays_and_a_warning_names_it(self, out):
        finish(recognized(out))
        kept = begin(recognized(out), request(frames_promised=4), again=True)
        with pytest.warns(UserWarning, match=r"out/\.working holds unfinished work of a command with --again"):
            recognized(out).remove_leftovers()
        assert kept.is_dir()

    def test_nothing_is_removed_while_another_process_makes_the_new_result(self, out):
        finish(recognized(out))
        begin(recognized(out), request(floor=1.0), again=True)
        with only_writer(out):
            recognized(out).remove_leftovers()
        assert (out / WORKING).is_dir()


class TestDiscarding:
    def test_leaves_nothing_where_nothing_is_finished(self, out):
        folder = recognized(out)
        folder.discard(begin(folder))
        assert not out.exists()

    def test_leaves_a_finished_result_as_it_was(self, out):
        finish(recognized(out))
        before = files_in(out)
        recognized(out).discard(begin(recognized(out), request(bytes=8), again=True))
        assert files_in(out) == before


def test_folders_of_a_result_are_replaced_and_what_it_need_not_have_is_removed(out):
    folder = recognized(out)
    for name in ("first", "second"):
        kept = begin(folder, request(floor=len(name)), again=True)
        (folder.result / "charts").mkdir(parents=True)
        (folder.result / "charts" / f"{name}.png").write_text(name)
        if name == "first":
            (folder.result / "overlay.mp4").write_text(name)
        write_json(folder.result / folder.metadata, {})
        folder.hand_over(kept, optional=["overlay.mp4"])
    assert {path.name for path in out.iterdir()} == {KEPT, "charts", "metadata.json"}
    assert [path.name for path in (out / "charts").iterdir()] == ["second.png"]


class TestDecisionsOfCoders:
    @pytest.fixture
    def coded(self, out):
        finish(recognized(out))
        (out / CODING).write_text(ROWS)
        return recognized(out)

    @pytest.mark.parametrize(
        "other", [request("b.avi", bytes=8), request(bytes=8), request(modified_ns=6), request(frames_promised=4)]
    )
    def test_about_other_frames_are_refused_before_anything_changes(self, out, coded, other):
        before = files_in(out)
        with pytest.raises(MerlabError, match=r"out/coding\.csv holds decisions .* about another video than .*; move"):
            begin(coded, other, again=True)
        assert files_in(out) == before

    @pytest.mark.parametrize(("source", "kind"), [("a.avi", ChangedVideoError), ("b.avi", OtherResultError)])
    def test_about_the_same_video_do_not_stop_the_others_of_its_folder(self, coded, source, kind):
        with pytest.raises(MerlabError) as error:
            begin(coded, request(source, bytes=8), again=True)
        assert type(error.value) is kind

    @pytest.mark.parametrize("same", [request(), request(floor=1.0), request("moved/a.avi")])
    def test_about_the_same_frames_stay(self, out, coded, same):
        finish(coded, same, again=True)
        assert (out / CODING).read_text() == ROWS

    def test_stay_where_the_last_step_was_interrupted_and_is_continued(self, out, coded):
        begin(coded, request(floor=1.0), again=True)
        (out / coded.metadata).unlink()
        finish(coded, request(floor=1.0))
        assert (out / CODING).read_text() == ROWS

    @pytest.mark.parametrize("metadata", ["damaged", "{}", '{"asked": "a.avi"}'])
    def test_are_refused_where_it_is_not_known_what_they_are_about(self, out, coded, metadata):
        (out / coded.metadata).write_text(metadata)
        with pytest.raises(MerlabError, match="holds decisions of coders"):
            begin(coded, again=True)


def test_a_table_that_another_program_has_open_is_named_and_the_next_request_completes_the_result(out, monkeypatch):
    """On Windows, a spreadsheet program lets nobody replace the table that it shows."""
    folder = recognized(out)
    finish(folder)
    replace = Path.replace

    def refused(path, target):
        if target == out / "events.csv":
            raise PermissionError(errno.EACCES, "Access is denied", str(path), None, str(target))
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr("sys.platform", "win32")
        patch.setattr("merlab.storage.PAUSES", (0.0,))
        patch.setattr(Path, "replace", refused)
        with pytest.raises(WriteError, match=r"cannot write .*out.events\.csv: .*; close the program that has it open"):
            finish(folder, request(floor=6), again=True)
    assert not folder.is_finished
    shutil.rmtree(folder.result)
    finish(folder, request(floor=6))
    assert folder.is_finished
    assert {path.name for path in out.iterdir()} == {KEPT, "events.csv", "metadata.json"}


@pytest.mark.parametrize(
    ("before", "now", "is_used"),
    [
        # Earlier versions of merlab stated neither PyAV nor SciPy.
        ({"opencv": "4"}, {"opencv": "4", "pyav": "17", "scipy": "1"}, True),
        ({"opencv": "4", "pyav": "16"}, {"opencv": "4", "pyav": "17"}, False),
        ({"opencv": "4"}, {"opencv": "4", "openvino": "2"}, False),
    ],
)
def test_what_is_kept_is_used_where_its_libraries_are_those_of_now_as_far_as_they_are_stated(out, before, now, is_used):
    folder, asked = recognized(out), request()
    kept = folder.claim({"versions": before}, asked, False)
    (kept / "chunk").write_text("long work")
    if is_used:
        assert folder.claim({"versions": now}, asked, False) == kept
        assert (kept / "chunk").exists()
    else:
        with pytest.raises(
            OtherResultError, match="pyav 16, and this is pyav 17|does not state openvino, and openvino 2"
        ):
            folder.claim({"versions": now}, asked, False)
