"""What stands around the code: versions, links, workflows, the citation file, templates."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

import merlab

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob(".github/*.md"), *REPOSITORY.glob("docs/**/*.md")])
WORKFLOWS = sorted(REPOSITORY.glob(".github/workflows/*.yml"))
FORMS = sorted(REPOSITORY.glob(".github/ISSUE_TEMPLATE/*.yml"))
CODE = re.compile(r"```.*?```", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def text(path: str) -> str:
    return (REPOSITORY / path).read_text(encoding="utf-8")


def supported_pythons() -> list[str]:
    found = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text("pyproject.toml"))
    assert found is not None
    return [f"3.{minor}" for minor in range(int(found[1]), int(found[2]))]


def test_the_citation_file_has_the_version_of_the_newest_changelog_section_and_the_package_has_it_or_a_later_one():
    """What 0.2.0 wrote is known as such: code that is changed after a version does not state this version."""
    changelog, citation = text("CHANGELOG.md"), yaml.safe_load(text("CITATION.cff"))
    newest = re.search(r"^## (\S+) - (\S+)$", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == citation["version"]
    package, has_changes = Version(merlab.__version__), "\n## Unreleased\n" in changelog
    assert package.is_devrelease == has_changes
    assert package > Version(newest[1]) if has_changes else package == Version(newest[1])
    assert date.fromisoformat(newest[2]) == date.fromisoformat(citation["date-released"])


def test_the_package_is_built_with_the_version_that_it_has_when_imported():
    assert '[tool.hatch.version]\npath = "src/merlab/version.py"' in text("pyproject.toml")
    assert f'__version__ = "{merlab.__version__}"' in text("src/merlab/version.py")


def test_the_hint_for_an_extra_fits_a_checkout_and_an_installed_wheel(tmp_path):
    """A wheel has no folder with constraints.txt, and only its own name is certain to be merlab."""
    code, shown = text("src/merlab/version.py"), {}
    for top in ("checkout", "lib"):
        module = tmp_path / top / "src" / "merlab" / "version.py"
        module.parent.mkdir(parents=True)
        module.write_text(code, encoding="utf-8")
        (tmp_path / "checkout" / "constraints.txt").touch()
        shown[top] = runpy.run_path(str(module))["install_hint"]("onnx")
    assert shown["checkout"] == 'pip install -c constraints.txt -e ".[onnx]" in the folder of merlab'
    wheel = f"./merlab-{merlab.__version__}-py3-none-any.whl"
    assert shown["lib"] == f'pip install "{wheel}[onnx]" in the folder of the wheel'


def test_the_citation_file_has_the_keys_that_the_format_requires():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["license"] in text("pyproject.toml")
    assert citation.keys() >= {"authors", "message", "title"}
    assert [set(each) for each in citation["authors"]] == [{"name"}]
    assert all(reference.keys() >= {"authors", "title", "type"} for reference in citation["references"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_relative_link_leads_to_a_file(document):
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    targets = [(document.parent / link.split("#")[0]).resolve() for link in links if not link.startswith("#")]
    assert [target for target in targets if not target.exists()] == []


def anchors(document: Path) -> set[str]:
    """The names under which the headings of a document are linked."""
    titles = re.findall(r"^#+ (.*)$", CODE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w -]", "", LINK.sub(lambda link: link[0][1 : link[0].index("]")], title)) for title in titles]
    return {title.strip().lower().replace(" ", "-") for title in plain}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_link_into_a_document_leads_to_a_heading(document):
    links = [link.partition("#") for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    targets = [
        ((document.parent / path).resolve() if path else document, anchor) for path, _, anchor in links if anchor
    ]
    assert [anchor for target, anchor in targets if anchor not in anchors(target)] == []


def test_every_supported_python_is_tested_and_classified():
    jobs = yaml.safe_load(text(".github/workflows/test.yml"))["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python-version"] == supported_pythons()
    assert re.findall(r"Programming Language :: Python :: (3\.\d+)", text("pyproject.toml")) == supported_pythons()
    assert f"Python {supported_pythons()[0]} to {supported_pythons()[-1]}" in text("README.md")


def test_the_test_workflow_runs_the_script_of_the_checkout():
    steps = yaml.safe_load(text(".github/workflows/test.yml"))["jobs"]["test"]["steps"]
    assert ".ci/run" in [step.get("run") for step in steps]
    assert (REPOSITORY / ".ci" / "run").stat().st_mode & 0o100


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_ends_in_time_and_knows_no_secret(workflow):
    content = workflow.read_text(encoding="utf-8")
    read = yaml.safe_load(content)
    # YAML 1.1, which PyYAML reads, takes the key `on` for a truth value.
    assert read[True].keys() == {"push", "pull_request"}
    assert read["permissions"] == {"contents": "read"}
    assert read["concurrency"]["cancel-in-progress"] is True
    assert all(job["timeout-minutes"] <= 45 and job["runs-on"] == "ubuntu-latest" for job in read["jobs"].values())
    assert "secrets" not in content
    used = [step["uses"] for job in read["jobs"].values() for step in job["steps"] if "uses" in step]
    assert [action for action in used if not re.fullmatch(r"actions/[a-z-]+@v\d+", action)] == []


@pytest.mark.parametrize("form", [path for path in FORMS if path.stem != "config"], ids=lambda path: path.stem)
def test_an_issue_form_has_what_is_shown_and_asks_each_question_once(form):
    read = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert read.keys() >= {"name", "description", "body"}
    questions = [each for each in read["body"] if each["type"] != "markdown"]
    assert all(each["attributes"]["label"] for each in questions)
    assert len({each["id"] for each in questions}) == len(questions) > 2


def test_the_check_list_of_a_pull_request_has_the_rules_of_contributing():
    rules = text("CONTRIBUTING.md").split("## Rules that tests cannot check")[1].split("\n## ")[0]
    listed = [line.removeprefix("- ") for line in rules.splitlines() if line.startswith("- ")]
    template = text(".github/PULL_REQUEST_TEMPLATE.md").splitlines()
    boxes = [line.removeprefix("- [ ] ") for line in template if line.startswith("- [ ] ")]
    assert len(listed) > 3
    assert boxes[1:] == listed
    assert ".ci/run" in boxes[0]


def test_pre_commit_accepts_its_configuration_and_needs_no_other_repository():
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    sources = [source["repo"] for source in yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]]
    assert sources == ["local"]
