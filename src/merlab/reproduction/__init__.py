"""The tables and figures of the dual-branch paper as commands: published values beside measured ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from merlab.recipes import experiments, find_experiment
from merlab.registry import look_up
from merlab.reports.figures import save_figure
from merlab.reproduction.bench import Bench
from merlab.reproduction.block_figure import figure_2
from merlab.reproduction.compared_table import TABLE_7, ComparedTable, paired
from merlab.reproduction.face_figure import figure_3
from merlab.reproduction.paper_figures import figure_1, figure_4, figure_6
from merlab.reproduction.paper_tables import leak, recipe_table, remarks, table_5, table_7
from merlab.reproduction.table_8 import check_rows, table_8

TABLES: Mapping[str, Callable[[Bench], ComparedTable]] = {
    "table5": table_5,
    "table7": table_7,
    "table8": table_8,
    "leak": leak,
}
FIGURES: Mapping[str, Callable[[Bench], Figure]] = {
    "figure1": figure_1,
    "figure2": figure_2,
    "figure3": figure_3,
    "figure4": figure_4,
    "figure6": figure_6,
}
# What `all` makes, cheapest first.
ALL = ("figure1", "figure2", "figure3", "table5", "figure4", "table7", "figure6", "table8", "leak")
TARGETS = (*TABLES, *FIGURES, "all")


def targets_of(name: str) -> tuple[str, ...]:
    """The single targets of a name; raises MerlabError for a name that is neither target nor recipe."""
    if name == "all":
        return ALL
    if name.endswith((".yaml", ".yml")):
        find_experiment(name)
    else:
        look_up(name, dict.fromkeys([*TARGETS, *experiments()], name), "target")
    return (name,)


def make_table(target: str, bench: Bench) -> ComparedTable:
    """Measure a table, or the recipe of this name or file."""
    make = TABLES.get(target) or partial(recipe_table, experiment=find_experiment(target))
    return make(bench)


def make_figure(target: str, bench: Bench) -> list[Path]:
    """Draw a figure and save it as PNG and SVG in the bench's folder."""
    return save_figure(FIGURES[target](bench), bench.out, target)


__all__ = [
    "ALL",
    "FIGURES",
    "TABLES",
    "TABLE_7",
    "Bench",
    "ComparedTable",
    "check_rows",
    "make_figure",
    "make_table",
    "paired",
    "remarks",
    "targets_of",
]
