"""Varied synthetic clips: what differs between their subjects and clips, and from which ranges it is drawn.

A recognizer that is trained on them meets more kinds of faces, movements and recordings than a preset of
``merlab make-faces`` has. Half of the clips show combinations of action units of CASME II, half those of a wider table
of FACS. The three classes of MEGC2019 are equally frequent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from merlab.json_models import ClosedModel, FrozenModel
from merlab.synthesis.canvas_layout import Stream, random_stream
from merlab.synthesis.identity import Identity
from merlab.synthesis.presets import PRESETS, NonNegative, Probability, RenderPreset
from merlab.synthesis.sampling import ActiveUnit, ClipPlan, plan_clip, sample_emotion

VARIED = "varied"
# The classes of MEGC2019, and the emotions of CASME II in each.
CLASSES: Mapping[str, tuple[str, ...]] = {
    "negative": ("disgust", "repression"),
    "positive": ("happiness",),
    "surprise": ("surprise",),
}

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Quality = Annotated[int, Field(ge=1, le=100)]


class VariedSettings(ClosedModel):
    """The ranges of varied clips; the default values are the preset ``varied``. Ranges include both of their ends.

    Attributes:
        facs_share: share of clips with the combinations ``facs``; the others have those of ``casme2``.
        amplitude: range of RenderPreset.amplitude of a clip; log-uniform.
        drift, jitter: the values of RenderPreset.drift and RenderPreset.jitter, one of which a clip gets.
        onset_missed, apex_missed: by how many frames the frames used may be before or after the true onset and apex.
        jpeg_quality: range of the quality of the JPEG compression of a clip.
        shrunk_share, shrunk_to: share of clips that are made smaller before the compression and enlarged to their size
            after it, and the range of the smaller size, as a share of the full size.
        blur, wrinkle: range of RenderPreset.blur and RenderPreset.wrinkle of a subject.
        noise: range of RenderPreset.noise of a subject; log-uniform.
        farneback_share, farneback_window: share of clips whose flow is Farneback's, and the range of its window, px.
        refined_share: share of clips with DIS flow whose refinement is drawn; the others have OpenCV's medium preset.
        refinement, finest_scale: ranges of the variational refinement steps and of the finest scale of such a flow.
        others: all other settings of the generator.

    """

    facs_share: Probability = 0.5
    amplitude: tuple[Positive, Positive] = (0.3, 1.3)
    drift: tuple[NonNegative, ...] = (0.2, 0.6, 1.2, 2.0)
    jitter: tuple[NonNegative, ...] = (0.2, 0.6, 1.5, 3.0)
    onset_missed: Count = 4
    apex_missed: Count = 5
    jpeg_quality: tuple[Quality, Quality] = (60, 98)
    shrunk_share: Probability = 0.35
    shrunk_to: tuple[Positive, Positive] = (0.45, 0.95)
    blur: tuple[NonNegative, NonNegative] = (0.4, 1.6)
    noise: tuple[Positive, Positive] = (0.4, 2.5)
    wrinkle: tuple[NonNegative, NonNegative] = (0.4, 1.6)
    farneback_share: Probability = 0.3
    farneback_window: tuple[Count, Count] = (11, 21)
    refined_share: Probability = 0.25
    refinement: tuple[Count, Count] = (0, 7)
    finest_scale: tuple[Count, Count] = (0, 1)
    others: RenderPreset = PRESETS["default"]


class FlowChoice(FrozenModel):
    """The algorithm of a clip's flow: Farneback with a window (px), or DIS with refinement steps and finest scale."""

    algorithm: Literal["farneback", "dis"]
    window: int | None = None
    refinement: int | None = None
    finest_scale: int | None = None


class VariedClip(FrozenModel):
    """What was drawn for one clip; frames are counted from 0, sizes are shares of the full size.

    ``onset`` and ``apex`` are the frames that are used, ``true_onset`` and ``true_apex`` those of the movement.
    """

    subject: str
    clip: str
    emotion: str
    combinations: Literal["casme2", "facs"]
    action_units: tuple[ActiveUnit, ...]
    amplitude: float
    drift: float
    jitter: float
    onset: int
    apex: int
    true_onset: int
    true_apex: int
    jpeg_quality: int
    shrunk_to: float
    flow: FlowChoice


def preset_of_subject(settings: VariedSettings, seed: int, subject: int) -> RenderPreset:
    """The preset of a subject (from 0): its blur, noise and wrinkles, and the settings that do not vary."""
    rng = random_stream(seed, Stream.VARIED_SUBJECT, subject)
    blur, wrinkle = (float(rng.uniform(*bounds)) for bounds in (settings.blur, settings.wrinkle))
    return settings.others.model_copy(
        update={"blur": blur, "wrinkle": wrinkle, "noise": _log_uniform(rng, settings.noise)}
    )


def draw_clip(
    settings: VariedSettings, identity: Identity, preset: RenderPreset, number: int
) -> tuple[VariedClip, ClipPlan]:
    """Draw clip ``number`` (from 0) of a subject with its preset; classes take turns, also from subject to subject."""
    rng = random_stream(identity.seed, Stream.VARIED_CLIP, identity.subject, number)
    combinations: Literal["casme2", "facs"] = "facs" if rng.random() < settings.facs_share else "casme2"
    label = list(CLASSES)[(identity.subject + number) % len(CLASSES)]
    emotion = label if combinations == "facs" else sample_emotion(rng, CLASSES[label])
    amplitude = _log_uniform(rng, settings.amplitude)
    drift, jitter = float(rng.choice(settings.drift)), float(rng.choice(settings.jitter))
    own = {"combinations": combinations, "amplitude": amplitude, "drift": drift, "jitter": jitter}
    plan = plan_clip(identity, number, emotion, preset.model_copy(update=own))
    onset, apex = _used_frames(rng, settings, plan)
    quality = int(rng.integers(*settings.jpeg_quality, endpoint=True))
    shrunk = float(rng.uniform(*settings.shrunk_to)) if rng.random() < settings.shrunk_share else 1.0
    clip = VariedClip(
        subject=f"sub{identity.subject + 1:03d}",
        clip=f"clip{number + 1:02d}",
        emotion=emotion,
        combinations=combinations,
        action_units=tuple(unit.rounded() for unit in plan.action_units),
        amplitude=amplitude,
        drift=drift,
        jitter=jitter,
        onset=onset,
        apex=apex,
        true_onset=plan.timing.onset,
        true_apex=plan.timing.apex,
        jpeg_quality=quality,
        shrunk_to=shrunk,
        flow=_flow_choice(rng, settings),
    )
    return clip, plan


def _log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))


def _used_frames(rng: np.random.Generator, settings: VariedSettings, plan: ClipPlan) -> tuple[int, int]:
    """The frames used as onset and apex; the apex comes later, and both are in the clip."""
    early, late = (
        int(rng.integers(-frames, frames, endpoint=True)) for frames in (settings.onset_missed, settings.apex_missed)
    )
    onset = max(0, plan.timing.onset + early)
    return onset, min(len(plan) - 1, max(onset + 1, plan.timing.apex + late))


def _flow_choice(rng: np.random.Generator, settings: VariedSettings) -> FlowChoice:
    chance = rng.random()
    if chance < settings.farneback_share:
        return FlowChoice(algorithm="farneback", window=int(rng.integers(*settings.farneback_window, endpoint=True)))
    if chance < settings.farneback_share + settings.refined_share:
        refinement, finest = (
            int(rng.integers(*bounds, endpoint=True)) for bounds in (settings.refinement, settings.finest_scale)
        )
        return FlowChoice(algorithm="dis", refinement=refinement, finest_scale=finest)
    return FlowChoice(algorithm="dis")
