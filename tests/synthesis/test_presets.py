"""The presets have the values of the generator's specification."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from merlab.errors import MerlabError
from merlab.synthesis import PRESETS, RenderPreset
from merlab.synthesis.presets import RECORDING_CONTENTS, find_preset

SPECIFIED: dict[str, dict[str, Any]] = {
    "default": {
        "amplitude": 0.6,
        "amplitude_sigma": 0.35,
        "drift": 0.6,
        "jitter": 0.6,
        "noise": 1.0,
        "flicker": 1.0,
        "blink_probability": 0.25,
        "gaze_probability": 0.2,
        "jpeg_quality": 95,
        "blur": 0.6,
        "padding": (6, 12),
        "combinations": "casme2",
    },
    "easy": {
        "amplitude": 1.0,
        "drift": 0.3,
        "noise": 0.5,
        "jitter": 0.2,
        "blink_probability": 0.0,
        "gaze_probability": 0.0,
        "combinations": "prototypical",
    },
    "hard": {"amplitude": 0.3, "drift": 1.5, "noise": 2.0, "jitter": 2.0, "blink_probability": 0.4},
    "null": {"amplitude": 0.0},
}


@pytest.mark.parametrize("name", SPECIFIED)
def test_a_preset_has_the_specified_settings_and_the_defaults_for_the_rest(name):
    assert find_preset(name).model_dump() == {**SPECIFIED["default"], "wrinkle": 1.0, **SPECIFIED[name]}


def test_there_are_no_other_presets():
    assert list(PRESETS) == list(SPECIFIED)


def test_a_conversation_is_a_preset_of_recordings_and_not_of_clips():
    assert list(RECORDING_CONTENTS) == [*SPECIFIED, "conversation"]
    assert RECORDING_CONTENTS["conversation"].faces == PRESETS["default"]
    with pytest.raises(
        MerlabError, match="conversation is for long recordings .*make-videos.*clips have default, easy"
    ):
        find_preset("conversation")


def test_a_preset_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        PRESETS["default"].amplitude = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value"), [("amplitude", -1), ("jpeg_quality", 101), ("blink_probability", 1.5), ("amplitud", 1)]
)
def test_a_wrong_setting_is_refused_with_its_name(field, value):
    with pytest.raises(ValidationError, match=field):
        RenderPreset(**{field: value})
