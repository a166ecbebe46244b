"""Methods of your own: scikit-learn estimators, and any object with ``fit`` and ``predict_proba``."""

from __future__ import annotations

import copy
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from merlab.errors import MerlabError
from merlab.methods.method import DEFAULT_INPUT, Classifier, Method, Task
from merlab.methods.svm import ANY_LAYOUT, flattened, softmax_of_decisions

WHAT_A_METHOD_IS = (
    "a method is the name of one, a merlab.Method, a scikit-learn classifier, or an object (or class) with "
    "fit(inputs, labels) and predict_proba(inputs)"
)


class EstimatorClassifier:
    """A scikit-learn classifier, cloned for every fold, on flattened inputs (N, numbers).

    Every ``random_state`` that is None is set to the seed. Probabilities come from ``predict_proba``; without it, from
    the softmax of ``decision_function``; without both, the predicted class gets 1.
    """

    def __init__(self, estimator: Any, task: Task) -> None:
        from sklearn.base import clone

        self.estimator = clone(estimator)
        self.classes = task.classes

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Fit a clone of the estimator on the training clips."""
        self.estimator.set_params(**dict.fromkeys(free_random_states(self.estimator), seed))
        self.estimator.fit(flattened(inputs), labels)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes); a class without training clips gets 0."""
        features = flattened(inputs)
        present = np.asarray(getattr(self.estimator, "classes_", range(self.classes)), np.int64)
        if hasattr(self.estimator, "predict_proba"):
            return _placed(np.asarray(self.estimator.predict_proba(features), np.float64), present, self.classes)
        if hasattr(self.estimator, "decision_function"):
            return softmax_of_decisions(self.estimator.decision_function(features), present, self.classes)
        return np.eye(self.classes)[np.asarray(self.estimator.predict(features), np.int64)]


class ObjectClassifier:
    """Any object with ``fit`` and ``predict_proba``: a deep copy per fold, or a new object if a class is given.

    ``fit`` gets inputs (N, [T,] C, H, W) float32 and labels (N,) from 0 to classes - 1. If it has parameters with these
    names, it also gets ``groups`` (the subject of each clip) and ``seed``.
    """

    def __init__(self, model: Any, task: Task) -> None:
        self.model = _made(model, task) if isinstance(model, type) else copy.deepcopy(model)
        self.classes = task.classes

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Fit the model on the training clips."""
        known = inspect.signature(self.model.fit).parameters
        every = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in known.values())
        offered = {"groups": list(groups), "seed": seed}
        self.model.fit(inputs, labels, **{name: value for name, value in offered.items() if every or name in known})

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes); columns are assigned by the model's ``classes_``, if it has them."""
        probabilities = np.asarray(self.model.predict_proba(inputs), np.float64)
        present = getattr(self.model, "classes_", None)
        if present is None or probabilities.ndim != 2 or probabilities.shape[1] == self.classes:
            return probabilities
        return _placed(probabilities, np.asarray(present, np.int64), self.classes)


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
        raise MerlabError(f"two methods are called {twice}; pass a dictionary {{name: method}} that names them")
    return methods


def as_method(given: Any, find: Callable[[str], Method], name: str | None = None) -> Method:
    """One method (see ``as_methods``), renamed to ``name`` if that is given."""
    if isinstance(given, str):
        found = find(given)
        return replace(found, name=name) if name else found
    if isinstance(given, Method):
        return replace(given, name=name) if name else given
    name = name or _name_of(given)
    title = f"your own: {_described(given)}"
    stated = str(getattr(given, "input", DEFAULT_INPUT))
    if _is_estimator(given):
        if not (_classifies(given) or _learns(given)):
            raise MerlabError(f"{_described(given)} does not classify; {WHAT_A_METHOD_IS}")
        seeded = bool(free_random_states(given))
        make: Callable[[Task], Classifier] = partial(EstimatorClassifier, given)
        return Method(name, title, input=stated, pipeline=make, seeded=seeded, takes=ANY_LAYOUT)
    if _learns(given):
        return Method(name, title, input=stated, pipeline=partial(ObjectClassifier, given), takes=ANY_LAYOUT)
    kind = given if isinstance(given, type) else type(given)
    if issubclass(kind, nn.Module):
        raise MerlabError(
            f"{_described(given)} is a torch module; pass merlab.Method({name!r}, network=...), see its help"
        )
    raise MerlabError(f"{_described(given)} is not a method; {WHAT_A_METHOD_IS}")


def as_classifier(made: Any, task: Task) -> Classifier:
    """The object that a method's pipeline returned, as a classifier whose ``fit`` takes all four arguments."""
    if _is_estimator(made):
        return EstimatorClassifier(made, task)
    takes_all = len(inspect.signature(made.fit).parameters) >= len(inspect.signature(Classifier.fit).parameters) - 1
    return made if takes_all else ObjectClassifier(made, task)


def free_random_states(estimator: Any) -> list[str]:
    """The ``random_state`` parameters of an estimator and of its components that are None."""
    parameters = estimator.get_params(deep=True)
    return [key for key, value in parameters.items() if key.split("__")[-1] == "random_state" and value is None]


def _made(kind: type, task: Task) -> Any:
    """A new object of a class whose constructor takes the task or no argument."""
    required = [
        each
        for each in inspect.signature(kind).parameters.values()
        if each.default is inspect.Parameter.empty
        and each.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    ]
    return kind(task) if len(required) == 1 else kind()


def _placed(probabilities: NDArray[np.float64], present: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Probabilities (N, classes) from the columns of the classes ``present``; all others are 0."""
    placed = np.zeros((len(probabilities), classes))
    placed[:, present] = probabilities
    return placed


def _learns(given: object) -> bool:
    return callable(getattr(given, "fit", None)) and callable(getattr(given, "predict_proba", None))


def _is_estimator(given: object) -> bool:
    """Whether it is one of scikit-learn, which is loaded where one exists; this question does not load it."""
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(given, base.BaseEstimator)


def _classifies(estimator: Any) -> bool:
    from sklearn.base import is_classifier

    return bool(is_classifier(estimator))


def _described(given: object) -> str:
    kind = given if isinstance(given, type) else type(given)
    return f"{kind.__module__}.{kind.__qualname__}"


def _name_of(given: object) -> str:
    """Its attribute ``name``, or its class name in lower case with hyphens: ``RidgeOnFlow`` gives ``ridge-on-flow``."""
    stated = getattr(given, "name", None)
    if isinstance(stated, str) and stated:
        return stated
    if _is_estimator(given) and hasattr(given, "steps"):
        return "+".join(_name_of(step) for _, step in given.steps)
    kind = given if isinstance(given, type) else type(given)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", kind.__name__).lower()


@contextmanager
def naming_mistakes(name: str, step: str) -> Iterator[None]:
    """Turn any exception inside into a MerlabError that names the method, the step, the error and the line."""
    try:
        yield
    except MerlabError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise MerlabError(
            f"method {name}: {step} raised {type(error).__name__}: {error} ({last.filename}, line {last.lineno})"
        ) from error
