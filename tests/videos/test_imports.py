"""What recognition imports before it reads the first frame."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_no_library_that_only_the_end_of_recognition_needs_is_imported_before_the_first_frame():
    late = {"torch", "scipy", "pandas", "sklearn", "matplotlib", "jinja2", "merlab.synthesis.flow_clips"}
    program = f"import sys, merlab.videos.recognition; print(*sorted({late} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "\n"
