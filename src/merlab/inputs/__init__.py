"""Inputs: an aligned clip becomes a float32 array; a recipe states exactly how the array is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from merlab.errors import MerlabError
from merlab.inputs.apex_and_flow import APEX_AND_FLOW
from merlab.inputs.consecutive_flow import CONSECUTIVE_FLOW
from merlab.inputs.extraction import (
    code_of,
    default_cache,
    input_of,
    load_inputs,
    make_input,
    mirror_of,
    require_packages,
    require_possible,
)
from merlab.inputs.flow import FLOW
from merlab.inputs.flow_orders import FLOW_ORDERS
from merlab.inputs.flow_patches import FLOW_PATCHES
from merlab.inputs.flow_sequence import FLOW_SEQUENCE
from merlab.inputs.hsv_flow import HSV_FLOW
from merlab.inputs.images import APEX, DIFFERENCE, ONSET_APEX
from merlab.inputs.lbp_top import LBP_TOP
from merlab.inputs.lbp_top_hoof import LBP_TOP_HOOF
from merlab.inputs.magnified_frames import MAGNIFIED_FRAMES
from merlab.inputs.mdmo import MDMO
from merlab.inputs.recipe import BUILT_IN, InputKind, Recipe, kind_named_in, parse, parse_size
from merlab.inputs.released_flow import RELEASED_FLOW
from merlab.inputs.sequences import DYNAMIC_IMAGE, SEQUENCE
from merlab.inputs.stlbp_iip import STLBP_IIP
from merlab.inputs.three_key_frames import THREE_KEY_FRAMES
from merlab.inputs.two_frames import from_frames
from merlab.registry import Extensions, callable_as_listing, instance_of

if TYPE_CHECKING:
    import pandas as pd

INPUTS: dict[str, InputKind] = {
    kind.name: kind
    for kind in (
        APEX,
        ONSET_APEX,
        DIFFERENCE,
        DYNAMIC_IMAGE,
        SEQUENCE,
        FLOW,
        FLOW_PATCHES,
        FLOW_SEQUENCE,
        HSV_FLOW,
        CONSECUTIVE_FLOW,
        FLOW_ORDERS,
        APEX_AND_FLOW,
        MAGNIFIED_FRAMES,
        RELEASED_FLOW,
        LBP_TOP,
        MDMO,
        STLBP_IIP,
        LBP_TOP_HOOF,
        THREE_KEY_FRAMES,
    )
}


BUILT_IN.update(INPUTS)


def parse_recipe(text: str) -> Recipe:
    """The recipe of a text such as ``flow:channels=uvs,size=28x28``; raises MerlabError with the fault of the text."""
    name = kind_named_in(text)
    return parse(text, {name: EXTENSIONS.find(name, INPUTS)})


def as_recipe(given: str | Recipe | InputKind) -> Recipe:
    """A recipe from its text, from a recipe, or from your own kind of input with its default options.

    Raises MerlabError for a kind of your own with the name of one of merlab's: a recipe would state the one for the
    other.
    """
    if isinstance(given, Recipe):
        return given
    if not isinstance(given, InputKind):
        return parse_recipe(given)
    if given.name.lower() in INPUTS and not given.is_built_in:
        raise MerlabError(f"input {given.name} is your own, and one of merlab's has this name; give it another name")
    return parse(given.name, {given.name: given})


def all_inputs() -> dict[str, InputKind]:
    """Name -> kind of input: merlab's own kinds, then those that installed packages add (group ``merlab.inputs``)."""
    return EXTENSIONS.all(INPUTS)


def is_known(kind: InputKind) -> bool:
    """Whether a recipe's text is enough to find a kind: it is merlab's, or of an installed package."""
    return kind.is_built_in or all_inputs().get(kind.name) is kind


def listing() -> pd.DataFrame:
    """One row per kind of input: name, title, layout, size, and options (the first value of each is the default)."""
    import pandas as pd

    rows = [
        {
            "name": kind.name,
            "title": kind.title,
            "layout": kind.layout,
            "size": kind.size,
            "options": {option: list(values) for option, values in kind.choices.items()},
        }
        for kind in all_inputs().values()
    ]
    return pd.DataFrame(rows).set_index("name")


EXTENSIONS: Extensions[InputKind] = Extensions("input", instance_of(InputKind))
callable_as_listing(__name__)

__all__ = [
    "INPUTS",
    "InputKind",
    "Recipe",
    "all_inputs",
    "as_recipe",
    "code_of",
    "default_cache",
    "from_frames",
    "input_of",
    "is_known",
    "load_inputs",
    "make_input",
    "mirror_of",
    "parse_recipe",
    "parse_size",
    "require_packages",
    "require_possible",
]
