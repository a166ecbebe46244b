"""Which events of several coders are the same one."""

from __future__ import annotations

from itertools import permutations

import pytest

from merlab.coding.agreement.matched import Scene, rated_units
from merlab.coding.agreement.rated import RatedEvent


def units(coders, order):
    """The units of these coders, each as the set of its coders and their intervals, added in this order."""
    events = {
        place: [RatedEvent(None, onset, None, offset) for onset, offset in coders[coder]]
        for place, coder in enumerate(order)
    }
    found = rated_units(Scene("a.mp4", None, events))
    return {frozenset((order[place], event.onset, event.offset) for place, event in unit.items()) for unit in found}


# The third overlaps both others by .74 and .67 (17 of 23 frames, 16 of 24), these each other by .48 (13 of 27).
BETWEEN = {"anna": [(1, 20)], "bert": [(8, 27)], "cora": [(4, 23)]}
# Each of the first two has a half of what the third has; the earlier half is that event.
HALVES = {"anna": [(1, 5)], "bert": [(6, 10)], "cora": [(1, 10)]}


@pytest.mark.parametrize(
    ("coders", "expected"),
    [
        (BETWEEN, [[("anna", 1, 20), ("cora", 4, 23)], [("bert", 8, 27)]]),
        (HALVES, [[("anna", 1, 5), ("cora", 1, 10)], [("bert", 6, 10)]]),
        (
            {"anna": [(1, 20)], "bert": [(3, 20)], "cora": [(3, 22)]},
            [[("anna", 1, 20), ("bert", 3, 20), ("cora", 3, 22)]],
        ),
    ],
)
@pytest.mark.parametrize("order", list(permutations(["anna", "bert", "cora"])))
def test_any_two_events_of_a_unit_match_whatever_the_order_of_the_coders(coders, expected, order):
    assert units(coders, order) == set(map(frozenset, expected))


def test_a_coder_has_one_event_of_a_unit_the_one_that_overlaps_best():
    coders = {"anna": [(1, 10)], "bert": [(1, 8), (2, 10)]}
    expected = [[("anna", 1, 10), ("bert", 2, 10)], [("bert", 1, 8)]]
    assert units(coders, ("anna", "bert")) == set(map(frozenset, expected))


@pytest.mark.parametrize("order", list(permutations(["own", "other"])))
def test_of_two_faces_in_the_same_frames_the_first_counts_whatever_the_order_of_the_events(order):
    faces = [RatedEvent(1, 1, None, 10, "fear"), RatedEvent(0, 1, None, 10, "joy")]
    for listed in (faces, faces[::-1]):
        coders = {"own": listed, "other": [RatedEvent(None, 1, None, 10)]}
        found = rated_units(Scene("a.mp4", None, {place: coders[coder] for place, coder in enumerate(order)}))
        (unit,) = [each for each in found if len(each) == 2]
        assert unit[order.index("own")].label == "joy"
