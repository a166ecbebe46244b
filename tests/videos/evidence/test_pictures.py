"""Pictures of an event: colors that mean directions, heat that means a map, and the folder that holds them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.frames import read_image
from merlab.json_files import read_json
from merlab.videos.evidence.movement import Evidence, movement_evidence
from merlab.videos.evidence.pictures import FULL_COLOR_PX, color_wheel, flow_picture, map_picture, write_evidence
from tests.videos.fake_result import blob_at, sketched_face

WHITE_FACE = np.full((282, 231, 3), 255, np.uint8)


def hue_of(x: float, y: float) -> int:
    """The hue (0..179) of a displacement everywhere, off the arrows."""
    flow = np.tile(np.array([x, y], np.float32), (282, 231, 1))
    return int(np.median(cv2.cvtColor(flow_picture(flow, WHITE_FACE), cv2.COLOR_BGR2HSV)[..., 0]))


def saturation_of(length: float) -> int:
    flow = np.tile(np.array([length, 0], np.float32), (282, 231, 1))
    return int(np.median(cv2.cvtColor(flow_picture(flow, WHITE_FACE), cv2.COLOR_BGR2HSV)[..., 1]))


def test_the_hue_is_the_direction():
    assert [hue_of(*each) for each in ((2, 0), (0, 2), (-2, 0), (0, -2))] == [0, 45, 90, 135]


def test_the_saturation_is_the_length_up_to_the_full_color():
    assert saturation_of(0) == 0
    assert saturation_of(FULL_COLOR_PX / 2) == pytest.approx(127, abs=2)
    assert saturation_of(FULL_COLOR_PX) == saturation_of(3 * FULL_COLOR_PX) == 255


def test_the_wheel_is_colored_as_the_picture_is():
    wheel = color_wheel()
    middle = wheel.shape[0] // 2
    assert (wheel[0, 0] == 255).all()
    assert (wheel[middle, middle] > 245).all()
    right = cv2.cvtColor(wheel[middle : middle + 1, -2:-1], cv2.COLOR_BGR2HSV)[0, 0]
    assert right[0] in {0, 179}
    assert right[1] > 240


def test_heat_lies_where_the_map_is_high():
    picture, gray = (
        map_picture(blob_at(166, 190).astype(np.float32), sketched_face(0)),
        map_picture(np.zeros((28, 28), np.float32), sketched_face(0)),
    )
    change = np.abs(picture.astype(int) - gray).sum(axis=2)
    assert change[180:200, 156:176].mean() > 20 * change[:60, :60].mean()


def test_a_flat_map_has_no_heat():
    face = sketched_face(0)
    flat = np.full((28, 28), 0.5, np.float32) + np.random.default_rng(0).normal(0, 1e-4, (28, 28)).astype(np.float32)
    assert np.array_equal(map_picture(flat, face), map_picture(np.zeros((28, 28), np.float32), face))


@pytest.fixture
def evidence() -> Evidence:
    return movement_evidence(sketched_face(0), sketched_face(3))


def test_an_event_gets_its_pictures_and_a_list_of_its_maps(tmp_path, evidence):
    maps = {
        "Grad-CAM, global branch": blob_at(60, 60).astype(np.float32)[::4, ::4],
        "attention, local branch": np.eye(7, dtype=np.float32),
    }
    write_evidence(tmp_path / "e0001", sketched_face(0), sketched_face(3), evidence, maps)
    listed = read_json(tmp_path / "e0001" / "maps.json")
    assert [each["title"] for each in listed] == list(maps)
    assert (listed[1]["low"], listed[1]["high"]) == (0, 1)
    files = {path.name for path in (tmp_path / "e0001").iterdir()}
    assert files == {"onset.png", "apex.png", "flow.png", "maps.json", *(each["file"] for each in listed)}
    assert np.array_equal(read_image(tmp_path / "e0001" / "apex.png"), sketched_face(3))
    assert read_image(tmp_path / "e0001" / "flow.png").shape == (282, 231, 3)


def test_a_network_without_maps_leaves_an_empty_list(tmp_path, evidence):
    write_evidence(tmp_path / "e0001", sketched_face(0), sketched_face(3), evidence, {})
    assert read_json(tmp_path / "e0001" / "maps.json") == []


def test_a_folder_that_cannot_be_written_is_reported(tmp_path, evidence):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(MerlabError, match="cannot write"):
        write_evidence(tmp_path / "file" / "e0001", sketched_face(0), sketched_face(3), evidence, {})
