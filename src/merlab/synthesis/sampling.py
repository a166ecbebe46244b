"""Sample what happens in a clip: which action units move when, and everything else that changes between frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from merlab.synthesis.action_units import ACTION_UNITS, CASME2_PRIOR, COMBINATIONS, parse_combination
from merlab.synthesis.canvas_layout import FPS, SIDES, Stream, random_stream
from merlab.synthesis.identity import Identity
from merlab.synthesis.poses import FrameSequence, FrameValues, smooth_noise
from merlab.synthesis.presets import RenderPreset

RISE_MEDIAN, RISE_SIGMA, RISE_BOUNDS = 28, 0.38, (9, 60)
FALL_MEDIAN, FALL_SIGMA, FALL_BOUNDS = 34, 0.35, (10, 75)
LONGEST_MOVEMENT = 99
LAG_SIGMA = 2.5
LARGEST_RESIDUAL = 0.2
MOVING_SIDE, STILL_SIDE = 1.1, 0.12
JITTER_UNITS, JITTER_SIGMA, JITTER_FRAMES = 4, 0.1, 12.0
SMALL_ANGLE = np.deg2rad(0.12)
MAINS_HERTZ = 100.3
SLOW_LIGHT_FRAMES, SIDE_LIGHT, SIDE_LIGHT_FRAMES = 10, 0.012, 25
SACCADE_FRAMES = 1.5
# The exponential of more is not a finite number.
LARGEST_EXPONENT = 700.0

# For each rigid parameter of Pose under drift 1: its unit, the smoothness (frames) of its random movement, the standard
# deviation of the random movement, and that of the steady change over 100 frames, both in units.
HEAD_MOVEMENT = (
    (1.0, 18, 0.3, 0.7),
    (1.0, 18, 0.3, 0.7),
    (SMALL_ANGLE, 18, 1.0, 1.2),
    (SMALL_ANGLE, 20, 1.0, 1.2),
    (SMALL_ANGLE, 20, 1.0, 1.2),
    (0.0007, 20, 1.0, 1.0),
)


@dataclass(frozen=True)
class ActiveUnit:
    """An action unit of a clip: its number, the side that moves (``B`` both, ``L``, ``R``), and its apex intensity."""

    number: int
    side: str
    intensity: float

    @property
    def code(self) -> str:
        """The code of CASME II's annotators: ``4``, ``L10``."""
        return f"{self.side if self.side in 'LR' else ''}{self.number}"

    def rounded(self) -> ActiveUnit:
        """The same with the intensity rounded to four decimals, for a manifest."""
        return replace(self, intensity=round(self.intensity, 4))


@dataclass(frozen=True)
class ClipTiming:
    """Indices of frames in the clip, from 0: onset <= apex <= offset < length."""

    onset: int
    apex: int
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True)
class ClipPlan(FrameSequence):
    """The complete content of a clip before rendering: its labeled movement, and the state of every frame.

    ``blink`` is the interval of a blink in frames, which may reach beyond the clip.
    """

    emotion: str
    action_units: tuple[ActiveUnit, ...]
    timing: ClipTiming
    blink: tuple[float, float] | None


def plan_clip(identity: Identity, clip: int, emotion: str, preset: RenderPreset) -> ClipPlan:
    """Sample clip number ``clip`` (from 0) of a subject, with the class ``emotion`` (one of CLASSES).

    Timing, lighting and head movement have the same distribution for every emotion, so that they do not reveal the
    label.
    """
    rng = random_stream(identity.seed, Stream.CLIP, identity.subject, clip)
    timing, units, activity = sample_movement(rng, identity, emotion, preset, preset.padding)
    for key in sample_jitter_keys(rng):
        activity[key] = activity.get(key, 0) + preset.jitter * JITTER_SIGMA * smooth_noise(
            rng, timing.length, JITTER_FRAMES
        )
    closure, blink = _sample_blink(rng, timing.length, preset.blink_probability)
    gaze = _sample_gaze(rng, timing.length, preset.gaze_probability)
    head = _sample_head(rng, timing.length, preset.drift)
    gain, side_light = _sample_lighting(rng, timing.length, preset.flicker)
    noise_seed = int(rng.integers(0, 2**62))
    return ClipPlan(
        emotion=emotion,
        action_units=units,
        timing=timing,
        activity=activity,
        closure=closure,
        gaze=gaze,
        head=head,
        gain=gain,
        side_light=side_light,
        blink=blink,
        noise_seed=noise_seed,
    )


def sample_emotion(rng: np.random.Generator, emotions: Sequence[str]) -> str:
    """One of these emotions, each as frequent as in CASME II."""
    shares = np.array([CASME2_PRIOR[emotion] for emotion in emotions], float)
    return emotions[rng.choice(len(emotions), p=shares / shares.sum())]


def sample_combination(rng: np.random.Generator, weights: Mapping[str, float]) -> tuple[int, ...]:
    """The action units of one of these combinations, each as frequent as its weight."""
    shares = np.array(list(weights.values()), float)
    return parse_combination(list(weights)[rng.choice(len(shares), p=shares / shares.sum())])


def sample_timing(rng: np.random.Generator, padding: tuple[int, int]) -> ClipTiming:
    """Rise lognormal(28, .38) in 9..60 frames, fall lognormal(34, .35) in 10..75, together at most 99 (0.5 s)."""
    rise = int(np.clip(np.rint(rng.lognormal(np.log(RISE_MEDIAN), RISE_SIGMA)), *RISE_BOUNDS))
    fall = int(np.clip(np.rint(rng.lognormal(np.log(FALL_MEDIAN), FALL_SIGMA)), *FALL_BOUNDS))
    if rise + fall > LONGEST_MOVEMENT:
        shrink = LONGEST_MOVEMENT / (rise + fall)
        rise, fall = int(rise * shrink), int(fall * shrink)
    before, after = (int(frames) for frames in rng.integers(padding[0], padding[1] + 1, 2))
    return ClipTiming(before, before + rise, before + rise + fall, before + rise + fall + after + 1)


def envelope(timing: ClipTiming, lag: int, residual: float, rise_power: float, fall_power: float) -> FrameValues:
    """The activity of a unit in each frame: sin² from 0 up to 1 at the apex, and down to ``residual`` at the offset.

    With a positive lag (frames) a unit starts later, with a negative lag it peaks earlier; none moves before the onset.
    """
    frames = np.arange(timing.length, dtype=float)
    start, peak = timing.onset + max(0, lag), timing.apex + min(0, lag)
    rising = np.sin(0.5 * np.pi * np.clip((frames - start) / max(1, peak - start), 0, 1) ** rise_power) ** 2
    falling = np.sin(0.5 * np.pi * np.clip((frames - peak) / (timing.offset - peak), 0, 1) ** fall_power) ** 2
    return np.asarray(np.where(frames > peak, 1 - (1 - residual) * falling, rising))


def sample_movement(
    rng: np.random.Generator, identity: Identity, emotion: str, preset: RenderPreset, padding: tuple[int, int]
) -> tuple[ClipTiming, tuple[ActiveUnit, ...], dict[str, FrameValues]]:
    """A movement of the class ``emotion``: its timing, its action units, and the activity of each in each frame."""
    numbers = sample_combination(rng, COMBINATIONS[preset.combinations][emotion])
    timing = sample_timing(rng, padding)
    amplitude = preset.amplitude * float(np.exp(rng.normal(0, preset.amplitude_sigma))) * identity.expressivity
    lags = np.rint(rng.normal(0, LAG_SIGMA, len(numbers))).astype(int)
    # The annotated onset and apex are those of the unit with the smallest lag.
    lags -= lags[np.argmin(np.abs(lags))]
    rise = timing.apex - timing.onset
    units, activity = [], {}
    for number, lag in zip(numbers, np.clip(lags, -rise // 2, rise // 2), strict=True):
        intensity = amplitude * identity.au_gain[number] * float(np.exp(rng.normal(0, 0.15)))
        shape = rng.uniform([0, 0.85, 0.8], [LARGEST_RESIDUAL, 1.3, 1.2])
        values = intensity * envelope(timing, int(lag), *map(float, shape))
        side, shares = sample_sides(rng, number, identity.laterality)
        activity.update({f"{number}{key}": share * values for key, share in shares.items()})
        units.append(ActiveUnit(number, side, intensity))
    return timing, tuple(units), activity


def sample_sides(rng: np.random.Generator, number: int, habit: float) -> tuple[str, dict[str, float]]:
    """The annotated side, and the share of the intensity that each side gets."""
    unit = ACTION_UNITS[number]
    laterality = float(np.clip(habit + rng.normal(0, 0.12), -0.6, 0.6))
    chance, moves_left = rng.random(), rng.random() < 0.5
    if not unit.paired:
        return "B", {"c": 1.0}
    if chance >= unit.unilateral:
        return "B", {"l": 1 + laterality, "r": 1 - laterality}
    if moves_left:
        return "L", {"l": MOVING_SIDE, "r": STILL_SIDE}
    return "R", {"l": STILL_SIDE, "r": MOVING_SIDE}


def sample_jitter_keys(rng: np.random.Generator) -> list[str]:
    """Keys (number and side) of action units with a tiny activity independent of the label; the lips stay closed."""
    closed = [number for number, unit in ACTION_UNITS.items() if not unit.parts_lips]
    numbers = rng.choice(closed, JITTER_UNITS, replace=False)
    return [f"{number}{side}" for number in numbers for side in (SIDES if ACTION_UNITS[number].paired else ("c",))]


def _sample_blink(
    rng: np.random.Generator, length: int, probability: float
) -> tuple[FrameValues, tuple[float, float] | None]:
    """The closure of the lids, and the interval of the blink, which may start up to 10 frames before the clip."""
    chance, start = rng.random(), rng.uniform(-10, length + 5)
    half, depth = sample_lids(rng)
    if chance >= probability:
        return np.zeros(length), None
    return closing(np.arange(length), start, half, depth), (float(start), float(start + 2 * half))


def sample_lids(rng: np.random.Generator) -> tuple[float, float]:
    """For a blink: the number of frames that the lids take to close, and how far they close."""
    return rng.uniform(14, 26), rng.uniform(0.75, 1.0)


def closing(frames: NDArray[np.int_], start: float, half: float, depth: float) -> FrameValues:
    """The closure of the lids in these frames in a blink that starts at ``start`` and takes ``2 * half`` frames."""
    return np.asarray(depth * np.sin(0.5 * np.pi * np.clip((frames - start) / half, 0, 2)) ** 2)


def _sample_gaze(rng: np.random.Generator, length: int, probability: float) -> FrameValues:
    """A saccade of 1 to 4 px in any direction, half as far vertically as horizontally; (length, 2)."""
    chance, moment = rng.random(), rng.uniform(0, length)
    target = sample_gaze_target(rng)
    if chance >= probability:
        return np.zeros((length, 2))
    return np.outer(saccade(np.arange(length), moment), target)


def sample_gaze_target(rng: np.random.Generator) -> tuple[float, float]:
    """The new gaze (x, y): 1 to 4 px in any direction, half as far vertically as horizontally."""
    direction, extent = rng.uniform(0, 2 * np.pi), rng.uniform(1, 4)
    return extent * np.cos(direction), 0.5 * extent * np.sin(direction)


def saccade(frames: NDArray[np.int_], moment: float) -> FrameValues:
    """The completed share of a saccade at ``moment`` in these frames, 0 to 1."""
    return np.asarray(1 / (1 + np.exp(np.minimum(-(frames - moment) / SACCADE_FRAMES, LARGEST_EXPONENT))))


def _sample_head(rng: np.random.Generator, length: int, drift: float) -> FrameValues:
    """A smooth random movement and a steady drift of the six rigid parameters of Pose; (length, 6)."""
    ramp = (np.arange(length) - length // 2) / 100
    moves = [
        drift * unit * (wobble * smooth_noise(rng, length, smoothness) + rng.normal(0, slope) * ramp)
        for unit, smoothness, wobble, slope in HEAD_MOVEMENT
    ]
    return np.stack(moves, axis=1)


def _sample_lighting(rng: np.random.Generator, length: int, flicker: float) -> tuple[FrameValues, FrameValues]:
    """The gain of each frame (flicker and changes of the light), and the slope of the light across the face."""
    session, phase = sample_lamp(rng)
    slow = smooth_noise(rng, length, SLOW_LIGHT_FRAMES)
    gain = lamp_gain(np.arange(length), session, phase, flicker, slow, rng.standard_normal(length))
    return gain, flicker * SIDE_LIGHT * smooth_noise(rng, length, SIDE_LIGHT_FRAMES)


def sample_lamp(rng: np.random.Generator) -> tuple[float, float]:
    """For a session: its brightness (1 on average) and the phase of the mains flicker, radians."""
    return 1 + rng.normal(0, 0.03), rng.uniform(0, 2 * np.pi)


def lamp_gain(
    frames: NDArray[np.int_], session: float, phase: float, flicker: float, slow: FrameValues, quick: FrameValues
) -> FrameValues:
    """The gain of each frame: mains flicker, slow changes, and changes between frames (both with unit variance)."""
    mains = 0.004 * np.sin(2 * np.pi * MAINS_HERTZ / FPS * frames + phase)
    return np.asarray(session * (1 + flicker * (mains + 0.004 * slow + 0.003 * quick)))
