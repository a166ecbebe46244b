"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from merlab.errors import MerlabError
from merlab.vocabulary import EngineName, RuntimeChoice

if TYPE_CHECKING:
    from merlab.evaluation.engines import Engine


RuntimeOption = Annotated[
    RuntimeChoice,
    typer.Option(help="What computes the classes; auto: PyTorch for small networks, the fastest installed for large."),
]
EngineOption = Annotated[
    EngineName, typer.Option("--engine", help="ray: on a cluster of many machines; same predictions, row for row.")
]
AddressOption = Annotated[
    str | None,
    typer.Option(help="With --engine ray: HOST:PORT of the cluster, or auto; unless given, this machine is one."),
]
DatabaseArgument = Annotated[str, typer.Argument(help="A database that `merlab databases` lists.", metavar="DATABASE")]
RootArgument = Annotated[Path, typer.Argument(help="The folder that holds it.", metavar="ROOT")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of a table for people.")]
JobsOption = Annotated[
    int | None, typer.Option(min=1, help="Worker processes; all cores unless given. Results do not depend on it.")
]
SeedOption = Annotated[int, typer.Option(min=0, help="Same seed, same machine: same numbers.")]
NetworkOption = Annotated[
    list[str] | None,
    typer.Option("--network", help="A network option, e.g. attention=se or width=0.5; stamped on every result."),
]


def key_values(texts: list[str] | None, option: str) -> dict[str, str]:
    """``["a=1", "b=2"]`` -> ``{"a": "1", "b": "2"}``; raises MerlabError naming the option that was mistyped."""
    pairs = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise MerlabError(f"{option} takes KEY=VALUE, got {text!r}")
        pairs[key] = value
    return pairs


def make_engine(name: EngineName, jobs: int | None, address: str | None) -> Engine:
    """The engine that a command's options name; raises MerlabError where they contradict each other."""
    from merlab.evaluation.engines import LocalEngine, RayEngine

    if name == "ray":
        return RayEngine(address, jobs)
    if address is not None:
        raise MerlabError("--address belongs to --engine ray")
    return LocalEngine(jobs)
