"""Inputs: an aligned clip becomes float32 arrays, named by a recipe that states exactly how."""

from merlab.inputs.extraction import default_cache, input_of, load_inputs, make_input, mirror_of
from merlab.inputs.flow import FLOW
from merlab.inputs.flow_sequence import FLOW_SEQUENCE
from merlab.inputs.images import APEX, DIFFERENCE, ONSET_APEX
from merlab.inputs.lbp_top import LBP_TOP
from merlab.inputs.mdmo import MDMO
from merlab.inputs.recipe import InputKind, Recipe, parse, parse_size
from merlab.inputs.sequences import DYNAMIC_IMAGE, SEQUENCE

INPUTS: dict[str, InputKind] = {
    kind.name: kind
    for kind in (APEX, ONSET_APEX, DIFFERENCE, DYNAMIC_IMAGE, SEQUENCE, FLOW, FLOW_SEQUENCE, LBP_TOP, MDMO)
}


def parse_recipe(text: str) -> Recipe:
    """The recipe that a text names, e.g. ``flow:channels=uvs,size=28x28``; raises MerlabError saying what is wrong."""
    return parse(text, INPUTS)


__all__ = [
    "INPUTS",
    "InputKind",
    "Recipe",
    "default_cache",
    "input_of",
    "load_inputs",
    "make_input",
    "mirror_of",
    "parse_recipe",
    "parse_size",
]
