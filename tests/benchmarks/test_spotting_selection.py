"""The ways to count of benchmarks/spotting_selection.py, on LGSNet's released detections and on small tables."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from merlab.spotting.scoring.read_intervals import read_events
from merlab.spotting.scoring.selection import scores_of_rules, selection_scores
from tests.helpers import SHARED

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
LGSNET = SHARED / "data" / "lgsnet_spotting"
TRUTH, FOLDER = LGSNET / "casme2_annotation_357.csv", LGSNET / "cas(me)^2_new"


@pytest.fixture
def benchmark_module(monkeypatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("spotting_selection")


def test_one_detection_hits_one_event_unless_it_is_shared(benchmark_module):
    overlaps = np.array([[0.5, 0.0], [0.6, 0.4]])
    reading = benchmark_module.READINGS[0]
    assert (reading.hits(overlaps), replace(reading, shared=True).hits(overlaps)) == (1, 2)


@pytest.mark.slow
@pytest.mark.skipif(not LGSNET.is_dir(), reason="the detections of LGSNet are not in this checkout")
def test_the_rule_of_lgsnet_gives_its_published_scores(benchmark_module):
    """Its README of 2023-02-21, CAS(ME)^2: recall 0.366947, precision 0.629808, f1_score 0.463717."""
    truth, found = read_events(TRUTH), benchmark_module.detections_in(FOLDER)
    (reading,) = (each for each in benchmark_module.READINGS if each.name == "LGSNet's script")
    tried = benchmark_module.tried(reading, truth, found)
    best = scores_of_rules(tried)[0]
    epoch, threshold = tried.epochs.index(best.epoch), int(np.flatnonzero(tried.thresholds == best.threshold)[0])
    right, spotted = (int(counts[:, epoch, threshold].sum()) for counts in (tried.right, tried.spotted))
    assert (round(right / tried.true.sum(), 6), round(right / spotted, 6)) == (0.366947, 0.629808)
    assert round(best.f1, 6) == 0.463717


@pytest.mark.slow
@pytest.mark.skipif(not LGSNET.is_dir(), reason="the detections of LGSNet are not in this checkout")
def test_the_first_row_is_what_the_command_prints(benchmark_module):
    found = benchmark_module.detections_in(FOLDER)
    tried = benchmark_module.tried(benchmark_module.READINGS[0], read_events(TRUTH), found)
    assert scores_of_rules(tried) == selection_scores(TRUTH, FOLDER, fps=30)[:4]


def test_detections_that_do_not_count(benchmark_module):
    """Of two videos, the second detection of the first is of zero length, and one video has three detections."""
    table = pd.DataFrame(
        {
            "video": ["a", "a", "a", "b"],
            "onset": [1.9, 5, 20, 1],
            "offset": [9.9, 5, 30, 8],
            "score": [0.9, 0.4859, 0.3, 0.2],
        }
    )
    reading = benchmark_module.READINGS[0]
    assert replace(reading, with_extent=True).spotted(table).index.tolist() == [0, 2, 3]
    assert replace(reading, most=2).spotted(table).index.tolist() == [0, 1, 3]
    assert replace(reading, three_decimals=True).spotted(table)["score"].tolist() == [0.9, 0.485, 0.3, 0.2]
    assert replace(reading, whole_frames=True).intervals(table)[0].tolist() == [1, 9]
    assert replace(reading, last_frame=False).intervals(table)[3].tolist() == [1, 7]
