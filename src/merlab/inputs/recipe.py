"""Recipes: one string that states exactly how an input is computed; it is therefore also the cache key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, get_args

from merlab.clips import Clip
from merlab.errors import MerlabError, naming_mistakes
from merlab.frames import Float32Array, Frames
from merlab.given import as_whole, require_instance
from merlab.registry import look_up

View = Literal["global", "local", "both"]
SampleLayout = Literal["image", "sequence", "vector"]
Extract = Callable[[Clip, "Frames | None", "Recipe"], Float32Array]

MIN_SIDE, MAX_SIDE = 8, 2048
# British spellings, which recipes of merlab 0.1 have -> the current spellings.
OTHER_SPELLING = {"colour": "color", "grey": "gray", "centred": "centered"}
# For inputs that need an apex: the rule that chooses it for a clip without an annotated apex (``inputs.apex``).
APEX_CHOICES = {"no-apex": ("spotted", "middle")}
# The regions of a local view: those of the template, or those with outlines through the landmarks of the clip's face.
OUTLINES = ("template", "landmarks")
# ``corrected``: moved and scaled to the crop of synthetic faces, fitted on training clips (``inputs.crop_correction``).
CROPS = ("stored", "corrected")
COMMON_CHOICES = {
    "regions": ("none", "mask", "mosaic", "whole"),
    "outlines": OUTLINES,
    "view": ("global", "local", "both"),
    "crop": CROPS,
}


@dataclass(frozen=True, eq=False)
class InputKind:
    """One way to turn a clip into an array; the text of a recipe starts with its name.

    Attributes:
        name: the name in recipes.
        title: a short description for lists.
        version: increased whenever the same recipe would give other numbers.
        size: the default size, ``231x282``.
        choices: the options of this kind -> their allowed values; the first value is the default.
        channels: ``channels(recipe)`` is the number of channels of one view.
        frames_needed: ``frames_needed(clip, recipe)`` are the frame numbers that are read; ``extract`` can read no
            other frame. What it reads from ``clip.source`` itself must be listed by ``files``.
        extract: ``extract(clip, frames, recipe)`` is the global view; ``frames`` is None for a clip that is stored as
            one flow image. Emotion, objective class, action units and note of the clip are blank.
        neutral: ``neutral(image, recipe)`` is the neutral value (C, 1, 1), which replaces masked pixels;
            None for a vector, which has no local view.
        mirror: ``mirror(recipe)`` are the signs and offsets (C,) that complete a horizontal flip; None, as the field or
            as its result, if an array cannot be flipped.
        layout: the form of a view: an ``image`` (C, H, W) at the size of the recipe; a ``sequence`` (T, C, H, W) of T
            images, where T is the option ``frames``; or a ``vector`` (C, 1, 1) of numbers without positions, where the
            size of the recipe is the size of the frames from which they are computed.
        samples: ``samples(recipe)`` is the number of samples that one clip gives, such as crops of the same movement;
            None for one. Several are the first axis of the array, and a method treats each as a clip of its own.
        strain: ``strain(recipe)`` is the position of the optical strain in each image of an array whose samples and
            channels are counted together, all images having equally many channels; empty if an image has no strain.
        files: ``files(clip, recipe)`` are further files that decide the array, beside the frames or ``clip.source``.

    Raises MerlabError for a field of another kind.

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
    mirror: Callable[[Recipe], tuple[list[float], list[float]] | None] | None = None
    layout: SampleLayout = "image"
    samples: Callable[[Recipe], int] | None = None
    strain: Callable[[Recipe], list[int]] | None = None
    files: Callable[[Clip, Recipe], list[Path]] | None = None

    def __post_init__(self) -> None:
        require_instance(self.name, str, "the name of a kind of input", "such as 'blur'")
        if not self.name.strip() or ":" in self.name:
            raise MerlabError(f"the name of a kind of input is a text without a colon, got {self.name!r}")
        try:
            as_whole(self.version, "version", 1)
            parse_size(self.size)
            look_up(self.layout, dict.fromkeys(get_args(SampleLayout)), "layout")
            self._require_functions()
            self._require_choices()
        except MerlabError as error:
            raise MerlabError(f"input {self.name}: {error}") from error

    def _require_functions(self) -> None:
        for name in ("channels", "frames_needed", "extract", "neutral", "mirror", "samples", "strain", "files"):
            given, needed = getattr(self, name), name in {"channels", "frames_needed", "extract"}
            if not callable(given) and (needed or given is not None):
                raise MerlabError(f"{name} must be a function{'' if needed else ' or None'}, got {given!r}")

    def _require_choices(self) -> None:
        choices = self.choices if isinstance(self.choices, Mapping) else {"choices": None}
        for option, values in choices.items():
            listed = isinstance(values, list | tuple) and len(values) > 0
            if not listed or not all(isinstance(each, str) for each in (option, *values)):
                raise MerlabError(
                    "choices must map each option to a tuple of texts, the default first, such as "
                    f'{{"algorithm": ("dis", "tvl1")}}, got {self.choices!r}'
                )
        if self.layout == "sequence" and "frames" not in choices:
            raise MerlabError('a sequence needs the option frames, such as choices={"frames": ("10",)}')

    @property
    def is_built_in(self) -> bool:
        """Whether the kind comes with merlab, so that its name and version determine what it computes."""
        return BUILT_IN.get(self.name) is self


# The kinds that come with merlab, by name; ``merlab.inputs`` fills it when it is imported.
BUILT_IN: dict[str, InputKind] = {}


@dataclass(frozen=True)
class Recipe:
    """A complete description of an input: the kind, its options, the size in pixels and the view.

    ``str(recipe)`` states all options, including defaults, and the version of the kind: two recipes with the same text
    give the same numbers.
    """

    kind: InputKind
    options: tuple[tuple[str, str], ...]
    width: int
    height: int
    regions: str = "none"
    view: str = "global"
    outlines: str = OUTLINES[0]
    crop: str = CROPS[0]

    def __str__(self) -> str:
        own = [f"{key}={value}" for key, value in self.options]
        outlines = [] if self.regions == "none" else [f"outlines={self.outlines}"]
        crop = [] if self.crop == CROPS[0] else [f"crop={self.crop}"]
        common = [f"size={self.width}x{self.height}", f"regions={self.regions}", *outlines, f"view={self.view}", *crop]
        return f"{self.kind.name}:" + ",".join([*own, *common, f"version={self.kind.version}"])

    def __reduce__(self) -> tuple[Callable[..., Recipe], tuple[object, ...]]:
        """Pickle a recipe of merlab's own kinds as text, which a worker process parses; other recipes as objects."""
        if self.kind.is_built_in:
            return _parse_built_in, (str(self),)
        return Recipe, tuple(getattr(self, each.name) for each in fields(self))

    def __getitem__(self, option: str) -> str:
        return dict(self.options)[option]

    @property
    def channels(self) -> int:
        """The number of channels of one view."""
        with naming_mistakes(f"input {self.kind.name}: channels", not self.kind.is_built_in):
            return as_whole(self.kind.channels(self), f"what channels of input {self.kind.name} gives", 1)

    @property
    def views(self) -> int:
        """The number of views: 2 if the array holds the global view and then the local view, else 1."""
        return 2 if self.view == "both" else 1

    @property
    def frames(self) -> int:
        """The number of frames T of a sequence, else 1."""
        return int(self["frames"]) if self.kind.layout == "sequence" else 1

    @property
    def samples(self) -> int:
        """The number of samples that one clip gives; several are the first axis of the array."""
        with naming_mistakes(f"input {self.kind.name}: samples", not self.kind.is_built_in):
            given = self.kind.samples(self) if self.kind.samples else 1
            return as_whole(given, f"what samples of input {self.kind.name} gives", 1)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one clip's array: ([samples,] *sample_shape)."""
        return (self.samples, *self.sample_shape) if self.samples > 1 else self.sample_shape

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of one sample: ([frames,] channels of all views, height, width), or (channels, 1, 1)."""
        if self.kind.layout == "vector":
            return self.channels, 1, 1
        image = self.views * self.channels, self.height, self.width
        return (self.frames, *image) if self.kind.layout == "sequence" else image

    def seen_by(self, view: View) -> Recipe:
        """The same input for a method that uses this view; the default form of a local view is ``mask``."""
        if view == "global":
            return replace(self, regions="none", view="global", outlines=OUTLINES[0])
        return replace(self, regions=self.regions if self.regions != "none" else "mask", view=view)


def parse(text: str, kinds: Mapping[str, InputKind]) -> Recipe:
    """Read ``name`` or ``name:key=value,...``; raises MerlabError with the wrong part and the allowed values."""
    head, (_, _, tail) = kind_named_in(text), text.strip().partition(":")
    kind = look_up(head, kinds, "input")
    # The words of your own kinds are spelled as you choose.
    spelled = OTHER_SPELLING if kind.is_built_in else {}
    given = {spelled.get(key, key): spelled.get(value, value) for key, value in _pairs(text, tail).items()}
    version = given.pop("version", str(kind.version))
    if version != str(kind.version):
        raise MerlabError(
            f"recipe {text!r} requests version {version} of {head}; this merlab computes version {kind.version}, "
            "which a recipe without version= gets"
        )
    width, height = parse_size(given.pop("size", kind.size))
    _require_choices(text, kind, given)
    regions, outlines, view = _local_view(text, kind, given)
    options = tuple((key, given.get(key, allowed[0])) for key, allowed in kind.choices.items())
    recipe = Recipe(kind, options, width, height, regions, view, outlines, given.get("crop", CROPS[0]))
    _check_crop(text, recipe)
    return recipe


def _require_choices(text: str, kind: InputKind, given: Mapping[str, str]) -> None:
    """Raises MerlabError for an option that the kind does not have, and for a value that an option does not take."""
    choices = {**kind.choices, **COMMON_CHOICES}
    for key, value in given.items():
        if key not in choices:
            raise MerlabError(f"recipe {text!r}: {kind.name} has no option {key!r}; it has size, {', '.join(choices)}")
        if value not in choices[key]:
            raise MerlabError(f"recipe {text!r}: {key} must be one of {', '.join(choices[key])}, got {value!r}")


def _local_view(text: str, kind: InputKind, given: Mapping[str, str]) -> tuple[str, str, str]:
    """Regions, outlines and view; raises MerlabError where they do not belong together, or the kind has no regions."""
    regions = given.get("regions", "none")
    if regions != "none" and kind.neutral is None:
        why = "is a vector of numbers without positions" if kind.layout == "vector" else "has no neutral value"
        raise MerlabError(f"recipe {text!r}: {kind.name} {why}, so it has no regions")
    view = given.get("view", "global" if regions == "none" else "both")
    if (regions == "none") != (view == "global"):
        raise MerlabError(
            f"recipe {text!r}: a local view needs regions=mask or regions=mosaic, or regions=whole for the whole face, "
            "and a global view must not have them"
        )
    outlines = given.get("outlines", OUTLINES[0])
    if regions in {"none", "whole"} and outlines != OUTLINES[0]:
        raise MerlabError(f"recipe {text!r}: outlines need regions; add regions=mask or regions=mosaic")
    return regions, outlines, view


def _check_crop(text: str, recipe: Recipe) -> None:
    """Raise MerlabError for a crop that cannot be corrected: its place is found by the strain of centered flow."""
    if recipe.crop == CROPS[0]:
        return
    scale = dict(recipe.options).get("scale")
    has_strain = recipe.kind.strain is not None and bool(recipe.kind.strain(recipe))
    if not has_strain or scale != "centered" or recipe.outlines != OUTLINES[0]:
        raise MerlabError(
            f"recipe {text!r}: crop=corrected needs images of flow with the optical strain among their channels, "
            "scale=centered, and regions (if any) of the template, outlines=template"
        )


def _parse_built_in(text: str) -> Recipe:
    return parse(text, BUILT_IN)


def kind_named_in(text: str) -> str:
    """The name of the kind of input in a recipe's text; raises MerlabError for anything but a text."""
    if not isinstance(text, str):
        raise MerlabError(
            f"an input is a text such as flow:channels=uvs,size=28x28, a Recipe or an InputKind, got {text!r}"
        )
    return text.strip().partition(":")[0]


def parse_size(text: str) -> tuple[int, int]:
    """``231x282`` -> (231, 282), width first; raises MerlabError."""
    match = re.fullmatch(r"(\d+)x(\d+)", text) if isinstance(text, str) else None
    if not match:
        raise MerlabError(f"a size is written WIDTHxHEIGHT in pixels, such as 231x282; got {text!r}")
    width, height = int(match.group(1)), int(match.group(2))
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise MerlabError(f"each side of a size must be between {MIN_SIDE} and {MAX_SIDE} pixels, got {text}")
    return width, height


def _pairs(text: str, tail: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, tail.split(",")):
        key, _, value = part.partition("=")
        if not key or not value:
            raise MerlabError(f"recipe {text!r}: {part!r} does not have the form key=value")
        if key in pairs:
            raise MerlabError(f"recipe {text!r} has the option {key!r} twice")
        pairs[key] = value
    return pairs
