"""The presets of the generator: the strength of the movements and of the disturbances."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from merlab.errors import MerlabError
from merlab.json_models import ClosedModel
from merlab.registry import look_up
from merlab.vocabulary import RECORDING_PRESETS, DistractionKind, RecordingPreset, SynthesisPreset

NonNegative = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]


class RenderPreset(ClosedModel):
    """All settings of the generator; the default values are those of the preset ``default``.

    Attributes:
        amplitude: median intensity of an action unit (1 moves a lip corner by about 2 px); 0: no action unit moves.
        amplitude_sigma: standard deviation of the logarithm of a clip's amplitude.
        combinations: ``casme2`` samples action units as frequently as CASME II's annotators coded them with an emotion,
            so labels are ambiguous; ``prototypical`` samples only combinations that occur in a single class; ``facs``
            has the classes negative, positive and surprise, with all combinations that FACS lists for their emotions.
        drift: rigid head movement; 1 moves by about 0.7 px and 0.14 degrees over 100 frames.
        jitter: activity of four random action units; 1 has a standard deviation of 0.1 intensity.
        noise: sensor noise; 1 has a variance of 1.44 + 0.018 I squared gray values at intensity I.
        flicker: changes of the light; 1 means 0.4 % of mains flicker and 0.4 % of slow change.
        blink_probability, gaze_probability: probability that a clip has a blink, a shift of gaze.
        wrinkle: strength of wrinkles and bulges; 1 darkens a nasolabial fold by 7 %.
        blur: standard deviation of the optical blur, pixels.
        jpeg_quality: quality of the written frames, 1 to 100.
        padding: smallest and largest number of frames before the onset and after the offset.

    """

    amplitude: NonNegative = 0.6
    amplitude_sigma: NonNegative = 0.35
    combinations: Literal["casme2", "prototypical", "facs"] = "casme2"
    drift: NonNegative = 0.6
    jitter: NonNegative = 0.6
    noise: NonNegative = 1.0
    flicker: NonNegative = 1.0
    blink_probability: Probability = 0.25
    gaze_probability: Probability = 0.2
    wrinkle: NonNegative = 1.0
    blur: NonNegative = 0.6
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] = 95
    padding: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] = (6, 12)


PRESETS: dict[SynthesisPreset, RenderPreset] = {
    "default": RenderPreset(),
    "easy": RenderPreset(
        amplitude=1.0,
        combinations="prototypical",
        drift=0.3,
        noise=0.5,
        jitter=0.2,
        blink_probability=0.0,
        gaze_probability=0.0,
    ),
    "hard": RenderPreset(amplitude=0.3, drift=1.5, noise=2.0, jitter=2.0, blink_probability=0.4),
    "null": RenderPreset(amplitude=0.0),
}


class DistractionRates(ClosedModel):
    """How often a recording has what can be mistaken for a micro-expression, or hides one.

    Attributes:
        macro: macro-expressions per minute, of 0.5 to 4 s.
        per_minute: distractions of each kind per minute; slipping glasses only for subjects that wear some.
        glasses: the probability that a subject wears glasses.
        beside: the probability that a micro-expression is shown while the subject talks or chews.
        megabits: the lowest and highest rate of an MP4 file that has no requested rate, Mbit/s.

    """

    macro: NonNegative
    per_minute: dict[DistractionKind, NonNegative]
    glasses: Probability
    beside: Probability
    megabits: tuple[float, float]


class RecordingContent(ClosedModel):
    """A preset of recordings: the settings of the faces, and the rates of the distractions if there are any."""

    faces: RenderPreset
    distractions: DistractionRates | None = None


CONVERSATION = DistractionRates(
    macro=4.0,
    per_minute={
        "talking": 2.0,
        "chewing": 0.7,
        "hand": 1.5,
        "turn": 1.5,
        "nod": 1.5,
        "glasses": 1.0,
        "slow light": 1.0,
        "sudden light": 0.7,
        "second person": 0.7,
        "cut": 0.5,
    },
    glasses=0.5,
    beside=0.15,
    megabits=(1.0, 8.0),
)

RECORDING_CONTENTS: dict[RecordingPreset, RecordingContent] = {
    **{name: RecordingContent(faces=preset) for name, preset in PRESETS.items()},
    "conversation": RecordingContent(faces=PRESETS["default"], distractions=CONVERSATION),
}


def find_preset(name: str) -> RenderPreset:
    """The preset of clips with this name; raises MerlabError with all names if there is none."""
    if isinstance(name, str) and name in RECORDING_PRESETS and name not in PRESETS:
        raise MerlabError(
            f"the preset {name} is for long recordings (`merlab make-videos`); clips have {', '.join(PRESETS)}"
        )
    return look_up(name, PRESETS, "preset")


def find_recording_content(name: str) -> RecordingContent:
    """The preset of recordings with this name; raises MerlabError with all names if there is none."""
    return look_up(name, RECORDING_CONTENTS, "preset")
