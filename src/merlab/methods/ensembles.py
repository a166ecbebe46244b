"""Ensembles: the mean of the probabilities of several methods, and of several seeds of each.

``ensemble`` makes one from any methods that take the same input. On the command line and in ``merlab.evaluate`` it has
the name ``ensemble:METHOD+METHOD``; ``5xMETHOD`` averages five seeds of a method. The mean is taken over the seeds of
each method first, then over the methods, so that each method has the same weight. Nothing is chosen or weighted by
labels. Averaging independent members lowers the variance of a prediction (Breiman, "Bagging predictors", Machine
Learning 24, 1996).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.given import is_whole
from merlab.inputs.recipe import SampleLayout
from merlab.methods.method import Classifier, Method, Need, Preset, Task
from merlab.methods.own import as_classifier, as_method
from merlab.training import Material, Mirror, TrainingSettings

PREFIX = "ensemble:"
# Digits of the number of seeds in the name of an ensemble.
LONGEST_NUMBER = 3


@dataclass(frozen=True, eq=False)
class Member:
    """A method of an ensemble with one of its presets, and how many seeds of it are averaged."""

    method: Method
    preset_name: str
    seeds: int = 1

    @property
    def preset(self) -> Preset:
        """Its preset."""
        return self.method.preset(self.preset_name)

    @property
    def is_seeded(self) -> bool:
        """Whether a seed changes its results."""
        return self.method.is_seeded(self.preset)

    def build(
        self, task: Task, training: TrainingSettings | None, mirror: Mirror | None, material: Material
    ) -> Classifier:
        """An untrained classifier; ``training`` replaces the settings of a network."""
        preset = self.preset
        if training is not None and preset.training is not None:
            preset = preset.model_copy(update={"training": training})
        return as_classifier(self.method.build(task, preset, mirror, material), task)

    def __str__(self) -> str:
        number = f", {self.seeds} seeds" if self.seeds > 1 else ""
        return f"{self.method.name} (preset {self.preset_name}{number})"


class EnsembleClassifier:
    """The mean of the probabilities of all members, each method with the same weight.

    The seed s of the ensemble gives a member with n seeds the seeds s n, ..., s n + n - 1, so that ensembles of
    different seeds share no network. Each member gets arrays of its own: it may change them, as a scaler in place does.
    """

    def __init__(
        self, members: Sequence[Member], task: Task, *, preset: Preset, mirror: Mirror | None, material: Material
    ) -> None:
        self.members = [
            [member.build(task, preset.training, mirror, material) for _ in range(member.seeds)] for member in members
        ]

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Fit every member on the same clips."""
        for of_method in self.members:
            for number, classifier in enumerate(of_method):
                classifier.fit(inputs.copy(), labels.copy(), list(groups), seed * len(of_method) + number)

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes)."""
        means = [
            np.mean([classifier.predict_proba(inputs.copy()) for classifier in of_method], axis=0)
            for of_method in self.members
        ]
        return np.asarray(np.mean(means, axis=0), np.float64)


def ensemble(
    name: str,
    methods: Sequence[Any],
    *,
    seeds: int | Sequence[int] = 1,
    title: str = "",
    input: str | None = None,  # noqa: A002 - the public name of the option
) -> Method:
    """A method that averages the probabilities of ``methods``, each with ``seeds`` seeds (one number, or one of each).

    A method is a ``Method``, a scikit-learn classifier, or anything with ``fit`` and ``predict_proba``.
    Its presets are those that all members have, else their first ones. Its input is ``input``, else that of the first
    member; all members get it. If its networks have the same training settings, they can be changed as those of a
    network. A transductive member learns from the training clips alone. Raises MerlabError for no method, for members
    that take different views of the face or layouts of input, and for a member that learns from action units.
    """
    methods = [as_method(each, _named) for each in (methods if isinstance(methods, Iterable) else [methods])]
    numbers = list(seeds) if isinstance(seeds, Iterable) else [seeds] * len(methods)
    if not methods or len(numbers) != len(methods) or not all(is_whole(number) and number >= 1 for number in numbers):
        raise MerlabError(f"ensemble {name} needs at least one method, and 1 or more seeds for each, got {numbers}")
    _require_one_input(name, methods)
    pairs = list(zip(methods, numbers, strict=True))
    shared = [each for each in methods[0].presets if all(each in method.presets for method in methods)]
    chosen = {each: tuple(_member(method, each, number) for method, number in pairs) for each in shared}
    if not chosen:
        chosen = {"default": tuple(_member(method, next(iter(method.presets)), number) for method, number in pairs)}
    return ensemble_of(name, chosen, title=title, input=input)


def _require_one_input(name: str, methods: Sequence[Method]) -> None:
    """Raise MerlabError unless one input is enough for all members."""
    taught = next((method.name for method in methods if method.action_units), None)
    if taught is not None:
        raise MerlabError(
            f"ensemble {name}: {taught} learns from action units, which an ensemble does not pass on; evaluate it alone"
        )
    if len({method.view for method in methods}) > 1:
        views = ", ".join(f"{method.name} {method.view}" for method in methods)
        raise MerlabError(f"ensemble {name}: all members must take the same view of the face, got {views}")
    if not _common_layouts(methods):
        layouts = ", ".join(f"{method.name} {' or '.join(method.takes)}" for method in methods)
        raise MerlabError(f"ensemble {name}: all members must take the same layout of input, got {layouts}")


def _common_layouts(methods: Sequence[Method]) -> tuple[SampleLayout, ...]:
    return tuple(layout for layout in methods[0].takes if all(layout in method.takes for method in methods))


def _named(name: str) -> Method:
    raise MerlabError(f"an ensemble takes methods, got the name {name!r}; pass merlab.methods.find_method({name!r})")


def _member(method: Method, preset: str, seeds: int) -> Member:
    """A member that is trained once where no seed changes its results."""
    member = Member(method, preset, seeds)
    return member if member.is_seeded else replace(member, seeds=1)


def ensemble_of(
    name: str,
    presets: dict[str, tuple[Member, ...]],
    *,
    title: str = "",
    input: str | None = None,  # noqa: A002
) -> Method:
    """The same from the members of each preset; the members of all presets are of the same methods."""
    methods = [member.method for member in next(iter(presets.values()))]
    first = methods[0]
    return Method(
        name=name,
        title=title or f"mean of the probabilities of {', '.join(method.name for method in methods)}",
        paper="none: the mean of its members",
        input=input or first.input,
        presets={each: _preset(members) for each, members in presets.items()},
        view=first.view,
        pipeline=partial(_made, {_source(members): members for members in presets.values()}),
        seeded=any(method.seeded for method in methods),
        takes=_common_layouts(methods),
    )


def ensemble_named(text: str, find: Callable[[str], Method]) -> Method:
    """The ensemble ``ensemble:METHOD+5xMETHOD``; ``find`` looks up a name and raises MerlabError if there is none.

    Raises MerlabError for more than 999 seeds of a method.
    """
    methods, seeds = [], []
    for part in text.removeprefix(PREFIX).split("+"):
        number, name = re.fullmatch(r"(?:(\d+)x)?(.*)", part.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
        if number and len(number) > LONGEST_NUMBER:
            raise MerlabError(
                f"{PREFIX} averages at most {'9' * LONGEST_NUMBER} seeds of {name}; give a smaller number"
            )
        methods.append(find(name))
        seeds.append(int(number or 1))
    return replace(ensemble(text, methods, seeds=seeds), origin=text)


def trained_parts(method: Method, preset: str) -> list[tuple[Method, str]]:
    """The methods that are trained, each with the name of its preset: those of an ensemble, or the method itself."""
    made = method.pipeline
    if not (isinstance(made, partial) and is_ensemble(method)):
        return [(method, preset)]
    members: tuple[Member, ...] = made.args[0][method.preset(preset).source]
    return [part for member in members for part in trained_parts(member.method, member.preset_name)]


def is_ensemble(method: Method) -> bool:
    """Whether it averages other methods."""
    return isinstance(method.pipeline, partial) and method.pipeline.func is _made


def is_ensemble_of_networks(method: Method) -> bool:
    """Whether it averages methods of which one at least is a network that merlab trains."""
    parts = (part for preset in method.presets for part, _ in trained_parts(method, preset))
    return is_ensemble(method) and any(part.network is not None for part in parts)


def _preset(members: Sequence[Member]) -> Preset:
    presets = [member.preset for member in members]
    training = {preset.training.model_dump_json(): preset.training for preset in presets if preset.training}
    return Preset(
        source=_source(members),
        reduced=any(preset.reduced for preset in presets),
        training=next(iter(training.values())) if len(training) == 1 else None,
        input=presets[0].input,
        needs=tuple(need for need in get_args(Need) if any(need in preset.needs for preset in presets)),
        seeded=any(member.is_seeded for member in members),
    )


def _source(members: Sequence[Member]) -> str:
    return f"mean of {' and '.join(map(str, members))}"


def _made(
    members: dict[str, tuple[Member, ...]], task: Task, *, preset: Preset, mirror: Mirror | None, material: Material
) -> EnsembleClassifier:
    """The classifier of a preset, which is known by its source; other training settings do not change it."""
    return EnsembleClassifier(members[preset.source], task, preset=preset, mirror=mirror, material=material)
