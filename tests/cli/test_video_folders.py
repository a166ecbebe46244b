"""A folder of videos in one command: a summary, one table of all events, each warning once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pytest

from merlab.cli.video_results import VideoSummary, repeated_warnings
from merlab.errors import MerlabError
from merlab.outputs.claims import require_same
from merlab.spotting import many_videos
from merlab.spotting.many_videos import folder_of_each, for_each
from merlab.spotting.tables_of_all import write_tables
from merlab.spotting.video_sources import skipped_in, videos_in
from tests.videos.recording import moving_face, write_avi


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Two sound videos, one of them without a movement, a damaged one, and a text file."""
    folder = tmp_path_factory.mktemp("recorded") / "videos"
    write_avi(folder / "moving.avi", moving_face(240))
    write_avi(folder / "still.avi", moving_face(120))
    (folder / "text.mp4").write_text("no video")
    (folder / "notes.txt").write_text("a file beside them")
    (folder / ".hidden").write_text("")
    (folder / "more").mkdir()
    return folder


@pytest.fixture(params=["recognize", "spot"])
def command(request, videos):
    options = {"recognize": ("--aligned", "--overlay", "none", "--jobs", 1), "spot": ()}
    return (request.param, videos, *options[request.param], "--out", "results")


class TestAFolder:
    @pytest.mark.slow
    def test_gives_a_summary_one_table_of_all_events_and_status_1_if_a_video_failed(self, merlab, command, tmp_path):
        status, out, err = merlab(*command)
        assert status == 1
        assert "2 videos done, 1 failed, 2 files skipped" in out
        rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]
        assert [row[:3] for row in rows if row[0]] == [
            ["moving.avi", "done", "1 movement in 4.8 s"],
            ["still.avi", "done", "no movement in 2.4 s"],
            ["text.mp4", "failed", ""],
            ["more", "skipped", ""],
            ["notes.txt", "skipped", ""],
        ]
        # The table breaks lines anywhere in a long path.
        reasons = "".join(row[3] for row in rows).replace(" ", "")
        assert "text.mp4cannotbeopenedasavideo:itisatext" in reasons
        assert "not a video" in out
        assert "table of all movements (1): results/events.csv" in out
        assert err.count("50 frames per second") == 1
        assert "(2 videos: moving.avi, still.avi)" in err
        events = pd.read_csv(tmp_path / "results" / "events.csv")
        own = pd.read_csv(tmp_path / "results" / "moving.avi" / "events.csv")
        pd.testing.assert_frame_equal(events, own)
        assert events["video"].tolist() == ["moving.avi"]
        if command[0] == "recognize":
            assert "table of all videos: results/summary.csv" in out
            self.check_summary(pd.read_csv(tmp_path / "results" / "summary.csv").set_index("video"))

    @pytest.mark.slow
    def test_keeps_no_events_of_an_earlier_run_where_every_video_fails(self, merlab, command, videos, tmp_path):
        own = Path(shutil.copytree(videos, tmp_path / "own"))
        again = tuple(own if part == videos else part for part in command)
        merlab(*again)
        assert (tmp_path / "results" / "events.csv").exists()
        for name in ("moving.avi", "still.avi"):
            (own / name).write_bytes(b"damaged")
        assert merlab(*again)[0] == 1
        assert not (tmp_path / "results" / "events.csv").exists()
        assert not (tmp_path / "results" / "weak.csv").exists()

    @pytest.mark.slow
    def test_works_on_the_others_where_a_video_has_changed(self, merlab, command, videos, tmp_path):
        own = Path(shutil.copytree(videos, tmp_path / "own", ignore=shutil.ignore_patterns("*.mp4", "moving.avi")))
        again = tuple(own if part == videos else part for part in command)
        merlab(*again)
        kept = (tmp_path / "results" / "still.avi" / "events.csv").read_bytes()
        (own / "still.avi").write_bytes((own / "still.avi").read_bytes() + b"more")
        shutil.copy(videos / "moving.avi", own)
        status, out, err = merlab(*again)
        assert status == 1
        assert "1 video done, 1 failed" in out
        assert "leave out still.avi (changed since the result was made)" in " ".join(err.split())
        assert pd.read_csv(tmp_path / "results" / "events.csv")["video"].tolist() == ["moving.avi"]
        assert (tmp_path / "results" / "still.avi" / "events.csv").read_bytes() == kept

    @staticmethod
    def check_summary(summary):
        """One row for each video, and for what was left out."""
        assert summary["status"].tolist() == ["done", "done", "failed", "skipped", "skipped"]
        assert summary["events"].tolist()[:2] == [1, 0]
        assert "cannot be opened as a video" in summary["reason"]["text.mp4"]
        assert "50 frames per second" in summary["warnings"]["still.avi"]

    @pytest.mark.slow
    def test_as_json_lists_results_errors_and_what_was_skipped(self, merlab, command):
        status, out, _ = merlab(*command, "--json")
        listed = json.loads(out)
        assert status == 1
        assert [len(each["events"]) for each in listed[:2]] == [1, 0]
        assert [Path(each["folder"]).name for each in listed[:2]] == ["moving.avi", "still.avi"]
        assert listed[0]["events"][0]["apex_s"] == pytest.approx(3.2, abs=0.1)
        assert "text.mp4 cannot be opened as a video" in listed[2]["error"]
        assert [Path(each["video"]).name for each in listed[3:]] == ["more", "notes.txt"]


@pytest.mark.slow
def test_a_single_video_without_a_movement_has_no_empty_table(merlab, videos):
    status, out, _ = merlab("spot", videos / "still.avi", "--out", "alone")
    assert status == 0
    assert "still.avi: no movement in 2.4 s" in out
    assert "│" not in out


ALIGNED = ("--aligned", "--overlay", "none", "--jobs", 1)


@pytest.mark.slow
def test_recognize_and_spot_do_not_replace_each_others_results(merlab, videos, tmp_path):
    video, folder = videos / "still.avi", Path("results") / "still.avi"
    spot, recognize = ("spot", video, "--out", "results"), ("recognize", video, "--out", folder, *ALIGNED)
    for first, second in ((spot, recognize), (recognize, spot)):
        shutil.rmtree(tmp_path / "results", ignore_errors=True)
        assert merlab(*first)[0] == 0
        for again in ((), ("--again",)):
            status, _, err = merlab(*second, *again)
            assert status == 1
            assert f"{folder} holds results of `merlab {first[0]}`, not results of `merlab {second[0]}`" in err


@pytest.mark.slow
@pytest.mark.parametrize("first", ["recognize", "spot"])
def test_the_tables_of_all_videos_stay_where_their_results_are_of_the_other_command(merlab, videos, tmp_path, first):
    options = {"recognize": ALIGNED, "spot": ()}
    second = {"recognize": "spot", "spot": "recognize"}[first]
    merlab(first, videos, "--out", "results", *options[first])
    tables = {path: path.read_bytes() for path in (tmp_path / "results").glob("*.csv")}
    assert {path.name for path in tables} >= {"events.csv", "weak.csv"}
    status, _, err = merlab(second, videos, "--out", "results", *options[second], "--again")
    assert status == 1
    assert f"holds results of `merlab {first}`" in err
    assert {path: path.read_bytes() for path in (tmp_path / "results").glob("*.csv")} == tables


@pytest.mark.slow
@pytest.mark.parametrize("first", [(), ("--method", "guess-even")], ids=["merlab", "another method"])
def test_the_tables_of_all_videos_stay_where_their_results_are_of_another_method(merlab, videos, tmp_path, first):
    merlab("spot", videos, "--out", "results", *first)
    table = (tmp_path / "results" / "events.csv").read_bytes()
    second = () if first else ("--method", "guess-even")
    status, _, err = merlab("spot", videos, "--out", "results", *second)
    assert status == 1
    assert "results of `merlab spot" in err
    assert (tmp_path / "results" / "events.csv").read_bytes() == table


@pytest.mark.slow
def test_decisions_of_coders_stay_with_their_video(merlab, videos, tmp_path):
    folder = tmp_path / "results" / "moving.avi"
    assert merlab("spot", videos / "moving.avi", "--out", "results")[0] == 0
    (folder / "coding.csv").write_text("event,face_id,decision\ne0001,0,accept\n")
    other = shutil.copy(videos / "still.avi", tmp_path / "moving.avi")
    status, _, err = merlab("spot", other, "--out", "results", "--again")
    assert status == 1
    assert "coding.csv holds decisions of coders about another video than" in err
    assert merlab("spot", videos / "moving.avi", "--out", "results", "--again", "--floor", 4)[0] == 0
    assert merlab("coding", "export", folder, "coded.csv")[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("given", [("--overlay", "mesh", "--no-overlay"), ("--overlay", "mesh", "--aligned")])
def test_an_overlay_that_cannot_be_made_is_refused_before_any_work(merlab, videos, tmp_path, given):
    status, _, err = merlab("recognize", videos / "still.avi", "--out", "out", *given)
    assert status == 1
    assert "--overlay" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_what_a_folder_holds(videos, tmp_path):
    assert [path.name for path in videos_in(videos)] == ["moving.avi", "still.avi", "text.mp4"]
    assert {path.name: reason for path, reason in skipped_in(videos).items()} == {
        "more": "a folder; give it to a command of its own",
        "notes.txt": "not a video",
    }
    assert videos_in(tmp_path) == []
    assert skipped_in(tmp_path) == {}


class TestAVideoThatWasTakenOutOfTheFolder:
    """Its rows are left out of the tables of all videos, its own result stays."""

    @pytest.fixture
    def taken_out(self, merlab, command, videos, tmp_path):
        """The command for a folder that had another video when the tables were made."""
        own = Path(shutil.copytree(videos, tmp_path / "own"))
        again = tuple(own if part == videos else part for part in command)
        merlab(*again)
        (own / "moving.avi").unlink()
        return again

    @pytest.mark.slow
    def test_is_named_once(self, merlab, taken_out, tmp_path):
        own = tmp_path / "results" / "moving.avi" / "events.csv"
        before = own.read_bytes()
        _, out, err = merlab(*taken_out)
        assert "1 video done, 1 failed" in out
        assert err.count("the tables of all videos in results leave out moving.avi") == 1
        assert own.read_bytes() == before
        tables = [pd.read_csv(path) for path in sorted((tmp_path / "results").glob("*.csv"))]
        assert len(tables) == (3 if taken_out[0] == "recognize" else 2)
        assert not any("moving.avi" in table["video"].to_list() for table in tables)
        assert "leave out" not in merlab(*taken_out)[2]

    @pytest.mark.slow
    def test_is_not_lost_with_its_result(self, merlab, taken_out, tmp_path):
        shutil.rmtree(tmp_path / "results" / "moving.avi")
        tables = {path: path.read_bytes() for path in (tmp_path / "results").glob("*.csv")}
        status, _, err = merlab(*taken_out)
        assert status == 1
        assert "of other videos (moving.avi), whose rows would be lost" in err
        assert {path: path.read_bytes() for path in (tmp_path / "results").glob("*.csv")} == tables


class TestFoldersOfFrames:
    """A folder with one folder of numbered images per video, as `merlab make-videos --format frames` writes it."""

    @pytest.fixture
    def frames(self, tmp_path):
        for name in ("sub01/img1.jpg", "sub02/img1.jpg", "sub02/01.jpg", "plots/plot.jpg"):
            (tmp_path / "frames" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "frames" / name).touch()
        return tmp_path / "frames"

    def test_are_videos_where_no_file_is_one(self, frames):
        assert [path.name for path in videos_in(frames)] == ["sub01", "sub02"]
        assert [path.name for path in skipped_in(frames)] == ["plots"]

    def test_are_skipped_beside_videos(self, frames):
        (frames / "sub03.avi").touch()
        assert [path.name for path in videos_in(frames)] == ["sub03.avi"]
        assert [path.name for path in skipped_in(frames)] == ["plots", "sub01", "sub02"]

    @pytest.mark.parametrize(
        "command", [("recognize", "--aligned"), ("spot",), ("spot", "--method", "hoof")], ids=" ".join
    )
    @pytest.mark.parametrize(
        ("rate", "refused"),
        [
            ((), "folders of images (sub01, sub02) do not state their frame rate; give --fps"),
            (("--fps", 0), "0 is not"),
        ],
    )
    def test_need_one_frame_rate_before_any_work(self, merlab, frames, tmp_path, command, rate, refused):
        status, out, err = merlab(*command, frames, *rate, "--out", "out")
        assert (status, out, err.count(refused)) == (1, "", 1)
        assert not (tmp_path / "out").exists()

    def test_that_merlab_aligned_are_named_with_their_rate(self, merlab, frames):
        for folder in frames.iterdir():
            (folder / "alignment.json").write_text('{"fps": 200}', encoding="utf-8")
        status, _, err = merlab("spot", frames)
        assert status == 1
        assert "give --fps (in Python, fps) 200, which alignment.json beside the frames states; it is used" in err

    def test_are_named_where_the_folder_above_is_given(self, merlab, frames):
        status, _, err = merlab("spot", frames.parent, "--fps", 30)
        assert status == 1
        assert f"give a folder of one or the other, such as {frames}, or" in err


def never(video, folder, progress) -> VideoSummary:
    raise AssertionError("no result is made")


class TestEach:
    def test_an_error_does_not_stop_the_others_and_progress_names_the_video(self, tmp_path):
        reports = []

        def make(video, folder, progress):
            progress(1, 2, "reading")
            if video.name == "bad.avi":
                raise MerlabError("bad")
            folder.mkdir(parents=True)
            (folder / "events.csv").write_bytes(b"video,apex\r\n" + f"{video.name},7\r\n".encode())
            return VideoSummary(video.name, 1.0, folder, (), (), pd.DataFrame(), {})

        names = ["a.avi", "bad.avi", "c.avi"]
        results = for_each(names, tmp_path / "out", make, lambda *report: reports.append(report))
        assert [isinstance(result, MerlabError) for result in results.values()] == [False, True, False]
        assert (tmp_path / "out" / "events.csv").read_bytes() == b"video,apex\r\na.avi,7\r\nc.avi,7\r\n"
        assert [what for _, _, what in reports] == [
            "a.avi (1 of 3): reading",
            "bad.avi (2 of 3): reading",
            "c.avi (3 of 3): reading",
        ]

    def test_the_folder_of_a_single_result_is_refused(self, tmp_path):
        (tmp_path / "events.csv").touch()
        (tmp_path / "metadata.json").touch()
        with pytest.raises(MerlabError, match="holds the result of a single video"):
            for_each(["a.avi"], tmp_path, never)

    @pytest.mark.parametrize("table", ["events.csv", "weak.csv"])
    def test_the_table_of_other_videos_is_not_replaced(self, tmp_path, table):
        (tmp_path / table).write_text("video,apex,duration_s\na.avi,7,0.3\nold.avi,9,0.2\n")
        with pytest.raises(MerlabError, match=rf"{table} is the table of other videos \(old\.avi\).*--out"):
            for_each(["a.avi", "b.avi"], tmp_path, never)
        assert "old.avi" in (tmp_path / table).read_text()

    @pytest.mark.parametrize("content", ["video,onset,offset\na.avi,7,9\n", "", "\0"])
    def test_a_table_of_the_user_is_not_replaced(self, tmp_path, content):
        (tmp_path / "events.csv").write_text(content)
        with pytest.raises(MerlabError, match=r"events\.csv is not a table that merlab wrote"):
            for_each(["a.avi"], tmp_path, never)
        assert (tmp_path / "events.csv").read_text() == content

    def test_the_tables_stay_where_a_result_has_other_settings(self, tmp_path):
        def refuse(video, folder, progress) -> VideoSummary:
            require_same(folder, {"p": 0}, {"p": 0.1}, "results")
            raise AssertionError("settings that differ are refused")

        (tmp_path / "events.csv").write_text("video,apex,duration_s\na.avi,7,0.3\n")
        with pytest.raises(MerlabError, match=r"--p 0 -> 0\.1\. Add --again"):
            for_each(["a.avi", "b.avi"], tmp_path, refuse)
        assert (tmp_path / "events.csv").exists()

    @pytest.fixture
    def made(self, tmp_path):
        """Makes results of videos of other sizes, and other settings, than those that are there."""

        def run(sizes, p=0.0):
            def make(video, folder, progress):
                wanted = {
                    "bytes": sizes[video.name],
                    "modified_ns": sizes[video.name],
                    "fps": sizes[video.name],
                    "p": p,
                }
                if (folder / "made.json").is_file():
                    require_same(folder, json.loads((folder / "made.json").read_text()), wanted, "results")
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "made.json").write_text(json.dumps(wanted))
                (folder / "events.csv").write_text(f"video,duration_s\n{video.name},{sizes[video.name]}\n")
                return VideoSummary(video.name, 1.0, folder, (), (), pd.DataFrame(), {})

            return for_each(list(sizes), tmp_path, make, progress=False)

        return run

    def test_a_video_that_has_changed_is_named_and_the_others_are_worked_on(self, made, tmp_path):
        made({"a.avi": 1, "b.avi": 1})
        with pytest.warns(UserWarning, match=r"leave out a\.avi \(changed since the result was made\); the folder of"):
            results = made({"a.avi": 2, "b.avi": 1, "c.avi": 1})
        assert [str(each) for each in results.values() if isinstance(each, MerlabError)] == [
            f"{tmp_path / 'a.avi'} holds results of other settings: the video has changed since; --fps 1 -> 2. Add "
            "--again (in Python, again=True) to make it again with the new ones: the old result stays until the new "
            "one is complete. Or choose another output"
        ]
        assert (tmp_path / "events.csv").read_text() == "video,duration_s\nb.avi,1\nc.avi,1\n"
        assert (tmp_path / "a.avi" / "events.csv").read_text() == "video,duration_s\na.avi,1\n"

    @pytest.mark.parametrize(("sizes", "p"), [((2, 2), 0.0), ((2, 1), 0.1)], ids=["all have changed", "settings too"])
    def test_the_tables_stay_where_no_result_can_be_used(self, made, tmp_path, sizes, p):
        made({"a.avi": 1, "b.avi": 1})
        before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
        with pytest.raises(MerlabError, match=r"a\.avi holds results of other settings: .*the video has changed since"):
            made(dict(zip(["a.avi", "b.avi"], sizes, strict=True)), p)
        assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before

    def test_two_videos_of_one_name_are_refused(self, tmp_path):
        with pytest.raises(MerlabError, match=r"the results of a/x\.avi and b/x\.avi would both be in"):
            for_each(["a/x.avi", "b/x.avi"], tmp_path, never)

    def test_a_file_in_the_place_of_the_results_is_named_before_any_work(self, tmp_path):
        (tmp_path / "out").touch()
        with pytest.raises(MerlabError, match="out is a file; choose a folder for the results"):
            for_each(["a.avi"], tmp_path / "out", never)

    def test_a_link_to_nothing_in_the_place_of_the_results_is_named_before_any_work(self, tmp_path):
        """As to a disk that is not mounted: the results would be on the disk of the system."""
        (tmp_path / "out").symlink_to(tmp_path / "unmounted" / "out")
        with pytest.raises(MerlabError, match="out is a link to a place that does not exist; choose a folder"):
            for_each(["a.avi"], tmp_path / "out", never)
        assert not (tmp_path / "unmounted").exists()

    def test_a_link_that_leads_nowhere_is_a_video_that_is_missing(self, tmp_path):
        (tmp_path / "gone.avi").symlink_to("not-there.avi")
        (tmp_path / "notes.txt").symlink_to("not-there.txt")
        assert [path.name for path in videos_in(tmp_path)] == ["gone.avi"]
        assert skipped_in(tmp_path) == {tmp_path / "notes.txt": "a link to not-there.txt, which does not exist"}

    def test_a_link_to_another_video_of_the_folder_is_named(self, tmp_path):
        (tmp_path / "a.avi").touch()
        (tmp_path / "b.avi").symlink_to("a.avi")
        with pytest.raises(MerlabError, match=r"b\.avi is given twice, also as .*a\.avi; give it once"):
            for_each(videos_in(tmp_path), tmp_path / "out", never)

    def test_a_link_gives_its_own_name_to_the_result(self, tmp_path):
        (tmp_path / "P01.avi").symlink_to("SHA256E-s5--2cf2.avi")
        assert folder_of_each([tmp_path / "P01.avi"], tmp_path / "out") == {
            tmp_path / "P01.avi": tmp_path / "out" / "P01.avi"
        }


def test_warnings_are_given_once_also_if_their_numbers_differ(tmp_path):
    def summary(name, *warnings):
        return VideoSummary(name, 1.0, tmp_path, warnings, (), pd.DataFrame(), {})

    assert repeated_warnings(
        [
            summary("a", "30 frames per second", "only 6.0 s", "cut off"),
            summary("b", "30 frames per second", "only 7.5 s"),
            summary("c", "30 frames per second"),
            summary("d", "30 frames per second"),
        ]
    ) == [
        "30 frames per second (4 videos: a, b, c, ...)",
        "only 6.0 s (2 videos: a, b, the numbers are those of a)",
        "a: cut off",
    ]


@pytest.mark.parametrize(
    "command", [("recognize", "--aligned"), ("spot",), ("spot", "--method", "guess-even", "--fps", 50)]
)
def test_a_video_that_arrives_during_the_work_is_named_at_the_end(merlab, tmp_path, monkeypatch, command):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "first.mp4").write_text("no video")

    def write(out: Path, folders: Collection[Path]) -> None:
        (tmp_path / "videos" / "second.mp4").write_text("copied meanwhile")
        write_tables(out, folders)

    name, *options = command
    _, _, err = merlab(name, "videos", *options, "--out", "results")
    assert "second.mp4" not in err
    monkeypatch.setattr(many_videos, "write_tables", write)
    _, _, err = merlab(name, "videos", *options, "--out", "results")
    assert "second.mp4 came into videos after the work had begun, and no table has it; run the same command" in err
