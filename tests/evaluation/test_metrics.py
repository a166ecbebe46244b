"""The four metrics against scikit-learn, published baselines, and the known defects of published code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix

from merlab.errors import MerlabError
from merlab.evaluation.metrics import (
    METRICS,
    absent_classes,
    accuracy,
    confusion_matrix,
    f1,
    macro_precision,
    precision,
    recall,
    uar,
    uf1,
)

CLASSES = ["negative", "positive", "surprise", "others"]
labeled_clips = st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1, max_size=60)


@given(labeled_clips)
@settings(max_examples=50)
def test_every_metric_agrees_with_scikit_learn_also_where_classes_are_absent(pairs):
    truth, prediction = (list(labels) for labels in zip(*pairs, strict=True))
    counts = confusion_matrix(truth, prediction, CLASSES)
    options = {"labels": CLASSES, "average": "macro", "zero_division": 0}
    np.testing.assert_array_equal(counts, sklearn_confusion_matrix(truth, prediction, labels=CLASSES))
    assert uf1(counts) == pytest.approx(f1_score(truth, prediction, **options))
    assert uar(counts) == pytest.approx(recall_score(truth, prediction, **options))
    assert macro_precision(counts) == pytest.approx(precision_score(truth, prediction, **options))
    assert accuracy(counts) == pytest.approx(accuracy_score(truth, prediction))


@given(labeled_clips)
@settings(max_examples=50)
def test_every_class_agrees_with_scikit_learn(pairs):
    truth, prediction = (list(labels) for labels in zip(*pairs, strict=True))
    counts = confusion_matrix(truth, prediction, CLASSES)
    options = {"labels": CLASSES, "average": None, "zero_division": 0}
    np.testing.assert_allclose(f1(counts), f1_score(truth, prediction, **options))
    np.testing.assert_allclose(recall(counts), recall_score(truth, prediction, **options))
    np.testing.assert_allclose(precision(counts), precision_score(truth, prediction, **options))


@given(st.lists(labeled_clips, min_size=1, max_size=4))
def test_a_stack_of_matrices_gives_the_metrics_of_each(runs):
    labels = [tuple(zip(*pairs, strict=True)) for pairs in runs]
    stack = np.stack([confusion_matrix(truth, prediction, CLASSES) for truth, prediction in labels])
    for metric in METRICS.values():
        np.testing.assert_array_equal(metric(stack), [metric(counts) for counts in stack])


def test_the_majority_class_of_casme2_scores_as_published():
    # 246 clips of the 2014 coding table: happiness, surprise, disgust, repression, others.
    counts = np.zeros((5, 5))
    counts[:, 4] = [32, 25, 63, 27, 99]
    assert accuracy(counts) == pytest.approx(0.402, abs=5e-4)
    assert uf1(counts) == pytest.approx(0.115, abs=5e-4)
    assert uar(counts) == pytest.approx(0.200, abs=5e-4)


def test_predicting_negative_for_every_clip_of_megc2019_scores_as_published():
    # 442 clips: negative 88 + 70 + 92, positive 32 + 51 + 26, surprise 25 + 43 + 15.
    counts = np.zeros((3, 3))
    counts[:, 0] = [250, 109, 83]
    assert accuracy(counts) == pytest.approx(0.566, abs=5e-4)


def test_counts_are_pooled_before_f1_is_computed_unlike_in_code_that_averages_folds():
    first = confusion_matrix(["negative"] * 3, ["negative"] * 3, CLASSES[:3])
    second = confusion_matrix(["positive", "surprise"], ["positive", "negative"], CLASSES[:3])
    average_of_folds = (uf1(first) + uf1(second)) / 2
    assert uf1(first + second) == pytest.approx((6 / 7 + 1 + 0) / 3)
    assert average_of_folds == pytest.approx((1 / 3 + 1 / 3) / 2)


def test_the_number_of_folds_does_not_matter():
    truth, prediction = ["negative", "negative", "positive", "positive"], ["negative", "positive"] * 2
    whole = confusion_matrix(truth, prediction, CLASSES[:2])
    folds = [confusion_matrix([t], [p], CLASSES[:2]) for t, p in zip(truth, prediction, strict=True)]
    for metric in METRICS.values():
        assert metric(np.sum(folds, axis=0)) == metric(whole) == 0.5


def test_a_class_without_clips_counts_as_zero_and_is_not_left_out():
    counts = confusion_matrix(["negative", "positive"], ["negative", "positive"], CLASSES[:3])
    assert uf1(counts) == pytest.approx(2 / 3)
    assert uar(counts) == pytest.approx(2 / 3)
    assert absent_classes(counts, CLASSES[:3]) == ["surprise"]


def test_a_class_is_absent_without_a_true_clip_however_often_it_is_predicted():
    counts = confusion_matrix(["negative", "positive"], ["surprise", "negative"], CLASSES[:3])
    assert absent_classes(counts, CLASSES[:3]) == ["surprise"]


@given(labeled_clips)
def test_swapping_truth_and_prediction_keeps_uf1_and_turns_uar_into_macro_precision(pairs):
    truth, prediction = zip(*pairs, strict=True)
    right, swapped = confusion_matrix(truth, prediction, CLASSES), confusion_matrix(prediction, truth, CLASSES)
    assert uf1(swapped) == pytest.approx(uf1(right))
    assert uar(swapped) == pytest.approx(macro_precision(right))


def test_rows_are_the_truth():
    counts = confusion_matrix(
        ["negative"] * 3 + ["positive"], ["positive", "positive", "negative", "positive"], CLASSES[:2]
    )
    assert counts.tolist() == [[1, 2], [0, 1]]
    assert uar(counts) == pytest.approx((1 / 3 + 1) / 2)
    assert macro_precision(counts) == pytest.approx((1 + 1 / 3) / 2)


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        (["negative"], ["negative", "positive"], "1 true label but 2 predictions"),
        ([], [], "no prediction"),
        (["negative"], ["happiness"], "happiness.*not among the classes negative, positive"),
        (["Negative"], ["negative"], "Negative.*not among the classes"),
    ],
)
def test_labels_that_cannot_be_scored_are_refused(truth, prediction, message):
    with pytest.raises(MerlabError, match=message):
        confusion_matrix(truth, prediction, CLASSES[:2])
