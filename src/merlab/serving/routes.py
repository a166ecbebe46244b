"""The routes of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from merlab.errors import MerlabError
from merlab.faces.people import MOST_FACES
from merlab.frames import VIDEO_SUFFIXES
from merlab.json_models import read_model
from merlab.serving.allowed_folders import find_local, list_local
from merlab.serving.answers import JobStatus, Movement, ResultFile, ResultSummary, ScoreCurve, ServiceInfo
from merlab.serving.archive import zipped
from merlab.serving.coding_routes import add_coding
from merlab.serving.finished import done_job, result_files, result_view
from merlab.serving.guard import HEADERS, Guard, refusal
from merlab.serving.job_runner import Runner
from merlab.serving.jobs import PROGRESS, Failure, Job, JobProgress, Jobs, VideoOptions
from merlab.serving.limits import RefusedError
from merlab.serving.requests import LocalVideo, SentOptions
from merlab.serving.uploads import receive_video, shown_name
from merlab.serving.worker import SHIPPED, Recognize
from merlab.spotting.spot import SpottingSettings
from merlab.storage import WriteError
from merlab.version import __version__

STATIC = Path(__file__).parent / "static"
SHOWN_TYPES = {
    ".png": "image/png",
    ".csv": "text/csv",
    ".json": "application/json",
    ".html": "text/html",
    ".mp4": "video/mp4",
}
# The report is one file that contains its styles, script and pictures. The sandbox gives it an origin of its own, so it
# cannot send requests to this service.
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; frame-ancestors 'none'"
)
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


# What the server itself answers, and its remedy.
WRONG_ADDRESSES = {
    400: "the body of the request cannot be read; send it as /openapi.json describes",
    404: "there is nothing at this address; /openapi.json lists all of them",
    405: "this address does not accept this method; /openapi.json lists those that it accepts",
}


def make_app(
    jobs: Jobs,
    recognize: Recognize,
    *,
    roots: Sequence[Path] = (),
    names: Sequence[str] = (),
    workers: int = 1,
    weights: Sequence[str] = tuple(SHIPPED),
) -> FastAPI:
    """The service for the jobs of a folder.

    ``roots`` are the folders whose files can be used without an upload. ``names`` are host names of the service besides
    ``localhost`` and IP addresses. ``weights`` are the names of the weights that ``recognize`` knows, the default
    first.
    """
    runner = Runner(jobs, recognize, workers)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        runner.start()
        yield
        runner.stop()

    app = FastAPI(
        title="merlab",
        version=__version__,
        summary="Spots, recognizes and explains micro-expressions in videos. Results are observations, not verdicts.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={"4XX": {"model": Failure}},
    )
    app.add_middleware(Guard, names=["localhost", *names], unbounded="/api/jobs")
    _add_errors(app)
    _add_jobs(app, jobs, runner, roots, weights)
    _add_results(app, jobs)
    add_coding(app, jobs)
    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(MerlabError)
    async def refuse(_: Request, error: MerlabError) -> JSONResponse:
        if isinstance(error, WriteError):
            error = RefusedError(507, str(error))
        return refusal(error if isinstance(error, RefusedError) else RefusedError(400, str(error)))

    @app.exception_handler(HTTPException)
    async def refuse_route(_: Request, error: HTTPException) -> JSONResponse:
        message = WRONG_ADDRESSES.get(error.status_code, str(error.detail))
        return JSONResponse({"error": message}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def report(_: Request, error: Exception) -> JSONResponse:
        """An error of merlab; the server prints it. This answer does not pass the guard, which adds the headers."""
        message = "the service failed by an error of merlab; its terminal shows more"
        return JSONResponse({"error": message}, 500, HEADERS)

    @app.exception_handler(RequestValidationError)
    async def refuse_request(_: Request, error: RequestValidationError) -> JSONResponse:
        problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        return JSONResponse({"error": "; ".join(problems)}, 422)


def _add_jobs(app: FastAPI, jobs: Jobs, runner: Runner, roots: Sequence[Path], weights: Sequence[str]) -> None:
    def require_offered(options: VideoOptions) -> None:
        if options.weights not in {None, *weights}:
            raise RefusedError(
                422, f"weights: this service has no weights {options.weights}; choose {' or '.join(weights)}"
            )

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

    @app.post("/api/jobs", status_code=201, openapi_extra={"requestBody": VIDEO_FORM})
    async def send(request: Request, options: Annotated[SentOptions, Query()]) -> JobStatus:
        """Send a video."""
        require_offered(options)
        with jobs.new_folder() as folder:
            name, path = await receive_video(request, folder, jobs.limits)
            return _status(jobs, jobs.enqueue(folder, name, path, path.stat().st_size, options))

    @app.post("/api/jobs/local", status_code=201)
    def use_local(local: LocalVideo) -> JobStatus:
        """Use a video, or a folder of images, on the machine of the service."""
        require_offered(local)
        source = find_local(local.path, roots)
        with jobs.new_folder() as folder:
            size = source.stat().st_size if source.is_file() else 0
            return _status(jobs, jobs.enqueue(folder, shown_name(source.name), source, size, local))

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


def _add_results(app: FastAPI, jobs: Jobs) -> None:
    @app.get("/api/jobs/{job_id}/result")
    def summary(job_id: str) -> ResultSummary:
        """The video of a result, the recognizer, the settings, the stamps, and the warnings."""
        return result_view(jobs, job_id)

    @app.get("/api/jobs/{job_id}/frames")
    def frames(job_id: str) -> list[ScoreCurve]:
        """Motion score and threshold of each face over time, with every peak; frames.csv has all frames."""
        return result_view(jobs, job_id).faces

    @app.get("/api/jobs/{job_id}/events")
    def events(job_id: str) -> list[Movement]:
        """All movements: time, face, what each is consistent with, and its pictures."""
        return result_view(jobs, job_id).events

    @app.get("/api/jobs/{job_id}/files/{name:path}", response_class=FileResponse)
    def file(job_id: str, name: str) -> Response:
        """One file of a result; the job lists their names."""
        path = result_files(jobs, jobs.find(job_id)).get(name)
        if path is None:
            raise RefusedError(404, "the job has no file of this name")
        kind = SHOWN_TYPES.get(path.suffix)
        report = {"Content-Security-Policy": REPORT_POLICY} if path.suffix == ".html" else None
        shown = path.suffix in {".png", ".html", ".mp4"}
        return FileResponse(
            path,
            headers=report,
            media_type=kind or "application/octet-stream",
            filename=path.name,
            content_disposition_type="inline" if shown else "attachment",
        )

    @app.get("/api/jobs/{job_id}/zip", response_class=StreamingResponse)
    def archive(job_id: str) -> Response:
        """All files of a result in one zip file."""
        job = done_job(jobs, job_id)
        files = result_files(jobs, job)
        disposition = {"Content-Disposition": f'attachment; filename="merlab-{job.id[:8]}.zip"'}
        return StreamingResponse(zipped(files), media_type="application/zip", headers=disposition)


def _status(jobs: Jobs, job: Job) -> JobStatus:
    reported = JobProgress(progress=float(job.state == "done"), stage=job.state)
    if job.state == "running":
        try:
            reported = read_model(jobs.folder(job) / PROGRESS, JobProgress)
        except MerlabError:
            reported.stage = "starting"
    return JobStatus(**reported.model_dump(), **job.model_dump(exclude={"source", "options", "starts"}))
