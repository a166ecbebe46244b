"""The work of a training: what it states about its clips, and what it refuses to score on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.seen_inputs import input_digests
from merlab.evaluation.start import Start
from merlab.evaluation.synthetic_flow import SyntheticFlow
from merlab.models import training_work
from merlab.models.card import FlowSource, TrainedOn
from merlab.models.labeled_examples import Examples, division
from merlab.models.training import Training
from merlab.models.training_work import FlowToMake, TrainingWork
from merlab.progress import silent
from merlab.schemes import find_scheme
from tests.training_material import starts_in, write_start
from tests.videos.recognizers import small_recognizer


def examples(database: str, clips: int) -> Examples:
    """Clips of two subjects of one database."""
    rows = [(database, f"s{row % 2}", f"c{row}") for row in range(clips)]
    keys = pd.DataFrame(rows, columns=["database", "subject", "clip"])
    return Examples(np.zeros((clips, 3, 28, 28), np.float32), np.zeros(clips, np.int64), keys)


def work_on(own: Examples | None, folder: Path, seed: int = 0, starts: tuple[Start, ...] = ()) -> TrainingWork:
    training = Training("mine", "ststnet", "reduced", find_scheme("megc2019"), None, seed, 1)
    return TrainingWork(training, folder, own, None, starts, 1, silent)


def clips_of_ten() -> Examples:
    """Two clips of each of ten subjects; the second one of each is still."""
    keys = pd.DataFrame([("smic", f"s{row // 2}", f"c{row}") for row in range(20)])
    inputs = np.random.default_rng(0).random((20, 3, 28, 28), np.float32)
    inputs[1::2] = 0
    return Examples(inputs, np.zeros(20, np.int64), keys.set_axis(["database", "subject", "clip"], axis=1))


def of_part(own: Examples, part: int) -> Examples:
    """Clips of the first subject of a part of the division, which is called a subject of another database."""
    of_subject = own.of({min(division(own.groups, 0)[part])})
    return of_subject._replace(keys=of_subject.keys.assign(database="elsewhere"))


def claim(work: TrainingWork, **elsewhere: Examples) -> None:
    with work.claimed(elsewhere, again=False, is_complete=False):
        pass


@pytest.mark.parametrize("part", [0, 1])
def test_inputs_of_training_and_of_the_temperature_are_not_scored_under_another_name(tmp_path, part):
    own = clips_of_ten()
    with pytest.raises(MerlabError, match="mine was trained on 1 of the clips of there, such as elsewhere/s"):
        claim(work_on(own, tmp_path / "work"), there=of_part(own, part))
    assert list(tmp_path.iterdir()) == []
    claim(work_on(own, tmp_path / "work"), there=of_part(own, 2))


def start_of(clips: Examples, folder: Path) -> Start:
    """A start that was trained on these clips, as far as they are known by their content."""
    (start,) = starts_in(write_start(folder / "start.safetensors", inputs=input_digests(clips.inputs[:1])))
    return start


def test_inputs_of_a_start_are_neither_held_out_nor_scored_elsewhere(tmp_path):
    own = clips_of_ten()
    start = start_of(of_part(own, 2), tmp_path)
    with pytest.raises(MerlabError, match="start.safetensors was trained on 1 of the clips of the held-out subjects"):
        claim(work_on(own, tmp_path / "work", starts=(start,)))
    with pytest.raises(MerlabError, match="start.safetensors was trained on 1 of the clips of there"):
        claim(work_on(None, tmp_path / "work", starts=(start,)), there=of_part(own, 2))
    claim(work_on(own, tmp_path / "work", starts=(start_of(of_part(own, 0), tmp_path),)))


def test_people_of_a_start_are_not_scored_elsewhere(tmp_path):
    (start,) = starts_in(write_start(tmp_path / "start.safetensors", databases=["samm"]))
    with pytest.raises(MerlabError, match="start.safetensors was trained on samm, so a score on there would be too"):
        claim(work_on(clips_of_ten(), tmp_path / "work", starts=(start,)), there=examples("samm-long", 2))


def test_synthetic_faces_are_not_scored_where_a_start_saw_synthetic_flow_of_perhaps_the_same_people(tmp_path):
    (start,) = starts_in(write_start(tmp_path / "start.safetensors"))
    assert (start.databases, start.synthetic) == ((), True)
    for database in ("synthetic", "synthetic-long"):
        with pytest.raises(MerlabError, match="start.safetensors was trained on synthetic, so a score on there would"):
            claim(work_on(clips_of_ten(), tmp_path / "work", starts=(start,)), there=examples(database, 2))
    real = replace(start, databases=("samm",), synthetic=False)
    claim(work_on(clips_of_ten(), tmp_path / "work", starts=(real,)), there=examples("synthetic", 2))


def test_flow_that_is_given_is_used_as_it_is_and_forbids_scores_on_synthetic_faces_alone(tmp_path):
    flow = SyntheticFlow(tmp_path / "flow-clips", "f1", subjects=6, clips=18)
    work = replace(work_on(clips_of_ten(), tmp_path / "work"), flow=flow)
    with work.claimed({"there": examples("samm", 2)}, again=False, is_complete=False) as claimed:
        assert claimed.flow is flow
        assert claimed.folder == tmp_path / "work"
        assert claimed.trained_on(clips_of_ten(), clips_of_ten()).flow == FlowSource(digest="f1", clips=18, subjects=6)
    with pytest.raises(MerlabError, match="may show the same people as the synthetic faces of there"):
        claim(work, there=examples("synthetic", 2))


@pytest.mark.parametrize(("synthetic", "people"), [(True, {"smic", "synthetic"}), (False, {"smic"})])
def test_the_card_states_that_a_start_saw_synthetic_flow(tmp_path, synthetic, people):
    (start,) = starts_in(write_start(tmp_path / "start.safetensors"))
    own = clips_of_ten()
    stated = work_on(own, tmp_path, starts=(replace(start, synthetic=synthetic),)).trained_on(own, own)
    assert (stated.databases, stated.people) == (("smic",), people)
    assert TrainedOn.model_validate(stated.model_dump(mode="json")) == stated


def test_a_folder_is_of_one_set_of_clips_flow_and_starts(tmp_path):
    own, flow = clips_of_ten(), SyntheticFlow(tmp_path, "f1", subjects=6, clips=18)
    (start,) = starts_in(write_start(tmp_path / "start.safetensors"))
    work = work_on(own, tmp_path / "work")
    claim(work)
    claim(work)
    others: dict[str, Any] = {
        "own": own._replace(labels=own.labels + 1),
        "flow": flow,
        "starts": (start,),
        "training": replace(work.training, seed=1),
    }
    for name, value in others.items():
        with pytest.raises(MerlabError, match="holds pretraining of other settings"):
            claim(replace(work, **{name: value}))
    flows = [None, flow, replace(flow, digest="f2"), FlowToMake(6, 3, 0), FlowToMake(7, 3, 0)]
    stated = [str(replace(work, own=None, flow=each)._stated()) for each in flows]
    assert len(set(stated)) == len(flows)
    # Wherever the same flow is.
    assert replace(work, flow=replace(flow, folder=tmp_path / "moved"))._stated() == replace(work, flow=flow)._stated()
    other = replace(work, starts=(replace(start, digest="d2"),))
    assert other._stated() != replace(work, starts=(start,))._stated() != work._stated()


def test_only_networks_that_are_not_in_the_folder_are_trained(tmp_path, monkeypatch):
    numbers, reports = [], []

    def train(training, clips, files, number):
        numbers.append(number)
        small_recognizer(seed=number).save(files[number])
        return number

    monkeypatch.setattr(training_work, "_train", train)
    small_recognizer(seed=4).save(tmp_path / "seed-4.safetensors")
    work = work_on(clips_of_ten(), tmp_path)
    resumed = replace(
        work, training=replace(work.training, seed=4, seeds=3), progress=lambda *report: reports.append(report)
    )
    assert [recognizer.card.seed for recognizer in resumed.trained(clips_of_ten())] == [4, 5, 6]
    assert numbers == [5, 6]
    assert [report[:2] for report in reports] == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("seed", [0, 1])
def test_crops_are_corrected_as_the_training_clips_alone_require(tmp_path, monkeypatch, seed):
    calls = []

    def corrected(examples, recipe, fitted_on=None):
        calls.append((set(examples.groups), set((fitted_on or examples).groups)))
        return examples

    monkeypatch.setattr(training_work, "corrected", corrected)
    own = clips_of_ten()
    parts = work_on(own, tmp_path, seed).examples()
    train, calibration, scoring = division(own.groups, seed)
    assert [set(part.groups) for part in parts] == [train, calibration, scoring]
    assert calls == [(train, train), (calibration, train), (scoring, train)]


def test_the_card_knows_the_inputs_of_training_of_the_temperature_and_of_starts_but_not_those_scored_on(tmp_path):
    own = clips_of_ten()
    train, calibration, _ = division(own.groups, 0)
    (start,) = starts_in(write_start(tmp_path / "start.safetensors", inputs=["5ea1", "0ff5"]))
    expected = input_digests(own.of(train | calibration).inputs[::2])
    assert len(set(expected)) == len(train | calibration)
    assert work_on(own, tmp_path, starts=(start,)).training_inputs() == tuple(sorted([*expected, "5ea1", "0ff5"]))
    assert work_on(None, tmp_path, starts=(start,)).training_inputs() == ("0ff5", "5ea1")


def test_a_file_of_several_starts_is_stated_once(tmp_path):
    starts = starts_in(*(write_start(tmp_path / f"{name}.safetensors", databases=[name]) for name in ("samm", "smic")))
    stated = work_on(None, tmp_path, starts=(*starts, starts[0])).trained_on(examples("lab", 2), examples("lab", 1))
    assert stated.starts == (starts[0].sha256, starts[1].sha256)
    assert stated.databases == ("lab", "samm", "smic")


def test_a_database_whose_subjects_set_the_temperature_is_one_that_training_used(tmp_path):
    stated = work_on(None, tmp_path).trained_on(examples("smic", 5), examples("casme2", 3))
    assert stated.databases == ("casme2", "smic")
    assert (stated.clips, stated.subjects) == (5, 2)
