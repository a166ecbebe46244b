"""The registry: names, order, presets, and a fit of every method."""

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.inputs import as_recipe, mirror_of
from merlab.methods import METHODS, find_method
from merlab.methods.method import Method, Preset, Task

PUBLISHED_NETWORKS = [
    name for name, method in METHODS.items() if method.network is not None and not method.paper.startswith("none")
]


def test_baselines_come_first_then_merlabs_own_then_the_papers_networks_then_comparison_methods():
    assert list(METHODS) == [
        "constant",
        "random",
        "linear-svm",
        "joint-svm",
        "flow-cnn",
        "flow-ensemble",
        "gfem",
        "ltfem",
        "dbfem",
        "dbfem-caffm",
        "dbfem-caffm-l",
        "dbfem-caffm-g",
        "resnet18",
        "resnet34",
        "ststnet",
        "off-apexnet",
        "bi-woof",
        "dual-inception",
        "rcn-a",
        "rcn-s",
        "rcn-w",
        "rcn-f",
        "sssn",
        "dssn",
        "fr",
        "learnet",
        "lbp-top",
        "mdmo",
        "distlbp-iip",
        "ktgsl",
        "da-dictionary",
        "dikd",
        "madtn",
        "htnet",
        "mmnet",
        "emr",
        "emr-adversarial",
        "capsulenet",
        "3d-cnn-transfer",
        "dtscnn",
        "se-densenet-3d",
        "akmnet",
        "kfc-mer",
        "slstt-mean",
        "slstt-lstm",
        "later",
        "aman",
        "msmmt",
        "elrcn",
        "elrcn-se",
        "self-attention-transfer",
    ]
    assert all(method.name == name for name, method in METHODS.items())


def test_for_a_misspelled_name_the_closest_is_suggested():
    with pytest.raises(MerlabError, match="unknown method 'dbfem-cafm'; did you mean dbfem-caffm"):
        find_method("dbfem-cafm")


def test_for_a_name_unlike_any_other_all_are_listed():
    with pytest.raises(MerlabError, match="methods are constant, random"):
        find_method("xyzzy")


def test_for_an_unknown_preset_the_existing_ones_are_listed():
    with pytest.raises(MerlabError, match="gfem has no preset 'huge'; it has paper, reduced, flow28"):
        find_method("gfem").preset("huge")


def test_a_wrong_option_of_a_preset_is_named_with_the_valid_ones():
    with pytest.raises(MerlabError, match=r"unknown preset option 'netwrk'; did you mean network\? preset options are"):
        Preset(netwrk={})  # type: ignore[call-arg]
    with pytest.raises(MerlabError, match="preset option training: unknown training setting 'epoch'; did you mean epo"):
        Preset(training={"epoch": 1})


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_input_is_a_recipe_that_exists(method: Method):
    for text in [method.input, *(preset.input for preset in method.presets.values() if preset.input)]:
        assert as_recipe(text).seen_by(method.view).shape[0] > 0


@pytest.mark.parametrize("name", PUBLISHED_NETWORKS)
def test_only_the_published_settings_are_not_stamped_as_reduced(name):
    presets = find_method(name).presets
    assert {label for label, preset in presets.items() if not preset.reduced} == {"paper"}
    assert all(preset.training and preset.training.selection == "fixed" for preset in presets.values())


def test_a_baseline_is_not_a_network():
    with pytest.raises(MerlabError, match="constant is not a network"):
        find_method("constant").module(Task(3, 3, 28, 28), find_method("constant").preset("paper"))


@pytest.mark.parametrize(
    ("text", "layout"),
    [("flow", "image"), ("onset-apex:regions=mask", "image"), ("sequence", "sequence"), ("mdmo", "vector")],
)
def test_a_task_knows_the_layout_of_its_inputs(text, layout):
    assert Task.of(3, as_recipe(text)).layout == layout


def test_a_network_on_images_refuses_sequences_and_names_a_recipe():
    method = find_method("ststnet")
    with pytest.raises(MerlabError, match=r"ststnet takes inputs that are images, and this one is a sequence; .*flow:"):
        method.module(Task.of(3, as_recipe("flow-sequence")), method.preset("paper"))


@pytest.mark.parametrize(("name", "text", "layout"), [("lbp-top", "apex", "image"), ("ststnet", "mdmo", "vector")])
def test_descriptors_and_images_are_not_confused(name, text, layout):
    method = find_method(name)
    with pytest.raises(MerlabError, match=f"{name} takes inputs that are .*, and this one is an? {layout}"):
        method.build(Task.of(3, as_recipe(text)), method.preset("paper")).fit(
            np.zeros((4, 3, 1, 1), np.float32), np.array([0, 1, 0, 1]), ["s"] * 4, 0
        )


def test_network_options_are_converted_from_text_to_their_types():
    preset = find_method("dbfem-caffm").preset_with("reduced", {"attention": "se", "width": "0.5", "stem_stride": "1"})
    assert preset.network == {"attention": "se", "width": 0.5, "stem_stride": 1}
    assert find_method("dbfem-caffm").preset("reduced").network == {"width": 0.25}


def test_options_of_a_network_of_your_own_without_types_are_like_their_defaults():
    def network(task, *, width=16, small=False, sizes=None):
        raise NotImplementedError

    method = Method("mine", network=network)
    options = {"width": "8", "small": "true", "sizes": (1, 2)}
    assert method.preset_with("default", options).network == {"width": 8, "small": True, "sizes": (1, 2)}
    with pytest.raises(MerlabError, match="option width of mine: Input should be a valid integer.*got 'wide'"):
        method.preset_with("default", {"width": "wide"})


@pytest.mark.parametrize(
    ("name", "option", "value", "message"),
    [
        ("gfem", "gates", "se", "gfem has no option 'gates'; its options: depth, width, stem_stride, attention"),
        ("gfem", "attention", "self", "attention of gfem: Input should be 'cbam', 'se', 'sam' or 'none', got 'self'"),
        ("gfem", "width", "wide", "width of gfem: .*valid number.*got 'wide'"),
        ("ststnet", "width", "2", "ststnet has no option 'width'; its options: none"),
        ("linear-svm", "width", "2", "linear-svm is not a network"),
    ],
)
def test_a_wrong_network_option_is_named_with_the_valid_ones(name, option, value, message):
    with pytest.raises(MerlabError, match=message):
        find_method(name).preset_with("paper", {option: value})


@pytest.mark.parametrize("name", METHODS)
def test_every_method_fits_and_predicts_on_its_smallest_input(name):
    method = find_method(name)
    preset = method.presets.get("flow28", method.preset("reduced"))
    recipe = as_recipe(preset.input or method.input).seen_by(method.view)
    if preset.training is not None:
        short = preset.training.model_copy(update={"epochs": 1, "mirror": mirror_of(recipe) is not None})
        preset = preset.model_copy(update={"training": short})
    generator = np.random.default_rng(0)
    # Descriptors are counts and shares, which are never negative.
    lowest = 0 if recipe.kind.layout == "vector" else -1
    inputs = generator.uniform(lowest, 1, (9, *recipe.shape)).astype(np.float32)
    if name == "bi-woof":
        inputs[:, 2] = abs(inputs[:, 2])  # strain
    task = Task.of(3, recipe)
    classifier = method.build(task, preset, mirror=mirror_of(recipe))
    arguments = {"action_units": ["4", "12", "1+2"] * 3} if method.action_units else {}
    classifier.fit(inputs, np.arange(9) % 3, [f"s{row}" for row in range(9)], seed=0, **arguments)
    probabilities = classifier.predict_proba(inputs[:4])
    assert probabilities.shape == (4, 3)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(4))
