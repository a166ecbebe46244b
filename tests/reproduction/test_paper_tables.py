"""What the tables of the dual-branch paper and of recipes state beside the measured shares."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from torch import nn

from merlab.evaluation.summary import MethodSummary
from merlab.methods.baselines import BASELINE_NAMES
from merlab.recipes import Experiment, PublishedValue, find_experiment
from merlab.reproduction import Bench, paper_tables
from merlab.reproduction.paper_tables import leak, recipe_table, table_5, table_7
from tests.reports.fake_run import fake_metrics

NETWORKS = ("gfem", "ltfem", "dbfem", "dbfem-caffm", "dbfem-caffm-l", "dbfem-caffm-g")
STSTNET = find_experiment("liong2019_ststnet_ststnet-flow")


@lru_cache
def invented(skill: float) -> MethodSummary:
    """The summary of a method that predicts this share of the clips right, the others at random."""
    (summary,) = fake_metrics({"a method": skill}, subjects=4)
    return summary


@pytest.fixture
def measured(monkeypatch):
    """What was measured, as (method, training settings) and the run folder; a method that runs alone is better."""
    calls = []

    def measure(bench, setups, run="run"):
        calls.append(([(setup.method.name, dict(setup.training)) for setup in setups], run))
        return {setup.method.name: invented(0.9 if len(setups) == 1 else 0.2) for setup in setups}

    monkeypatch.setattr(Bench, "measure", measure)
    return calls


def bench_of(database: str, **settings) -> Bench:
    return Bench(Path("out"), database=database, root=Path("root"), **settings)


def test_the_leak_is_what_the_epoch_of_the_test_subjects_adds_to_the_last_one(measured):
    table = leak(bench_of("ststnet-flow", leak_method="ststnet"))
    honest, leaky = invented(0.2), invented(0.9)
    assert (table.name, table.title) == ("leak", "The leak: ststnet by two rules of selection")
    assert [row.label for row in table.rows[:2]] == ["last epoch, fixed beforehand", "best epoch on the test subjects"]
    assert [row.summary for row in table.rows[:2]] == [honest, leaky]
    assert [row.method for row in table.rows[2:]] == list(BASELINE_NAMES)
    gain = leaky.uar.mean - honest.uar.mean
    assert gain > 0
    assert table.notes[1].endswith(f"UAR {gain:+.3f}.")
    (_, fixed), (chosen, leaking) = measured
    assert (fixed, leaking) == ("leak-fixed", "leak-best-epoch-on-test")
    assert chosen == [("ststnet", {"selection": "best-epoch-on-test"})]


def test_the_published_leaks_of_a_method_are_those_of_meb_on_the_same_clips(measured):
    """Varanka et al., Table 3 of their notebook, by database."""
    table = leak(bench_of("ststnet-flow", leak_method="off-apexnet"))
    values = {"Full": (0.703, 0.839), "SMIC": (0.683, 0.782), "CASMEII": (0.774, 0.928), "SAMM": (0.605, 0.790)}
    expected = [
        f"MEGC2019-{clips}: UF1 {last:.3f} at the last epoch, {best:.3f}" for clips, (last, best) in values.items()
    ]
    notes = table.notes[2:]
    assert [note.partition(" on ")[2].partition(" at the best")[0] for note in notes] == expected
    assert all(note.startswith("Published, OFF-ApexNet (MEB re-run)") for note in notes)


@pytest.mark.parametrize(
    ("database", "settings", "rest"),
    [
        ("casme2", {"full": True}, "casme2-5-merged, loso, 5 seeds."),
        ("casme2", {"protocol": "kfold", "seeds": 1}, "casme2-5-merged, kfold of 4 folds, 1 seed."),
        ("smic", {}, "megc2019, loso, 2 seeds."),
        ("smic", {"epochs": 1}, "megc2019, loso, 2 seeds, 1 epoch instead of the presets' own."),
    ],
)
def test_a_table_states_its_clips_classes_folds_seeds_and_epochs_because_it_is_read_without_its_run(
    measured, database, settings, rest
):
    """The invented clips are ten per subject, of three classes."""
    bench = bench_of(database, **settings)
    stated = f"Measured on {database}: 40 clips of 4 subjects, 3 classes of {rest}"
    assert [stated in table.notes for table in (table_5(bench), leak(bench))] == [True, True]
    assert stated.replace("casme2-5-merged", "megc2019") in recipe_table(bench, STSTNET).notes


def test_the_depths_of_the_global_branch_are_compared_with_table_5_of_the_paper(measured):
    published = {
        ("ResNet_12", "gfem"): {"accuracy": 0.7577, "uf1": 0.7610, "uar": 0.7643},
        ("ResNet_18", "resnet18"): {"accuracy": 0.7434, "uf1": 0.7282, "uar": 0.7137},
        ("ResNet_34", "resnet34"): {"accuracy": 0.7515, "uf1": 0.7398, "uar": 0.7284},
    }
    table = table_5(bench_of("casme2"))
    assert {(row.label, row.method): row.published for row in table.rows[:3]} == published
    assert [row.method for row in table.rows[3:]] == list(BASELINE_NAMES)
    assert (table.name, table.title) == ("table5", "Table 5: ResNet with different numbers of layers")
    assert table.metrics == ("accuracy", "uf1", "uar")
    # The text of the paper subtracts .0402 for ResNet34, the table .0062.
    assert any("ResNet34" in note for note in table.notes)


def test_table_7_has_published_and_measured_sizes_in_millions_and_thousand_millions(measured, monkeypatch):
    """The published values are those of the paper's Table 7."""
    reports, built = [], []

    def network_of(method, preset, size, channels):
        built.append((method.name, preset, size, channels))
        return nn.Linear(10, 20, bias=False), (1, 2, 5)

    def frames_per_second(module, shape):
        return {"eager PyTorch": 10.0 * sum(shape), "OpenVINO": "absent"}

    monkeypatch.setattr(paper_tables, "network_of", network_of)
    monkeypatch.setattr(paper_tables, "macs", lambda module, *shape: 3_000_000 if shape == (1, 2, 5) else 0)
    monkeypatch.setattr(paper_tables, "frames_per_second", frames_per_second)
    table = table_7(bench_of("casme2", progress=lambda *report: reports.append(report)))
    cells = {row.method: row.cells for row in table.rows}
    assert list(cells) == [*NETWORKS, *BASELINE_NAMES]
    assert cells["dbfem-caffm"] == {
        "parameters (M), published": 8.46,
        "parameters (M), measured": 0.0002,
        "MACs (G), published": 5.165,
        "MACs (G), measured": 0.003,
        "frames/s, published": 97.3,
        "frames/s, eager PyTorch": 80.0,
        "frames/s, OpenVINO": "absent",
    }
    assert cells["gfem"]["frames/s, published"] == 111.5
    # The network whose accuracy is in the row: the size and channels of its own input.
    assert built == [(name, "paper", None, None) for name in NETWORKS]
    assert (table.name, table.metrics) == ("table7", ("accuracy",))
    assert table.title == "Table 7: branches, fusion, size and speed"
    assert table.rows[3].published == {"accuracy": 0.7467}
    assert reports == [(position, 6, f"size and speed of {name}") for position, name in enumerate(NETWORKS)]


def test_a_recipe_lists_the_published_shares_of_every_source_and_where_they_were_measured(measured):
    values = [("uf1", 0.7, "Table 1"), ("precision", 0.6, "Table 2"), ("parameters", 5e5, "Table 1")]
    published = tuple(PublishedValue(metric=metric, value=value, source=source) for metric, value, source in values)
    recipe = STSTNET.model_copy(update={"published": published, "notes": ("A note.",), "silent": ("The decay.",)})
    table = recipe_table(bench_of("casme2"), recipe)
    assert table.metrics == ["uf1", "precision"]
    assert [(row.label, dict(row.published)) for row in table.rows[:2]] == [
        ("Table 1", {"uf1": 0.7}),
        ("Table 2", {"precision": 0.6}),
    ]
    assert table.notes[0] == "Published on ststnet-flow, measured on casme2."
    assert "Not published: The decay." in table.notes
    assert table.notes[-1] == "A note."
    same = recipe_table(bench_of("ststnet-flow"), recipe)
    assert not any(note.startswith("Published on") for note in same.notes)


@pytest.mark.parametrize(
    ("stated", "options", "trained", "note"),
    [
        ({}, {}, 10, "Trained for 10 of the 800 epochs of the recipe; --full without --epochs trains all."),
        ({}, {"full": True}, None, None),
        ({}, {"full": True, "epochs": 1}, 1, "Trained for 1 of the 800 epochs of the recipe; --full without"),
        ({}, {"epochs": 900}, 900, None),
        ({"epochs": 5}, {}, 5, None),
        ({"epochs": 5}, {"epochs": 4}, 4, "Trained for 4 of the 5 epochs of the recipe; --full without"),
    ],
)
def test_a_training_that_is_shorter_than_the_recipes_is_noted(measured, stated, options, trained, note):
    recipe: Experiment = STSTNET.model_copy(update={"training": stated})
    table = recipe_table(replace(bench_of("ststnet-flow"), **options), recipe)
    ((setups, run),) = measured
    assert (run, setups[-1][1].get("epochs")) == (recipe.name, trained)
    assert [text.startswith(str(note)) for text in table.notes if text.startswith("Trained for")] == [True] * bool(note)
