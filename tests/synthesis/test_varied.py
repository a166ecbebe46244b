"""The varied clips: the ranges of the specification, equal classes, and draws that depend on nothing else."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from merlab.schemes import find_scheme
from merlab.synthesis.action_units import ACTION_UNITS, COMBINATIONS, parse_combination
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.sampling import ClipPlan
from merlab.synthesis.varied import CLASSES, VariedClip, VariedSettings, draw_clip, preset_of_subject

SETTINGS = VariedSettings()
SUBJECTS, CLIPS = 30, 20


def drawn(seed: int, subject: int, number: int) -> tuple[VariedClip, ClipPlan]:
    preset = preset_of_subject(SETTINGS, seed, subject)
    return draw_clip(SETTINGS, sample_identity(seed, subject), preset, number)


@pytest.fixture(scope="module")
def clips() -> list[tuple[VariedClip, ClipPlan]]:
    return [drawn(0, subject, number) for subject in range(SUBJECTS) for number in range(CLIPS)]


def test_the_ranges_are_those_of_the_specification():
    assert SETTINGS.model_dump(exclude={"others"}) == {
        "facs_share": 0.5,
        "amplitude": (0.3, 1.3),
        "drift": (0.2, 0.6, 1.2, 2.0),
        "jitter": (0.2, 0.6, 1.5, 3.0),
        "onset_missed": 4,
        "apex_missed": 5,
        "jpeg_quality": (60, 98),
        "shrunk_share": 0.35,
        "shrunk_to": (0.45, 0.95),
        "blur": (0.4, 1.6),
        "noise": (0.4, 2.5),
        "wrinkle": (0.4, 1.6),
        "farneback_share": 0.3,
        "farneback_window": (11, 21),
        "refined_share": 0.25,
        "refinement": (0, 7),
        "finest_scale": (0, 1),
    }


def test_the_wide_table_has_known_units_under_the_classes_of_megc2019():
    table = COMBINATIONS["facs"]
    assert tuple(table) == find_scheme("megc2019").classes
    assert all(set(parse_combination(text)) <= ACTION_UNITS.keys() for weights in table.values() for text in weights)
    assert table["negative"]["4+7"] == table["negative"]["14"] == 10
    assert table["positive"]["12"] == 12
    assert table["surprise"]["1+2"] == 14
    assert {name: len(weights) for name, weights in table.items()} == {"negative": 26, "positive": 8, "surprise": 10}


def test_the_emotions_of_casme2_belong_to_the_classes_of_megc2019():
    emotions = find_scheme("megc2019").emotions
    assert all(emotions[emotion] == label for label, group in CLASSES.items() for emotion in group)


@pytest.mark.slow
def test_classes_take_turns_so_that_each_subject_and_all_clips_have_them_equally(clips):
    label = find_scheme("megc2019").emotions
    in_all = Counter(label[clip.emotion] for clip, _ in clips)
    assert max(in_all.values()) - min(in_all.values()) <= 1
    for subject in {clip.subject for clip, _ in clips}:
        own = Counter(label[clip.emotion] for clip, _ in clips if clip.subject == subject)
        assert max(own.values()) - min(own.values()) <= 1


@pytest.mark.slow
def test_half_of_the_clips_show_the_table_of_casme2_and_half_the_wide_one(clips):
    wide = [clip for clip, _ in clips if clip.combinations == "facs"]
    assert len(wide) / len(clips) == pytest.approx(0.5, abs=0.06)
    for clip, _ in clips:
        units = "+".join(str(unit.number) for unit in clip.action_units)
        assert units in COMBINATIONS[clip.combinations][clip.emotion]


@pytest.mark.slow
def test_what_is_drawn_for_a_clip_is_in_its_range(clips):
    for clip, plan in clips:
        assert 0.3 <= clip.amplitude <= 1.3
        assert clip.drift in SETTINGS.drift
        assert clip.jitter in SETTINGS.jitter
        assert 60 <= clip.jpeg_quality <= 98
        assert clip.shrunk_to == 1 or 0.45 <= clip.shrunk_to <= 0.95
        assert 0 <= clip.onset < clip.apex < len(plan)
        assert abs(clip.onset - clip.true_onset) <= 4
        assert abs(clip.apex - clip.true_apex) <= 5 or clip.apex == clip.onset + 1
    amplitudes = np.log([clip.amplitude for clip, _ in clips])
    assert amplitudes.mean() == pytest.approx(np.log(0.3 * 1.3) / 2, abs=0.06)  # log-uniform
    assert np.mean([clip.shrunk_to < 1 for clip, _ in clips]) == pytest.approx(0.35, abs=0.06)


@pytest.mark.slow
def test_the_algorithms_of_the_flow_have_their_shares(clips):
    flows = [clip.flow for clip, _ in clips]
    assert np.mean([flow.algorithm == "farneback" for flow in flows]) == pytest.approx(0.3, abs=0.06)
    assert np.mean([flow.refinement is not None for flow in flows]) == pytest.approx(0.25, abs=0.06)
    assert {flow.window for flow in flows} == {None, *range(11, 22)}
    assert {flow.refinement for flow in flows} == {None, *range(8)}
    assert {flow.finest_scale for flow in flows} == {None, 0, 1}


def test_blur_noise_and_wrinkles_differ_between_subjects_alone():
    presets = [preset_of_subject(SETTINGS, 0, subject) for subject in range(40)]
    for name, (low, high) in {"blur": (0.4, 1.6), "noise": (0.4, 2.5), "wrinkle": (0.4, 1.6)}.items():
        values = [getattr(preset, name) for preset in presets]
        assert low <= min(values) < low + 0.3 * (high - low)
        assert high - 0.3 * (high - low) < max(values) <= high
    assert {preset.gaze_probability for preset in presets} == {0.2}


def test_a_clip_depends_on_seed_subject_and_number_alone():
    assert drawn(3, 5, 7)[0] == drawn(3, 5, 7)[0]
    others = [drawn(3, 5, 7)[0], drawn(4, 5, 7)[0], drawn(3, 6, 7)[0], drawn(3, 5, 8)[0]]
    assert len({clip.amplitude for clip in others}) == 4
