"""The arguments of recognition: each of a wrong type is refused by its name, before the video is opened."""

from __future__ import annotations

from typing import Any

import pytest

import merlab
from merlab.errors import MerlabError
from merlab.faces.alignment import FaceFinding
from merlab.spotting.spot import SpottingSettings
from merlab.videos.options import Options, options_of
from merlab.videos.words import WordSettings

YES_OR_NO = "must be True or False, got"
JOBS = "jobs must be a whole number from 1 up, or None for one per core, got"
FACES = "most_faces must be a whole number from 1 up, got"
LINES = "overlay_lines must be a whole number from 120 up, got"
OVERLAYS = "overlays are frames, mesh, none"
RUNTIMES = "runtimes are auto, torch, onnx, openvino, openvino-bf16"
PATH = "must be a path, as text or pathlib.Path, got"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        *(({"jobs": value}, f"{JOBS} {value!r}") for value in (0, -1, 1.5, "2", True)),
        *(({name: value}, f"{name} {YES_OR_NO} {value!r}") for name in ("again", "aligned") for value in ("no", 1)),
        ({"save_inputs": 2}, f"save_inputs {YES_OR_NO} 2"),
        *(({"most_faces": value}, f"{FACES} {value!r}") for value in (2.5, 0, True, "4")),
        *(({"overlay": value}, OVERLAYS) for value in (1, None, ["frames"], "x")),
        *(({"runtime": value}, RUNTIMES) for value in ("tpu", None, ["torch"])),
        *(({"unsure_below": value}, "unsure_below must be between 0 and 1, got") for value in (2, "x", True, None)),
        *(({"overlay_lines": value}, f"{LINES} {value!r}") for value in (119, 720.5, "1080", True)),
        ({"overlay_lines": 1080, "overlay": False}, "--overlay-lines is the size of an overlay, and none is requested"),
        ({"spotting": {}}, r"spotting must be a SpottingSettings \(merlab.spotting.spot.spotting_settings makes"),
        ({"words": {"longest": 1}}, r"words must be a WordSettings \(merlab.videos.words.word_settings makes"),
        ({"finding": "x"}, r"finding must be a FaceFinding \(of merlab.faces.alignment\), got 'x'"),
        ({"weights": "."}, r"weights \. is a folder; give a file of `merlab pretrain`"),
        *(({"weights": value}, f"weights {PATH}") for value in (3, False, "")),
        ({"out": ""}, f"out {PATH} ''"),
        *(({"source": value}, f"source {PATH}") for value in ("", None, 3, ["a.mp4"])),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_with_its_name_and_what_is_allowed(tmp_path, wrong, named):
    given = {"source": tmp_path / "nothing.mp4", "out": tmp_path / "out", "progress": False, **wrong}
    with pytest.raises(MerlabError, match=named):
        merlab.recognize(**given)
    assert list(tmp_path.iterdir()) == []


WRONG: dict[str, Any] = {
    "again": "no",
    "jobs": 0,
    "finding": "x",
    "spotting": {},
    "fps": "30",
    "runtime": "tpu",
    "most_faces": 2.5,
}


@pytest.mark.parametrize("name", WRONG)
def test_for_several_videos_it_is_refused_once_before_any_work(tmp_path, name):
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(MerlabError, match=name.replace("fps", "frame rate")):
        merlab.recognize_each(tmp_path, tmp_path / "out", progress=False, **{name: WRONG[name]})
    assert not (tmp_path / "out").exists()


def test_none_is_the_default_where_it_may_be_given():
    assert options_of(fps=None, finding=None, weights=None, words=None, spotting=None, jobs=None) == Options()
    assert options_of(overlay_lines=None) == Options()


def test_an_option_that_does_not_exist_is_named():
    given: Any = {"fp": 30}
    with pytest.raises(MerlabError, match=r"unknown option 'fp'; did you mean fps\?"):
        options_of(**given)


@pytest.mark.parametrize(
    "changed",
    [
        {"aligned": True},
        {"most_faces": 2},
        {"finding": FaceFinding(landmarks="five-points")},
        {"spotting": SpottingSettings(floor=6.0)},
        {"unsure_below": 0.6},
        {"words": WordSettings(largest_px=4.0)},
        {"overlay": "none"},
        {"overlay_lines": 1080},
        {"save_inputs": True},
    ],
)
def test_a_result_of_another_setting_is_known_by_what_it_states(changed):
    given: Any = changed
    assert Options(**given).used() != Options().used()


def test_aligned_faces_were_found_by_no_landmarks():
    assert (Options(aligned=True).used().landmarks, Options().used().landmarks) == (None, "mesh")
    assert Options(aligned=True, finding=FaceFinding(landmarks="five-points")).stamps == ()


@pytest.mark.parametrize("videos", [3, None])
def test_several_videos_are_a_folder_or_a_list_of_paths(videos):
    with pytest.raises(MerlabError, match="videos must be a folder of videos or a list of their paths, got"):
        merlab.recognize_each(videos)
    with pytest.raises(MerlabError, match=f"each of videos {PATH}"):
        merlab.recognize_each([videos])


def test_no_videos_are_refused_and_not_answered_with_nothing(tmp_path):
    with pytest.raises(MerlabError, match="videos is an empty list; give a folder of videos"):
        merlab.recognize_each([])
    with pytest.raises(MerlabError, match="nowhere does not exist; give a folder of videos, or a list"):
        merlab.recognize_each(tmp_path / "nowhere")


@pytest.mark.parametrize("fps", [0, -25.0, float("nan"), "30"])
def test_a_frame_rate_that_no_camera_has_is_refused(fps):
    with pytest.raises(MerlabError, match="frame rate"):
        Options(fps=fps)


def test_values_of_the_right_type_are_kept():
    options = Options(most_faces=2, unsure_below=0, spotting=SpottingSettings(p=0.5))
    assert (options.most_faces, options.unsure_below, options.spotting.p) == (2, 0, 0.5)
