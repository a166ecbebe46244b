"""Methods on synthetic faces: they learn what is there to learn, and find nothing where nothing moves."""

import pytest

from tests.methods.learning import out_of_fold, share_of_shuffles_reaching

# Descriptors at a size or length that costs a test less than the published one.
CHOSEN = [
    pytest.param("lbp-top", "paper", "lbp-top:size=115x141", id="lbp-top"),
    pytest.param("mdmo", "paper", "mdmo:frames=10", id="mdmo"),
    pytest.param("learnet", "reduced", None, id="learnet"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "preset", "text"), CHOSEN)
def test_it_learns_clear_movements_of_subjects_it_has_not_seen(labelled_faces, tmp_path, name, preset, text):
    labelled = labelled_faces("easy")
    recall, chance = share_of_shuffles_reaching(labelled.labels, out_of_fold(name, preset, labelled, tmp_path, text))
    # 1000 shuffles never come close: well above chance (.2), not merely beyond it.
    assert chance == 0
    assert recall > 0.45


@pytest.mark.slow
@pytest.mark.parametrize(("name", "preset", "text"), CHOSEN)
def test_it_stays_at_chance_where_no_action_unit_moves(labelled_faces, tmp_path, name, preset, text):
    labelled = labelled_faces("null")
    recall, chance = share_of_shuffles_reaching(labelled.labels, out_of_fold(name, preset, labelled, tmp_path, text))
    assert chance > 0.05, recall
