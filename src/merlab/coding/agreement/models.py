"""The agreement of coders, as objects and JSON."""

from __future__ import annotations

from merlab.json_models import FrozenModel


class Coefficient(FrozenModel):
    """Agreement on nominal values; None where it is undefined.

    ``n`` units have values of two coders or more; ``agreement`` is the share of them that agree, ``kappa`` Cohen's (two
    coders only), ``alpha`` Krippendorff's. ``ratio`` is that of FACS, for the action units of two coders only.
    """

    n: int
    agreement: float | None
    kappa: float | None
    alpha: float | None
    ratio: float | None = None


class Difference(FrozenModel):
    """How far a boundary of matched events differs, second coder minus first: quartiles, and the median of its size.

    In frames, and in ms where the frame rate is known.
    """

    n: int
    lower_frames: float
    median_frames: float
    upper_frames: float
    median_size_frames: float
    lower_ms: float | None
    median_ms: float | None
    upper_ms: float | None
    median_size_ms: float | None


class Pair(FrozenModel):
    """Two coders, on the videos that both coded.

    Attributes:
        first, second: their names.
        videos: how many videos both coded.
        events: how many events each has there.
        matched: how many pairs of events overlap by an IoU of 0.5 or more.
        f1: 2 matched / (events of the first + events of the second); None without events.
        movements: on the movements that were found and that both decided about: accepted or rejected.
        frames: frame by frame, whether there is an event; None where the number of frames is unknown.
        labels: of the matched events where both gave one.
        action_units: of the matched events where both coded some: each unit that anyone used, there or not.
        by_unit: the same for each action unit alone.
        onset, apex, offset: boundaries of the matched events; None without any.

    """

    first: str
    second: str
    videos: int
    events: tuple[int, int]
    matched: int
    f1: float | None
    movements: Coefficient
    frames: Coefficient | None
    labels: Coefficient
    action_units: Coefficient
    by_unit: dict[int, Coefficient]
    onset: Difference | None
    apex: Difference | None
    offset: Difference | None


class Together(FrozenModel):
    """All coders together: alpha of labels and action units on events that two or more of them have."""

    events: int
    shared: int
    labels: Coefficient
    action_units: Coefficient


class AgreementScores(FrozenModel):
    """The content of ``merlab agree --json``: each pair of coders, and all together."""

    coders: tuple[str, ...]
    stamps: tuple[str, ...] = ()
    least_iou: float
    pairs: tuple[Pair, ...]
    together: Together
    notes: tuple[str, ...]
