"""The routes of a result: what the page shows of it, and its files."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response, StreamingResponse

from merlab.serving.answers import ResultSummary, ScoreCurve, ShownEvent, file_of
from merlab.serving.archive import zipped
from merlab.serving.finished import done_job, result_file, result_files, result_view
from merlab.serving.jobs import Jobs

SHOWN_TYPES = {
    ".png": "image/png",
    ".csv": "text/csv",
    ".json": "application/json",
    ".html": "text/html",
    ".mp4": "video/mp4",
}
OTHER_TYPE, ZIP_TYPE = "application/octet-stream", "application/zip"
# The report is one file that contains its styles, script and pictures. The sandbox gives it an origin of its own, so it
# cannot send requests to this service.
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; frame-ancestors 'none'"
)


def add_results(app: FastAPI, jobs: Jobs) -> None:
    """Add the routes to the service."""

    @app.get("/api/jobs/{job_id}/result")
    def summary(job_id: str) -> ResultSummary:
        """The video of a result, the recognizer, the settings, the stamps, and the warnings."""
        return result_view(jobs, job_id)

    @app.get("/api/jobs/{job_id}/frames")
    def frames(job_id: str) -> list[ScoreCurve]:
        """Motion score and threshold of each face over time, with every peak; frames.csv has all frames."""
        return result_view(jobs, job_id).faces

    @app.get("/api/jobs/{job_id}/events")
    def events(job_id: str) -> list[ShownEvent]:
        """All movements: time, face, what each is consistent with, and its pictures."""
        return result_view(jobs, job_id).events

    types = [*SHOWN_TYPES.values(), OTHER_TYPE]

    @app.get("/api/jobs/{job_id}/files/{name:path}", response_class=FileResponse, responses=file_of(types))
    def file(job_id: str, name: str) -> Response:
        """One file of a result; the job lists their names."""
        return _file_answer(result_file(jobs, job_id, name))

    @app.get("/api/jobs/{job_id}/zip", response_class=StreamingResponse, responses=file_of([ZIP_TYPE]))
    def archive(job_id: str) -> Response:
        """All files of a result in one zip file."""
        job = done_job(jobs, job_id)
        files = result_files(jobs, job)
        disposition = {"Content-Disposition": f'attachment; filename="merlab-{job.id[:8]}.zip"'}
        return StreamingResponse(zipped(files), media_type=ZIP_TYPE, headers=disposition)


def _file_answer(path: Path) -> Response:
    """A file as it is, shown by the browser where that is safe, else saved."""
    shown = path.suffix in {".png", ".html", ".mp4"}
    return FileResponse(
        path,
        headers={"Content-Security-Policy": REPORT_POLICY} if path.suffix == ".html" else None,
        media_type=SHOWN_TYPES.get(path.suffix, OTHER_TYPE),
        filename=path.name,
        content_disposition_type="inline" if shown else "attachment",
    )
