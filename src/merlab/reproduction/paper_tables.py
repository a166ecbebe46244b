"""Tables 5 and 7 of the dual-branch paper, single recipes, and the size of the leak, measured on a bench."""

from __future__ import annotations

import os
from dataclasses import replace

from merlab.errors import MerlabError
from merlab.evaluation.metrics import METRIC_TITLES, MetricName
from merlab.evaluation.plan import LEAKY_SELECTION
from merlab.evaluation.study import MethodSetup
from merlab.inference.cost import hardware, macs, network_of, parameters
from merlab.inference.runtimes import frames_per_second
from merlab.methods import find_method
from merlab.methods.baselines import BASELINE_NAMES
from merlab.recipes import Experiment, experiment_of, find_paper, published_results
from merlab.reproduction.bench import STAND_IN, Bench
from merlab.reproduction.compared_table import (
    TABLE_5,
    TABLE_7,
    Cell,
    ComparedRow,
    ComparedTable,
    baseline_rows,
    paper_notes,
    paper_rows,
    published_in,
)

SHORT_EPOCHS = 10
TABLE_5_METRICS: tuple[MetricName, ...] = ("accuracy", "uf1", "uar")


def table_5(bench: Bench) -> ComparedTable:
    """Depth of the global branch: ResNet12, 18 and 34."""
    summaries = bench.measure(_setups(bench, *BASELINE_NAMES, *TABLE_5.values()))
    rows = [*paper_rows(TABLE_5, "Table 5", TABLE_5_METRICS, summaries), *baseline_rows(summaries)]
    title = "Table 5: ResNet with different numbers of layers"
    notes = [bench.measured_on(summaries), *paper_notes("Table 5", "ResNet34")]
    return ComparedTable("table5", title, TABLE_5_METRICS, rows, notes)


def table_7(bench: Bench) -> ComparedTable:
    """Branches and fusion: accuracy, parameters, multiply-accumulates, and frames per second under every runtime."""
    summaries = bench.measure(_setups(bench, *BASELINE_NAMES, *TABLE_7.values()))
    rows = [
        ComparedRow(row.label, row.method, row.published, row.summary, cells=_cost_cells(row.method, position, bench))
        for position, row in enumerate(paper_rows(TABLE_7, "Table 7", ("accuracy",), summaries))
    ]
    notes = [
        bench.measured_on(summaries),
        "Parameters, multiply-accumulates and speed were measured with the preset paper and its input (onset and apex "
        f"frames, 6 x 282 x 231 per view), batch 1: {hardware()}{_load()}.",
        "MACs, published: the paper's column Complexity/G, whose unit it does not state.",
        "The paper does not say on which hardware its frames per second were measured.",
        *paper_notes("Table 7", "Parameters:"),
    ]
    rows = [*rows, *baseline_rows(summaries)]
    return ComparedTable("table7", "Table 7: branches, fusion, size and speed", ("accuracy",), rows, notes)


def leak(bench: Bench) -> ComparedTable:
    """One method by two rules of selection: the last epoch, and the epoch of the best accuracy on the test subjects."""
    method = bench.leak_method
    if find_method(method).network is None:
        raise MerlabError(f"{method} trains no network, so there is no epoch to select; choose another with --method")
    honest = bench.measure(_setups(bench, *BASELINE_NAMES, method), "leak-fixed")
    leaky = bench.measure([bench.setup(method, {"selection": LEAKY_SELECTION})], "leak-best-epoch-on-test")[method]
    gain = {metric: leaky.estimate(metric).mean - honest[method].estimate(metric).mean for metric in TABLE_5_METRICS}
    rows = [
        ComparedRow("last epoch, fixed beforehand", method, {}, honest[method]),
        ComparedRow("best epoch on the test subjects", method, {}, leaky),
        *baseline_rows(honest),
    ]
    sizes = ", ".join(f"{METRIC_TITLES[metric]} {value:+.3f}" for metric, value in gain.items())
    size = f"Size of the leak (second row minus first): {sizes}."
    notes = [bench.measured_on(honest), size, *_published_leaks(method)]
    return ComparedTable("leak", f"The leak: {method} by two rules of selection", TABLE_5_METRICS, rows, notes)


def recipe_table(bench: Bench, experiment: Experiment) -> ComparedTable:
    """One recipe: every published value beside what was measured, under the recipe's classes and protocol.

    The recipe runs as it is written: its preset, input, training settings and network options. Only a preset that is
    not reduced trains for SHORT_EPOCHS at most, unless the bench is ``full``, has its own number of epochs, or the
    recipe states one.
    """
    bench = _as_stated(bench, experiment)
    setup = _recipe_setup(bench, experiment)
    baselines = [MethodSetup(method=find_method(name), recipe=setup.recipe) for name in BASELINE_NAMES]
    summaries = bench.measure([*baselines, setup], experiment.name)
    sources = dict.fromkeys(item.source for item in experiment.published)
    metrics = [item for item in (*TABLE_5_METRICS, "precision", "recall") if _prints(experiment, item)]
    rows = [
        ComparedRow(source, experiment.method, published_in(experiment, source, metrics), summaries[experiment.method])
        for source in sources
    ]
    elsewhere = f"Published on {experiment.database}, measured on {bench.database}."
    notes = [
        *([elsewhere] if bench.database != experiment.database else []),
        bench.measured_on(summaries),
        *_shortened(setup, experiment),
        *remarks(experiment),
    ]
    title = f"{find_paper(experiment.paper).title}: {experiment.method}"
    return ComparedTable(experiment.name, title, metrics, [*rows, *baseline_rows(summaries)], notes)


def remarks(experiment: Experiment) -> list[str]:
    """What the publication does not state, with what is assumed instead, and where it contradicts itself."""
    paper = find_paper(experiment.paper)
    return [
        *(f"Not published: {text}" for text in (*paper.silent, *experiment.silent)),
        *(f"Contradiction: {text}" for text in (*paper.contradictions, *experiment.contradictions)),
        *experiment.notes,
    ]


def _as_stated(bench: Bench, experiment: Experiment) -> Bench:
    """The bench under the recipe's classes, protocol and seeds, unless the user chose others."""
    return replace(
        bench,
        scheme=bench.scheme or experiment.scheme,
        protocol=bench.protocol or (None if bench.database == STAND_IN else experiment.protocol),
        seeds=bench.seeds or (experiment.seeds if bench.full else None),
    )


def _recipe_setup(bench: Bench, experiment: Experiment) -> MethodSetup:
    setup = experiment.setup
    preset = setup.method.preset(experiment.preset)
    training = bench.trained(setup.training)
    if preset.training and not (preset.reduced or bench.full or "epochs" in training):
        training = {**training, "epochs": min(SHORT_EPOCHS, preset.training.epochs)}
    return setup.model_copy(update={"training": training})


def _shortened(setup: MethodSetup, experiment: Experiment) -> list[str]:
    """A note on a training that is shorter than the recipe's."""
    stated, trained = experiment.entry().preset.training, setup.training.get("epochs")
    if stated is None or trained is None or int(trained) >= stated.epochs:
        return []
    return [f"Trained for {trained} of the {stated.epochs} epochs of the recipe; --full without --epochs trains all."]


def _setups(bench: Bench, *methods: str) -> list[MethodSetup]:
    return [bench.setup(name) for name in methods]


def _prints(experiment: Experiment, metric: str) -> bool:
    return any(item.metric == metric for item in experiment.published)


def _cost_cells(method: str, position: int, bench: Bench) -> dict[str, Cell]:
    bench.progress(position, len(TABLE_7), f"size and speed of {method}")
    module, shape = network_of(find_method(method), "paper", None, channels=None)
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
    """The load of the machine, on systems that report it: processes waiting for a core, mean of the last minute."""
    return f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def _published_leaks(method: str) -> list[str]:
    """Published results of the same method with both rules on the same data."""
    rows = [row for row in published_results() if row.merlab == method and row.uf1 and "re-run" in row.method]
    return [
        f"Published, {honest.method} on {honest.data}: UF1 {honest.uf1:.3f} at the last epoch, {leaky.uf1:.3f} at the "
        f"best epoch on the test subject ({honest.source})."
        for honest in rows
        for leaky in rows
        if (honest.method, honest.data) == (leaky.method, leaky.data)
        and (honest.selection, leaky.selection) == ("last epoch", "best epoch on the test subject")
    ]
