"""The card in a file of weights: what the network is, what it was trained on, and how well it does."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SerializerFunctionWrapHandler, model_serializer
from torch import nn

from merlab.evaluation.significance import Comparison
from merlab.evaluation.summary import Estimate
from merlab.inputs import parse_recipe
from merlab.methods import Preset, Task, find_method
from merlab.training import TrainingSettings
from merlab.vocabulary import SynthesisPreset


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SyntheticSettings(_Facts):
    """Everything that determines a set of synthetic clips.

    Attributes:
        scheme: the name of merlab's scheme that gives the classes; every class gets equally many clips.
        recipe: of the inputs; it uses only onset and apex.
        subjects, clips: the number of identities, and of clips of each.
        presets: presets of the face generator, in turn.
        seed: of everything.
        slack: onset and apex miss the true frames by up to this many frames either way, as spotted ones do.

    """

    scheme: str
    recipe: str
    subjects: int = Field(240, ge=1)
    clips: int = Field(9, ge=1)
    presets: tuple[SynthesisPreset, ...] = ("default", "hard")
    seed: int = 0
    slack: int = 4


class TrainedOn(_Facts):
    """The training clips; ``synthetic`` holds their settings if merlab generated them, and is None for a database."""

    databases: tuple[str, ...] = ()
    clips: int = 0
    subjects: int = 0
    synthetic: SyntheticSettings | None = Field(None, validation_alias="drawn")

    @model_serializer(mode="wrap")
    def _as_in_files(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        synthetic = content.pop("synthetic", None)
        return content if synthetic is None else {**content, "drawn": synthetic}


class CalibrationErrors(_Facts):
    """How wrong probabilities are; both are 0 for perfect ones."""

    negative_log_likelihood: float
    expected_calibration_error: float


class Calibration(_Facts):
    """The held-out clips that the temperature was fitted on, and the errors on them without and with it."""

    clips: int
    subjects: int
    before: CalibrationErrors
    after: CalibrationErrors


class DatabaseCardScore(_Facts):
    """One method on the clips of one database, from the same predictions."""

    clips: int
    uf1: Estimate
    uar: Estimate
    accuracy: Estimate


class CardScore(_Facts):
    """One method on one set of clips (``what``) of subjects that it was not trained on.

    ``compared`` and ``by_database`` are as in MethodSummary. The last two are of the network in the file: its mean
    probability of the class that it chooses, and its expected calibration error; None for other methods.
    """

    what: str
    method: str
    clips: int
    subjects: int
    seeds: int
    uf1: Estimate
    uar: Estimate
    accuracy: Estimate
    compared: dict[str, Comparison]
    by_database: dict[str, DatabaseCardScore]
    confidence: float | None = None
    calibration_error: float | None = None

    @model_serializer(mode="wrap")
    def _without_unknown(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class ModelCard(_Facts):
    """The card of a file of weights.

    Attributes:
        network: options of the method's network that differ from its defaults.
        recipe: the full text of the input's recipe.
        temperature: divides the logits, so that probabilities agree with the share of right answers.
        training: the settings of the fit; None for a network that was not trained.
        calibration: where the temperature comes from; None for a network that was not calibrated.
        scores: one per set of clips and method, the baselines first; the network's own score is that of all its seeds.
        stamps: shown wherever a class of this model is shown.
        intended_use, limits: for a reader who has the file, but not the documentation.
        command: the command that made it, without folders of the machine; empty if it was made in Python.
        content_digest: of the tensors and of the rest of the card (``models.digest``), when they were written; None for
            a network that was not saved, and for files of earlier versions.

    """

    format: Literal[1] = 1
    name: str
    method: str
    preset: str
    network: dict[str, JsonValue] = Field(default_factory=dict)
    recipe: str
    scheme: str
    classes: tuple[str, ...]
    temperature: float = Field(1.0, gt=0, allow_inf_nan=False)
    seed: int = 0
    training: TrainingSettings | None = None
    trained_on: TrainedOn = TrainedOn()
    calibration: Calibration | None = None
    scores: tuple[CardScore, ...] = ()
    stamps: tuple[str, ...] = ()
    intended_use: str = ""
    limits: str = ""
    command: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    content_digest: str | None = None

    @model_serializer(mode="wrap")
    def _without_unknown_digest(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        return {name: value for name, value in content.items() if (name, value) != ("content_digest", None)}

    def build(self) -> nn.Module:
        """The untrained network that the card describes, in evaluation mode."""
        task = Task.of(len(self.classes), parse_recipe(self.recipe))
        preset = Preset(source=f"the card of {self.name}", network=self.network)
        return find_method(self.method).module(task, preset).eval()
