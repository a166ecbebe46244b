"""The command that measures the cost of networks."""

from __future__ import annotations

from typing import Annotated

import typer

from merlab.cli.app import EXPERIMENTS, app
from merlab.cli.arguments import JsonOption, NetworkOption, key_values
from merlab.cli.console import print_json, print_table


@app.command(rich_help_panel=EXPERIMENTS)
def profile(
    methods: Annotated[
        list[str] | None,
        typer.Argument(help="Networks; unless given, the six rows of the paper's Table 7.", metavar="METHOD"),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="Input size, WIDTHxHEIGHT; unless given, each method's own."),
    ] = None,
    channels: Annotated[
        int | None,
        typer.Option(min=1, help="Channels per view; unless given, each method's own."),
    ] = None,
    classes: Annotated[int, typer.Option(min=2, help="Number of classes.")] = 5,
    preset: Annotated[
        str | None, typer.Option(help="Preset whose network is measured; unless given, paper, or else the first.")
    ] = None,
    network: NetworkOption = None,
    as_json: JsonOption = False,
) -> None:
    """Parameters, multiply-accumulates, and speed at batch 1 of networks, on this machine.

    The input is given as channels x rows x columns, before them the number of frames of a sequence; a network with two
    views has the channels of both.
    """
    from merlab.inference.cost import hardware
    from merlab.inference.cost import profile as profile_networks
    from merlab.reproduction import TABLE_7

    costs = profile_networks(
        methods or list(TABLE_7.values()),
        preset=preset,
        size=size,
        classes=classes,
        channels=channels,
        network=key_values(network, "--network"),
    )
    if as_json:
        print_json([vars(cost) for cost in costs])
        return
    rows = [
        [
            cost.method,
            "x".join(map(str, cost.shape)),
            f"{cost.parameters / 1e6:.3f}",
            f"{cost.macs / 1e9:.3f}",
            f"{cost.ms:.1f}",
            f"{cost.fps:.1f}",
        ]
        for cost in costs
    ]
    columns = ["method", "input", "parameters (M)", "MACs (G)", "ms", "inputs/s"]
    print_table(f"Batch 1, {hardware()}", columns, rows)
