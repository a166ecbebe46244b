"""Chunks cover a video once, whatever its container states."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from merlab.videos.chunks.division import Division


@given(st.integers(0, 5000), st.integers(1, 700), st.integers(0, 90))
def test_every_frame_belongs_to_one_chunk(promised, length, margin):
    division = Division(1, promised, length, margin)
    spans = list(itertools.islice(division.spans(), division.expected + 3))
    owned = list(itertools.chain.from_iterable(span.owned for span in spans))
    assert owned == list(range(1, len(owned) + 1))
    assert len(owned) >= promised


@given(st.integers(1000, 5000), st.integers(200, 700), st.integers(1, 90))
def test_promised_chunks_have_a_margin_around_them_and_are_neither_tiny_nor_huge(promised, length, margin):
    division = Division(1, promised, length, margin)
    for span in itertools.islice(division.spans(), division.expected):
        assert length / 2 <= len(span.owned) <= 1.5 * length
        assert span.covered == range(max(1, span.owned.start - margin), span.owned.stop + margin)


def test_chunks_that_were_not_promised_follow_without_end():
    division = Division(1, 100, 40, 5)
    assert division.expected == 2
    assert [division.span(index).owned for index in (1, 2, 3)] == [range(41, 101), range(101, 141), range(141, 181)]
    assert division.span(2).covered == range(101, 146)
