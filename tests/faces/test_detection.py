import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from merlab.errors import MerlabError
from merlab.faces.detection import DETECTORS, Face, OpenCvSsd, YuNet, make_detector, most_prominent
from merlab.faces.model_files import MODELS
from tests.helpers import SHARED

SSD = (SHARED / "models" / "opencv_face_detector_uint8.pb", SHARED / "models" / "opencv_face_detector.pbtxt")
needs_ssd = pytest.mark.skipif(not SSD[0].is_file(), reason="OpenCV's SSD is not redistributed; see `merlab models`")


@pytest.fixture(params=[name if name != "opencv-ssd" else pytest.param(name, marks=needs_ssd) for name in DETECTORS])
def detector(request):
    return make_detector(request.param, *(SSD if request.param == "opencv-ssd" else ()))


@pytest.fixture
def yunet():
    return make_detector("yunet")


@pytest.fixture(scope="module")
def astronaut():
    """A photograph by NASA (public domain, part of scikit-image) in a frame of 640 x 480, with its proportions."""
    frame = np.zeros((480, 640, 3), np.uint8)
    picture = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    frame[:, 80:560] = cv2.resize(picture, (480, 480), interpolation=cv2.INTER_AREA)
    return frame


def box(face):
    return np.array([face.left, face.top, face.right, face.bottom])


def test_a_real_face_is_found_at_its_place(detector, astronaut):
    (face,) = detector.detect(astronaut)
    assert box(face) == pytest.approx([248, 54, 335, 165], abs=10)
    assert 0.5 < face.confidence <= 1


@needs_ssd
def test_both_detectors_agree_within_a_few_pixels(astronaut):
    yunet, ssd = make_detector("yunet"), make_detector("opencv-ssd", *SSD)
    assert box(yunet.detect(astronaut)[0]) == pytest.approx(box(ssd.detect(astronaut)[0]), abs=9)


def test_every_synthetic_head_is_found_once_around_its_eyes_and_mouth(detector, heads):
    for frame, truth in heads:
        (face,) = detector.detect(frame)
        for name in ("eye_r", "eye_l", "mouth_corner_r", "mouth_corner_l"):
            assert face.left < truth[name][0] < face.right
            assert face.top < truth[name][1] < face.bottom


@pytest.mark.slow
def test_eight_synthetic_heads_are_found_by_both(detector, eight_heads):
    assert [len(detector.detect(frame)) for frame, _ in eight_heads] == [1] * 8


def test_the_five_points_of_yunet_are_eyes_nose_and_mouth(yunet, heads):
    frame, truth = heads[0]
    (face,) = yunet.detect(frame)
    for point, name in zip(
        face.points, ("eye_r", "eye_l", "nose_tip", "mouth_corner_r", "mouth_corner_l"), strict=True
    ):
        assert point == pytest.approx(truth[name], abs=25)


def test_no_face_is_found_in_images_without_faces(detector):
    assert detector.detect(np.full((480, 640, 3), 127, np.uint8)) == []
    assert detector.detect(np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)) == []


NARROW = """
import sys
from pathlib import Path
import numpy as np
from merlab.faces.detection import make_detector
frames = np.random.default_rng(0).integers(0, 256, (2, 320, 320, 3), np.uint8)
yunet = make_detector()
print([yunet.detect(frames[0, :, :width]) + yunet.detect(frames[1, :width]) for width in (1, 20, 32, 33)])
"""


@pytest.mark.slow
@pytest.mark.parametrize("filler", ["17", "255"])
def test_no_face_is_found_in_what_was_in_the_memory_before(filler):
    """In a frame of 32 pixels or less on a side, OpenCV's network reads memory that was never written."""
    environment = {**os.environ, "MALLOC_PERTURB_": filler}
    done = subprocess.run([sys.executable, "-c", NARROW], capture_output=True, text=True, env=environment, check=False)
    assert (done.stdout, done.stderr) == ("[[], [], [], []]\n", "")


def test_several_faces_are_all_found(yunet, astronaut):
    twice = np.hstack([astronaut, astronaut])
    faces = yunet.detect(twice)
    assert sorted(round(face.center[0]) // 640 for face in faces) == [0, 1]


@pytest.mark.parametrize("factor", [0.25, 3])
def test_the_box_scales_with_the_image(yunet, astronaut, factor):
    image = cv2.resize(astronaut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    (face,) = yunet.detect(image)
    assert box(face) / factor == pytest.approx(box(yunet.detect(astronaut)[0]), abs=12)


def test_a_small_face_in_a_large_frame_is_found_at_the_second_size(yunet, astronaut):
    frame = np.zeros((1080, 1920, 3), np.uint8)
    frame[300:540, 800:1120] = cv2.resize(astronaut, (320, 240), interpolation=cv2.INTER_AREA)
    (face,) = yunet.detect(frame)
    assert box(face) == pytest.approx([800 + 124, 300 + 27, 800 + 168, 300 + 83], abs=8)


def test_a_face_cut_off_by_the_edge_is_found(yunet, astronaut):
    (face,) = yunet.detect(np.ascontiguousarray(astronaut[:, 280:]))
    assert face.left < 10


@needs_ssd
def test_the_false_face_that_the_ssd_finds_below_a_large_face_is_dropped(heads):
    frame, truth = heads[0]
    faces = make_detector("opencv-ssd", *SSD).detect(frame)
    assert len(faces) == 1
    assert faces[0].center[0] == pytest.approx(truth["nose_tip"][0], abs=20)


def test_the_same_image_gives_the_same_boxes(detector, astronaut):
    assert detector.detect(astronaut) == detector.detect(astronaut)


def test_errors_of_the_ssd_name_the_needed_file_and_where_it_is_published(tmp_path):
    with pytest.raises(MerlabError, match="opencv_3rdparty"):
        make_detector("opencv-ssd")
    with pytest.raises(MerlabError, match=r"needs --detector-model \(the .pb\)"):
        make_detector("opencv-ssd", None, tmp_path / "x.pbtxt")
    with pytest.raises(MerlabError, match=r"needs --detector-config \(the .pbtxt\)"):
        make_detector("opencv-ssd", tmp_path / "x.pb")
    wrong = tmp_path / "opencv_face_detector_uint8.pb"
    wrong.write_bytes(b"something else")
    with pytest.raises(MerlabError, match=r"SHA1 .* expected 4f2fdf6f231d759d.*opencv_3rdparty"):
        make_detector("opencv-ssd", wrong, tmp_path / "x.pbtxt")
    with pytest.raises(MerlabError, match="cannot read"):
        make_detector("opencv-ssd", tmp_path / "absent.pb", tmp_path / "x.pbtxt")


@needs_ssd
def test_a_config_file_that_does_not_fit_the_ssd_is_named(tmp_path):
    (tmp_path / "wrong.pbtxt").write_text("this is not a network")
    with pytest.raises(MerlabError, match=r"wrong\.pbtxt"):
        make_detector("opencv-ssd", SSD[0], tmp_path / "wrong.pbtxt")


@needs_ssd
def test_a_config_file_of_the_ssd_that_is_absent_or_empty_is_named(tmp_path):
    with pytest.raises(MerlabError, match=r"absent\.pbtxt cannot be read: No such file"):
        make_detector("opencv-ssd", SSD[0], tmp_path / "absent.pbtxt")
    (tmp_path / "empty.pbtxt").touch()
    with pytest.raises(MerlabError, match=r"empty\.pbtxt is empty"):
        make_detector("opencv-ssd", SSD[0], tmp_path / "empty.pbtxt")


def test_the_model_is_found_in_a_folder_of_any_name(monkeypatch, tmp_path):
    """OpenCV crashes where a path is not UTF-8, and on Windows opens none outside of the system's language."""
    create = cv2.FaceDetectorYN.create

    def without_paths(model, *others):
        assert os.fspath(tmp_path) not in str(model)
        return create(model, *others)

    monkeypatch.setattr(cv2.FaceDetectorYN, "create", without_paths)
    (folder := tmp_path / os.fsdecode("Müller".encode("latin-1"))).mkdir()
    copied = Path(shutil.copy(MODELS["yunet"].find(), folder / "yunet.onnx"))
    assert YuNet(copied).detect(BLACK) == []


def test_for_an_unknown_detector_the_closest_name_is_suggested():
    with pytest.raises(MerlabError, match="did you mean yunet"):
        make_detector("yunnet")  # type: ignore[arg-type]


def test_the_largest_and_most_central_face_comes_first():
    center = Face(270, 190, 370, 290, 0.7)
    larger_in_the_corner = Face(520, 0, 640, 120, 0.9)
    much_larger = Face(0, 0, 300, 400, 0.6)
    assert most_prominent([larger_in_the_corner, center], 640, 480)[0] is center
    assert most_prominent([center, larger_in_the_corner, much_larger], 640, 480)[0] is much_larger


@pytest.mark.parametrize("corner", [(0, 0), (640, 0), (0, 480), (640, 480)])
@pytest.mark.parametrize(("side", "first"), [(190, "center"), (210, "corner")])
def test_a_face_in_a_corner_counts_half(corner, side, first):
    """Its box is around the corner, and has this side; that at the center has 100."""
    (x, y), half = corner, side / 2
    faces = {"center": Face(270, 190, 370, 290, 0.7), "corner": Face(x - half, y - half, x + half, y + half, 0.7)}
    assert most_prominent([*faces.values()], 640, 480)[0] is faces[first]


def test_overlap_is_intersection_over_union():
    face = Face(0, 0, 10, 10, 1)
    assert face.overlap(face) == 1
    assert face.overlap(Face(5, 0, 15, 10, 1)) == pytest.approx(1 / 3)
    assert face.overlap(Face(10, 0, 20, 10, 1)) == 0
    assert Face(10, 20, 30, 80, 1).center == (20, 50)


@pytest.mark.parametrize(
    ("face", "share"),
    [
        (Face(5, 2, 15, 12, 1), 1),
        (Face(-5, 0, 5, 10, 1), 0.5),
        (Face(15, 15, 25, 25, 1), 0.25),
        (Face(-10, -5, 30, 20, 1), 0.4),
        (Face(20, 0, 30, 10, 1), 0),
        (Face(-30, -30, -10, -10, 1), 0),
        (Face(5, 5, 5, 5, 1), 0),
    ],
)
def test_how_much_of_a_box_lies_in_the_image(face, share):
    assert face.shown_in(np.zeros((20, 20, 3), np.uint8)) == pytest.approx(share)


class Answers:
    """A network in the form of OpenCV's SSD, which answers (0, class, confidence, left, top, right, bottom)."""

    def __init__(self, *rows):
        self.answer = np.array([[[(0, 1, *row) for row in rows]]], np.float32)

    def setInput(self, blob):  # noqa: N802
        assert blob.shape == (1, 3, 300, 300)
        # The mean of OpenCV's samples, in the order of their channels, is subtracted from black.
        assert blob[0, :, 0, 0].tolist() == [-104, -177, -123]

    def forward(self):
        return self.answer


def ssd(*rows):
    detector = OpenCvSsd.__new__(OpenCvSsd)
    detector._network = Answers(*rows)  # type: ignore[assignment]
    return detector


BLACK = np.zeros((400, 800, 3), np.uint8)


def test_the_boxes_of_the_ssd_are_shares_of_the_frame_the_surest_first():
    """Its least confidence is .5, as in OpenCV's samples."""
    rows = [(0.5, 0.5, 0.25, 0.75, 0.5), (0.498, 0, 0, 0.5, 0.5), (0.875, 0.125, 0.5, 0.25, 1)]
    assert ssd(*rows).detect(BLACK) == [
        Face(100, 200, 200, 400, 0.875),
        Face(400, 100, 600, 200, 0.5),
    ]


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ((-0.0625, 0.25, 0.25, 0.5), True),  # a fifth is outside
        ((-0.125, 0.25, 0.25, 0.5), False),  # a third
        ((0.75, 0.25, 1.0625, 0.5), True),
        ((0.75, 0.25, 1.125, 0.5), False),
        ((0.25, -0.0625, 0.5, 0.25), True),
        ((0.25, -0.125, 0.5, 0.25), False),
        ((0.25, 0.75, 0.5, 1.0625), True),
        ((0.25, 0.75, 0.5, 1.125), False),
        ((1.25, 0.25, 1.5, 0.5), False),
        ((0.5, 0.5, 0.25, 0.75), False),  # its right side is left of its left one
    ],
)
def test_a_box_of_the_ssd_with_more_than_a_quarter_outside_the_frame_is_dropped(box, kept):
    assert bool(ssd((0.9, *box)).detect(BLACK)) == kept
