"""What happens in a long recording: micro-expressions between neutral gaps, and all that distracts from them.

A recording is planned as a short list of events, blinks and shifts of gaze; the tracks of its frames are made block by
block, each from keys of its own, so that an hour takes no more memory than a minute and any block can be made first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.synthesis.canvas_layout import FPS, Stream, random_stream
from merlab.synthesis.identity import Identity
from merlab.synthesis.presets import RenderPreset
from merlab.synthesis.sampling import (
    HEAD_MOVEMENT,
    JITTER_FRAMES,
    JITTER_SIGMA,
    SIDE_LIGHT,
    SIDE_LIGHT_FRAMES,
    SLOW_LIGHT_FRAMES,
    ActiveUnit,
    closing,
    draw_gaze_target,
    draw_jitter_keys,
    draw_lamp,
    draw_lids,
    draw_movement,
    lamp_gain,
    saccade,
)
from merlab.synthesis.tracks import Track, Tracks, reach, smoothed

BLOCK = 800
CHUNK = 4096
# What is left of a movement at its offset fades out over this many frames, slower than any micro-expression.
FADING = 200
NEUTRAL_GAP = 300
DRIFT_FRAMES = 400.0
SACCADE_REACH = 50


@dataclass(frozen=True)
class Event:
    """A micro-expression of a recording; frames from 0, ``activity`` from frame ``onset - FADING`` on."""

    emotion: str
    action_units: tuple[ActiveUnit, ...]
    onset: int
    apex: int
    offset: int
    activity: dict[str, Track]


@dataclass(frozen=True)
class Blink:
    """A blink: the frame (from 0) at which it begins, the frames that the lids take to close, and how far they do."""

    start: float
    half: float
    depth: float


@dataclass(frozen=True)
class GazeShift:
    """A saccade around a frame (from 0), and where the eyeballs then rest: (x, y) px from straight ahead."""

    moment: float
    target: tuple[float, float]


@dataclass(frozen=True)
class RecordingPlan:
    """Everything that ``frames`` frames of one subject show; ``block`` makes the tracks of some of them."""

    identity: Identity
    preset: RenderPreset
    frames: int
    events: tuple[Event, ...]
    blinks: tuple[Blink, ...]
    gaze_shifts: tuple[GazeShift, ...]
    jitter_keys: tuple[str, ...]
    lamp: tuple[float, float]

    def blocks(self) -> Iterator[Tracks]:
        """The tracks of all frames, BLOCK frames at a time."""
        return map(self.block, range(-(-self.frames // BLOCK)))

    def block(self, index: int) -> Tracks:
        """The tracks of frames ``index * BLOCK`` and after."""
        frames = np.arange(index * BLOCK, min((index + 1) * BLOCK, self.frames))
        noise_key = (self.identity.seed, Stream.RECORDED_NOISE, self.identity.subject, index)
        slow, quick = self._smooth("slow light", frames, SLOW_LIGHT_FRAMES), self._white("quick light", frames)
        return Tracks(
            activity=self._activity(frames),
            closure=_closure(self.blinks, frames),
            gaze=_gaze(self.gaze_shifts, frames),
            head=self._head(frames),
            gain=lamp_gain(frames, *self.lamp, self.preset.flicker, slow, quick),
            side_light=self.preset.flicker * SIDE_LIGHT * self._smooth("side light", frames, SIDE_LIGHT_FRAMES),
            noise_seed=int(random_stream(*noise_key).integers(0, 2**62)),
        )

    def _activity(self, frames: NDArray[np.int_]) -> dict[str, Track]:
        size = self.preset.jitter * JITTER_SIGMA
        activity = {key: size * self._smooth(key, frames, JITTER_FRAMES) for key in self.jitter_keys}
        for event in self.events:
            for key, track in event.activity.items():
                there = frames - (event.onset - FADING)
                inside = (there >= 0) & (there < len(track))
                if inside.any():
                    activity.setdefault(key, np.zeros(len(frames)))[inside] += track[there[inside]]
        return activity

    def _head(self, frames: NDArray[np.int_]) -> Track:
        """As in a clip, but the steady change turns within seconds, so that an aligned face stays where it is.

        The slow part is smooth over DRIFT_FRAMES; its size gives it the speed of a clip's steady change.
        """
        moves = []
        for number, (unit, smoothness, wobble, slope) in enumerate(HEAD_MOVEMENT):
            quick = wobble * self._smooth(f"head {number}", frames, smoothness)
            slow = np.sqrt(2) * DRIFT_FRAMES * slope / 100 * self._smooth(f"drift {number}", frames, DRIFT_FRAMES)
            moves.append(self.preset.drift * unit * (quick + slow))
        return np.stack(moves, axis=1)

    def _smooth(self, name: str, frames: NDArray[np.int_], sigma: float) -> Track:
        """Unit-variance noise smooth over ``sigma`` frames; the same at a frame whichever block asks for it."""
        return smoothed(self._white(name, np.arange(frames[0], frames[-1] + 1 + 2 * reach(sigma))), sigma)

    def _white(self, name: str, samples: NDArray[np.int_]) -> Track:
        """White noise at successive ``samples``, drawn in chunks of fixed places."""
        chunks = range(int(samples[0]) // CHUNK, int(samples[-1]) // CHUNK + 1)
        key = (self.identity.seed, Stream.RECORDED_TRACK, self.identity.subject, *name.encode())
        noise = np.concatenate([random_stream(*key, chunk).standard_normal(CHUNK) for chunk in chunks])
        return noise[samples - chunks[0] * CHUNK]


def plan_recording(identity: Identity, preset: RenderPreset, frames: int, emotions: Sequence[str]) -> RecordingPlan:
    """Draw a recording of ``frames`` frames that shows ``emotions`` (of CLASSES) in this order.

    The movements are those of clips; at least NEUTRAL_GAP frames lie before, between and after them. Blinks and shifts
    of gaze come at any time, a minute of them as often as the preset's probabilities say of 60 clips. Under an
    amplitude of 0 there is nothing to see, so ``events`` is empty. Raises MerlabError when the emotions do not fit.
    """
    rng = random_stream(identity.seed, Stream.RECORDING, identity.subject)
    blinks = [Blink(start, *draw_lids(rng)) for start in _moments(rng, frames, preset.blink_probability)]
    shifts = [GazeShift(moment, draw_gaze_target(rng)) for moment in _moments(rng, frames, preset.gaze_probability)]
    jitter_keys, lamp = draw_jitter_keys(rng), draw_lamp(rng)
    events = _draw_events(rng, identity, preset, frames, emotions) if preset.amplitude > 0 and emotions else []
    return RecordingPlan(
        identity, preset, frames, tuple(events), tuple(blinks), tuple(shifts), tuple(jitter_keys), lamp
    )


def _moments(rng: np.random.Generator, frames: int, per_second: float) -> NDArray[np.float64]:
    """Moments of a Poisson process, ascending, frames."""
    return np.sort(rng.uniform(0, frames, rng.poisson(per_second * frames / FPS)))


def _draw_events(
    rng: np.random.Generator, identity: Identity, preset: RenderPreset, frames: int, emotions: Sequence[str]
) -> Iterator[Event]:
    """The movements, with the time that they leave free divided at random into the gaps."""
    movements = []
    for number, emotion in enumerate(emotions):
        own = random_stream(identity.seed, Stream.RECORDED_EVENT, identity.subject, number)
        movements.append((emotion, *draw_movement(own, identity, emotion, preset, (FADING, FADING))))
    lengths = [timing.offset - timing.onset for _, timing, _, _ in movements]
    free = frames - sum(lengths) - NEUTRAL_GAP * (len(movements) + 1)
    if free < 0:
        raise MerlabError(
            f"{len(movements)} movements with {NEUTRAL_GAP / FPS} s of neutral face around each do not fit into "
            f"{frames / FPS:.1f} s; ask for fewer events a minute or a longer recording"
        )
    shares = np.sort(rng.integers(0, free + 1, len(movements)))
    starts = shares + NEUTRAL_GAP * np.arange(1, len(movements) + 1) + np.cumsum([0, *lengths[:-1]])
    for start, (emotion, timing, units, activity) in zip(starts.astype(int).tolist(), movements, strict=True):
        faded = {key: _fade(track, timing.offset) for key, track in activity.items()}
        rise, length = timing.apex - timing.onset, timing.offset - timing.onset
        yield Event(emotion, units, start, start + rise, start + length, faded)


def _fade(track: Track, offset: int) -> Track:
    """The track with what is left of it at the offset fading out by its end."""
    after = np.clip(np.arange(len(track)) - offset, 0, FADING) / FADING
    return np.asarray(track * np.cos(0.5 * np.pi * after) ** 2)


def _closure(blinks: Sequence[Blink], frames: NDArray[np.int_]) -> Track:
    near = [blink for blink in blinks if frames[0] - 2 * blink.half < blink.start <= frames[-1]]
    tracks = [closing(frames, blink.start, blink.half, blink.depth) for blink in near]
    return np.asarray(np.max([np.zeros(len(frames)), *tracks], axis=0))


def _gaze(shifts: Sequence[GazeShift], frames: NDArray[np.int_]) -> Track:
    """From one resting place to the next, (n, 2) px."""
    gaze, place = np.zeros((len(frames), 2)), np.zeros(2)
    for shift in shifts:
        target = np.array(shift.target)
        if shift.moment + SACCADE_REACH < frames[0]:
            gaze += target - place
        elif shift.moment - SACCADE_REACH <= frames[-1]:
            gaze += np.outer(saccade(frames, shift.moment), target - place)
        place = target
    return gaze
