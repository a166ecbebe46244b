"""Recipes: one string that says exactly how an input is made, and therefore is its cache key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from merlab.clips import Clip
from merlab.errors import MerlabError
from merlab.frames import Float32Array, Frames
from merlab.registry import look_up

View = Literal["global", "local", "both"]
Layout = Literal["image", "sequence", "vector"]
Extract = Callable[[Clip, "Frames | None", "Recipe"], Float32Array]

MIN_SIDE, MAX_SIDE = 8, 2048
# In recipes that merlab 0.1 wrote.
OLD_SPELLING = {"colour": "color", "grey": "gray"}
# Of inputs that need an apex: what chooses it for a clip whose annotators gave none (``inputs.apex``).
APEX_CHOICES = {"no-apex": ("spotted", "middle")}
# Whose regions a local view keeps: those of the template, or those through the landmarks of the clip's own face.
OUTLINES = ("template", "landmarks")
COMMON_CHOICES = {"regions": ("none", "mask", "mosaic"), "outlines": OUTLINES, "view": ("global", "local", "both")}


@dataclass(frozen=True, eq=False)
class InputKind:
    """One way to turn a clip into an array; a recipe's head names it.

    ``choices`` maps each option of its own to the values allowed, the default first; ``size`` is the default size.
    ``channels(recipe)`` counts the channels of one view. ``frames_needed(clip, recipe)`` are the frame numbers it
    reads. ``extract(clip, frames, recipe)`` gives the global view; ``frames`` is None for a clip that is stored as one
    flow image. ``layout`` says what a view is: an ``image`` (C, H, W) at the recipe's size; a ``sequence`` (T, C, H, W)
    of them, T being its option ``frames``; a ``vector`` (C, 1, 1) of numbers without place, whose recipe's size is that
    of the frames they are computed from. ``neutral(image, recipe)`` is the value (C, 1, 1) that stands for "nothing
    here" where regions are masked; a vector has none, since it has no local view. ``mirror(recipe)`` gives sign and
    offset (C,) that complete a horizontal flip; None where an array cannot be flipped. ``version`` goes up whenever the
    same recipe would give other numbers.
    """

    name: str
    title: str
    version: int
    size: str
    choices: Mapping[str, tuple[str, ...]]
    channels: Callable[[Recipe], int]
    frames_needed: Callable[[Clip, Recipe], list[int]]
    extract: Extract
    neutral: Callable[[Float32Array, Recipe], Float32Array] | None = None
    mirror: Callable[[Recipe], tuple[list[float], list[float]]] | None = None
    layout: Layout = "image"


@dataclass(frozen=True)
class Recipe:
    """A fully stated input: the kind, its options, the size in pixels and the view.

    ``str(recipe)`` states every option, also those left at their default, and the kind's version: two recipes with the
    same string give the same numbers.
    """

    kind: InputKind
    options: tuple[tuple[str, str], ...]
    width: int
    height: int
    regions: str = "none"
    view: str = "global"
    outlines: str = OUTLINES[0]

    def __str__(self) -> str:
        own = [f"{key}={value}" for key, value in self.options]
        outlines = [] if self.regions == "none" else [f"outlines={self.outlines}"]
        common = [f"size={self.width}x{self.height}", f"regions={self.regions}", *outlines, f"view={self.view}"]
        return f"{self.kind.name}:" + ",".join([*own, *common, f"version={self.kind.version}"])

    def __reduce__(self) -> tuple[Callable[..., Recipe], tuple[object, ...]]:
        """Pickle merlab's own kinds as text, which a worker process looks up; others as they are."""
        from merlab.inputs import INPUTS, parse_recipe

        if INPUTS.get(self.kind.name) is self.kind:
            return parse_recipe, (str(self),)
        return Recipe, tuple(getattr(self, each.name) for each in fields(self))

    def __getitem__(self, option: str) -> str:
        return dict(self.options)[option]

    @property
    def channels(self) -> int:
        """Channels of one view."""
        return self.kind.channels(self)

    @property
    def views(self) -> int:
        """2 where the array holds the global view and then the local one, else 1."""
        return 2 if self.view == "both" else 1

    @property
    def frames(self) -> int:
        """T of a sequence, else 1."""
        return int(self["frames"]) if self.kind.layout == "sequence" else 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one clip's array: ([frames of a sequence,] channels of all views, height, width); a vector's ends 1, 1."""
        if self.kind.layout == "vector":
            return self.channels, 1, 1
        image = self.views * self.channels, self.height, self.width
        return (self.frames, *image) if self.kind.layout == "sequence" else image

    def seen_by(self, view: View) -> Recipe:
        """The same input for a method that looks at this view; local views default to the mask form."""
        if view == "global":
            return replace(self, regions="none", view="global", outlines=OUTLINES[0])
        return replace(self, regions=self.regions if self.regions != "none" else "mask", view=view)


def parse(text: str, kinds: Mapping[str, InputKind]) -> Recipe:
    """Read ``head`` or ``head:key=value,...``; raises MerlabError naming the part that is wrong and what is allowed."""
    head, (_, _, tail) = kind_named_in(text), text.strip().partition(":")
    kind = look_up(head, kinds, "input")
    given = {OLD_SPELLING.get(key, key): OLD_SPELLING.get(value, value) for key, value in _pairs(text, tail).items()}
    version = given.pop("version", str(kind.version))
    if version != str(kind.version):
        raise MerlabError(
            f"recipe {text!r} asks for version {version} of {head}; this merlab makes version {kind.version}"
        )
    width, height = parse_size(given.pop("size", kind.size))
    choices = {**kind.choices, **COMMON_CHOICES}
    for key, value in given.items():
        if key not in choices:
            raise MerlabError(f"recipe {text!r}: {head} has no option {key!r}; it has size, {', '.join(choices)}")
        if value not in choices[key]:
            raise MerlabError(f"recipe {text!r}: {key} must be one of {', '.join(choices[key])}, got {value!r}")
    regions = given.get("regions", "none")
    if regions != "none" and kind.layout == "vector":
        raise MerlabError(f"recipe {text!r}: {head} is a vector of numbers without place, it has no regions to mask")
    view = given.get("view", "global" if regions == "none" else "both")
    if (regions == "none") != (view == "global"):
        raise MerlabError(
            f"recipe {text!r}: a local view needs regions=mask or regions=mosaic, and only a local view takes them"
        )
    outlines = given.get("outlines", OUTLINES[0])
    if regions == "none" and outlines != OUTLINES[0]:
        raise MerlabError(f"recipe {text!r}: outlines are those of regions; add regions=mask or regions=mosaic")
    options = tuple((key, given.get(key, allowed[0])) for key, allowed in kind.choices.items())
    return Recipe(kind, options, width, height, regions, view, outlines)


def kind_named_in(text: str) -> str:
    """The name of the kind of input in a recipe's text."""
    return text.strip().partition(":")[0]


def parse_size(text: str) -> tuple[int, int]:
    """``231x282`` -> (231, 282), width first; raises MerlabError."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise MerlabError(f"a size is written WIDTHxHEIGHT in pixels, such as 231x282; got {text!r}")
    width, height = int(match.group(1)), int(match.group(2))
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise MerlabError(f"a size must lie between {MIN_SIDE} and {MAX_SIDE} pixels a side, got {text}")
    return width, height


def _pairs(text: str, tail: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, tail.split(",")):
        key, equals, value = part.partition("=")
        if not equals or not key or not value:
            raise MerlabError(f"recipe {text!r}: {part!r} is not of the form key=value")
        if key in pairs:
            raise MerlabError(f"recipe {text!r} names {key!r} twice")
        pairs[key] = value
    return pairs
