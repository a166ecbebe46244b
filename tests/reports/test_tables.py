"""Tables and sentences of a report."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from merlab.cli.console import print_whole
from merlab.evaluation.coverage import CoverageScores
from merlab.evaluation.significance import Comparison, Interval
from merlab.evaluation.summary import Estimate, MethodSummary
from merlab.reports.tables import (
    class_table,
    comparison_table,
    console_table,
    coverage_table,
    database_table,
    estimate,
    estimate_text,
    markdown_table,
    number,
    p_text,
    results_numbers,
    results_table,
    verdict,
)
from tests.reports.fake_run import CLASSES, SKILLS, fake_metrics


@pytest.fixture(scope="module")
def metrics():
    return fake_metrics(stamps={"dbfem-caffm": ["SYNTHETIC", "LEAKY: epoch picked on the test subject"]})


def summary(method: str, uf1: float, uar: Interval | None, **compared: Comparison) -> MethodSummary:
    """The summary of a method on five classes with these UF1, interval of UAR, and comparisons."""
    (whole,) = fake_metrics({method: 0.0}, subjects=1)
    return whole.model_copy(
        update={
            "classes": tuple("abcde"),
            "uf1": Estimate(mean=uf1, sd=None, interval=None),
            "uar": Estimate(mean=uf1, sd=None, interval=uar),
            "compared": {name.replace("_", "-"): of for name, of in compared.items()},
        }
    )


def difference(value: float, interval: Interval | None, p: float) -> Comparison:
    return Comparison(metric="uf1", difference=value, interval=interval, p=p)


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [(0.7126, False, ".713"), (1, False, "1.000"), (0, False, ".000"), (-0.05, False, "−.050"), (0.062, True, "+.062")],
)
def test_numbers_have_three_decimals_and_no_leading_zero(value, signed, text):
    assert number(value, signed=signed) == text


def test_a_number_that_rounds_to_zero_has_no_minus():
    assert number(-0.0001) == ".000"


def test_a_score_with_one_error_in_2500_does_not_read_1():
    assert number(2499 / 2500) == ".999"
    assert number(-2499 / 2500) == "−.999"


def test_an_estimate_reads_mean_sd_interval_and_leaves_out_what_is_unknown():
    assert estimate(0.7, 0.0123, [0.65, 0.75]) == ".700 ± .012 [.650, .750]"
    assert estimate(0.7, None, [0.65, 0.75]) == ".700 [.650, .750]"
    assert estimate(0.7) == ".700"
    assert estimate(0.05, interval=[-0.01, 0.11], signed=True) == "+.050 [−.010, +.110]"


def test_a_p_value_is_never_zero():
    assert p_text(0.0213) == "p = .021"
    assert p_text(0.001) == "p = .001"
    assert p_text(1 / 2001) == "p < .001"


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
        (difference(0.06, (0.0, 0.11), 0.021), ("+.060 [+.000, +.110]", ".021"), "no difference"),
        (difference(-0.06, (-0.11, 0.0), 0.021), ("−.060 [−.110, +.000]", ".021"), "no difference"),
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


def test_the_best_method_beats_the_best_baseline_where_interval_and_p_show_it():
    metrics = [
        summary("constant", 0.11, (0.2, 0.2)),
        summary("linear-svm", 0.65, (0.6, 0.7), constant=difference(0.54, (0.5, 0.6), 0.001)),
        summary("ststnet", 0.60, (0.5, 0.7), linear_svm=difference(-0.05, (-0.1, 0.0), 0.06)),
        summary("dbfem-caffm", 0.71, (0.6, 0.8), linear_svm=difference(0.06, (0.01, 0.11), 0.021)),
    ]
    assert verdict(metrics) == (
        "dbfem-caffm beats linear-svm: UF1 .710 against .650, difference +.060 [+.010, +.110], p = .021 "
        "(p = .042 as the best of 2 methods)."
    )


def test_the_best_of_more_methods_needs_a_smaller_p():
    """Bonferroni: 3 times .021 is above .05."""
    metrics = [
        summary("linear-svm", 0.65, (0.6, 0.7)),
        *(summary(name, 0.60, (0.5, 0.7)) for name in ("ststnet", "rcn-a")),
        summary("dbfem-caffm", 0.71, (0.6, 0.8), linear_svm=difference(0.06, (0.01, 0.11), 0.021)),
    ]
    assert verdict(metrics) == (
        "dbfem-caffm does not beat linear-svm: UF1 .710 against .650, difference +.060 [+.010, +.110], p = .021 "
        "(p = .063 as the best of 3 methods); p is not below .050."
    )
    assert verdict([metrics[0], metrics[3]]).startswith("dbfem-caffm beats linear-svm")


@pytest.mark.parametrize(
    ("compared", "reason"),
    [
        (difference(0.02, (-0.03, 0.07), 0.4), "the interval of the difference includes 0"),
        (difference(0.02, (0.0, 0.07), 0.04), "the interval of the difference includes 0"),
        (difference(-0.02, (-0.07, 0.0), 0.04), "the interval of the difference includes 0"),
        (difference(0.04, (0.001, 0.07), 0.06), "p is not below .050"),
        (difference(-0.1, (-0.2, -0.05), 0.001), "the baseline is better"),
        (difference(0.1, None, 1.0), "with one subject the interval of the difference is undefined"),
    ],
)
def test_a_method_that_does_not_beat_the_baseline_is_reported_with_the_reason(compared, reason):
    metrics = [summary("linear-svm", 0.5, (0.4, 0.6)), summary("ststnet", 0.5, (0.4, 0.6), linear_svm=compared)]
    assert verdict(metrics).startswith("ststnet does not beat linear-svm: UF1 .500 against .500, difference ")
    assert verdict(metrics).endswith(f"; {reason}.")


def test_the_verdict_does_not_depend_on_the_order_of_the_methods():
    svm_last = [
        summary("ststnet", 0.71, (0.6, 0.8)),
        summary("linear-svm", 0.65, (0.6, 0.7), ststnet=difference(-0.06, (-0.11, -0.01), 0.021)),
    ]
    assert "ststnet beats linear-svm" in verdict(svm_last)
    assert "difference +.060 [+.010, +.110]" in verdict(svm_last)


def test_without_a_baseline_no_method_is_compared():
    assert verdict([summary("ststnet", 0.71, (0.6, 0.8))]) == (
        "This run has no baseline (constant, random, linear-svm) to compare with; the best UF1 is .710 by ststnet."
    )
    assert "no method other than the baselines" in verdict([summary("random", 0.2, (0.1, 0.3))])


def test_a_run_in_which_no_method_exceeds_guessing_is_marked():
    compared = difference(0.01, (-0.05, 0.07), 0.8)
    at_chance = [summary("random", 0.2, (0.1, 0.3)), summary("ststnet", 0.21, (0.12, 0.28), random=compared)]
    assert (
        "No method is shown to be above chance: no 95 % interval of UAR is above .200, the UAR of guessing among 5 "
        "classes" in verdict(at_chance)
    )
    lucky_guess = [summary("random", 0.25, (0.21, 0.3)), at_chance[1]]
    assert "No method is shown to be above chance" in verdict(lucky_guess)
    above = [summary("random", 0.2, (0.1, 0.3)), summary("ststnet", 0.31, (0.21, 0.38), random=compared)]
    assert "chance" not in verdict(above)


def test_predictions_without_skill_are_judged_to_be_chance_and_skilled_ones_are_not():
    assert "No method is shown to be above chance" in verdict(fake_metrics(dict.fromkeys(SKILLS, 0.0), subjects=30))
    assert "dbfem-caffm beats linear-svm" in verdict(fake_metrics(SKILLS, subjects=30))


def test_the_verdict_bears_the_stamps(metrics):
    assert verdict(metrics).endswith("[SYNTHETIC · LEAKY: epoch picked on the test subject]")
    assert len(metrics[0].classes) == len(CLASSES)
