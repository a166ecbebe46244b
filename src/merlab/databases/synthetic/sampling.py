"""What happens in a clip: which action units move when, and everything else that changes from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from merlab.databases.synthetic.action_units import ACTION_UNITS, COMBINATIONS, parse_combination
from merlab.databases.synthetic.identity import Identity
from merlab.databases.synthetic.layout import FPS, SIDES, Stream, random_stream
from merlab.databases.synthetic.presets import RenderPreset

RISE_MEDIAN, RISE_SIGMA, RISE_BOUNDS = 28, 0.38, (9, 60)
FALL_MEDIAN, FALL_SIGMA, FALL_BOUNDS = 34, 0.35, (10, 75)
LONGEST_MOVEMENT = 99
LAG_SIGMA = 2.5
LARGEST_RESIDUAL = 0.2
MOVING_SIDE, STILL_SIDE = 1.1, 0.12
JITTER_UNITS, JITTER_SIGMA, JITTER_FRAMES = 4, 0.1, 12.0
SMALL_ANGLE = np.deg2rad(0.12)
MAINS_HERTZ = 100.3
LEAST_ACTIVITY = 1e-4

Track = NDArray[np.float64]


@dataclass(frozen=True)
class ActiveUnit:
    """An action unit of a clip: its intensity at the apex, and the side that moves (``B`` both, ``L``, ``R``)."""

    number: int
    side: str
    intensity: float

    @property
    def code(self) -> str:
        """As CASME II's annotators write it: ``4``, ``L10``."""
        return f"{self.side if self.side in 'LR' else ''}{self.number}"


@dataclass(frozen=True)
class Timing:
    """Indices of frames in the clip, from 0: onset <= apex <= offset < length."""

    onset: int
    apex: int
    offset: int
    length: int


@dataclass(frozen=True)
class Pose:
    """The state of a face in one frame.

    ``activity`` is the intensity of each moving action unit, keyed by number and side (``12l``, ``17c``); ``closure``
    how far the upper lids close (1: shut); ``gaze`` the shift of the eyeballs (x, y) px; ``head`` the rigid movement
    (x px, y px, roll rad, yaw rad, pitch rad, relative scale).
    """

    activity: dict[str, float]
    closure: float
    gaze: tuple[float, float]
    head: tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class ClipPlan:
    """Everything that a clip shows, before a pixel is drawn.

    Tracks hold one row a frame: ``activity`` by action unit and side, ``closure`` (n,), ``gaze`` (n, 2) and ``head``
    (n, 6) as in Pose, ``gain`` (n,) and ``side_light`` (n,) of the lighting. ``blink`` is the interval of a blink in
    frames, which may reach beyond the clip. ``noise_seed`` is the key of the sensor noise.
    """

    emotion: str
    action_units: tuple[ActiveUnit, ...]
    timing: Timing
    activity: dict[str, Track]
    closure: Track
    gaze: Track
    head: Track
    gain: Track
    side_light: Track
    blink: tuple[float, float] | None
    noise_seed: int

    def pose(self, frame: int) -> Pose:
        """The state of the face in frame ``frame`` (from 0)."""
        x, y, roll, yaw, pitch, scale = map(float, self.head[frame])
        activity = {key: float(track[frame]) for key, track in self.activity.items()}
        return Pose(
            activity={key: value for key, value in activity.items() if abs(value) > LEAST_ACTIVITY},
            closure=float(self.closure[frame]),
            gaze=(float(self.gaze[frame, 0]), float(self.gaze[frame, 1])),
            head=(x, y, roll, yaw, pitch, scale),
        )


def plan_clip(identity: Identity, clip: int, emotion: str, preset: RenderPreset) -> ClipPlan:
    """Draw clip number ``clip`` (from 0) of a subject, showing ``emotion`` (one of CLASSES).

    Timing, lighting and head movement are drawn alike for every emotion, so that they cannot give the label away.
    """
    rng = random_stream(identity.seed, Stream.CLIP, identity.subject, clip)
    numbers = _draw_combination(rng, emotion, preset)
    timing = draw_timing(rng, preset.padding)
    units, activity = _draw_movement(rng, identity, numbers, timing, preset)
    _add_jitter(rng, activity, timing.length, preset.jitter)
    closure, blink = _draw_blink(rng, timing.length, preset.blink_probability)
    gaze = _draw_gaze(rng, timing.length, preset.gaze_probability)
    head = _draw_head(rng, timing.length, preset.drift)
    gain, side_light = _draw_lighting(rng, timing.length, preset.flicker)
    noise_seed = int(rng.integers(0, 2**62))
    return ClipPlan(emotion, units, timing, activity, closure, gaze, head, gain, side_light, blink, noise_seed)


def _draw_combination(rng: np.random.Generator, emotion: str, preset: RenderPreset) -> tuple[int, ...]:
    weights = COMBINATIONS[preset.combinations][emotion]
    shares = np.array(list(weights.values()), float)
    return parse_combination(list(weights)[rng.choice(len(shares), p=shares / shares.sum())])


def draw_timing(rng: np.random.Generator, padding: tuple[int, int]) -> Timing:
    """Rise lognormal(28, .38) in 9..60 frames, fall lognormal(34, .35) in 10..75, together 99 at most (0.5 s)."""
    rise = int(np.clip(np.rint(rng.lognormal(np.log(RISE_MEDIAN), RISE_SIGMA)), *RISE_BOUNDS))
    fall = int(np.clip(np.rint(rng.lognormal(np.log(FALL_MEDIAN), FALL_SIGMA)), *FALL_BOUNDS))
    if rise + fall > LONGEST_MOVEMENT:
        shrink = LONGEST_MOVEMENT / (rise + fall)
        rise, fall = int(rise * shrink), int(fall * shrink)
    before, after = (int(frames) for frames in rng.integers(padding[0], padding[1] + 1, 2))
    return Timing(before, before + rise, before + rise + fall, before + rise + fall + after + 1)


def envelope(timing: Timing, lag: int, residual: float, rise_power: float, fall_power: float) -> Track:
    """How active a unit is in each frame: sin² from 0 up to 1 at the apex and down to ``residual`` at the offset.

    A unit that lags starts later, one that leads peaks earlier; none moves before the onset.
    """
    frames = np.arange(timing.length, dtype=float)
    start, peak = timing.onset + max(0, lag), timing.apex + min(0, lag)
    rising = np.sin(0.5 * np.pi * np.clip((frames - start) / max(1, peak - start), 0, 1) ** rise_power) ** 2
    falling = np.sin(0.5 * np.pi * np.clip((frames - peak) / (timing.offset - peak), 0, 1) ** fall_power) ** 2
    return np.asarray(np.where(frames > peak, 1 - (1 - residual) * falling, rising))


def _draw_movement(
    rng: np.random.Generator, identity: Identity, numbers: tuple[int, ...], timing: Timing, preset: RenderPreset
) -> tuple[tuple[ActiveUnit, ...], dict[str, Track]]:
    amplitude = preset.amplitude * float(np.exp(rng.normal(0, preset.amplitude_sigma))) * identity.expressivity
    lags = np.rint(rng.normal(0, LAG_SIGMA, len(numbers))).astype(int)
    # The annotated onset and apex are those of the unit that lags least.
    lags -= lags[np.argmin(np.abs(lags))]
    rise = timing.apex - timing.onset
    units, activity = [], {}
    for number, lag in zip(numbers, np.clip(lags, -rise // 2, rise // 2), strict=True):
        intensity = amplitude * identity.au_gain[number] * float(np.exp(rng.normal(0, 0.15)))
        shape = rng.uniform([0, 0.85, 0.8], [LARGEST_RESIDUAL, 1.3, 1.2])
        track = intensity * envelope(timing, int(lag), *map(float, shape))
        side, shares = _draw_sides(rng, number, identity.laterality)
        activity.update({f"{number}{key}": share * track for key, share in shares.items()})
        units.append(ActiveUnit(number, side, intensity))
    return tuple(units), activity


def _draw_sides(rng: np.random.Generator, number: int, habit: float) -> tuple[str, dict[str, float]]:
    """The annotated side, and the share of the intensity that each side gets."""
    unit = ACTION_UNITS[number]
    laterality = float(np.clip(habit + rng.normal(0, 0.12), -0.6, 0.6))
    draw, moves_left = rng.random(), rng.random() < 0.5
    if not unit.paired:
        return "B", {"c": 1.0}
    if draw >= unit.unilateral:
        return "B", {"l": 1 + laterality, "r": 1 - laterality}
    if moves_left:
        return "L", {"l": MOVING_SIDE, "r": STILL_SIDE}
    return "R", {"l": STILL_SIDE, "r": MOVING_SIDE}


def smooth_noise(rng: np.random.Generator, length: int, sigma: float) -> Track:
    """``length`` samples of white noise smoothed by a Gaussian of ``sigma`` samples, scaled to unit variance."""
    reach = int(3 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    noise = rng.standard_normal(length + 2 * reach)
    return np.convolve(noise, kernel / np.sqrt((kernel**2).sum()), mode="valid")


def _add_jitter(rng: np.random.Generator, activity: dict[str, Track], length: int, jitter: float) -> None:
    """Tiny smooth activity of units that has nothing to do with the label; the lips stay closed."""
    closed = [number for number, unit in ACTION_UNITS.items() if not unit.parts_lips]
    for number in rng.choice(closed, JITTER_UNITS, replace=False):
        for side in SIDES if ACTION_UNITS[number].paired else ("c",):
            key = f"{number}{side}"
            track = jitter * JITTER_SIGMA * smooth_noise(rng, length, JITTER_FRAMES)
            activity[key] = activity.get(key, 0) + track


def _draw_blink(rng: np.random.Generator, length: int, probability: float) -> tuple[Track, tuple[float, float] | None]:
    """Closure of the lids, and the interval of the blink; it starts anywhere from 10 frames before the clip."""
    drawn, start = rng.random(), rng.uniform(-10, length + 5)
    half, depth = rng.uniform(14, 26), rng.uniform(0.75, 1.0)
    if drawn >= probability:
        return np.zeros(length), None
    phase = np.clip((np.arange(length) - start) / half, 0, 2)
    return depth * np.sin(0.5 * np.pi * phase) ** 2, (float(start), float(start + 2 * half))


def _draw_gaze(rng: np.random.Generator, length: int, probability: float) -> Track:
    """A saccade of 1 to 4 px in any direction, half as high as wide; (length, 2)."""
    drawn, moment = rng.random(), rng.uniform(0, length)
    direction, extent = rng.uniform(0, 2 * np.pi), rng.uniform(1, 4)
    if drawn >= probability:
        return np.zeros((length, 2))
    step = 1 / (1 + np.exp(-(np.arange(length) - moment) / 1.5))
    return np.outer(step, [extent * np.cos(direction), 0.5 * extent * np.sin(direction)])


def _draw_head(rng: np.random.Generator, length: int, drift: float) -> Track:
    """A smooth random walk and a steady drift of the six rigid parameters of Pose; (length, 6)."""
    ramp = (np.arange(length) - length // 2) / 100

    def wander(scale: float, smoothness: float, wobble: float, slope: float) -> Track:
        return np.asarray(
            drift * scale * (wobble * smooth_noise(rng, length, smoothness) + rng.normal(0, slope) * ramp)
        )

    return np.stack(
        [
            wander(1.0, 18, 0.3, 0.7),
            wander(1.0, 18, 0.3, 0.7),
            wander(SMALL_ANGLE, 18, 1.0, 1.2),
            wander(SMALL_ANGLE, 20, 1.0, 1.2),
            wander(SMALL_ANGLE, 20, 1.0, 1.2),
            wander(0.0007, 20, 1.0, 1.0),
        ],
        axis=1,
    )


def _draw_lighting(rng: np.random.Generator, length: int, flicker: float) -> tuple[Track, Track]:
    """The gain of each frame (mains flicker, slow change, frame to frame) and the slope of light across the face."""
    session = 1 + rng.normal(0, 0.03)
    mains = 0.004 * np.sin(2 * np.pi * MAINS_HERTZ / FPS * np.arange(length) + rng.uniform(0, 2 * np.pi))
    slow = 0.004 * smooth_noise(rng, length, 10)
    gain = session * (1 + flicker * (mains + slow + 0.003 * rng.standard_normal(length)))
    return np.asarray(gain), flicker * 0.012 * smooth_noise(rng, length, 25)
