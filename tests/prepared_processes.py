"""Worker processes that are copies of one process with the libraries loaded: each saves one to four seconds.

They begin as those of a user do: nothing reaches them but what is sent, and the environment of the moment.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from multiprocessing.context import ForkServerContext, ForkServerProcess
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

# What workers, examples and jobs of the service need.
LIBRARIES = [
    *("av", "cv2", "pandas", "pyarrow.parquet", "pydantic", "torch", "scipy.stats", "matplotlib.figure"),
    *("sklearn.linear_model", "sklearn.metrics", "sklearn.pipeline", "sklearn.preprocessing", "sklearn.svm"),
    "merlab.serving.worker",
]


class PreparedProcess(ForkServerProcess):
    """A copy of the prepared process, in the environment of the process that starts it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._environment = dict(os.environ)

    def run(self) -> None:
        os.environ.clear()
        os.environ.update(self._environment)
        # Read from the environment when it is first needed.
        tempfile.tempdir = None
        super().run()


class PreparedContext(ForkServerContext):
    """Starts prepared processes."""

    Process = PreparedProcess


def prepared() -> PreparedContext | None:
    """The context of prepared processes; None where the system cannot make copies of a process."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return None
    context = PreparedContext()
    context.set_forkserver_preload(LIBRARIES)
    return context


def prepare_processes(patch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Let the processes that these modules start be prepared ones, where the system can make copies of a process."""
    context = prepared()
    if context is not None:
        replacement = SimpleNamespace(
            get_context=lambda method: context,
            parent_process=multiprocessing.parent_process,
            current_process=multiprocessing.current_process,
        )
        for module in modules:
            patch.setattr(module, "multiprocessing", replacement)
