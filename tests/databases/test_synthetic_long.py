"""The events of long SYNTHETIC recordings as clips of a database."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from merlab.databases import find_database, long_videos
from merlab.errors import MerlabError
from merlab.progress import silent


@pytest.fixture(scope="module")
def root(synthetic_recording):
    return synthetic_recording


def test_every_event_is_a_clip_of_its_recording(root):
    examination = find_database("synthetic-long").examine(root, True, silent)
    (clip,) = examination.clips
    row = pd.read_csv(root / "SYNTHETIC_events.csv").iloc[0]
    assert examination.clips.stamps == ("SYNTHETIC",)
    assert examination.facts["made with"] == "preset default, seed 0"
    assert not examination.findings
    assert (clip.onset, clip.apex, clip.offset) == (row["onset"], row["apex"], row["offset"])
    assert (clip.subject, clip.emotion, clip.fps) == ("sub01", row["emotion"], 200.0)
    assert clip.action_units == str(row["action_units"])
    assert examination.clips.frames(clip).read(int(row["apex"])).shape == (282, 231, 3)


def test_a_missing_recording_is_a_finding_with_the_remedy(root, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    (copy / "SYNTHETIC_videos" / "SYNTHETIC_sub01.avi").unlink()
    (finding,) = find_database("synthetic-long").examine(copy, False, silent).findings
    assert finding.severity == "unusable"
    assert "SYNTHETIC_sub01.avi" in finding.expected


def test_any_other_folder_is_refused(tmp_path):
    with pytest.raises(MerlabError, match="not hold a complete set of long SYNTHETIC recordings.*merlab make-videos"):
        find_database("synthetic-long").examine(tmp_path, False, silent)


def test_a_changed_manifest_is_refused_with_the_faulty_field(root, tmp_path):
    manifest = json.loads((root / "SYNTHETIC_manifest.json").read_text())
    del manifest["recordings"][0]["fps"]
    (tmp_path / "SYNTHETIC_manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(MerlabError, match=r"SYNTHETIC_manifest\.json is not a manifest.*recordings\.0\.fps.*remove it"):
        find_database("synthetic-long").examine(tmp_path, False, silent)


def test_the_recordings_are_long_videos_with_their_events(root):
    (video,) = long_videos("synthetic-long", root).videos
    row = pd.read_csv(root / "SYNTHETIC_events.csv").iloc[0]
    assert (video.name, video.frames, video.fps) == (row["video"], 800, 200.0)
    assert [(event.onset, event.offset, event.kind) for event in video.events] == [
        (row["onset"], row["offset"], "micro")
    ]


def test_a_macro_expression_is_an_event_of_its_kind_and_no_clip_for_recognition(root, tmp_path):
    manifest = json.loads((root / "SYNTHETIC_manifest.json").read_text())
    recording = manifest["recordings"][0]
    recording["events"] = [recording["events"][0] | {"kind": kind} for kind in ("macro", "micro")]
    (tmp_path / "SYNTHETIC_manifest.json").write_text(json.dumps(manifest))
    shutil.copytree(root / "SYNTHETIC_videos", tmp_path / "SYNTHETIC_videos")
    (video,) = long_videos("synthetic-long", tmp_path).videos
    assert [event.kind for event in video.events] == ["macro", "micro"]
    assert len(find_database("synthetic-long").examine(tmp_path, False, silent).clips) == 1
