"""Methods of your own: which objects are accepted, how they are fitted, and how their errors are reported."""

from __future__ import annotations

import re
import threading
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, NuSVC

from merlab.errors import MerlabError
from merlab.methods import Method, Preset, Task, find_method, methods_of
from merlab.methods.adapters import free_random_states
from merlab.methods.own import as_classifier, as_method
from merlab.training import TrainingSettings

SHORT = TrainingSettings(epochs=1)
TASK = Task(classes=3, channels=2, height=4, width=4)
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(30, 2, 4, 4)).astype(np.float32)
LABELS = np.arange(30) % 3
GROUPS = [f"casme2/sub{number % 5}" for number in range(30)]


class Recorder:
    """Stores its arguments, and predicts class 0."""

    def fit(self, inputs, labels, groups=None, seed=None):
        self.given = (inputs.shape, labels.tolist(), groups, seed)

    def predict_proba(self, inputs):
        return np.tile([1.0, 0.0, 0.0], (len(inputs), 1))


class Plain:
    """The smallest possible method."""

    def fit(self, inputs, labels):
        self.count = len(labels)

    def predict_proba(self, inputs):
        return np.full((len(inputs), 3), 1 / 3)


def built(given):
    method = as_method(given, find_method)
    return as_classifier(method.build(TASK, method.presets["default"]), TASK)


def fitted(given):
    classifier = built(given)
    classifier.fit(INPUTS, LABELS, GROUPS, seed=7)
    return classifier


class TestAScikitLearnClassifier:
    def test_predicts_as_scikit_learn_does_on_flattened_inputs(self):
        pipeline = make_pipeline(StandardScaler(), LogisticRegression())
        alone = pipeline.fit(INPUTS.reshape(30, -1), LABELS).predict_proba(INPUTS.reshape(30, -1))
        np.testing.assert_array_equal(fitted(pipeline).predict_proba(INPUTS), alone)

    def test_is_cloned_so_that_folds_are_independent(self):
        estimator = LogisticRegression()
        fitted(estimator)
        assert not hasattr(estimator, "coef_")

    @pytest.mark.parametrize("place", [lambda search: search, lambda search: make_pipeline(StandardScaler(), search)])
    def test_a_search_in_it_that_splits_by_groups_gets_the_subjects(self, place):
        class Subjects(GroupKFold):  # type: ignore[misc]
            def split(self, X, y=None, groups=None):  # noqa: N803 - the names of scikit-learn
                assert groups == GROUPS
                return super().split(X, y, groups)

        search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=Subjects(3), error_score="raise")
        assert fitted(place(search)).predict_proba(INPUTS).shape == (30, 3)

    def test_a_class_is_refused_because_an_object_is_needed(self):
        with pytest.raises(MerlabError, match=r"LinearSVC is a class of .*; give an object: LinearSVC\(...\)"):
            methods_of(LinearSVC)

    def test_gets_the_seed_if_its_random_state_is_none(self):
        method = as_method(DummyClassifier(strategy="uniform"), find_method)
        assert method.seeded
        assert free_random_states(make_pipeline(StandardScaler(), DummyClassifier())) == [
            "dummyclassifier__random_state"
        ]
        assert fitted(DummyClassifier(strategy="uniform")).estimator.random_state == 7

    def test_with_a_fixed_random_state_runs_once(self):
        assert not as_method(LogisticRegression(random_state=1), find_method).seeded

    def test_without_probabilities_gives_the_softmax_of_its_decisions(self):
        machine = LinearSVC(random_state=0)
        values = machine.fit(INPUTS.reshape(30, -1), LABELS).decision_function(INPUTS.reshape(30, -1))
        softmax = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(fitted(LinearSVC(random_state=0)).predict_proba(INPUTS), softmax)

    @pytest.mark.parametrize("machine", [SVC, NuSVC])
    def test_an_svm_that_decides_by_pairs_gives_probabilities_of_classes(self, machine):
        pairs = fitted(make_pipeline(StandardScaler(), machine(decision_function_shape="ovo")))
        classes = fitted(make_pipeline(StandardScaler(), machine()))
        assert np.array_equal(pairs.predict_proba(INPUTS), classes.predict_proba(INPUTS))

    def test_gives_zero_to_a_class_without_training_clips(self):
        classifier = built(LogisticRegression())
        classifier.fit(INPUTS[LABELS != 1], LABELS[LABELS != 1], GROUPS[:20], seed=0)
        probabilities = classifier.predict_proba(INPUTS)
        assert (probabilities[:, 1] == 0).all()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)

    def test_that_does_not_classify_is_refused(self):
        with pytest.raises(MerlabError, match="Ridge does not classify; a method is"):
            as_method(Ridge(), find_method)


class TestAnObject:
    def test_gets_inputs_labels_groups_and_seed(self):
        model = fitted(Recorder()).model
        assert model.given == ((30, 2, 4, 4), LABELS.tolist(), GROUPS, 7)

    def test_does_not_need_groups_and_seed(self):
        np.testing.assert_allclose(fitted(Plain()).predict_proba(INPUTS), 1 / 3)

    def test_is_copied_so_that_folds_are_independent(self):
        model = Recorder()
        fitted(model)
        assert not hasattr(model, "given")

    def test_can_be_a_class_with_or_without_a_task(self):
        class Sized(Plain):
            def __init__(self, task):
                self.task = task

        assert fitted(Plain).model.count == 30
        assert fitted(Sized).model.task == TASK

    def test_of_scikit_learns_base_class_gets_flattened_inputs(self):
        class Own(BaseEstimator):  # type: ignore[misc]
            def fit(self, inputs, labels):
                self.shape_ = inputs.shape
                return self

            def predict_proba(self, inputs):
                return np.full((len(inputs), 3), 1 / 3)

        assert fitted(Own()).estimator.shape_ == (30, 32)

    def test_that_cannot_be_copied_can_be_made_for_each_fold(self):
        class Locked(Plain):
            def __init__(self):
                self.lock = threading.Lock()

        make: Any = Locked
        assert fitted(Method("own", pipeline=lambda task: make())).model.count == 30


class TestWhatFitGets:
    """Only inputs and labels are given by position; everything else by the name of the parameter."""

    def given(self, fit, **declared):
        seen: dict[str, Any] = {}
        model: Any = type("Model", (), {"fit": fit(seen), "predict_proba": Plain.predict_proba})
        method = Method("own", pipeline=lambda task: model())
        classifier: Any = as_classifier(method.build(TASK, method.presets["default"]), TASK)
        classifier.fit(INPUTS, LABELS, GROUPS, 7, **declared)
        return seen

    def test_in_any_order(self):
        def fit(seen):
            return lambda self, x, y, seed, groups: seen.update(seed=seed, groups=groups)

        assert self.given(fit) == {"seed": 7, "groups": GROUPS}

    def test_parameters_with_other_names_keep_their_defaults(self):
        def fit(seen):
            return lambda self, x, y, sample_weight=None, verbose=False: seen.update(given=(sample_weight, verbose))

        assert self.given(fit) == {"given": (None, False)}

    def test_action_units_and_unlabeled_clips_as_the_guide_describes(self):
        def fit(seen):
            return lambda self, inputs, labels, action_units, unlabeled: seen.update(a=action_units, u=unlabeled)

        assert self.given(fit, action_units=["4"], unlabeled=INPUTS) == {"a": ["4"], "u": INPUTS}
        assert self.given(fit, action_units=["4"]) == {"a": ["4"], "u": None}

    def test_what_no_fold_can_use_is_refused_before_inputs_are_made(self):
        class Unknown:
            def fit(self, inputs, labels, domain): ...

            def predict_proba(self, inputs): ...

        with pytest.raises(MerlabError, match="requires a parameter 'domain'"):
            methods_of(Unknown())

    def test_a_required_parameter_that_merlab_does_not_know_is_named(self):
        with pytest.raises(
            MerlabError, match=r"requires a parameter 'domain'.* groups, seed, action_units, unlabeled by"
        ):
            self.given(lambda seen: lambda self, inputs, labels, domain: None)
        with pytest.raises(MerlabError, match=r"requires action_units; declare merlab.Method\(..., action_units=True"):
            self.given(lambda seen: lambda self, inputs, labels, action_units: None)

    @pytest.mark.parametrize(
        ("fit", "first"),
        [
            (lambda self: None, "takes nothing by position"),
            (lambda self, inputs: None, "begins with inputs"),
            (lambda self, *, inputs, labels: None, "takes nothing by position"),
            (lambda self, groups, inputs, labels: None, "begins with groups and inputs"),
        ],
    )
    def test_inputs_and_labels_are_its_first_two_parameters(self, fit, first):
        given = type("Model", (), {"fit": fit, "predict_proba": Plain.predict_proba})()
        with pytest.raises(MerlabError, match=rf"fit of .*Model {first}, but .* write fit\(self, inputs, labels\)"):
            methods_of(given)

    def test_what_is_given_by_name_must_not_be_positional_only(self):
        message = "takes groups, seed by position only, but merlab gives it by name; move the / .* before groups"
        with pytest.raises(MerlabError, match=message):
            self.given(lambda seen: lambda self, inputs, labels, groups, seed, /: None)
        with pytest.raises(MerlabError, match="takes seed by position only"):
            self.given(lambda seen: lambda self, inputs, labels, seed=0, /: None)

    def test_what_is_declared_must_be_a_parameter(self):
        with pytest.raises(
            MerlabError, match="transductive=True is declared, but fit of .* has no parameter unlabeled"
        ):
            self.given(lambda seen: lambda self, inputs, labels: None, unlabeled=INPUTS)


class Ordered(Plain):
    """Its probabilities have a column for each of ``classes_``, in that order."""

    def __init__(self, classes, row):
        self.classes_, self.row = classes, row

    def predict_proba(self, inputs):
        return np.tile(self.row, (len(inputs), 1))


class TestTheColumnsOfProbabilities:
    @pytest.mark.parametrize(
        ("classes", "row", "placed"),
        [
            ([2, 0, 1], [0.7, 0.2, 0.1], [0.2, 0.1, 0.7]),
            ([2, 0], [0.7, 0.3], [0.3, 0.0, 0.7]),
            (np.array([0.0, 1.0, 2.0]), [0.7, 0.2, 0.1], [0.7, 0.2, 0.1]),
        ],
    )
    def test_are_placed_by_classes_(self, classes, row, placed):
        np.testing.assert_array_equal(fitted(Ordered(classes, row)).predict_proba(INPUTS[:1]), [placed])

    @pytest.mark.parametrize("classes", [[0, 1, 1], [1, 2, 3], [0, 1, 2.5], ["happy", "sad", "other"], 3])
    def test_must_have_different_labels_that_fit_got(self, classes):
        with pytest.raises(MerlabError, match=r"classes_ of .*Ordered is .* must state the label of each column"):
            fitted(Ordered(classes, [0.7, 0.2, 0.1])).predict_proba(INPUTS)

    def test_must_be_as_many_as_classes_(self):
        with pytest.raises(MerlabError, match=r"shape \(30, 3\), but classes_ states 2 columns"):
            fitted(Ordered([0, 1], [0.7, 0.2, 0.1])).predict_proba(INPUTS)

    @pytest.mark.parametrize(
        ("given", "named"),
        [
            (["happy", "sad"], "builtins.list, which is no array of numbers"),
            (torch.ones(30, 3, requires_grad=True), r"torch.Tensor, .*detach.*; give a NumPy array"),
            ([[0.5, 0.5], [1.0]], "inhomogeneous"),
            (None, "builtins.NoneType, which is no array of numbers; return a NumPy array"),
        ],
    )
    def test_must_be_numbers(self, given, named):
        model: Any = type("Model", (Plain,), {"predict_proba": lambda self, inputs: given})
        with pytest.raises(MerlabError, match=f"predict_proba of .*Model gave .*{named}"):
            fitted(model()).predict_proba(INPUTS)

    def test_of_a_table_are_placed_by_its_columns(self):
        table = pd.DataFrame(np.tile([0.7, 0.2, 0.1], (30, 1)), columns=[2, 0, 1])
        model: Any = type("Model", (Plain,), {"predict_proba": lambda self, inputs: table})
        np.testing.assert_array_equal(fitted(model()).predict_proba(INPUTS), np.tile([0.2, 0.1, 0.7], (30, 1)))
        named: Any = type(
            "Model", (Plain,), {"predict_proba": lambda self, inputs: table.set_axis(list("abc"), axis=1)}
        )
        with pytest.raises(MerlabError, match=r"columns of the table from .*Model is \['a', 'b', 'c'\]; it must state"):
            fitted(named()).predict_proba(INPUTS)

    def test_of_a_masked_array_are_unknown_where_it_is_masked(self):
        masked = np.ma.masked_array([[0.5, 0.5, 0.0]], [[False, True, False]])
        model: Any = type("Model", (Plain,), {"predict_proba": lambda self, inputs: masked})
        np.testing.assert_array_equal(fitted(model()).predict_proba(INPUTS[:1]), [[0.5, np.nan, 0.0]])


class TestAPipelineOfAMethod:
    """``Method(pipeline=...)`` can return any of them."""

    @pytest.mark.parametrize("make", [lambda task: LogisticRegression(), lambda task: Plain(), lambda task: Recorder()])
    def test_is_fitted_and_predicts(self, make):
        classifier = fitted(Method("own", pipeline=make))
        np.testing.assert_allclose(classifier.predict_proba(INPUTS).sum(axis=1), 1)

    def test_another_result_is_named(self):
        with pytest.raises(MerlabError, match="pipeline returned builtins.NoneType; it must return an object with fit"):
            built(Method("own", pipeline=cast(Any, lambda task: None)))


class TestMethodsOf:
    def test_takes_names_objects_and_mappings(self):
        own = Method("net", network=torch.nn.Identity)
        given = ["linear-svm", own, Plain(), {"mine": Plain()}]
        assert [method.name for method in methods_of(given)] == ["linear-svm", "net", "plain", "mine"]

    def test_a_method_of_merlab_under_its_own_name_is_that_method(self):
        assert methods_of({"linear-svm": "linear-svm"}) == [find_method("linear-svm")]
        (renamed,) = methods_of({"svm": "linear-svm"})
        assert (renamed.name, renamed.title) == ("svm", find_method("linear-svm").title)

    def test_another_name_is_not_that_by_which_a_command_finds_it(self):
        (method,) = methods_of({"mine": "ensemble:linear-svm+constant"})
        assert (method.name, method.origin) == ("mine", "")

    def test_an_object_is_named_by_its_attribute_or_its_class(self):
        class RidgeOnFlow(Plain):
            pass

        class Named(Plain):
            name = "my name"

        assert [method.name for method in methods_of([RidgeOnFlow(), Named()])] == ["ridge-on-flow", "my name"]

    def test_a_pipeline_is_named_after_its_steps(self):
        assert methods_of(make_pipeline(StandardScaler(), LinearSVC()))[0].name == "standard-scaler+linear-svc"

    def test_a_torch_module_is_refused_with_the_remedy(self):
        with pytest.raises(MerlabError, match=r"is a torch module; pass merlab.Method\('linear', network="):
            methods_of(torch.nn.Linear(2, 3))

    def test_one_module_is_no_network_because_every_fold_needs_a_new_one(self):
        with pytest.raises(MerlabError, match="method net: network is one Linear, .* a new one; give its class, or a"):
            Method("net", network=torch.nn.Linear(2, 3))

    def test_what_a_network_returns_must_be_a_module(self):
        forgetful: Any = lambda task: None  # noqa: E731 - mypy knows what a function returns
        with pytest.raises(MerlabError, match="network= of net returned None; it must return a torch module"):
            Method("net", network=forgetful).module(TASK, Preset())

    def test_a_network_option_that_run_json_cannot_state_is_refused_with_the_remedy(self):
        def network(task, *, act="relu"):
            return torch.nn.Identity()

        message = "network option act of net is <class .*GELU.*>, which run.json cannot state; give a text or a number"
        with pytest.raises(MerlabError, match=message):
            Method("net", network=network, presets={"short": Preset(training=SHORT, network={"act": torch.nn.GELU})})
        method = Method("net", network=network, presets={"short": Preset(training=SHORT)})
        with pytest.raises(MerlabError, match=r"network option act of net"):
            method.preset_with("short", {"act": torch.nn.GELU()})

    def test_a_network_that_reads_values_when_it_is_made_has_an_outline(self):
        def network(task):
            rates = [rate.item() for rate in torch.linspace(0, 0.1, 3)]
            return torch.nn.Sequential(torch.nn.Dropout(rates[-1]), torch.nn.Linear(2, task.classes))

        before = torch.get_rng_state()
        outline = Method("net", network=network).outline(TASK, Preset())
        assert outline.state_dict()["1.weight"].shape == (3, 2)
        assert torch.equal(torch.get_rng_state(), before)

    def test_two_methods_with_the_same_name_are_refused_with_the_remedy(self):
        with pytest.raises(MerlabError, match="two methods are called plain; give it once, or name them"):
            methods_of([Plain(), Plain()])

    @pytest.mark.parametrize("name", ["linear-svm", "STSTNet"])
    def test_one_of_your_own_with_the_name_of_one_of_merlab_is_refused_with_the_remedy(self, name):
        wanted = re.escape(f"method {name} is your own, and one of merlab's has this name")
        for given in ({name: Plain()}, Method(name, network=torch.nn.Identity), {name: "constant"}):
            with pytest.raises(MerlabError, match=f"{wanted}.* give it another name, .*'my-{name}': method"):
                methods_of(given)

    @pytest.mark.parametrize("given", [[], 3, [None], object(), [lambda task: None]])
    def test_anything_else_is_refused_with_what_a_method_is(self, given):
        with pytest.raises(MerlabError, match=r"a method is the name of one, a merlab.Method, a scikit-learn"):
            methods_of(given)

    @pytest.mark.parametrize(
        ("maker", "message"),
        [
            (Plain, "pipeline is called with a Task alone, but takes none; write lambda task: ..."),
            (
                lambda task, width: Plain(),
                "called with a Task alone, but takes task, width; write lambda task: ..., and options",
            ),
        ],
    )
    def test_what_makes_a_method_takes_a_task_alone(self, maker, message):
        with pytest.raises(MerlabError, match=re.escape(message)):
            Method("own", pipeline=cast(Any, maker))
        optional: Any = lambda task, width=3, *, depth=2: Plain()  # noqa: E731 - mypy knows what a function takes
        assert Method("own", pipeline=optional).name == "own"

    def test_a_method_needs_either_a_network_or_a_pipeline(self):
        with pytest.raises(MerlabError, match="give exactly one of network= and pipeline="):
            Method("both")
