import json
import pickle

import cv2
import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.faces.alignment import ClipAlignment, FaceFinding, align_image, layout_transform
from merlab.faces.detection import make_detector
from merlab.faces.geometry import Transform
from merlab.faces.landmarks import FivePoints
from merlab.faces.tracking import FaceTracker
from merlab.optical_flow import dis
from merlab.vocabulary import HEAD_MOTIONS

BRIDGE = (slice(66, 140), slice(98, 133))
LIMIT = 0.2


def bridge_flow(onset, image):
    """Mean length of the optical flow on the bridge of the nose, px."""
    gray = [np.asarray(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), np.uint8) for face in (onset, image)]
    flow = dis(*gray)
    return float(np.hypot(flow[..., 0], flow[..., 1])[BRIDGE].mean())


def aligned(clip, tracker, motion):
    frames = [frame for frame, _ in clip]
    alignment = ClipAlignment(frames[0], tracker, motion)
    return alignment, [alignment.align(frame) for frame in frames]


def residual(faces):
    """95th percentile over the frames of the flow on the bridge of the nose."""
    return float(np.percentile([bridge_flow(faces[0].image, face.image) for face in faces[1:]], 95))


@pytest.mark.slow
def test_faces_are_aligned_to_the_layout_of_casme2(open_tracker, heads):
    positions = []
    for frame, truth in heads:
        alignment = ClipAlignment(frame, open_tracker())
        assert alignment.align(frame).image.shape == (282, 231, 3)
        mouth = np.mean([truth["mouth_corner_r"], truth["mouth_corner_l"]], axis=0)
        positions.append(alignment.transform([truth["eye_r"], truth["eye_l"], mouth]))
    # Eyes at y 73, 61.5 px from the midline at x 115; mouth at y 190. Faces differ in their proportions.
    right, left, mouth = np.mean(positions, axis=0)
    assert right == pytest.approx((115 - 61.5, 73), abs=4)
    assert left == pytest.approx((115 + 61.5, 73), abs=4)
    assert mouth == pytest.approx((115, 190), abs=8)


@pytest.mark.slow
def test_the_drift_of_a_still_subject_is_removed_to_below_a_fifth_of_a_pixel(open_tracker, still_clip):
    _, faces = aligned(still_clip, open_tracker(), "rigid")
    assert residual(faces) < LIMIT


@pytest.mark.slow
def test_one_transform_per_clip_keeps_the_drift_and_landmarks_in_every_frame_make_it_worse(open_tracker, still_clip):
    left = {motion: residual(aligned(still_clip, open_tracker(), motion)[1]) for motion in HEAD_MOTIONS}
    assert left["rigid"] < left["onset"] < left["landmarks"]


@pytest.mark.slow
def test_with_onset_every_frame_has_the_transform_of_the_onset(open_tracker, still_clip):
    alignment, faces = aligned(still_clip, open_tracker(), "onset")
    assert {face.transform for face in faces} == {alignment.transform}
    assert alignment.quality.largest_head_motion > 0.3


def test_the_measured_head_motion_is_the_true_head_motion(open_tracker, still_clip):
    alignment, faces = aligned(still_clip, open_tracker(), "onset")
    names = ("eye_r", "eye_l", "nose_root", "subnasal", "mouth_corner_r", "mouth_corner_l")
    places = [alignment.transform([truth[name] for name in names]) for _, truth in still_clip]
    for face, place in zip(faces, places, strict=True):
        assert face.head_motion == pytest.approx(np.hypot(*(place - places[0]).T).mean(), abs=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("subject", [3, 5])
def test_the_drift_of_other_still_subjects_is_removed_too(open_tracker, make_still_clip, subject):
    _, faces = aligned(make_still_clip(subject), open_tracker(), "rigid")
    assert residual(faces) < LIMIT


@pytest.mark.parametrize("motion", HEAD_MOTIONS)
def test_the_stored_transform_reproduces_the_stored_image(open_tracker, still_clip, motion):
    _, faces = aligned(still_clip[:3], open_tracker(), motion)
    for face, (frame, _) in zip(faces, still_clip, strict=False):
        stored = Transform.from_matrix(json.loads(json.dumps(face.transform.to_json())))
        assert np.array_equal(align_image(frame, stored), face.image)


def test_the_same_frames_give_the_same_faces(open_tracker, still_clip):
    first, second = (aligned(still_clip[:4], open_tracker(), "rigid")[1] for _ in range(2))
    assert [np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True)] == [True] * 4


def test_the_settings_of_the_tracker_can_be_sent_to_another_process():
    finding = pickle.loads(pickle.dumps(FaceFinding(landmarks="five-points")))
    assert finding.open().landmarker.source == "five-points"


def test_the_files_of_a_detector_may_be_texts_and_must_be_paths(tmp_path):
    finding = FaceFinding("opencv-ssd", str(tmp_path / "a.pb"), str(tmp_path / "b.pbtxt"), "five-points")  # type: ignore[arg-type]
    with pytest.raises(MerlabError, match=r"opencv-ssd: cannot read .*a\.pb: No such file"):
        finding.open()
    with pytest.raises(MerlabError, match="config must be a path, as text or pathlib.Path, got 3"):
        FaceFinding("opencv-ssd", tmp_path / "a.pb", 3)  # type: ignore[arg-type]


def test_five_points_align_too_with_a_warning(heads):
    frame, truth = heads[0]
    alignment = ClipAlignment(frame, FaceTracker(make_detector(), FivePoints()))
    eyes = alignment.transform([truth["eye_r"], truth["eye_l"]])
    assert eyes == pytest.approx(np.array([[53.5, 73], [176.5, 73]]), abs=6)
    assert eyes[1, 1] - eyes[0, 1] == pytest.approx(0, abs=4)
    assert any("merlab models get" in text for text in alignment.quality.warnings("onset"))


def test_a_clip_without_a_face_is_an_error(open_tracker):
    with pytest.raises(MerlabError, match="no face is found in the onset frame"):
        ClipAlignment(np.zeros((480, 640, 3), np.uint8), open_tracker())


def test_an_unknown_motion_setting_is_refused(open_tracker, heads):
    with pytest.raises(MerlabError, match="motions are onset, rigid, landmarks"):
        ClipAlignment(heads[0][0], open_tracker(), "ecc")  # type: ignore[arg-type]


def test_a_frame_without_a_face_is_cropped_at_the_last_known_position(open_tracker, heads):
    frame, _ = heads[0]
    alignment = ClipAlignment(frame, open_tracker(), "rigid")
    black = alignment.align(np.zeros_like(frame))
    assert black.tracked is None
    assert black.transform == alignment.transform
    assert (alignment.quality.frames, alignment.quality.faces) == (1, 0)


def test_a_face_of_four_times_the_size_gives_the_same_aligned_face(open_tracker, heads):
    frame, _ = heads[1]
    large = cv2.resize(frame, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    small, big = (ClipAlignment(image, open_tracker()).align(image) for image in (frame, large))
    assert big.transform.scale == pytest.approx(small.transform.scale / 4, rel=0.02)
    assert np.abs(big.image.astype(float) - small.image).mean() < 6


def test_the_stable_points_are_mapped_to_their_positions_on_the_layout(open_tracker, heads):
    landmarks = ClipAlignment(heads[0][0], open_tracker()).onset.landmarks
    placed = layout_transform(landmarks)(landmarks.named("eye_outer_r", "eye_inner_r", "eye_inner_l", "eye_outer_l"))
    assert placed[:, 1] == pytest.approx([73, 74, 74, 73], abs=2.5)
    assert placed[:, 0] == pytest.approx([26.5, 80.5, 149.5, 203.5], abs=4)
