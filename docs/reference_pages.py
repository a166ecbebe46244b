"""Pages of all commands and of the Python API, made from the code whenever the site is built, so never stale."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import griffe
from griffe2md import render_object_docs
from properdocs.structure.files import File, Files

import merlab
from merlab.json_models import GivenModel
from merlab.registry import ListedModule

COMMANDS_PAGE, API_PAGE = "reference/commands.md", "reference/api.md"
# Types link to where they would be described, which not every one is; the names say enough.
LINK = re.compile(r"\[([^\]]+)\]\(#[^)]*\)")
STYLE = {
    "show_signature_annotations": True,
    "members_order": "source",
    "summary": False,
    "show_if_no_docstring": False,
    "show_root_full_path": False,
    "show_object_full_path": False,
    "line_length": 100,
}
API_INTRODUCTION = """\
# Python API

    import merlab

Each name is loaded when it is first used, so `import merlab` takes no time. These names are public; everything else
may change between releases.

`databases`, `methods`, `inputs` and `schemes` list all entries, or those that are named: `merlab.inputs("flow")`.
In `Field(default=500, ge=1)`, `ge`, `gt`, `le` and `lt` are limits: at least, above, at most, below.
"""


def on_files(files: Files, config: Any) -> Files:
    """Add the pages to the site's files; fails the build where the commands or a public name cannot be read."""
    files.append(File.generated(config, COMMANDS_PAGE, content=commands_page()))
    files.append(File.generated(config, API_PAGE, content=api_page()))
    return files


def commands_page() -> str:
    """Every command with its options, as ``merlab COMMAND --help`` prints them."""
    command = [sys.executable, "-m", "typer", "merlab.cli", "utils", "docs", "--name", "merlab", "--title", "Commands"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def api_page() -> str:
    """A list of the public names, then one section per name, in the order of ``merlab.__all__``."""
    package = griffe.load("merlab", docstring_parser="google")
    described = {name: documented(package, name) for name in merlab.__all__ if not name.startswith("__")}
    listed = [f"- [`{name}`](#{name.lower()}): {first_line(each)}" for name, each in described.items()]
    return "\n\n".join([API_INTRODUCTION, "\n".join(listed), *map(section, described.values())])


def documented(package: Any, name: str) -> Any:
    """What griffe read of a public name, where it is defined, under its public name and as it is called."""
    thing = getattr(merlab, name)
    called = ListedModule.__call__ if isinstance(thing, ListedModule) else None
    found = read(package, thing.listing if called else thing)
    found.name = name
    if called:
        _, *parameters = read(package, called).parameters
        found.parameters = griffe.Parameters(*parameters)
    elif isinstance(thing, type) and issubclass(thing, GivenModel):
        found.set_member("__init__", griffe.Function("__init__", parameters=fields(found)))
    return found


def read(package: Any, thing: Any) -> Any:
    """What griffe read of a function or a class, where it is defined."""
    return package[f"{thing.__module__}.{thing.__qualname__}".removeprefix("merlab.")]


def fields(model: Any) -> griffe.Parameters:
    """The keywords of a model that checks its fields, which griffe does not know to be parameters."""
    annotated = [each for each in model.attributes.values() if each.annotation and "instance-attribute" in each.labels]
    keyword = griffe.ParameterKind.keyword_only
    return griffe.Parameters(
        *(
            griffe.Parameter(each.name, annotation=each.annotation, kind=keyword, default=each.value)
            for each in annotated
        )
    )


def section(described: Any) -> str:
    """Signature, docstring and public members; a member is headed ``Clip.key``, so that headings are unique."""
    rendered = render_object_docs(described, STYLE)
    return LINK.sub(r"\1", rendered.replace(f"`{described.path}.", f"`{described.name}."))


def first_line(described: Any) -> str:
    """The first line of its docstring; every public name has one."""
    return str(described.docstring.value).partition("\n")[0]
