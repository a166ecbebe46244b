"""Crop correction: a known displacement is found again without labels, and applied to every channel alike."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.databases import load
from merlab.errors import MerlabError
from merlab.faces.regions import REGIONS, face_mask
from merlab.inputs import load_inputs, parse_recipe
from merlab.inputs.crop_correction import CropCorrection, Placement, fit_correction, register
from merlab.inputs.crop_reference import mean_strain, rendered_strain, strain_of_faces
from merlab.inputs.recipe import View
from tests.helpers import STSTNET_FLOW, needs_released_flow, write_flow_tree

FLOW = parse_recipe("flow:scale=centered,crop=corrected")
TWO = parse_recipe("released-flow:crop=corrected")


def clips_of(strain: np.ndarray, count: int = 40, seed: int = 0) -> np.ndarray:
    """Centered u, v, strain (count, 3, 28, 28) whose mean map of strain is ``strain`` up to noise."""
    planes = np.random.default_rng(seed).normal(0, 0.3, (count, 3, 28, 28))
    planes[:, 2] += strain
    return planes.astype(np.float32)


class TestAPlacement:
    def test_moves_a_pixel_down_and_away_from_the_center(self):
        image = np.zeros((28, 28), np.float32)
        image[10:18, 13:15] = 1  # rows 10 to 17 about the center 13.5
        moved = Placement(down=2, height=1.5).applied(image)
        assert np.flatnonzero(moved[:, 13] > 0.5)[[0, -1]].tolist() == [10, 21]  # 13.5 + 2 -+ 4 * 1.5

    def test_scales_about_the_center_so_that_a_symmetric_image_stays_so(self):
        image = np.random.default_rng(0).random((20, 28), np.float32)
        symmetric = image + image[::-1] + image[:, ::-1] + image[::-1, ::-1]
        scaled = Placement(width=1.2, height=0.9).applied(symmetric)
        assert scaled == pytest.approx(scaled[::-1], abs=1e-4)
        assert scaled == pytest.approx(scaled[:, ::-1], abs=1e-4)
        assert np.abs(scaled - symmetric).max() > 0.5

    def test_scales_its_shift_with_the_size_of_the_image(self):
        image = np.zeros((56, 56), np.float32)
        image[20] = 1
        assert int(Placement(down=3).applied(image)[:, 28].argmax()) == 26

    def test_without_any_movement_changes_nothing(self):
        image = np.random.default_rng(0).random((28, 28), np.float32)
        assert np.array_equal(Placement().applied(image), image)

    def test_is_found_again_from_the_displaced_map(self):
        faces = strain_of_faces()
        displaced = Placement(-1.5, 1 / 1.1, 1 / 0.95).applied(faces)
        found = register(displaced, faces)
        assert (found.width, found.height) == (1.1, 0.95)
        assert found.down == pytest.approx(1.5, abs=0.5)


class TestTheCorrection:
    def test_is_fitted_for_each_database_alone(self):
        faces = strain_of_faces()
        inputs = np.concatenate([clips_of(faces), clips_of(Placement(2).applied(faces), seed=1)])
        placements = fit_correction(FLOW, inputs, ["casme2"] * 40 + ["smic"] * 40).placements
        assert placements["casme2"] == (Placement(),)
        assert placements["smic"] == (Placement(-2.0),)

    def test_of_a_second_crop_leads_to_the_corrected_first_one(self):
        faces = strain_of_faces()
        first, second = clips_of(Placement(1).applied(faces)), clips_of(Placement(4, 1 / 1.2).applied(faces), seed=1)
        placements = fit_correction(TWO, np.stack([first, second], axis=1), ["casme2"] * 40).placements
        assert placements["casme2"][0] == Placement(-1.0)
        assert (placements["casme2"][1].down, placements["casme2"][1].width) == (-4.0, 1.2)

    def test_moves_all_channels_alike_and_keeps_them_centered(self):
        inputs = clips_of(strain_of_faces(), 2)
        inputs[1] = inputs[0]
        correction = CropCorrection(FLOW, {"smic": (Placement(2.0),)})
        corrected = correction.applied(inputs, ["casme2", "smic"])
        assert np.array_equal(corrected[0], inputs[0])
        for channel in range(3):
            assert np.corrcoef(corrected[1, channel, 4:].ravel(), inputs[1, channel, 2:-2].ravel())[0, 1] > 0.999
        assert np.median(corrected[1], axis=(1, 2)) == pytest.approx(np.zeros(3), abs=1e-6)
        assert corrected[1].std(axis=(1, 2)) == pytest.approx(np.ones(3), abs=1e-5)

    def test_moves_each_image_of_a_clip_by_its_own_placement(self):
        inputs = np.stack([clips_of(strain_of_faces(), 1)] * 2, axis=1)
        correction = CropCorrection(TWO, {"smic": (Placement(), Placement(2.0))})
        corrected = correction.applied(inputs, ["smic"])[0]
        strain = 2
        assert np.corrcoef(corrected[0, strain].ravel(), inputs[0, 0, strain].ravel())[0, 1] > 0.999
        assert np.corrcoef(corrected[1, strain, 4:].ravel(), inputs[0, 1, strain, 2:-2].ravel())[0, 1] > 0.999

    def test_leaves_a_database_that_was_not_fitted_as_it_is(self):
        inputs = clips_of(strain_of_faces(), 1)
        assert np.array_equal(CropCorrection(FLOW, {}).applied(inputs, ["samm"]), inputs)

    def test_of_an_input_without_strain_is_an_error(self):
        with pytest.raises(MerlabError, match="only flow with strain can be corrected"):
            fit_correction(parse_recipe("apex:size=28x28"), np.zeros((1, 3, 28, 28), np.float32), ["casme2"])


class TestTheLocalView:
    def correction(self, view: View) -> CropCorrection:
        return CropCorrection(FLOW.seen_by(view), {"smic": (Placement(2.0),)})

    def test_is_cut_out_of_the_corrected_global_view(self):
        whole = clips_of(strain_of_faces(), 1)
        corrected = CropCorrection(FLOW, {"smic": (Placement(2.0),)}).applied(whole, ["smic"])
        regions = face_mask(28, 28, tuple(REGIONS.values()))
        both = self.correction("both").applied(np.concatenate([whole, whole], axis=1), ["smic"])
        assert np.array_equal(both[:, :3], corrected)
        assert np.array_equal(both[:, 3:], np.where(regions, corrected, 0))
        assert np.array_equal(self.correction("local").applied(whole, ["smic"]), both[:, 3:])

    def test_is_cut_out_for_a_database_that_was_not_fitted_too(self):
        whole = clips_of(strain_of_faces(), 1)
        regions = face_mask(28, 28, tuple(REGIONS.values()))
        assert np.array_equal(self.correction("local").applied(whole, ["samm"]), np.where(regions, whole, 0))

    @pytest.mark.parametrize("view", ["local", "both"])
    def test_does_not_change_the_fitted_correction(self, view):
        faces = clips_of(Placement(1).applied(strain_of_faces()))
        inputs = faces if view == "local" else np.concatenate([faces, faces], axis=1)
        found = fit_correction(FLOW.seen_by(view), inputs, ["casme2"] * 40)
        assert found.placements == fit_correction(FLOW, faces, ["casme2"] * 40).placements

    def test_is_still_whole_in_the_input_of_one_clip(self, tmp_path):
        """The array is one before the correction, which is fitted in each fold."""
        clips = load("ststnet-flow", write_flow_tree(tmp_path / "flow"))
        both = load_inputs(clips, FLOW.seen_by("both"), tmp_path / "cache")
        assert both.shape == (len(clips), 6, 28, 28)
        assert np.array_equal(both[:, :3], both[:, 3:])

    def test_is_stated_in_a_recipe_that_worker_processes_read_again(self):
        recipe = FLOW.seen_by("both")
        assert parse_recipe(str(recipe)) == recipe


class TestTheMapOfFaces:
    def test_is_symmetric(self):
        faces = strain_of_faces()
        assert faces == pytest.approx(faces[:, ::-1], abs=2e-3)
        assert mean_strain(np.random.default_rng(0).random((3, 28, 28), np.float32)).shape == (28, 28)

    @pytest.mark.slow
    def test_is_that_of_newly_rendered_faces(self):
        assert np.corrcoef(rendered_strain(6, 6).ravel(), strain_of_faces().ravel())[0, 1] > 0.85


@needs_released_flow
def test_the_released_crops_are_corrected_as_measured_before(tmp_path):
    """A prototype found (down, width, height): CASME II -0.5, 1.05, 0.95 and SMIC 0.25, 1.0, 1.1."""
    table = load("ststnet-flow", STSTNET_FLOW)
    inputs = load_inputs(table, FLOW, tmp_path)
    found = fit_correction(FLOW, inputs, [clip.database for clip in table]).placements
    for database, expected in {"casme2": (-0.5, 1.05, 0.95), "smic": (0.25, 1.0, 1.1)}.items():
        (placement,) = found[database]
        assert placement.down == pytest.approx(expected[0], abs=0.5)
        assert (placement.width, placement.height) == pytest.approx(expected[1:], abs=0.06)
