"""Methods: what recognizes a micro-expression. Baselines, the paper's networks, comparison methods."""

from merlab.methods.baselines import BASELINES
from merlab.methods.bi_woof import BI_WOOF
from merlab.methods.dual_branch import DUAL_BRANCH
from merlab.methods.dual_inception import DUAL_INCEPTION
from merlab.methods.fr import FR
from merlab.methods.lbp_top import LBP_TOP
from merlab.methods.learnet import LEARNET
from merlab.methods.mdmo import MDMO
from merlab.methods.method import Classifier, Method, Preset, Task
from merlab.methods.off_apexnet import OFF_APEXNET
from merlab.methods.rcn import RCNS
from merlab.methods.shallow_alexnet import DSSN_METHOD, SSSN_METHOD
from merlab.methods.ststnet import STSTNET
from merlab.registry import look_up

COMPARISON_METHODS = (
    STSTNET,
    OFF_APEXNET,
    BI_WOOF,
    DUAL_INCEPTION,
    *RCNS,
    SSSN_METHOD,
    DSSN_METHOD,
    FR,
    LEARNET,
    LBP_TOP,
    MDMO,
)
METHODS: dict[str, Method] = {method.name: method for method in (*BASELINES, *DUAL_BRANCH, *COMPARISON_METHODS)}


def find_method(name: str) -> Method:
    """The method of this name; raises MerlabError naming the closest ones."""
    return look_up(name, METHODS, "method")


__all__ = ["METHODS", "Classifier", "Method", "Preset", "Task", "find_method"]
