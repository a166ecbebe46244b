"""A tree of synthetic clips: its layout, its bytes, refused settings, and resuming after an interruption."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from merlab.databases import find_database
from merlab.databases.synthetic import SYNTHETIC_FACES
from merlab.errors import MerlabError
from merlab.frames import open_frames
from merlab.progress import silent
from merlab.synthesis import clip_truth, folder, make_faces, plan_clip
from merlab.synthesis.face_tree import Tree, class_counts
from tests.synthesis.folders import digests

COLUMNS_2014 = (
    "Subject",
    "Filename",
    None,
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    None,
    "Action Units",
    "Estimated Emotion",
)
SETTINGS: dict[str, Any] = {"subjects": 1, "clips": 2, "seed": 0}


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    return make_faces(tmp_path_factory.mktemp("faces") / "tree", **SETTINGS, jobs=1)


def described_clips(root: Path) -> list[dict[str, Any]]:
    return list(json.loads((root / "SYNTHETIC_manifest.json").read_text(encoding="utf-8"))["clips"])


class TestWhatATreeHolds:
    @pytest.mark.slow
    def test_the_coding_table_has_casme2s_columns_and_one_row_per_clip_in_ascii_order(self, tree):
        workbook = openpyxl.load_workbook(tree / "SYNTHETIC-coding.xlsx")
        rows = list(workbook.worksheets[0].values)
        assert workbook.sheetnames == ["Sheet1", "Sheet2", "Sheet3"]
        assert rows[0] == COLUMNS_2014
        assert [row[:2] for row in rows[1:]] == sorted(row[:2] for row in rows[1:])
        assert [row[1:] for row in rows[1:]] == [
            (
                clip["clip"], None, clip["onset"], clip["apex"], clip["offset"], None, row[7], clip["emotion"],
            )
            for clip, row in zip(described_clips(tree), rows[1:], strict=True)
        ]  # fmt: skip

    @pytest.mark.slow
    def test_the_table_writes_action_units_as_casme2_does(self, tree):
        cells = [
            row[7] for row in list(openpyxl.load_workbook(tree / "SYNTHETIC-coding.xlsx").worksheets[0].values)[1:]
        ]
        for cell, clip in zip(cells, described_clips(tree), strict=True):
            units = [
                ("" if unit["side"] == "B" else unit["side"]) + str(unit["number"]) for unit in clip["action_units"]
            ]
            assert str(cell) == "+".join(units)
            assert isinstance(cell, int) == str(cell).isdigit()

    @pytest.mark.slow
    def test_frames_are_numbered_without_padding_from_the_stated_first_to_the_last(self, tree):
        for clip in described_clips(tree):
            folder = tree / "Cropped" / clip["subject"] / clip["clip"]
            assert {path.name for path in folder.iterdir()} == {
                f"reg_img{number}.jpg" for number in range(clip["first_frame"], clip["last_frame"] + 1)
            }

    @pytest.mark.slow
    def test_all_files_are_marked_synthetic_and_both_readers_stamp_the_clips(self, tree):
        assert "SYNTHETIC" in openpyxl.load_workbook(tree / "SYNTHETIC-coding.xlsx").properties.title
        assert "SYNTHETIC" in (tree / "README.txt").read_text(encoding="utf-8")
        for name in ("synthetic", "casme2"):
            examination = find_database(name).examine(tree, True, silent)
            assert examination.clips.stamps == ("SYNTHETIC",)
            assert [(clip.database, clip.fps) for clip in examination.clips] == [(name, 200.0)] * 2
            assert not examination.findings

    def test_its_facts_state_the_settings_that_tell_two_sets_apart(self, tree):
        assert find_database("synthetic").examine(tree, False, silent).facts["made with"] == "preset default, seed 0"

    def test_the_truth_file_of_a_clip_has_its_exact_flow_and_landmarks(self, tree, renderer):
        entry = Tree(tree, 1, 2, "default", 0, False).entries[1]
        plan = plan_clip(renderer.identity, 1, entry.emotion, renderer.preset)
        expected = clip_truth(renderer, plan)
        with np.load(tree / "SYNTHETIC_truth" / entry.folder.with_suffix(".npz")) as stored:
            assert stored["flow"].dtype == np.float16
            assert stored["flow"].shape == (282, 231, 2)
            assert np.abs(stored["flow"] - expected.flow).max() < 0.01
            assert dict(zip(stored["landmark_names"], map(tuple, stored["apex_landmarks"]), strict=True)) == {
                name: pytest.approx(place, abs=1e-3) for name, place in expected.apex_landmarks.items()
            }

    def test_the_manifest_states_settings_and_versions(self, tree):
        manifest = json.loads((tree / "SYNTHETIC_manifest.json").read_text(encoding="utf-8"))
        assert manifest["settings"].items() >= {"seed": 0, "subjects": 1, "clips": 2, "preset": "default"}.items()
        assert manifest["settings"]["preset_settings"]["amplitude"] == 0.6
        assert {"merlab", "numpy", "opencv"} <= manifest["versions"].keys()

    @pytest.mark.slow
    def test_raw_adds_camera_frames_and_does_not_change_the_cropped_frames(self, tree, tmp_path):
        with_raw = make_faces(tmp_path / "raw", **SETTINGS, raw=True, jobs=1)
        clip = described_clips(with_raw)[0]
        frames = open_frames(with_raw / "CASME2-RAW" / clip["subject"] / clip["clip"])
        assert list(frames.numbers) == list(range(clip["first_frame"], clip["last_frame"] + 1))
        assert frames.read(clip["apex"]).shape == (480, 640, 3)
        cropped = {name: digest for name, digest in digests(with_raw).items() if name.startswith("Cropped")}
        assert cropped == {name: digest for name, digest in digests(tree).items() if name.startswith("Cropped")}


class TestDistributionOfClips:
    def test_class_counts_follow_casme2s_frequencies_by_largest_remainder(self):
        assert class_counts(246) == {"happiness": 32, "disgust": 63, "surprise": 25, "repression": 27, "others": 99}
        assert class_counts(255) == {"happiness": 33, "disgust": 65, "surprise": 26, "repression": 28, "others": 103}
        assert class_counts(1) == {"happiness": 0, "disgust": 0, "surprise": 0, "repression": 0, "others": 1}

    @pytest.mark.parametrize(("subjects", "clips"), [(26, 255), (3, 3), (7, 20)])
    def test_every_subject_gets_its_share_and_every_class_its_count(self, subjects, clips, tmp_path):
        entries = Tree(tmp_path, subjects, clips, "default", 0, False).entries
        each = [sum(entry.subject == subject for entry in entries) for subject in range(subjects)]
        assert sum(each) == clips
        assert max(each) - min(each) <= 1
        counts = {emotion: sum(entry.emotion == emotion for entry in entries) for emotion in class_counts(clips)}
        assert counts == class_counts(clips)
        assert len({(entry.subject, entry.name) for entry in entries}) == clips

    def test_another_seed_gives_the_classes_to_other_clips(self, tmp_path):
        emotions = [
            [entry.emotion for entry in Tree(tmp_path, 5, 50, "default", seed, False).entries] for seed in (0, 1)
        ]
        assert emotions[0] != emotions[1]


class TestSameBytes:
    @pytest.mark.slow
    @pytest.mark.usefixtures("prepared_processes")
    def test_for_any_number_of_processes_and_after_a_kill(self, tmp_path):
        settings: dict[str, Any] = {"subjects": 2, "clips": 4, "seed": 3}
        alone = make_faces(tmp_path / "alone", **settings, jobs=1)
        together = make_faces(tmp_path / "together", **settings, jobs=2)
        assert digests(together) == digests(alone)
        killed = tmp_path / "killed"
        code = (
            "from pathlib import Path; from merlab.synthesis import make_faces; "
            f"make_faces(Path({str(killed)!r}), subjects=2, clips=4, seed=3, jobs=2)"
        )
        process = subprocess.Popen([sys.executable, "-c", code])
        while not list(killed.glob("Cropped/*/EP*")) and process.poll() is None:
            time.sleep(0.02)
        process.kill()
        process.wait()
        time.sleep(0.5)
        written = set(killed.rglob("*"))
        time.sleep(1.5)
        assert set(killed.rglob("*")) == written, "its processes continued to write"
        assert not (killed / "SYNTHETIC_manifest.json").exists()
        assert digests(make_faces(killed, **settings, jobs=1)) == digests(alone)

    @pytest.mark.slow
    def test_after_a_part_of_a_tree_is_lost(self, tree, tmp_path):
        whole = digests(tree)
        repaired = tmp_path / "repaired"
        shutil.copytree(tree, repaired)
        shutil.rmtree(next((repaired / "Cropped" / "sub01").iterdir()))
        (repaired / "SYNTHETIC_manifest.json").unlink()
        assert digests(make_faces(repaired, **SETTINGS, jobs=1)) == whole

    def test_where_the_folder_is_a_text_and_progress_is_a_choice(self, tree, capsys):
        for progress in (True, False):
            assert make_faces(str(tree), **SETTINGS, jobs=1, progress=progress) == tree
        assert capsys.readouterr().out == ""

    def test_a_complete_tree_is_not_rendered_again(self, tree):
        written = (tree / "SYNTHETIC-coding.xlsx").stat().st_mtime_ns
        calls: list[tuple[float, float, str]] = []
        make_faces(tree, **SETTINGS, jobs=1, progress=lambda *call: calls.append(call))
        assert calls == [(2, 2, "found done")]
        assert (tree / "SYNTHETIC-coding.xlsx").stat().st_mtime_ns == written

    @pytest.mark.slow
    def test_another_seed_gives_other_faces(self, tree, tmp_path):
        other = make_faces(tmp_path / "other", subjects=1, clips=1, seed=1, jobs=1)
        frames = [sorted((root / "Cropped/sub01/EP01_01").iterdir())[0].read_bytes() for root in (tree, other)]
        assert frames[0] != frames[1]


class TestRefusals:
    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"subjects": 0}, "subjects must be a whole number from 1 to 1000000, got 0"),
            ({"subjects": 5, "clips": 4}, "clips is 4 and subjects is 5"),
            ({"preset": "huge"}, "unknown preset 'huge'; presets are default, easy, hard, null"),
            ({"seed": -1}, "seed must be a whole number from 0 up"),
            ({"subjects": 2.5}, "subjects must be a whole number from 1 to 1000000, got 2.5"),
            ({"subjects": "2"}, "subjects must be a whole number from 1 to 1000000, got '2'"),
            ({"clips": float("nan")}, "clips must be a whole number from 1 to 1000000, got nan"),
            ({"clips": 10**30}, "clips must be a whole number from 1 to 1000000, got 1000"),
            ({"preset": ["default"]}, "unknown preset"),
            ({"seed": 1.5}, "seed must be a whole number from 0 up, got 1.5"),
            ({"raw": "yes"}, "raw must be True or False, got 'yes'"),
            ({"again": None}, "again must be True or False, got None"),
            ({"jobs": 0}, "jobs must be a whole number from 1 up, or None for one per core, got 0"),
            ({"jobs": "two"}, "jobs must be a whole number from 1 up, or None for one per core, got 'two'"),
        ],
    )
    def test_invalid_settings_are_refused_before_anything_is_written(self, tmp_path, settings, words):
        with pytest.raises(MerlabError, match=re.escape(words)):
            make_faces(tmp_path / "out", **settings)
        assert not (tmp_path / "out").exists()

    def test_an_output_that_is_no_path_is_refused(self):
        with pytest.raises(MerlabError, match="out must be a path"):
            make_faces(None)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"seed": 4}, "--seed 0 -> 4"),
            ({"clips": 3}, "--clips 2 -> 3"),
            ({"preset": "hard"}, "--preset default -> hard"),
            ({"raw": True}, "--raw no -> yes"),
        ],
    )
    def test_a_tree_with_other_settings_is_not_changed(self, tree, change, words):
        before = digests(tree)
        with pytest.raises(MerlabError, match=f"holds synthetic faces of other settings: {words}. Add --again"):
            make_faces(tree, **{**SETTINGS, **change}, jobs=1)
        assert digests(tree) == before

    @pytest.mark.slow
    def test_a_tree_with_other_settings_is_replaced_when_requested(self, tree, tmp_path):
        other, fresh, settings = tmp_path / "other", tmp_path / "fresh", {**SETTINGS, "seed": 4, "clips": 1}
        shutil.copytree(tree, other)
        make_faces(other, **settings, again=True, jobs=1)
        assert digests(other) == digests(make_faces(fresh, **settings, jobs=1))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "other"]

    def test_a_folder_of_anything_else_is_not_changed(self, tmp_path):
        (tmp_path / "holiday.jpg").write_bytes(b"beach")
        with pytest.raises(MerlabError, match="is not empty and does not hold synthetic faces; choose a new folder"):
            make_faces(tmp_path, **SETTINGS)
        assert digests(tmp_path).keys() == {"holiday.jpg"}

    def test_a_file_is_refused(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(MerlabError, match="is a file; choose a folder"):
            make_faces(tmp_path / "file", **SETTINGS)

    def test_a_tree_started_with_other_versions_is_not_resumed(self, tree, tmp_path, monkeypatch):
        started = tmp_path / "started"
        shutil.copytree(tree, started)
        shutil.rmtree(started / "Cropped")
        monkeypatch.setattr(folder, "stack_versions", lambda: {"numpy": "0.1"})
        with pytest.raises(MerlabError, match="started with .*numpy .*, but the installed versions are numpy 0.1"):
            make_faces(started, **SETTINGS, jobs=1)

    def test_a_complete_tree_of_other_versions_stays_and_is_named_as_such(self, tree, tmp_path, monkeypatch):
        copy = Path(shutil.copytree(tree, tmp_path / "copy"))
        monkeypatch.setattr(folder, "stack_versions", lambda: {"numpy": "0.1"})
        with pytest.warns(
            UserWarning, match=r"copy was made with merlab .*, but .* are numpy 0\.1, .* it is used as it is"
        ):
            make_faces(copy, **SETTINGS, jobs=1)
        assert digests(copy) == digests(tree)

    def test_frames_that_were_removed_are_written_again(self, tree, tmp_path):
        copy = Path(shutil.copytree(tree, tmp_path / "copy"))
        next(copy.glob("Cropped/*/*/*.jpg")).unlink()
        make_faces(copy, **SETTINGS, jobs=1)
        assert digests(copy) == digests(tree)

    @pytest.mark.parametrize("lost", ["SYNTHETIC-coding.xlsx", "README.txt"])
    def test_a_table_that_was_removed_is_written_again(self, tree, tmp_path, lost):
        copy = Path(shutil.copytree(tree, tmp_path / "copy"))
        (copy / lost).unlink()
        make_faces(copy, **SETTINGS, jobs=1)
        assert digests(copy) == digests(tree)

    def test_an_unfinished_tree_is_not_read(self, tree, tmp_path):
        unfinished = tmp_path / "unfinished"
        shutil.copytree(tree, unfinished)
        (unfinished / "SYNTHETIC_manifest.json").unlink()
        with pytest.raises(MerlabError, match="has no SYNTHETIC_manifest.json.*merlab make-faces"):
            SYNTHETIC_FACES.examine(unfinished, False, silent)

    def test_a_tree_without_its_coding_table_is_not_read(self, tree, tmp_path):
        lost = Path(shutil.copytree(tree, tmp_path / "lost"))
        (lost / "SYNTHETIC-coding.xlsx").unlink()
        with pytest.raises(MerlabError, match="has no SYNTHETIC-coding.xlsx; run the same `merlab make-faces` command"):
            SYNTHETIC_FACES.examine(lost, False, silent)
