"""What the documents tell a user to type exists: commands with their options and values, and names of Python."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import shlex
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

import merlab
from merlab import cli
from merlab.inputs import INPUTS
from merlab.methods import METHODS
from merlab.reproduction.compared_table import TABLE_5, TABLE_7
from merlab.reproduction.table_8 import table_8_rows
from merlab.spotting.spot import SpottingSettings
from merlab.stamps import MEANINGS
from merlab.videos.words import WordSettings

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted(REPOSITORY.glob("docs/**/*.md")),
    *sorted(REPOSITORY.glob("examples/*.py")),
]
# In an indented block, of a page or in the comment of an example, after another command, or between backticks.
TYPED = re.compile(r"^#? {4,}(merlab .*)$|&& (merlab .*?)$|`(merlab [^`]+)`", re.MULTILINE)
CONTINUED, COMMENT, JOINED = r"\\\n#?\s*", r"\s+#.*", r" && |; | \| "


# What may be imported, or is named in full.
IMPORTED = re.compile(r"^ *from (merlab[\w.]*) import ([\w, ]+)$", re.MULTILINE)
NAMED = re.compile(r"(?<![\w/.-])(merlab(?:\.[A-Za-z]\w*)+)(?![\w\"])")
# Groups of entry points, which are no modules.
GROUPS = {"merlab.label_schemes", "merlab.spotting_methods"}


def typed_in(document: Path) -> list[list[str]]:
    """The words after ``merlab`` of every command in a document."""
    text = re.sub(CONTINUED, "", document.read_text(encoding="utf-8"))
    lines = [re.sub(COMMENT, "", "".join(found)) for found in TYPED.findall(text)]
    commands = [command for line in lines for command in re.split(JOINED, line) if command.startswith("merlab ")]
    return [shlex.split(command)[1:] for command in commands]


@cache
def command_line() -> Any:
    return typer.main.get_command(cli.app)


def fault(words: list[str]) -> str:
    """What the command line refuses; a command that is only named needs no arguments."""
    command = command_line()
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"there is no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    if not words:
        return ""
    try:
        command.make_context("merlab", list(words))
    except Exception as error:
        return str(error)
    return ""


def exists(name: str) -> bool:
    """Whether a full name is that of a module, or of what a module or a class has."""
    try:
        pkgutil.resolve_name(name)
    except AttributeError:
        owner, _, attribute = name.rpartition(".")
        return exists(owner) and attribute in getattr(pkgutil.resolve_name(owner), "__annotations__", {})
    except ImportError:
        return False
    return True


def python_in(text: str) -> Iterator[ast.stmt]:
    """The statements of the indented blocks of a page that are Python."""
    for block in re.findall(r"(?:^(?: {4,}.*)?\n)+", text, re.MULTILINE):
        with suppress(SyntaxError):
            yield from ast.parse(textwrap.dedent(block)).body


def meant(node: ast.AST, known: dict[str, Any]) -> Any:
    """What an expression stands for, if it is a name of merlab; else None."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    owner = meant(node.value, known) if isinstance(node, ast.Attribute) else None
    return getattr(owner, node.attr, None) if isinstance(node, ast.Attribute) and owner is not None else None


def returned(function: Any) -> Any:
    """The class of what a function gives, if its module or merlab has it."""
    name = getattr(function, "__annotations__", {}).get("return")
    return getattr(inspect.getmodule(function), str(name), None) or getattr(merlab, str(name), None)


def faults_of(statements: Iterable[ast.stmt]) -> list[str]:
    """Keywords and attributes that do not exist, of what merlab's functions take and give."""
    known: dict[str, Any] = {"merlab": merlab}
    faults: list[str] = []
    for node in (each for statement in statements for each in ast.walk(statement)):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("merlab"):
                known |= {each.name: pkgutil.resolve_name(f"{module}:{each.name}") for each in names}
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=called)):
                known[name] = returned(meant(called, known))
            case ast.Call(func=called, keywords=keywords) if inspect.isfunction(function := meant(called, known)):
                taken = inspect.signature(function).parameters
                if not any(each.kind is each.VAR_KEYWORD for each in taken.values()):
                    faults += [f"{function.__name__}({each.arg}=)" for each in keywords if each.arg not in taken]
            case ast.Attribute(value=value, attr=attribute) if isinstance(owner := meant(value, known), type):
                fields = {name for each in owner.__mro__ for name in getattr(each, "__annotations__", {})}
                faults += [f"{owner.__name__}.{attribute}"] * (attribute not in {*dir(owner), *fields})
    return faults


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_what_the_python_of_a_document_takes_and_reads_exists(document):
    assert faults_of(python_in(document.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_command_of_a_document_is_taken_by_the_command_line(document):
    faults = {" ".join(words): fault(words) for words in typed_in(document)}
    assert {words: why for words, why in faults.items() if why} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_python_name_of_a_document_exists(document):
    text = document.read_text(encoding="utf-8")
    imported = {f"{module}.{name.strip()}" for module, names in IMPORTED.findall(text) for name in names.split(",")}
    named = {name for name in NAMED.findall(text) if name not in GROUPS}
    assert sorted(name for name in imported | named if not exists(name)) == []


def test_the_readme_names_every_command():
    named = {words[0] for words in typed_in(REPOSITORY / "README.md")}
    listed = set(re.findall(r"`([a-z-]+)`", (REPOSITORY / "README.md").read_text(encoding="utf-8")))
    assert set(command_line().commands) - named - listed == set()


@pytest.mark.parametrize("name", INPUTS)
def test_the_card_of_an_input_lists_the_values_of_an_option_as_they_are(name):
    page = (REPOSITORY / "docs" / "inputs.md").read_text(encoding="utf-8")
    card = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    listed = {option: tuple(values.split("|")) for option, values in re.findall(r"`([\w-]+)=([^`]*\|[^`]*)`", card)}
    assert listed == {option: INPUTS[name].choices[option] for option in listed}


def test_the_card_of_a_method_names_the_extra_that_its_inputs_need():
    page = (REPOSITORY / "docs" / "methods.md").read_text(encoding="utf-8")
    cards = {name: page.partition(f"\n## {name}\n")[2].partition("\n## ")[0] for name in METHODS}
    for name, method in METHODS.items():
        inputs = [f"{preset.input or method.input}" for preset in method.presets.values()]
        assert any("tvl1" in each for each in inputs) == ("extra `tvl1`" in cards[name])


def test_the_page_on_protocols_explains_every_stamp():
    page = (REPOSITORY / "docs" / "concepts" / "protocols-and-leakage.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z ]+) \|", page.partition("## Stamps")[2], re.MULTILINE)
    assert set(rows) == {*MEANINGS, "N SEEDS"}


def test_the_page_on_spotting_lists_every_setting_with_its_default():
    page = (REPOSITORY / "docs" / "spotting.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (`[^|]+) \| ([^|]+) \|", page.partition("## Settings")[2].partition("\n## ")[0], re.MULTILINE
    )
    listed: dict[str, float] = {}
    for names, defaults in rows:
        listed |= zip(re.findall("`([^`]+)`", names), map(float, defaults.split(", ")), strict=True)
    values = asdict(SpottingSettings())
    score, macro = (
        {f"{group}.{name}": value for name, value in values.pop(group).items()} for group in ("score", "macro")
    )
    assert listed == {**values, **score, **macro}


def test_the_page_on_recognition_names_every_limit_of_a_class_with_its_default():
    page = (REPOSITORY / "docs" / "recognition.md").read_text(encoding="utf-8")
    named = page.partition("Their names in `--words KEY=VALUE`")[2].partition("\n\n")[0]
    assert {name: float(value) for name, value in re.findall(r"`(\w+)` ([\d.]*\d)", named)} == asdict(WordSettings())


@pytest.mark.parametrize(("option", "field"), [("--p", "p"), ("--floor", "floor")])
@pytest.mark.parametrize("command", ["spot", "recognize"])
def test_help_states_the_default_of_a_setting_of_spotting(command, option, field):
    (help_,) = (each.help for each in command_line().commands[command].params if option in each.opts)
    assert re.search(rf"[Uu]nless given, {getattr(SpottingSettings(), field):g}\b", help_)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("evaluate linear-svm --protocoll loso", "protocoll"),
        ("evaluate linear-svm --protocol losso", "losso"),
        ("clips casme2", "root"),
        ("nonsense", "nonsense"),
    ],
)
def test_what_the_command_line_refuses_is_found(words, why):
    assert why in fault(words.split())


def test_a_keyword_or_an_attribute_that_does_not_exist_is_found():
    page = """
    import merlab
    from merlab.videos.evidence.movement import movement_evidence

    video = merlab.recognize("a.mp4", treshold=5, jobs=2)
    video.events, video.evnts
    evidence = movement_evidence(onset, apex)
    evidence.parts, evidence.regions_text
"""
    assert faults_of(python_in(page)) == ["recognize(treshold=)", "VideoResult.evnts", "Evidence.regions_text"]


def test_a_name_that_does_not_exist_is_found():
    assert exists("merlab.Clip.aligned")
    assert not exists("merlab.nonsense")
    assert not exists("merlab.models.nonsense.load")


def test_the_page_on_the_paper_lists_every_row_of_its_tables_with_the_method_that_repeats_it():
    page = (REPOSITORY / "docs" / "paper.md").read_text(encoding="utf-8").partition("## What it names")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|", page, re.MULTILINE)
    listed = {(place, name): re.findall(r"`([\w-]+)`", methods) for place, name, methods in rows[1:]}
    assert [each for methods in listed.values() for each in methods if each not in METHODS] == []
    of_table_8 = [methods[0] for (place, _), methods in listed.items() if place == "Table 8"]
    assert of_table_8 == [row.merlab for row in table_8_rows()]
    assert {name: methods[0] for (place, name), methods in listed.items() if place == "Table 5"} == TABLE_5
    assert {name: methods[0] for (place, name), methods in listed.items() if place == "Table 7"} == TABLE_7
    numbers = {int(number) for _, name in listed for number in re.findall(r"\[(\d+)\]", name)}
    assert numbers == set(range(1, 9))  # the references of section II
