"""Run a script as if no library were installed but torch, numpy and what torch itself requires."""

import importlib.metadata
import re
import runpy
import sys
from importlib.machinery import PathFinder
from pathlib import Path


def required(name: str, seen: set[str]) -> set[str]:
    """The distributions that one requires, and what those require."""
    if name not in seen:
        seen.add(name)
        try:
            lines = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            lines = []
        for line in lines:
            if "extra ==" not in line:
                required(normalized(re.split(r"[^A-Za-z0-9_.-]", line)[0]), seen)
    return seen


def normalized(distribution: str) -> str:
    return distribution.lower().replace("_", "-")


KEPT = required("torch", {"numpy", "merlab"})
HIDDEN = {
    module
    for module, owners in importlib.metadata.packages_distributions().items()
    if not KEPT & {normalized(owner) for owner in owners}
}


class OnlyKept(PathFinder):
    """Finds modules on the path, but not the hidden ones."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        return None if fullname.partition(".")[0] in HIDDEN else super().find_spec(fullname, path, target)


sys.meta_path[:] = [OnlyKept if finder is PathFinder else finder for finder in sys.meta_path]
sys.argv = sys.argv[1:]
sys.path[0] = str(Path(sys.argv[0]).parent)
for hidden in ("pydantic", "sklearn", "pandas", "cv2"):
    assert hidden in HIDDEN
    assert hidden not in sys.modules
runpy.run_path(sys.argv[0], run_name="__main__")
