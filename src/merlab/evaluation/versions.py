"""Which merlab, libraries and device give the numbers of a run."""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import version
from pathlib import Path

import torch

from merlab.outputs.kept_arrays import computing_versions
from merlab.version import __version__

# What computes predictions from inputs, in the folder of merlab. Edits of it do not change the number of the version.
COMPUTING = (
    "inputs",
    "methods",
    "training",
    "evaluation/fit_arguments.py",
    "evaluation/fold_inputs.py",
    "evaluation/random_state.py",
    "evaluation/synthetic_flow.py",
    "evaluation/unit.py",
)


def versions() -> dict[str, str]:
    """The libraries and the device. They are part of the run key, because others give other numbers.

    The version of merlab ends with a digest of its code that computes predictions.
    """
    # scikit-learn and SciPy are not loaded for the number: most networks do not use them.
    return {
        "merlab": f"{__version__}+{digest_of_code(Path(__file__).parents[1])}",
        "torch": torch.__version__,
        "scikit-learn": version("scikit-learn"),
        **computing_versions(),
        "scipy": version("scipy"),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


@functools.cache
def digest_of_code(package: Path) -> str:
    """Eight digits of the digest of what computes predictions, in a folder of merlab.

    The same for each copy of this code, whatever the ends of its lines are, and whatever editors put beside it.
    """
    digest = hashlib.sha256()
    for place in map(package.joinpath, COMPUTING):
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            # A file with another name cannot be imported; an installation of compiled files has no source.
            if file.stem.isidentifier() and file.is_file():
                content = file.read_bytes().replace(b"\r\n", b"\n")
                digest.update(f"{file.relative_to(package).as_posix()}\0".encode() + content)
    return digest.hexdigest()[:8]
