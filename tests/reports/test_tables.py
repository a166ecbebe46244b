"""Tables of a report."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from merlab.cli.console import print_whole
from merlab.evaluation.coverage import CoverageScores
from merlab.reports.numbers import estimate, estimate_text, number
from merlab.reports.tables import (
    class_table,
    comparison_table,
    console_table,
    coverage_table,
    database_table,
    markdown_table,
    results_numbers,
    results_table,
)
from tests.reports.fake_run import SKILLS, difference, fake_metrics, summary


@pytest.fixture(scope="module")
def metrics():
    return fake_metrics(stamps={"dbfem-caffm": ["SYNTHETIC", "LEAKY: epoch picked on the test subject"]})


def test_every_method_is_a_row_in_order_baselines_included(metrics):
    table = results_table(metrics)
    assert table["method"].tolist() == list(SKILLS)
    assert list(table.columns) == [
        "method", "UF1", "UAR", "accuracy", "macro precision", "clips", "seeds", "stamps",
    ]  # fmt: skip
    best = metrics[-1].uf1
    assert table["UF1"].iloc[-1] == estimate_text(best) == estimate(best.mean, best.sd, best.interval)
    assert table["stamps"].iloc[-1] == "SYNTHETIC · LEAKY: epoch picked on the test subject"


def test_the_numbers_for_programs_are_not_rounded(metrics):
    row = results_numbers(metrics).to_dict("records")[-1]
    assert row["method"] == "dbfem-caffm"
    assert row["uf1_mean"] == metrics[-1].uf1.mean
    assert (row["uar_low"], row["uar_high"]) == metrics[-1].uar.interval
    assert row["stamps"] == "SYNTHETIC · LEAKY: epoch picked on the test subject"


def test_classes_are_columns_with_their_number_of_clips(metrics):
    table = class_table(metrics, "recall")
    assert list(table.columns) == ["method", "happiness (27)", "disgust (27)", "surprise (26)"]
    assert table.iloc[0].tolist() == ["constant", "1.000", ".000", ".000"]


def test_databases_are_rows(metrics):
    table = database_table(metrics)
    assert table[["method", "database", "clips", "subjects"]].iloc[0].tolist() == ["constant", "synthetic", "80", "8"]
    assert table["UF1"].tolist() == results_table(metrics)["UF1"].tolist()
    assert list(database_table(metrics, ["uar"]).columns) == [
        "method", "database", "clips", "subjects", "UAR", "classes absent",
    ]  # fmt: skip


def test_shares_of_answered_clips_are_rows():
    covered = CoverageScores(share=0.7, clips=56, uf1=0.5, uar=0.625, accuracy=1)
    whole, other = fake_metrics({"ststnet": 0.0, "random": 0.0})
    table = coverage_table([whole.model_copy(update={"by_coverage": (covered,)}), other])
    assert table.to_dict("records") == [
        {"method": "ststnet", "answered": "70%", "clips": "56", "UF1": ".500", "UAR": ".625", "accuracy": "1.000"}
    ]


@pytest.mark.parametrize(
    ("compared", "text", "shown"),
    [
        (difference(0.06, (0.01, 0.11), 0.021), ("+.060 [+.010, +.110]", ".021"), "a difference"),
        (difference(-0.06, (-0.11, -0.01), 0.0004), ("−.060 [−.110, −.010]", "< .001"), "a difference"),
        (difference(0.06, (0.01, 0.11), 0.05), ("+.060 [+.010, +.110]", ".050"), "no difference"),
        (difference(0.06, (0.0, 0.11), 0.021), ("+.060 [.000, +.110]", ".021"), "no difference"),
        (difference(-0.06, (-0.11, 0.0), 0.021), ("−.060 [−.110, .000]", ".021"), "no difference"),
        (difference(0.06, None, 0.021), ("+.060", ".021"), "no difference"),
    ],
)
def test_a_difference_is_shown_by_an_interval_without_0_and_a_p_below_a_twentieth(compared, text, shown):
    table = comparison_table([summary("random", 0.2, None), summary("ststnet", 0.2, None, random=compared)])
    assert table.to_numpy().tolist() == [["ststnet", "random", *text, shown]]


def test_each_pair_is_compared_once(metrics):
    table = comparison_table(metrics)
    pairs = list(zip(table["method"], table["against"], strict=True))
    assert len(pairs) == len({frozenset(pair) for pair in pairs}) == 6
    assert table.set_index(["method", "against"]).loc[("dbfem-caffm", "constant"), "shown"] == "a difference"


def test_one_method_leaves_the_comparisons_empty():
    assert comparison_table(fake_metrics({"random": 0.0})).empty


def test_markdown_has_one_line_per_row_and_escapes_bars(metrics):
    lines = markdown_table(results_table(metrics).assign(method="a|b")).splitlines()
    assert len(lines) == 2 + len(SKILLS)
    assert lines[1] == "| --- | --- | --- | --- | --- | --- | --- | --- |"
    assert lines[2].startswith(r"| a\|b | ")


def test_the_console_table_fits_80_columns_and_bears_the_stamps(metrics):
    output = io.StringIO()
    Console(file=output, width=80).print(console_table(metrics))
    text = output.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "Results, 80 clips [SYNTHETIC · LEAKY: epoch picked on the test" in text
    for shown in (*SKILLS, number(metrics[-1].uf1.mean)):
        assert shown in text


@pytest.mark.parametrize("width", [20, 50, 60, 80])
def test_a_narrow_console_table_breaks_no_stamp_and_cuts_no_name(metrics, width):
    stamps = ("SYNTHETIC", "SHARED SUBJECTS: 3 names", "SYNTHETIC TRAINING: of the test", "1 SEED")
    named = [
        each.model_copy(update={"method": f"my_own_methods.Net{i}", "stamps": stamps}) for i, each in enumerate(metrics)
    ]
    output = io.StringIO()
    print_whole(console_table(named), Console(file=output, width=width))
    rows = output.getvalue().splitlines()
    for word in ("SYNTHETIC", "SHARED SUBJECTS", "SYNTHETIC TRAINING", "1 SEED"):
        assert sum(row.rstrip().endswith(f"  {word}") for row in rows) == len(metrics)
    names = "".join(row[2:20].split("  ")[0] for row in rows)
    assert "…" not in "".join(rows)
    assert all(f"Net{i}" in names for i in range(len(metrics)))
    # Half of a number would be a wrong number.
    numbers = {word for row in rows for word in row.replace("[", " ").replace("]", " ").replace(",", " ").split()}
    assert all({number(value) for value in (each.uf1.mean, *each.uar.interval)} <= numbers for each in metrics)
