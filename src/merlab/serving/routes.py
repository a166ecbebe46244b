"""The routes: what the service answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from merlab import __version__
from merlab.errors import MerlabError
from merlab.frames import VIDEO_SUFFIXES
from merlab.serving.allowed_folders import find_local, list_local
from merlab.serving.archive import zipped
from merlab.serving.guard import Guard, answer
from merlab.serving.job_runner import Runner
from merlab.serving.jobs import PROGRESS, RESULT, VIEW, Asked, Job, Jobs, State
from merlab.serving.limits import Limits, RefusedError
from merlab.serving.uploads import receive_video, shown_name
from merlab.serving.worker import Recognize
from merlab.storage import WriteError, read_json

STATIC = Path(__file__).parent / "static"
SHOWN_TYPES = {
    ".png": "image/png",
    ".csv": "text/csv",
    ".json": "application/json",
    ".html": "text/html",
    ".mp4": "video/mp4",
}
# The report is one file with its styles, script and pictures inside. Its sandbox is an origin of its own, from which
# nothing can be asked of this service.
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


class Fault(BaseModel):
    """What is wrong, and the remedy."""

    error: str


class Local(Asked):
    """A video, or a folder of images, on the machine of the service, under a folder that it was allowed."""

    path: str = Field(max_length=4096)


class ResultFile(BaseModel):
    """One file of a result; its name is its path within the result."""

    name: str
    bytes: int


class JobStatus(BaseModel):
    """A job as clients see it; ``progress`` is 0 to 1 of the present ``stage``."""

    id: str
    name: str
    state: State
    progress: float
    stage: str
    error: str | None
    bytes: int
    created: datetime
    started: datetime | None
    finished: datetime | None
    files: list[ResultFile] = []


class Service(BaseModel):
    """What this service is and takes."""

    version: str
    suffixes: list[str]
    limits: Limits
    local: bool
    local_files: list[str]


def make_app(
    jobs: Jobs, recognize: Recognize, *, roots: Sequence[Path] = (), names: Sequence[str] = (), workers: int = 1
) -> FastAPI:
    """The service over a folder of jobs.

    ``roots`` are the folders that local files may be named in, ``names`` the host names it answers to beside
    ``localhost`` and IP addresses.
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
        summary="Micro-expressions of a video: spotted, recognized, explained. Observations, never verdicts.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={"4XX": {"model": Fault}},
    )
    app.add_middleware(Guard, names=["localhost", *names], unbounded="/api/jobs")
    _add_faults(app)
    _add_jobs(app, jobs, runner, roots)
    _add_results(app, jobs)
    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


def _add_faults(app: FastAPI) -> None:
    @app.exception_handler(MerlabError)
    async def refuse(_: Request, error: MerlabError) -> JSONResponse:
        if isinstance(error, WriteError):
            error = RefusedError(507, str(error))
        return answer(error if isinstance(error, RefusedError) else RefusedError(400, str(error)))

    @app.exception_handler(HTTPException)
    async def refuse_route(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def refuse_request(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        return JSONResponse({"error": "; ".join(faults)}, 422)


def _add_jobs(app: FastAPI, jobs: Jobs, runner: Runner, roots: Sequence[Path]) -> None:
    @app.get("/api")
    def service() -> Service:
        """What this service is, and its limits."""
        return Service(
            version=__version__,
            suffixes=list(VIDEO_SUFFIXES),
            limits=jobs.limits,
            local=bool(roots),
            local_files=list_local(roots),
        )

    @app.post("/api/jobs", status_code=201, openapi_extra={"requestBody": VIDEO_FORM})
    async def send(request: Request, asked: Annotated[Asked, Query()]) -> JobStatus:
        """Send a video."""
        with jobs.place() as folder:
            name, path = await receive_video(request, folder, jobs.limits)
            return _status(jobs, jobs.enqueue(folder, name, path, path.stat().st_size, asked))

    @app.post("/api/jobs/local", status_code=201)
    def name_local(local: Local) -> JobStatus:
        """Name a video, or a folder of images, that lies on the service's machine."""
        source = find_local(local.path, roots)
        with jobs.place() as folder:
            size = source.stat().st_size if source.is_file() else 0
            return _status(jobs, jobs.enqueue(folder, shown_name(source.name), source, size, local))

    @app.get("/api/jobs")
    def list_jobs() -> list[JobStatus]:
        """All jobs, newest first, without their files."""
        return [_status(jobs, job) for job in jobs.all()]

    @app.get("/api/jobs/{job_id}")
    def one_job(job_id: str) -> JobStatus:
        """How far a job is, and the files of its result."""
        job = jobs.find(job_id)
        files = [ResultFile(name=name, bytes=path.stat().st_size) for name, path in _files(jobs, job).items()]
        return _status(jobs, job).model_copy(update={"files": files})

    @app.post("/api/jobs/{job_id}/retry")
    def retry(job_id: str) -> JobStatus:
        """Run a job that failed again; it goes on where it was."""
        return _status(jobs, jobs.retry(job_id))

    @app.delete("/api/jobs/{job_id}")
    def delete(job_id: str) -> JobStatus:
        """Cancel a job where it waits or runs, and remove all its files."""
        job = jobs.find(job_id)
        status = _status(jobs, job)
        runner.remove(job)
        ended = job.state in {"done", "failed"}
        return status if ended else status.model_copy(update={"state": "canceled"})


def _add_results(app: FastAPI, jobs: Jobs) -> None:
    def view(job_id: str) -> Any:
        job = jobs.find(job_id)
        if job.state != "done":
            raise RefusedError(409, f"this job is {job.state}; its result is there when it is done")
        return read_json(jobs.folder(job) / VIEW)

    @app.get("/api/jobs/{job_id}/result")
    def result(job_id: str) -> dict[str, Any]:
        """Video, model, stamps and warnings of a result."""
        return {name: part for name, part in view(job_id).items() if name not in {"faces", "events"}}

    @app.get("/api/jobs/{job_id}/frames")
    def frames(job_id: str) -> list[dict[str, Any]]:
        """Score and threshold of each face over time, thinned so that no peak is lost; all frames: frames.csv."""
        return list(view(job_id)["faces"])

    @app.get("/api/jobs/{job_id}/events")
    def events(job_id: str) -> list[dict[str, Any]]:
        """Every event: when, where, what it is consistent with, and the names of its pictures."""
        return list(view(job_id)["events"])

    @app.get("/api/jobs/{job_id}/files/{name:path}", response_class=FileResponse)
    def file(job_id: str, name: str) -> Response:
        """One file of a result, by a name that the job lists."""
        path = _files(jobs, jobs.find(job_id)).get(name)
        if path is None:
            raise RefusedError(404, "the job lists no such file")
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
        """All files of a result in one zip."""
        job = jobs.find(job_id)
        files = _files(jobs, job)
        if not files:
            raise RefusedError(409, f"this job is {job.state}; its result is there when it is done")
        disposition = {"Content-Disposition": f'attachment; filename="merlab-{job.id[:8]}.zip"'}
        return StreamingResponse(zipped(files), media_type="application/zip", headers=disposition)


def _files(jobs: Jobs, job: Job) -> dict[str, Path]:
    """The files of a finished result by their name within it; links are none of them."""
    if job.state != "done":
        return {}
    folder = jobs.folder(job) / RESULT
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    return {path.relative_to(folder).as_posix(): path for path in paths}


def _status(jobs: Jobs, job: Job) -> JobStatus:
    progress, stage = float(job.state == "done"), str(job.state)
    if job.state == "running":
        try:
            told = read_json(jobs.folder(job) / PROGRESS)
            progress, stage = float(told["progress"]), str(told["stage"])
        except MerlabError:
            stage = "starting"
    return JobStatus(progress=progress, stage=stage, **job.model_dump(exclude={"source", "asked", "starts"}))
