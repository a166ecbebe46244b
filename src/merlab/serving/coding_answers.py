"""What the service answers about decisions of coders and about single frames, as models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from merlab.coding.decisions import Decision, Verdict
from merlab.json_models import FrozenModel


class _DecisionFields(FrozenModel):
    """The columns of coding.csv without the time."""

    event: str = ""
    face_id: int
    decision: Verdict
    onset: int
    apex: int | None = None
    offset: int
    action_units: str = ""
    label: str = ""
    comment: str = ""
    coder: str = ""


class SentDecision(_DecisionFields):
    """A decision as the page sends it.

    A listed one can be sent as it is: its times are accepted and not read, because the service sets them.
    """

    model_config = ConfigDict(extra="forbid")

    time: str = ""
    onset_s: float | None = None
    apex_s: float | None = None
    offset_s: float | None = None

    def decided(self, time: str) -> Decision:
        """The decision; raises MerlabError for frames out of order, or action units that are not any."""
        return Decision(**self.model_dump(include=set(_DecisionFields.model_fields)), time=time)


class ListedDecision(_DecisionFields):
    """A decision in coding.csv, with the time of each frame in real seconds."""

    time: str
    onset_s: float
    apex_s: float | None
    offset_s: float


class DecisionChange(BaseModel):
    """One change of the decisions: ``decision`` takes the place of ``seen``, the one that the page showed.

    Without ``seen`` the coder had not decided yet; without ``decision`` the decision is taken back.
    """

    model_config = ConfigDict(extra="forbid")

    seen: SentDecision | None = None
    decision: SentDecision | None = None


class CodingAnswer(BaseModel):
    """All decisions about a result, of all coders, and the names of the action units."""

    decisions: list[ListedDecision]
    unit_names: dict[int, str]


class ClockAnswer(BaseModel):
    """The frames around a time: their numbers in the source, and when each was recorded, real seconds."""

    frame: list[int]
    time_s: list[float]


class PartCurve(BaseModel):
    """The scores of one face in a window of time, in units of noise; None where the face is not seen.

    ``frame`` is given where each point is one frame; ``parts`` has the score of each part of the face, if known.
    """

    face_id: int
    time_s: list[float | None]
    frame: list[int | None]
    score: list[float | None]
    threshold: list[float | None]
    parts: dict[str, list[float | None]] = {}
