"""Also where a frame lies between two ticks, the tables give the frames at which the rendered pictures change."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from merlab.synthesis import CROP, PRESETS
from merlab.synthesis.distractions import sample_distraction, sample_macro
from merlab.synthesis.frame_rates import FrameRate
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.movement import sample_micro
from merlab.synthesis.recorded_view import RecordedView
from merlab.synthesis.recording import plan_recording
from merlab.synthesis.recording_truth import _described_distraction, _described_event
from merlab.vocabulary import DISTRACTION_KINDS

IDENTITY = sample_identity(0, 0)
# Not a moment at which a frame is shown.
ONSET, SECONDS = 403, 8
SEEN_IN_THE_CROP = [kind for kind in DISTRACTION_KINDS if kind not in ("second person", "cut", "glasses")]


@pytest.fixture(scope="module")
def quiet():
    """A recording without events and sensor noise, whose only distraction comes after its end."""
    plan = plan_recording(IDENTITY, PRESETS["null"].model_copy(update={"noise": 0.0}), 200 * SECONDS, [])
    return replace(plan, distractions=(sample_distraction(IDENTITY, "nod", 0).moved_to(200 * SECONDS),))


def chosen(states, places):
    """The states of these frames alone."""
    kept = {each.name: getattr(states, each.name) for each in fields(states) if each.name != "activity"}
    arrays = {name: values[places] for name, values in kept.items() if isinstance(values, np.ndarray)}
    return replace(states, activity={key: values[places] for key, values in states.activity.items()}, **arrays)


def pictures(plan, layers, rate, numbers):
    """The frames of these numbers, from 1, as a recording writes them."""
    blocks = list(rate.blocks(plan, rate.fps * SECONDS))
    view, shown = RecordedView(plan, layers, CROP, rate.fps), {}
    for ticks, states in blocks:
        first = round(ticks[0] / rate.step) + 1
        places = [number - first for number in sorted(set(numbers)) if 0 <= number - first < len(ticks)]
        images = view.frames(ticks[places], chosen(states, places))
        shown.update({place + first: image.astype(int) for place, image in zip(places, images, strict=True)})
    return shown


def changes(quiet, changed, layers, rate, numbers):
    """Frame number -> the mean difference from the recording without the movement, gray values."""
    without, with_it = (pictures(plan, layers, rate, numbers) for plan in (quiet, changed))
    return {number: float(np.abs(with_it[number] - without[number]).mean()) for number in with_it}


@pytest.mark.slow
@pytest.mark.parametrize("fps", [30, 60])
def test_distractions_change_their_frames_and_no_other_frame(quiet, renderer, fps):
    rate = FrameRate(fps)
    for kind in SEEN_IN_THE_CROP:
        distraction = sample_distraction(IDENTITY, kind, 0).moved_to(ONSET)
        row = _described_distraction(distraction, rate)
        inside = np.linspace(row.onset, min(row.offset, fps * SECONDS), 9).astype(int)[1:-1].tolist()
        outside = [number for number in (row.onset - 1, row.offset + 1) if number <= fps * SECONDS]
        changed = replace(quiet, distractions=(*quiet.distractions, distraction))
        found = changes(quiet, changed, renderer.layers, rate, [*inside, *outside])
        assert [found[number] for number in outside] == [0] * len(outside), kind
        assert max(found[number] for number in inside) > 0.2, kind


@pytest.mark.parametrize("fps", [30, 60])
def test_a_cut_is_between_its_frame_and_the_one_before(quiet, renderer, fps):
    rate = FrameRate(fps)
    cut = sample_distraction(IDENTITY, "cut", 0).moved_to(ONSET)
    row = _described_distraction(cut, rate)
    changed = replace(quiet, distractions=(*quiet.distractions, cut))
    found = changes(quiet, changed, renderer.layers, rate, [row.onset - 1, row.onset, row.onset + 1])
    assert row.offset == row.onset
    assert found[row.onset - 1] == 0
    assert found[row.onset] == pytest.approx(found[row.onset + 1], rel=0.1)
    assert found[row.onset] > 1


@pytest.mark.slow
@pytest.mark.parametrize("fps", [30, 60])
def test_events_begin_at_their_onset_and_are_largest_at_their_apex(quiet, renderer, fps):
    rate = FrameRate(fps)
    micro = sample_micro(IDENTITY, "happiness", PRESETS["default"], 0)
    macro = sample_macro(np.random.default_rng(1), IDENTITY)
    for event in (each.moved_to(ONSET) for each in (micro, macro)):
        row = _described_event(event, quiet, rate)
        numbers = sorted({row.onset - 1, row.apex, *np.linspace(row.onset, row.offset, 12).astype(int).tolist()})
        found = changes(quiet, replace(quiet, events=(event,)), renderer.layers, rate, numbers)
        assert found[row.onset - 1] == 0
        # The nearest frame to the onset and to the apex is up to half a frame away.
        assert found[row.onset] < 0.1 * found[row.apex]
        assert found[row.apex] > 0.9 * max(found.values())
        assert found[row.offset] < 0.5 * found[row.apex]
