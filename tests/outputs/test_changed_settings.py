"""What differs between a stored result and a new request, in the user's words."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from merlab.outputs.changed_settings import as_stated, changed_settings
from merlab.spotting.spot import SpottingSettings

YUNET = {"yunet": {"sha256": "aa"}}
WITH_MESH = {**YUNET, "face-mesh": {"sha256": "bb"}}


@pytest.mark.parametrize(
    ("stored", "wanted", "texts"),
    [
        ({"floor": 5.5}, {"floor": 5.5}, []),
        ({"floor": 5.5}, {"floor": 4.25}, ["--floor 5.5 -> 4.25"]),
        ({"fps": 30000 / 1001}, {"fps": 29.97}, ["--fps 29.97002997 -> 29.97"]),
        (
            {"fps": 50, "chunk": 1500, "margin": 50, "kept": 24},
            {"fps": 50, "chunk": 1500, "margin": 75, "kept": 25},
            [
                "the settings of spotting need another margin around each chunk (--spotting)",
                "it was made by a merlab that kept faces in another way",
            ],
        ),
        (
            {"fps": 50, "chunk": 1500, "margin": 50},
            {"fps": 100, "chunk": 3000, "margin": 100},
            ["--fps 50 -> 100"],
        ),
        ({"longest": 0.65}, {"longest": 0.5}, ["--spotting longest 0.65 -> 0.5"]),
        (
            {"score": {"reach": 0.45, "lid": 1}},
            {"score": {"reach": 0.4, "lid": 1}},
            ["--spotting score.reach 0.45 -> 0.4"],
        ),
        ({"settings": {"floor": 5.5}}, {"settings": {"floor": 4.0}}, ["--floor 5.5 -> 4"]),
        (
            {"unsure_below": 0.5, "aligned": False},
            {"unsure_below": 0.9, "aligned": True},
            [
                "--unsure-below 0.5 -> 0.9",
                "--aligned no -> yes",
            ],
        ),
        ({"face_models": YUNET}, {"face_models": WITH_MESH}, ["the face mesh was installed since"]),
        (
            {"settings": {"image": "png"}},
            {"settings": {"image": "jpg", "jpeg_quality": 95}},
            ["--image png -> jpg"],
        ),
        (
            {"settings": {"image": "jpg", "jpeg_quality": 90}},
            {"settings": {"image": "jpg", "jpeg_quality": 95}},
            ["quality of the JPEG files 90 -> 95"],
        ),
        ({"models": WITH_MESH}, {"models": YUNET}, ["the face mesh is not used any more"]),
        ({"models": YUNET}, {"models": {"yunet": {"sha256": "cc"}}}, ["another file of yunet"]),
        (
            {"settings": {"landmarks": "five-points", "motion": "onset"}, "models": YUNET},
            {"settings": {"landmarks": "mesh", "motion": "rigid"}, "models": WITH_MESH},
            ["--motion onset -> rigid", "the face mesh was installed since"],
        ),
        ({"models": {}}, {"models": YUNET}, ["yunet is used now"]),
        ({"root": "/a"}, {"root": "/b"}, ["it is of another database, /a"]),
        ({"size": [28, 28]}, {"size": [56, 56]}, ["--size 28, 28 -> 56, 56"]),
        ({"landmarks": "mesh"}, {"landmarks": "five-points"}, ["--landmarks mesh -> five-points"]),
        ({"labels": {"fear": "a"}}, {"labels": {"fear": "b"}}, ["class of the label fear (--scheme) a -> b"]),
        ({"weights": "aa"}, {"weights": "bb"}, ["another weights file (--weights)"]),
        ({"bytes": 1, "modified_ns": 2}, {"bytes": 3, "modified_ns": 4}, ["the video has changed since"]),
        ({}, {"bytes": 3, "modified_ns": 4}, ["it does not state whether the video has changed since"]),
        ({"bytes": 1}, {"bytes": 3, "frames_promised": 4}, ["the video has changed since"]),
        ({"source": "/a.mp4"}, {"source": "/b.mp4", "bytes": 2}, ["it is of another source, /a.mp4"]),
        ({"source": "/a.mp4", "bytes": 1}, {"source": "/b.mp4", "bytes": 2}, ["it is of another source, /a.mp4"]),
        ({"merlab": "0.1.0"}, {"merlab": "0.2.0"}, ["it was made with merlab 0.1.0, and this is merlab 0.2.0"]),
        ({"versions": {"numpy": "1"}}, {"versions": {"numpy": "2"}}, ["it was made with numpy 1, and this is numpy 2"]),
        ({"versions": {}}, {"versions": {"a": "2"}}, ["it does not state a, and a 2 is used now"]),
        ({"versions": {"a": "1"}}, {"versions": {}}, ["it was made with a 1, which is not used now"]),
        (
            {"part": {"first": None, "end": None}},
            {"part": {"first": 5, "end": 2.5}},
            [
                "first frame (--frames) not given -> 5",
                "--end not given -> 2.5",
            ],
        ),
        (
            {"course": {"seed": 0, "recipe": "a"}},
            {"course": {"seed": 1, "recipe": "b"}},
            ["--seed 0 -> 1", "--input a -> b"],
        ),
        (
            {"settings": {"training": {"epochs": 9}}},
            {"settings": {"training": {"epochs": 8}}},
            [
                "setting training.epochs of the preset 9 -> 8",
            ],
        ),
        ({"clips": {"clips": 9, "sha256": "a"}}, {"clips": {"clips": 8, "sha256": "b"}}, ["the clips have changed"]),
        ({"video_format": "avi"}, {"video_format": "mp4"}, ["--format avi -> mp4"]),
        ({"words": {"largest_px": 3.0}}, {"words": {"largest_px": 4.0}}, ["--words largest_px 3 -> 4"]),
        (
            {"preset": "easy", "preset_settings": {"noise": 0.5}, "distractions": None},
            {"preset": "conversation", "preset_settings": {"noise": 1.0}, "distractions": {"macro": 4.0}},
            ["--preset easy -> conversation"],
        ),
        (
            {"preset": "easy", "preset_settings": {"noise": 0.5}},
            {"preset": "easy", "preset_settings": {"noise": 0.4}},
            ["the settings of the preset have changed"],
        ),
        ({}, {"new": 1}, ["--new not given -> 1"]),
        ({"old": 1}, {}, []),
    ],
)
def test_changes_in_the_users_words(stored, wanted, texts):
    assert changed_settings(stored, wanted) == texts


def test_every_setting_of_spotting_is_named_by_the_option_that_changes_it():
    settings = asdict(SpottingSettings())
    groups = {name: value for name, value in settings.items() if isinstance(value, dict)}
    names = [*(settings.keys() - groups), *(f"{group}.{own}" for group, inner in groups.items() for own in inner)]
    for name in names:
        outer, _, own = name.rpartition(".")
        wanted = {outer: {own: 1}} if outer else {own: 1}
        option = f"--{name}" if name in {"p", "floor"} else f"--spotting {name}"
        assert changed_settings({"settings": {}}, {"settings": wanted}) == [f"{option} not given -> 1"]


@pytest.mark.parametrize(
    ("stored", "wanted", "compared"),
    [
        ({"numpy": "2"}, {"numpy": "2", "pyav": "18", "scipy": "1"}, {"numpy": "2"}),
        # A library that was always stated, and a version that is stated, count.
        ({"numpy": "2"}, {"numpy": "2", "opencv": "4"}, {"numpy": "2", "opencv": "4"}),
        ({"numpy": "2", "pyav": "17"}, {"numpy": "2", "pyav": "18"}, {"numpy": "2", "pyav": "18"}),
    ],
)
def test_versions_that_were_not_stated_when_work_began_are_not_compared(stored, wanted, compared):
    assert as_stated({"versions": stored}, {"seed": 1, "versions": wanted}) == {"seed": 1, "versions": compared}


def test_settings_that_state_no_versions_stay_so_beside_work_that_does():
    assert as_stated({"seed": 1, "versions": {"numpy": "2"}}, {"seed": 1}) == {"seed": 1}
