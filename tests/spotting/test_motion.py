"""Blocks of a face are followed; neither the head nor the light moves them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merlab.frames import open_frames
from merlab.spotting.light import Light
from merlab.spotting.motion import (
    COLUMNS,
    ROWS,
    FaceMotion,
    block_centers,
    even_gray,
    in_blocks,
    keys_of,
    lid_blocks,
    texture,
    without_head,
)
from tests.frames.videos import write_video
from tests.videos.faces import LEFT_MOUTH_CORNER, bump, face, warped

ROWS_OF_PIXELS, COLUMNS_OF_PIXELS = np.mgrid[0:282, 0:231].astype(float)
STILL = np.zeros((282, 231))
LIFT = -2.0 * bump(COLUMNS_OF_PIXELS, ROWS_OF_PIXELS, LEFT_MOUTH_CORNER, sigma=35)


def followed(*frames, fps=200.0, keys=1):
    motion = FaceMotion(fps, keys)
    return [motion(frame) for frame in frames]


class TestFollowing:
    def test_the_first_frame_is_where_blocks_are_measured_from(self):
        first, same = followed(warped(face(), STILL, STILL), warped(face(), STILL, STILL))
        assert first.shape == (ROWS, COLUMNS, 2)
        assert np.all(first == 0)
        assert np.abs(same).max() < 0.01

    @pytest.mark.parametrize(("sigma", "share"), [(12, 0.8), (20, 0.85), (35, 0.9)])
    @pytest.mark.parametrize("size", [0.5, 1.0, 2.0, 4.0])
    def test_of_a_movement_in_a_small_part_of_the_face_little_is_lost(self, size, sigma, share):
        """What blocks of 19 px show of a bump of this width (standard deviation, px)."""
        lift = -size * bump(COLUMNS_OF_PIXELS, ROWS_OF_PIXELS, LEFT_MOUTH_CORNER, sigma=sigma)
        place = followed(warped(face(), STILL, STILL), warped(face(), STILL, lift))[1]
        truth = without_head(in_blocks(np.stack([STILL, lift], axis=-1).astype(np.float32)))
        assert share < np.abs(place).max() / np.abs(truth).max() < 1.05

    def test_a_corner_of_the_mouth_and_the_cheek_beside_it_may_move_against_each_other(self):
        """The two movements of a dimpler, 19 px apart, 1 px each."""
        x, y = LEFT_MOUTH_CORNER
        out, back = (bump(COLUMNS_OF_PIXELS, ROWS_OF_PIXELS, (x + at, y), sigma=9) for at in (0, 19))
        place = followed(warped(face(), STILL, STILL), warped(face(), out - back, STILL))[1][..., 0]
        truth = without_head(in_blocks(np.stack([out - back, STILL], axis=-1).astype(np.float32)))[..., 0]
        assert place.max() > 0.6 * truth.max()
        assert place.min() < 0.6 * truth.min()

    def test_a_local_movement_is_found_in_place_and_direction(self):
        """2 px up."""
        place = followed(warped(face(), STILL, STILL), warped(face(), STILL, LIFT))[1]
        x, y = block_centers()
        nearest = np.unravel_index(np.argmin(np.hypot(x - LEFT_MOUTH_CORNER[0], y - LEFT_MOUTH_CORNER[1])), x.shape)
        assert -2.0 < place[nearest][1] < -1.0
        assert abs(place[nearest][0]) < 0.2
        assert np.abs(place[np.hypot(x - LEFT_MOUTH_CORNER[0], y - LEFT_MOUTH_CORNER[1]) > 110]).max() < 0.25

    def test_places_continue_through_a_new_key_frame(self):
        """At 1 frame a second every fourth frame becomes the key."""
        rest, moved = warped(face(), STILL, STILL), warped(face(), STILL, LIFT)
        places = followed(rest, rest, rest, rest, moved, moved, rest, fps=1.0)
        assert np.abs(places[5] - places[4]).max() < 0.01
        assert np.abs(places[6]).max() < 0.3
        assert np.abs(places[5]).max() > 1.0

    @pytest.mark.parametrize("keys", [1, 2])
    @pytest.mark.parametrize("gains", [[0.0], [0.04], [0.02, 0.05, 0.2, 0.45]])
    def test_a_face_that_begins_in_the_dark_is_followed_as_one_that_does_not(self, gains, keys):
        """A fade-in: the key frame would be the dark one for four seconds."""
        rest, moved = warped(face(), STILL, STILL), warped(face(), STILL, LIFT)
        dark = [(gain * rest.astype(float)).astype(np.uint8) for gain in gains]
        places = followed(*dark, rest, moved, keys=keys)
        assert np.abs(places[-1] - places[-2] - followed(rest, moved)[1]).max() < 0.02

    @pytest.mark.parametrize("keys", [1, 2])
    @pytest.mark.parametrize(("gain", "base"), [(0, 255), (8, 0), (0.05, 200)])
    def test_a_face_that_begins_overexposed_or_in_haze_is_followed_as_one_that_does_not(self, gain, base, keys):
        """White, eight times too bright, and with a twentieth of its contrast: a camera that finds its exposure."""
        rest, moved = warped(face(), STILL, STILL), warped(face(), STILL, LIFT)
        begun = np.clip(base + gain * rest.astype(float), 0, 255).astype(np.uint8)
        assert not Light.of(begun).is_good
        places = followed(begun, begun, rest, moved, keys=keys)
        assert np.abs(places[-1] - places[-2] - followed(rest, moved)[1]).max() < 0.02

    def test_the_size_of_the_frames_does_not_matter(self):
        frames = [warped(face(), STILL, v) for v in (STILL, LIFT)]
        doubled = [np.repeat(np.repeat(frame, 2, axis=0), 2, axis=1) for frame in frames]
        assert np.abs(followed(*doubled)[1] - followed(*frames)[1]).max() < 0.1


class TestTwoKeyFrames:
    def test_a_place_is_the_mean_of_what_both_say(self):
        """At 4 frames a second, the second key frame is the third frame."""
        frames = [warped(face(), STILL, share * LIFT) for share in (0, 0.2, 0.5, 1, 0.4)]
        places = followed(*frames, fps=4.0, keys=2)
        from_first, from_third = followed(*frames, fps=4.0), followed(*frames[2:], fps=4.0)
        assert np.array_equal(places[:3], from_first[:3])
        for at in (3, 4):
            expected = (from_first[at] + from_first[2] + from_third[at - 2]) / 2
            assert places[at] == pytest.approx(expected, abs=1e-6)

    def test_each_is_renewed_after_four_seconds(self):
        """At 4 frames a second, frames 1, 3, 17 and 19 are keys: what they say of the frame after is one movement."""
        frames = [warped(face(), STILL, (number % 3) / 2 * LIFT) for number in range(21)]
        places = followed(*frames, fps=4.0, keys=2)
        from_17, from_19 = followed(frames[16], frames[20]), followed(frames[18], frames[20])
        expected = (places[16] + from_17[1] + places[18] + from_19[1]) / 2
        assert places[20] == pytest.approx(expected, abs=1e-6)

    def test_half_of_the_error_of_a_frame_without_detail_is_left(self):
        """The first frame is blurred, as in compressed video. Then the corner of the mouth moves up by 2 px."""
        rest, moved = warped(face(), STILL, STILL), warped(face(), STILL, LIFT)
        frames = [cv2.GaussianBlur(rest, (0, 0), 5), rest, rest, rest, moved]
        one, two = (followed(*frames, fps=4.0, keys=keys) for keys in (1, 2))
        wrong, half = (places[4] - places[3] - followed(rest, moved)[1] for places in (one, two))
        assert np.abs(wrong).max() > 0.2
        assert half == pytest.approx(wrong / 2, abs=1e-5)

    def test_known_places_lead_to_the_same_ones(self):
        frames = [warped(face(), STILL, (number % 3) / 2 * LIFT) for number in range(20)]
        whole, resumed = followed(*frames, fps=4.0, keys=2), FaceMotion(4.0, keys=2)
        for frame, place in zip(frames[:18], whole[:18], strict=True):
            resumed.pass_over(frame, place)
        assert np.array_equal([resumed(frame) for frame in frames[18:]], whole[18:])

    @pytest.mark.parametrize(
        ("name", "codec", "keys"),
        [("a.mp4", "libx264", 2), ("a.avi", "mjpeg", 1), ("a.mkv", "ffv1", 1)],
    )
    def test_are_for_codecs_that_predict_frames_and_lose_detail(self, tmp_path, name, codec, keys):
        assert keys_of(open_frames(write_video(tmp_path / name, codec, size=(640, 480)))) == keys

    @pytest.mark.parametrize(("quality", "keys"), [("40", 1), ("51", 2)])
    def test_are_for_less_than_a_tenth_of_a_bit_a_pixel(self, tmp_path, quality, keys):
        """Frames of noise, of a quality that leaves more, and of one that leaves less."""
        noise = np.random.default_rng(0).integers(0, 256, (20, 120, 160, 3), np.uint8)
        path = write_video(tmp_path / "a.mp4", "libx264", images=list(noise), size=(160, 120), options={"crf": quality})
        assert (8 * path.stat().st_size < 0.1 * 20 * 160 * 120) == (keys == 2)
        assert keys_of(open_frames(path)) == keys

    def test_are_not_for_a_folder_of_images(self, tmp_path):
        cv2.imwrite(str(tmp_path / "1.jpg"), face())
        assert keys_of(open_frames(tmp_path)) == 1


class TestTexture:
    @pytest.mark.parametrize("slope", [0, 1, 2, 3])
    def test_it_is_the_squared_slope_and_one(self, slope):
        ramp = np.tile((np.arange(80) * slope).astype(np.uint8), (60, 1))
        assert texture(ramp)[20:-20, 20:-20] == pytest.approx(slope**2 + 1)

    def test_a_block_moves_as_its_textured_half(self):
        """Each block is 10x10 px; its lower half moves 1 px to the right, and its texture is 99 times the other's."""
        moved = np.zeros((10 * ROWS, 10 * COLUMNS, 2), np.float32)
        weight = np.ones(moved.shape[:2], np.float32)
        for top in range(5, 10 * ROWS, 10):
            moved[top : top + 5, :, 0] = 1
            weight[top : top + 5] = 99
        assert in_blocks(moved)[..., 0] == pytest.approx(0.5)
        assert in_blocks(moved, weight)[..., 0] == pytest.approx(0.99)
        assert np.all(in_blocks(moved, weight)[..., 1] == 0)

    def test_where_all_moves_alike_texture_changes_nothing(self):
        weight = texture(even_gray(warped(face(), STILL, STILL)))
        assert in_blocks(np.full((141, 116, 2), 0.7, np.float32), weight) == pytest.approx(0.7, abs=1e-4)


class TestLight:
    def test_neither_brightness_nor_a_slope_of_light_changes_the_prepared_frame(self):
        frame = warped(face(), STILL, STILL)
        lit = np.clip(frame * (0.8 + 0.2 * COLUMNS_OF_PIXELS / 231)[..., None], 0, 255).astype(np.uint8)
        difference = even_gray(frame).astype(int) - even_gray(lit).astype(int)
        assert np.abs(difference).mean() < 3


HEAD_MOVES = st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05))


class TestHead:
    @given(HEAD_MOVES)
    def test_shift_turn_and_scale_are_taken_out_whole(self, head):
        shift_x, shift_y, turn, scale = head
        x, y = block_centers()
        moved = np.stack([shift_x + scale * x - turn * y, shift_y + scale * y + turn * x], axis=-1)
        assert np.abs(without_head(moved.astype(np.float32))).max() < 0.01

    def test_what_the_mouth_does_stays(self):
        lift = np.zeros((ROWS, COLUMNS, 2), np.float32)
        lift[..., 1] = -bump(*block_centers(), LEFT_MOUTH_CORNER)
        assert np.abs(without_head(lift) - lift).max() < 0.1

    @pytest.mark.parametrize("axis", [0, 1])
    def test_nod_and_shake_are_removed_of_which_a_similarity_leaves_more_than_a_third(self, axis):
        x, y = block_centers()
        u, v = (x - 115) / 115, (y - 130) / 115
        moved = np.zeros((ROWS, COLUMNS, 2))
        moved[..., axis] = 1 - 0.8 * u**2 - 0.5 * v**2
        assert np.abs(without_head(moved.astype(np.float32))).max() < 0.01
        still = (np.abs(x - 115) < 25) & (y > 40) & (y < 150) | (x < 12) | (x > 231 - 12)
        one, zero = np.ones_like(u), np.zeros_like(u)
        moves = np.stack([np.stack(move, -1) for move in ((one, zero), (zero, one), (u, v), (-v, u))], -1)
        fit = np.linalg.lstsq(moves[still].reshape(-1, 4), moved[still].reshape(-1), rcond=None)[0]
        left = np.hypot(*np.moveaxis(moved - moves @ fit, -1, 0))
        assert np.sqrt((left**2).mean()) == pytest.approx(0.38, abs=0.01)

    def test_the_lids_do_not_influence_the_heads_movement(self):
        blink = np.zeros((ROWS, COLUMNS, 2), np.float32)
        blink[lid_blocks().any(axis=0), 1] = 10
        others = ~lid_blocks().any(axis=0)
        assert np.abs(without_head(blink)[others]).max() < 0.01
