"""The report: its content, that it needs no other file, and that everyone can read it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from merlab import vocabulary
from merlab.errors import MerlabError
from merlab.evaluation.predictions import write_predictions
from merlab.evaluation.summary import MethodSummary
from merlab.reports import html
from merlab.reports.html import write_report
from merlab.reports.run import read_run
from merlab.reports.tables import results_table
from merlab.reports.verdict import verdict
from tests.pages import Page
from tests.reports.contrast import contrast
from tests.reports.fake_run import SKILLS, fake_method, fake_predictions, fake_record, write_run

LEAKY = "LEAKY: epoch picked on the test subject"


def report_of(folder):
    return write_report(read_run(folder), folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("report") / "run")
    assert report_of(folder) == folder / "report.html"
    return folder


@pytest.fixture(scope="module")
def source(run):
    return (run / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


@pytest.mark.slow
def test_every_file_of_the_report_is_in_the_run_folder(run):
    expected = {
        "report.html",
        "results.md",
        "results.csv",
        "metrics.json",
        "uf1.png",
        "run.json",
        "predictions.parquet",
    }
    assert {path.name for path in run.iterdir()} == expected | {f"confusion-{method}.png" for method in SKILLS}


@pytest.mark.slow
def test_the_page_loads_nothing_and_names_no_host(source, page):
    without_pictures = re.sub(r"base64,[^\"]*", "", source)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<script|<link", without_pictures)
    pictures = [str(attributes["src"]) for attributes in page.attributes("img")]
    assert len(pictures) == 1 + len(SKILLS)
    for picture in pictures:
        head, encoded = picture.split(",", 1)
        assert head == "data:image/png;base64"
        assert base64.b64decode(encoded).startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_elements_are_closed_in_order_and_no_heading_level_is_skipped(page):
    assert page.open == []
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


@pytest.mark.slow
def test_the_page_is_accessible(source, page):
    assert page.attributes("html") == [{"lang": "en"}]
    assert any(attributes.get("name") == "viewport" for attributes in page.attributes("meta"))
    assert all(str(attributes["alt"]).strip() for attributes in page.attributes("img"))
    assert all(attributes.get("scope") in {"row", "col"} for attributes in page.attributes("th"))
    assert all(attributes.get("aria-label") for attributes in page.attributes("table"))
    assert "prefers-color-scheme: dark" in source


@pytest.mark.slow
def test_a_run_of_many_methods_has_links_to_its_sections_and_tables_that_scroll(page, tmp_path, monkeypatch):
    """The 1275 comparisons of 51 methods were half of a page of 96,000 px."""
    monkeypatch.setattr(html, "MOST_ROWS", 3)
    long = Page(report_of(write_run(tmp_path / "run")).read_text(encoding="utf-8"))
    sections = [attributes["id"] for attributes in long.attributes("h2")]
    assert [str(each["href"]) for each in long.attributes("a")] == [f"#{section}" for section in sections]
    assert "comparisons" in sections
    tall = [each["aria-label"] for each in long.attributes("div") if each.get("class") == "scroll tall"]
    assert "UF1 of a method minus UF1 of the other" in tall
    assert "Clips of each class" not in tall
    assert page.attributes("nav") == []
    assert "scroll tall" not in [each.get("class") for each in page.attributes("div")]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [("ink", "page"), ("ink", "panel"), ("quiet", "page"), ("accent", "page"), ("stamp-ink", "stamp-paper")],
)
def test_text_contrasts_with_its_background_in_light_and_dark(source, scheme, ink, paper):
    colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", source.split(":root {")[scheme + 1]))
    assert contrast(colors[ink], colors[paper]) >= 4.5


def test_stamps_are_explained_before_anything_else(page):
    assert [tag for tag, _ in page.elements if tag in {"aside", "h1"}] == ["aside", "h1"]
    assert "SYNTHETIC : The faces are synthetic: a program generated them." in page.text
    assert "REDUCED (dbfem-caffm): The network is smaller" in page.text


def test_every_table_and_figure_bears_the_stamps(source):
    figures = re.findall(r"<figure>.*?</figcaption>", source, re.DOTALL)
    assert len(figures) == source.count("<img") + source.count("<table")
    assert all('<span class="stamp">SYNTHETIC</span>' in figure for figure in figures)


def test_a_row_of_the_results_has_each_of_its_stamps_in_one_piece(source):
    row = re.search(r'<tr>\s*<th scope="row">dbfem-caffm</th>.*?</tr>', source, re.DOTALL)
    assert row
    assert re.findall(r'<span class="stamp">(.*?)</span>', row[0]) == ["SYNTHETIC", "REDUCED", "2 SEEDS"]


def test_a_number_of_a_row_wraps_only_before_its_interval_and_is_aligned_as_one(source):
    row = re.search(r'<tr>\s*<th scope="row">dbfem-caffm</th>.*?</tr>', source, re.DOTALL)
    assert row
    cells = re.findall(r'<td class="numeric">(.*?)</td>', row[0])
    assert any(re.fullmatch(r"\.\d{3}\u00a0±\u00a0\.\d{3} \[\.\d{3},\u00a0\.\d{3}\]", cell) for cell in cells)


def test_a_picture_is_as_wide_as_at_96_pixels_an_inch(page):
    """The chart is 7 inches wide."""
    chart, *_ = page.attributes("img")
    assert chart["width"] == "672"
    assert str(chart["alt"]).startswith("UF1 of every method: constant .")
    assert "; dbfem-caffm ." in str(chart["alt"])


def test_a_run_without_stamps_has_no_banner(tmp_path):
    record = fake_record(["linear-svm"], Path("/data/faces"), stamps=[])
    folder = write_run(tmp_path / "run", {"linear-svm": 0.5}, record)
    assert 'class="banner"' not in report_of(folder).read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_leaky_run_explains_its_leak_at_the_top(tmp_path):
    skills = {"linear-svm": 0.5, "dbfem-caffm": 0.9}
    record = fake_record(list(skills), Path("/data/faces"))
    record["methods"][1] = fake_method("dbfem-caffm", stamps=[LEAKY])
    folder = write_run(tmp_path / "run", skills, record)
    page = Page(report_of(folder).read_text(encoding="utf-8"))
    assert (
        f"{LEAKY} (dbfem-caffm): The epoch whose weights are tested was chosen on the test subject" in page.text[:900]
    )


def test_the_numbers_and_the_verdict_are_those_of_the_stored_predictions(run, page):
    content = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    summaries = [MethodSummary.model_validate(summary) for summary in content]
    text = page.text.replace("\u00a0", " ")
    assert verdict(summaries) in text
    for cell in results_table(summaries)["UF1"]:
        assert cell in text


def test_what_was_run_is_stated(page):
    for fact in (
        "three of the five, for a test",
        "leave one subject out",
        "8 folds",
        "80 of 8 subjects",
        "annotated: 79 clips; midpoint: 1 clip",
        "emotion fear: 2 clips",
        "table: coding.xlsx",
        "paper of dbfem-caffm",
        "reduced: chosen for a CPU",
        "epochs=30",
        "a processor, 2 cores",
        "2026-05-04 10:20 UTC",
        "--set epochs=30",
    ):
        assert fact in page.text


def test_every_protocol_is_explained():
    assert list(html.PROTOCOLS) == list(vocabulary.PROTOCOLS)


def test_no_folder_of_the_machine_is_shown(source):
    assert "/data/faces" not in source


def test_the_limits_are_stated(page):
    for limit in ("not verdicts about persons", "not lie detection", "hiring, policing or diagnosis", "European Union"):
        assert limit in page.text


@pytest.mark.slow
def test_text_of_a_record_is_never_markup(tmp_path):
    record = fake_record(["linear-svm"], Path("/data/faces"), left_out={"<script>alert(1)</script>": 1})
    source = report_of(write_run(tmp_path / "run", {"linear-svm": 0.5}, record)).read_text(encoding="utf-8")
    assert "<script>" not in source
    assert "&lt;script&gt;alert(1)" in source


@pytest.mark.slow
def test_a_method_of_any_name_has_its_own_file_and_a_scheme_of_your_own_is_stated(tmp_path):
    record = fake_record(["a/b", "a_b"], Path("/data/faces"), labels={"smile": "happiness"})
    for method in record["methods"]:
        method.update(paper="", preset_source="", seeds=[0])
    folder = write_run(tmp_path / "run", {"a/b": 0.5, "a_b": 0.9}, record)
    page = Page(report_of(folder).read_text(encoding="utf-8"))
    assert {path.name for path in folder.glob("confusion-*")} == {"confusion-a%2Fb.png", "confusion-a_b.png"}
    assert "smile: happiness" in page.text
    assert "Paper" not in page.text


@pytest.mark.slow
def test_two_methods_whose_long_names_begin_alike_have_a_file_each(tmp_path):
    names = ["Größe" * 30 + end for end in "ab"]
    folder = write_run(tmp_path / "run", dict.fromkeys(names, 0.5), fake_record(names, Path("/data/faces")))
    report_of(folder)
    files = sorted(path.name for path in folder.glob("confusion-*"))
    assert len(files) == 2
    assert all(len(name.encode()) < 200 for name in files)


@pytest.mark.slow
def test_two_methods_whose_names_differ_in_case_have_a_file_each_where_a_disk_ignores_it(tmp_path):
    names = ["CNN", "cnn", "SVM"]
    folder = write_run(tmp_path / "run", dict.fromkeys(names, 0.5), fake_record(names, Path("/data/faces")))
    report_of(folder)
    files = {path.name.casefold() for path in folder.glob("confusion-*")}
    assert len(files) == 3
    assert (folder / "confusion-SVM.png").is_file()


@pytest.mark.slow
def test_a_report_made_again_from_new_predictions_replaces_the_metrics(tmp_path):
    folder = write_run(tmp_path / "run", {"linear-svm": 0.5})
    report_of(folder)
    before = (folder / "metrics.json").read_text(encoding="utf-8")
    write_predictions(folder / "predictions.parquet", fake_predictions({"linear-svm": 1.0}))
    report_of(folder)
    after = (folder / "metrics.json").read_text(encoding="utf-8")
    assert before != after
    assert pd.read_csv(folder / "results.csv").set_index("method").loc["linear-svm", "uf1_mean"] == 1


@pytest.mark.slow
def test_a_report_made_twice_is_the_same(tmp_path, source):
    assert report_of(write_run(tmp_path / "run")).read_text(encoding="utf-8") == source


def test_the_markdown_holds_stamps_table_and_verdict(run):
    text = (run / "results.md").read_text(encoding="utf-8")
    assert text.startswith("# synthetic, casme2-5, loso\n\n**SYNTHETIC · REDUCED · 2 SEEDS**\n\n| method | UF1 |")
    assert "dbfem-caffm beats linear-svm" in text


@pytest.mark.slow
def test_classes_that_the_test_alone_has_are_stated_below_the_verdict(tmp_path, source):
    assert "no training clip" not in source
    record = fake_record(["constant"], Path("/data/faces"), untrained={"contempt": 2, "fear": 1})
    folder = write_run(tmp_path / "run", {"constant": 0.0}, record)
    report_of(folder)
    for name in ("report.html", "results.md"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "3 test clips are of a class that no training clip of the same fold has (contempt 2, fear 1)" in text


def test_an_unfinished_run_leaves_nothing_behind(tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / "predictions.parquet").unlink()
    with pytest.raises(MerlabError, match="unfinished"):
        report_of(folder)
    assert [path.name for path in folder.iterdir()] == ["run.json"]
