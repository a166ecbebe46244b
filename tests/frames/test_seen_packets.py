"""The time stamps of the packets of a stream."""

from __future__ import annotations

from array import array

import pytest

from merlab.frames.seen_packets import UNKNOWN, SeenPackets


@pytest.mark.parametrize(
    ("shown", "decoded", "stamps"),
    [
        ([0, 2, 1], [0, 1, 2], [0, 2]),
        ([0, UNKNOWN, 1], [0, 1, 2], [0, 1]),
        ([0, UNKNOWN, 1], [0, 1, UNKNOWN], None),
        ([], [], None),
    ],
)
def test_stamps_are_those_of_showing_or_else_of_decoding_where_every_packet_has_one(shown, decoded, stamps):
    """The last packet is there in part only."""
    seen = SeenPackets(False, array("q", shown), array("q", decoded), corrupt=bytearray(b"\0\0\1"))
    found = seen.usable_stamps()
    assert (found if found is None else found.tolist()) == stamps
