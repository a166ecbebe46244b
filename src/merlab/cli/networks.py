"""Commands about methods and their inputs."""

from __future__ import annotations

from typing import Annotated

import typer

from merlab.cli.app import METHODS, app
from merlab.cli.arguments import JsonOption, NetworkOption, key_values
from merlab.cli.console import print_json, print_table
from merlab.progress import shown_progress


@app.command(rich_help_panel=METHODS)
def profile(
    methods: Annotated[
        list[str] | None,
        typer.Argument(help="Networks; the six rows of the paper's Table 7 unless given.", metavar="[METHOD]..."),
    ] = None,
    size: Annotated[str, typer.Option(help="Input size, WIDTHxHEIGHT.")] = "231x282",
    channels: Annotated[int, typer.Option(min=1, help="Channels of one view; Table 7 was met at 3.")] = 3,
    classes: Annotated[int, typer.Option(min=2, help="Number of classes.")] = 5,
    preset: Annotated[str, typer.Option(help="Preset whose network is measured.")] = "paper",
    network: NetworkOption = None,
    as_json: JsonOption = False,
) -> None:
    """Parameters, multiply-accumulates, and speed at batch 1 of networks, on this machine."""
    from merlab.inference.cost import hardware
    from merlab.inference.cost import profile as profile_method
    from merlab.inputs import parse_size
    from merlab.methods import find_method
    from merlab.reproduction import TABLE_7

    chosen = [find_method(name) for name in methods or TABLE_7.values()]
    options = key_values(network, "--network")
    costs = []
    with shown_progress() as progress:
        for position, method in enumerate(chosen):
            progress(position, len(chosen), method.name)
            costs.append(profile_method(method, preset, parse_size(size), classes, channels, options))
    if as_json:
        print_json([vars(cost) for cost in costs])
        return
    rows = [
        [cost.method, f"{cost.parameters / 1e6:.3f}", f"{cost.macs / 1e9:.3f}", f"{cost.ms:.1f}", f"{cost.fps:.1f}"]
        for cost in costs
    ]
    print_table(
        f"Batch 1, {channels} x {size}, {hardware()}", ["method", "parameters (M)", "MACs (G)", "ms", "frames/s"], rows
    )
