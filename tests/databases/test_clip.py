"""A row and the numbers of the frames in its folder become a clip: what is changed is said, the rest is refused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from merlab.clips import Clip, Finding
from merlab.databases import casme2, casme3, dfme
from merlab.databases.coded.clip import read_clip
from merlab.databases.coded.quirks import Quirk
from merlab.databases.coded.release import Release
from merlab.databases.coded.row import Row
from merlab.databases.smic_facts import CAMERAS
from merlab.databases.smic_release import LONG, release_of

KNOWN = "a known mistake"


def read(
    numbers: Iterable[int],
    frames: tuple[int, int | None, int] = (46, 59, 86),
    *,
    release: Release = casme2.RELEASE,
    source: Path = Path("EP02_01f.avi"),
    quirk: Quirk | None = None,
    **changes: Any,
) -> tuple[Clip | None, list[Finding]]:
    onset, apex, offset = frames
    row = Row(7, "sub01", "EP02_01f", "EP02_01f", onset, apex, offset, "4", "disgust", **changes)
    return read_clip(row, release, "mine", source, sorted(numbers), {quirk.kind: quirk} if quirk else {})


def used(numbers: Iterable[int], *frames: Any, **options: Any) -> tuple[int, int | None, int, str, str]:
    """Onset, apex, offset, source of the apex and note of a clip."""
    clip, _ = read(numbers, *frames, **options)
    assert clip is not None
    assert clip.onset is not None
    assert clip.offset is not None
    return clip.onset, clip.apex, clip.offset, clip.apex_source, clip.note


def refused(numbers: Iterable[int], *frames: Any, **options: Any) -> Finding:
    """The finding about a row that gives no clip."""
    clip, (finding,) = read(numbers, *frames, **options)
    assert (clip, finding.severity, finding.where) == (None, "unusable", "sub01 EP02_01f (row 7)")
    return finding


def test_a_row_whose_frames_are_all_there_is_used_as_coded():
    clip, findings = read(range(40, 101), note="the nearest frame is used", objective_class="IV")
    assert clip is not None
    assert (clip.onset, clip.apex, clip.offset, clip.apex_source) == (46, 59, 86, "annotated")
    assert (clip.database, clip.fps, clip.objective_class) == ("mine", 200.0, "IV")
    assert (clip.note, findings) == ("the nearest frame is used", [])
    assert used(range(40, 101)) == (46, 59, 86, "annotated", "")


def test_a_row_may_state_its_own_frame_rate():
    clips = [read(range(40, 101), release=dfme.RELEASE, fps=fps)[0] for fps in (500.0, None)]
    assert [clip.fps for clip in clips if clip] == [500.0, 200.0]


@pytest.mark.parametrize(
    ("frames", "found"),
    [
        ((59, 46, 86), "onset 59, apex 46, offset 86"),
        ((46, 87, 86), "onset 46, apex 87, offset 86"),
        ((86, None, 46), "onset 86, apex none, offset 46"),
        ((46, 46, 46), "onset 46, apex 46, offset 46"),
    ],
)
def test_frames_that_are_not_in_order_are_refused(frames, found):
    assert refused(range(40, 101), frames).found == found


class TestTheNumbering:
    @pytest.mark.parametrize(("numbers", "shift"), [(range(1, 42), "+45"), (range(100, 141), "-54"), (range(60), "+1")])
    def test_of_as_many_frames_elsewhere_or_from_0_is_refused_with_the_difference(self, tmp_path, numbers, shift):
        finding = refused(numbers, source=tmp_path)
        assert f"rename them to their original numbers: {shift} for every file" in finding.remedy

    def test_of_a_video_that_is_as_long_as_the_movement_is_refused(self):
        assert "the video seems to hold the movement alone" in refused(range(1, 42)).remedy

    def test_from_the_onset_is_right(self, tmp_path):
        assert used(range(46, 87), source=tmp_path)[:3] == (46, 59, 86)

    @pytest.mark.parametrize("numbers", [range(1, 43), set(range(1, 42)) - {20}])
    def test_of_another_number_of_frames_is_not_suspected(self, tmp_path, numbers):
        assert "absent: onset 46" in refused(numbers, source=tmp_path).found

    def test_of_a_long_video_begins_anywhere(self, tmp_path):
        assert used(range(101), release=casme3.PART_A, source=tmp_path)[:3] == (46, 59, 86)


class TestAbsentFrames:
    def test_at_the_end_shorten_a_clip_whose_folder_begins_at_its_onset(self):
        found = "offset 86, but the last frame in the folder is 80"
        assert used(range(46, 81)) == (46, 59, 80, "annotated", f"{found}: 80 is used as the offset")
        (finding,) = read(range(46, 81))[1]
        assert (finding.severity, finding.expected, finding.found) == ("differs", "frames 46 to 86", found)
        (finding,) = read(range(46, 81), quirk=Quirk("", "frame range", KNOWN))[1]
        assert (finding.severity, finding.remedy) == ("handled", KNOWN)

    @pytest.mark.parametrize(("numbers", "apex"), [(range(45, 81), 59), (range(46, 81), 81), (range(46, 47), None)])
    def test_at_the_end_are_refused_elsewhere(self, numbers, apex):
        assert "absent: " in refused(numbers, (46, apex, 86)).found

    @pytest.mark.parametrize("apex", [80, None])
    def test_at_the_end_may_follow_the_apex_at_once(self, apex):
        assert used(range(46, 81), (46, apex, 86))[2] == 80

    def test_are_named_with_their_roles(self):
        numbers = set(range(40, 101)) - {46, 59, 70, 86}
        assert refused(numbers).found.endswith("absent: onset 46, apex 59, 70, offset 86")

    def test_between_the_key_frames_are_a_fault_where_the_camera_drops_none(self):
        finding = refused(set(range(40, 101)) - {50, 51})
        assert finding.found.endswith("absent: 50, 51")
        assert finding.remedy == "copy the clip's folder again from the original"

    @pytest.mark.parametrize("number", [47, 85])
    def test_may_be_one_beside_the_onset_or_the_offset(self, number):
        assert refused(set(range(40, 101)) - {number}).found.endswith(f"absent: {number}")

    def test_may_lie_one_folder_deeper(self, tmp_path):
        assert refused([], source=tmp_path).remedy == "copy the clip's folder again from the original"
        (tmp_path / "deeper").mkdir()
        (tmp_path / "deeper" / "img1.jpg").touch()
        remedy = f"if the frames of the clip are those in {tmp_path / 'deeper'}, move them into the folder above"
        assert refused([], source=tmp_path).remedy.startswith(remedy)

    def test_are_all_of_them_in_an_empty_folder(self, tmp_path):
        assert "absent: onset 46" in refused([], source=tmp_path).found

    def test_are_named_in_part_where_there_are_many(self):
        found = refused([*range(40, 50), *range(80, 101)]).found
        # Of the 30 frames 50 to 79, the apex is one.
        names, more = found.partition("absent: ")[2].split(" and ")
        assert int(more.removesuffix(" more")) + len(names.split(", ")) == 30
        assert "apex 59" in names

    def test_that_the_camera_dropped_are_no_fault_but_for_the_key_frames(self):
        numbers = set(range(40, 101)) - {50, 51}
        note = "2 frames absent between onset and offset: the camera dropped them"
        assert used(numbers, release=casme3.PART_A) == (46, 59, 86, "annotated", note)
        for key in (46, 59, 86):
            assert f"{key}" in refused(numbers - {key}, release=casme3.PART_A).found.partition("absent: ")[2]


class TestTheApex:
    @pytest.mark.parametrize(
        ("apex", "note"),
        [
            (None, "no apex in the coding table: 66 is used, the midpoint of onset and offset"),
            (
                46,
                "onset and apex are both 46, so there is no motion: 66 is used, the midpoint of onset and offset",
            ),
        ],
    )
    def test_that_is_absent_or_on_the_onset_becomes_the_midpoint(self, apex, note):
        assert used(range(40, 101), (46, apex, 86)) == (46, 66, 86, "midpoint", note)

    def test_is_rounded_up_between_two_frames(self):
        assert used(range(40, 101), (46, None, 85))[1] == 66

    def test_is_the_nearest_frame_that_the_camera_has_not_dropped(self):
        frames = used(set(range(40, 101)) - {65, 66, 67}, (46, None, 86), release=casme3.PART_A)
        assert (frames[1], frames[3]) == (64, "midpoint")
        assert "64 is used, the frame nearest to the midpoint 66" in frames[4]

    def test_is_never_the_onset_nor_a_frame_after_the_offset(self):
        assert used(set(range(40, 101)) - {47}, (46, None, 48), release=casme3.PART_A)[1] == 48

    def test_on_the_offset_is_kept_and_reported(self):
        assert used(range(40, 101), (46, 86, 86))[:4] == (46, 86, 86, "annotated")
        (finding,) = read(range(40, 101), (46, 86, 86))[1]
        assert (finding.severity, finding.found) == ("differs", "apex and offset are both 86")

    def test_of_a_database_without_apexes_is_left_to_the_input(self):
        smic = release_of(CAMERAS["HS"], LONG)
        assert used(range(40, 101), (46, None, 86), release=smic) == (46, None, 86, "unannotated", "")


class TestDocumentedMistakes:
    @pytest.mark.parametrize(
        ("coded", "expected"),
        [
            ((112, 83, 140), (112, 123, 140, "corrected", "coded 112, 83, 140: 112, 123, 140 is used")),
            # Already corrected in this copy of the table.
            ((112, 120, 140), (112, 120, 140, "annotated", "")),
        ],
    )
    def test_are_corrected_in_the_rows_that_have_them(self, coded, expected):
        quirk = Quirk("", "wrong frame", KNOWN, (None, 123, None), (112, 83, 140))
        assert used(range(100, 150), coded, quirk=quirk) == expected

    def test_of_onset_and_offset_leave_the_apex_as_annotated(self):
        quirk = Quirk("", "wrong frame", KNOWN, (2647, None, 2660), (3647, None, None))
        coded = (3647, 2650, 2655)
        assert used(range(2600, 2700), coded, quirk=quirk)[:4] == (2647, 2650, 2660, "annotated")

    def test_of_the_range_are_corrected_where_the_folder_lacks_the_coded_frames(self):
        quirk = Quirk("", "frame range", KNOWN, (50, 60, 90))
        numbers = range(50, 91)
        note = "the table states 46, 59, 86, the folder has frames 50..90: the documented range 50, 60, 90 is used"
        assert used(numbers, quirk=quirk) == (50, 60, 90, "corrected", note)
        (finding,) = read(numbers, quirk=quirk)[1]
        assert (finding.severity, finding.remedy) == ("handled", KNOWN)

    @pytest.mark.parametrize(
        ("numbers", "coded", "documented", "expected"),
        [
            (range(46, 91), (46, 59, 120), (None, None, 90), (46, 59, 90)),
            (range(46, 91), (40, 59, 86), (46, None, None), (46, 59, 86)),
            # Coded without a duration.
            (range(40, 101), (86, 86, 86), (50, 60, 90), (50, 60, 90)),
            # Coded with the apex after the offset.
            (range(40, 101), (46, 70, 60), (None, None, 90), (46, 70, 90)),
        ],
    )
    def test_of_a_part_of_the_range_or_without_duration_or_order_are_corrected_too(
        self, numbers, coded, documented, expected
    ):
        assert used(numbers, coded, quirk=Quirk("", "frame range", KNOWN, documented))[:3] == expected

    @pytest.mark.parametrize(("documented", "stated"), [((50, 60, 90), "50, 60, 90"), ((None, None, 90), "46, 59, 90")])
    def test_of_the_range_are_reported_where_the_folder_has_both(self, documented, stated):
        quirk = Quirk("", "frame range", KNOWN, documented)
        clip, (finding,) = read(range(40, 101), quirk=quirk)
        assert clip is not None
        assert (clip.onset, clip.apex, clip.offset) == (46, 59, 86)
        assert (finding.severity, finding.expected) == ("differs", f"{stated}, the frames of the release's selection")

    @pytest.mark.parametrize("frames", [(46, 59, 86), (46, None, 120)])
    def test_of_the_range_change_nothing_where_they_are_those_of_the_table_or_absent(self, frames):
        assert read(range(40, 101), quirk=Quirk("", "frame range", KNOWN, frames))[1] == []
