"""Numbers in documents: stored once, filled by a command, checked without writing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from merlab.errors import MerlabError
from merlab.reports import stored as stored_module
from merlab.reports.documents import fill
from merlab.reports.run import read_run
from merlab.reports.stored import read_stored, store_result, stored_results
from merlab.reports.tables import markdown_table, results_table
from merlab.version import __version__
from tests.reports.fake_run import SKILLS, write_run

DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "results"
DOCUMENT = "# Numbers\n\n<!-- results: demo -->\nold\n<!-- end -->\n\nThe end.\n"
COMMAND = "merlab demo --seed 0"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    store_result(write_run(folder / "run"), folder / "results" / "demo.json", COMMAND)
    return folder / "results"


def document(folder: Path, text: str = DOCUMENT) -> Path:
    path = folder / "numbers.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_stored_result_states_origin_data_methods_and_metrics(stored):
    result = json.loads((stored / "demo.json").read_text(encoding="utf-8"))
    assert result["date"] == "2026-05-04"
    assert result["command"] == COMMAND
    assert result["data"]["clips_per_class"] == {"happiness": 27, "disgust": 27, "surprise": 26}
    assert [method["method"] for method in result["methods"]] == list(SKILLS)
    assert [summary["method"] for summary in result["metrics"]] == list(SKILLS)
    assert result["versions"]["torch"] == "2.13.0"
    assert result["hardware"] == "a processor, 2 cores"


def test_a_stored_result_holds_no_clip_no_subject_and_no_folder(stored):
    text = (stored / "demo.json").read_text(encoding="utf-8")
    assert "EP0" not in text
    assert "sub0" not in text
    assert "/data" not in text


def test_a_block_of_an_unknown_kind_is_named_instead_of_keeping_old_numbers(stored, tmp_path):
    misspelled = document(tmp_path, DOCUMENT.replace("results: demo", "result: demo"))
    with pytest.raises(MerlabError, match=r"line 5: <!-- end --> ends no block; .* KIND is one of results, coverage"):
        fill(misspelled, stored, check=True)


def test_the_commit_is_that_of_merlab_or_unknown_where_there_is_none(stored, tmp_path, monkeypatch):
    run = write_run(tmp_path / "run")
    monkeypatch.setattr(stored_module, "versions", lambda: read_run(run).record.versions)
    store_result(run, tmp_path / "demo.json", COMMAND)
    commit = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))["commit"]
    assert commit == stored_module.commit_of_checkout()
    assert commit is None or len(commit.removesuffix("-dirty")) >= 7
    monkeypatch.setenv("PATH", "")
    store_result(run, tmp_path / "demo.json", COMMAND)
    assert json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))["commit"] is None


def test_the_commit_of_other_code_that_computed_the_predictions_is_unknown(stored):
    result = json.loads((stored / "demo.json").read_text(encoding="utf-8"))
    assert result["versions"]["merlab"] == "0.1.0"
    assert result["commit"] is None


@pytest.mark.parametrize("path", sorted(DOCUMENTED.glob("*.json")), ids=lambda path: path.stem)
def test_a_stored_run_is_read_whole(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    metrics = [summary.model_dump(mode="json") for summary in read_stored(path).metrics]
    assert metrics == content["metrics"]
    assert [list(summary) for summary in metrics] == [list(summary) for summary in content["metrics"]]


def test_a_block_is_filled_with_the_table_and_its_origin_and_the_rest_stays(stored, tmp_path):
    path = document(tmp_path)
    assert fill(path, stored, check=False)
    text = path.read_text(encoding="utf-8")
    metrics = read_stored(stored / "demo.json").metrics
    assert text.startswith("# Numbers\n\n<!-- results: demo -->\n**SYNTHETIC · REDUCED · 2 SEEDS**\n")
    assert markdown_table(results_table(metrics)) in text
    assert "Run of 2026-05-04 with merlab 0.1.0" in text
    assert f"`{COMMAND}`\n<!-- end -->\n\nThe end.\n" in text
    assert "old" not in text


@pytest.mark.parametrize(("commit", "stated"), [("0123abc", " at commit 0123abc"), (None, "")])
def test_a_run_on_one_database_has_one_table_and_the_commit_if_it_is_known(stored, tmp_path, commit, stated):
    result = json.loads((stored / "demo.json").read_text(encoding="utf-8"))
    del result["content_digest"]
    (tmp_path / "demo.json").write_text(json.dumps({**result, "commit": commit}), encoding="utf-8")
    path = document(tmp_path)
    fill(path, tmp_path, check=False)
    text = path.read_text(encoding="utf-8")
    assert f"\n\nRun of 2026-05-04 with merlab 0.1.0{stated}: `{COMMAND}`\n" in text
    assert sum(line.startswith("| ---") for line in text.splitlines()) == 1


def test_scores_of_the_surest_clips_are_listed_if_a_method_is_surer_of_some(stored, tmp_path):
    path = document(tmp_path, "<!-- coverage: demo -->\n<!-- end -->\n")
    with pytest.raises(MerlabError, match="line 1: 'demo' has no scores of the surest clips: its methods are equally"):
        fill(path, stored, check=False)
    result = json.loads((stored / "demo.json").read_text(encoding="utf-8"))
    del result["content_digest"]
    result["metrics"][0]["by_coverage"] = [{"share": 0.5, "clips": 40, "uf1": 0.75, "uar": 0.8, "accuracy": 0.9}]
    (tmp_path / "demo.json").write_text(json.dumps(result), encoding="utf-8")
    fill(path, tmp_path, check=False)
    text = path.read_text(encoding="utf-8")
    assert "| constant | 50% | 40 | .750 | .800 | .900 |" in text
    assert "<!-- coverage: demo -->\n**SYNTHETIC" in text


def test_clips_of_several_databases_are_also_scored_by_database(stored, tmp_path):
    result = json.loads((stored / "demo.json").read_text(encoding="utf-8"))
    del result["content_digest"]
    for summary in result["metrics"]:
        summary["by_database"]["smic"] = summary["by_database"]["synthetic"]
    (tmp_path / "demo.json").write_text(json.dumps(result), encoding="utf-8")
    path = document(tmp_path)
    fill(path, tmp_path, check=False)
    scored = [line for line in path.read_text(encoding="utf-8").splitlines() if "| smic |" in line]
    assert len(scored) == len(SKILLS)


def test_check_writes_nothing_and_reports_a_stale_document(stored, tmp_path):
    path = document(tmp_path)
    assert not fill(path, stored, check=True)
    assert path.read_text(encoding="utf-8") == DOCUMENT
    fill(path, stored, check=False)
    assert fill(path, stored, check=True)


def test_a_number_edited_by_hand_is_found(stored, tmp_path):
    path = document(tmp_path)
    fill(path, stored, check=False)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("| dbfem-caffm | .", "| dbfem-caffm | .9", 1), encoding="utf-8")
    assert not fill(path, stored, check=True)


def test_a_document_without_blocks_is_up_to_date_and_untouched(stored, tmp_path):
    path = document(tmp_path, "Blocks look like `<!-- results: NAME -->` and `<!-- end -->`.\n")
    assert fill(path, stored, check=True)


def test_two_blocks_of_a_document_are_both_filled(stored, tmp_path):
    path = document(tmp_path, DOCUMENT + DOCUMENT)
    assert fill(path, stored, check=False)
    assert path.read_text(encoding="utf-8").count("Run of 2026-05-04") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- leaderboard: casme2-6 -->\n<!-- end -->\n", "leaderboard of 'casme2-6', but .* contains no run"),
        (
            "<!-- published: CASME IV -->\n<!-- end -->\n",
            "published results on 'CASME IV'; there are some on .*CASME II",
        ),
        ("\n<!-- results: other -->\n<!-- end -->\n", "line 2 requests result 'other', but .* contains demo"),
        ("<!-- results: ../demo -->\n<!-- end -->\n", "requests result '../demo'"),
        ("<!-- spotting: ours -->\n<!-- end -->\n", r"`merlab score-spotting \.\.\. --save .*spotting.*ours\.json`"),
        ("<!-- spotters: ours -->\n<!-- end -->\n", r"`merlab compare-spotting \.\.\. --save .*spotting.*ours\.json`"),
        ("<!-- model: other -->\n<!-- end -->\n", "the model 'other'; the one that ships is synthetic"),
        ("<!-- beside: casme2-5 -->\n<!-- end -->\n", "nothing is published on the databases .* of 'casme2-5'"),
        (
            "<!-- leaderboard: casme2-5 kfold -->\n<!-- end -->\n",
            "leaderboard of 'casme2-5 kfold', but .* no run of it",
        ),
        ("<!-- end -->\n", "line 1: <!-- end --> ends no block; begin it with a line <!-- KIND: NAME -->"),
        ("<!-- results: demo -->\n| a |\n", "line 1: the block is not closed"),
        ("<!-- results: demo -->\n<!-- results: demo -->\n<!-- end -->\n", "line 1: the block is not closed"),
    ],
)
def test_a_faulty_block_is_named_and_the_document_left_as_it_was(stored, tmp_path, text, message):
    path = document(tmp_path, text)
    with pytest.raises(MerlabError, match=message):
        fill(path, stored, check=False)
    assert path.read_text(encoding="utf-8") == text


def test_a_leaderboard_has_every_method_of_the_stored_runs_of_a_scheme(stored, tmp_path):
    path = document(tmp_path, "<!-- leaderboard: casme2-5 -->\n<!-- end -->\n")
    assert fill(path, stored, check=False)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[1] == "synthetic, casme2-5, loso, 8 folds, 80 clips tested:"
    rows = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")][2:]
    assert rows[:2] == ["dbfem-caffm", "linear-svm"]
    assert sorted(rows) == sorted(SKILLS)


def test_published_results_are_listed_with_their_rule_of_selection_and_recalled_ones_are_marked(stored, tmp_path):
    path = document(tmp_path, "<!-- published: CASME II -->\n<!-- end -->\n")
    assert fill(path, stored, check=False)
    text = path.read_text(encoding="utf-8")
    dssn = next(line for line in text.splitlines() if line.startswith("| DSSN |"))
    assert "recalled, not verified" in dssn
    heading, _, *rows = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|"))
    places = heading.index("UF1"), heading.index("accuracy")
    shares = [tuple(float(row[place].strip() or 0) for place in places) for row in rows]
    assert len(set(shares)) > 10
    assert shares == sorted(shares, reverse=True)
    years = {row[heading.index("method")]: row[heading.index("year")] for row in rows}
    # Zhang et al., IEEE Transactions on Affective Computing 2022.
    assert years["SLSTT-Mean"] == "2022"
    slstt = next(line for line in text.splitlines() if line.startswith("| SLSTT-Mean |"))
    assert "best epoch on the test subject" in slstt


def test_a_stored_result_holds_the_metrics_of_one_method_at_least(stored, tmp_path):
    result = json.loads((stored / "demo.json").read_text(encoding="utf-8"))
    del result["content_digest"]
    result["versions"]["merlab"] = __version__
    for methods in (0, 1):
        (tmp_path / f"{methods}.json").write_text(json.dumps({**result, "metrics": result["metrics"][:methods]}))
    with pytest.raises(MerlabError, match=r"0\.json is not a stored result"):
        read_stored(tmp_path / "0.json")
    assert len(read_stored(tmp_path / "1.json").metrics) == 1


def test_stored_results_are_in_the_order_of_their_names(stored, tmp_path):
    names = [f"{letter}{number}" for number in range(3) for letter in "cab"]
    for name in names:
        shutil.copyfile(stored / "demo.json", tmp_path / f"{name}.json")
    assert list(stored_results(tmp_path)) == sorted(names)


@pytest.mark.parametrize("content", ["{}", "[]", '{"metrics": []}', '{"metrics": [{"method": "svm"}]}'])
def test_a_result_of_another_kind_is_named(stored, tmp_path, content):
    results = tmp_path / "results"
    results.mkdir()
    (results / "demo.json").write_text(content, encoding="utf-8")
    with pytest.raises(MerlabError, match=r"demo\.json is not a stored result"):
        fill(document(tmp_path), results, check=False)


def test_a_document_that_does_not_exist_is_named(stored, tmp_path):
    with pytest.raises(MerlabError, match=r"none\.md does not exist; choose a Markdown file"):
        fill(tmp_path / "none.md", stored, check=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_is_the_digits_of_a_tagged_checkout_with_a_mark_for_changed_files(tmp_path, monkeypatch):
    file = tmp_path / "stored.py"
    file.write_text("", encoding="utf-8")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    for command in ("init -q", "add stored.py", "commit -q -m x", "tag -a -m x v1"):
        subprocess.run([*git, *command.split()], check=True)
    monkeypatch.setattr(stored_module, "__file__", str(file))
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert stored_module.made_now().endswith(f" with merlab {__version__} at commit {commit.strip()}")
    file.write_text("changed", encoding="utf-8")
    assert stored_module.commit_of_checkout() == f"{commit.strip()}-dirty"
    monkeypatch.setenv("PATH", "")
    assert stored_module.made_now().endswith(f" with merlab {__version__}")


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_of_a_repository_around_a_virtual_environment_is_not_merlabs(tmp_path, monkeypatch):
    installed = tmp_path / "site-packages" / "stored.py"
    installed.parent.mkdir()
    installed.write_text("", encoding="utf-8")
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", tmp_path, "init", "-q"], check=True)
    subprocess.run(["git", "-C", tmp_path, *identity, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    monkeypatch.setattr(stored_module, "__file__", str(installed))
    assert stored_module.commit_of_checkout() is None


def test_a_reproduced_table_is_put_into_a_document_without_its_heading(tmp_path):
    page = document(tmp_path, "<!-- reproduced: table5 -->\n<!-- end -->\n")
    with pytest.raises(MerlabError, match=r"`merlab reproduce table5` and copy it to .*table5\.md"):
        fill(page, tmp_path, check=False)
    left = tmp_path / "reproduced" / "table5.md"
    left.parent.mkdir()
    left.write_text("# Table 5\n\n**SYNTHETIC**\n\n- a note\n", encoding="utf-8")
    fill(page, tmp_path, check=False)
    assert page.read_text(encoding="utf-8") == "<!-- reproduced: table5 -->\n**SYNTHETIC**\n\n- a note\n<!-- end -->\n"
    left.write_text("| a | table |\n\nby hand\n", encoding="utf-8")
    with pytest.raises(MerlabError, match="does not begin with a title"):
        fill(page, tmp_path, check=False)
