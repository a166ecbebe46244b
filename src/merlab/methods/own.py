"""Methods of your own: which objects are methods, and what they are called."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

from merlab.errors import MerlabError
from merlab.inputs import InputKind, Recipe
from merlab.methods.adapters import (
    EstimatorClassifier,
    ObjectClassifier,
    copied,
    described,
    fit_arguments,
    free_random_states,
)
from merlab.methods.method import DEFAULT_INPUT, Classifier, Method, Task
from merlab.methods.svm import ANY_LAYOUT
from merlab.training import NeuralClassifier

WHAT_A_METHOD_IS = (
    "a method is the name of one, a merlab.Method, a scikit-learn classifier, or an object (or class) with "
    "fit(inputs, labels) and predict_proba(inputs)"
)


def as_methods(given: object, find: Callable[[str], Method]) -> list[Method]:
    """The methods that ``given`` specifies, each with a different name.

    ``given`` is one method (see WHAT_A_METHOD_IS), several methods, or a mapping from names to methods. ``find`` looks
    up a name. Raises MerlabError for anything else, and for two methods with the same name.
    """
    if isinstance(given, Mapping):
        methods = [as_method(each, find, str(name)) for name, each in given.items()]
    elif isinstance(given, Iterable) and not (isinstance(given, str) or _is_estimator(given) or _learns(given)):
        methods = [as_method(each, find) for each in given]
    else:
        methods = [as_method(given, find)]
    if not methods:
        raise MerlabError("no method is given; " + WHAT_A_METHOD_IS)
    names = [method.name for method in methods]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise MerlabError(
            f"two methods are called {twice}; give it once, or name them by a dictionary {{name: method}}"
        )
    return methods


def as_method(given: Any, find: Callable[[str], Method], name: str | None = None) -> Method:
    """One method (see ``as_methods``), renamed to ``name`` if that is given."""
    given = find(given) if isinstance(given, str) else given
    if isinstance(given, Method):
        # The same name keeps the same object, by which a method of merlab is known.
        return replace(given, name=name, origin="") if name and name != given.name else given
    if isinstance(given, type) and _is_estimator_class(given):
        raise MerlabError(
            f"{described(given)} is a class of estimators of scikit-learn; give an object: {given.__name__}(...)"
        )
    name = name or _name_of(given)
    title = f"your own: {described(given)}"
    stated = getattr(given, "input", DEFAULT_INPUT)
    stated = stated if isinstance(stated, Recipe | InputKind) else str(stated)
    if _is_estimator(given):
        if not (_classifies(given) or _learns(given)):
            raise MerlabError(f"{described(given)} does not classify; {WHAT_A_METHOD_IS}")
        seeded = bool(free_random_states(given))
        make: Callable[[Task], Classifier] = partial(EstimatorClassifier, given)
        return Method(name, title, input=stated, pipeline=make, seeded=seeded, takes=ANY_LAYOUT)
    if _learns(given):
        if not isinstance(given, type):
            # What every fold needs is tried before inputs are made, which takes long.
            fit_arguments(copied(given, made_for_fold=False), dict.fromkeys(("groups", "seed")))
        return Method(name, title, input=stated, pipeline=partial(ObjectClassifier, given), takes=ANY_LAYOUT)
    kind = given if isinstance(given, type) else type(given)
    if issubclass(kind, nn.Module):
        raise MerlabError(
            f"{described(given)} is a torch module; pass merlab.Method({name!r}, network=...), see its help"
        )
    raise MerlabError(f"{described(given)} is not a method; {WHAT_A_METHOD_IS}")


def as_classifier(made: Any, task: Task) -> Classifier:
    """The object that a method's pipeline returned, as a classifier whose ``fit`` takes all arguments."""
    if _is_estimator(made):
        return EstimatorClassifier(made, task)
    if not _learns(made):
        raise MerlabError(f"pipeline returned {described(made)}; it must return an object with fit and predict_proba")
    is_of_merlab = type(made).__module__.partition(".")[0] == "merlab" or isinstance(made, NeuralClassifier)
    return made if is_of_merlab else ObjectClassifier(made, task, made_for_fold=True)


def _learns(given: object) -> bool:
    return callable(getattr(given, "fit", None)) and callable(getattr(given, "predict_proba", None))


def _is_estimator(given: object) -> bool:
    """Whether it is one of scikit-learn, which is loaded where one exists; this question does not load it."""
    return _is_estimator_class(type(given))


def _is_estimator_class(kind: type) -> bool:
    base = sys.modules.get("sklearn.base")
    return base is not None and issubclass(kind, base.BaseEstimator)


def _classifies(estimator: Any) -> bool:
    from sklearn.base import is_classifier

    return bool(is_classifier(estimator))


def _name_of(given: object) -> str:
    """Its attribute ``name``, or its class name in lower case with hyphens: ``RidgeOnFlow`` gives ``ridge-on-flow``."""
    stated = getattr(given, "name", None)
    if isinstance(stated, str) and stated:
        return stated
    if _is_estimator(given) and hasattr(given, "steps"):
        return "+".join(_name_of(step) for _, step in given.steps)
    kind = given if isinstance(given, type) else type(given)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind.__name__).lower()
