"""Every room implements exactly the words of its vocabulary, in the same order."""

from __future__ import annotations

from typing import get_args

import pytest

from merlab.faces.detection import DETECTORS
from merlab.faces.landmarks import LANDMARKERS, NAMED_POINTS
from merlab.inference.runtimes import AUTO, FASTEST_FIRST, RUNTIMES
from merlab.models.export import SUFFIXES
from merlab.reports.html import PROTOCOLS as PROTOCOL_SENTENCES
from merlab.reproduction import ALL, FIGURES, TABLES
from merlab.synthesis.presets import PRESETS
from merlab.synthesis.video import FORMATS
from merlab.vocabulary import (
    FIGURE_NAMES,
    PROTOCOLS,
    RUNTIME_CHOICES,
    TABLE_NAMES,
    DetectorName,
    ExportFormat,
    LandmarkSource,
    SynthesisPreset,
    VideoFormat,
)


@pytest.mark.parametrize(
    ("implemented", "words"),
    [
        (DETECTORS, get_args(DetectorName)),
        (LANDMARKERS, get_args(LandmarkSource)),
        (NAMED_POINTS, get_args(LandmarkSource)),
        (PROTOCOL_SENTENCES, PROTOCOLS),
        ((AUTO, *RUNTIMES), RUNTIME_CHOICES),
        (SUFFIXES, get_args(ExportFormat)),
        (PRESETS, get_args(SynthesisPreset)),
        (TABLES, TABLE_NAMES),
        (FIGURES, FIGURE_NAMES),
        (sorted(ALL), tuple(sorted((*TABLE_NAMES, *FIGURE_NAMES)))),
        (FORMATS, get_args(VideoFormat)),
    ],
)
def test_a_room_implements_every_word_and_no_other(implemented, words):
    assert tuple(implemented) == words


def test_a_runtime_that_auto_can_choose_is_one_that_a_user_can_choose():
    assert set(FASTEST_FIRST) < set(RUNTIME_CHOICES)
