"""The card in a file of weights: what the network is, what it was trained on, and how well it does."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SerializerFunctionWrapHandler, model_serializer
from torch import nn, random

from merlab.errors import naming_mistakes
from merlab.evaluation.significance import Comparison
from merlab.evaluation.summary import Estimate
from merlab.fingerprint import fingerprint
from merlab.inputs import code_of, parse_recipe
from merlab.methods import Preset, Task, find_method, is_own
from merlab.training import TrainingSettings
from merlab.training.usual_torch import usual_torch
from merlab.vocabulary import SynthesisPreset

# The database of synthetic faces; synthetic flow of the same seed shows the same people.
SYNTHETIC_FACES = "synthetic"


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SyntheticSettings(_Facts):
    """Everything that determines a set of synthetic clips that are rendered in memory.

    Exported files are compared on such clips; recognizers of earlier versions were trained on them.

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
    subjects: int = Field(default=240, ge=1)
    clips: int = Field(default=9, ge=1)
    presets: tuple[SynthesisPreset, ...] = ("default", "hard")
    seed: int = 0
    slack: int = 4


class FlowSource(_Facts):
    """A folder of ``merlab make-flow``: the digest of its content, and all its clips and subjects."""

    digest: str
    clips: int
    subjects: int


class TrainedOn(_Facts):
    """The clips that training used.

    Attributes:
        databases: of the training clips, of those that the temperature was fitted on, and of the starts.
        clips, subjects: of the training clips.
        synthetic: the settings of clips that were rendered in memory; only files of earlier versions have them.
        flow: the synthetic flow that training used: as its training clips, or beside the clips of a database.
        starts: the SHA-256 of the files whose weights training started from.
        synthetic_start: whether a start was trained on synthetic faces or synthetic flow; files of earlier versions do
            not state it.

    """

    databases: tuple[str, ...] = ()
    clips: int = 0
    subjects: int = 0
    synthetic: SyntheticSettings | None = Field(default=None, validation_alias="drawn")
    flow: FlowSource | None = None
    starts: tuple[str, ...] = ()
    synthetic_start: bool = False

    @property
    def people(self) -> set[str]:
        """The databases whose people it has seen; synthetic flow may show those of synthetic faces."""
        of_synthetic = self.flow or self.synthetic or self.synthetic_start
        return {*self.databases, *([SYNTHETIC_FACES] if of_synthetic else [])}

    @model_serializer(mode="wrap")
    def _as_in_files(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        empty = [name for name, value in content.items() if value in (None, [], ()) or value is False]
        known = {name: value for name, value in content.items() if name not in empty or name == "databases"}
        synthetic = known.pop("synthetic", None)
        return known if synthetic is None else {**known, "drawn": synthetic}


class CalibrationErrors(_Facts):
    """How wrong probabilities are; both are 0 for perfect ones."""

    negative_log_likelihood: float
    expected_calibration_error: float


class Calibration(_Facts):
    """The held-out clips that the temperature was fitted on, and the errors on them without and with it.

    ``label_errors`` is the share of their labels that annotators are expected to give differently.
    """

    clips: int
    subjects: int
    before: CalibrationErrors
    after: CalibrationErrors
    label_errors: float = Field(default=0.0, ge=0, lt=1)


class Reliability(_Facts):
    """How far the probabilities of the network in a file can be trusted on some clips; None for other methods.

    Attributes:
        confidence: the mean probability of the class that it chooses.
        calibration_error: the expected calibration error.
        majority: the share of the clips in the most frequent class: the accuracy of always choosing that class.

    """

    confidence: float | None = None
    calibration_error: float | None = None
    majority: float | None = None

    @model_serializer(mode="wrap")
    def _without_unknown(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class DatabaseCardScore(Reliability):
    """One method on the clips of one database, from the same predictions."""

    clips: int
    uf1: Estimate
    uar: Estimate
    accuracy: Estimate


class CardScore(Reliability):
    """One method on one set of clips (``what``) of subjects that it was not trained on.

    ``compared`` and ``by_database`` are as in MethodSummary. ``crop`` states how crops were corrected, None where they
    were not.
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
    crop: str | None = None


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
        intended_use, limits, ceiling: for a reader who has the file, but not the documentation. ``ceiling`` states how
            good any recognizer of these classes can be; empty where that is not known.
        training_inputs: short digests of the inputs of databases that training, its starts and the temperature used;
            empty for a network of synthetic flow, and for files of earlier versions.
        code: the fingerprint of a method or kind of input that is not merlab's own, as it was; empty for merlab's.
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
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    seed: int = 0
    training: TrainingSettings | None = None
    trained_on: TrainedOn = TrainedOn()
    training_inputs: tuple[str, ...] = ()
    calibration: Calibration | None = None
    scores: tuple[CardScore, ...] = ()
    stamps: tuple[str, ...] = ()
    intended_use: str = ""
    limits: str = ""
    ceiling: str = ""
    code: str = ""
    command: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    content_digest: str | None = None

    @model_serializer(mode="wrap")
    def _without_unknown_digests(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        digests = ("content_digest", "training_inputs", "code")
        return {name: value for name, value in content.items() if value or name not in digests}

    @usual_torch()
    def build(self) -> nn.Module:
        """The untrained network that the card describes, in evaluation mode."""
        task = Task.of(len(self.classes), parse_recipe(self.recipe))
        preset = Preset(source=f"the card of {self.name}", network=self.network)
        method = find_method(self.method)
        # Its random weights are replaced: the program that loads it draws the same numbers as without it.
        with naming_mistakes(f"method {self.method}: its network", is_own(method)), random.fork_rng(devices=[]):
            module = method.module(task, preset)
            module.eval()
            return module

    def code_now(self) -> str:
        """What ``code`` would be now: an edited network may take the same tensors, and compute something else."""
        method, input_code = find_method(self.method), code_of(parse_recipe(self.recipe))
        network = method.network if is_own(method) else None
        return fingerprint((network, input_code)) if network or input_code else ""
