"""Libraries that load slowly are loaded where they are needed first."""

from __future__ import annotations

import subprocess
import sys

import pytest

# One process imports them in this order: what the earlier ones load counts for the later ones too.
NOT_LOADED = {
    # What only the end of recognition needs.
    "merlab.videos.recognition": {
        *("torch", "openvino", "scipy", "pandas", "sklearn", "matplotlib", "jinja2"),
        "merlab.synthesis.flow_clips",
    },
    "merlab.spotting.figure": {"torch", "matplotlib.pyplot"},
    # Most methods have no network, and each worker process imports them.
    "merlab.spotting.comparison.work": {"torch", "sklearn", "matplotlib.pyplot"},
    "merlab.spotting.comparison.by_method": {"torch", "sklearn", "matplotlib.pyplot"},
    "merlab.inputs": {"torch", "sklearn", "matplotlib.pyplot"},
}


@pytest.mark.slow
def test_importing_a_module_does_not_load_what_only_some_of_its_work_needs():
    program = "import sys\n" + "".join(
        f"import {module}; print('{module}', *sorted({libraries} & set(sys.modules)))\n"
        for module, libraries in NOT_LOADED.items()
    )
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == list(NOT_LOADED)
