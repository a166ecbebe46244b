"""Methods on synthetic faces: they learn what is there to learn, and find nothing where nothing moves."""

from typing import Any

import pytest

from merlab.methods import METHODS
from tests.methods.learning import out_of_fold, share_of_shuffles_reaching

# The reduced presets count on hundreds of clips; with 48, small batches make up for the steps that are missing.
SHORT = {"batch_size": 8, "epochs": 16}
# Descriptors at a size or length, networks at a length that costs a test less than the published one.
CHOSEN: dict[str, dict[str, Any]] = {
    "linear-svm": {"preset": "paper"},
    "dbfem-caffm": {"preset": "flow28", "settings": {**SHORT, "epochs": 12}},
    "ststnet": {"preset": "reduced", "settings": SHORT},
    # Its published learning rate is the smallest by far.
    "off-apexnet": {"preset": "reduced", "settings": {**SHORT, "epochs": 40}},
    "bi-woof": {"preset": "paper"},
    "dual-inception": {"preset": "reduced", "settings": SHORT},
    "rcn-a": {"preset": "reduced", "settings": SHORT},
    "rcn-s": {"preset": "reduced", "settings": SHORT},
    "rcn-w": {"preset": "reduced", "settings": SHORT},
    "rcn-f": {"preset": "reduced", "settings": SHORT},
    "sssn": {"preset": "flow28", "settings": SHORT},
    "dssn": {"preset": "reduced", "settings": SHORT},
    "fr": {"preset": "reduced", "settings": SHORT},
    "learnet": {"preset": "reduced"},
    "lbp-top": {"preset": "paper", "text": "lbp-top:size=115x141"},
    "mdmo": {"preset": "paper", "text": "mdmo:frames=10"},
}
NOT_TRAINED = {"constant", "random"}
# One form of the paper's family stands for all, which would cost minutes.
REST_OF_THE_FAMILY = {"gfem", "ltfem", "dbfem", "dbfem-caffm-l", "dbfem-caffm-g", "resnet18", "resnet34"}


def test_every_trained_method_is_asked():
    assert set(CHOSEN) == set(METHODS) - NOT_TRAINED - REST_OF_THE_FAMILY


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOSEN)
def test_it_learns_clear_movements_of_subjects_it_has_not_seen(labeled_faces, tmp_path, name):
    labeled = labeled_faces("easy")
    recall, chance = share_of_shuffles_reaching(labeled.labels, out_of_fold(name, labeled, tmp_path, **CHOSEN[name]))
    # 1000 shuffles never come close: well above chance (.2), not merely beyond it.
    assert chance == 0
    assert recall > 0.45


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOSEN)
def test_it_stays_at_chance_where_no_action_unit_moves(labeled_faces, tmp_path, name):
    labeled = labeled_faces("null")
    recall, chance = share_of_shuffles_reaching(labeled.labels, out_of_fold(name, labeled, tmp_path, **CHOSEN[name]))
    # The level of 1 in 20 is shared out over the methods that are asked (Bonferroni).
    assert chance > 0.05 / len(CHOSEN), recall
