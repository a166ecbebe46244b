"""The samplers of all kinds of distractions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from merlab.synthesis.canvas_layout import Stream, random_stream
from merlab.synthesis.distractions.chewing import sample_chewing
from merlab.synthesis.distractions.cut import sample_cut
from merlab.synthesis.distractions.distraction import Distraction
from merlab.synthesis.distractions.glasses import sample_slip
from merlab.synthesis.distractions.hand import sample_hand
from merlab.synthesis.distractions.head import sample_nod, sample_turn
from merlab.synthesis.distractions.light import sample_slow_light, sample_sudden_light
from merlab.synthesis.distractions.second_person import sample_second_person
from merlab.synthesis.distractions.talking import sample_talking
from merlab.synthesis.identity import Identity
from merlab.vocabulary import DISTRACTION_KINDS, DistractionKind

SAMPLERS: dict[DistractionKind, Callable[[np.random.Generator, Identity], Distraction]] = {
    "talking": sample_talking,
    "chewing": sample_chewing,
    "hand": sample_hand,
    "turn": sample_turn,
    "nod": sample_nod,
    "glasses": sample_slip,
    "slow light": sample_slow_light,
    "sudden light": sample_sudden_light,
    "second person": sample_second_person,
    "cut": sample_cut,
}


def sample_distraction(identity: Identity, kind: DistractionKind, number: int) -> Distraction:
    """Distraction ``number`` (from 0) of a kind in the recording of a subject; it has a random stream of its own."""
    key = (identity.seed, Stream.DISTRACTION, identity.subject, DISTRACTION_KINDS.index(kind), number)
    return SAMPLERS[kind](random_stream(*key), identity)
