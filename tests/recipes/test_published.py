"""What others published, with its rule of selection and its source."""

from __future__ import annotations

import re
from itertools import product

import pytest

from merlab.recipes import published_results

SHARES = ("accuracy", "uf1", "uar", "precision", "recall")


def test_every_row_has_a_source_a_rule_of_selection_and_a_status():
    assert [row.method for row in published_results() if not (row.source and row.selection and row.status)] == []


def test_shares_lie_between_0_and_1():
    for row, share in product(published_results(), SHARES):
        value = getattr(row, share)
        assert value is None or 0 < value < 1, row


def test_every_row_publishes_something():
    assert [row.method for row in published_results() if not any(getattr(row, share) for share in SHARES)] == []


def test_table_8_has_its_14_rows_with_the_paper_last():
    rows = [row for row in published_results() if row.table == "Table 8"]
    assert len(rows) == 14
    assert (rows[0].method, rows[-1].merlab) == ("LBP-TOP", "dbfem-caffm")
    accuracies = [0.6341, 0.6478, 0.659, 0.7119, 0.6706, 0.7276, 0.6285]
    accuracies += [0.7261, 0.7379, 0.7068, 0.7258, 0.754, 0.7131, 0.7467]
    assert [row.accuracy for row in rows] == accuracies
    precisions = [0.628, 0.642, 0.653, 0.706, 0.665, 0.721, 0.622, 0.72, 0.732, 0.701, 0.719, 0.748, 0.707, 0.741]
    assert [row.precision for row in rows] == precisions


def test_in_table_8_recall_minus_precision_is_always_the_same():
    rows = [row for row in published_results() if row.table == "Table 8"]
    assert [(row.recall or 0) - (row.precision or 0) for row in rows] == pytest.approx([0.007] * 14)


def test_in_table_8_the_accuracy_of_every_quoted_row_is_a_whole_number_of_its_clips():
    *quoted, proposed = (row for row in published_results() if row.table == "Table 8")
    for row in quoted:
        for clips in map(int, re.findall(r"\d+", row.clips)):
            right = round((row.accuracy or 0) * clips)
            # As printed, in percent with one or two decimals.
            assert row.accuracy in {round(right / clips, 4), round(right / clips, 3)}, (row.method, clips)
    # The paper's own accuracy fits no number of clips near the 255 that it states.
    assert proposed.clips == "255"
    assert all(round(round(0.7467 * clips) / clips, 4) != 0.7467 for clips in range(240, 257))


def test_what_is_recalled_says_so():
    dssn = next(row for row in published_results() if row.method == "DSSN")
    assert "not verified" in dssn.status
    assert "not verified" not in next(row for row in published_results() if row.method == "HTNet").status


def test_the_leak_that_others_measured_is_there():
    by_rule = {
        row.selection: row.uf1
        for row in published_results()
        if row.method == "OFF-ApexNet (MEB re-run)" and row.data == "MEGC2019-Full"
    }
    assert by_rule == {"last epoch": 0.7032, "best epoch on the test subject": 0.839}
