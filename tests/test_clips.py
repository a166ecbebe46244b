"""The data model: rules of a clip, validated tables, and frame readers that never return damaged frames."""

from __future__ import annotations

import struct
import zlib
from html import escape
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merlab.clips import Clip, ClipTable, Finding, Source
from merlab.errors import MerlabError
from merlab.frames import ClipError, ImageFolder, Video, describe_numbers, frame_number, open_frames, read_image
from tests.helpers import make_clip

SOURCE = Path("Cropped/sub01/EP02_01f")


def row(**changes: object) -> dict[str, object]:
    fields = {name: getattr(make_clip(SOURCE), name) for name in Clip.__dataclass_fields__}
    return {**fields, **changes}


def picture(width: int = 40, height: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def write_picture(path: Path) -> Path:
    assert cv2.imwrite(str(path), picture())
    return path


def write_video(path: Path, frames: int, fps: float = 200.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    assert writer.isOpened()
    for number in range(1, frames + 1):
        writer.write(np.full((48, 64, 3), 10 * number % 250, np.uint8))
    writer.release()
    return path


class TestAClip:
    def test_has_a_key_of_database_subject_and_name(self):
        clip = make_clip(SOURCE)
        assert clip.key == "casme2/sub01/EP01_01"
        assert clip.group == "casme2/sub01"

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"database": ""}, "database must be a non-empty text, got ''"),
            ({"subject": "  "}, "subject must be a non-empty text"),
            ({"subject": 1}, "subject must be a non-empty text, got 1"),
            ({"name": "a/b"}, "name must not contain a path separator, got 'a/b'"),
            ({"name": "a\\b"}, "name must not contain a path separator"),
            ({"name": ".."}, "name must not contain a path separator"),
            ({"subject": "sub01 "}, "subject must not begin or end with a blank, got 'sub01 '"),
            ({"name": " EP1"}, "name must not begin or end with a blank, got ' EP1'"),
            ({"fps": 0}, "fps must be a finite number above zero, got 0"),
            ({"fps": -1.0}, "fps must be a finite number above zero"),
            ({"fps": float("nan")}, "fps must be a finite number above zero, got nan"),
            ({"fps": float("inf")}, "fps must be a finite number above zero, got inf"),
            ({"fps": "200"}, "fps must be a finite number above zero, got '200'"),
            ({"fps": True}, "fps must be a finite number above zero, got True"),
            ({"emotion": 3}, "emotion must be a text, empty if unknown, got 3"),
            ({"emotion": float("nan")}, "emotion must be a text, empty if unknown, got nan"),
            ({"action_units": None}, "action_units must be a text, empty if unknown, got None"),
            ({"onset": 0}, "onset must be a frame number (1 or higher) or None, got 0"),
            ({"apex": 2.0}, "apex must be a frame number (1 or higher) or None, got 2.0"),
            ({"offset": True}, "offset must be a frame number (1 or higher) or None, got True"),
            ({"offset": pd.NA}, "offset must be a frame number (1 or higher) or None, got <NA>"),
            ({"aligned": "no"}, "aligned must be True, False or None, got 'no'"),
            (
                {"objective_class": "VIII"},
                "objective_class must be one of I, II, III, IV, V, VI, VII or empty, got 'VIII'",
            ),
            (
                {"objective_class": pd.Series(["I", "II"])},
                "objective_class must be one of I, II, III, IV, V, VI, VII or empty",
            ),
            ({"onset": 3}, "onset 3 is after apex 2"),
            ({"apex": 4}, "apex 4 is after offset 3"),
            ({"onset": 4, "apex": None}, "onset 4 is after offset 3"),
        ],
    )
    def test_that_breaks_a_rule_is_refused_with_the_rule(self, changes, message):
        with pytest.raises(ClipError) as error:
            make_clip(SOURCE, **changes)
        assert message in str(error.value)

    def test_that_breaks_several_rules_is_refused_with_all_of_them(self):
        with pytest.raises(ClipError, match=r"subject must .*; fps must .*; onset must .*; apex must "):
            make_clip(SOURCE, subject="", fps=-1, onset=0, apex="x")

    @given(st.lists(st.integers(1, 10**6), min_size=3, max_size=3))
    def test_accepts_any_frame_numbers_in_order(self, numbers):
        onset, apex, offset = sorted(numbers)
        clip = make_clip(SOURCE, onset=onset, apex=apex, offset=offset)
        assert (clip.onset, clip.apex, clip.offset) == (onset, apex, offset)

    def test_takes_numbers_of_numpy_and_a_path_as_text(self):
        numbers = {"onset": np.int64(1), "apex": np.uint8(2), "fps": np.float32(200), "name": np.str_("a")}
        (clip,) = ClipTable.from_rows([row(source=str(SOURCE), **numbers)])
        assert (clip.onset, clip.apex, clip.fps, clip.name, clip.source) == (1, 2, 200.0, "a", SOURCE)
        assert {type(clip.onset), type(clip.apex), type(clip.fps), type(clip.name)} == {int, float, str}

    def test_refuses_a_source_that_is_no_path(self):
        with pytest.raises(ClipError, match="source must be a path, got 3"):
            ClipTable.from_rows([row(source=3)])

    @pytest.mark.parametrize("written", ["Happiness", " happiness", "HAPPINESS "])
    def test_has_one_spelling_of_its_emotion(self, written):
        assert make_clip(SOURCE, emotion=written).emotion == "happiness"

    def test_keeps_a_frame_rate_that_is_not_a_whole_number(self):
        assert make_clip(SOURCE, fps=29.97).fps == 29.97

    def test_may_have_no_known_frames(self):
        assert make_clip(SOURCE, onset=None, apex=None, offset=None).apex is None

    @pytest.mark.parametrize(("source", "holds_flow"), [("a.PNG", True), ("a.avi", False), ("EP02_01f", False)])
    def test_states_whether_its_source_is_stored_flow(self, source, holds_flow):
        assert make_clip(Path(source)).holds_flow is holds_flow


class TestATable:
    def test_names_every_faulty_row_and_its_rule(self):
        with pytest.raises(ClipError) as error:
            ClipTable.from_rows([row(fps=0), row(), row(onset=9), row(color="red")])
        lines = str(error.value).splitlines()
        assert [line.split(":")[0] for line in lines] == ["row 1", "row 3", "row 4"]
        assert "fps" in lines[0]
        assert "onset 9 is after apex 2" in lines[1]
        assert "color" in lines[2]

    def test_names_a_row_that_lacks_a_field(self):
        incomplete = row()
        del incomplete["fps"], incomplete["emotion"]
        with pytest.raises(ClipError, match="^row 1: no fps, emotion; give every field, None or an empty text where"):
            ClipTable.from_rows([incomplete])

    def test_suggests_the_field_that_a_row_misspells(self):
        with pytest.raises(ClipError, match=r"^row 1: unknown field 'emotoin'; did you mean emotion\? fields are data"):
            ClipTable.from_rows([row(emotoin="fear")])

    def test_refuses_a_row_that_is_no_dictionary(self):
        with pytest.raises(ClipError, match="^row 2: not a dictionary with the fields of a Clip: 'EP1'$"):
            ClipTable.from_rows([row(), "EP1"])  # type: ignore[list-item]
        with pytest.raises(ClipError, match=r'for a DataFrame: table.to_dict\("records"\)'):
            ClipTable.from_rows(ClipTable((make_clip(SOURCE),)).frame)  # type: ignore[arg-type]

    def test_refuses_a_clip_that_occurs_twice_and_names_it(self):
        with pytest.raises(ClipError, match="these occur more than once: casme2/sub01/EP01_01$"):
            ClipTable.from_rows([row(), row(emotion="fear"), row(name="EP02_01")])

    def test_of_rows_has_a_finding_where_one_person_may_have_two_names(self):
        table = ClipTable.from_rows([row(), row(subject="SUB 1"), row(database="smic", subject="Sub01")])
        (finding,) = table.findings
        assert (finding.where, finding.found) == ("casme2", "SUB 1 and sub01")
        assert "if it is one person, give one name, or folds will share this person" in finding.remedy

    def test_of_rows_has_a_finding_where_one_database_may_have_two_names(self):
        table = ClipTable.from_rows([row(), row(database="CASME2", subject="sub02")])
        (finding,) = table.findings
        assert (finding.severity, finding.where, finding.found) == ("differs", "databases", "CASME2 and casme2")

    def test_of_rows_has_a_finding_where_one_clip_may_have_two_names(self):
        table = ClipTable.from_rows([row(name="1"), row(name="1.0"), row(subject="sub02", name="01")])
        (finding,) = table.findings
        assert (finding.severity, finding.where, finding.found) == ("differs", "casme2/sub01", "1 and 1.0")

    def test_separates_subjects_with_the_same_name_in_two_databases(self):
        table = ClipTable.from_rows([row(), row(database="smic")])
        assert table.groups == ["casme2/sub01", "smic/sub01"]

    def test_as_pandas_has_missing_values_for_unknown_frames_and_integers_for_known_ones(self):
        frame = ClipTable.from_rows([row(apex=None), row(name="b", fps=29.97)]).frame
        assert frame["apex"].isna().tolist() == [True, False]
        assert frame["onset"].tolist() == [1, 1]
        assert frame["fps"].tolist() == [200.0, 29.97]
        assert list(frame.columns) == list(Clip.__dataclass_fields__)

    def test_may_be_empty(self):
        assert len(ClipTable(())) == 0
        assert ClipTable(()).frame.empty

    def test_of_several_keeps_the_clips_findings_and_sources_of_each_and_every_stamp_once(self, tmp_path):
        tables = [
            ClipTable(
                (make_clip(tmp_path, name=name),),
                ("SYNTHETIC", name),
                (Finding("differs", name, "a", "b", "c"),),
                (Source(name, tmp_path),),
            )
            for name in ("EP1", "EP2")
        ]
        joined = ClipTable.joined(tables)
        assert [clip.name for clip in joined] == [finding.where for finding in joined.findings] == ["EP1", "EP2"]
        assert [source.name for source in joined.sources] == ["EP1", "EP2"]
        assert joined.stamps == ("SYNTHETIC", "EP1", "EP2")

    def test_may_be_made_of_a_list_or_of_what_is_read_once(self):
        clip = make_clip(SOURCE)
        for clips, stamps in ((iter([clip]), ["EP1"]), ([clip], iter(["EP1"]))):
            made = ClipTable(clips, stamps)  # type: ignore[arg-type]
            assert made == ClipTable((clip,), ("EP1",))

    def test_take_keeps_the_requested_order_and_the_stamps(self):
        table = ClipTable.from_rows([row(name=name) for name in "abc"], ["SYNTHETIC"])
        taken = table.take([2, 0])
        assert [clip.name for clip in taken] == ["c", "a"]
        assert taken.stamps == ("SYNTHETIC",)

    def test_take_accepts_positions_of_numpy_and_pandas(self):
        table = ClipTable.from_rows([row(name=name) for name in "abc"])
        for positions in (np.array([1]), np.flatnonzero([False, True, False]), pd.Series([1]), range(1, 2)):
            assert [clip.name for clip in table.take(positions)] == ["b"]

    @pytest.mark.parametrize("positions", [[-1], [3], [0.0], ["a"], "0", [True], np.array([True, False, True]), None])
    def test_take_refuses_anything_but_positions_in_the_table(self, positions):
        table = ClipTable.from_rows([row(name=name) for name in "abc"])
        with pytest.raises(MerlabError, match=r"a position must be a whole number from 0 to 2 .*flatnonzero.*, got"):
            table.take(positions)

    def test_counts_positions_from_both_ends_and_names_one_outside(self):
        table = ClipTable.from_rows([row(name=name) for name in "abc"])
        assert (table[0].name, table[-1].name, table[-3].name) == ("a", "c", "a")
        for outside in (3, -4):
            with pytest.raises(IndexError, match=f"the table has 3 clips, and none at position {outside}"):
                table[outside]
        with pytest.raises(ClipError, match="a clip is chosen by its position, its key or its name, got True"):
            table[True]

    def test_finds_a_clip_by_its_key_or_by_a_name_that_occurs_once(self):
        table = ClipTable.from_rows([row(name="EP1"), row(subject="sub02", name="EP1"), row(name="EP2")])
        assert (table["casme2/sub02/EP1"].subject, table["EP2"].name) == ("sub02", "EP2")
        with pytest.raises(ClipError, match="2 clips have the name 'EP1'; give its key, such as casme2/sub01/EP1"):
            table["EP1"]
        with pytest.raises(ClipError, match="no clip has the name 'EP1'; give its key, such as casme2/sub01/EP1"):
            ClipTable(())["EP1"]

    @pytest.mark.parametrize(
        ("make", "fault"),
        [
            (lambda: ClipTable(cast(Any, 3)), "clips must be Clip objects, got 3; ClipTable.from_rows takes dict"),
            (lambda: ClipTable(cast(Any, (row(),))), "clips must be Clip objects, got .*from_rows takes dictionaries"),
            (lambda: ClipTable.from_rows(cast(Any, "EP1")), "rows must be dictionaries with .*, got 'EP1'"),
            (lambda: ClipTable.from_rows(cast(Any, 3)), "rows must be dictionaries with .*, got 3"),
            (lambda: ClipTable.joined(cast(Any, 3)), r"tables must be ClipTable objects, got \[3\]"),
            (lambda: ClipTable.joined(cast(Any, ["a"])), r"tables must be ClipTable objects, got \['a'\]"),
            (lambda: ClipTable(()).frames(cast(Any, 0)), r"clip must be a Clip, such as table\[0\], got 0"),
        ],
    )
    def test_names_what_it_is_given_by_mistake(self, make, fault):
        with pytest.raises(ClipError, match=fault):
            make()

    def test_is_shown_with_its_subjects_findings_and_stamps(self):
        clips = [row(name="<i>"), row(name="b", emotion=""), row(subject="sub02"), row(subject="SUB 2", emotion="")]
        table = ClipTable.from_rows([*clips, row(database="<u>", emotion="<b>")], ["SYNTHETIC"])
        shown = "ClipTable: 5 clips of 4 subjects (casme2, <u>), 1 finding [SYNTHETIC]"
        assert (repr(table), repr(ClipTable(()))) == (
            shown,
            "ClipTable: 0 clips of 0 subjects (no database), 0 findings",
        )
        html = table._repr_html_()
        assert html.startswith(f"<p>{escape(shown)}<br>happiness 2, unlabeled 2, &lt;b&gt; 1</p>")
        assert "&lt;i&gt;" in html
        assert "<i>" not in html
        longer = ClipTable.from_rows([row(name=f"EP{number}") for number in range(1, 12)])._repr_html_()
        assert ("EP10" in longer, "EP11" in longer) == (True, False)


class TestFrameNumbers:
    @pytest.mark.parametrize(
        ("name", "number"),
        [("reg_img46.jpg", 46), ("img007.png", 7), ("006_05562.jpg", 5562), ("reg_image17581039.bmp", 17581039)],
    )
    def test_are_read_from_the_end_of_the_file_name(self, name, number):
        assert frame_number(Path(name)) == number

    @pytest.mark.parametrize("name", ["cover.jpg", "reg_img46 (1).jpg", "46_img.jpg"])
    def test_are_absent_from_other_names(self, name):
        assert frame_number(Path(name)) is None

    def test_order_frames_by_value(self, tmp_path):
        for number in (10, 9, 100, 8, 11):
            write_picture(tmp_path / f"img{number}.png")
        assert ImageFolder(tmp_path).numbers == [8, 9, 10, 11, 100]

    def test_that_two_files_share_are_an_error_that_names_both(self, tmp_path):
        for name in ("img7.jpg", "img007.jpg"):
            write_picture(tmp_path / name)
        with pytest.raises(ClipError, match=r"img0*7\.jpg and img0*7\.jpg have the same frame number"):
            _ = ImageFolder(tmp_path).names

    @pytest.mark.parametrize("name", ["Thumbs.db", "notes7.txt", "._img7.jpg", "cover.jpg"])
    def test_are_read_from_images_only(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"x")
        assert ImageFolder(tmp_path).numbers == []

    @pytest.mark.parametrize(
        ("numbers", "text"),
        [
            ([], "no frames"),
            ([4], "frames 4..4"),
            ([1, 2, 3], "frames 1..3"),
            ([1, 3], "frames 1..3, 1 missing between: 2"),
            ([1, 9], "frames 1..9, 7 missing between: 2, 3, 4, 5, 6, ..."),
            (range(1, 5), "frames 1..4"),
        ],
    )
    def test_are_described_with_their_gaps(self, numbers, text):
        assert describe_numbers(numbers) == text


class TestImages:
    @pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".png", ".bmp", ".tif"])
    def test_decode_to_height_width_and_three_channels(self, tmp_path, suffix):
        image = read_image(write_picture(tmp_path / f"img1{suffix}"))
        assert image.shape == (30, 40, 3)
        assert image.dtype == np.uint8

    def test_without_loss_keep_every_pixel(self, tmp_path):
        np.testing.assert_array_equal(read_image(write_picture(tmp_path / "img1.png")), picture())

    @pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tif"])
    @pytest.mark.parametrize("share", [0.3, 0.5, 0.9, 0.99])
    def test_that_are_truncated_are_refused_by_name(self, tmp_path, suffix, share):
        path = write_picture(tmp_path / f"img1{suffix}")
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(ClipError, match=rf"img1{suffix} is (truncated|not an image)"):
            read_image(path)

    def test_that_are_truncated_are_refused_although_a_small_copy_in_their_header_is_whole(self, tmp_path):
        """As cameras write it (Exif): the end of the small copy is not that of the image."""
        small, whole = (cv2.imencode(".jpg", picture(*size))[1].tobytes() for size in ((16, 12), (160, 120)))
        header = b"\xff\xe1" + struct.pack(">H", 2 + len(small)) + small
        path = tmp_path / "img1.jpg"
        path.write_bytes(whole[:2] + header + whole[2:])
        assert read_image(path).shape == (120, 160, 3)
        path.write_bytes((whole[:2] + header + whole[2:])[: len(whole) // 2])
        with pytest.raises(ClipError, match=r"img1\.jpg is truncated"):
            read_image(path)

    def test_whose_end_is_zeros_after_a_failed_copy_are_refused(self, tmp_path):
        path = write_picture(tmp_path / "img1.jpg")
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] + bytes(len(content) // 2))
        with pytest.raises(ClipError, match=r"img1\.jpg is truncated"):
            read_image(path)

    def test_that_are_empty_files_are_refused(self, tmp_path):
        (tmp_path / "img1.jpg").touch()
        with pytest.raises(ClipError, match=r"img1\.jpg is empty \(0 bytes\)"):
            read_image(tmp_path / "img1.jpg")

    def test_that_are_renamed_text_files_are_refused(self, tmp_path):
        (tmp_path / "img1.jpg").write_text("not a picture")
        with pytest.raises(ClipError, match=r"img1\.jpg is not an image"):
            read_image(tmp_path / "img1.jpg")

    def test_that_are_missing_are_named(self, tmp_path):
        with pytest.raises(ClipError, match=r"img1\.jpg cannot be read"):
            read_image(tmp_path / "img1.jpg")

    def test_whose_header_claims_a_huge_size_are_refused(self, tmp_path):
        def chunk(kind: bytes, content: bytes) -> bytes:
            return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
        bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
        (tmp_path / "img1.png").write_bytes(bomb)
        with pytest.raises(ClipError, match=r"img1\.png is not an image that OpenCV can decode"):
            read_image(tmp_path / "img1.png")

    def test_that_are_absent_from_their_folder_are_an_error_that_lists_the_existing_frames(self, tmp_path):
        for number in (4, 6):
            write_picture(tmp_path / f"img{number}.png")
        with pytest.raises(ClipError, match=r"has no frame 5; it has frames 4\.\.6, 1 missing between: 5"):
            ImageFolder(tmp_path).read(5)


class TestSources:
    def test_may_be_a_folder_or_a_video(self, tmp_path):
        assert isinstance(open_frames(tmp_path), ImageFolder)
        assert isinstance(open_frames(write_video(tmp_path / "a.avi", 2)), Video)

    def test_of_a_clip_are_opened_by_its_table(self, tmp_path):
        write_picture(tmp_path / "img2.png")
        table = ClipTable((make_clip(tmp_path),))
        assert list(table.frames(table.clips[0]).numbers) == [2]

    def test_that_do_not_exist_are_named(self, tmp_path):
        with pytest.raises(ClipError, match=r"EP02_01f does not exist; check the path of the video"):
            open_frames(tmp_path / "EP02_01f")
        (tmp_path / "a.mp4").symlink_to(tmp_path / "disk" / "b.mp4")
        with pytest.raises(ClipError, match=r"a\.mp4 is a link to .*b\.mp4, which does not exist; restore that file"):
            open_frames(tmp_path / "a.mp4")

    def test_that_vanish_while_they_are_read_are_named(self, tmp_path):
        folder = tmp_path / "EP02_01f"
        folder.mkdir()
        frames = open_frames(folder)
        folder.rmdir()
        with pytest.raises(ClipError, match=r"EP02_01f cannot be listed: No such file"):
            _ = frames.numbers

    def test_of_another_kind_are_an_error_with_the_reason(self, tmp_path):
        (tmp_path / "a.txt").write_text("notes")
        with pytest.raises(ClipError, match=r"a\.txt cannot be opened as a video: it is a text; give a video, or"):
            open_frames(tmp_path / "a.txt")


def test_a_finding_has_one_of_three_severities():
    with pytest.raises(MerlabError, match="unknown severity 'unusabel'; did you mean unusable"):
        Finding(cast(Any, "unusabel"), "sub01 EP01", "an apex", "none", "look at it")


def test_what_a_reader_found_can_be_written_where_a_name_is_not_valid_utf_8(tmp_path):
    finding = Finding("differs", "caf\udce9", "a", "b\udce9", "c")
    source = Source("table", tmp_path, {"folder": "caf\udce9"}, ("--table", "caf\udce9.csv"))
    assert (finding.where, finding.found) == (r"caf\udce9", r"b\udce9")
    assert (source.facts, source.options) == ({"folder": r"caf\udce9"}, ("--table", r"caf\udce9.csv"))
