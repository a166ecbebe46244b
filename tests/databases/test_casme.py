"""casme: repeated clip names within a subject, two apexes, and rows that disagree with the folders."""

from __future__ import annotations

import pytest

from merlab.clips import Clip
from merlab.errors import MerlabError
from tests.databases.casme_release import (
    COLUMNS,
    EMOTIONS,
    JPEG,
    SPECIAL,
    TABLE,
    examine,
    published_rows,
    row,
    write_release,
)
from tests.databases.release import about, only, write_images, write_table


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The whole release; tests do not change it."""
    return write_release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def small(tmp_path):
    """One subject with two clips of the same name and a third clip of another name."""
    return write_release(tmp_path, [row(), row(frames=(163, 166, 170)), row(clip="EP02_01")])


def clips(examination) -> dict[str, Clip]:
    return {clip.name: clip for clip in examination.clips}


class TestTheRelease:
    def test_every_clip_is_usable_and_only_the_known_rows_have_findings(self, release):
        examination = examine(release, deep=True)
        assert len(examination.clips) == 189
        assert len({clip.subject for clip in examination.clips}) == 18
        found = {(finding.severity, finding.where.split("(")[1]) for finding in examination.findings}
        assert found == {("handled", f"row {line})") for line in SPECIAL}

    @pytest.mark.parametrize(
        ("line", "frames", "source"),
        [
            (42, (100, 120, 149), "corrected"),
            (44, (101, 110, 119), "corrected"),
            (45, (57, 65, 74), "corrected"),
            (56, (30, 35, 40), "annotated"),
            (142, (130, 135, 142), "annotated"),
        ],
    )
    def test_if_the_folder_contradicts_the_row_the_range_of_the_folder_is_used(self, release, line, frames, source):
        corrected = list(examine(release).clips)[line - 2]
        assert (corrected.onset, corrected.apex, corrected.offset, corrected.apex_source) == (*frames, source)

    def test_the_clips_have_the_releases_frame_rate(self, release):
        assert {clip.fps for clip in examine(release).clips} == {60.0}


class TestNamesThatRepeat:
    def test_get_their_onsets_and_share_a_folder(self, small):
        found = clips(examine(small, deep=True))
        assert sorted(found) == ["EP01_12@163", "EP01_12@73", "EP02_01"]
        assert found["EP01_12@73"].source == found["EP01_12@163"].source

    def test_a_row_that_contradicts_the_folder_is_corrected_also_where_another_clip_follows_in_it(self, tmp_path):
        others = [row(2, f"EP{number:02d}_01") for number in range(1, 41)]
        rows = [*others, row(clip="EP03_05", frames=SPECIAL[42][0]), row(clip="EP03_05", frames=(160, 165, 170))]
        write_table(tmp_path / TABLE, rows, COLUMNS)
        held = (*SPECIAL[42][1], *range(160, 171))
        folder = tmp_path / "Cropped" / "sub01" / "EP03_05"
        write_images(folder, (f"reg_EP03_05-{number:03d}.jpg" for number in held), JPEG)
        found = clips(examine(tmp_path))
        assert (found["EP03_05@200"].onset, found["EP03_05@200"].apex, found["EP03_05@200"].offset) == (100, 120, 149)

    def test_a_missing_frame_of_one_clip_does_not_affect_the_other(self, small):
        (small / "Cropped" / "sub01" / "EP01_12" / "reg_EP01_12-166.jpg").unlink()
        examination = examine(small)
        assert sorted(clips(examination)) == ["EP01_12@73", "EP02_01"]
        assert "apex 166" in only(examination, "EP01_12@163").found

    def test_contradicting_rows_with_the_same_onset_make_the_clip_unusable(self, small):
        write_table(small / TABLE, [row(), row(frames=(73, 77, 80))], COLUMNS)
        examination = examine(small)
        assert [finding.severity for finding in about(examination, "EP01_12")] == ["unusable"]


class TestTheTable:
    def test_the_first_of_two_apexes_is_used_and_this_is_reported(self, small):
        write_table(small / TABLE, [row(second_apex=78)], COLUMNS)
        examination = examine(small)
        assert clips(examination)["EP01_12"].apex == 76
        assert examination.facts["second apex coded"] == "in 1 row; the first apex is used if there is one"

    def test_the_second_apex_is_used_if_the_first_is_missing(self, small):
        write_table(small / TABLE, [row(frames=(73, None, 80), second_apex=78)], COLUMNS)
        assert clips(examine(small))["EP01_12"].apex == 78

    def test_a_missing_apex_becomes_the_midpoint(self, small):
        write_table(small / TABLE, [row(frames=(73, "/", 80))], COLUMNS)
        clip = clips(examine(small))["EP01_12"]
        assert (clip.apex, clip.apex_source) == (77, "midpoint")

    @pytest.mark.parametrize(("cell", "text"), [(4, "4"), ("1+2", "1+2"), (None, "")])
    def test_action_units_may_be_text_or_a_number(self, small, cell, text):
        write_table(small / TABLE, [row(action_units=cell)], COLUMNS)
        assert clips(examine(small))["EP01_12"].action_units == text

    def test_a_workbook_that_was_renamed_to_xls_is_read(self, small):
        before = examine(small).clips.clips
        (small / TABLE).rename(small / "CASME.xls")
        assert examine(small).clips.clips == before

    def test_the_table_of_casme2_is_refused(self, small):
        write_table(small / TABLE, [], ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame"])
        with pytest.raises(MerlabError, match="not CASME's coding table: it lacks the columns OnsetF, ApexF1, OffsetF"):
            examine(small)


def test_the_generated_release_has_the_published_counts():
    rows = published_rows()
    assert {name: sum(cells["Emotion"] == name for cells in rows) for name in EMOTIONS} == EMOTIONS
