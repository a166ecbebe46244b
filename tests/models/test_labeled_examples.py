"""Labeled inputs, divided by subject."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.models.labeled_examples import Examples, divided, division, with_division_faults
from merlab.protocols import label_clips
from merlab.schemes import find_scheme
from tests.helpers import make_clip


def examples(subjects: int) -> Examples:
    keys = pd.DataFrame([("synthetic", f"s{subject}", "c") for subject in range(subjects)])
    keys.columns = ["database", "subject", "clip"]
    return Examples(np.zeros((subjects, 1, 8, 8), np.float32), np.arange(subjects) % 3, keys)


@pytest.mark.parametrize("subjects", [6, 7, 40, 100])
def test_every_subject_is_used_for_exactly_one_purpose(subjects):
    groups = [set(chosen.groups) for chosen in divided(examples(subjects), 0)]
    assert all(groups)
    assert sum(map(len, groups)) == len(set.union(*groups)) == subjects


def test_the_clips_of_some_subjects_keep_their_labels_and_names():
    some = examples(6).of({"synthetic/s2", "synthetic/s5"})
    assert some.labels.tolist() == [2, 2]
    assert some.keys.to_dict("list") == {"database": ["synthetic"] * 2, "subject": ["s2", "s5"], "clip": ["c", "c"]}
    assert some.keys.index.tolist() == [0, 1]


def test_the_digest_is_the_same_on_windows(monkeypatch):
    """pandas ends lines of a table as the system does."""
    digest = examples(3).sha256
    monkeypatch.setattr("os.linesep", "\r\n")
    assert examples(3).sha256 == digest


def test_seventy_percent_of_the_subjects_are_for_training():
    assert [len(chosen.labels) for chosen in divided(examples(100), 0)] == [70, 15, 15]


@pytest.mark.parametrize("people", [("lab/1", "lab/01"), ("samm/1", "samm-long/1")])
@pytest.mark.parametrize("seed", range(6))
def test_a_person_under_two_names_is_stamped_where_the_division_parts_them(people, seed):
    others = [f"lab/{name}" for name in ("anna", "bert", "cleo", "dora", "emil", "finn")]
    clips = [
        make_clip(
            Path(f"{database}-{subject}-{emotion}"), database=database, subject=subject, name=emotion, emotion=emotion
        )
        for database, subject in (group.split("/") for group in (*people, *others))
        for emotion in ("happiness", "disgust")
    ]
    labeled = label_clips(ClipTable(tuple(clips)), find_scheme("megc2019"))
    parts = [set(people).intersection(part) for part in division(labeled.table.groups, seed)]
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        stamps = with_division_faults(labeled, seed).table.stamps
    apart = set(people) not in parts
    assert stamps == (("SHARED SUBJECTS: 2 names",) if apart else ())
    assert [("may be one person each" in str(each.message)) for each in given] == [True] * apart


def test_too_few_subjects_are_refused():
    with pytest.raises(MerlabError, match="at least 6"):
        divided(examples(5), 0)


def test_the_digest_depends_on_inputs_labels_and_keys():
    plain = examples(6)
    others = (
        plain._replace(inputs=plain.inputs + 1),
        plain._replace(labels=plain.labels[::-1].copy()),
        plain._replace(keys=plain.keys.assign(clip="d")),
    )
    assert len({plain.sha256, *(other.sha256 for other in others)}) == 4
    assert examples(6).sha256 == plain.sha256


@pytest.mark.parametrize("seed", range(6))
def test_clips_of_two_subjects_with_one_input_are_stamped_where_the_division_parts_them(seed):
    people = ("anna", "bert", "cleo", "dora", "emil", "finn")
    clips = [
        make_clip(Path(f"{subject}-{emotion}"), database="lab", subject=subject, name=emotion, emotion=emotion)
        for subject in people
        for emotion in ("happiness", "disgust")
    ]
    labeled = label_clips(ClipTable(tuple(clips)), find_scheme("megc2019"))
    inputs = np.random.default_rng(0).normal(size=(len(clips), 1, 8, 8)).astype(np.float32)
    inputs[2] = inputs[0]
    apart = {"lab/anna", "lab/bert"} not in [
        {"lab/anna", "lab/bert"}.intersection(part) for part in division(labeled.table.groups, seed)
    ]
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        stamps = with_division_faults(labeled, seed, inputs).table.stamps
    assert stamps == (("SHARED FRAMES: 2 clips",) if apart else ())
    named = "lab/anna/happiness and lab/bert/happiness have the same input"
    assert [str(each.message).startswith(named) for each in given] == [True] * apart
