"""The presets of the generator: the strength of the movements and of the disturbances."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from merlab.registry import look_up
from merlab.vocabulary import SynthesisPreset

NonNegative = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]


class RenderPreset(BaseModel):
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

    model_config = ConfigDict(frozen=True, extra="forbid")

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


def find_preset(name: str) -> RenderPreset:
    """The preset with this name; raises MerlabError with all names if there is none."""
    return look_up(name, PRESETS, "preset")
