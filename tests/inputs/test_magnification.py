import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.inputs import make_input, parse_recipe
from merlab.inputs.magnification import MAGNIFICATIONS, eulerian, level_gains, linear
from tests.helpers import make_clip, moved, texture, write_frames

WAVELENGTH = 32
SIDE = 192
AMPLITUDE = 0.1


def swaying(period, count):
    """Stripes (192, 192, 3) of 32 px wavelength that move from side to side by a tenth of a pixel."""
    x = np.arange(SIDE)
    shift = AMPLITUDE * np.sin(2 * np.pi * np.arange(count) / period)
    rows = 127.5 + 90 * np.cos(2 * np.pi * (x - shift[:, None]) / WAVELENGTH)
    return [np.repeat(np.tile(np.rint(row), (SIDE, 1))[..., None], 3, axis=2).astype(np.uint8) for row in rows]


def sway(frames, period):
    """The amplitude, in pixels, of the stripes' movement over the last periods, computed from their phase."""
    inside = np.stack([frame[80:112, 32:160, 0].mean(axis=0) for frame in frames[-3 * period :]])
    phase = np.angle(inside @ np.exp(-2j * np.pi * np.arange(128) / WAVELENGTH))
    shift = -(phase - phase.mean()) * WAVELENGTH / (2 * np.pi)
    return 2 * np.abs(np.mean(shift * np.exp(-2j * np.pi * np.arange(len(shift)) / period)))


def band_pass(period):
    """The response of the difference of the two recursive low-pass filters, from their transfer functions."""
    delay = np.exp(-2j * np.pi / period)
    return 0.4 / (1 - 0.6 * delay) - 0.05 / (1 - 0.95 * delay)


@pytest.mark.parametrize("alpha", [8, 10])
@pytest.mark.parametrize("period", [12, 20])
def test_eulerian_magnification_enlarges_a_movement_in_its_band_by_its_transfer_function(alpha, period):
    # A tenth of these stripes is in the finest level, which is not changed, and in the next one, which is changed less.
    frames = swaying(period, 8 * period)
    expected = np.abs(1 + alpha * band_pass(period))
    assert expected > 0.6 * alpha
    assert sway(frames, period) == pytest.approx(AMPLITUDE, rel=0.05)
    assert sway(list(eulerian(frames, alpha)), period) == pytest.approx(0.9 * expected * AMPLITUDE, rel=0.07)


def test_linear_magnification_enlarges_a_movement_by_one_plus_alpha():
    x = np.arange(200.0)
    ramps = [np.rint(np.tile(x[:, None], (20, 1, 3)) - by).clip(0, 255).astype(np.uint8) for by in (0, 1, 2)]
    frames = list(linear(ramps, 4))
    for frame, by in zip(frames, (0, 5, 10), strict=True):
        assert (frame[:, 50, 0].astype(int) == 50 - by).all()


@pytest.mark.parametrize("name", MAGNIFICATIONS)
def test_a_still_clip_and_every_first_frame_are_not_changed(name):
    still = [np.repeat(texture(1, 60, 50).round()[..., None], 3, axis=2).astype(np.uint8)] * 4
    assert all(np.array_equal(frame, still[0]) for frame in MAGNIFICATIONS[name](still))
    moving = swaying(12, 4)
    assert np.array_equal(next(MAGNIFICATIONS[name](moving)), moving[0])


def test_the_finest_and_the_coarsest_level_are_not_changed_and_no_gain_exceeds_alpha():
    gains = level_gains(6, 282, 231, 20)
    assert gains[0] == gains[-1] == 0
    # Equation 14 of Wu et al. with an exaggeration of 2: a diagonal of 364.55 px, a third of it halved four times.
    assert gains[1:5] == pytest.approx([2 * (364.55 / 3 / 16 * 21 / 16 - 1), 20, 20, 20], abs=0.01)


def test_color_is_attenuated_and_brightness_is_not():
    gray = np.full((20, 20, 3), 100, np.uint8)
    brighter, bluer = gray + np.array([4, 4, 4], np.uint8), gray + np.array([40, 0, 0], np.uint8)
    assert list(linear([gray, brighter], 4))[1][0, 0].tolist() == [120, 120, 120]
    blue = list(linear([gray, bluer], 4))[1][0, 0].astype(int)
    luma = 4 * 40 * 0.114
    assert blue == pytest.approx([140 + luma + 0.1 * (160 - luma), 100 + 0.9 * luma, 100 + 0.9 * luma], abs=1)


@pytest.fixture
def growing(tmp_path):
    """A movement that grows by .2 px per frame over 6 frames."""
    return make_clip(
        write_frames(tmp_path / "clip", [moved(texture(1), 0.2 * step, 0) for step in range(6)]), apex=6, offset=6
    )


def test_magnified_flow_is_flow_times_one_plus_alpha(growing):
    table = ClipTable((growing,))
    plain, large = (
        np.median(make_input(table, growing, parse_recipe(f"flow:channels=uv,scale=raw,magnify={name}"))[0])
        for name in ("none", "linear2")
    )
    assert plain == pytest.approx(1, abs=0.05)
    assert large == pytest.approx(3, rel=0.25)


@pytest.mark.parametrize("name", ["apex", "onset-apex", "difference", "flow"])
def test_only_filtering_over_time_needs_the_frames_between_onset_and_apex(growing, name):
    needed = {
        magnify: (recipe := parse_recipe(f"{name}:magnify={magnify}")).kind.frames_needed(growing, recipe)
        for magnify in ("none", "linear4", "evm8")
    }
    assert needed == {"none": [1, 6], "linear4": [1, 6], "evm8": [1, 2, 3, 4, 5, 6]}


def test_the_onset_of_a_magnified_pair_is_the_onset(growing):
    table = ClipTable((growing,))
    plain, large = (
        make_input(table, growing, parse_recipe(f"onset-apex:color=gray,magnify={name}")) for name in ("none", "evm8")
    )
    assert np.array_equal(plain[0], large[0])
    assert np.abs(large[1] - large[0]).mean() > 2 * np.abs(plain[1] - plain[0]).mean()
