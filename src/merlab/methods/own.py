"""Methods of your own: scikit-learn estimators, and any object with ``fit`` and ``predict_proba``."""

from __future__ import annotations

import copy
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from merlab.errors import MerlabError
from merlab.inputs import InputKind, Recipe
from merlab.methods.method import DEFAULT_INPUT, Classifier, Method, Task
from merlab.methods.svm import ANY_LAYOUT, flattened, softmax_of_decisions
from merlab.training import NeuralClassifier

WHAT_A_METHOD_IS = (
    "a method is the name of one, a merlab.Method, a scikit-learn classifier, or an object (or class) with "
    "fit(inputs, labels) and predict_proba(inputs)"
)
# What ``fit`` can get by name, and what a method must declare for it.
DECLARED = {"action_units": "action_units=True", "unlabeled": "transductive=True"}
FIT_PARAMETERS = ("groups", "seed", *DECLARED)


class EstimatorClassifier:
    """A scikit-learn classifier, cloned for every fold, on flattened inputs (N, numbers).

    Every ``random_state`` that is None is set to the seed. A search in it that splits by groups, such as GridSearchCV
    with GroupKFold, gets the subjects. Probabilities come from ``predict_proba``; without it, from the softmax of
    ``decision_function``; without both, the predicted class gets 1.
    """

    def __init__(self, estimator: Any, task: Task) -> None:
        from sklearn.base import clone

        self.estimator = clone(estimator)
        self.classes = task.classes

    def fit(
        self,
        inputs: NDArray[np.float32],
        labels: NDArray[np.int64],
        groups: Sequence[str],
        seed: int,
        **further: object,
    ) -> None:
        """Fit a clone of the estimator on the training clips."""
        from sklearn import config_context

        self.estimator.set_params(**dict.fromkeys(free_random_states(self.estimator), seed))
        offered = {"groups": list(groups), "seed": seed, **further}
        given = fit_arguments(self.estimator, offered, every=False)
        inner = {} if "groups" in given or not _splits_by_groups(self.estimator) else {"groups": offered["groups"]}
        with config_context(enable_metadata_routing=True) if inner else nullcontext():
            self.estimator.fit(flattened(inputs), labels, **given, **inner)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes); a class without training clips gets 0."""
        features = flattened(inputs)
        present = _present(self.estimator, self.classes)
        if hasattr(self.estimator, "predict_proba"):
            return _placed(np.asarray(self.estimator.predict_proba(features), np.float64), present, self.classes)
        if hasattr(self.estimator, "decision_function"):
            return softmax_of_decisions(self.estimator.decision_function(features), present, self.classes)
        return np.eye(self.classes)[np.asarray(self.estimator.predict(features), np.int64)]


class ObjectClassifier:
    """Any object with ``fit`` and ``predict_proba``: a deep copy per fold, or a new object if a class is given.

    ``fit`` gets inputs (N, [T,] C, H, W) float32 and labels (N,) from 0 to classes - 1, both by position. Where it has
    parameters with the names in FIT_PARAMETERS, it gets these by name.
    """

    def __init__(self, model: Any, task: Task, made_for_fold: bool = False) -> None:
        self.model = _made(model, task) if isinstance(model, type) else _copied(model, made_for_fold)
        self.classes = task.classes

    def fit(
        self,
        inputs: NDArray[np.float32],
        labels: NDArray[np.int64],
        groups: Sequence[str],
        seed: int,
        **further: object,
    ) -> None:
        """Fit the model on the training clips."""
        offered = {"groups": list(groups), "seed": seed, **further}
        self.model.fit(inputs, labels, **fit_arguments(self.model, offered))

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes); columns are assigned by the model's ``classes_``, if it has them."""
        probabilities = np.asarray(self.model.predict_proba(inputs), np.float64)
        if getattr(self.model, "classes_", None) is None or probabilities.ndim != 2:
            return probabilities
        return _placed(probabilities, _present(self.model, self.classes), self.classes)


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
    given = find(given) if isinstance(given, str) else given
    if isinstance(given, Method):
        # The same name keeps the same object, by which a method of merlab is known.
        return replace(given, name=name) if name and name != given.name else given
    if isinstance(given, type) and _is_estimator_class(given):
        raise MerlabError(
            f"{_described(given)} is a class of estimators of scikit-learn; give an object: {given.__name__}(...)"
        )
    name = name or _name_of(given)
    title = f"your own: {_described(given)}"
    stated = getattr(given, "input", DEFAULT_INPUT)
    stated = stated if isinstance(stated, Recipe | InputKind) else str(stated)
    if _is_estimator(given):
        if not (_classifies(given) or _learns(given)):
            raise MerlabError(f"{_described(given)} does not classify; {WHAT_A_METHOD_IS}")
        seeded = bool(free_random_states(given))
        make: Callable[[Task], Classifier] = partial(EstimatorClassifier, given)
        return Method(name, title, input=stated, pipeline=make, seeded=seeded, takes=ANY_LAYOUT)
    if _learns(given):
        if not isinstance(given, type):
            # What every fold needs is tried before inputs are made, which takes long.
            fit_arguments(_copied(given, made_for_fold=False), dict.fromkeys(("groups", "seed")))
        return Method(name, title, input=stated, pipeline=partial(ObjectClassifier, given), takes=ANY_LAYOUT)
    kind = given if isinstance(given, type) else type(given)
    if issubclass(kind, nn.Module):
        raise MerlabError(
            f"{_described(given)} is a torch module; pass merlab.Method({name!r}, network=...), see its help"
        )
    raise MerlabError(f"{_described(given)} is not a method; {WHAT_A_METHOD_IS}")


def as_classifier(made: Any, task: Task) -> Classifier:
    """The object that a method's pipeline returned, as a classifier whose ``fit`` takes all arguments."""
    if _is_estimator(made):
        return EstimatorClassifier(made, task)
    if not _learns(made):
        raise MerlabError(f"pipeline returned {_described(made)}; it must return an object with fit and predict_proba")
    is_of_merlab = type(made).__module__.partition(".")[0] == "merlab" or isinstance(made, NeuralClassifier)
    return made if is_of_merlab else ObjectClassifier(made, task, made_for_fold=True)


def fit_arguments(model: Any, offered: Mapping[str, object], every: bool = True) -> dict[str, object]:
    """What ``fit`` of a model gets beside inputs and labels: of what is offered, what it has parameters for, by name.

    With ``every``, a ``**parameter`` takes all. Raises MerlabError for a parameter without a default that merlab does
    not know, and if the method declares what its ``fit`` does not take.
    """
    parameters = list(inspect.signature(model.fit).parameters.values())
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    further = [each for each in parameters if each not in positional[:2]]
    by_name = {each.name for each in further if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    takes_all = every and any(each.kind is each.VAR_KEYWORD for each in further)
    given = {name: value for name, value in offered.items() if takes_all or name in by_name}
    required = [each.name for each in further if each.default is each.empty and not each.kind.name.startswith("VAR")]
    for name in [name for name in required if name not in given]:
        if name != "unlabeled":
            raise MerlabError(_unknown(model, name))
        given[name] = None
    untaken = next((name for name in offered if name not in given and name in DECLARED), None)
    if untaken is not None:
        raise MerlabError(
            f"{DECLARED[untaken]} is declared, but fit of {_described(model)} has no parameter {untaken}; add it to fit"
        )
    return given


def _unknown(model: Any, name: str) -> str:
    """What is wrong with a required parameter of ``fit`` that merlab does not give."""
    if name in DECLARED:
        return f"fit of {_described(model)} requires {name}; declare merlab.Method(..., {DECLARED[name]})"
    return (
        f"fit of {_described(model)} requires a parameter {name!r}, which merlab does not give; after inputs and "
        f"labels it gives {', '.join(FIT_PARAMETERS)} by name, so every other parameter needs a default value"
    )


def free_random_states(estimator: Any) -> list[str]:
    """The ``random_state`` parameters of an estimator and of its components that are None."""
    parameters = estimator.get_params(deep=True)
    return [key for key, value in parameters.items() if key.split("__")[-1] == "random_state" and value is None]


def _splits_by_groups(estimator: Any) -> bool:
    """Whether a part of an estimator splits the training clips by groups; parts may not tell."""
    from sklearn.utils.metadata_routing import get_routing_for_object

    try:
        return "groups" in get_routing_for_object(estimator).consumes("fit", ["groups"])
    except NotImplementedError:
        return False


def _copied(model: Any, made_for_fold: bool) -> Any:
    """A copy; what was made for one fold and cannot be copied, such as an open session, is used as it is."""
    try:
        return copy.deepcopy(model)
    except Exception as error:
        if made_for_fold:
            return model
        raise MerlabError(
            f"{_described(model)} cannot be copied ({error}), and every fold gets a deep copy of it; give the class, "
            "or a function that makes one: merlab.Method(NAME, pipeline=lambda task: ...)"
        ) from error


def _made(kind: type, task: Task) -> Any:
    """A new object of a class whose constructor takes the task or no argument."""
    required = [
        each
        for each in inspect.signature(kind).parameters.values()
        if each.default is inspect.Parameter.empty
        and each.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    ]
    return kind(task) if len(required) == 1 else kind()


def _present(model: Any, classes: int) -> NDArray[np.int64]:
    """The label of each column of a model's probabilities, by its ``classes_``; without it, 0 to classes - 1."""
    stated = getattr(model, "classes_", None)
    if stated is None:
        return np.arange(classes)
    try:
        values = np.asarray(stated, np.float64)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.ndim != 1 or not set(values) <= set(range(classes)) or len(set(values)) < len(values):
        raise MerlabError(
            f"classes_ of {_described(model)} is {stated!r}; it must state the label of each column of predict_proba, "
            f"each once, among the labels that fit gets, 0 to {classes - 1}"
        )
    return values.astype(np.int64)


def _placed(probabilities: NDArray[np.float64], present: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Probabilities (N, classes) from the columns of the classes ``present``; all others are 0."""
    if probabilities.shape != (len(probabilities), len(present)):
        raise MerlabError(
            f"predict_proba gave an array of shape {probabilities.shape}, but classes_ states {len(present)} columns; "
            "give one column for each class in classes_"
        )
    placed = np.zeros((len(probabilities), classes))
    placed[:, present] = probabilities
    return placed


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
