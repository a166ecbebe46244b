"""Methods whose test on clear movements is long: after a short training, they stay at chance level if nothing moves."""

import pytest

from tests.methods.learning import out_of_fold, share_of_shuffles_reaching
from tests.methods.test_learning import CHOSEN, ONLY_CLEAR_MOVEMENTS

EPOCHS = 6
pytestmark = pytest.mark.usefixtures("kept_flow")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ONLY_CLEAR_MOVEMENTS))
def test_it_stays_at_chance_level_if_no_action_unit_moves(labeled_faces, shared_folder, name):
    labeled = labeled_faces("null")
    chosen = {**CHOSEN[name], "settings": {**CHOSEN[name]["settings"], "epochs": EPOCHS}}
    *_, (rows, predicted) = out_of_fold(name, labeled, shared_folder, **chosen, folds=2)
    recall, reaching = share_of_shuffles_reaching(labeled.labels[rows], predicted)
    # The level of 5 % is divided by the number of methods tested (Bonferroni).
    assert reaching > 0.05 / len(CHOSEN), recall
