"""The description of an event: its class, the probability of each class, and what moved."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from merlab.clips import Clip
from merlab.frames import Float32Array, Frames
from merlab.inputs.extraction import input_of
from merlab.storage import whole_file
from merlab.videos.chunks.applied import Applied, applied
from merlab.videos.chunks.chunk_record import Description
from merlab.videos.chunks.described_chunk import SeenEvent
from merlab.videos.chunks.face_state import head_movement
from merlab.videos.evidence.movement import Evidence, movement_evidence
from merlab.videos.evidence.pictures import write_evidence
from merlab.videos.moved import SEPARATOR, parts_text, units_text
from merlab.videos.options import Options
from merlab.videos.result import INPUTS
from merlab.videos.words import Claim, reasons_for_other, reasons_to_withhold


class EventDescriber:
    """Describes events with a recognizer, which is loaded for the first event."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @cached_property
    def recognizer(self) -> Applied:
        """With the weights and the runtime of the options."""
        return applied(self._options)

    def describe(self, seen: SeenEvent, faces: Frames, folder: Path) -> Description:
        """Class, probabilities, regions and action units of an event; its pictures are written into ``folder``."""
        event = seen.event
        onset, apex = faces.read(event.onset), faces.read(event.apex)
        clip = Clip("video", "face", "event", seen.fps, event.onset, event.apex, event.offset, "", "", folder)
        inputs = input_of(clip, faces, self.recognizer.recipe)[None]
        chances = self.recognizer.predict_proba(inputs)[0]
        best = int(chances.argmax())
        evidence = movement_evidence(onset, apex)
        write_evidence(folder, onset, apex, evidence, self.recognizer.maps(inputs, best))
        if self._options.save_inputs:
            self._save(folder / INPUTS, inputs, chances)
        label = self.recognizer.classes[best]
        claim = self._claim(label, float(chances[best]), seen, evidence)
        withheld = reasons_to_withhold(claim, self._options.unsure_below, self._options.words)
        return Description(
            label="" if withheld else label,
            withheld=SEPARATOR.join(withheld),
            why_other=SEPARATOR.join(reasons_for_other(event.kind, withheld)),
            probability=float(chances[best]),
            regions=parts_text(evidence.parts),
            action_units=units_text(evidence.action_units),
            probabilities=dict(zip(self.recognizer.classes, chances.tolist(), strict=True)),
        )

    def _save(self, path: Path, inputs: Float32Array, chances: NDArray[np.float64]) -> None:
        """The input of the recognizer and its answer, as arrays that numpy.load reads."""
        with whole_file(path) as aside, aside.open("wb") as file:
            np.savez(
                file,
                input=inputs,
                recipe=np.array(str(self.recognizer.recipe)),
                classes=np.array(self.recognizer.classes),
                probabilities=chances,
            )

    def _claim(self, label: str, probability: float, seen: SeenEvent, evidence: Evidence) -> Claim:
        return Claim(
            scheme=self.recognizer.scheme,
            label=label,
            probability=probability,
            units=evidence.action_units,
            parts=evidence.parts,
            seconds=seen.seconds,
            fps=seen.fps,
            largest=evidence.largest,
            head=head_movement(seen.face, evidence.head),
            change=evidence.change,
            face=seen.face,
            why_other=seen.event.why_other,
            rate=seen.rate,
        )
