"""The scores of spotted events: what ``score_spotting`` returns, and what is stored as JSON."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from merlab.evaluation.significance import Interval
from merlab.spelling import counted, three_decimals
from merlab.stamps import in_brackets

Value = TypeVar("Value")
# Fields of SpottingScores that the JSON has only where there is a value.
WHERE_KNOWN = (
    "subjects",
    "minutes",
    "false_alarms_per_minute",
    "false_alarms_interval",
    "by_iou",
    "kinds",
    "notes",
    "stamps",
)


class _Scores(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Guesses(_Scores, Generic[Value]):
    """The same score for two guesses, each on the same hits.

    ``constant`` always gives the most frequent answer; ``random`` is the mean over random answers.
    """

    constant: Value
    random: Value


class ApexError(_Scores):
    """Distance of the spotted from the true apex over the hits that have both; ms only where all rates are known."""

    median_frames: float
    mean_frames: float
    median_ms: float | None
    mean_ms: float | None


class ClassMetrics(_Scores):
    """Metrics of the classes, 0..1; ``f1`` is the harmonic mean of macro precision and macro recall, as in STRS."""

    f1: float
    uf1: float
    uar: float
    accuracy: float


class ClassIntervals(_Scores):
    """The 95 % interval of each metric, as in SpottingScores; None for hits of fewer than two videos or subjects."""

    f1: Interval | None
    uf1: Interval | None
    uar: Interval | None
    accuracy: Interval | None


class RecognitionScores(_Scores):
    """Recognition over the hits whose true event has a class.

    ``n`` counts them, ``abstained`` those of them without a recognized class. ``confusion`` (K, K) counts the others,
    rows are the truth.
    """

    n: int
    abstained: int
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    f1: float
    uf1: float
    uar: float
    accuracy: float
    intervals: ClassIntervals
    baselines: Guesses[ClassMetrics] = Field(validation_alias="floors", serialization_alias="floors")


class UnitScores(_Scores):
    """The share of hits for which the first listed action unit is a true one.

    ``n`` counts the hits with true action units, ``named`` those of them for which a unit is listed. ``interval`` is
    its 95 % interval, as in SpottingScores.
    """

    n: int
    named: int
    first_right: float
    interval: Interval | None
    baselines: Guesses[float | None] = Field(validation_alias="floors", serialization_alias="floors")


class KindScores(_Scores):
    """Spotting of one kind of movement, micro or macro, or of both as MEGC pools them; an undefined score is None.

    ``micro + macro`` adds the counts of the two kinds, so that a movement of the wrong kind is wrong.
    """

    kind: Literal["micro", "macro", "micro + macro"]
    true_events: int
    spotted_events: int
    tp: int
    fp: int
    fn: int
    precision: float | None
    recall: float | None
    f1: float | None
    f1_interval: Interval | None
    false_alarms_per_minute: float | None


class IouScores(_Scores):
    """Spotting if a spotted interval is right from this intersection over union on; an undefined score is None."""

    iou: float
    tp: int
    fp: int
    fn: int
    precision: float | None
    recall: float | None
    f1: float | None


class SpottingScores(_Scores):
    """All scores of spotted events against true ones; an undefined score is None.

    ``tp``, ``fp`` and ``fn`` count right, wrong and missed events. Intervals are 95 % intervals from resampling the
    ``subjects`` of the videos where they are known, else videos. ``notes`` says what was repaired in the tables.
    ``by_iou`` has the curve over intersection over union. ``minutes`` and false alarms a minute are known where the
    lengths of the videos are; ``kinds`` where both tables have kinds of movements. ``stamps`` has SYNTHETIC where
    videos are merlab's recordings. The JSON has these fields where there is any value.
    """

    videos: int
    true_events: int
    spotted_events: int
    tp: int
    fp: int
    fn: int
    precision: float | None
    recall: float | None
    f1: float | None
    f1_interval: Interval | None
    apex_error: ApexError | None
    recognition: RecognitionScores | None
    action_units: UnitScores | None
    strs: float | None
    strs_interval: Interval | None
    strs_baselines: Guesses[float] | None = Field(validation_alias="strs_floors", serialization_alias="strs_floors")
    subjects: int | None = None
    minutes: float | None = None
    false_alarms_per_minute: float | None = None
    false_alarms_interval: Interval | None = None
    by_iou: tuple[IouScores, ...] = ()
    kinds: tuple[KindScores, ...] = ()
    notes: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()

    def __repr__(self) -> str:
        f1 = "undefined" if self.f1 is None else three_decimals(self.f1)
        found, extra = f"{self.tp} of {counted(self.true_events, 'true event')}", counted(self.fp, "false alarm")
        scores = f"F1 {f1}, found {found}, {extra}, {counted(self.videos, 'video')}"
        return f"SpottingScores{in_brackets(self.stamps)}: {scores}"

    __str__ = __repr__

    @model_serializer(mode="wrap")
    def _without_empty_fields(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        for name in WHERE_KNOWN:
            if not getattr(self, name) and getattr(self, name) != 0:
                content.pop(name, None)
        return content

    def to_json(self) -> dict[str, Any]:
        """The scores under the keys of the JSON."""
        return self.model_dump(mode="json", by_alias=True)
