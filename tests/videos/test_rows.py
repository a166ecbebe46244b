"""Probabilities as they are printed: none is 0 or 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlab.videos.rows import event_rows, probability_text
from tests.videos.fake_result import CLASSES, fake_events


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "below 0.01"),
        (0.0099, "below 0.01"),
        (0.01, "0.01"),
        (0.5, "0.50"),
        (0.83, "0.83"),
        (0.989, "0.99"),
        (0.99, "0.99"),
        (0.996, "0.99"),
        (1.0, "0.99"),
    ],
)
def test_a_probability_in_a_sentence_has_two_digits_and_is_neither_0_nor_1(value, text):
    assert probability_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0001"),
        (0.00001, "0.0001"),
        (0.12345, "0.1235"),
        (0.99994, "0.9999"),
        (0.99996, "0.9999"),
        (1, "0.9999"),
    ],
)
def test_a_probability_in_a_table_has_four_digits_and_is_neither_0_nor_1(value, text):
    columns = event_rows(CLASSES)
    (event,) = fake_events(np.random.default_rng(0), 2.0, 100.0, 1, 1, "a.mp4")
    event = replace(event, probability=value, probabilities=dict.fromkeys(CLASSES, value))
    row = dict(zip(columns.names, columns.row(event), strict=True))
    assert row["probability"] == text
    assert {row[f"p_{name}"] for name in CLASSES} == {text}


def test_the_text_of_an_event_is_its_class_or_that_it_has_none():
    (event,) = fake_events(np.random.default_rng(0), 2.0, 100.0, 1, 1, "a.mp4")
    assert replace(event, label="happiness", probability=1.0).class_text == "happiness 0.99"
    assert replace(event, label="", probability=1.0).class_text == "no class"


def test_reasons_are_read_from_the_cell_in_their_order():
    (event,) = fake_events(np.random.default_rng(0), 2.0, 100.0, 1, 1, "a.mp4")
    assert replace(event, withheld="").reasons == []
    several = replace(event, withheld="face turned away; probability too low; a reason of a later version")
    assert several.reasons == ["probability too low", "face turned away"]
