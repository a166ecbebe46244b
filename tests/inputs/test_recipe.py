import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merlab.errors import MerlabError
from merlab.inputs import INPUTS, as_recipe, parse_recipe
from merlab.inputs.recipe import parse
from tests.helpers import own_input


@st.composite
def recipes(draw: st.DrawFn) -> str:
    kind = INPUTS[draw(st.sampled_from(sorted(INPUTS)))]
    pairs = [f"{key}={draw(st.sampled_from(values))}" for key, values in kind.choices.items()]
    pairs.append(f"size={draw(st.integers(8, 400))}x{draw(st.integers(8, 400))}")
    if kind.neutral is not None and draw(st.booleans()):
        pairs += [
            f"regions={draw(st.sampled_from(['mask', 'mosaic']))}",
            f"view={draw(st.sampled_from(['local', 'both']))}",
        ]
    return f"{kind.name}:{','.join(draw(st.permutations(pairs)))}"


@given(recipes())
def test_the_complete_text_gives_the_same_recipe(text):
    recipe = parse_recipe(text)
    assert parse_recipe(str(recipe)) == recipe


@given(recipes())
def test_a_recipe_can_be_sent_to_another_process(text):
    recipe = parse_recipe(text)
    assert pickle.loads(pickle.dumps(recipe)) == recipe


@pytest.mark.parametrize("name", ["flow", "Flow"])
def test_a_kind_of_your_own_with_the_name_of_one_of_merlab_is_refused(name):
    assert as_recipe(INPUTS["flow"]) == parse_recipe("flow")
    with pytest.raises(MerlabError, match=f"input {name} is your own, and one of merlab's has this name; give it ano"):
        as_recipe(own_input(lambda clip, frames, recipe: None, name=name))


def test_the_complete_text_states_every_option_and_the_version():
    assert str(parse_recipe("flow")) == (
        "flow:algorithm=dis,channels=uvs,scale=minmax,at=231x282,magnify=none,no-apex=spotted,size=28x28,"
        "regions=none,view=global,version=1"
    )


def test_a_corrected_crop_is_stated_only_where_it_is_chosen():
    corrected = parse_recipe("flow:scale=centered,crop=corrected")
    assert str(corrected).endswith("view=global,crop=corrected,version=1")
    assert parse_recipe(str(corrected)) == corrected
    assert "crop" not in str(parse_recipe("flow:scale=centered,crop=stored"))


@pytest.mark.parametrize(
    "text",
    ["apex", "flow", "flow:scale=centered,channels=uv", "flow:scale=centered,regions=mask,outlines=landmarks"],
)
def test_a_crop_is_corrected_only_where_centered_strain_shows_the_face(text):
    with pytest.raises(MerlabError, match="crop=corrected needs images of flow with the optical strain"):
        parse_recipe(f"{text}{',' if ':' in text else ':'}crop=corrected")


def test_images_have_the_size_of_the_paper_by_default():
    assert parse_recipe("onset-apex").shape == (6, 282, 231)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("apex:size=112x136", (3, 136, 112)),
        ("apex:color=gray,size=28x28", (1, 28, 28)),
        ("flow:channels=uv", (2, 28, 28)),
        ("flow:regions=mask", (6, 28, 28)),
        ("flow:regions=mosaic,view=local", (3, 28, 28)),
        ("flow:regions=whole", (6, 28, 28)),
        ("dynamic-image", (3, 112, 112)),
        ("sequence", (10, 1, 282, 231)),
        ("sequence:frames=16,color=bgr,size=64x80", (16, 3, 80, 64)),
        ("lbp-top", (4425, 1, 1)),
        ("lbp-top:blocks=8x8x2", (22656, 1, 1)),
        ("mdmo", (72, 1, 1)),
        ("flow-sequence:frames=11,channels=uv,regions=mask", (11, 4, 28, 28)),
    ],
)
def test_the_recipe_states_the_shape(text, shape):
    assert parse_recipe(text).shape == shape


def test_a_method_with_a_local_view_gets_the_mask_form_unless_the_recipe_states_another():
    assert parse_recipe("flow").seen_by("both").regions == "mask"
    assert parse_recipe("flow:regions=mosaic").seen_by("local").regions == "mosaic"
    assert parse_recipe("flow:regions=mosaic").seen_by("global") == parse_recipe("flow")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gabor", "unknown input 'gabor'"),
        ("flow:scale=huge", "scale must be one of minmax, signed, raw"),
        ("flow:depth=3", "no option 'depth'"),
        ("flow:size=28", "WIDTHxHEIGHT"),
        ("flow:size=1x1", "between 8 and 2048"),
        ("flow:channels", "does not have the form key=value"),
        ("flow:scale=raw,scale=raw", "twice"),
        ("apex:view=local", "regions=mask or regions=mosaic"),
        ("apex:version=99", "version 99"),
        ("mdmo:regions=mask", "it has no regions"),
        ("flow:outlines=landmarks", "add regions=mask or regions=mosaic"),
        ("flow:regions=whole,outlines=landmarks", "add regions=mask or regions=mosaic"),
        ("flow:regions=whole,view=global", "regions=whole for the whole face"),
        ("flow:regions=mask,outlines=circle", "outlines must be one of template, landmarks"),
    ],
)
def test_a_wrong_recipe_is_refused_with_the_reason(text, message):
    with pytest.raises(MerlabError, match=message):
        parse_recipe(text)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", 3, "the name of a kind of input must be a str"),
        ("name", "my:flow", "the name of a kind of input is a text without a colon"),
        ("version", "1", "input apex: version must be a whole number from 1 up, got '1'"),
        ("size", (28, 28), r"input apex: a size is written WIDTHxHEIGHT in pixels, such as 231x282; got \(28, 28\)"),
        ("layout", "video", "input apex: unknown layout 'video'; layouts are image, sequence, vector"),
        ("layout", "sequence", "input apex: a sequence needs the option frames"),
        ("channels", 3, "input apex: channels must be a function, got 3"),
        ("mirror", [1.0], r"input apex: mirror must be a function or None, got \[1.0\]"),
        ("choices", ["dis"], "input apex: choices must map each option to a tuple of texts"),
        ("choices", {"algorithm": ()}, "input apex: choices must map each option to a tuple of texts"),
        ("choices", {"algorithm": "dis"}, "input apex: choices must map each option to a tuple of texts"),
        ("choices", {"level": (1, 2)}, "input apex: choices must map each option to a tuple of texts"),
    ],
)
def test_a_wrong_field_of_a_kind_of_input_is_named_when_it_is_made(field, value, message):
    with pytest.raises(MerlabError, match=message):
        replace(INPUTS["apex"], **{field: value})


@pytest.mark.parametrize("fields", [{"channels": lambda recipe: "3"}, {"samples": lambda recipe: 0}])
def test_channels_and_samples_of_your_own_kind_are_whole_numbers_from_1_up(fields):
    recipe = as_recipe(own_input(lambda clip, frames, recipe: None, **fields))
    with pytest.raises(
        MerlabError, match=f"what {next(iter(fields))} of input mine gives must be a whole number from 1"
    ):
        _ = recipe.shape


def test_only_the_words_of_merlabs_kinds_have_another_spelling():
    assert str(parse_recipe("apex:colour=grey")) == str(parse_recipe("apex:color=gray"))
    kind = replace(INPUTS["difference"], name="mine", choices={"colour": ("bgr", "grey")})
    assert parse("mine:colour=grey", {"mine": kind})["colour"] == "grey"


def test_recipes_with_different_options_have_different_texts():
    texts = [
        "flow",
        "flow:scale=raw",
        "flow:algorithm=farneback",
        "flow:size=30x28",
        "flow:at=native",
        "flow:regions=mask",
        "flow:regions=mask,outlines=landmarks",
    ]
    assert len({str(parse_recipe(text)) for text in texts}) == len(texts)
