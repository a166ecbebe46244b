"""All kinds of inputs, and how many of a run's damaged inputs are of each."""

from __future__ import annotations

from tests.fuzz.clip_tables import CodingTable, OwnClips
from tests.fuzz.kind import Kind
from tests.fuzz.pictures import FlowFolder, ImageFrame
from tests.fuzz.score_tables import Predictions, ShortPredictions, SpottedEvents
from tests.fuzz.settings_files import RecipeFile, SchemeFile
from tests.fuzz.stored_files import (
    Alignment,
    CachedInput,
    PreparedFrames,
    ResultTables,
    StoredPart,
    StoredRun,
    UnsealedRun,
    VideoResultFolder,
    Weights,
)
from tests.fuzz.videos import VideoFile

# How many of about a hundred damaged inputs.
SHARES: dict[type[Kind], int] = {
    Predictions: 8,
    ShortPredictions: 5,
    SpottedEvents: 7,
    CodingTable: 9,
    OwnClips: 8,
    RecipeFile: 8,
    SchemeFile: 4,
    StoredRun: 5,
    StoredPart: 4,
    Weights: 6,
    CachedInput: 5,
    VideoResultFolder: 4,
    ResultTables: 5,
    Alignment: 3,
    PreparedFrames: 3,
    UnsealedRun: 4,
    ImageFrame: 10,
    FlowFolder: 6,
    VideoFile: 10,
}
KINDS: dict[str, type[Kind]] = {kind.name: kind for kind in SHARES}


def shares_of(total: int) -> dict[str, int]:
    """How many damaged inputs of each kind make up a run of so many; at least two of each."""
    whole = sum(SHARES.values())
    return {kind.name: max(2, round(total * share / whole)) for kind, share in SHARES.items()}
