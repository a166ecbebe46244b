"""What choosing the epoch and the threshold on the test set adds."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.spotting.scoring.selection import Tried, selection_scores
from tests.helpers import SHARED

LGSNET = SHARED / "data" / "lgsnet_spotting"
TRUTH = pd.DataFrame(
    {"video": ["1_x", "2_x", "3_x"], "onset": [1, 1, 1], "offset": [10, 10, 100], "kind": ["micro", "micro", "macro"]}
)


def write(root: Path, subject: int, epoch: int, *rows: tuple[int, int, float]) -> None:
    path = root / f"subject_s{subject}" / f"test_{epoch:02d}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{subject}_x\t{onset}.0\t{offset}.0\t{score}\n" for onset, offset, score in rows))


@pytest.fixture
def folder(tmp_path):
    """Epoch 0 is best for subjects 1 and 2; epoch 1, the last, for subject 3 alone."""
    wrong = (200, 210, 0.05)
    for subject in (1, 2):
        write(tmp_path, subject, 0, (1, 10, 0.8))
        write(tmp_path, subject, 1, (1, 10, 0.3), wrong)
    write(tmp_path, 3, 0, (200, 300, 0.9))
    write(tmp_path, 3, 1, (1, 100, 0.9))
    return tmp_path


def test_each_rule_pools_the_counts_of_its_choice(folder):
    """Best on the test set: epoch 1 from threshold .05 on, all three right. Epoch 0 has two right and one wrong."""
    found = {each.rule: each for each in selection_scores(TRUTH, folder, fps=30)}
    best = found["best on the test set"]
    assert (best.f1, best.epoch, best.threshold) == (1.0, 1, 0.05)
    assert found["best of each subject"].f1 == 1.0
    assert found["last epoch, threshold chosen on the others"].f1 == 1.0
    # For subject 3 the others are equally good in both epochs, and the first is taken: its interval is missed.
    assert found["chosen on the other subjects"].f1 == pytest.approx(4 / 6)
    honest = {rule for rule, each in found.items() if not each.uses_test_subject}
    assert honest == {"chosen on the other subjects", "last epoch, threshold chosen on the others"}


def test_counts_of_the_chosen_subjects_are_pooled_before_f1_is_computed():
    """Two subjects with 3 and 1 true intervals, one epoch, two thresholds."""
    tried = Tried(
        subjects=("1", "2"),
        epochs=(0,),
        thresholds=np.array([0.0, 0.5]),
        right=np.array([[[2, 1]], [[1, 0]]]),
        spotted=np.array([[[6, 1]], [[2, 0]]]),
        true=np.array([3, 1]),
    )
    both, first = np.array([True, True]), np.array([True, False])
    assert tried.f1(both).tolist() == [[2 * 3 / (8 + 4), 2 * 1 / (1 + 4)]]
    assert tried.f1(first).tolist() == [[2 * 2 / (6 + 3), 2 * 1 / (1 + 3)]]
    assert tried.pooled([(0, 1), (0, 0)]) == 2 * 2 / (3 + 4)


@pytest.fixture
def three_epochs(tmp_path):
    """Each is right at its best threshold: the first below .3, the second from .8 to .9, the last from .4 to .6."""
    for subject, row in enumerate(TRUTH[["onset", "offset"]].itertuples(index=False), start=1):
        write(tmp_path, subject, 0, (*row, 0.3))
        write(tmp_path, subject, 1, (*row, 0.9), (500, 600, 0.8))
        write(tmp_path, subject, 2, (*row, 0.6), (500, 600, 0.4))
    return tmp_path


def test_an_epoch_is_chosen_together_with_its_threshold(three_epochs):
    found = {each.rule: each for each in selection_scores(TRUTH, three_epochs, fps=30, step=0.1)}
    best = found["best on the test set"]
    assert (best.f1, best.epoch, best.threshold) == (1.0, 0, 0.0)
    assert found["chosen on the other subjects"].f1 == 1.0
    assert found["last epoch, threshold chosen on the others"].f1 == 1.0


def test_of_a_subject_without_hits_the_fewest_wrong_intervals_are_the_best(folder):
    for epoch, score in enumerate((0.9, 0.4)):
        write(folder, 3, epoch, (200, 300, score))
    found = {each.rule: each.f1 for each in selection_scores(TRUTH, folder, fps=30)}
    assert found["best of each subject"] == 2 * 2 / (2 + 3)


def test_epochs_are_in_the_order_of_their_numbers(three_epochs):
    for subject in (1, 2, 3):
        for epoch, name in ((0, "test_2.txt"), (1, "test_9.txt"), (2, "test_10.txt")):
            (three_epochs / f"subject_s{subject}" / f"test_{epoch:02d}.txt").rename(
                three_epochs / f"subject_s{subject}" / name
            )
    best, *_ = selection_scores(TRUTH, three_epochs, fps=30, step=0.1)
    assert (best.epoch, best.f1) == (2, 1.0)


def test_what_holds_no_detections_is_passed_over(folder):
    expected = selection_scores(TRUTH, folder, fps=30)
    (folder / "subject_s1" / "log.txt").write_text("epoch 0\n")
    (folder / "readme_2.txt").write_text("by LGSNet\n")
    (folder / "notes").mkdir()
    (folder / "notes" / "test_00.txt").write_text("none\n")
    (folder / "subject_s4").mkdir()
    assert selection_scores(TRUTH, folder, fps=30) == expected


def test_micro_expressions_alone_are_scored_with_short_intervals(folder):
    found = {each.rule: each.f1 for each in selection_scores(TRUTH, folder, fps=30)}
    assert found["micro alone, by the choice of the first row"] == 1.0
    no_kinds = selection_scores(TRUTH.drop(columns="kind"), folder, fps=30)
    assert len(no_kinds) == 4


@pytest.mark.parametrize(
    ("true", "detected"), [([(1, 5), (6, 10)], [(1, 10, 0.9)]), ([(1, 10)], [(1, 10, 0.9), (1, 9, 0.9)])]
)
def test_an_interval_hits_one_event_and_an_event_is_hit_once(tmp_path, true, detected):
    """One hit of one true and two spotted intervals, or the reverse."""
    write(tmp_path, 1, 0, *detected)
    truth = pd.DataFrame(true, columns=["onset", "offset"]).assign(video="1_x")
    best, *_ = selection_scores(truth, tmp_path, fps=30)
    assert best.f1 == pytest.approx(2 / 3)


@pytest.mark.parametrize(("offset", "f1"), [(15, 1.0), (16, 0.0)])
def test_a_spotted_micro_expression_lasts_up_to_half_a_second(tmp_path, offset, f1):
    """Frames 1 to 15 at 30 a second, both counted."""
    write(tmp_path, 1, 0, (1, offset, 0.9))
    truth = pd.DataFrame({"video": ["1_x"], "onset": [1], "offset": [15], "kind": ["micro"]})
    *_, micro_alone = selection_scores(truth, tmp_path, fps=30)
    assert (micro_alone.rule, micro_alone.f1) == ("micro alone, best on the test set", f1)


@pytest.mark.slow
def test_the_detections_of_one_file_are_held_at_a_time(tmp_path):
    """A release has the detections of a hundred epochs of thirty subjects, which filled gigabytes."""
    rows = [(number, number + 9, 0.5) for number in range(1, 2001)]
    for epochs in (2, 12):
        for epoch in range(epochs):
            write(tmp_path / str(epochs), 1, epoch, *rows)
    selection_scores(TRUTH[:1], tmp_path / "2", fps=30)
    few, many = (peak_of(tmp_path / str(epochs)) for epochs in (2, 12))
    assert many < 1.2 * few


def peak_of(folder: Path) -> int:
    """The most bytes that are held while the rules are scored."""
    tracemalloc.start()
    selection_scores(TRUTH[:1], folder, fps=30)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_faulty_folders_are_refused(folder, tmp_path_factory):
    with pytest.raises(MerlabError, match="does not have folders such as subject_s15 with test_00.txt"):
        selection_scores(TRUTH, tmp_path_factory.mktemp("empty"), fps=30)
    (folder / "subject_s3" / "test_01.txt").unlink()
    with pytest.raises(MerlabError, match="every subject: subject 1 has epoch 1, subject 3 has not"):
        selection_scores(TRUTH, folder, fps=30)


def test_two_files_of_one_subject_and_epoch_are_refused(folder):
    (folder / "subject_s3" / "test_1.txt").write_text("3_x\t1\t10\t0.5\n")
    with pytest.raises(MerlabError, match=r"test_01.txt and \S+test_1.txt are of one subject and epoch; remove one"):
        selection_scores(TRUTH, folder, fps=30)
    (folder / "subject_s3" / "test_1.txt").unlink()
    (folder / "subject_s03").mkdir()
    (folder / "subject_s03" / "test_00.txt").write_text("3_x\t1\t10\t0.5\n")
    with pytest.raises(MerlabError, match=r"are of one subject and epoch"):
        selection_scores(TRUTH, folder, fps=30)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("3_x\t1\t10\t87", "line 1: the score is above 1; thresholds are from 0 to 1"),
        ("2_x\t1\t10\t0.5", "line 1: the video is not of subject 3; put the file into the folder of its subject"),
    ],
)
def test_detections_that_cannot_be_are_refused(folder, line, problem):
    (folder / "subject_s3" / "test_01.txt").write_text(f"{line}\n")
    with pytest.raises(MerlabError, match=problem):
        selection_scores(TRUTH, folder, fps=30)


def test_impossible_settings_are_refused(folder):
    for fps in (float("nan"), float("inf"), 0, -30, 0.5):
        with pytest.raises(MerlabError, match="is not a frame rate"):
            selection_scores(TRUTH, folder, fps=fps)
    for step in (float("nan"), 0, -1, 1.5, 1e-9):
        with pytest.raises(MerlabError, match="the step of the threshold must be from 0.0001 to 1, got"):
            selection_scores(TRUTH, folder, fps=30, step=step)


def test_true_events_of_a_subject_without_detections_are_refused(folder):
    with pytest.raises(MerlabError, match="true events of subjects without detections: 9"):
        selection_scores(TRUTH.assign(video=["1_x", "2_x", "9_x"]), folder, fps=30)


@pytest.mark.slow
@pytest.mark.skipif(not LGSNET.is_dir(), reason="the detections of LGSNet are not in this checkout")
def test_the_released_detections_of_lgsnet_lose_by_an_honest_choice():
    """Its best epoch and threshold on the test set give .4375 (epoch 23, threshold .48); micro alone .000."""
    scores = selection_scores(LGSNET / "casme2_annotation_357.csv", LGSNET / "cas(me)^2_new", fps=30)
    found = {each.rule: each for each in scores}
    best = found["best on the test set"]
    assert (round(best.f1, 4), best.epoch, best.threshold) == (0.4375, 23, 0.48)
    assert found["last epoch, threshold chosen on the others"].f1 == pytest.approx(0.3817, abs=1e-4)
    assert found["best of each subject"].f1 == pytest.approx(0.4824, abs=1e-4)
    assert found["micro alone, by the choice of the first row"].f1 == 0.0
    assert found["micro alone, best on the test set"].f1 < 0.05
