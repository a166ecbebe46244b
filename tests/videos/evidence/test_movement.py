"""Evidence of a movement: which parts moved where, and the action units that it is consistent with."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from merlab.frames import open_frames
from merlab.spotting.motion import COLUMNS, ROWS, block_centers, in_blocks, lid_blocks, without_head
from merlab.spotting.motion_score import PARTS
from merlab.synthesis.action_units import ACTION_UNITS
from merlab.synthesis.unit_flow import unit_flows
from merlab.videos.evidence.movement import (
    direction_words,
    explaining_units,
    moved_parts,
    movement_evidence,
    unit_templates,
)
from merlab.videos.moved import UNIT_NAMES, UnitStrength, parts_of, parts_text, units_of, units_text
from tests.videos.faces import LEFT_MOUTH_CORNER, bump, face, warped

KEYS = [f"{number}{side}" for number, unit in ACTION_UNITS.items() for side in ("rl" if unit.paired else "c")]
STILL = np.zeros((282, 231))


def shown(**strengths: float):
    """The displacement of the blocks by these action units, such as ``au12l=2``: px of peak displacement."""
    flows = {key: unit_flows()[key.removeprefix("au")] for key in strengths}
    peaks = {key: np.hypot(flow[..., 0], flow[..., 1]).max() for key, flow in flows.items()}
    total = sum(strengths[key] / peaks[key] * flow for key, flow in flows.items())
    return without_head(in_blocks(total.astype(np.float32)))


class TestParts:
    def test_a_rising_left_mouth_corner_moves_the_left_of_the_mouth_up_most(self):
        blocks = np.zeros((ROWS, COLUMNS, 2), np.float32)
        blocks[..., 1] = -3 * bump(*block_centers(), LEFT_MOUTH_CORNER)
        first = moved_parts(blocks)[0]
        assert (first.part, first.direction) == ("mouth, left", "up")
        assert 0.5 < first.px < 3

    def test_a_part_that_moves_as_a_whole_moves_by_that_much(self):
        blocks = np.tile(np.array([0.6, 0.8], np.float32), (ROWS, COLUMNS, 1))
        assert [part.px for part in moved_parts(blocks)] == pytest.approx([1.0] * len(PARTS))

    @pytest.mark.parametrize(
        ("part", "mean", "words"),
        [
            ("mouth, left", (0, -1), "up"),
            ("mouth, left", (1, 0), "outwards"),
            ("mouth, left", (-1, 1), "down and inwards"),
            ("mouth, right", (-1, -1), "up and outwards"),
            ("cheeks, right", (1, 0.1), "inwards"),
            ("eyes and brows", (1, 0), "to the left"),
            ("chin", (-1, 1), "down and to the right"),
        ],
    )
    def test_directions_are_the_subjects_own(self, part, mean, words):
        assert direction_words(part, np.array(mean, np.float32), float(np.hypot(*mean))) == words

    def test_a_part_that_is_torn_apart_has_no_one_direction(self):
        assert direction_words("chin", np.array([0.1, 0.1], np.float32), 1.0) == "in several directions"


class TestUnits:
    def test_every_unit_of_the_generator_has_a_name(self):
        assert set(UNIT_NAMES) == set(ACTION_UNITS)
        assert UnitStrength("AU12 left", 1.9).words == "AU12 left (lip corner puller)"

    @pytest.mark.parametrize("key", KEYS)
    def test_the_movement_of_one_unit_is_that_unit_and_no_other(self, key):
        ((code, px),) = explaining_units(shown(**{f"au{key}": 2.0}))
        assert code == f"AU{key[:-1]}" + {"l": " left", "r": " right", "c": ""}[key[-1]]
        assert px == pytest.approx(2, rel=1e-4)

    def test_both_sides_together_are_the_unit_without_a_side(self):
        (unit,) = explaining_units(shown(au12l=2.0, au12r=1.6))
        assert unit.code == "AU12"
        assert unit.px == pytest.approx(2, rel=1e-4)

    @pytest.mark.parametrize(("right", "code"), [(1.05, "AU12"), (0.95, "AU12 left")])
    def test_one_side_is_named_where_the_other_moves_less_than_half_as_far(self, right, code):
        (unit,) = explaining_units(shown(au12l=2.0, au12r=right))
        assert unit.code == code

    def test_units_that_move_together_are_distinguished_the_strongest_first(self):
        units = explaining_units(shown(au1l=1.0, au1r=1.0, au17c=2.0))
        assert [unit.code for unit in units] == ["AU17", "AU1"]

    @pytest.mark.parametrize("fall", [3.0, -3.0])
    def test_lids_that_close_or_open_as_in_a_blink_are_no_unit_and_hide_none(self, fall):
        blinking = shown(au12l=2.0, au12r=2.0)
        blinking[lid_blocks().any(axis=0)] += (0, fall)
        (unit,) = explaining_units(blinking)
        assert unit.code == "AU12"
        assert unit.px == pytest.approx(2, rel=0.05)

    def test_units_of_the_lids_cannot_be_seen_in_a_blink(self):
        assert set(unit_templates(blinking=False)) == set(KEYS)
        assert {key[:-1] for key in set(KEYS) - set(unit_templates(blinking=True))} == {"5", "7"}

    def test_no_unit_is_named_for_a_movement_that_none_of_them_makes(self):
        x, y = block_centers()
        waves = np.stack([np.sin(x / 12), np.cos(y / 12)], axis=-1)
        assert explaining_units(without_head(waves.astype(np.float32))) == ()

    def test_a_face_that_does_not_move_shows_nothing(self):
        assert explaining_units(np.zeros((ROWS, COLUMNS, 2), np.float32)) == ()


class TestFaces:
    def test_the_flow_is_that_of_the_pixels(self):
        rows, columns = np.mgrid[0:282, 0:231]
        rise = -2 * bump(columns, rows, LEFT_MOUTH_CORNER)
        evidence = movement_evidence(warped(face(), STILL, STILL), warped(face(), STILL, rise))
        assert evidence.flow.shape == (282, 231, 2)
        assert np.abs(evidence.flow[20:-20, 20:-20, 1] - rise[20:-20, 20:-20]).mean() < 0.1
        assert 1.5 < evidence.largest < 2
        assert parts_text(evidence.parts).startswith("mouth, left ")
        parts, units = parts_of(parts_text(evidence.parts)), units_of(units_text(evidence.action_units))
        assert [(each.part, each.direction) for each in parts] == [
            (each.part, each.direction) for each in evidence.parts
        ]
        assert [each.code for each in units] == [each.code for each in evidence.action_units] != []
        assert [each.px for each in parts] == pytest.approx([each.px for each in evidence.parts], abs=0.005)
        assert [each.px for each in units] == pytest.approx([each.px for each in evidence.action_units], abs=0.005)

    def test_still_faces_show_nothing(self):
        noise = np.random.default_rng(0).normal(0, 1, (282, 231)).astype(np.float32)
        evidence = movement_evidence(warped(face(), STILL, STILL), warped(face() + noise, STILL, STILL))
        assert (evidence.parts, evidence.action_units) == ((), ())

    @pytest.mark.parametrize(("shift", "turn"), [((2.0, 1.0), 0.0), ((0.0, 0.0), 1.0), ((-1.0, 2.0), -1.0)])
    def test_a_head_that_moves_as_a_whole_shows_nothing(self, shift, turn):
        matrix = cv2.getRotationMatrix2D((115, 141), turn, 1.0)
        matrix[:, 2] += shift
        still = warped(face(), STILL, STILL)
        moved = cv2.warpAffine(still, matrix, (231, 282), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        evidence = movement_evidence(still, np.asarray(moved, np.uint8))
        assert (evidence.parts, evidence.action_units) == ((), ())

    def test_the_size_of_the_pictures_hardly_matters(self):
        rows, columns = np.mgrid[0:282, 0:231]
        pair = [warped(face(), STILL, v) for v in (STILL, -2 * bump(columns, rows, LEFT_MOUTH_CORNER))]
        large = [np.asarray(cv2.resize(each, (462, 564)), np.uint8) for each in pair]
        assert np.abs(movement_evidence(*large).flow - movement_evidence(*pair).flow).mean() < 0.05


@pytest.mark.slow
class TestSyntheticClips:
    def test_the_first_unit_named_is_a_true_one_far_above_chance(self, labeled_faces):
        clips = labeled_faces("default").table
        right, chance = [], []
        for clip in clips:
            frames = open_frames(clip.source)
            true = {int(number) for number in re.findall(r"\d+", clip.action_units)}
            units = movement_evidence(frames.read(clip.onset), frames.read(clip.apex)).action_units
            chance.append(len(true) / len(UNIT_NAMES))
            right += [int(units[0].code.split()[0][2:]) in true] if units else []
        assert len(right) > 0.75 * len(clips)
        assert np.mean(right) > 0.85 > 5 * np.mean(chance)

    def test_nothing_is_named_between_frames_before_the_onset(self, labeled_faces):
        clips = [clip for clip in labeled_faces("default").table if clip.onset > 3]
        assert len(clips) > 25
        for clip in clips:
            frames = open_frames(clip.source)
            first, *_, later = frames.numbers[:4]
            assert movement_evidence(frames.read(first), frames.read(later)).action_units == ()
