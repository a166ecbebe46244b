"""The routes of the page of a result: decisions of coders, single frames, and curves of a window of time."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated
from urllib.parse import quote

from fastapi import FastAPI, Query
from fastapi.responses import Response

from merlab.serving import coding
from merlab.serving.answers import file_of
from merlab.serving.coding_answers import ClockAnswer, CodingAnswer, DecisionChange, PartCurve
from merlab.serving.finished import result_folder
from merlab.serving.frame_table import clock_around, curves_between
from merlab.serving.jobs import Jobs

QuerySeconds = Annotated[float, Query(allow_inf_nan=False)]
EXPORT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "eaf": "application/xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def add_coding(app: FastAPI, jobs: Jobs) -> None:
    """Add the routes to the service."""

    @app.get("/api/jobs/{job_id}/coding")
    def decisions(job_id: str) -> CodingAnswer:
        """The decisions of all coders about a result."""
        return coding.decisions(result_folder(jobs, job_id))

    @app.post("/api/jobs/{job_id}/coding")
    def decide(job_id: str, change: DecisionChange) -> CodingAnswer:
        """Make, change or take back one decision; refused (409) if it was changed since ``seen`` was read."""
        return coding.change(result_folder(jobs, job_id), change)

    types = EXPORT_TYPES.values()

    @app.get("/api/jobs/{job_id}/coding/{name}", response_class=Response, responses=file_of(types))
    def export(job_id: str, name: coding.ExportName, coder: str | None = None) -> Response:
        """The coded events for other programs: a table, ELAN, or BORIS."""
        folder, video = result_folder(jobs, job_id), jobs.find(job_id).name
        content = coding.export(folder, name, coder, video)
        # Of several videos, each has a file of its own name.
        saved_as = quote(f"{PurePath(video).stem}-{name}", safe="")
        disposition = {"Content-Disposition": f"attachment; filename*=utf-8''{saved_as}"}
        return Response(content, media_type=EXPORT_TYPES[name.rpartition(".")[2]], headers=disposition)

    @app.get("/api/jobs/{job_id}/clock")
    def clock(job_id: str, at_s: QuerySeconds = 0.0) -> ClockAnswer:
        """The frames around a time, and when each was recorded."""
        return clock_around(result_folder(jobs, job_id), at_s)

    @app.get("/api/jobs/{job_id}/curves")
    def curves(job_id: str, start_s: QuerySeconds, end_s: QuerySeconds) -> list[PartCurve]:
        """The scores of each face, and of each part of the face, between two times, in full detail where it fits."""
        return curves_between(result_folder(jobs, job_id), start_s, end_s)
