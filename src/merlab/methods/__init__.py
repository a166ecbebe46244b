"""Methods: what recognises a micro-expression. Floors first, then the paper's networks, then their rivals."""

from merlab.methods.base import Classifier, Method, Preset, Task
from merlab.methods.dual_branch import DUAL_BRANCH
from merlab.methods.floors import FLOORS
from merlab.methods.lbp_top import LBP_TOP
from merlab.methods.learnet import LEARNET
from merlab.methods.mdmo import MDMO
from merlab.methods.off_apexnet import OFF_APEXNET
from merlab.methods.ststnet import STSTNET
from merlab.registry import look_up

METHODS: dict[str, Method] = {
    method.name: method for method in (*FLOORS, *DUAL_BRANCH, STSTNET, OFF_APEXNET, LEARNET, LBP_TOP, MDMO)
}


def find_method(name: str) -> Method:
    """The method of this name; raises MerlabError naming the closest ones."""
    return look_up(name, METHODS, "method")


__all__ = ["METHODS", "Classifier", "Method", "Preset", "Task", "find_method"]
