"""The routes of the service for videos and their jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Request

from merlab.errors import MerlabError
from merlab.faces.people import MOST_FACES
from merlab.frames import VIDEO_SUFFIXES
from merlab.json_models import read_model
from merlab.serving.allowed_folders import find_local, list_local
from merlab.serving.answers import JobStatus, ResultFile, ServiceInfo
from merlab.serving.arrivals import Arrivals
from merlab.serving.finished import result_files
from merlab.serving.job import PROGRESS, Job, JobProgress, VideoOptions
from merlab.serving.job_runner import Runner
from merlab.serving.jobs import Jobs
from merlab.serving.limits import RefusedError
from merlab.serving.requests import LocalVideo, SentOptions
from merlab.serving.uploads import receive_video
from merlab.serving.video_names import shown_name
from merlab.spotting.spot import SpottingSettings
from merlab.version import __version__

# Where videos are sent to.
UPLOADS = "/api/jobs"
VIDEO_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        }
    },
}


def add_service(app: FastAPI, jobs: Jobs, roots: Sequence[Path], weights: Sequence[str]) -> None:
    """Add the route that describes the service."""

    @app.get("/api")
    def service() -> ServiceInfo:
        """The version, limits, settings and local files of the service."""
        return ServiceInfo(
            version=__version__,
            suffixes=list(VIDEO_SUFFIXES),
            limits=jobs.limits,
            defaults=VideoOptions(threshold=SpottingSettings().floor, faces=MOST_FACES, weights=weights[0]),
            weights=list(weights),
            local=bool(roots),
            local_files=list_local(roots),
        )


def add_sending(app: FastAPI, jobs: Jobs, roots: Sequence[Path], weights: Sequence[str]) -> None:
    """Add the routes that take a video."""
    arrivals = Arrivals(jobs.limits)

    @app.post(UPLOADS, status_code=201, openapi_extra={"requestBody": VIDEO_FORM})
    async def send(request: Request, options: Annotated[SentOptions, Query()]) -> JobStatus:
        """Send a video."""
        _require_offered(options, weights)
        with jobs.new_folder() as folder:
            async with arrivals.place() as arrival:
                name, path = await receive_video(request, folder, jobs.limits, arrival)
            return _status(jobs, jobs.enqueue(folder, name, path, path.stat().st_size, options))

    @app.post("/api/jobs/local", status_code=201)
    def use_local(local: LocalVideo) -> JobStatus:
        """Use a video, or a folder of images, on the machine of the service."""
        _require_offered(local, weights)
        source = find_local(local.path, roots)
        with jobs.new_folder() as folder:
            size = source.stat().st_size if source.is_file() else 0
            return _status(jobs, jobs.enqueue(folder, shown_name(source.name), source, size, local))


def _require_offered(options: VideoOptions, weights: Sequence[str]) -> None:
    if options.weights not in {None, *weights}:
        raise RefusedError(
            422, f"weights: this service has no weights {options.weights}; choose {' or '.join(weights)}"
        )


def add_jobs(app: FastAPI, jobs: Jobs, runner: Runner) -> None:
    """Add the routes of jobs: all, one, run again, remove."""

    @app.get("/api/jobs")
    def list_jobs() -> list[JobStatus]:
        """All jobs, newest first, without their files."""
        return [_status(jobs, job) for job in jobs.all()]

    @app.get("/api/jobs/{job_id}")
    def one_job(job_id: str) -> JobStatus:
        """The progress of a job, and the files of its result."""
        job = jobs.find(job_id)
        files = [ResultFile(name=name, bytes=path.stat().st_size) for name, path in result_files(jobs, job).items()]
        return _status(jobs, job).model_copy(update={"files": files})

    @app.post("/api/jobs/{job_id}/retry")
    def retry(job_id: str) -> JobStatus:
        """Run a failed job again; it resumes where it stopped."""
        return _status(jobs, jobs.retry(job_id))

    @app.delete("/api/jobs/{job_id}")
    def delete(job_id: str) -> JobStatus:
        """Cancel a job if it waits or runs, and remove all its files."""
        job = jobs.find(job_id)
        status = _status(jobs, job)
        runner.remove(job)
        ended = job.state in {"done", "failed"}
        return status if ended else status.model_copy(update={"state": "canceled"})


def _status(jobs: Jobs, job: Job) -> JobStatus:
    reported = JobProgress(progress=float(job.state == "done"), stage=job.state)
    if job.state == "running":
        try:
            reported = read_model(jobs.folder(job) / PROGRESS, JobProgress)
        except MerlabError:
            reported.stage = "starting"
    return JobStatus(**reported.model_dump(), **job.model_dump(exclude={"source", "options", "starts"}))
