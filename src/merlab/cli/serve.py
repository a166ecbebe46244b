"""The command that serves: a page and a programs' interface for videos of one's own."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from merlab.cli.app import VIDEOS, app
from merlab.cli.arguments import JobsOption, RuntimeOption
from merlab.cli.console import err_console, out_console
from merlab.errors import MerlabError


@app.command(rich_help_panel=VIDEOS)
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; any other than this opens it to a network.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
    jobs_folder: Annotated[
        Path | None, typer.Option(help="Where jobs are kept; a folder of the user's data unless given.")
    ] = None,
    root: Annotated[
        list[Path] | None, typer.Option(help="A folder whose files may be named instead of uploaded; repeatable.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="A recognizer of your own; merlab's unless given.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Jobs that run at a time.")] = 1,
    jobs: JobsOption = None,
    runtime: RuntimeOption = "auto",
    max_mb: Annotated[float, typer.Option(min=0.001, help="MiB of one upload.")] = 2048,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="Seconds of one video.")] = 3600,
    max_megapixels: Annotated[float, typer.Option(min=0.01, help="Million pixels of one frame.")] = 12.6,
    job_minutes: Annotated[float, typer.Option(min=0.01, help="How long one job may run.")] = 240,
    memory_mb: Annotated[int, typer.Option(min=64, help="MiB that a job's process may allocate (not on Windows).")] = (
        6144
    ),
    queue: Annotated[int, typer.Option(min=1, help="Jobs that may wait at a time.")] = 16,
    keep: Annotated[int, typer.Option(min=1, help="Jobs kept at a time, finished ones included.")] = 200,
    keep_days: Annotated[
        float | None, typer.Option(min=0, help="Remove finished jobs after so many days; never unless given.")
    ] = None,
) -> None:
    """Serve a page, and an interface for programs (/openapi.json), that recognizes videos sent to it.

    Nothing leaves this machine. Jobs outlive the service; Ctrl-C ends it, and what ran goes on at the next start.
    """
    import platformdirs

    from merlab.models.recognizer import load_recognizer
    from merlab.serving.jobs import Jobs
    from merlab.serving.limits import MEBIBYTE, Limits
    from merlab.serving.routes import make_app
    from merlab.serving.server import bind, is_loopback, make_server
    from merlab.serving.worker import recognize

    missing = [folder for folder in root or [] if not folder.is_dir()]
    if missing:
        raise MerlabError(f"--root {missing[0]} is no folder")
    # Weights that cannot be read are said now, not by every job.
    load_recognizer(weights)
    limits = Limits(
        bytes=round(max_mb * MEBIBYTE),
        seconds=max_seconds,
        pixels=round(max_megapixels * 1e6),
        job_seconds=job_minutes * 60,
        memory=memory_mb * MEBIBYTE,
        queue=queue,
        kept=keep,
        keep_days=keep_days,
    )
    listening = bind(host, port)
    kept = Jobs(jobs_folder or platformdirs.user_data_path("merlab", appauthor=False) / "jobs", limits)
    processes = jobs or max(1, (os.cpu_count() or 1) // workers)
    job = partial(recognize, weights=weights, jobs=processes, runtime=runtime)
    service = make_app(kept, job, roots=root or [], names=[host], workers=workers)
    if not is_loopback(host):
        told = f"{host} is open to a network: whoever reaches it sees, starts and deletes all jobs, without a password"
        err_console.print(f"[bold yellow]warning:[/] {escape(told)}", soft_wrap=True)
    address = f"[{host}]" if ":" in host else host
    told = f"open http://{address}:{listening.getsockname()[1]} (Ctrl-C ends it); jobs are kept in {kept.root}"
    out_console.print(escape(told), soft_wrap=True)
    make_server(service).run(sockets=[listening])
