"""Jobs end with the service, however it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.conftest import PATIENCE

REPOSITORY = Path(__file__).resolve().parents[2]
LEAVES_WITHOUT_A_WORD = """
import sys
from pathlib import Path
from merlab.serving.jobs import Asked, Jobs
from merlab.serving.limits import Limits
from merlab.serving.job_runner import Runner
from tests.serving import fake_jobs
import pytest

from tests.serving.conftest import until

jobs = Jobs(Path(sys.argv[1]), Limits())
with jobs.place() as folder:
    jobs.enqueue(folder, "a.mp4", Path(sys.argv[2]), 1, Asked())
Runner(jobs, fake_jobs.slow, 1).start()
until((folder / "pid").exists)
"""


@pytest.mark.slow
def test_a_service_that_leaves_does_not_wait_for_its_jobs(tmp_path, video):
    command = [sys.executable, "-c", LEAVES_WITHOUT_A_WORD, str(tmp_path / "jobs"), str(video)]
    subprocess.run(command, check=True, timeout=2 * PATIENCE, cwd=REPOSITORY)
