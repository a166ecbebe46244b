"""The documentation site builds without a warning and without a foreign host."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import merlab
from tests.cli.test_app import COMMANDS
from tests.examples.runs import NOTEBOOKS, SCRIPTS, run_once
from tests.examples.sparing import REPOSITORY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("properdocs") is None, reason="ProperDocs is an extra: docs"),
]
EXAMPLES = [*SCRIPTS, *NOTEBOOKS]


@pytest.fixture(scope="module")
def site(tmp_path_factory, shared_folder):
    # The site shows what the examples showed when their own tests ran them. A process that runs these tests meanwhile
    # begins with the first example: neither waits for the other.
    for example in reversed(EXAMPLES):
        run_once(example, shared_folder)
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "properdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


def test_pages_load_nothing_from_elsewhere_and_every_command_has_its_place(site):
    pages = {page.relative_to(site): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    loaded = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(?:https?:)?//")
    assert [path for path, text in pages.items() if loaded.search(text)] == []
    commands = pages[Path("reference/commands.html")]
    assert [command for command in COMMANDS if f"merlab {command}" not in commands] == []


def test_the_api_page_has_a_section_with_signature_and_docstring_per_public_name(site):
    page = (site / "reference" / "api.html").read_text(encoding="utf-8")
    public = [name for name in merlab.__all__ if not name.startswith("__")]
    assert re.findall(r"<h2 [^>]*><code>(\w+)</code></h2>", page) == public
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    # merlab.methods() calls the function ``listing`` of a module.
    described = [getattr(getattr(merlab, name), "listing", getattr(merlab, name)) for name in public]
    first_lines = [str(each.__doc__).partition("\n")[0].replace("`", "") for each in described]
    assert [line for line in first_lines if line not in text] == []
    # As each is called: a function, a list that takes names, and a model whose fields have limits.
    assert "weights: Path | str | None = None" in text
    assert "inputs(*names: str)" in text
    assert "batch_size: int = Field(default=64, ge=2)" in text
    assert "model_config" not in text
    # Several names before one colon would be read as one name and a type.
    assert re.findall(r"<strong>\w+,</strong>", page) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_its_page_with_code_text_and_what_it_showed(site, example):
    page = (site / "examples" / f"{example.stem}.html").read_text(encoding="utf-8")
    assert f"examples/{example.name}" in page
    assert "import merlab" in page or "from merlab" in page
    assert "SYNTHETIC" in page
    pictures = re.findall(r'<img alt="What the cell above draws" src="([^"]+)"', page)
    assert pictures or "<table" in page
    assert [picture for picture in pictures if not (site / "examples" / picture).is_file()] == []
    assert "/tmp" not in page


def test_every_example_is_in_the_navigation():
    navigation = (REPOSITORY / "properdocs.yml").read_text(encoding="utf-8")
    assert [path for path in EXAMPLES if f"examples/{path.stem}.md" not in navigation] == []
