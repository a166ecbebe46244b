from merlab.frames.clock import Clock
from merlab.spotting.caveats import spotting_caveats
from merlab.spotting.spot import SpottingSettings


def test_a_short_video_warns_of_false_alarms_and_of_misses():
    (short,) = spotting_caveats(Clock.constant(100, 240), 0, SpottingSettings())
    assert short.startswith("only 2.4 s: the usual movement of a face (noise) is estimated on 20 s or more")
    assert "weak movements are missed, and a long movement may be taken for noise" in short


def test_a_video_of_a_whole_window_has_no_caveat():
    assert spotting_caveats(Clock.constant(100, 2000), 0, SpottingSettings()) == []


def test_damaged_frames_that_are_a_gap_shorten_what_is_without_one():
    (short,) = spotting_caveats(Clock.constant(100, 3000), 0, SpottingSettings(), [range(1501, 1601)])
    assert short.startswith("only 15.0 s without a gap: the usual movement of a face")
    assert spotting_caveats(Clock.constant(100, 3000), 0, SpottingSettings(), [range(11, 21)]) == []
