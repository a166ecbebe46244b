"""The finished result of a job: its folder, its view, its files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from merlab.errors import MerlabError
from merlab.json_models import read_model
from merlab.serving.answers import ShownResult
from merlab.serving.job import RESULT, VIEW, Job
from merlab.serving.jobs import Jobs
from merlab.serving.limits import RefusedError


def done_job(jobs: Jobs, job_id: str) -> Job:
    """The job with this id; raises RefusedError if there is none, if it is not done, or if its files are gone."""
    job = jobs.find(job_id)
    if job.state != "done":
        raise RefusedError(409, f"this job is {job.state}; its result is available when it is done")
    if not (jobs.folder(job) / RESULT).is_dir():
        raise RefusedError(410, "the files of this job were removed from the disk; delete the job, and send it again")
    return job


def result_folder(jobs: Jobs, job_id: str) -> Path:
    """The folder of the result; raises RefusedError as ``done_job`` does."""
    return jobs.folder(done_job(jobs, job_id)) / RESULT


def result_view(jobs: Jobs, job_id: str) -> ShownResult:
    """The result as the page shows it; raises RefusedError where another version of merlab wrote it."""
    job = done_job(jobs, job_id)
    try:
        return read_model(jobs.folder(job) / VIEW, ShownResult)
    except MerlabError as error:
        raise RefusedError(
            409, "the result was written by another version of merlab; download its files, or send the video again"
        ) from error


def result_files(jobs: Jobs, job: Job) -> dict[str, Path]:
    """The files of the result of a done job by their path within it, without links and without what is hidden."""
    if job.state != "done":
        return {}
    return {"/".join(names): path for names, path in sorted(_files_in(jobs.folder(job) / RESULT))}


def _files_in(folder: Path) -> Iterator[tuple[tuple[str, ...], Path]]:
    """The files below a folder, each with the names of its folders and its own.

    What a folder states about its entries is enough: an hour has ten thousands of pictures, and to look at each of
    them takes seconds.
    """
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        inside = waiting.pop()
        for entry in _entries(folder.joinpath(*inside)):
            names = (*inside, entry.name)
            if names[0].startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(names)
            elif entry.is_file(follow_symlinks=False):
                yield names, Path(entry.path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing where it is gone."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def result_file(jobs: Jobs, job_id: str, name: str) -> Path:
    """The file of this name in ``result_files``; raises RefusedError if there is none, and as ``done_job`` does.

    The others are not looked at: an hour has ten thousand, and the page asks for eight pictures of each movement.
    """
    folder = result_folder(jobs, job_id).resolve()
    # What leads outside, or over a link, has another path at its end. A name may be too long, or hold a null character,
    # and before Python 3.13, a link to itself is a RuntimeError.
    with suppress(OSError, ValueError, RuntimeError):
        path = (folder / name).resolve(strict=True)
        if path.relative_to(folder).as_posix() == name and not name.startswith(".") and path.is_file():
            return path
    raise RefusedError(404, "the job has no file of this name")
