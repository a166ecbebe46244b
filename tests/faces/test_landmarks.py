import cv2
import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.faces import model_files
from merlab.faces.alignment import FaceFinding
from merlab.faces.detection import Face, make_detector
from merlab.faces.landmarks import FaceMesh, FivePoints, Landmarker, Landmarks, find_landmarker, five_points_warning

# Points that the generator and the mesh define in the same way.
COMPARED = (
    *("eye_r", "eye_l", "eye_outer_r", "eye_outer_l", "eye_inner_r", "eye_inner_l"),
    *("nose_tip", "subnasal", "mouth_corner_r", "mouth_corner_l"),
)


@pytest.fixture
def mesh(face_mesh):
    return FaceMesh(face_mesh)


def detected(frame):
    return make_detector().detect(frame)[0]


def relative_error(found, truth):
    """Mean distance from the true landmarks, as a share of the distance between the pupils."""
    true = np.array([truth[name] for name in COMPARED])
    pupils = np.hypot(*np.subtract(truth["eye_l"], truth["eye_r"]))
    return float(np.hypot(*(found.named(*COMPARED) - true).T).mean() / pupils)


def test_the_mesh_is_exact_to_a_few_hundredths_of_the_pupil_distance(mesh, heads):
    errors = [relative_error(mesh.locate(frame, detected(frame)), truth) for frame, truth in heads]
    assert np.mean(errors) < 0.035


@pytest.mark.slow
def test_the_mesh_is_as_exact_on_eight_more_heads(mesh, eight_heads):
    found = [mesh.locate(frame, detected(frame)) for frame, _ in eight_heads]
    assert min(landmarks.presence for landmarks in found) > 0.9
    assert np.mean([relative_error(one, truth) for one, (_, truth) in zip(found, eight_heads, strict=True)]) < 0.035


@pytest.mark.parametrize("degrees", [-30, 20])
def test_a_tilted_head_has_the_landmarks_of_the_upright_one_tilted(mesh, heads, degrees):
    frame, _ = heads[0]
    upright = mesh.locate(frame, detected(frame))
    turn = cv2.getRotationMatrix2D((320, 240), degrees, 0.8)
    tilted_frame = cv2.warpAffine(frame, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    tilted = mesh.locate(tilted_frame, detected(tilted_frame))
    expected = upright.points @ turn[:, :2].T + turn[:, 2]
    assert np.hypot(*(tilted.points - expected).T).mean() < 0.04 * upright.pupil_distance


def test_a_head_that_is_upside_down_is_told_from_an_upright_one(mesh, heads):
    """Its landmarks are those of an upright face, so that the line between the eyes alone does not show it."""
    for frame, _ in heads:
        turned = cv2.rotate(frame, cv2.ROTATE_180)
        upright, upside_down = (mesh.locate(image, detected(image)) for image in (frame, turned))
        assert abs(upright.roll) < 15
        assert abs(upside_down.roll) > 165
        assert abs(mesh.follow(turned, upside_down).roll) > 165


def test_five_points_of_a_head_that_is_upside_down_are_told_from_those_of_an_upright_one(heads):
    landmarker, (frame, _) = FivePoints(), heads[0]
    turned = cv2.rotate(frame, cv2.ROTATE_180)
    upright, upside_down = (landmarker.locate(image, detected(image)) for image in (frame, turned))
    assert abs(upright.roll) < 15
    assert abs(upside_down.roll) > 165


@pytest.mark.parametrize(("degrees", "roll"), [(10, -170), (-10, 170), (60, -120), (-80, 100)])
def test_the_roll_of_a_face_that_is_upside_down_is_its_way_to_upright(degrees, roll):
    """The eyes are placed as on an upright face, on a line that is turned by so many degrees."""
    angle = np.radians(degrees)
    points = np.array([[0, 0], [np.cos(angle), np.sin(angle)], [0, 1], [0, 2], [1, 2]])
    assert Landmarks(points, "five-points", 1.0).roll == pytest.approx(degrees)
    assert Landmarks(points, "five-points", 1.0, upside_down=True).roll == pytest.approx(roll)


def test_the_pupil_distance_is_between_the_centers_of_the_eyes():
    points = np.array([[10, 20], [13, 24], [0, 0], [0, 0], [0, 0]])
    assert Landmarks(points, "five-points", 1.0).pupil_distance == 5
    mesh = np.zeros((468, 2))
    # Corners and lids of the right eye around (10, 20), of the left one around (13, 24).
    mesh[[33, 133, 159, 145]] = [(8, 20), (12, 20), (10, 19), (10, 21)]
    mesh[[263, 362, 386, 374]] = [(15, 24), (11, 24), (13, 23), (13, 25)]
    assert Landmarks(mesh, "mesh", 1.0).pupil_distance == 5


@pytest.mark.parametrize("source", ["mesh", "five-points"])
def test_a_face_far_down_in_a_portrait_has_the_same_landmarks_there(mesh, heads, source):
    landmarker = mesh if source == "mesh" else FivePoints()
    frame, _ = heads[0]
    portrait, face = np.vstack([np.full((900, 640, 3), 127, np.uint8), frame]), detected(frame)
    lower = Face(face.left, face.top + 900, face.right, face.bottom + 900, face.confidence)
    found, there = landmarker.locate(frame, face), landmarker.locate(portrait, lower)
    assert np.hypot(*(there.points - [0, 900] - found.points).T).max() < 0.5 * found.pupil_distance / 30


@pytest.mark.parametrize(("turned", "upside_down"), [(0.88, False), (0.905, False), (0.915, True), (None, False)])
def test_five_points_are_upside_down_if_the_other_way_is_surer_by_more_than_a_hundredth(
    monkeypatch, turned, upside_down
):
    """Upright, the face is found with .9."""
    points = ((100, 100), (200, 100), (150, 150), (110, 200), (190, 200))
    answers = iter([0.9] * 4 + [turned])

    def found(landmarker, crop):
        confidence = next(answers)
        return None if confidence is None else Face(64, 64, 320, 320, confidence, points)

    monkeypatch.setattr(FivePoints, "_found", found)
    image, face = np.zeros((480, 640, 3), np.uint8), Face(200, 100, 400, 300, 0.9)
    assert FivePoints().locate(image, face).upside_down == upside_down


def test_the_landmarks_hardly_depend_on_the_box_of_the_detector(mesh, heads):
    frame, _ = heads[0]
    face = detected(frame)
    larger = Face(face.left - 25, face.top - 10, face.right + 15, face.bottom + 30, 1.0)
    found, again = mesh.locate(frame, face), mesh.locate(frame, larger)
    assert np.hypot(*(found.points - again.points).T).mean() < 0.035 * found.pupil_distance


def test_an_enlarged_image_gives_the_same_landmarks_enlarged(mesh, heads):
    frame, _ = heads[1]
    large = cv2.resize(frame, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    small, big = mesh.locate(frame, detected(frame)), mesh.locate(large, detected(large))
    # Pixel centers: x in the large image is 3 x + 1.
    assert np.hypot(*((big.points - 1) / 3 - small.points).T).mean() < 1.5


def test_the_network_reports_a_low_presence_if_there_is_no_face(mesh):
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    assert mesh.locate(noise, Face(200, 100, 400, 350, 1.0)).presence < 0.1


def test_the_same_frame_gives_the_same_landmarks(mesh, heads):
    frame, _ = heads[0]
    first, second = (mesh.locate(frame, detected(frame)).points for _ in range(2))
    assert np.array_equal(first, second)


def turned(head, degrees):
    """A head that leans by so many degrees, reduced to 80 %, and its true eyes, right and left, (2, 2) px."""
    frame, truth = head
    turn = cv2.getRotationMatrix2D((320.0, 240.0), degrees, 0.8)
    image = cv2.warpAffine(frame, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    return image, np.array([truth["eye_r"], truth["eye_l"]]) @ turn[:, :2].T + turn[:, 2]


def roll(eyes):
    """The angle of the line from the right to the left eye, degrees from x towards y."""
    (x0, y0), (x1, y1) = eyes
    return np.degrees(np.arctan2(y1 - y0, x1 - x0))


def roll_errors(heads, degrees, locate):
    """How wrong the found eye lines are, degrees, signed; ``locate(image)`` gives landmarks."""
    turns = [turned(head, angle) for head in heads for angle in degrees]
    return np.array([roll(locate(image).named("eye_r", "eye_l")) - roll(eyes) for image, eyes in turns])


def located(landmarker):
    return lambda image: landmarker.locate(image, detected(image))


@pytest.mark.slow
def test_the_eye_line_of_the_five_points_has_no_bias_and_turns_with_the_head(heads):
    errors = roll_errors(heads, [-25, 0, 12], located(FivePoints()))
    assert abs(errors.mean()) < 1
    assert np.abs(errors).max() < 3


@pytest.mark.slow
def test_the_eye_line_of_the_five_points_on_eight_more_heads(eight_heads):
    """The standard deviation that the docstring of FivePoints states."""
    errors = roll_errors(eight_heads, [-16, -8, 0, 8, 16], located(FivePoints()))
    assert abs(errors.mean()) < 0.6
    assert errors.std() < 1.1


def test_yunets_own_points_in_the_frame_tilt_faces(heads):
    """Why FivePoints does not use them."""

    def own(image):
        return Landmarks(np.array(detected(image).points), "five-points", 1.0)

    assert roll_errors(heads, [0], own).mean() > 2
    errors = roll_errors(heads, [-12, 12], own)
    assert np.abs(errors).max() > 7


def test_the_mirror_image_of_a_face_has_the_mirrored_five_points(heads):
    frame, _ = heads[1]
    mirrored = np.ascontiguousarray(frame[:, ::-1])
    (box,), landmarker = [detected(frame)], FivePoints()
    other = Face(639 - box.right, box.top, 639 - box.left, box.bottom, box.confidence)
    found, again = landmarker.locate(frame, box), landmarker.locate(mirrored, other)
    expected = found.points[[1, 0, 2, 4, 3]] * [-1, 1] + [639, 0]
    assert np.hypot(*(again.points - expected).T).max() < 0.5


def test_the_five_points_are_marked_as_such_and_need_only_a_box(heads):
    frame, _ = heads[0]
    face = detected(frame)
    box = Face(face.left, face.top, face.right, face.bottom, face.confidence)
    found = FivePoints().locate(frame, box)
    assert found.source == "five-points"
    assert found.presence == pytest.approx(face.confidence)
    assert np.array_equal(found.points, FivePoints().locate(frame, face).points)


def test_five_points_of_a_box_without_a_face_have_no_presence(heads):
    assert FivePoints().locate(heads[0][0], Face(0, 0, 60, 60, 1.0)).presence == 0


def test_a_face_beside_the_box_has_no_presence(heads):
    """The crop around a box is 1.5 times as large, so that a face beside the box can be in it."""
    landmarker, (frame, _) = FivePoints(), heads[0]
    face = detected(frame)
    for x, y, presence in ((0.2, 0, 1), (0.5, 0, 0), (0, -0.5, 0)):
        right, down = x * face.width, y * face.height
        box = Face(face.left + right, face.top + down, face.right + right, face.bottom + down, 1.0)
        assert landmarker.locate(frame, box).presence == presence


def test_five_points_cannot_be_followed_without_the_detector(heads):
    frame, _ = heads[0]
    landmarker: Landmarker = FivePoints()
    assert landmarker.follow(frame, landmarker.locate(frame, detected(frame))) is None


def test_without_the_mesh_nothing_replaces_it_silently(monkeypatch, tmp_path):
    monkeypatch.setattr(model_files, "models_folder", lambda: tmp_path)
    with pytest.raises(MerlabError, match="`merlab models get` once.*--landmarks five-points"):
        find_landmarker()
    assert find_landmarker("five-points").source == "five-points"


def test_only_faces_aligned_by_five_points_have_a_warning_and_a_stamp():
    assert "tilted by up to 3 degrees" in (five_points_warning("five-points") or "")
    assert "merlab models get" in (five_points_warning("five-points") or "")
    assert five_points_warning("mesh") is None
    assert FaceFinding(landmarks="five-points").stamps == ("FIVE POINTS",)
    assert FaceFinding().stamps == ()


def test_an_unknown_source_of_landmarks_is_refused():
    with pytest.raises(MerlabError, match="unknown landmark source 'eyes'; landmark sources are mesh, five-points"):
        find_landmarker("eyes")  # type: ignore[arg-type]
