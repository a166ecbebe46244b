"""Published experiments as YAML files."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
import yaml

from merlab.errors import MerlabError
from merlab.methods import METHODS
from merlab.recipes import (
    FOLDER,
    experiment_of,
    experiments,
    find_experiment,
    find_paper,
    published_results,
    read_experiment,
)

TABLE_5 = {"gfem": (0.7577, 0.7610, 0.7643), "resnet18": (0.7434, 0.7282, 0.7137), "resnet34": (0.7515, 0.7398, 0.7284)}
TABLE_7 = {
    "gfem": (0.6631, 2.59, 1.778, 111.5),
    "ltfem": (0.6269, 6.26, 3.287, 106.3),
    "dbfem": (0.7116, 8.13, 4.927, 104.5),
    "dbfem-caffm": (0.7467, 8.46, 5.165, 97.3),
    "dbfem-caffm-l": (0.7352, 8.49, 5.14, 97.3),
    "dbfem-caffm-g": (0.7223, 8.5, 5.151, 97.5),
}


def test_there_is_a_recipe_for_every_row_of_tables_5_and_7():
    assert {*TABLE_5, *TABLE_7} <= {experiment.method for experiment in experiments().values()}


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_a_file_is_called_after_its_paper_method_and_database(name):
    assert find_experiment(name).name == name


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_a_recipe_takes_the_published_settings_and_enough_seeds(name):
    entry = find_experiment(name).entry()
    assert entry.preset_name == "paper"
    assert entry.stamps == []


def printed_in(source, method):
    return {item.metric: item.value for item in experiment_of(method).published if item.source == source}


@pytest.mark.parametrize("method", TABLE_5)
def test_table_5_is_as_printed(method):
    printed = printed_in("Table 5", method)
    assert (printed["accuracy"], printed["uf1"], printed["uar"]) == TABLE_5[method]


@pytest.mark.parametrize("method", TABLE_7)
def test_table_7_is_as_printed(method):
    accuracy, parameters, macs, fps = TABLE_7[method]
    printed = printed_in("Table 7", method)
    of_network = [printed[metric] for metric in ("accuracy", "parameters", "macs", "fps")]
    assert of_network == pytest.approx([accuracy, parameters * 1e6, macs * 1e9, fps])


def test_recipes_and_the_list_of_published_results_agree():
    printed = {(row.merlab, row.table): row for row in published_results() if row.table}
    compared = 0
    for experiment in experiments().values():
        for item in experiment.published:
            row = printed.get((experiment.method, item.source))
            if row is not None and hasattr(row, item.metric):
                assert getattr(row, item.metric) == item.value, (experiment.name, item)
                compared += 1
    assert compared > 10


def test_contrary_to_the_text_of_the_paper_its_table_5_does_not_fall_with_the_number_of_layers():
    """Section IV.C states that the performance decreases with more layers."""
    (note,) = (text for text in find_paper("dualbranch").contradictions if "better than ResNet18" in text)
    for shallow, deep in zip(TABLE_5["resnet18"], TABLE_5["resnet34"], strict=True):
        assert deep > shallow
        assert f"({deep:.4f} against {shallow:.4f})" in note


def test_the_paper_states_its_gaps_and_contradictions():
    paper = find_paper("dualbranch")
    for gap in (
        "Split protocol",
        "standardized",
        "ResNets of Table 5 have CBAM",
        '"Complexity/G"',
        "The loss",
        "DBFEM",
    ):
        assert any(gap in text for text in paper.silent), gap
    assert any("75.77" in text and "66.31" in text for text in paper.contradictions)
    assert any("0.0402" in text for text in paper.contradictions)
    assert any("0.007" in text for text in paper.contradictions)
    assert any("corners of the mouth" in text for text in paper.contradictions)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"method": "dbfem-cafm"}, "did you mean dbfem-caffm"),
        ({"preset": "huge"}, "no preset 'huge'"),
        ({"input": "onset-apex:size=2x2"}, "8"),
        ({"database": "casme9"}, "unknown database"),
        ({"scheme": "six"}, "unknown label scheme"),
        ({"protocol": "lopo"}, "unknown protocol"),
        ({"paper": "nobody2020"}, "unknown paper"),
        ({"training": {"temperature": 1}}, "temperature"),
        ({"network": {"depths": 50}}, "depths"),
        ({"published": []}, "published"),
        ({"result": 1}, "result"),
        ({"seeds": 0}, "seeds"),
    ],
)
def test_a_fault_is_named_with_its_file(tmp_path, change, named):
    content = yaml.safe_load((FOLDER / "dualbranch_gfem_casme2.yaml").read_text())
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**content, **change}))
    with pytest.raises(MerlabError, match=named) as caught:
        read_experiment(path)
    assert str(path) in str(caught.value)


def test_a_preset_that_needs_files_is_refused_because_a_recipe_names_none(tmp_path):
    content = yaml.safe_load((FOLDER / "dualbranch_gfem_casme2.yaml").read_text())
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**content, "method": "flow-cnn", "preset": "pretrained", "network": {}}))
    with pytest.raises(MerlabError, match=r"mine\.yaml: preset pretrained of flow-cnn needs weights to start from"):
        read_experiment(path)


@pytest.mark.parametrize("text", ["a: [", "just words"])
def test_a_file_that_is_no_recipe_is_named(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(MerlabError, match=r"mine\.yaml"):
        find_experiment(str(path))


@pytest.mark.parametrize(
    "text",
    [
        "2020-13-45",
        "2020-01-01",
        "9" * 5000,
        "[" * 600 + "]" * 600,
        "{a: " * 5000 + "1" + "}" * 5000,
        ".inf",
        ".nan",
        "!!python/object/apply:os.system [ls]",
        "? [a, b]\\n: 1",
        "&loop [*loop]",
        "!!binary x",
    ],
)
@pytest.mark.parametrize("field", ["seeds", "training: {epochs", "network: {width", "training: {2020-01-01", "method"])
def test_a_value_that_yaml_reads_as_something_else_is_named_with_its_file(tmp_path, field, text):
    sound = yaml.safe_load((FOLDER / "dualbranch_gfem_casme2.yaml").read_text())
    others = {name: value for name, value in sound.items() if name != field.partition(":")[0]}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(others) + f"{field}: {text}" + "}" * ("{" in field) + "\n")
    with pytest.raises(MerlabError, match=r"mine\.yaml"):
        read_experiment(path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("network: {width: on}", "width is True, which YAML reads as bool; write a number"),
        ("network: {width: no}", "width of gfem: .*the range is 0.01 to 16, got False"),
        ("training: {epochs: on}", "epochs is True, which YAML reads as bool; write a number"),
        ("training: {mirror: 1}", "mirror is 1, which YAML reads as int; write true or false"),
        (f"training: {{epochs: {10**400}}}", "is not a decimal number"),
        (f"training: {{epochs: {10**90}}}", "epochs is 1000.*give a finite number up to 1,000,000"),
        (
            "network: {width: 1e999}",
            "width of gfem: Input should be a finite number; the range is 0.01 to 16, got '1e999'",
        ),
        ("network: {width: 1.0e+308}", "width is 1e\\+308; give a finite number"),
        ("seeds: true", "seeds: Input should be a valid integer"),
        ("seeds: 1:30", "is not a decimal number"),
        ("seeds: 2\nseeds: 3", "'seeds' occurs twice"),
        ("published: [{metric: uf1, value: yes, source: Table 7}]", "published.0.value"),
    ],
)
def test_a_setting_that_would_be_read_as_something_else_is_refused_when_the_recipe_is_read(tmp_path, change, named):
    sound = yaml.safe_load((FOLDER / "dualbranch_gfem_casme2.yaml").read_text())
    sound.pop(change.partition(":")[0], None)
    path = tmp_path / "mine.yaml"
    path.write_text(f"{yaml.safe_dump(sound)}{change}\n")
    with pytest.raises(MerlabError, match=named) as caught:
        read_experiment(path)
    assert str(path) in str(caught.value)


def test_a_recipe_with_any_fault_is_named_or_read_and_never_crashes(tmp_path):
    random, path = np.random.default_rng(10), tmp_path / "mine.yaml"
    sound = (FOLDER / "dualbranch_gfem_casme2.yaml").read_bytes()
    for _ in range(100):
        damaged = bytearray(sound)
        for place in random.integers(len(sound), size=int(random.integers(1, 4))):
            damaged[place] = int(random.integers(256))
        path.write_bytes(damaged)
        with suppress(MerlabError):
            assert read_experiment(path).seeds >= 1


def test_a_recipe_that_does_not_exist_is_named():
    with pytest.raises(MerlabError, match="did you mean dualbranch_gfem_casme2"):
        find_experiment("dualbranch_gfem_casme")


def test_methods_without_a_recipe_are_named():
    assert "constant" in METHODS
    with pytest.raises(MerlabError, match="unknown method 'constant'"):
        experiment_of("constant")
