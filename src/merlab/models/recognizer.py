"""A trained network with all that is needed to apply it: one safetensors file, its card in the file's metadata."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from merlab import __version__
from merlab.errors import MerlabError
from merlab.frames import Float32Array
from merlab.inference.runtimes import AUTO, Infer, load_network, resolve_runtime
from merlab.inputs import Recipe, parse_recipe
from merlab.methods import Preset, Task, find_method
from merlab.models.calibration import probabilities
from merlab.storage import whole_file
from merlab.training import check_inputs

CARD = "merlab-card"
SHIPPED = Path(__file__).parent / "weights" / "synthetic.safetensors"


class ModelCard(BaseModel):
    """What a file of weights is: all that rebuilds the network and its input, how it came about, how well it does.

    Attributes:
        network: options of the method's network beside its defaults.
        recipe: the full text of the input's recipe.
        temperature: divides the logits, so that probabilities are right as often as they say on held-out subjects.
        training: the settings of the fit.
        trained_on: databases, clips, subjects, seeds.
        calibration: the held-out subjects that the temperature comes from, and what it changed.
        scores: a row a set of clips that the network never saw, and a method: the baselines, then itself with how sure
            this file's probabilities are on average, and their expected calibration error.
        stamps: words that stand wherever a class of this model is shown.
        intended_use, limits: for whoever meets the file without the documents.
        command: what made it, without folders of the machine.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    name: str
    method: str
    preset: str
    network: dict[str, Any] = Field(default_factory=dict)
    recipe: str
    scheme: str
    classes: tuple[str, ...]
    temperature: float = Field(1.0, gt=0)
    seed: int = 0
    training: dict[str, Any] = Field(default_factory=dict)
    trained_on: dict[str, Any] = Field(default_factory=dict)
    calibration: dict[str, Any] = Field(default_factory=dict)
    scores: list[dict[str, Any]] = Field(default_factory=list)
    stamps: tuple[str, ...] = ()
    intended_use: str = ""
    limits: str = ""
    command: str = ""
    versions: dict[str, str] = Field(default_factory=dict)

    def build(self) -> nn.Module:
        """The untrained network that the card describes, in evaluation mode."""
        task = Task.of(len(self.classes), parse_recipe(self.recipe))
        preset = Preset(source=f"the card of {self.name}", network=self.network)
        return find_method(self.method).module(task, preset).eval()


@dataclass(frozen=True, eq=False)
class Recognizer:
    """A trained network, ready to classify.

    ``infer`` maps inputs (N, C, H, W) to logits (N, classes); None computes them with the module in PyTorch.
    ``runtime`` names what it computes with. ``digest`` is the SHA-256 of the file it was read from, empty for one that
    lies in no file.
    """

    card: ModelCard
    module: nn.Module
    digest: str = ""
    infer: Infer | None = None
    runtime: str = "torch"

    @cached_property
    def recipe(self) -> Recipe:
        """How an input is made."""
        return parse_recipe(self.card.recipe)

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the logits."""
        return self.card.classes

    def logits(self, inputs: Float32Array) -> NDArray[np.float64]:
        """Of inputs (N, *recipe.shape), (N, classes). Raises MerlabError for values that are not finite."""
        check_inputs(inputs)
        if self.infer is not None:
            return np.asarray(self.infer(inputs), np.float64)
        with torch.inference_mode():
            return np.asarray(self.module(torch.from_numpy(inputs)).double().numpy(), np.float64)

    def predict_proba(self, inputs: Float32Array) -> NDArray[np.float64]:
        """Calibrated class probabilities (N, classes): softmax of the logits over the temperature."""
        return probabilities(self.logits(inputs), self.card.temperature)

    def on(self, runtime: str = AUTO) -> Recognizer:
        """The same recognizer under a runtime: ``auto`` or a name of ``evaluation.runtimes.RUNTIMES``.

        Raises MerlabError for one that does not exist here, saying how to install it.
        """
        name = resolve_runtime(runtime, self.module, self.recipe.shape)
        return replace(self, runtime=name, infer=load_network(name, self.module, self.recipe.shape, self.digest))

    def save(self, path: Path) -> Recognizer:
        """Write network and card as one file, whole or not at all; gives the recognizer with the file's digest."""
        tensors = {name: value.contiguous() for name, value in self.module.state_dict().items()}
        with whole_file(path) as aside:
            # One entry: safetensors writes several in any order, and the same weights would be another file.
            save_file(tensors, aside, {CARD: self.card.model_dump_json()})
        return replace(self, digest=_digest(path))


def load_recognizer(path: Path | None = None) -> Recognizer:
    """The recognizer in a file of ``merlab pretrain``; None takes the one that ships with merlab.

    Raises MerlabError for a file that is missing, damaged, no safetensors file, or of a network that this merlab does
    not have. Nothing in a file is ever executed.
    """
    path = SHIPPED if path is None else path
    tensors, card = _read(path)
    try:
        module = card.build()
        module.load_state_dict(tensors)
    except (MerlabError, RuntimeError) as error:
        raise MerlabError(
            f"{path} was made for another network than this merlab {__version__} has ({str(error).splitlines()[0]}); "
            f"use merlab {card.versions.get('merlab', 'of its time')}, or train it again with `merlab pretrain`"
        ) from error
    return Recognizer(card, module, _digest(path))


def _read(path: Path) -> tuple[dict[str, torch.Tensor], ModelCard]:
    if not path.is_file():
        raise MerlabError(f"{path} does not exist; name a file that `merlab pretrain` wrote, or leave --weights out")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise MerlabError(
            f"{path} is no whole safetensors file ({error}); copy it again, or write it with `merlab pretrain`"
        ) from error
    if CARD not in metadata:
        raise MerlabError(f"{path} holds tensors but no merlab card; only files of `merlab pretrain` say what they are")
    try:
        return tensors, ModelCard.model_validate_json(metadata[CARD])
    except ValidationError as error:
        fault = error.errors()[0]
        raise MerlabError(
            f"{path}: its card is damaged, or of another merlab than this {__version__} "
            f"({fault['loc']}: {fault['msg']}); copy it again, update merlab, or use `merlab pretrain`"
        ) from error


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
