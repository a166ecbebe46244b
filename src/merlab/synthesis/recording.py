"""Plan a long recording: micro-expressions with neutral gaps between them, and everything that disturbs spotting.

A recording is planned as a short list of events, distractions, blinks and shifts of gaze, in ticks of 1/200 s. The
states of its ticks are computed in blocks, and each block has its own random streams. So an hour takes no more memory
than a minute, and blocks can be computed in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from merlab.errors import MerlabError
from merlab.spelling import counted
from merlab.synthesis.canvas_layout import FPS, Stream, random_stream
from merlab.synthesis.conversation import plan_conversation
from merlab.synthesis.distractions import Distraction
from merlab.synthesis.identity import Identity
from merlab.synthesis.movement import FADING, PlannedEvent, sample_micro
from merlab.synthesis.poses import FrameSequence, FrameValues, reach, smoothed
from merlab.synthesis.presets import DistractionRates, RenderPreset
from merlab.synthesis.sampling import (
    HEAD_MOVEMENT,
    JITTER_FRAMES,
    JITTER_SIGMA,
    SIDE_LIGHT,
    SIDE_LIGHT_FRAMES,
    SLOW_LIGHT_FRAMES,
    closing,
    lamp_gain,
    saccade,
    sample_gaze_target,
    sample_jitter_keys,
    sample_lamp,
    sample_lids,
)
from merlab.synthesis.timetable import free_time, starts_of

BLOCK = 800
CHUNK = 4096
NEUTRAL_GAP = 300
DRIFT_FRAMES = 400.0
SACCADE_REACH = 50


@dataclass(frozen=True)
class Blink:
    """A blink: its first frame (from 0), the number of frames that the lids take to close, and how far they close."""

    start: float
    half: float
    depth: float


@dataclass(frozen=True)
class GazeShift:
    """A saccade: its frame (from 0), and the new gaze (x, y), px from straight ahead."""

    moment: float
    target: tuple[float, float]


@dataclass(frozen=True)
class RecordingPlan:
    """The complete content of a recording of one subject; ``block`` computes the states of some of its frames."""

    identity: Identity
    preset: RenderPreset
    frames: int
    events: tuple[PlannedEvent, ...]
    blinks: tuple[Blink, ...]
    gaze_shifts: tuple[GazeShift, ...]
    jitter_keys: tuple[str, ...]
    lamp: tuple[float, float]
    distractions: tuple[Distraction, ...] = ()

    def blocks(self) -> Iterator[FrameSequence]:
        """The states of all frames, in blocks of BLOCK frames."""
        return map(self.block, range(-(-self.frames // BLOCK)))

    def block(self, index: int) -> FrameSequence:
        """The states of the BLOCK frames from frame ``index * BLOCK`` on."""
        return self.states(index * BLOCK, min((index + 1) * BLOCK, self.frames), index)

    def states(self, first: int, end: int, block: int) -> FrameSequence:
        """The states of the ticks from ``first`` up to but excluding ``end``, with the sensor noise of a block."""
        frames = np.arange(first, end)
        noise_key = (self.identity.seed, Stream.RECORDED_NOISE, self.identity.subject, block)
        slow, quick = self._smooth("slow light", frames, SLOW_LIGHT_FRAMES), self._white("quick light", frames)
        states = FrameSequence(
            activity=self._activity(frames),
            closure=_closure(self.blinks, frames),
            gaze=_gaze(self.gaze_shifts, frames),
            head=self._head(frames),
            gain=lamp_gain(frames, *self.lamp, self.preset.flicker, slow, quick),
            side_light=self.preset.flicker * SIDE_LIGHT * self._smooth("side light", frames, SIDE_LIGHT_FRAMES),
            noise_seed=int(random_stream(*noise_key).integers(0, 2**62)),
            glasses=np.zeros((len(frames), 2)) if self.distractions else None,
        )
        for distraction in self.distractions:
            distraction.change(states, frames)
        return states

    def _activity(self, frames: NDArray[np.int_]) -> dict[str, FrameValues]:
        size = self.preset.jitter * JITTER_SIGMA
        activity = {key: size * self._smooth(key, frames, JITTER_FRAMES) for key in self.jitter_keys}
        for event in self.events:
            for key, values in event.activity.items():
                index = frames - (event.onset - FADING)
                inside = (index >= 0) & (index < len(values))
                if inside.any():
                    activity.setdefault(key, np.zeros(len(frames)))[inside] += values[index[inside]]
        return activity

    def _head(self, frames: NDArray[np.int_]) -> FrameValues:
        """The movement of the head as in a clip, but the steady drift changes its direction within seconds.

        So an aligned face keeps its place. The slow movement is smooth over DRIFT_FRAMES, and as fast as the steady
        drift of a clip.
        """
        moves = []
        for number, (unit, smoothness, wobble, slope) in enumerate(HEAD_MOVEMENT):
            quick = wobble * self._smooth(f"head {number}", frames, smoothness)
            slow = np.sqrt(2) * DRIFT_FRAMES * slope / 100 * self._smooth(f"drift {number}", frames, DRIFT_FRAMES)
            moves.append(self.preset.drift * unit * (quick + slow))
        return np.stack(moves, axis=1)

    def _smooth(self, name: str, frames: NDArray[np.int_], sigma: float) -> FrameValues:
        """Noise of unit variance, smooth over ``sigma`` frames; its value at a frame does not depend on the block."""
        return smoothed(self._white(name, np.arange(frames[0], frames[-1] + 1 + 2 * reach(sigma))), sigma)

    def _white(self, name: str, samples: NDArray[np.int_]) -> FrameValues:
        """White noise at successive ``samples``, sampled in chunks with fixed limits."""
        chunks = range(int(samples[0]) // CHUNK, int(samples[-1]) // CHUNK + 1)
        key = (self.identity.seed, Stream.RECORDED_CURVE, self.identity.subject, *name.encode())
        noise = np.concatenate([random_stream(*key, chunk).standard_normal(CHUNK) for chunk in chunks])
        return noise[samples - chunks[0] * CHUNK]


def plan_recording(
    identity: Identity,
    preset: RenderPreset,
    frames: int,
    emotions: Sequence[str],
    rates: DistractionRates | None = None,
) -> RecordingPlan:
    """Sample a recording of ``frames`` ticks of 1/200 s that shows ``emotions`` (of CLASSES).

    The movements have the same distribution as in clips; there are at least NEUTRAL_GAP ticks before, between and
    after them, and they keep their order. With ``rates``, distractions and macro-expressions are mixed with them (see
    ``plan_conversation``). Blinks and shifts of gaze may occur at any time; the preset's probabilities are their rates
    per second. With an amplitude of 0 no micro-expression is visible, so ``events`` has none. Raises MerlabError if the
    emotions do not fit.
    """
    rng = random_stream(identity.seed, Stream.RECORDING, identity.subject)
    blinks = [Blink(start, *sample_lids(rng)) for start in _moments(rng, frames, preset.blink_probability)]
    shifts = [GazeShift(moment, sample_gaze_target(rng)) for moment in _moments(rng, frames, preset.gaze_probability)]
    jitter_keys, lamp = sample_jitter_keys(rng), sample_lamp(rng)
    shown = emotions if preset.amplitude > 0 else ()
    micros = [sample_micro(identity, emotion, preset, number) for number, emotion in enumerate(shown)]
    if micros:
        _require_time(micros, frames)
    events, distractions = (
        (_placed(rng, micros, frames), ()) if rates is None else plan_conversation(identity, micros, frames, rates)
    )
    return RecordingPlan(
        identity, preset, frames, tuple(events), tuple(blinks), tuple(shifts), tuple(jitter_keys), lamp, distractions
    )


def _moments(rng: np.random.Generator, frames: int, per_second: float) -> NDArray[np.float64]:
    """Moments of a Poisson process in ascending order, in frames."""
    return np.sort(rng.uniform(0, frames, rng.poisson(per_second * frames / FPS)))


def _require_time(micros: Sequence[PlannedEvent], frames: int) -> None:
    if free_time([event.length for event in micros], frames, NEUTRAL_GAP) < 0:
        neutral = f"with {NEUTRAL_GAP / FPS} s of neutral face before and after each"
        verb = "does" if len(micros) == 1 else "do"
        raise MerlabError(
            f"{counted(len(micros), 'movement')} {neutral} {verb} not fit into {frames / FPS:.1f} s; request fewer "
            "events per minute or a longer recording"
        )


def _placed(rng: np.random.Generator, micros: Sequence[PlannedEvent], frames: int) -> Iterable[PlannedEvent]:
    """The movements in their order; the time without movements is divided randomly into the gaps."""
    starts = starts_of(rng, [event.length for event in micros], frames, NEUTRAL_GAP)
    return (event.moved_to(start) for event, start in zip(micros, starts, strict=True))


def _closure(blinks: Sequence[Blink], frames: NDArray[np.int_]) -> FrameValues:
    near = [blink for blink in blinks if frames[0] - 2 * blink.half < blink.start <= frames[-1]]
    tracks = [closing(frames, blink.start, blink.half, blink.depth) for blink in near]
    return np.asarray(np.max([np.zeros(len(frames)), *tracks], axis=0))


def _gaze(shifts: Sequence[GazeShift], frames: NDArray[np.int_]) -> FrameValues:
    """The gaze in these frames, (n, 2) px."""
    gaze, before = np.zeros((len(frames), 2)), np.zeros(2)
    for shift in shifts:
        target = np.array(shift.target)
        if shift.moment + SACCADE_REACH < frames[0]:
            gaze += target - before
        elif shift.moment - SACCADE_REACH <= frames[-1]:
            gaze += np.outer(saccade(frames, shift.moment), target - before)
        before = target
    return gaze
