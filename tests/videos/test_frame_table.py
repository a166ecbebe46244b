"""The table of frames: written in OpenFace's habits, read with the place of what is damaged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.sinks import CsvSink
from merlab.videos.frame_table import HEADER, MEASURES, FrameLine, lines_of, read_frame_lines, read_frame_table
from merlab.videos.rows import FrameRow


def seen(number, time_s, **changes):
    return FrameRow(number, time_s, 0, 0.987, 1, 10.0, 20.0, 100.0, 120.0, 2.5, 0.1, 5.5, **changes)


@pytest.fixture
def table(tmp_path):
    """Two frames with a face, whose head turns and whose left mouth corner rises, and one without."""
    values = np.full((2, len(MEASURES)), np.nan)
    values[:, MEASURES.index("pose_yaw")] = -12.34, -0.04
    values[:, MEASURES.index("AU12_evidence_left")] = 1.9, 0
    values[:, MEASURES.index("AU12_evidence_right")] = 0
    rows = [seen(1, 0.0), seen(2, 0.005)]
    lines = [*lines_of(rows, values), FrameLine(FrameRow(3, 0.01, face_id=None, confidence=None, success=0))]
    with CsvSink(tmp_path / "frames.csv", HEADER) as sink:
        for line in lines:
            sink.write(line.cells)
    return tmp_path / "frames.csv"


def test_a_script_for_openface_reads_it(table):
    # As users of OpenFace do: names have blanks in its files, and unsuccessful frames are left out.
    frames = pd.read_csv(table)
    frames.columns = [name.strip() for name in frames.columns]
    frames = frames[["frame", "face_id", "timestamp", "confidence", "success"]][frames["success"] == 1]
    assert frames[frames["confidence"] > 0.8].to_numpy().tolist() == [[1, 0, 0.0, 0.987, 1], [2, 0, 0.005, 0.987, 1]]


def test_the_columns_are_those_that_users_have_scripts_for():
    assert ",".join(HEADER) == (
        "frame,time_s,face_id,confidence,success,x,y,width,height,score,lids_px,threshold,timestamp,"
        "pose_pitch,pose_yaw,pose_roll,lid_drop_right,lid_drop_left,blink,"
        "score_eyes_and_brows,score_nose,score_cheeks_right,score_cheeks_left,score_mouth_right,score_mouth_left,"
        "score_chin,AU01_evidence_right,AU01_evidence_left,AU02_evidence_right,AU02_evidence_left,"
        "AU04_evidence_right,AU04_evidence_left,AU05_evidence_right,AU05_evidence_left,AU06_evidence_right,"
        "AU06_evidence_left,AU07_evidence_right,AU07_evidence_left,AU09_evidence_right,AU09_evidence_left,"
        "AU10_evidence_right,AU10_evidence_left,AU12_evidence_right,AU12_evidence_left,AU14_evidence_right,"
        "AU14_evidence_left,AU15_evidence_right,AU15_evidence_left,AU17_evidence,AU20_evidence_right,"
        "AU20_evidence_left,AU24_evidence,AU25_evidence,AU26_evidence"
    )


def test_values_are_short_and_empty_where_unknown(table):
    first, second, third = read_frame_lines(table)
    texts = [dict(zip(MEASURES, line.measures, strict=True)) for line in (first, second, third)]
    assert [text["pose_yaw"] for text in texts] == ["-12.3", "0", ""]
    assert [text["AU12_evidence_left"] for text in texts] == ["1.9", "0", ""]
    assert [text["AU12_evidence_right"] for text in texts] == ["0", "0", ""]
    assert [text["blink"] for text in texts] == ["", "", ""]


def test_the_table_of_an_earlier_version_has_the_time_and_empty_measures(table):
    pd.read_csv(table)[list(HEADER[:12])].to_csv(table, index=False)
    frames = read_frame_table(table)
    assert frames.columns.tolist() == list(HEADER)
    assert frames["timestamp"].tolist() == [0.0, 0.005, 0.01]
    assert frames["pose_yaw"].isna().all()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("0.987", "O.987", "line 2 is damaged: confidence is 'O.987', not a number"),
        ("-12.3", "left", "damaged"),
        ("2,0.00500,0,", "2,0.00500,0.5,", "line 3 is damaged: face_id is '0.5', not a number"),
        ("3,0.01000,,,0,", "3,0.01000,", "line 4 is damaged: it has"),
        ("pose_yaw", "pose_jaw", "damaged .it has no column pose_yaw"),
        ("pose_yaw", "score", "has no column score, or has it twice"),
        ("pose_yaw", "blink", "damaged .two columns have one name"),
        ("confidence", "conf", "has no column confidence"),
    ],
)
def test_damage_is_reported_with_its_place(table, before, after, message):
    table.write_text(table.read_text().replace(before, after, 1))
    with pytest.raises(MerlabError, match=message):
        read_frame_table(table)
