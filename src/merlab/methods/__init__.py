"""Methods: what recognises a micro-expression. Floors first, then the paper's networks, then their rivals."""

from difflib import get_close_matches

from merlab.errors import MerlabError
from merlab.methods.base import Classifier, Method, Preset, Task
from merlab.methods.dual_branch import DUAL_BRANCH
from merlab.methods.floors import FLOORS
from merlab.methods.off_apexnet import OFF_APEXNET
from merlab.methods.ststnet import STSTNET

METHODS: dict[str, Method] = {method.name: method for method in (*FLOORS, *DUAL_BRANCH, STSTNET, OFF_APEXNET)}


def find_method(name: str) -> Method:
    """The method of this name; raises MerlabError naming the closest ones."""
    if name in METHODS:
        return METHODS[name]
    close = get_close_matches(name, METHODS, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"methods are {', '.join(METHODS)}"
    raise MerlabError(f"unknown method {name!r}; {hint}")


__all__ = ["METHODS", "Classifier", "Method", "Preset", "Task", "find_method"]
