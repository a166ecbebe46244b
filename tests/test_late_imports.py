"""Libraries that load slowly are loaded where they are needed first."""

from __future__ import annotations

import subprocess
import sys

import pytest

# One process does this in this order: what an earlier step loads counts for the later ones too.
NOT_LOADED = {
    # What only the end of recognition needs.
    "import merlab.videos.recognition": {
        *("torch", "openvino", "scipy", "pandas", "sklearn", "matplotlib", "jinja2"),
        "merlab.synthesis.flow_clips",
    },
    "import merlab.spotting.figure": {"torch", "matplotlib.pyplot"},
    # A video needs the readers of no database.
    "import merlab.inputs": {"torch", "sklearn", "matplotlib.pyplot", "pandas", "merlab.databases"},
    # The recognizer that ships with merlab describes events without PyTorch.
    "import merlab.videos.chunks.describing": {"torch", "sklearn", "matplotlib.pyplot", "pandas", "merlab.databases"},
    "from merlab.videos.chunks.applied import applied": {"torch"},
    "from merlab.videos.options import Options; import numpy as np": {"torch"},
    "applied(Options()).predict_proba(np.zeros((1, 3, 28, 28), np.float32))": {"torch"},
    # Most methods have no network, and each worker process imports them.
    "import merlab.spotting.comparison.work": {"torch", "sklearn", "matplotlib.pyplot"},
    "import merlab.spotting.comparison.by_method": {"torch", "sklearn", "matplotlib.pyplot"},
    # It loads triton, where there is one.
    "import merlab.evaluation.experiment; import merlab.inference.cost": {"torch.utils.flop_counter"},
    # The compiler of PyTorch, which training does not use.
    "import torch; from torch import nn; from merlab.training.without_compiler import made": {"torch._dynamo"},
    "network = nn.Linear(2, 1); optimizer = made(torch.optim.Adam, network.parameters())": {"torch._dynamo"},
    "optimizer.zero_grad(); network(torch.ones(1, 2)).sum().backward(); optimizer.step()": {"torch._dynamo"},
}


# In a process of its own, as it loads pandas.
OF_TABLES = {"import merlab.evaluation.significance": {"av", "cv2", "torch", "scipy", "sklearn"}}


@pytest.mark.slow
@pytest.mark.parametrize("steps", [NOT_LOADED, OF_TABLES])
def test_no_step_loads_what_only_other_work_needs(steps):
    program = "import sys\n" + "".join(
        f"{step}\nprint({step!r}, *sorted({libraries} & set(sys.modules)))\n" for step, libraries in steps.items()
    )
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == list(steps)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["evaluate", "schemes"])
def test_loading_them_takes_no_random_numbers_from_the_program(name):
    """As rich does, which draws a number when it is loaded."""
    program = f"import merlab, random; before = random.getstate(); merlab.{name}; print(random.getstate() == before)"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert printed == "True\n"
