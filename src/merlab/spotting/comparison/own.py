"""merlab's own spotter among the comparison methods, with its default settings: nothing is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from merlab.databases.long_video import Kind
from merlab.frames import open_frames
from merlab.spotting.aligned_frames import clock_of_frames, damaged_runs
from merlab.spotting.comparison.found import Found
from merlab.spotting.comparison.measured_recording import MeasuredRecording
from merlab.spotting.comparison.sampling import Feature
from merlab.spotting.comparison.spotter import Target
from merlab.spotting.numbering import numbers_with_gaps
from merlab.spotting.spot import SpottingSettings
from merlab.spotting.stretches import spot_stretches


@dataclass(frozen=True)
class OwnSpotter:
    """`merlab spot`, by the places of the blocks in every frame."""

    name: str = "merlab"
    title: str = "movement away and back, in units of noise"
    paper: str = "this software"
    fits: str = ""
    needs_training: bool = False
    places: bool = True
    sees_frames: bool = True
    settings: SpottingSettings = field(default_factory=SpottingSettings)

    def kinds(self, wanted: Sequence[Kind]) -> Sequence[Kind]:
        """One run finds all kinds."""
        return wanted[:1]

    def features(self, target: Target, rate: float) -> Sequence[Feature]:
        """None but the places."""
        return []

    def least_samples(self, target: Target, rate: float) -> int:
        """Any number."""
        return 1

    def fit(self, training: Sequence[MeasuredRecording], target: Target, seed: int) -> OwnSpotter:
        """Nothing is fitted."""
        return self

    @property
    def facts(self) -> Mapping[str, float]:
        """Nothing."""
        return {}

    def with_p(self, p: float) -> OwnSpotter:
        """The same with another p of its settings."""
        return replace(self, settings=replace(self.settings, p=p))

    def spot(self, material: MeasuredRecording) -> list[Found]:
        """The movements, without those that are no expression and without weak candidates."""
        video = material.video
        frames = open_frames(video.source)
        clock, places = clock_of_frames(video.source, frames, video.fps), material.places()
        there: Sequence[int] = range(material.frames)
        if numbers := numbers_with_gaps(frames):
            # Missing frames have places, too.
            there = [number - material.first for number in numbers]
            are_there = frozenset(there)
            places = (place for position, place in enumerate(places) if position in are_there)
        unseen = np.flatnonzero(~material.shown_frames()[there])
        lost = damaged_runs(unseen.tolist(), first=0, least=1)
        found = []
        for window in spot_stretches(places, clock, self.settings, lost):
            for event in window.events:
                moments = (event.onset, event.apex, event.offset)
                onset, apex, offset = (material.first + there[moment - 1] for moment in moments)
                if event.kind != "other":
                    found.append(Found(onset, apex, offset, event.score, event.kind))
        return sorted(found, key=lambda each: each.onset)


OWN = OwnSpotter()
