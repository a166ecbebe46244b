"""A copy of a release is compared with its coding table: small copies of one made-up release."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest

from merlab.clips import Finding
from merlab.databases.coded.examine import examine_release, videos_of_release
from merlab.databases.coded.quirks import Quirk
from merlab.databases.coded.release import (
    FrameKind,
    LayoutFormat,
    Release,
    Role,
    TableFormat,
    any_frames,
    cropped_faces,
)
from merlab.databases.database import Examination
from merlab.errors import MerlabError
from merlab.progress import silent
from tests.databases.release import image_bytes, replace_content, write_images

FORM = TableFormat(
    files="coding",
    looked_for="coding.csv",
    columns={role: role.title() for role in get_args(Role)},
    subject=lambda text: text or None,
    subject_example="s1",
    clip_example="a1",
    emotions={},
    usual_clip=r"[a-z]\d",
    optional=frozenset(get_args(Role)) - {"subject", "clip", "onset", "offset"},
)
KINDS = (FrameKind("Cropped: registered faces", cropped_faces), FrameKind("raw frames: whole heads", any_frames))
RELEASE = Release("mine", "Mine", 30.0, FORM, LayoutFormat(r"s\d", "s1, s2", KINDS))
LONG = replace(RELEASE, long=True)
HEADER = "Subject,Clip,Onset,Apex,Offset,Emotion"
JPEG = image_bytes()


class Copy:
    """A copy with these rows: subject, clip, onset, apex, offset, emotion, and where all have one, kind."""

    def __init__(self, root: Path, *rows: str, name: str = "coding.csv") -> None:
        self.root = root
        header = HEADER + ",Kind" * (rows[0].count(",") - HEADER.count(","))
        (root / name).write_text("\n".join((header, *rows)) + "\n")

    def frames(self, folder: str, last: int = 9, name: str = "img{}.jpg", content: bytes = JPEG) -> Path:
        return write_images(self.root / folder, (name.format(number) for number in range(1, last + 1)), content)

    def examine(self, release: Release = RELEASE, **options: Any) -> Examination:
        given: dict[str, Any] = {"database": "mine", "deep": False, "progress": silent, **options}
        found = examine_release(release, self.root, **given)
        return replace(found, findings=tuple(finding for finding in found.findings if finding.found != "none"))


def where(findings: tuple[Finding, ...] | list[Finding]) -> list[tuple[str, str]]:
    return [(finding.severity, finding.where) for finding in findings]


def test_the_clips_of_a_copy_have_the_order_of_its_table(tmp_path):
    copy = Copy(tmp_path, "s2,a1,2,4,7,joy", "s1,b1,3,4,9,fear")
    copy.frames("raw/s1/b1")
    copy.frames("raw/s2/a1")
    steps: list[tuple[int, int, str]] = []
    examination = copy.examine(progress=lambda *step: steps.append(step))
    assert steps == [(1, 2, "s2 a1"), (2, 2, "s1 b1")]
    clips = [(clip.database, clip.subject, clip.name, clip.onset, clip.emotion, clip.fps) for clip in examination.clips]
    assert clips == [("mine", "s2", "a1", 2, "joy", 30.0), ("mine", "s1", "b1", 3, "fear", 30.0)]
    assert (examination.findings, examination.clips.stamps) == ((), ())
    assert examination.tables == (tmp_path / "coding.csv",)
    facts = examination.facts
    assert (facts["layout"], facts["frames"], facts["usable clips"]) == (KINDS[1].title, str(tmp_path / "raw"), "2")
    assert "long videos" not in facts


@pytest.mark.parametrize("release", [RELEASE, LONG])
def test_a_copy_without_frames_has_a_finding_instead_of_clips(tmp_path, release):
    examination = Copy(tmp_path, "s2,a1,2,4,7,joy").examine(release)
    assert (len(examination.clips), examination.facts["layout"]) == (0, "no frames found")
    (finding,) = examination.findings
    assert (finding.expected, finding.found) == ("folders s1, s2", "no such folders with frames")


def test_faults_of_the_table_are_findings_of_the_copy(tmp_path):
    copy = Copy(tmp_path, "s1,a1,2,4,7,joy", "s1,b1,two,4,7,joy")
    copy.frames("raw/s1/a1")
    assert where(copy.examine().findings) == [("unusable", "s1 b1 (row 3)")]


def test_a_root_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(MerlabError, match="give the folder that holds the coding table and the frames"):
        examine_release(RELEASE, tmp_path / "none", database="mine", deep=False, progress=silent)


def test_a_chosen_table_is_read_and_not_the_one_in_the_copy(tmp_path):
    copy = Copy(tmp_path, "s1,a1,2,4,7,joy")
    copy.frames("raw/s1/a1")
    (tmp_path / "mine.csv").write_text(f"{HEADER}\ns1,a1,3,4,7,fear\n")
    assert [clip.onset for clip in copy.examine(table_file=tmp_path / "mine.csv").clips] == [3]


class TestDamagedFrames:
    def test_are_found_where_all_are_decoded(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy", "s1,b1,2,4,7,joy")
        copy.frames("raw/s1/a1")
        copy.frames("raw/s1/b1", content=b"no image")
        assert len(copy.examine().clips) == 2
        examination = copy.examine(deep=True)
        assert ([clip.name for clip in examination.clips], examination.facts["usable clips"]) == (["a1"], "1")
        assert where(examination.findings) == [("unusable", "s1 b1")]

    @pytest.mark.parametrize(("value", "number", "moment"), [(0, 2, " (onset)"), (255, 4, " (apex)"), (90, 5, "")])
    def test_those_of_one_color_are_reported_and_the_clip_is_counted(self, tmp_path, value, number, moment):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy")
        folder = copy.frames("raw/s1/a1")
        covered = cv2.imencode(".jpg", np.full((30, 24, 3), value, np.uint8))[1].tobytes()
        replace_content(folder / f"img{number}.jpg", covered)
        examination = copy.examine(deep=True)
        (fault,) = examination.findings
        assert (fault.severity, fault.where, len(examination.clips)) == ("differs", "s1 a1", 1)
        assert fault.found == f"of nearly one color, such as all black: frame {number}{moment}"

    def test_blank_ones_of_every_clip_are_one_finding(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy", "s1,b1,2,4,7,fear")
        black = cv2.imencode(".jpg", np.zeros((30, 24, 3), np.uint8))[1].tobytes()
        for folder in ("raw/s1/a1", "raw/s1/b1"):
            copy.frames(folder, content=black)
        examination = copy.examine(deep=True)
        (fault,) = examination.findings
        assert (fault.severity, fault.where, len(examination.clips)) == ("differs", "all 2 clips", 2)
        assert fault.found.startswith(
            "blank frames in every clip; s1 a1 has frames of nearly one color, such as all black: "
        )

    def test_are_not_those_that_the_camera_dropped(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy")
        (copy.frames("raw/s1/a1") / "img5.jpg").unlink()
        examination = copy.examine(replace(RELEASE, frames_dropped=True), deep=True)
        assert len(examination.clips) == 1
        assert [(each.severity, each.found) for each in examination.findings] == [
            ("differs", "1 frame absent between onset and offset")
        ]


class TestAlignedFaces:
    def test_are_preferred_and_the_other_frames_are_named(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy")
        raw, cropped = copy.frames("raw/s1/a1"), copy.frames("faces/s1/a1", name="reg_img{}.jpg")
        examination = copy.examine()
        assert [(clip.source, clip.aligned) for clip in examination.clips] == [(cropped, True)]
        assert (examination.facts["layout"], examination.facts["frames"]) == (KINDS[0].title, str(cropped.parents[1]))
        assert examination.facts["not read"] == (
            f"{raw.parent.parent} (the order of preference is Cropped, raw frames; to choose a folder, give it as the "
            "root)"
        )

    def test_are_not_read_where_whole_heads_are_wanted(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy")
        cropped = copy.frames("faces/s1/a1", name="reg_img{}.jpg")
        with pytest.raises(
            MerlabError, match=rf"no frames of whole heads, only registered faces \({cropped.parents[1]}"
        ):
            copy.examine(heads=True)
        raw = copy.frames("raw/s1/a1")
        examination = copy.examine(heads=True)
        assert [(clip.source, clip.aligned) for clip in examination.clips] == [(raw, False)]
        assert "not read" not in examination.facts

    def test_may_be_known_by_their_proportions_alone(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy")
        copy.frames("raw/s1/a1")
        assert [clip.aligned for clip in copy.examine(replace(RELEASE, whole_heads=False)).clips] == [None]

    def test_of_merlab_have_their_stamps_and_no_macro_expressions(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy,micro", "s1,a1,900,910,920,joy,macro", "s9,b1,1,2,3,joy,macro")
        copy.frames("faces/s1/a1", name="reg_img{}.jpg")
        record = {"database": "mine", "settings": {"landmarks": "mesh"}, "stamps": ["FIVE POINTS"]}
        (tmp_path / "faces" / "prepared.json").write_text(json.dumps(record))
        release = replace(LONG, table=replace(FORM, names_repeat=True))
        examination = copy.examine(release)
        assert (len(examination.clips), examination.clips.stamps) == (1, ("FIVE POINTS",))
        assert examination.facts["aligned by"] == "merlab prepare: landmarks mesh (1 clip)"
        assert examination.findings == ()
        copy.frames("raw/s1/a1")
        with pytest.raises(MerlabError, match="faces holds aligned faces of `merlab prepare`, which are the frames of"):
            videos_of_release(release, tmp_path, None)


class TestLongVideos:
    def test_have_findings_about_macro_expressions_that_become_no_clips(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy,micro", "s1,b1,900,910,920,joy,macro")
        copy.frames("raw/s1/a1")
        copy.frames("raw/s1/b1")
        examination = copy.examine(LONG)
        assert ([clip.name for clip in examination.clips], examination.facts["long videos"]) == (["a1"], "2")
        assert where(examination.findings) == [("unusable", "s1 b1 (row 3)")]
        # In a release of clips, a macro-expression is no movement of a video.
        assert copy.examine().findings == ()
        videos = videos_of_release(LONG, tmp_path, None)
        assert [(video.database, video.subject, video.name, len(video.events)) for video in videos.videos] == [
            *(("mine", "s1", "a1", 1), ("mine", "s1", "b1", 0))
        ]
        assert ("unusable", "s1 b1 (row 3)") in where(list(videos.findings))
        assert videos.stamps == ()

    def test_may_have_a_second_movement_in_one_row(self, tmp_path):
        header = f"{HEADER},Kind,Second Onset,Second Offset"
        (tmp_path / "coding.csv").write_text(f"{header}\ns1,a1,5,6,7,joy,micro,2,4\n")
        write_images(tmp_path / "raw" / "s1" / "a1", (f"img{number}.jpg" for number in range(1, 10)), JPEG)
        (video,) = videos_of_release(LONG, tmp_path, None).videos
        assert [(event.onset, event.apex, event.offset) for event in video.events] == [(2, None, 4), (5, 6, 7)]

    def test_are_those_of_the_preferred_frames(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy,micro", "s1,a1,12,14,17,joy,macro")
        for folder in ("raw/s1/a1", "raw/s1/b1"):
            copy.frames(folder)
        copy.frames("faces/s1/a1", last=20, name="reg_img{}.jpg")
        examination = copy.examine(replace(LONG, table=replace(FORM, names_repeat=True)))
        assert (examination.facts["long videos"], examination.findings) == ("1", ())
        videos = videos_of_release(replace(LONG, table=replace(FORM, names_repeat=True)), tmp_path, None)
        assert [(video.name, video.frames, len(video.events)) for video in videos.videos] == [("a1", 20, 2)]

    def test_have_the_faults_of_the_table_and_of_rows_without_a_video(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,two,4,7,joy,micro", "s1,b1,2,4,7,joy,micro")
        copy.frames("raw/s1/a1")
        copy.frames("faces/s1/b1", name="reg_img{}.jpg")
        copy.frames("faces/s1/a1", name="reg_img{}.jpg")
        faults = [each for each in videos_of_release(LONG, tmp_path, None).findings if each.severity == "unusable"]
        assert where(faults) == [("unusable", "s1 a1 (row 2)")]

    def test_without_a_row_are_no_fault(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy,micro")
        copy.frames("raw/s1/a1")
        copy.frames("raw/s1/b1")
        assert copy.examine(LONG).findings == ()
        assert where(copy.examine().findings) == [("differs", "s1 b1")]

    def test_have_one_finding_about_a_micro_expression_outside_of_them(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,900,910,920,joy,micro")
        copy.frames("raw/s1/a1")
        (finding,) = copy.examine(LONG).findings
        assert (finding.severity, finding.where) == ("unusable", "s1 a1 (row 2)")

    def test_of_a_synthetic_tree_are_stamped(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy,micro", name="SYNTHETIC coding.csv")
        copy.frames("raw/s1/a1")
        release = replace(LONG, table=replace(FORM, files="SYNTHETIC coding"))
        assert videos_of_release(release, tmp_path, None).stamps == ("SYNTHETIC",)

    def test_that_are_absent_are_named_with_the_folders_that_are_looked_for(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy,micro")
        with pytest.raises(MerlabError, match="has no long videos of Mine: searched for folders s1, s2; unpack them"):
            videos_of_release(LONG, tmp_path, None)
        copy.frames("raw/s1/b1")
        missing = [each for each in videos_of_release(LONG, tmp_path, None).findings if each.severity == "unusable"]
        assert where(missing) == [("unusable", "s1 a1 (row 2)")]


class TestASyntheticTree:
    def test_is_stamped_and_has_no_documented_quirks(self, tmp_path):
        release = replace(RELEASE, quirks=(Quirk("s1 a1", "frame range", "known", (3, 4, 8)),))
        for name, onset, stamps in (("coding.csv", 3, ()), ("SYNTHETIC coding.csv", 2, ("SYNTHETIC",))):
            (tmp_path / name).mkdir()
            copy = Copy(tmp_path / name, "s1,a1,2,4,12,joy", name=name)
            copy.frames("raw/s1/a1")
            form = replace(FORM, files="(SYNTHETIC )?coding")
            if onset == 2:
                copy.frames("raw/s1/a1", last=12)
            examination = copy.examine(replace(release, table=form))
            assert [clip.onset for clip in examination.clips] == [onset]
            assert examination.clips.stamps == stamps


class TestARow:
    def finding(self, copy: Copy, release: Release = RELEASE) -> Finding:
        (finding,) = copy.examine(release).findings
        return finding

    def test_of_an_unusual_name_is_reported_or_documented(self, tmp_path):
        copy = Copy(tmp_path, "s1,A-1,2,4,7,joy")
        copy.frames("raw/s1/A-1")
        finding = self.finding(copy)
        assert (finding.severity, finding.expected, finding.found) == ("differs", "a name such as a1", "A-1")
        finding = self.finding(copy, replace(RELEASE, quirks=(Quirk("s1 A-1", "odd name", "known"),)))
        assert (finding.severity, finding.remedy) == ("handled", "known")

    def test_of_another_emotion_than_its_folder_is_reported(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy", "s1,b1,2,4,7,fear", "s1,c1,2,4,7,")
        for name in ("a1", "b1", "c1"):
            copy.frames(f"raw/s1/{name}")
        emotions = {"a1": "joy", "b1": "anger", "c1": "joy"}
        layout = replace(RELEASE.layout, emotion_of=lambda source: emotions[source.name])
        findings = copy.examine(replace(RELEASE, layout=layout)).findings
        assert [(each.severity, each.where, each.expected, each.found) for each in findings] == [
            ("differs", "s1 b1 (row 3)", "fear, as the table states", "anger, by the folder s1/b1"),
            ("differs", "s1 c1 (row 4)", "no emotion, as the table states", "joy, by the folder s1/c1"),
        ]

    def test_with_two_folders_is_not_used(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy")
        copy.frames("raw/s1/a1")
        copy.frames("raw/s1/A1")
        examination = copy.examine(replace(RELEASE, table=replace(FORM, clip=str.lower)))
        assert len(examination.clips) == 0
        assert [(each.severity, each.where, each.found) for each in examination.findings] == [
            ("unusable", "s1 a1", "s1/A1 and s1/a1")
        ]

    def test_whose_frames_cannot_be_listed_is_not_used(self, tmp_path):
        copy = Copy(tmp_path, "s1,a1,2,4,7,joy")
        (copy.frames("raw/s1/a1") / "img01.jpg").write_bytes(JPEG)
        finding = self.finding(copy)
        assert (finding.severity, finding.expected) == ("unusable", "frames that can be listed")
        assert "have the same frame number" in finding.found

    def test_that_no_clip_can_be_made_of_is_not_used(self, tmp_path):
        copy = Copy(tmp_path, r"s1\2,a1,2,4,7,joy")
        copy.frames(r"raw/s1\2/a1")
        layout = replace(RELEASE.layout, subject_folder=r"s1\\2")
        finding = self.finding(copy, replace(RELEASE, layout=layout))
        assert (finding.severity, finding.expected) == ("unusable", "a row that follows the rules of a clip")
