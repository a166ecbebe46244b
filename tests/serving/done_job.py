"""A finished job on the disk, without any video."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from merlab.json_files import write_json
from merlab.json_models import write_model
from merlab.serving.job import JOB, RESULT, VIEW, Job
from merlab.serving.jobs import Jobs
from merlab.serving.limits import Limits
from merlab.serving.view import view_of
from merlab.videos.result import read_video_result
from tests.videos.fake_result import write_result

ID = "0123456789abcdef" * 2
AT = datetime(2026, 5, 4, 10, 20, 30, tzinfo=timezone.utc)


def write_done_job(folder: Path, **options: Any) -> Path:
    """A finished job in a new folder of jobs; returns the folder of its result."""
    Jobs(folder, Limits()).close()
    result = write_result(folder / ID / RESULT, **options)
    view = view_of(read_video_result(result))
    write_json(folder / ID / VIEW, view.model_dump(mode="json", by_alias=True))
    job = Job(id=ID, name="interview.mp4", source=Path("interview.mp4"), bytes=1000, created=AT, state="done")
    write_model(folder / ID / JOB, job)
    return result
