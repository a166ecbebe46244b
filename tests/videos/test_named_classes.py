"""Whole videos: the left corner of a mouth rises, and the recognizer says what it wants."""

from __future__ import annotations

import json
import shutil

import cv2
import pandas as pd
import pytest

from merlab.frames import read_image
from merlab.outputs.result_folder import KEPT
from merlab.videos import recognition
from merlab.videos.chunks.chunk import Chunk
from merlab.videos.chunks.kept_chunk import KEPT_VERSION
from merlab.videos.recognition import recognize
from merlab.videos.words import WordSettings
from tests.pages import Page
from tests.videos.recognizers import small_recognizer
from tests.videos.recording import moving_face, write_avi

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def smile(tmp_path_factory):
    """6 s with one movement: the weights below give it their first class."""
    return write_avi(tmp_path_factory.mktemp("smile") / "smile.avi", moving_face(300))


@pytest.fixture(scope="module")
def look_into(smile, tmp_path_factory):
    """``look_into(folder, classes, ...)``: the result of a recognizer of these classes."""

    def recognized(folder, classes, scheme="megc2019", **changes):
        weights = tmp_path_factory.mktemp("weights") / f"{classes[0]}.safetensors"
        small_recognizer(classes=classes, scheme=scheme, temperature=20.0).save(weights)
        given = {"aligned": True, "weights": weights, "overlay": False, "progress": False, "unsure_below": 0.0}
        return recognize(smile, folder, **(given | changes))

    return recognized


@pytest.fixture
def look(look_into, tmp_path):
    return lambda classes, out="out", **changes: look_into(tmp_path / out, classes, **changes)


@pytest.fixture(scope="module")
def positive(look_into, tmp_path_factory):
    return look_into(tmp_path_factory.mktemp("positive") / "out", ("positive", "negative", "surprise"))


@pytest.fixture
def look_again(look_into, positive, tmp_path):
    """The same by other weights or settings, from the faces that are kept beside the result ``positive``."""
    copy = shutil.copytree(positive.folder, tmp_path / "copy")
    return lambda classes, **changes: look_into(copy, classes, again=True, **changes)


def test_a_class_that_the_movement_goes_with_is_named(positive):
    (event,) = positive.rows
    assert (event.label, event.withheld, event.reasons) == ("positive", "", [])
    assert event.action_units.startswith("AU12 left")


def test_a_class_that_it_does_not_go_with_is_withheld_in_every_output(look_again):
    result = look_again(("negative", "positive", "surprise"))
    (event,) = result.rows
    assert (event.label, event.withheld) == ("", "no supporting action unit")
    assert event.probability > 0.9
    assert json.loads(result.files.metadata.read_text())["withheld"] == {"e0001": ["no supporting action unit"]}
    assert "no class (no supporting action unit); mouth, left" in result.files.elan.read_text()
    page = Page(result.files.report.read_text(encoding="utf-8"))
    assert "1 movement of 1 face in 6.0 s: 0 with a class, 1 without." in page.text
    assert "No action unit, and no movement of a part of the face, goes with the most probable class." in page.text


def test_classes_of_a_scheme_without_a_table_are_named_and_a_warning_states_it(look_again):
    result = look_again(("anger", "happiness", "contempt"), scheme="samm-5")
    assert result.rows[0].label == "anger"
    assert any("no table of the action units of the classes of samm-5" in warning for warning in result.warnings)


def test_too_few_frames_per_second_leave_every_class_empty_and_a_warning_states_it(look_again):
    result = look_again(("positive", "negative", "surprise"), fps=49.0)
    assert result.rows[0].withheld == "too few frames per second"
    assert any("that needs 50 frames per second, and the video has 49" in warning for warning in result.warnings)


def test_what_was_not_tested_in_aligned_faces_is_stated(positive):
    assert any("it was not tested whether they are upright and uncovered" in warning for warning in positive.warnings)


@pytest.fixture
def pushed(monkeypatch):
    """How many frames were read into chunks."""
    numbers, push = [], Chunk.push

    def note(chunk, number, image):
        numbers.append(number)
        push(chunk, number, image)

    monkeypatch.setattr(Chunk, "push", note)
    return numbers


def test_other_limits_need_no_frame_again_and_give_what_a_new_command_gives(look, pushed):
    classes, strict = ("positive", "negative", "surprise"), WordSettings(largest_px=0.5)
    look(classes)
    pushed.clear()
    again = look(classes, again=True, words=strict)
    assert pushed == []
    assert again.rows[0].withheld == "movement too large"
    new = look(classes, "new", words=strict)
    assert again.files.events.read_bytes() == new.files.events.read_bytes()


@pytest.mark.parametrize(
    ("name", "other"), [("KEPT_VERSION", KEPT_VERSION + 1), ("computing_versions", lambda: {"opencv": "1"})]
)
def test_what_another_version_kept_is_made_anew(look, pushed, monkeypatch, name, other):
    classes = ("positive", "negative", "surprise")
    folder = look(classes).folder
    assert json.loads((folder / KEPT / "request.json").read_text())["kept"] == KEPT_VERSION
    pushed.clear()
    monkeypatch.setattr(recognition, name, other)
    look(classes, again=True)
    assert len(pushed) >= 300


def test_the_recognizer_of_merlab_says_the_same_with_and_without_pytorch(look_into, tmp_path):
    light, in_torch = (
        look_into(tmp_path / runtime, ("any",), weights=None, runtime=runtime) for runtime in ("auto", "torch")
    )
    assert [each.metadata.model.runtime for each in (light, in_torch)] == ["numpy", "torch"]
    assert ["torch" in each.metadata.versions for each in (light, in_torch)] == [False, True]
    pd.testing.assert_frame_equal(light.events, in_torch.events, check_exact=False, rtol=0, atol=1.1e-4)
    pictures = [read_image(each.evidence("e0001") / "map-1.png") for each in (light, in_torch)]
    assert cv2.absdiff(*pictures).max() <= 1
