"""Tables 5, 7 and 8 of the dual-branch paper, and the size of the leak, measured on a bench."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from merlab.errors import MerlabError
from merlab.evaluation.plan import LEAKY_SELECTION
from merlab.inference.cost import hardware, macs, network_of, parameters
from merlab.inference.runtimes import frames_per_second
from merlab.methods import METHODS, find_method
from merlab.recipes import Experiment, Published, experiment_of, find_paper, published_results
from merlab.reports.tables import BASELINES
from merlab.reproduction.bench import STAND_IN, Bench
from merlab.reproduction.compared_table import (
    TABLE_5,
    TABLE_7,
    ComparedTable,
    Row,
    baseline_rows,
    comparison_methods,
    paper_rows,
    published_in,
    table_8_rows,
)

SIZE = (231, 282)
TABLE_5_METRICS = ("accuracy", "uf1", "uar")
TABLE_8_METRICS = ("accuracy", "precision", "recall")
NOT_IMPLEMENTED = "not implemented"


def table_5(bench: Bench) -> ComparedTable:
    """Depth of the global branch: ResNet12, 18 and 34."""
    summaries = bench.measure([*BASELINES, *TABLE_5.values()])
    rows = [*paper_rows(TABLE_5, "Table 5", TABLE_5_METRICS, summaries), *baseline_rows(summaries)]
    title = "Table 5: ResNet with different numbers of layers"
    return ComparedTable("table5", title, TABLE_5_METRICS, rows, _paper_notes("Table 5", "ResNet34"))


def table_7(bench: Bench) -> ComparedTable:
    """Branches and fusion: accuracy, parameters, multiply-accumulates, and frames a second under every runtime."""
    summaries = bench.measure([*BASELINES, *TABLE_7.values()])
    rows = [
        Row(row.label, row.method, row.published, row.summary, cells=_cost_cells(row.method, position, bench))
        for position, row in enumerate(paper_rows(TABLE_7, "Table 7", ("accuracy",), summaries))
    ]
    notes = [
        f"Parameters, multiply-accumulates and speed are those of the preset paper at 3 x 282 x 231 a view, batch 1: "
        f"{hardware()}{_load()}.",
        "The paper names no hardware for its frames a second.",
        *_paper_notes("Table 7", "Parameters:"),
    ]
    rows = [*rows, *baseline_rows(summaries)]
    return ComparedTable("table7", "Table 7: branches, fusion, size and speed", ("accuracy",), rows, notes)


def table_8(bench: Bench) -> ComparedTable:
    """Every row of Table 8, and after it every other method that merlab has, on the same clips and folds."""
    listed = table_8_rows()
    wanted = [row.merlab for row in listed if row.merlab in METHODS]
    others = [name for name in comparison_methods() if name not in wanted]
    refusals = {name: bench.refusal(name) for name in [*wanted, *others]}
    summaries = bench.measure([*BASELINES, *(name for name, reason in refusals.items() if reason is None)])
    rows = [
        *(_table_8_row(row, summaries.get(row.merlab), refusals) for row in listed),
        *(Row("not in Table 8", name, {}, summaries.get(name), refusals[name] or "") for name in others),
        *baseline_rows(summaries),
    ]
    notes = [
        "Precision and recall are means over classes; the paper defines neither.",
        *(f"{row.method}: {row.source}; model: {row.selection}; {row.status}." for row in listed),
        *_paper_notes("Table 8"),
    ]
    return ComparedTable("table8", "Table 8: methods on the same clips and folds", TABLE_8_METRICS, rows, notes)


def leak(bench: Bench) -> ComparedTable:
    """One method twice: the last epoch, and the epoch of the best accuracy on the test subjects."""
    method = bench.leak_method
    if find_method(method).network is None:
        raise MerlabError(f"{method} trains no network, so it has no epoch to pick; name another with --method")
    honest = bench.measure([*BASELINES, method], run="leak-fixed")
    leaky = bench.measure([method], settings={"selection": LEAKY_SELECTION}, run="leak-best-epoch-on-test")[method]
    gain = {metric: leaky[metric]["mean"] - honest[method][metric]["mean"] for metric in TABLE_5_METRICS}
    rows = [
        Row("last epoch, fixed beforehand", method, {}, honest[method]),
        Row("best epoch on the test subjects", method, {}, leaky),
        *baseline_rows(honest),
    ]
    sizes = ", ".join(f"{metric} {value:+.3f}" for metric, value in gain.items())
    notes = [f"Size of the leak, second row minus first: {sizes}.", *_published_leaks(method)]
    return ComparedTable("leak", f"The leak: {method} by two rules of selection", TABLE_5_METRICS, rows, notes)


def recipe_table(bench: Bench, experiment: Experiment) -> ComparedTable:
    """One recipe: every published figure beside what was measured, under the recipe's classes and protocol."""
    bench = _as_stated(bench, experiment)
    summaries = bench.measure(
        [*BASELINES, experiment.method],
        input_text=experiment.input if bench.full else None,
        settings=experiment.training if bench.full else None,
        network=experiment.network if bench.full else None,
        run=experiment.name,
    )
    sources = dict.fromkeys(item.source for item in experiment.published)
    metrics = [item for item in (*TABLE_5_METRICS, "precision", "recall") if _prints(experiment, item)]
    rows = [
        Row(source, experiment.method, published_in(experiment, source, metrics), summaries[experiment.method])
        for source in sources
    ]
    paper = find_paper(experiment.paper)
    elsewhere = f"Published on {experiment.database}, measured on {bench.database}."
    notes = [
        *([elsewhere] if bench.database != experiment.database else []),
        *(f"Not published: {text}" for text in (*paper.silent, *experiment.silent)),
        *(f"Contradiction: {text}" for text in (*paper.contradictions, *experiment.contradictions)),
        *experiment.notes,
    ]
    return ComparedTable(
        experiment.name, f"{paper.title}: {experiment.method}", metrics, [*rows, *baseline_rows(summaries)], notes
    )


def _as_stated(bench: Bench, experiment: Experiment) -> Bench:
    """The bench under the recipe's classes, protocol and seeds, wherever its user named none."""
    return replace(
        bench,
        scheme=bench.scheme or experiment.scheme,
        protocol=bench.protocol or (None if bench.database == STAND_IN else experiment.protocol),
        seeds=bench.seeds or (experiment.seeds if bench.full else None),
    )


def _prints(experiment: Experiment, metric: str) -> bool:
    return any(item.metric == metric for item in experiment.published)


def _cost_cells(method: str, position: int, bench: Bench) -> dict[str, Any]:
    bench.progress(position, len(TABLE_7), f"size and speed of {method}")
    module, shape = network_of(find_method(method), "paper", SIZE)
    published = published_in(experiment_of(method), "Table 7", ("parameters", "macs", "fps"))
    return {
        "parameters (M), published": published["parameters"] / 1e6,
        "parameters (M), measured": parameters(module) / 1e6,
        "MACs (G), published": published["macs"] / 1e9,
        "MACs (G), measured": macs(module, *shape) / 1e9,
        "frames/s, published": published["fps"],
        **{f"frames/s, {runtime}": speed for runtime, speed in frames_per_second(module, shape).items()},
    }


def _load() -> str:
    """What else the machine was doing: the processes that wanted a core in the last minute, on systems that count."""
    return f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def _table_8_row(row: Published, summary: dict[str, Any] | None, refusals: dict[str, str | None]) -> Row:
    published = {metric: value for metric in TABLE_8_METRICS if (value := getattr(row, metric)) is not None}
    remark = "" if summary else refusals.get(row.merlab) or NOT_IMPLEMENTED
    return Row(row.method, row.merlab if row.merlab in METHODS else "", published, summary, remark)


def _paper_notes(*words: str) -> list[str]:
    """The paper's contradictions that speak of one of these words."""
    return [text for text in find_paper("dualbranch").contradictions if any(word in text for word in words)]


def _published_leaks(method: str) -> list[str]:
    """What others published of the same method by both rules on the same data."""
    rows = [row for row in published_results() if row.merlab == method and row.uf1 and "re-run" in row.method]
    return [
        f"Published, {honest.method} on {honest.data}: UF1 {honest.uf1:.3f} at the last epoch, {leaky.uf1:.3f} at the "
        f"best on the test subject ({honest.source})."
        for honest in rows
        for leaky in rows
        if (honest.method, honest.data) == (leaky.method, leaky.data)
        and (honest.selection, leaky.selection) == ("last epoch", "best epoch on the test subject")
    ]
