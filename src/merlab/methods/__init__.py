"""Methods: what recognizes a micro-expression.

Baselines first, then merlab's own methods, then the paper's networks, then comparison methods.
"""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd

from merlab.errors import MerlabError
from merlab.methods.akmnet import AKMNET
from merlab.methods.aman import AMAN_METHOD
from merlab.methods.baselines import BASELINES
from merlab.methods.bi_woof import BI_WOOF
from merlab.methods.capsulenet import CAPSULENET
from merlab.methods.cnn3d_transfer import CNN3D_TRANSFER
from merlab.methods.da_dictionary import DA_DICTIONARY
from merlab.methods.dikd import DIKD
from merlab.methods.distlbp_iip import DISTLBP_IIP
from merlab.methods.dtscnn import DTSCNN
from merlab.methods.dual_branch import DUAL_BRANCH
from merlab.methods.dual_inception import DUAL_INCEPTION
from merlab.methods.elrcn import ELRCN, ELRCN_SE
from merlab.methods.emr import EMR_ADVERSARIAL, EMR_METHOD
from merlab.methods.ensembles import PREFIX as ENSEMBLE_PREFIX
from merlab.methods.ensembles import ensemble, ensemble_named
from merlab.methods.flow_cnn import FLOW_CNN
from merlab.methods.flow_ensemble import FLOW_ENSEMBLE
from merlab.methods.fr import FR
from merlab.methods.from_file import is_in_file, objects_in_file
from merlab.methods.htnet import HTNET
from merlab.methods.joint_svm import JOINT_SVM
from merlab.methods.kfc_mer import KFC_MER
from merlab.methods.ktgsl import KTGSL
from merlab.methods.later import LATER
from merlab.methods.lbp_top import LBP_TOP
from merlab.methods.learnet import LEARNET
from merlab.methods.madtn import MADTN_METHOD
from merlab.methods.mdmo import MDMO
from merlab.methods.method import Method, Preset, Task
from merlab.methods.mmnet import MMNET
from merlab.methods.msmmt import MSMMT_METHOD
from merlab.methods.off_apexnet import OFF_APEXNET
from merlab.methods.own import as_method, as_methods
from merlab.methods.rcn import RCNS
from merlab.methods.se_densenet_3d import SE_DENSENET_3D
from merlab.methods.self_attention_transfer import SELF_ATTENTION_TRANSFER
from merlab.methods.shallow_alexnet import DSSN_METHOD, SSSN_METHOD
from merlab.methods.slstt import SLSTT_LSTM, SLSTT_MEAN
from merlab.methods.ststnet import STSTNET
from merlab.registry import Extensions, callable_as_listing

OWN_METHODS = (JOINT_SVM, FLOW_CNN, FLOW_ENSEMBLE)
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
    DISTLBP_IIP,
    KTGSL,
    DA_DICTIONARY,
    DIKD,
    MADTN_METHOD,
    HTNET,
    MMNET,
    EMR_METHOD,
    EMR_ADVERSARIAL,
    CAPSULENET,
    CNN3D_TRANSFER,
    DTSCNN,
    SE_DENSENET_3D,
    AKMNET,
    KFC_MER,
    SLSTT_MEAN,
    SLSTT_LSTM,
    LATER,
    AMAN_METHOD,
    MSMMT_METHOD,
    ELRCN,
    ELRCN_SE,
    SELF_ATTENTION_TRANSFER,
)
METHODS: dict[str, Method] = {
    method.name: method for method in (*BASELINES, *OWN_METHODS, *DUAL_BRANCH, *COMPARISON_METHODS)
}


def find_method(name: str) -> Method:
    """The method of this name; raises MerlabError naming the closest ones.

    A name is one of merlab's own, or one that an installed package adds by the entry point group ``merlab.methods``,
    or several of them as ``ensemble:METHOD+5xMETHOD`` (``methods.ensembles``).
    """
    if isinstance(name, str) and name.startswith(ENSEMBLE_PREFIX):
        return ensemble_named(name, find_method)
    if not isinstance(name, str) or is_in_file(name):
        what = f"{name} is a method in a file" if isinstance(name, str) else f"{name!r} is not a name"
        raise MerlabError(
            f"{what}, and only evaluate and profile take files and objects; here it must be found again by a name "
            "alone: add it by an entry point of your package, see docs/howto/add-a-method.md"
        )
    return EXTENSIONS.find(name, METHODS)


def methods_of(given: object) -> list[Method]:
    """The methods that ``given`` specifies: names, ``FILE.py:NAME``, objects, or a mapping from names to any of them.

    Raises MerlabError for an object that is not a method, for two methods with the same name, and for a method of your
    own with the name of one of merlab's.
    """
    if isinstance(given, str) and given.startswith(ENSEMBLE_PREFIX):
        return [ensemble_named(given, one_method)]
    if isinstance(given, str) and is_in_file(given):
        # What a file takes from merlab stays merlab's.
        found = objects_in_file(given, as_methods_found)
        return [replace(method, origin=given) if is_own(method) else method for method in found]
    if isinstance(given, (list, tuple)):
        given = [method for each in given for method in methods_of(each)]
    if isinstance(given, Mapping):
        given = {name: one_method(each) if isinstance(each, str) else each for name, each in given.items()}
    return as_methods_found(given)


def one_method(given: object) -> Method:
    """The method that ``given`` specifies, see ``methods_of``; raises MerlabError where it is none or several."""
    found = methods_of(given)
    if len(found) != 1:
        raise MerlabError(f"{given} is {len(found)} methods; name one of them")
    return found[0]


def as_methods_found(given: object) -> list[Method]:
    """Like ``methods_of`` without files."""
    methods = as_methods(given, find_method)
    taken = next((method.name for method in methods if is_own(method) and method.name.lower() in METHODS), None)
    if taken is not None:
        raise MerlabError(
            f"method {taken} is your own, and one of merlab's has this name, so tables would take one for the other; "
            f"give it another name, such as by a dictionary {{'my-{taken}': method}}"
        )
    return methods


def is_own(method: Method) -> bool:
    """Whether the method is not one of merlab's, so that its code is part of what decides its predictions."""
    return METHODS.get(method.name) is not method


def all_methods() -> dict[str, Method]:
    """Every method by name: merlab's, then those of installed packages."""
    return EXTENSIONS.all(METHODS)


def listing() -> pd.DataFrame:
    """One row per method: name, kind, title, paper, presets, its input and view, and whether it is a network."""
    rows = [
        {
            "name": method.name,
            "kind": _kind(method),
            "title": method.title,
            "paper": method.paper,
            "presets": list(method.presets),
            "input": method.input,
            "view": method.view,
            "network": method.network is not None,
        }
        for method in all_methods().values()
    ]
    return pd.DataFrame(rows).set_index("name")


def description(method: Method) -> str:
    """The text at the head of the method's file: its paper, what is published and what is assumed."""
    made: object = method.network or method.pipeline
    while isinstance(made, partial):
        made = made.func
    names = str(getattr(made, "__module__", "")).split(".")
    # Of a folder, the text is that of the folder.
    module = sys.modules.get(".".join(names[: len(__name__.split(".")) + 1]))
    return inspect.cleandoc(getattr(module, "__doc__", None) or "")


def _kind(method: Method) -> str:
    groups = {
        "baseline": BASELINES,
        "merlab's own": OWN_METHODS,
        "dual-branch paper": DUAL_BRANCH,
        "comparison method": COMPARISON_METHODS,
    }
    return next((kind for kind, group in groups.items() if method in group), "of an installed package")


def _read(loaded: object, name: str) -> Method:
    return replace(as_method(loaded, find_method, name), origin=name)


EXTENSIONS: Extensions[Method] = Extensions("method", _read)
callable_as_listing(__name__)

__all__ = [
    "METHODS",
    "Method",
    "Preset",
    "Task",
    "all_methods",
    "description",
    "ensemble",
    "find_method",
    "is_own",
    "methods_of",
    "one_method",
]
