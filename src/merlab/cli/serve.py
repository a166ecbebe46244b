"""The command that starts the service: a page, and an interface for programs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from merlab.cli.app import RECOGNIZERS, app
from merlab.cli.arguments import PathOption, RuntimeOption
from merlab.cli.console import err_console, out_console
from merlab.cli.faces import LandmarksOption, face_finding
from merlab.errors import MerlabError, keeping
from merlab.processes.usable import usable_cores
from merlab.user_folders import user_data


@app.command(rich_help_panel=RECOGNIZERS)
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; any other address opens the service to a network.")
    ] = ("127.0.0.1"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 chooses a free port.")] = 8765,
    jobs_folder: Annotated[
        Path | None, PathOption(help="Folder for the jobs; unless given, one in the user's data folder.")
    ] = None,
    root: Annotated[
        list[Path] | None, PathOption(help="A folder whose files can be used without an upload; repeat for more.")
    ] = None,
    weights: Annotated[
        list[Path] | None,
        PathOption(
            help="Weights of `merlab pretrain`; repeat for more, from which users choose. Unless given, those that "
            "ship with merlab, which can always be chosen."
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Jobs that run at the same time.")] = 1,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Worker processes of each job; unless given, the cores divided by --workers. Results do not depend "
            "on it.",
        ),
    ] = None,
    runtime: RuntimeOption = "auto",
    landmarks: LandmarksOption = "mesh",
    max_mb: Annotated[float, typer.Option(min=0.001, max=1_000_000, help="Size limit of an upload, MiB.")] = 2048,
    max_seconds: Annotated[
        float, typer.Option(min=0.1, max=1_000_000, help="Length limit of a video, seconds.")
    ] = 3600,
    max_megapixels: Annotated[
        float, typer.Option(min=0.01, max=10_000, help="Size limit of a frame, million pixels.")
    ] = 12.6,
    job_minutes: Annotated[float, typer.Option(min=0.01, max=43_200, help="Time limit of a job, minutes.")] = 240,
    memory_mb: Annotated[
        int, typer.Option(min=64, max=2**24, help="Memory limit of each process of a job, MiB (on Linux only).")
    ] = (6144),
    queue: Annotated[int, typer.Option(min=1, help="Jobs that may wait at the same time.")] = 16,
    keep: Annotated[int, typer.Option(min=1, help="Jobs that are kept on the disk, finished jobs included.")] = 200,
    keep_days: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=36_500,
            help="Remove finished jobs this number of days after their end, or after the last decision of a coder; "
            "unless given, never.",
        ),
    ] = None,
) -> None:
    """Serve a page, and an interface for programs (/openapi.json), that recognizes uploaded videos.

    Nothing leaves this machine. Ctrl-C ends the service. All jobs are kept, and the next start resumes unfinished ones.
    """
    from merlab.serving.jobs import Jobs
    from merlab.serving.limits import MEBIBYTE, Limits
    from merlab.serving.routes import make_app
    from merlab.serving.server import bind, is_loopback, make_server
    from merlab.serving.worker import named_weights, recognize
    from merlab.videos.used_model import used_model

    missing = [folder for folder in root or [] if not folder.is_dir()]
    if missing:
        raise MerlabError(f"--root {missing[0]} is not a folder; choose a folder that exists")
    # Report weights that cannot be read, a runtime that is not installed and a missing face mesh now, not in every job.
    offered = named_weights(weights or [])
    for path in offered.values():
        used_model(path, runtime)
    finding = face_finding("yunet", None, None, landmarks)
    finding.open()
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
    stored = Jobs(jobs_folder or user_data() / "jobs", limits)
    processes = jobs or max(1, usable_cores() // workers)
    job = partial(recognize, weights=offered, jobs=processes, runtime=runtime, finding=finding)
    service = make_app(stored, job, roots=root or [], names=[host], workers=workers, weights=[*offered])
    if not is_loopback(host):
        warning = f"{host} is open to a network: everyone there can see, start and delete all jobs without a password"
        err_console.print(f"[bold yellow]warning:[/] {escape(warning)}", soft_wrap=True)
    address = f"[{host}]" if ":" in host else host
    message = f"open http://{address}:{listening.getsockname()[1]} (Ctrl-C ends it); jobs are kept in {stored.root}"
    out_console.print(escape(message), soft_wrap=True)
    with keeping(f"all jobs are kept in {stored.root}; the next start resumes unfinished ones"):
        make_server(service).run(sockets=[listening])
