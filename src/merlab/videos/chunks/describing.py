"""What an event is: its class, how sure that is, and what moved."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from merlab.clips import Clip
from merlab.faces.album import Album
from merlab.inputs.extraction import input_of
from merlab.models.recognizer import Recognizer, load_recognizer
from merlab.spotting.spot import SpottedEvent
from merlab.videos.evidence.maps import maps
from merlab.videos.evidence.movement import movement_evidence
from merlab.videos.evidence.pictures import write_evidence
from merlab.videos.options import Options


class EventDescriber:
    """Describes events by a recognizer, which is not loaded before there is one."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @cached_property
    def recognizer(self) -> Recognizer:
        """With the weights and under the runtime that were asked for."""
        return load_recognizer(self._options.weights).on(self._options.runtime)

    def describe(self, event: SpottedEvent, album: Album, fps: float, folder: Path) -> dict[str, Any]:
        """Class, probabilities, regions and action units of an event; its pictures are written into ``folder``."""
        onset, apex = album.read(event.onset), album.read(event.apex)
        clip = Clip("video", "face", "event", fps, event.onset, event.apex, event.offset, "", "", folder)
        inputs = input_of(clip, album, self.recognizer.recipe)[None]
        chances = self.recognizer.predict_proba(inputs)[0]
        label = int(chances.argmax())
        evidence = movement_evidence(onset, apex)
        write_evidence(folder, onset, apex, evidence, maps(self.recognizer, inputs, label))
        return {
            "class": self.recognizer.classes[label] if chances[label] >= self._options.unsure_below else "",
            "probability": float(chances[label]),
            "probabilities": dict(zip(self.recognizer.classes, chances.tolist(), strict=True)),
            "regions": evidence.regions_text,
            "action_units": evidence.action_units_text,
        }
