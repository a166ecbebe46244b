"""What every method offers to the evaluation: a description, presets, and a classifier to fit on one fold."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Literal, Protocol, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from torch import nn

from merlab.errors import MerlabError
from merlab.given import as_names, naming_fields, require_instance, require_yes_or_no
from merlab.inputs.recipe import InputKind, Recipe, SampleLayout, View
from merlab.json_models import GivenModel
from merlab.methods.layers.zoo import ZooNames
from merlab.methods.network_options import checked_options, require_storable
from merlab.methods.task import Task
from merlab.registry import look_up
from merlab.training import Material, Mirror, NeuralClassifier, TrainingSettings
from merlab.training.usual_torch import usual_torch

DEFAULT_INPUT = "flow:channels=uvs,scale=minmax,size=28x28"
DEFAULT_PRESET = "default"
NO_MATERIAL = Material()
BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
Need = Literal["synthetic", "start"]

__all__ = ["DEFAULT_INPUT", "DEFAULT_PRESET", "Classifier", "Method", "Preset", "Task", "check_channels"]


class Classifier(Protocol):
    """One model of one fold."""

    def fit(self, inputs: NDArray[np.float32], labels: NDArray[np.int64], groups: Sequence[str], seed: int) -> None:
        """Fit on inputs (N, [T,] C, H, W), labels (N,) in 0..classes-1 and the subject of each row.

        Methods that declare it also get ``unlabeled`` or ``action_units`` as keywords (see ``Method``).
        """

    def predict_proba(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Class probabilities (N, classes); each row sums to 1 and its arg-max is the decision."""


def check_channels(task: Task, channels: int, why: str, remedy: str) -> None:
    """Raise MerlabError unless the task's inputs have this number of channels; it names why, and the remedy."""
    if task.channels != channels:
        raise MerlabError(f"{why}, and got {task.channels} channels; use a recipe with {remedy}")


class Preset(GivenModel):
    """A named choice of training settings, network options and input for a method.

    ``reduced`` presets are smaller or shorter than the publication; all their results are marked REDUCED.
    ``source`` says where the settings come from. ``network`` are options of the method's network. ``input`` replaces
    the method's input recipe. Classical methods have no ``training``. ``needs`` is what training needs
    beside the training clips: synthetic clips, weights to start from. ``seeded`` replaces that of the method.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    field_word: ClassVar[str] = "preset option"

    source: str = ""
    reduced: bool = False
    training: TrainingSettings | None = None
    network: Mapping[str, Any] = Field(default_factory=dict)
    input: str | None = None
    needs: tuple[Need, ...] = ()
    seeded: bool | None = None


@naming_fields()
@dataclass(frozen=True, eq=False)
class Method:
    """A method: one of merlab's, or your own.

    Give exactly one of ``network`` and ``pipeline``. ``network`` is called with a Task, and with the preset's network
    options as keywords, and returns an untrained torch module that maps (N, C, H, W) to logits (N, classes).
    ``pipeline`` is called with a Task and returns a Classifier. If it has keyword-only parameters ``preset``,
    ``mirror`` or ``material``, it also gets the Preset, the function that mirrors a batch of its input (None if there
    is none), and the Material: synthetic clips and weights to start from.

    Attributes:
        name: what tables and the command line call it.
        title: what it is, in one line, for lists and reports.
        paper: its publication, in one line.
        input: the recipe of its input, or a kind of input of your own, unless the user or the preset gives another.
        presets: settings by name; where it has neither ``flow28`` nor ``reduced``, its first is the default. Without
            any, a network is trained with the defaults of TrainingSettings.
        view: which views of the face it takes: ``global``, ``local`` or ``both``.
        seeded: False where no seed changes the result, so that one run is enough.
        takes: the layouts of input that it can work on.
        transductive: under the protocol ``hold-out-database``, ``fit`` also gets ``unlabeled``, the inputs of the test
            clips without their labels; its results then carry the stamp TRANSDUCTIVE.
        action_units: ``fit`` also gets ``action_units``, the annotators' text of each row, empty where it is unknown.
        zoo: the published networks whose weights it can start from, under the names of public collections.
        zoo_network: for a pipeline, the network that starts from them; it is called as ``network`` is.
        origin: how it was passed in: empty for merlab's own, ``FILE.py:NAME`` for one from a file, the name of one of
            an installed package, or the text of an ensemble.

    """

    name: str
    title: str = ""
    paper: str = ""
    input: str | Recipe | InputKind = DEFAULT_INPUT
    presets: Mapping[str, Preset] = field(default_factory=dict)
    view: View = "global"
    network: Callable[..., nn.Module] | None = None
    pipeline: Callable[..., Classifier] | None = None
    seeded: bool = True
    takes: tuple[SampleLayout, ...] = ("image",)
    transductive: bool = False
    action_units: bool = False
    zoo: tuple[ZooNames, ...] = ()
    zoo_network: Callable[..., nn.Module] | None = None
    origin: str = ""

    def __repr__(self) -> str:
        return f"Method {self.name}: {self.title or 'your own'}"

    def __post_init__(self) -> None:
        if (self.network is None) == (self.pipeline is None):
            raise MerlabError(f"method {self.name}: give exactly one of network= and pipeline=")
        self._require_types()
        if not self.presets:
            training = TrainingSettings() if self.network else None
            object.__setattr__(self, "presets", {DEFAULT_PRESET: Preset(training=training)})
        without = [name for name, preset in self.presets.items() if self.network and preset.training is None]
        if without:
            raise MerlabError(
                f"method {self.name}: preset {without[0]} of a network needs training settings, "
                "such as Preset(training=TrainingSettings(epochs=50))"
            )
        for preset in self.presets.values():
            require_storable(self.name, preset.network)

    def _require_types(self) -> None:
        require_instance(self.name, str, "the name of a method", "such as 'my-method'")
        if not self.name.strip():
            raise MerlabError("the name of a method is empty; give one, such as 'my-method'")
        if not callable(self.pipeline if self.network is None else self.network):
            raise MerlabError(f"method {self.name}: network and pipeline are functions or classes, which take a Task")
        if isinstance(self.network, nn.Module):
            raise MerlabError(
                f"method {self.name}: network is one {type(self.network).__name__}, and every fold needs a new one; "
                "give its class, or a function that takes a Task and makes one"
            )
        self._require_one_task()
        presets = self.presets.items() if isinstance(self.presets, Mapping) else [(None, None)]
        if not all(isinstance(name, str) and isinstance(preset, Preset) for name, preset in presets):
            raise MerlabError(f"method {self.name}: presets must map names to merlab.Preset, got {self.presets!r}")
        try:
            require_yes_or_no(seeded=self.seeded, transductive=self.transductive, action_units=self.action_units)
            look_up(self.view, dict.fromkeys(get_args(View)), "view")
            for layout in as_names(self.takes, "takes"):
                look_up(layout, dict.fromkeys(get_args(SampleLayout)), "layout")
        except MerlabError as error:
            raise MerlabError(f"method {self.name}: {error}") from error

    def _require_one_task(self) -> None:
        """Raise MerlabError unless what makes it can be called with a Task alone by position."""
        try:
            given = inspect.signature(self.pipeline or self.network or Method).parameters.values()
        except (TypeError, ValueError):
            # A class of a library in C does not tell.
            return
        required = [each.name for each in given if each.default is each.empty and each.kind in BY_POSITION]
        takes_one = any(each.kind in (*BY_POSITION, each.VAR_POSITIONAL) for each in given)
        if len(required) > 1 or not takes_one:
            raise MerlabError(
                f"method {self.name}: {'network' if self.network else 'pipeline'} is called with a Task alone, but "
                f"takes {', '.join(required) or 'none'}; write lambda task: ..., and options after a *, with defaults"
            )

    def preset(self, name: str) -> Preset:
        """The preset of this name; raises MerlabError listing those that exist."""
        if not isinstance(name, str) or name not in self.presets:
            raise MerlabError(f"{self.name} has no preset {name!r}; it has {', '.join(self.presets)}")
        return self.presets[name]

    def build(
        self, task: Task, preset: Preset, mirror: Mirror | None = None, material: Material = NO_MATERIAL
    ) -> Classifier:
        """An untrained classifier; ``mirror`` flips a batch of its input, for methods and presets that mirror.

        ``material`` is what training may use beside the clips of a fold.
        """
        if self.pipeline is not None:
            self.check_layout(task.layout)
            parameters = inspect.signature(self.pipeline).parameters
            offered = {"preset": preset, "mirror": mirror, "material": material}
            taken = {
                name: value
                for name, value in offered.items()
                if name in parameters and parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
            }
            return self.pipeline(task, **taken)
        assert preset.training is not None
        starts = material.starts.get(self.name, ())
        if "start" in preset.needs and not starts:
            raise MerlabError(
                f"this preset of {self.name} starts from trained weights; pass --from FILE, which "
                f"`merlab pretrain FILE --method {self.name}` makes, or choose another preset"
            )
        return NeuralClassifier(
            partial(self.module, task, preset),
            task.classes,
            preset.training,
            mirror=mirror,
            synthetic=material.synthetic,
            starts=starts,
        )

    def is_seeded(self, preset: Preset) -> bool:
        """Whether a seed changes the results of a preset."""
        return self.seeded if preset.seeded is None else preset.seeded

    def module(self, task: Task, preset: Preset) -> nn.Module:
        """The untrained network of a preset; raises MerlabError for a classical method, and for what is no network."""
        if self.network is None:
            raise MerlabError(f"{self.name} is not a network; name a method that is one, such as dbfem-caffm")
        self.check_layout(task.layout)
        made = self.network(task, **preset.network)
        if not isinstance(made, nn.Module):
            raise MerlabError(f"network= of {self.name} returned {made!r}; it must return a torch module")
        return made

    def zoo_module(self, task: Task, preset: Preset) -> nn.Module:
        """The untrained network that can start from weights of a published network."""
        if self.zoo_network is None:
            return self.module(task, preset)
        self.check_layout(task.layout)
        return self.zoo_network(task, **preset.network)

    @usual_torch()
    def outline(self, task: Task, preset: Preset) -> nn.Module:
        """The network of ``zoo_module``, for the names and shapes of its tensors; they may have no values."""
        try:
            with torch.device("meta"):
                return self.zoo_module(task, preset)
        except MerlabError:
            raise
        except Exception:
            # It reads values when it is made, such as the rates of stochastic depth.
            with torch.random.fork_rng(devices=[]):
                return self.zoo_module(task, preset)

    def check_layout(self, layout: SampleLayout) -> None:
        """Raise MerlabError unless the method works on inputs of this layout."""
        if layout not in self.takes:
            taken = " or ".join(f"{each}s" for each in self.takes)
            given = "an image" if layout == "image" else f"a {layout}"
            raise MerlabError(
                f"{self.name} takes inputs that are {taken}, and this one is {given}; use a recipe such as {self.input}"
            )

    def preset_with(self, name: str, options: Mapping[str, Any]) -> Preset:
        """The preset of this name with other network options, which may be text: ``{"width": "0.5"}``.

        Raises MerlabError naming an option that the network does not have, or a value that it does not take.
        """
        preset = self.preset(name)
        if not options:
            return preset
        if self.network is None:
            raise MerlabError(f"{self.name} is not a network and has no network options; leave them out")
        chosen = {**preset.network, **checked_options(self.name, self.network, options)}
        return preset.model_copy(update={"network": chosen})
