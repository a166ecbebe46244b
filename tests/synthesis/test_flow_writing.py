"""A folder of synthetic flow: its content, its bytes, resuming and repair, and what is refused."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.json_files import write_json
from merlab.schemes import find_scheme
from merlab.synthesis import make_flow, read_flow
from tests.synthesis.folders import digests

SETTINGS: dict[str, Any] = {"subjects": 2, "clips": 3, "seed": 5}
FIRST, SECOND = Path("SYNTHETIC_flow/sub001.npz"), Path("SYNTHETIC_flow/sub002.npz")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_flow(tmp_path_factory.mktemp("flow") / "folder", **SETTINGS, jobs=1)


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def manifest_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "SYNTHETIC_manifest.json").read_text(encoding="utf-8")))


class TestContent:
    @pytest.mark.slow
    def test_clips_have_flow_labels_names_and_intensities(self, folder):
        flow = read_flow(folder)
        assert len(flow) == 6
        assert (str(flow.planes.dtype), flow.planes.shape) == ("float16", (6, 3, 120, 97))
        assert (str(flow.intensities.dtype), flow.intensities.shape) == ("float32", (6, 28))
        assert flow.subjects == ("sub001",) * 3 + ("sub002",) * 3
        assert flow.names == ("clip01", "clip02", "clip03") * 2
        labels = [find_scheme("megc2019").emotions[emotion] for emotion in flow.emotions]
        assert labels == ["negative", "positive", "surprise", "positive", "surprise", "negative"]

    @pytest.mark.slow
    def test_the_folder_may_be_a_text_and_progress_a_choice(self, folder):
        for progress in (True, False):
            assert make_flow(str(folder), **SETTINGS, progress=progress) == folder

    @pytest.mark.slow
    def test_strain_is_that_of_the_flow(self, folder):
        # The strain was computed at full size, where it is finer; at a third of the size, a pixel is three px wide.
        planes = read_flow(folder).planes[0].astype(np.float32)
        (u_y, u_x), (v_y, v_x) = (np.gradient(axis, 3.0) for axis in planes[:2])
        coarse = np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2)
        assert np.corrcoef(coarse.ravel(), planes[2].ravel())[0, 1] > 0.8

    @pytest.mark.slow
    def test_the_manifest_states_ranges_versions_digests_and_what_was_drawn(self, folder):
        manifest = manifest_of(folder)
        assert manifest["title"].startswith("SYNTHETIC")
        assert manifest["settings"].items() >= {**SETTINGS, "preset": "varied"}.items()
        assert manifest["settings"]["preset_settings"]["amplitude"] == [0.3, 1.3]
        assert {"merlab", "numpy", "opencv"} <= manifest["versions"].keys()
        assert manifest["files"] == {
            file.as_posix(): hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in (FIRST, SECOND)
        }
        assert [clip["emotion"] for clip in manifest["clips"]] == list(read_flow(folder).emotions)
        assert "SYNTHETIC" in (folder / "README.txt").read_text(encoding="utf-8")

    def test_the_digest_is_that_of_the_content(self, folder, copy, tmp_path):
        assert read_flow(copy).digest == read_flow(folder).digest
        other = make_flow(tmp_path / "other", subjects=1, clips=1, seed=5, jobs=1)
        assert read_flow(other).digest != read_flow(folder).digest

    def test_more_subjects_or_clips_do_not_change_a_clip(self, folder, tmp_path):
        fewer = read_flow(make_flow(tmp_path / "fewer", subjects=1, clips=2, seed=5, jobs=1))
        assert (fewer.planes == read_flow(folder).planes[:2]).all()
        assert fewer.emotions == read_flow(folder).emotions[:2]


class TestSameBytes:
    @pytest.mark.slow
    @pytest.mark.usefixtures("prepared_processes")
    def test_for_any_number_of_processes(self, folder, tmp_path):
        assert digests(make_flow(tmp_path / "together", **SETTINGS, jobs=2)) == digests(folder)

    @pytest.mark.slow
    def test_after_an_interruption(self, folder, tmp_path):
        def stop(done: float, total: float, note: str) -> None:
            if done == 4:
                raise KeyboardInterrupt

        out = tmp_path / "stopped"
        with pytest.raises(KeyboardInterrupt):
            make_flow(out, **SETTINGS, jobs=1, progress=stop)
        assert (out / FIRST).is_file()
        assert not (out / SECOND).exists()
        with pytest.raises(MerlabError, match="does not hold complete SYNTHETIC flow"):
            read_flow(out)
        calls: list[tuple[float, float, str]] = []
        make_flow(out, **SETTINGS, jobs=1, progress=lambda *call: calls.append(call))
        assert [call[0] for call in calls] == [3, 4, 5, 6]
        assert digests(out) == digests(folder)

    def test_a_complete_folder_is_not_rendered_again(self, copy):
        calls: list[tuple[float, float, str]] = []
        make_flow(copy, **SETTINGS, jobs=1, progress=lambda *call: calls.append(call))
        assert calls == [(6, 6, "found done")]

    def test_a_readme_that_was_removed_is_written_again(self, folder, copy):
        (copy / "README.txt").unlink()
        make_flow(copy, **SETTINGS, jobs=1)
        assert digests(copy) == digests(folder)

    @pytest.mark.parametrize("complete", [True, False])
    @pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-9])])
    def test_a_lost_or_damaged_file_is_made_again(self, folder, copy, damage, complete):
        damage(copy / SECOND)
        if not complete:
            (copy / "SYNTHETIC_manifest.json").unlink()
        make_flow(copy, **SETTINGS, jobs=1)
        assert digests(copy) == digests(folder)


class TestRefusals:
    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"subjects": 0}, "subjects must be a whole number from 1 to 1000000, got 0"),
            ({"clips": 0}, "clips must be a whole number from 1 to 1000000, got 0"),
            ({"seed": -1}, "seed must be a whole number from 0 up"),
            ({"subjects": 2.5}, "subjects must be a whole number from 1 to 1000000, got 2.5"),
            ({"clips": "2"}, "clips must be a whole number from 1 to 1000000, got '2'"),
            ({"seed": True}, "seed must be a whole number from 0 up, got True"),
            ({"again": 1}, "again must be True or False, got 1"),
            ({"jobs": 1.5}, "jobs must be a whole number from 1 up, or None for one per core, got 1.5"),
        ],
    )
    def test_invalid_settings_are_refused_before_anything_is_written(self, tmp_path, settings, words):
        with pytest.raises(MerlabError, match=re.escape(words)):
            make_flow(tmp_path / "out", **settings)
        assert not (tmp_path / "out").exists()

    def test_an_output_that_is_no_path_is_refused(self):
        with pytest.raises(MerlabError, match="out must be a path"):
            make_flow(None)  # type: ignore[arg-type]

    @pytest.mark.slow
    def test_a_folder_of_other_settings_is_kept_unless_replaced(self, copy):
        before = digests(copy)
        with pytest.raises(MerlabError, match=r"holds synthetic flow of other settings: --seed 5 -> 6.*--again"):
            make_flow(copy, **{**SETTINGS, "seed": 6}, jobs=1)
        assert digests(copy) == before
        make_flow(copy, subjects=1, clips=1, seed=6, again=True, jobs=1)
        assert len(read_flow(copy)) == 1

    def test_a_folder_of_anything_else_is_not_changed(self, tmp_path):
        (tmp_path / "holiday.jpg").write_bytes(b"beach")
        with pytest.raises(MerlabError, match="is not empty and does not hold synthetic flow; choose a new folder"):
            make_flow(tmp_path, **SETTINGS)

    def test_a_folder_that_is_absent_or_holds_something_else_is_not_read(self, tmp_path):
        with pytest.raises(MerlabError, match=r"absent does not hold complete SYNTHETIC flow; `merlab make-flow"):
            read_flow(tmp_path / "absent")
        write_json(tmp_path / "SYNTHETIC_manifest.json", {"title": "SYNTHETIC faces", "clips": []})
        with pytest.raises(MerlabError, match="does not hold complete SYNTHETIC flow"):
            read_flow(tmp_path)

    @pytest.mark.parametrize(
        ("damage", "word"),
        [(Path.unlink, "missing"), (lambda path: path.write_bytes(path.read_bytes()[:-9]), "damaged")],
    )
    def test_a_lost_or_damaged_file_is_named_with_its_remedy(self, copy, damage, word):
        damage(copy / SECOND)
        with pytest.raises(MerlabError, match=rf"sub002.npz is {word}; run `merlab make-flow .*copy` again"):
            read_flow(copy)

    def test_a_changed_label_is_noticed(self, copy):
        path = copy / "SYNTHETIC_manifest.json"
        path.write_text(path.read_text(encoding="utf-8").replace('"surprise"', '"happiness"'), encoding="utf-8")
        with pytest.raises(MerlabError, match="SYNTHETIC_manifest.json is damaged.*remove it and run"):
            read_flow(copy)

    def test_an_incomplete_manifest_is_named(self, copy):
        content = manifest_of(copy)
        kept = {name: content[name] for name in ("title", "settings", "versions", "clips")}
        write_json(copy / "SYNTHETIC_manifest.json", kept)
        with pytest.raises(MerlabError, match="is not a manifest of synthetic flow .files: Field required"):
            read_flow(copy)
        make_flow(copy, **SETTINGS, jobs=1)
        assert len(read_flow(copy)) == 6
