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
    typer.Option(
        help="What computes the network. auto: PyTorch for small networks, the fastest installed runtime for large."
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
RootArgument = Annotated[Path, typer.Argument(help="The folder of the database; for table, the file.", metavar="ROOT")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
JobsOption = Annotated[
    int | None, typer.Option(min=1, help="Worker processes; unless given, one per core. Results do not depend on it.")
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


def key_values(texts: list[str] | None, option: str) -> dict[str, str]:
    """``["a=1", "b=2"]`` -> ``{"a": "1", "b": "2"}``; raises MerlabError for a text without ``=``."""
    pairs = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise MerlabError(f"{option} takes KEY=VALUE, got {text!r}")
        pairs[key] = value
    return pairs


def make_engine(name: EngineName, jobs: int | None, address: str | None) -> Engine:
    """The engine of a command's options; raises MerlabError if they contradict each other."""
    from merlab.evaluation.engines import LocalEngine, RayEngine

    if name == "ray":
        return RayEngine(address, jobs)
    if address is not None:
        raise MerlabError("--address belongs to --engine ray")
    return LocalEngine(jobs)
