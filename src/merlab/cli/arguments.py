"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from merlab.errors import MerlabError
from merlab.given import as_path
from merlab.schemes import SCHEMES
from merlab.vocabulary import EngineName, RuntimeChoice

if TYPE_CHECKING:
    from merlab.clips import ClipTable
    from merlab.evaluation.engines import Engine


def path(text: str) -> Path:
    """A path; an empty text, such as a variable of the shell that is not set, would be the current folder."""
    if not text:
        raise typer.BadParameter("the path is empty; give one (. is the current folder)")
    # A shell leaves the ~ of --out=~/run as it is.
    return as_path(text, "path")


# What an argument or option of type Path is annotated with.
PathArgument, PathOption = partial(typer.Argument, parser=path), partial(typer.Option, parser=path)
RuntimeOption = Annotated[
    RuntimeChoice,
    typer.Option(
        help="What computes the network. auto: NumPy for merlab's own weights, PyTorch for other small networks, the "
        "fastest installed runtime for large ones."
    ),
]
EngineOption = Annotated[
    EngineName, typer.Option("--engine", help="ray: compute on a cluster of machines; the predictions are the same.")
]
AddressOption = Annotated[
    str | None,
    typer.Option(help="With --engine ray: HOST:PORT of the cluster, or auto; unless given, a cluster on this machine."),
]
DatabaseArgument = Annotated[str, typer.Argument(help="A database that `merlab databases` lists.", metavar="DATABASE")]
RootArgument = Annotated[Path, PathArgument(help="The folder of the database; for table, the file.", metavar="ROOT")]
TableOption = Annotated[
    Path | None,
    PathOption("--table", help="The file of the coding table, under any name; unless given, it is searched for."),
]
TablesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        metavar="FILE",
        help="The file of the coding table, under any name; with several databases: --table casme2=FILE, for each.",
    ),
]
AlignedOption = Annotated[
    bool,
    typer.Option(
        "--aligned", help="The frames show aligned faces, although the layout of the database has whole heads there."
    ),
]
SchemeOption = Annotated[
    str, typer.Option(help=f"Label scheme: {', '.join(SCHEMES)}; or SCHEME.yaml with a name and label: class.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
JobsOption = Annotated[
    int | None, typer.Option(min=1, help="Worker processes; unless given, one per core. Results do not depend on it.")
]
AgainOption = Annotated[
    bool,
    typer.Option("--again", help="Replace a result that is there, of other settings too; it stays until then."),
]
SeedOption = Annotated[
    int, typer.Option(min=0, help="Random seed; on one machine, the same seed gives the same results.")
]
NetworkOption = Annotated[
    list[str] | None,
    typer.Option(
        "--network", help="An option of the network, e.g. attention=se or width=0.5; every result is stamped with it."
    ),
]


def is_given(context: typer.Context, parameter: str) -> bool:
    """Whether the user typed an option, even with its default value."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"


def key_values(texts: list[str] | None, option: str, **own: object) -> dict[str, str]:
    """``["a=1", "b=2"]`` -> ``{"a": "1", "b": "2"}``.

    ``own`` are the values of other options, by the key that they are the same as; None where they are not given.
    Raises MerlabError for a text without ``=``, and for a key that is given twice.
    """
    given = {key: f"--{key} {value}" for key, value in own.items() if value is not None}
    pairs = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise MerlabError(f"{option} takes KEY=VALUE, got {text!r}")
        if key in given:
            raise MerlabError(f"{given[key]} and {option} {text} set the same; give one of them")
        given[key] = f"{option} {text}"
        pairs[key] = value
    return pairs


def load_databases(
    names: Sequence[str],
    roots: Sequence[Path],
    tables: Sequence[str] | None = None,
    *,
    aligned: bool = False,
    allow_unusable: bool = False,
    options: tuple[str, str] = ("--database", "--root"),
) -> list[ClipTable]:
    """The clips of each database, from the values of repeated options; ``options`` are their names for messages.

    Raises MerlabError if there is not one root for each database, and as ``merlab.load`` does.
    """
    from merlab.databases import load

    if len(names) != len(roots):
        raise MerlabError(
            f"{len(names)} {options[0]} but {len(roots)} {options[1]}; give one {options[1]} for each {options[0]}, in "
            "the same order"
        )
    files = _tables_of(names, tables or ())
    stated = True if aligned else None
    return [
        load(name, root, table=files.get(name), aligned=stated, allow_unusable=allow_unusable)
        for name, root in zip(names, roots, strict=True)
    ]


def _tables_of(names: Sequence[str], tables: Sequence[str]) -> dict[str, str]:
    """The file of the coding table of each database that has one in ``--table FILE`` or ``--table DATABASE=FILE``."""
    files = {}
    for text in tables:
        name, equals, file = text.partition("=")
        if not (equals and name in names):
            if len(names) != 1:
                raise MerlabError(f"--table {text}: of which database? write --table {names[0]}=FILE")
            name, file = names[0], text
        if not file:
            raise MerlabError(f"--table {text} names no file; write --table {name}=FILE")
        if name in files:
            raise MerlabError(f"--table gives two coding tables of {name}; give one")
        files[name] = file
    return files


def make_engine(name: EngineName, jobs: int | None, address: str | None) -> Engine:
    """The engine of a command's options; raises MerlabError if they contradict each other."""
    from merlab.evaluation.engines import LocalEngine, RayEngine

    if name == "ray":
        return RayEngine(address, jobs)
    if address is not None:
        raise MerlabError("--address belongs to --engine ray")
    return LocalEngine(jobs)
