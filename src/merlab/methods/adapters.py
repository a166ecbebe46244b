"""Objects of your own as classifiers: scikit-learn estimators, and anything with ``fit`` and ``predict_proba``."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.methods.svm import flattened, softmax_of_decisions
from merlab.methods.task import Task

# What ``fit`` can get by name, and what a method must declare for it.
DECLARED = {"action_units": "action_units=True", "unlabeled": "transductive=True"}
# The name of the module of a file begins so, so that a file called numpy.py does not replace numpy.
OF_FILE = "merlab_methods_of_"
FIT_PARAMETERS = ("groups", "seed", *DECLARED)


class EstimatorClassifier:
    """A scikit-learn classifier, cloned for every fold, on flattened inputs (N, numbers).

    Every ``random_state`` that is None is set to the seed, and an SVM gives its decisions by class, not by pair. A
    search in it that splits by groups, such as GridSearchCV with GroupKFold, gets the subjects. Probabilities come from
    ``predict_proba``; without it, from the softmax of ``decision_function``; without both, the predicted class gets 1.
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
        # The decisions of an SVM between three classes are three in either shape.
        self.estimator.set_params(**dict.fromkeys(_parameters(self.estimator, "decision_function_shape", "ovo"), "ovr"))
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
        self.model = _made(model, task) if isinstance(model, type) else copied(model, made_for_fold)
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
        """Class probabilities (N, classes); columns are assigned by the model's ``classes_``, if it has them.

        Without these, the columns of a DataFrame state the labels.
        """
        given = self.model.predict_proba(inputs)
        probabilities = self._numbers(given)
        if probabilities.ndim != 2:
            return probabilities
        if getattr(self.model, "classes_", None) is not None:
            return _placed(probabilities, _present(self.model, self.classes), self.classes)
        if isinstance(given, pd.DataFrame):
            table = f"columns of the table from predict_proba of {described(self.model)}"
            return _placed(probabilities, _labels(list(given.columns), self.classes, table), self.classes)
        return probabilities

    def _numbers(self, given: object) -> NDArray[np.float64]:
        """What ``predict_proba`` gave as numbers; masked ones are NaN."""
        wrong = f"predict_proba of {described(self.model)} gave {described(given)}, which is no array of numbers"
        if given is None:
            raise MerlabError(f"{wrong}; return a NumPy array (clips, classes)")
        try:
            if isinstance(given, np.ma.MaskedArray):
                return np.ma.filled(given.astype(np.float64), np.nan)
            return np.asarray(given, np.float64)
        except (TypeError, ValueError, RuntimeError) as error:
            raise MerlabError(f"{wrong} ({error}); give a NumPy array (clips, classes)") from error


def fit_arguments(model: Any, offered: Mapping[str, object], every: bool = True) -> dict[str, object]:
    """What ``fit`` of a model gets beside inputs and labels: of what is offered, what it has parameters for, by name.

    With ``every``, a ``**parameter`` takes all. Raises MerlabError for a ``fit`` that does not take inputs and labels
    by position, for a parameter without a default that merlab does not know, for one that merlab knows and that cannot
    be given by name, and if the method declares what its ``fit`` does not take.
    """
    parameters = list(inspect.signature(model.fit).parameters.values())
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    further = [each for each in parameters if each not in positional[:2]]
    if not any(each.kind is each.VAR_POSITIONAL for each in parameters):
        _require_inputs_and_labels(model, [each.name for each in positional[:2]])
    _require_names(model, further)
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
            f"{DECLARED[untaken]} is declared, but fit of {described(model)} has no parameter {untaken}; add it to fit"
        )
    return given


def _require_inputs_and_labels(model: Any, first: Sequence[str]) -> None:
    """Raises MerlabError unless the first two parameters of ``fit`` can be inputs and labels."""
    if len(first) < 2 or set(first) & set(FIT_PARAMETERS):
        named = f"begins with {' and '.join(first)}" if first else "takes nothing by position"
        raise MerlabError(
            f"fit of {described(model)} {named}, but merlab gives it inputs and labels by position, as the first two; "
            "write fit(self, inputs, labels), and other parameters after them"
        )


def _require_names(model: Any, further: Sequence[inspect.Parameter]) -> None:
    """Raises MerlabError where ``fit`` takes by position only what merlab gives by name; a default would hide it."""
    known = [each.name for each in further if each.kind is each.POSITIONAL_ONLY and each.name in FIT_PARAMETERS]
    if known:
        raise MerlabError(
            f"fit of {described(model)} takes {', '.join(known)} by position only, but merlab gives it by name; move "
            f"the / in the parameters of fit before {known[0]}, or leave it out"
        )


def _unknown(model: Any, name: str) -> str:
    """What is wrong with a required parameter of ``fit`` that merlab does not give."""
    if name in DECLARED:
        return f"fit of {described(model)} requires {name}; declare merlab.Method(..., {DECLARED[name]})"
    return (
        f"fit of {described(model)} requires a parameter {name!r}, which merlab does not give; after inputs and "
        f"labels it gives {', '.join(FIT_PARAMETERS)} by name, so every other parameter needs a default value"
    )


def free_random_states(estimator: Any) -> list[str]:
    """The ``random_state`` parameters of an estimator and of its components that are None."""
    return _parameters(estimator, "random_state", None)


def _parameters(estimator: Any, name: str, value: object) -> list[str]:
    """The parameters of this name and value, of an estimator and of its components."""
    parameters = estimator.get_params(deep=True)
    return [key for key, found in parameters.items() if key.split("__")[-1] == name and found == value]


def _splits_by_groups(estimator: Any) -> bool:
    """Whether a part of an estimator splits the training clips by groups; parts may not tell."""
    from sklearn.utils.metadata_routing import get_routing_for_object

    try:
        return "groups" in get_routing_for_object(estimator).consumes("fit", ["groups"])
    except NotImplementedError:
        return False


def copied(model: Any, made_for_fold: bool) -> Any:
    """A copy; what was made for one fold and cannot be copied, such as an open session, is used as it is."""
    try:
        return copy.deepcopy(model)
    except Exception as error:
        if made_for_fold:
            return model
        raise MerlabError(
            f"{described(model)} cannot be copied ({error}), and every fold gets a deep copy of it; give the class, "
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
    return np.arange(classes) if stated is None else _labels(stated, classes, f"classes_ of {described(model)}")


def _labels(stated: object, classes: int, what: str) -> NDArray[np.int64]:
    """The stated labels of columns; raises MerlabError, which begins with ``what``, for anything else."""
    try:
        values = np.asarray(stated, np.float64)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.ndim != 1 or not set(values) <= set(range(classes)) or len(set(values)) < len(values):
        raise MerlabError(
            f"{what} is {stated!r}; it must state the label of each column of predict_proba, each once, among the "
            f"labels that fit gets, 0 to {classes - 1}"
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


def described(given: object) -> str:
    """An object for messages: its class, or itself if it is one, with its module, or its file."""
    kind = given if isinstance(given, type) else type(given)
    return f"{kind.__module__.removeprefix(OF_FILE)}.{kind.__qualname__}"
