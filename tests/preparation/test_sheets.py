"""Contact sheets show box, regions and stamps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from merlab.faces.alignment import ClipAlignment
from merlab.preparation.sheets import (
    ALARM,
    BOX,
    INK,
    REGION_COLORS,
    contact_sheet,
    draw_detection,
    draw_regions,
    write_text,
)
from tests.preparation.conftest import FIVE_POINTS


def holds(image, color, least=20):
    return int((image == np.array(color)).all(axis=2).sum()) >= least


def test_a_detection_shows_the_box_where_the_face_is(heads):
    found = FIVE_POINTS.finding.open().find(heads[0])
    assert found is not None
    drawn = draw_detection(heads[0], found)
    assert drawn.shape == heads[0].shape
    rows, columns = np.nonzero((drawn == np.array(BOX)).all(axis=2))
    assert abs(columns.min() - found.face.left) <= 2
    assert abs(columns.max() - found.face.right) <= 2
    assert abs(rows.max() - found.face.bottom) <= 2
    across, down = map(round, found.face.center)
    sides = ((found.face.left, down), (found.face.right, down), (across, found.face.bottom), (across, found.face.top))
    for x, y in sides:
        assert drawn[round(y), round(x)].tolist() == list(BOX)
    assert not holds(heads[0], BOX)
    # Its confidence is written above it.
    assert 10 < found.face.top - rows.min() < 25
    label = drawn[rows.min() + 2 : rows.min() + 13, columns.min() + 2 : columns.min() + 34].sum(axis=2)
    assert label.max() == sum(BOX)
    assert label.min() < 200


def test_landmarks_are_dots_at_their_places(heads):
    found = FIVE_POINTS.finding.open().find(heads[0])
    assert found is not None
    for size in (1, 2):
        points = replace(found.landmarks, points=found.landmarks.points * size)
        drawn = draw_detection(np.zeros((480 * size, 640 * size, 3), np.uint8), replace(found, landmarks=points))
        for x, y in np.rint(found.landmarks.points).astype(int):
            assert drawn[y, x].min() > 200


def test_a_large_frame_is_reduced_and_the_box_with_it(heads):
    large = np.repeat(np.repeat(heads[0], 2, axis=0), 2, axis=1)
    found = FIVE_POINTS.finding.open().find(large)
    assert found is not None
    drawn = draw_detection(large, found)
    assert drawn.shape == (480, 640, 3)
    _, columns = np.nonzero((drawn == np.array(BOX)).all(axis=2))
    assert abs(columns.min() - found.face.left / 2) <= 2


def test_regions_are_at_the_same_place_of_the_picture_of_a_reduced_frame(heads):
    large = np.repeat(np.repeat(heads[0], 2, axis=0), 2, axis=1)
    extents = []
    for frame in (heads[0], large):
        alignment = ClipAlignment(frame, FIVE_POINTS.finding.open())
        drawn = draw_detection(frame, alignment.onset, alignment.regions, alignment.transform)
        changed = (drawn != draw_detection(frame, alignment.onset)).any(axis=2)
        rows, columns = np.nonzero(changed)
        extents.append((rows.min(), rows.max(), columns.min(), columns.max()))
    np.testing.assert_allclose(extents[0], extents[1], atol=4)


def test_every_region_is_drawn_in_its_color(heads):
    alignment = ClipAlignment(heads[0], FIVE_POINTS.finding.open())
    for name, region in alignment.regions.items():
        face = draw_regions(np.zeros((282, 231, 3), np.uint8), {name: region})
        brightest = face.reshape(-1, 3)[face.sum(axis=2).argmax()]
        np.testing.assert_allclose(brightest, REGION_COLORS[name], atol=30)


def test_a_sheet_of_synthetic_faces_is_stamped(heads):
    alignment = ClipAlignment(heads[0], FIVE_POINTS.finding.open())
    shown = {1: alignment.align(heads[0]).image}
    plain, stamped = (contact_sheet(heads[0], alignment, shown, "clip", [], stamps) for stamps in ((), ("SYNTHETIC",)))
    assert not holds(plain, ALARM)
    assert holds(stamped, ALARM, 200)
    assert not np.array_equal(plain, contact_sheet(heads[0], alignment, shown, "another", []))


def test_two_names_of_another_script_differ_in_a_picture():
    pictures = np.full((2, 20, 200, 3), 250, np.uint8)
    for picture, name in zip(pictures, ("惊讶", "高兴"), strict=True):
        write_text(picture, name, (2, 14), INK)
    assert not np.array_equal(pictures[0], pictures[1])
