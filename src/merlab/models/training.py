"""What is trained when a recognizer is made, and how."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from merlab.clips import ClipTable
from merlab.errors import MerlabError, naming_mistakes
from merlab.evaluation import plan
from merlab.evaluation.start import Start
from merlab.evaluation.zoo import ZooFile, start_from
from merlab.fingerprint import fingerprint
from merlab.inputs import Recipe, as_recipe
from merlab.methods import Method, Preset, Task, find_method, is_own
from merlab.schemes import SCHEMES, Scheme


@dataclass(frozen=True)
class Training:
    """The settings of a recognizer's training, without its clips.

    Attributes:
        name: of the recognizer.
        method, preset: the network and its settings, by name.
        scheme: the classes.
        recipe: of the input; None uses the preset's own.
        seed: divides the subjects, makes the synthetic flow, and is the seed of the recognizer that is kept.
        seeds: how many recognizers are trained, with seeds ``seed``, ``seed`` + 1, ..., for a score with its spread.
        members: how many networks each of them averages.

    Raises MerlabError for a method that is not a network or cannot be averaged, for a preset or a recipe that does not
    exist or gives several samples of a movement, and for a network option that a file of weights cannot keep.

    """

    name: str
    method: str
    preset: str
    scheme: Scheme
    recipe: str | None
    seed: int
    seeds: int
    members: int = 1

    def __post_init__(self) -> None:
        if self.members < 1:
            raise MerlabError(f"members must be at least 1, got {self.members}")
        if self.of_method.network is None:
            raise MerlabError(f"{self.method} is not a network; choose one, such as flow-cnn")
        recipe = self.full_recipe()
        if recipe.samples > 1:
            raise MerlabError(
                f"a recognizer reads one image of each movement; {recipe} gives {recipe.samples} samples; pass an "
                "input such as flow:scale=centered,crop=corrected"
            )
        for name, value in self.kept_network().items():
            if not _is_json(value):
                raise MerlabError(
                    f"preset {self.preset} of {self.method}: a file of weights cannot keep the network option {name}, "
                    f"which is {value!r}; use numbers, texts, truth values, lists, or mappings from texts to these"
                )

    @property
    def of_method(self) -> Method:
        """The method."""
        return find_method(self.method)

    def settings(self) -> Preset:
        """The preset."""
        return self.of_method.preset(self.preset)

    def full_recipe(self) -> Recipe:
        """The recipe of the input with all its options."""
        method = self.of_method
        return as_recipe(self.recipe or self.settings().input or method.input).seen_by(method.view)

    def kept_network(self) -> Mapping[str, Any]:
        """The options of the network that is kept: the preset's; the number of members; averaged mirror images.

        Images are mirrored only if the preset does so at test and the network has this option.
        """
        method, training = self.of_method, self.settings().training
        options: dict[str, Any] = {"members": self.members} if self.members > 1 else {}
        if training is not None and training.mirror_at_test and _takes(method, "mirrored"):
            options["mirrored"] = True
        return method.preset_with(self.preset, options).network

    def numbers_of(self, seed: int) -> list[int]:
        """The seeds of the networks that the recognizer of this seed averages."""
        return list(range(seed * self.members, (seed + 1) * self.members))

    def stated(self) -> dict[str, object]:
        """Everything that determines the networks except the clips, as JSON keeps it."""
        own_labels = {} if self.has_scheme_of_merlab else {"labels": dict(self.scheme.emotions)}
        course = {**vars(self), "scheme": self.scheme.name, **own_labels}
        return {"course": course, "settings": self.settings().model_dump(mode="json"), **self._own_code()}

    def _own_code(self) -> dict[str, str]:
        """What a network, or a kind of input, of an installed package does; merlab's own have its version."""
        kind = self.full_recipe().kind
        if kind.is_built_in and not is_own(self.of_method):
            return {}
        return {"code": fingerprint((self.of_method.network, kind.mirror, kind.strain))}

    @property
    def has_scheme_of_merlab(self) -> bool:
        """Whether the scheme comes with merlab, so that its name determines it."""
        return SCHEMES.get(self.scheme.name) is self.scheme


def default_preset(method: str, own: ClipTable | None, starts: bool) -> str:
    """The preset for synthetic flow, or for clips of databases with or without a start; else the method's default."""
    presets = find_method(method).presets
    wanted = "synthetic" if own is None else "pretrained" if starts else None
    if wanted is not None:
        for name in presets:
            if name.startswith(wanted):
                return name
    return plan.default_preset(find_method(method), ClipTable(()) if own is None else own)


def fitting_starts(training: Training, given: Sequence[Start | ZooFile]) -> tuple[Start, ...]:
    """The starts, those of published networks as far as they fit; raises MerlabError for one that does not."""
    recipe, classes = training.full_recipe(), training.scheme.classes
    task, preset, method = Task.of(len(classes), recipe), training.settings(), training.of_method
    return tuple(
        start if isinstance(start, Start) else start_from(start, method, preset, task, recipe, classes)
        for start in given
    )


def require_material(training: Training, own: ClipTable | None, synthetic: object, starts: Sequence[Start]) -> None:
    """Raise MerlabError with the option and the command to type if the preset lacks what it needs, or has too much."""
    preset, made = training.settings(), "flow-clips, which `merlab make-flow flow-clips` makes"
    mixes = preset.training is not None and preset.training.synthetic_share > 0
    what = f"preset {training.preset} of {training.method}"
    if "start" in preset.needs and not starts:
        raise MerlabError(
            f"{what} starts from trained weights; add --from start.safetensors, which `merlab pretrain "
            f"start.safetensors --method {training.method} --synthetic flow-clips` makes"
        )
    if mixes and (own is None or synthetic is None):
        missing = "--database and --root" if own is None else f"--synthetic {made}"
        raise MerlabError(f"{what} mixes synthetic clips into batches of real ones; add {missing}")
    if own is not None and synthetic is not None and not mixes:
        raise MerlabError(
            f"{what} does not mix synthetic clips into its batches; choose a preset that does, such as --preset "
            "pretrained, or leave --synthetic out"
        )
    _require_fitting(training, own, starts)


def _require_fitting(training: Training, own: ClipTable | None, starts: Sequence[Start]) -> None:
    """Raise MerlabError for a start of another network, input or classes, or that was trained on the same databases."""
    recipe, classes = training.full_recipe(), training.scheme.classes
    for start in starts:
        if start.method != training.method:
            raise MerlabError(
                f"{start.name} holds weights of {start.method}, not of {training.method}; use --method {start.method}"
            )
        start.require_classes(classes)
        start.require_input(training.method, recipe)
        start.require_unseen([] if own is None else [clip.database for clip in own])
        with naming_mistakes(f"method {training.method}: its network", is_own(training.of_method)):
            start.require_network(training.of_method.outline(Task.of(len(classes), recipe), training.settings()))


def _takes(method: Method, option: str) -> bool:
    assert method.network is not None
    return option in inspect.signature(method.network).parameters


def _is_json(value: object) -> bool:
    """Whether a value is the same after it was written as JSON and read again."""
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False
