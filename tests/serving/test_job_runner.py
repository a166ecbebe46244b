"""Jobs end when the service ends, in any way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.conftest import PATIENCE

REPOSITORY = Path(__file__).resolve().parents[2]
EXITS_WITHOUT_STOPPING = """
import sys
from pathlib import Path
from merlab.serving.jobs import Jobs, VideoOptions
from merlab.serving.limits import Limits
from merlab.serving.job_runner import Runner
from tests.serving import fake_jobs
import pytest

from tests.serving.conftest import until

jobs = Jobs(Path(sys.argv[1]), Limits())
with jobs.new_folder() as folder:
    jobs.enqueue(folder, "a.mp4", Path(sys.argv[2]), 1, VideoOptions())
Runner(jobs, fake_jobs.slow, 1).start()
until((folder / "pid").exists)
"""


@pytest.mark.slow
def test_a_service_that_exits_does_not_wait_for_its_jobs(tmp_path, video):
    command = [sys.executable, "-c", EXITS_WITHOUT_STOPPING, str(tmp_path / "jobs"), str(video)]
    subprocess.run(command, check=True, timeout=2 * PATIENCE, cwd=REPOSITORY)
