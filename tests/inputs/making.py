"""The input of one clip."""

from merlab.clips import ClipTable
from merlab.inputs import make_input, parse_recipe


def made(clip, text):
    return make_input(ClipTable((clip,)), clip, parse_recipe(text))
