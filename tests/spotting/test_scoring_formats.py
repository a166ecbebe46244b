"""Tables of events that other tools write: MEGC's answers, LGSNet's detections and intervals, ELAN documents."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from merlab.coding.frame_clock import FrameClock
from merlab.errors import MerlabError
from merlab.spotting.scoring import score_spotting
from merlab.spotting.scoring.read_intervals import ReadingOptions, event_cells, read_events

TRUTH = pd.DataFrame({"video": ["15_0101a", "15_0101a"], "onset": [10, 100], "offset": [20, 130]})


class TestAnswersOfMegc:
    def test_have_the_column_vid(self, tmp_path):
        file = tmp_path / "answers.csv"
        file.write_text("vid,onset,offset,emotion\n15_0101a,11,20,negative\n")
        assert read_events(file)["video"].tolist() == ["15_0101a"]
        assert score_spotting(TRUTH, file).tp == 1

    def test_of_earlier_years_have_predicted_frames_and_abbreviated_kinds(self, tmp_path):
        file = tmp_path / "cas_pred.csv"
        file.write_text("vid,pred_onset,pred_offset,type\n15_0101a,11,20,me\n15_0101a,100,131,mae\n")
        events = read_events(file)
        assert events["kind"].tolist() == ["micro", "macro"]
        assert events["onset"].tolist() == [11, 100]

    @pytest.mark.parametrize(
        ("header", "named"),
        [
            (
                "onset,pred_onset,offset",
                "several columns that mean onset: onset and pred_onset; keep one",
            ),
            ("startFrame,pred_onset,offset", "several columns that mean onset: pred_onset and startFrame"),
            ("onset,endFrame,offset", "several columns that mean offset: offset and endFrame"),
            ("onset,offset,onset", "the column onset 2 times; keep one"),
            ("onset,offset,On_set", "several columns that mean onset: 'onset' and 'On_set'; keep one"),
        ],
    )
    def test_with_two_onsets_are_refused_by_the_names_in_the_table(self, tmp_path, header, named):
        file = tmp_path / "answers.csv"
        file.write_text(f"vid,{header}\n15_0101a,11,15,20\n")
        with pytest.raises(MerlabError, match=f"answers.csv has {named}"):
            read_events(file)


class TestDetections:
    TEXT = "15_0101a\t10.500\t20.250\t0.9\n15_0101a\t100.0\t130.0\t0.4\n15_0101a\t300.0\t310.0\t0.4000001\n"

    @pytest.fixture
    def file(self, tmp_path):
        path = tmp_path / "test_03.txt"
        path.write_text(self.TEXT)
        return path

    def test_need_a_threshold_and_count_above_it(self, file):
        with pytest.raises(MerlabError, match=r"give the score above which they count \(--threshold\)"):
            score_spotting(TRUTH, file)
        assert score_spotting(TRUTH, file, threshold=0.4).spotted_events == 2
        assert score_spotting(TRUTH, file, threshold=0.0).tp == 2

    def test_keep_their_fractions_of_frames(self, file):
        assert read_events(file, ReadingOptions(threshold=0.5))["onset"].tolist() == [10.5]
        for impossible in (float("nan"), float("inf")):
            with pytest.raises(MerlabError, match="the threshold must be a finite number"):
                score_spotting(TRUTH, file, threshold=impossible)

    @pytest.mark.parametrize("line", ["15_0101a\t1\t2", "15_0101a\t1\ttwo\t0.5", "video,start,end,score"])
    def test_of_another_form_are_refused_with_the_line(self, file, line):
        file.write_text(f"{self.TEXT}{line}\n")
        with pytest.raises(MerlabError, match="line 4: .* is not video, start, end and score with tabs"):
            score_spotting(TRUTH, file, threshold=0.5)

    @pytest.mark.parametrize("content", [None, b"15_0101a\xff\t1\t2\t0.5\n"])
    def test_that_are_not_there_or_no_text_are_refused_by_name(self, tmp_path, content):
        if content is not None:
            (tmp_path / "test_04.txt").write_bytes(content)
        with pytest.raises(MerlabError, match=r"test_04\.txt cannot be read: .*; give a text of detections"):
            score_spotting(TRUTH, tmp_path / "test_04.txt", threshold=0.5)

    def test_a_separator_of_lines_in_a_name_does_not_end_a_line(self, tmp_path):
        file = tmp_path / "test.txt"
        file.write_text("one\u2028video\t1\t9\t0.9\n", encoding="utf-8")
        assert read_events(file, ReadingOptions(threshold=0.5))["video"].tolist() == ["one\u2028video"]

    def test_numbers_and_marks_are_read_as_other_tools_write_them(self, tmp_path):
        file = tmp_path / "test.txt"
        file.write_text("15_0101a\t.5\t2.e1\t.9\r\n", encoding="utf-8-sig")
        (row,) = read_events(file, ReadingOptions(threshold=0.5)).to_dict("records")
        assert (row["video"], row["onset"], row["offset"]) == ("15_0101a", 0.5, 20)
        for start, end in (("-3", "20"), ("1", "9e999")):
            file.write_text(f"15_0101a\t{start}\t{end}\t.9\n")
            with pytest.raises(MerlabError, match="line 1: .* is not video, start, end and score"):
                read_events(file, ReadingOptions(threshold=0.5))

    def test_a_threshold_also_chooses_from_a_table_with_scores(self):
        spotted = TRUTH.assign(score=[0.2, 0.9])
        assert score_spotting(TRUTH, spotted, threshold=0.5).spotted_events == 1
        with pytest.raises(MerlabError, match="has no column score, which a threshold needs"):
            score_spotting(TRUTH, TRUTH, threshold=0.5)

    def test_below_events_that_are_left_out_a_fault_is_named_by_its_own_row(self):
        spotted = pd.DataFrame({"video": "15_0101a", "onset": [1, 30], "offset": [9, 20], "score": [0.1, 0.9]})
        with pytest.raises(MerlabError, match="row 2: onset is after offset"):
            score_spotting(TRUTH, spotted, threshold=0.5)


@pytest.mark.filterwarnings("ignore:.*coding.csv:UserWarning")
def test_movements_that_a_coder_rejected_are_no_events_and_several_coders_are_noted(tmp_path):
    coded, found = tmp_path / "coding.csv", tmp_path / "found.csv"
    coded.write_text("onset,offset,decision,coder\n1,10,accept,AB\n101,130,Reject,AB\n201,230,add,AB\n2,10,,CD\n")
    found.write_text("onset,offset\n1,10\n101,130\n")
    scores = score_spotting(coded, found)
    assert (scores.tp, scores.fp, scores.fn) == (1, 1, 2)
    assert scores.notes == (
        f"{coded}: without 1 event that a coder rejected",
        f"{coded}: events of several coders ('AB', 'CD') all count; score one coder at a time",
    )
    assert read_events(coded).columns.tolist() == ["onset", "offset", "video"]


@pytest.mark.parametrize("folders", ["./faces/s15/", ".\\faces\\s15\\"])
@pytest.mark.filterwarnings("ignore:.*the folders of the videos:UserWarning")
def test_the_intervals_of_lgsnet_are_read_with_the_names_of_their_videos(tmp_path, folders):
    file = tmp_path / "annotation.csv"
    file.write_text(
        "subject,video,type,type_idx,startFrame,endFrame,frame_num,length\n"
        f"1,{folders}15_0101a,macro-expression,1,10,20,2052,10\n"
    )
    (row,) = read_events(file).to_dict("records")
    assert (row["video"], row["onset"], row["offset"], row["kind"]) == ("15_0101a", 10, 20, "macro")


def elan(tiers: dict[str, list[tuple[int | None, int, str]]], media: str = "", doctype: str = "") -> str:
    """An ELAN document: tier -> annotations (begin ms, end ms, text); a begin of None has no time."""
    slots, rows, number = [], [], 0
    for name, coded in tiers.items():
        listed = ""
        for begin, end, text in coded:
            number += 1
            value = "" if begin is None else f' TIME_VALUE="{begin}"'
            slots.append(
                f'<TIME_SLOT TIME_SLOT_ID="b{number}"{value}/><TIME_SLOT TIME_SLOT_ID="e{number}" TIME_VALUE="{end}"/>'
            )
            listed += (
                f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" TIME_SLOT_REF1="b{number}" '
                f'TIME_SLOT_REF2="e{number}"><ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>'
            )
        rows.append(f'<TIER TIER_ID="{name}">{listed}</TIER>')
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<ANNOTATION_DOCUMENT><HEADER>{media}</HEADER>'
        f"<TIME_ORDER>{''.join(slots)}</TIME_ORDER>{''.join(rows)}</ANNOTATION_DOCUMENT>"
    )


MEDIA = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///home/me/15_0101a" TIME_ORIGIN="{origin}"/>'


class TestElan:
    def write(self, tmp_path: Path, *tiers, origin: int = 0, **options: str) -> Path:
        path = tmp_path / "coded.eaf"
        path.write_text(elan(dict(tiers), MEDIA.format(origin=origin), **options))
        return path

    def test_times_become_frames_from_1_and_the_video_is_the_linked_one(self, tmp_path):
        file = self.write(tmp_path, ("movements", [(45, 95, "micro"), (495, 645, "macro")]))
        events = read_events(file, ReadingOptions(fps=200))
        assert events[["video", "onset", "offset", "kind"]].to_numpy().tolist() == [
            ["15_0101a", 10, 20, "micro"],
            ["15_0101a", 100, 130, "macro"],
        ]
        assert score_spotting(TRUTH, file, fps=200).tp == 2

    @pytest.mark.parametrize(
        ("fps", "times", "frames"),
        [
            # Frame 1 is shown from 0 to 40 ms, frame 2 from 40 to 80 ms.
            (25, (30, 70), (1, 2)),
            (25, (20, 60), (1, 2)),
            # Frames begin at 33.3 and 66.7 ms, which ELAN stores as 33 and 67 ms.
            (30, (33, 67), (2, 3)),
            (29.97, (33, 65), (2, 2)),
            (200, (1375, 1655), (276, 332)),
            # 1 ms before the frames at 282.4 s and 282.41 s.
            (200, (282399, 282409), (56481, 56483)),
        ],
    )
    def test_a_time_is_that_of_the_frame_that_is_shown_as_in_coding(self, tmp_path, fps, times, frames):
        (event,) = read_events(self.write(tmp_path, ("smile", [(*times, "micro")])), ReadingOptions(fps=fps)).to_dict(
            "records"
        )
        assert (event["onset"], event["offset"]) == frames
        clock = FrameClock.constant(fps, 60000)
        assert (clock.frame_at(times[0]), clock.frame_at(times[1])) == frames

    def test_a_text_that_is_no_kind_is_the_emotion(self, tmp_path):
        texts = ["disgust", "others", "Other"]
        file = self.write(tmp_path, ("movements", [(100 * at, 100 * at + 95, text) for at, text in enumerate(texts)]))
        events = read_events(file, ReadingOptions(fps=100))
        assert (events["emotion"].tolist(), "kind" in events) == (texts, False)

    def test_a_video_that_begins_later_is_shifted(self, tmp_path):
        file = self.write(tmp_path, ("movements", [(45, 95, "")]), origin=1000)
        assert read_events(file, ReadingOptions(fps=200))["onset"].tolist() == [210]

    def test_a_video_that_begins_earlier_is_shifted_back(self, tmp_path):
        file = self.write(tmp_path, ("movements", [(1045, 1095, "")]), origin=-1000)
        assert read_events(file, ReadingOptions(fps=200))["onset"].tolist() == [10]

    @pytest.mark.filterwarnings("ignore:.*2 media are linked:UserWarning")
    def test_a_sound_before_the_video_is_not_the_video(self, tmp_path):
        file = self.write(tmp_path, ("movements", [(1045, 1095, "")]), origin=-1000)
        sound = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///home/me/15_0101a.wav" MIME_TYPE="audio/x-wav"/>'
        file.write_text(file.read_text().replace("<MEDIA_DESCRIPTOR", f"{sound}<MEDIA_DESCRIPTOR", 1))
        assert read_events(file, ReadingOptions(fps=200))[["video", "onset"]].to_numpy().tolist() == [["15_0101a", 10]]

    def test_an_origin_that_is_not_a_number_is_refused(self, tmp_path):
        file = self.write(tmp_path, ("movements", [(45, 95, "")]))
        file.write_text(file.read_text().replace('TIME_ORIGIN="0"', 'TIME_ORIGIN="soon"'))
        with pytest.raises(MerlabError, match="TIME_ORIGIN of 15_0101a is 'soon'"):
            read_events(file, ReadingOptions(fps=200))

    def test_several_tiers_are_refused_until_one_is_chosen(self, tmp_path):
        file = self.write(tmp_path, ("coder A", [(45, 95, "")]), ("coder B", [(5, 15, "")]), ("notes", []))
        with pytest.raises(MerlabError, match=r"several tiers with annotations: 'coder A', 'coder B'; choose one"):
            read_events(file, ReadingOptions(fps=200))
        assert read_events(file, ReadingOptions(fps=200, tier="coder B"))["onset"].tolist() == [2]
        with pytest.raises(MerlabError, match="has no tier 'coder C'"):
            read_events(file, ReadingOptions(fps=200, tier="coder C"))

    def test_a_tier_within_another_is_named_and_not_read_unless_it_is_chosen(self, tmp_path):
        """As `merlab coding import` reads it."""
        file = self.write(tmp_path, ("movements", [(45, 95, "joy")]), ("doubts", [(45, 95, "?")]))
        file.write_text(file.read_text().replace('"doubts"', '"doubts" PARENT_REF="movements"'))
        table = event_cells(file, "the table", ReadingOptions(fps=200))
        assert (table.cells["emotion"].tolist(), table.notes) == (
            ["joy"],
            (f"{file}: tiers that were not read: doubts",),
        )
        assert read_events(file, ReadingOptions(fps=200, tier="doubts"))["emotion"].tolist() == ["?"]

    def test_a_tier_is_refused_where_no_document_is_read(self, tmp_path):
        file, truth = self.write(tmp_path, ("coder A", [(45, 95, "")])), tmp_path / "truth.csv"
        truth.write_text("video,onset,offset\n15_0101a,10,20\n")
        for spotted in (truth, [truth], pd.read_csv(truth)):
            with pytest.raises(
                MerlabError, match="no .eaf file is read, from which the tier 'coder A' could be chosen"
            ):
                score_spotting(truth, spotted, tier="coder A")
        assert score_spotting(truth, [file], fps=200, tier="coder A").tp == 1

    def test_of_merlabs_own_tiers_the_movements_are_read(self, tmp_path):
        others = ("face 1 apexes", [(60, 65, "")]), ("face 1 weak candidates", [(200, 230, "weak")])
        file = self.write(tmp_path, ("face 1 events", [(45, 95, "others 0.71; mouth")]), *others)
        events = read_events(file, ReadingOptions(fps=200))
        assert (len(events), "emotion" in events, "kind" in events) == (1, False, False)
        marked = ("face 1 events", [(45, 95, "others 0.71; mouth"), (300, 999, "macro: no class; mouth")])
        assert read_events(self.write(tmp_path, marked, *others), ReadingOptions(fps=200))["kind"].tolist() == [
            "micro",
            "macro",
        ]

    def test_two_faces_may_move_in_the_same_frames(self, tmp_path):
        both = [(f"face {face} events [SYNTHETIC]", [(45, 95, "others 0.71; mouth")]) for face in (0, 1)]
        file = self.write(tmp_path, *both)
        assert read_events(file, ReadingOptions(fps=200))["face_id"].tolist() == ["0", "1"]
        (note,) = [note for note in score_spotting(TRUTH, file, fps=200).notes if "faces" in note]
        assert "several faces move in '15_0101a'; faces are not compared" in note

    def test_a_copy_of_merlabs_tier_is_one_of_the_coder(self, tmp_path):
        """ELAN calls the copy of a tier ``-cp``; a coder corrects it."""
        file = self.write(
            tmp_path, ("face 0 events", [(45, 95, "no class; mouth")]), ("face 0 events-cp", [(50, 95, "")])
        )
        with pytest.raises(MerlabError, match="several tiers with annotations: 'face 0 events', 'face 0 events-cp'"):
            read_events(file, ReadingOptions(fps=200))
        texts = [
            (50, 95, "no class; mouth, left"),
            (100, 150, "joy"),
            (200, 300, "macro: joy 0.83 (movement too long); nose"),
        ]
        copied = read_events(self.write(tmp_path, ("face 0 events-cp", texts)), ReadingOptions(fps=200))
        assert copied["emotion"].tolist() == ["(none)", "joy", "(none)"]

    @pytest.mark.parametrize("name", ["AB face 0 movements", "face 0 events [SYNTHETIC]"])
    def test_what_overlaps_on_a_tier_of_merlab_is_read_with_it(self, tmp_path, name):
        file = self.write(
            tmp_path,
            (name, [(45, 95, "")]),
            (f"{name} (2)", [(60, 120, "")]),
            ("CD face 0 movements", [(5, 15, "")]),
        )
        assert read_events(file, ReadingOptions(fps=200, tier=name))["onset"].tolist() == [10, 13]

    def test_videos_of_other_rates_have_those_of_the_list_of_videos(self, tmp_path):
        """One --fps cannot be that of both; the table of truth has the frames of each video's own rate."""
        file = self.write(tmp_path, ("movements", [(45, 95, "micro"), (495, 645, "macro")]))
        other = tmp_path / "other.eaf"
        other.write_text(file.read_text().replace("15_0101a", "b.mp4"))
        slow = pd.DataFrame({"video": "b.mp4", "onset": [2, 15], "offset": [3, 20]})
        lengths = pd.DataFrame({"video": ["15_0101a", "b.mp4"], "seconds": 10, "fps": [200, 30]})
        scores = score_spotting([TRUTH[["video", "onset", "offset"]], slow], [file, other], videos=lengths)
        assert (scores.tp, scores.fp, scores.fn) == (4, 0, 0)

    def test_frames_are_numbered_as_the_list_of_videos_states(self, tmp_path):
        file = self.write(tmp_path, ("movements", [(45, 95, "micro")]))
        true = TRUTH.iloc[:1].assign(video="15_0101a", onset=1010, offset=1020, kind="micro")
        listed = pd.DataFrame({"video": ["15_0101a"], "frames": [2000], "fps": [200]})
        assert score_spotting(true, file, videos=listed).tp == 0
        assert score_spotting(true, file, videos=listed.assign(first=1001)).by_iou[-1].tp == 1
        from_0 = true.assign(onset=9, offset=19)
        assert score_spotting(from_0, file, videos=listed.assign(first=0)).by_iou[-1].tp == 1

    def test_without_frames_per_second_is_refused(self, tmp_path):
        with pytest.raises(MerlabError, match="has times and no frames; give the frames per second"):
            read_events(self.write(tmp_path, ("movements", [(45, 95, "")])))

    def test_an_annotation_without_times_is_refused(self, tmp_path):
        with pytest.raises(MerlabError, match="annotation a1: it has no times; align it in ELAN"):
            read_events(self.write(tmp_path, ("movements", [(None, 95, "")])), ReadingOptions(fps=200))

    def test_an_annotation_that_does_not_end_after_it_begins_or_lies_before_the_video_is_refused(self, tmp_path):
        with pytest.raises(MerlabError, match="annotation a1: it begins at 95 ms and ends at 95 ms"):
            read_events(self.write(tmp_path, ("movements", [(95, 95, "")])), ReadingOptions(fps=200))
        with pytest.raises(MerlabError, match="begins 955 ms before the first linked video"):
            read_events(self.write(tmp_path, ("movements", [(45, 95, "")]), origin=-1000), ReadingOptions(fps=200))

    def test_texts_of_action_units_alone_are_these_unless_all_are_numbers_which_may_be_classes(self, tmp_path):
        def annotated(texts: list[str]) -> list[tuple[int, int, str]]:
            return [(100 * at, 100 * at + 50, text) for at, text in enumerate(texts)]

        texts = (["6+12", "4", "joy"], ["4", "12"])
        events = [read_events(self.write(tmp_path, ("t", annotated(each))), ReadingOptions(fps=200)) for each in texts]
        assert events[0][["action_units", "emotion"]].to_numpy().tolist() == [
            ["6+12", "(none)"],
            ["4", "(none)"],
            ["", "joy"],
        ]
        assert events[1]["emotion"].tolist() == ["4", "12"]

    def test_a_document_with_entities_is_refused_before_they_are_expanded(self, tmp_path):
        bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
        with pytest.raises(MerlabError, match="has a document type definition, which no file of ELAN has"):
            read_events(self.write(tmp_path, ("movements", [(45, 95, "&c;")]), doctype=bomb), ReadingOptions(fps=200))

    @pytest.mark.parametrize("content", [b"", b"<ANNOTATION_DOCUMENT>", b"\x00\xff"])
    def test_a_damaged_document_is_refused(self, tmp_path, content):
        path = tmp_path / "coded.eaf"
        path.write_bytes(content)
        with pytest.raises(MerlabError, match="is not an annotation document of ELAN"):
            read_events(path, ReadingOptions(fps=200))
