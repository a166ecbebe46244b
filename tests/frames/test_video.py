"""Frames of videos: their numbers, their time, and what is damaged."""

from __future__ import annotations

import gc
import itertools
import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.frames import ClipError, Video
from merlab.frames.decoding import Decoder
from tests.frames.videos import (
    MILLISECOND,
    damage,
    join,
    number_in,
    packet_bytes,
    picture,
    remux,
    write_streams,
    write_video,
)

GROUPS = {"g": "10", "bf": "2", "x264-params": "scenecut=0", "crf": "12"}
REFRESH = "intra-refresh=1:bframes=2:keyint=10"
ANDROID = "com.android.capture.fps"


def seconds_of(video: Video) -> list[float]:
    """When each frame was recorded, as ``walk`` gives it."""
    return [frame.seconds for frame in video.walk(lambda number: False) if frame.seconds is not None]


def numbers_in(video: Video) -> list[int | None]:
    """The number that each frame shows; None for damaged ones."""
    return [None if frame.image is None else number_in(frame.image) for frame in video.walk(lambda number: True)]


def squares(number):
    """A picture of 160x120 px: eight squares that are bright where the number has a one in base two."""
    image = np.full((120, 160, 3), 128, np.uint8)
    for bit in range(8):
        row, column = divmod(bit, 4)
        image[10 + 50 * row : 50 + 50 * row, 10 + 36 * column : 40 + 36 * column] = 235 if number >> bit & 1 else 20
    return image


def shown_by_squares(image):
    """The number of ``squares``."""
    places = (divmod(bit, 4) for bit in range(8))
    return sum(
        int(image[15 + 50 * row : 45 + 50 * row, 15 + 36 * column : 35 + 36 * column].mean() > 128) << 4 * row + column
        for row, column in places
    )


class TestTime:
    @pytest.mark.parametrize("options", [{}, {"bf": "0"}, {"x264-params": "open-gop=1:keyint=5"}])
    def test_begins_at_0_in_an_avi_whose_codec_decodes_ahead(self, tmp_path, options):
        video = Video(write_video(tmp_path / "a.avi", "libx264", fps=50, options=options))
        assert seconds_of(video) == pytest.approx(np.arange(10) / 50)

    def test_goes_on_after_a_pause_of_the_recorder(self, tmp_path):
        times = [5 * at + (10_000 if at >= 20 else 0) for at in range(40)]
        video = Video(write_video(tmp_path / "a.mp4", "libx264", numbers=range(40), milliseconds=times))
        assert video.fps == 200
        assert video.clock is not None
        assert (video.clock.gaps, video.clock.varies, video.facts.gaps) == ((21,), False, (21,))
        assert seconds_of(video) == pytest.approx([time / 1000 for time in times])

    def test_of_an_avi_is_that_of_its_stamps_and_not_of_its_header(self, tmp_path):
        """A header that announces 600 frames per second, and frames that are 5 ms apart."""
        path = tmp_path / "a.avi"
        with av.open(str(path), "w") as output:
            stream = output.add_stream("mjpeg", 600)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
            for at in range(30):
                frame = av.VideoFrame.from_ndarray(picture(at), format="bgr24")
                frame.pts, frame.time_base = 3 * at, Fraction(1, 600)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        video = Video(path)
        assert (video.fps, video.facts.stated_rate) == (200, 600)
        assert (len(video.numbers), video.promised) == (30, 30)
        assert seconds_of(video)[-1] == pytest.approx(29 / 200)

    @pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.mov"])
    def test_of_a_varying_rate_is_the_same_in_every_container_and_is_not_damage(self, tmp_path, name):
        steps = [33, 34, 33, 50, 33, 33, 67, 34, 33, 33] * 3
        times = list(itertools.accumulate(steps, initial=0))
        video = Video(write_video(tmp_path / name, "libx264", numbers=range(31), milliseconds=times))
        assert (len(video.numbers), video.promised) == (31, 31)
        assert video.fps == pytest.approx(1000 / 33.25, rel=0.02)
        assert video.clock is not None
        assert video.clock.varies
        assert seconds_of(video) == pytest.approx([time / 1000 for time in times], abs=1e-3)

    @pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
    def test_begins_with_the_file_where_stamps_begin_later(self, tmp_path, name):
        times = [3000 + 40 * at for at in range(10)]
        video = Video(write_video(tmp_path / name, "libx264", milliseconds=times))
        assert (len(video.numbers), video.promised, video.fps) == (10, 10, 25)
        assert seconds_of(video)[0] == 0
        assert video.facts.start == pytest.approx(3.0)

    def test_begins_with_the_sound_where_that_is_earlier(self, tmp_path):
        with av.open(str(tmp_path / "a.mkv"), "w") as output:
            sound = output.add_stream("aac", 16_000)
            images = output.add_stream("mjpeg", 25)
            images.width, images.height, images.pix_fmt = 64, 48, "yuvj420p"
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
            samples.sample_rate, samples.pts = 16_000, 1024
            output.mux(sound.encode(samples))
            output.mux(sound.encode(None))
            for at in range(5):
                frame = av.VideoFrame.from_ndarray(picture(at), format="bgr24")
                frame.pts = 50 + at
                output.mux(images.encode(frame))
            output.mux(images.encode(None))
        assert seconds_of(Video(tmp_path / "a.mkv"))[0] == pytest.approx(2.0, abs=0.1)

    @pytest.mark.parametrize(("name", "fps"), [("a.mkv", 30_000 / 1001), ("a.mkv", 240), ("a.flv", 60)])
    def test_in_whole_milliseconds_gives_the_rate_of_the_camera(self, tmp_path, name, fps):
        codec = "flv" if name.endswith("flv") else "mjpeg"
        video = Video(write_video(tmp_path / name, codec, numbers=range(35), fps=fps))
        assert video.fps == pytest.approx(fps, rel=1e-3)
        assert video.clock is not None
        assert not video.clock.varies

    @pytest.mark.parametrize("fps", [25.0, 29.97, 30_000 / 1001, 200.0])
    def test_keeps_a_rate_that_is_not_a_whole_number(self, tmp_path, fps):
        assert Video(write_video(tmp_path / "a.avi", "mjpeg", numbers=range(3), fps=fps)).fps == pytest.approx(
            fps, 1e-5
        )

    def test_of_a_cut_by_an_edit_list_begins_at_the_cut(self, tmp_path):
        whole = write_video(tmp_path / "a.mp4", "libx264", numbers=range(1, 31), options=GROUPS)
        video = Video(remux(whole, tmp_path / "cut.mp4", shift=-5 * 512, avoid_negative_ts="disabled"))
        assert numbers_in(video) == list(range(6, 31))
        assert (seconds_of(video)[0], video.promised) == (0, 25)

    @pytest.mark.parametrize("copies", [2, 5])
    def test_that_starts_again_in_the_middle_needs_a_rate(self, tmp_path, copies):
        one = write_video(tmp_path / "a.ts", "libx264", numbers=range(1, 21), options=GROUPS)
        (tmp_path / "joined.ts").write_bytes(one.read_bytes() * copies)
        video = Video(tmp_path / "joined.ts")
        assert (video.clock, video.fps) == (None, None)
        assert "joined.ts" in video.no_clock
        assert numbers_in(video) == list(range(1, 21)) * copies

    def test_that_stands_still_needs_a_rate(self, tmp_path):
        video = Video(write_video(tmp_path / "a.mkv", "mjpeg", fps=5000))
        assert video.clock is None
        assert "the time stamps of the frames do not ascend" in video.no_clock


@pytest.mark.parametrize(("codec", "predicts"), [("libx264", True), ("libvpx-vp9", True), ("png", False)])
def test_predicted_frames_of_less_than_a_tenth_of_a_bit_a_pixel_lack_detail(tmp_path, codec, predicts):
    """So do 10 frames of 320 x 240 pixels in less than 9,600 bytes; what comes after the last frame counts."""
    name, pixels = ("a.mov", "rgb24") if codec == "png" else ("a.mkv", None)
    path = write_video(tmp_path / name, codec, size=(320, 240), pixels=pixels)
    content = path.read_bytes()
    for length, lacks in ((9599, predicts), (9600, False)):
        path.write_bytes(content.ljust(length, b"\0"))
        assert path.stat().st_size == length
        assert Video(path).lacks_detail is lacks


class TestStreams:
    """A recorder may write two cameras, or a camera and the screen, into one file."""

    def test_that_are_not_read_are_noted_with_the_remedy(self, tmp_path):
        facts = Video(write_streams(tmp_path / "a.mkv", [(64, 48), (128, 96)])).facts
        assert (facts.streams, facts.stream) in ((2, 1), (2, 2))
        assert (facts.width, facts.height) == [(64, 48), (128, 96)][facts.stream - 1]
        assert list(facts.notes()) == [
            f"the file has 2 video streams, and only number {facts.stream} is read, of {facts.width}x{facts.height} "
            "pixels; to process another one, copy it into a file of its own"
        ]

    def test_of_a_cover_picture_do_not_count(self, tmp_path):
        facts = Video(write_streams(tmp_path / "a.mp4", [(128, 96), (64, 48)], cover=0)).facts
        assert (facts.streams, facts.stream, facts.width) == (1, 1, 64)
        assert list(facts.notes()) == []

    def test_of_a_cover_picture_alone_are_no_video(self, tmp_path):
        path = write_streams(tmp_path / "a.mp4", [(64, 48)], cover=0)
        with pytest.raises(ClipError, match="it has no video stream; give the file that holds the images"):
            Video(path)


class TestSlowMotion:
    @pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
    def test_is_recognized_by_the_rate_of_the_camera(self, tmp_path, name):
        tags = {ANDROID: "240.000000"}
        container = {"movflags": "use_metadata_tags"}
        video = Video(write_video(tmp_path / name, fps=30, tags=tags, container=container))
        assert video.clock is not None
        assert (video.fps, video.clock.slowed, video.facts.capture_rate) == (240, 8, 240)
        assert seconds_of(video)[6] == pytest.approx(6 / 240)
        assert video.clock.media_seconds(7) == pytest.approx(6 / 30)
        assert list(video.facts.notes()) == [
            "the file plays 8 times slower than it was recorded (240 frames per second); all seconds are those of the "
            "recording"
        ]

    @pytest.mark.parametrize(
        ("fps", "rate"), [(240, "240"), (30, "30.0"), (29.97, "30"), (30, "nonsense"), (30, "-1"), (30, "inf")]
    )
    def test_is_not_seen_in_a_rate_that_agrees_or_is_none(self, tmp_path, fps, rate):
        container = {"movflags": "use_metadata_tags"}
        video = Video(write_video(tmp_path / "a.mp4", fps=fps, tags={ANDROID: rate}, container=container))
        assert video.fps == pytest.approx(fps, rel=1e-4)
        assert video.clock is not None
        assert video.clock.slowed == 1
        assert list(video.facts.notes()) == []

    def test_is_told_from_a_time_lapse_which_plays_faster(self, tmp_path):
        container = {"movflags": "use_metadata_tags"}
        video = Video(write_video(tmp_path / "a.mp4", fps=30, tags={ANDROID: "10"}, container=container))
        assert video.fps == 10
        (note,) = video.facts.notes()
        assert note.startswith("the file plays 3 times faster than it was recorded (10 frames per second); all seconds")

    def test_is_not_seen_in_dim_light_where_a_camera_records_half_of_the_wanted_rate(self, tmp_path):
        container = {"movflags": "use_metadata_tags"}
        video = Video(write_video(tmp_path / "a.mp4", fps=30, tags={ANDROID: "60"}, container=container))
        assert video.fps == 30
        (note,) = video.facts.notes()
        assert note.endswith("if it is slow motion, give --fps 60")


class TestReading:
    def test_numbers_frames_from_1(self, tmp_path):
        video = Video(write_video(tmp_path / "a.avi", "mjpeg", numbers=range(1, 8)))
        assert list(video.numbers) == [1, 2, 3, 4, 5, 6, 7]
        assert [(number, number_in(image)) for number, image in video] == [(number, number) for number in range(1, 8)]

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("name", "codec", "options"),
        [
            ("a.mp4", "libx264", GROUPS),
            ("a.mkv", "libx264", GROUPS),
            ("a.avi", "libx264", GROUPS),
            ("refresh.mkv", "libx264", {"crf": "12", "x264-params": REFRESH}),
            ("a.ts", "libx264", GROUPS),
            ("open.mp4", "libx264", {**GROUPS, "x264-params": "open-gop=1:scenecut=0"}),
            ("a.h264", "libx264", GROUPS),
            ("a.mp4", "libx265", {"x265-params": "log-level=none:keyint=10:bframes=3"}),
            ("a.avi", "mjpeg", {}),
            ("a.webm", "libvpx-vp9", {"g": "10", "auto-alt-ref": "1", "lag-in-frames": "8"}),
            ("a.webm", "libvpx", {"deadline": "realtime", "g": "10", "auto-alt-ref": "1", "lag-in-frames": "8"}),
            ("a.wmv", "wmv2", {"g": "10", "b": "4M"}),
            ("a.flv", "flv", {"g": "10", "b": "4M"}),
            ("a.m2ts", "mpeg2video", {"g": "10", "bf": "2", "b": "4M"}),
            ("a.mpg", "mpeg2video", {"g": "10", "bf": "2", "b": "4M"}),
            ("a.mpg", "mpeg1video", {"g": "10", "bf": "2", "b": "4M"}),
        ],
    )
    def test_gives_the_same_frame_in_any_order(self, tmp_path, name, codec, options):
        path = write_video(tmp_path / name, codec, numbers=range(1, 36), size=(176, 144), options=options)
        in_order = dict(Video(path))
        assert [number_in(image) for image in in_order.values()] == list(range(1, 36))
        video, chosen = Video(path), list(in_order) * 2
        random.Random(5).shuffle(chosen)
        for number in [35, 1, 1, 20, 21, 11, 10, *chosen]:
            np.testing.assert_array_equal(video.read(number), in_order[number])

    @pytest.mark.parametrize("threads", [1, 2, 4])
    def test_gives_the_same_frames_with_any_number_of_threads(self, tmp_path, threads):
        path = write_video(tmp_path / "a.mp4", "libx264", numbers=range(1, 31), options=GROUPS)
        for (_, one), (_, other) in zip(Video(path, threads=1), Video(path, threads=threads), strict=True):
            np.testing.assert_array_equal(one, other)

    @pytest.mark.parametrize("number", [0, -1, 8, 100])
    def test_beyond_the_ends_is_an_error(self, tmp_path, number):
        video = Video(write_video(tmp_path / "a.avi", "mjpeg", numbers=range(1, 8)))
        with pytest.raises(ClipError, match=rf"has no frame {number}; it has frames 1\.\.7"):
            video.read(number)
        assert number_in(video.read(7)) == 7

    def test_walks_over_all_frames_and_makes_images_of_some(self, tmp_path):
        video = Video(write_video(tmp_path / "a.mp4"))
        walked = list(video.walk(lambda number: number % 2 == 0))
        assert [frame.number for frame in walked if frame.image is not None] == [2, 4, 6, 8, 10]
        assert not any(frame.damaged for frame in walked)

    @pytest.mark.parametrize(
        ("name", "codec", "x264"),
        [
            ("a.avi", "mjpeg", ""),
            ("a.mkv", "mpeg4", ""),
            ("a.mp4", "libx264", "scenecut=0"),
            ("a.mp4", "libx264", "scenecut=0:open-gop=1"),
            ("a.mkv", "libx264", "scenecut=0:intra-refresh=1"),
            ("a.ts", "libx264", "scenecut=0"),
            ("a.m2ts", "libx264", "scenecut=0:open-gop=1"),
            ("a.flv", "libx264", "scenecut=0"),
        ],
    )
    def test_walks_past_frames_that_nobody_wants_without_decoding_them(self, tmp_path, monkeypatch, name, codec, x264):
        """What is decoded after them does not depend on it, also where frames refer to those before a key frame."""
        noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
        images = [np.roll(noise, 7 * at, axis=(0, 1)) for at in range(200)]
        options = {"g": "5", "bf": "2", **({"x264-params": x264} if x264 else {"bf": "0"})}
        video = Video(write_video(tmp_path / name, codec, images=images, options=options))
        whole = dict(video)
        decoded, frames_of = itertools.count(), Decoder._frames

        def counted(video, packet):
            next(decoded)
            return frames_of(video, packet)

        monkeypatch.setattr(Decoder, "_frames", counted)
        walked = list(video.walk(lambda number: 101 <= number <= 105 or 186 <= number <= 190))
        assert [frame.number for frame in walked] == list(range(1, 201))
        read = {frame.number: frame.image for frame in walked if frame.image is not None}
        assert list(read) == [*range(101, 106), *range(186, 191)]
        for number, image in read.items():
            np.testing.assert_array_equal(image, whole[number])
        assert next(decoded) < 50

    def test_reads_on_past_few_frames_because_opening_a_long_file_again_takes_longer(self, tmp_path, monkeypatch):
        video = Video(write_video(tmp_path / "a.avi", "mjpeg", numbers=range(1, 41)))
        begun, after = itertools.count(), Decoder.after

        def counted(video, key):
            next(begun)
            return after(video, key)

        monkeypatch.setattr(Decoder, "after", counted)
        walked = video.walk(lambda number: number % 4 == 0)
        assert [number_in(frame.image) for frame in walked if frame.image is not None] == list(range(4, 41, 4))
        assert next(begun) == 1

    def test_gives_the_wanted_frames_of_a_transport_stream_which_is_sought_by_when_frames_are_decoded(self, tmp_path):
        video = Video(write_video(tmp_path / "a.ts", "libx264", numbers=range(1, 41), options=GROUPS))
        walked = video.walk(lambda number: number in (21, 35))
        assert [number_in(frame.image) for frame in walked if frame.image is not None] == [21, 35]

    def test_gives_the_same_frames_behind_a_damaged_chunk_of_an_avi_whose_index_still_counts_it(self, tmp_path):
        path = write_video(tmp_path / "a.avi", "mjpeg", numbers=range(1, 31))
        content, chunk = bytearray(path.read_bytes()), packet_bytes(path)[11]
        at = content.index(chunk)
        content[at - 8 : at + len(chunk)] = b"\xff" * (8 + len(chunk))
        path.write_bytes(bytes(content))
        in_order = numbers_in(Video(path))
        assert in_order[-1] == 30
        assert len(in_order) == 29
        for number in (25, 20, 15):
            assert number_in(Video(path).read(number)) == in_order[number - 1] == number + 1

    def test_gives_the_first_wanted_frame_also_where_a_gradual_refresh_is_complete_only_after_it(self, tmp_path):
        options = {"crf": "12", "x264-params": REFRESH}
        path = write_video(tmp_path / "a.mkv", "libx264", numbers=range(1, 46), size=(176, 144), options=options)
        walked = Video(path).walk(lambda number: number == 31)
        assert [number_in(frame.image) for frame in walked if frame.image is not None] == [31]

    @pytest.mark.slow
    def test_gives_whole_frames_where_a_gradual_refresh_states_its_end_too_early(self, tmp_path):
        """Each square keeps its gray for up to 64 frames: a block that is not refreshed shows another number."""
        options = {"crf": "12", "x264-params": REFRESH}
        images = [squares(number) for number in range(1, 106)]
        path = write_video(tmp_path / "a.mkv", "libx264", images=images, size=(160, 120), fps=50, options=options)
        assert [shown_by_squares(image) for _, image in Video(path)] == list(range(1, 106))
        for number in range(70, 106):
            assert shown_by_squares(Video(path).read(number)) == number
            *_, walked = itertools.islice(Video(path).walk(number.__eq__), number)
            assert shown_by_squares(walked.image) == number

    def test_gives_images_that_can_be_written_to(self, tmp_path):
        for size in ((64, 48), (62, 46)):
            image = Video(write_video(tmp_path / "a.mkv", "ffv1", size=size)).read(1)
            image[:] = 0
            assert image.flags.c_contiguous

    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list open files there")
    def test_closes_the_file_when_it_is_released_and_not_when_python_searches_for_cycles(self, tmp_path):
        def is_open():
            return any(link.resolve() == path for link in Path("/proc/self/fd").iterdir())

        path = write_video(tmp_path / "a.avi", "mjpeg")
        video = Video(path)
        gc.disable()
        try:
            video.read(5)
            assert is_open()
            del video
            assert not is_open()
        finally:
            gc.enable()

    def test_follows_a_file_that_changes(self, tmp_path):
        assert len(Video(write_video(tmp_path / "a.avi", "mjpeg", numbers=range(5))).numbers) == 5
        assert len(Video(write_video(tmp_path / "a.avi", "mjpeg", numbers=range(9))).numbers) == 9

    def test_of_frames_that_change_their_size_is_an_error(self, tmp_path):
        parts = [write_video(tmp_path / f"{width}.mjpeg", "mjpeg", size=(width, 48)) for width in (64, 80)]
        (tmp_path / "a.mjpeg").write_bytes(b"".join(part.read_bytes() for part in parts))
        with pytest.raises(
            MerlabError, match=r"a\.mjpeg: frame 11 has 80x48 pixels, those before 64x48; all must have"
        ):
            list(Video(tmp_path / "a.mjpeg"))


class TestDamage:
    @pytest.mark.parametrize(
        ("codec", "name", "threads"),
        [("libx264", "a.mp4", 1), ("mpeg4", "a.avi", 1), ("mpeg2video", "a.mkv", 3), ("libvpx", "a.webm", 3)],
    )
    def test_is_not_missed_by_threads_where_a_frame_is_given_before_its_error_is_known(
        self, tmp_path, monkeypatch, codec, name, threads
    ):
        """Of a damaged H.264 file, the rest of a group of pictures was sound in two of ten readings."""
        video, used, decode = write_video(tmp_path / name, codec), [], Decoder.decode

        def noted(self, container, stream, start=1):
            used.append(stream.thread_count)
            return decode(self, container, stream, start)

        monkeypatch.setattr(Decoder, "decode", noted)
        Video(video, threads=3).read(2)
        assert used == [threads]

    def test_of_an_image_is_that_image_only(self, tmp_path):
        video = Video(damage(write_video(tmp_path / "a.avi", "mjpeg"), [4]))
        numbers = numbers_in(video)
        assert [number for number in numbers if number] == [1, 2, 3, 4, *([5] if numbers[4] else []), 6, 7, 8, 9, 10]

    @pytest.mark.parametrize("threads", [0, 1])
    def test_of_an_image_is_seen_also_where_only_its_end_is_damaged(self, tmp_path, threads):
        noise = list(np.random.default_rng(0).integers(0, 256, (10, 48, 64, 3), np.uint8))
        path = damage(write_video(tmp_path / "a.avi", "mjpeg", images=noise), [4, 7], kept=1200)
        walked = list(Video(path, threads=threads).walk(lambda number: True))
        assert [frame.number for frame in walked if frame.damaged] == [5, 8]

    def test_of_every_image_from_the_first_one_on_is_a_way_of_writing_them(self, tmp_path):
        noise = list(np.random.default_rng(0).integers(0, 256, (10, 48, 64, 3), np.uint8))
        path = damage(write_video(tmp_path / "a.avi", "mjpeg", images=noise), range(10), kept=1200)
        assert not any(frame.damaged for frame in Video(path).walk(lambda number: True))

    def test_of_a_frame_reaches_to_the_next_key_frame(self, tmp_path):
        """Decoders give the frames after it with wrong pixels and without a complaint."""
        path = write_video(tmp_path / "a.mkv", "libx264", numbers=range(1, 31), options=GROUPS)
        video = Video(damage(path, [12]))
        numbers = numbers_in(video)
        lost = [at for at, number in enumerate(numbers, start=1) if number is None]
        assert lost == list(range(lost[0], 21))
        assert lost[0] > 10
        assert [number for number in numbers if number] == [at for at in range(1, 31) if at not in lost]
        assert (video.promised, video.errors > 0) == (30, True)
        assert seconds_of(video) == pytest.approx([at / 25 for at in range(30)])

    @pytest.mark.parametrize("packet", range(1, 20))
    def test_leaves_no_frame_with_wrong_pixels_also_of_those_shown_before_it(self, tmp_path, packet):
        """Frames of the kind B refer to one that is shown after them, and decoded before them."""
        noise = np.random.default_rng(0).integers(0, 256, (30, 48, 64, 3), np.uint8)
        path = write_video(tmp_path / "a.mkv", "libx264", images=list(noise), options=GROUPS)
        sound = [frame.image for frame in Video(path).walk(lambda number: True)]
        damaged = Video(damage(path, [packet], kept=500), threads=1)
        for frame in damaged.walk(lambda number: True):
            assert frame.image is None or (frame.image == sound[frame.number - 1]).all(), frame.number

    def test_is_an_error_for_what_needs_every_frame(self, tmp_path):
        path = write_video(tmp_path / "a.mkv", "libx264", numbers=range(1, 31), options=GROUPS)
        video = Video(damage(path, [12]))
        with pytest.raises(ClipError, match=r"a\.mkv: frame 1\d is damaged; copy the video again"):
            list(video)
        with pytest.raises(ClipError, match=r"a\.mkv: frame 20 is damaged"):
            video.read(20)
        assert [number_in(video.read(number)) for number in (1, 10, 21, 30, 2)] == [1, 10, 21, 30, 2]

    def test_at_the_end_is_left_out_by_what_needs_every_frame(self, tmp_path):
        path = write_video(tmp_path / "a.mkv", "mpeg4", options={"g": "1"})
        assert [number for number, _ in Video(damage(path, [8, 9], kept=0))] == list(range(1, 9))

    @pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
    def test_of_an_mp4_that_was_cut_off_is_the_difference_to_its_index(self, tmp_path, share):
        noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
        images = [np.roll(noise, 7 * at, axis=0) for at in range(30)]
        first = {"movflags": "faststart"}
        path = write_video(tmp_path / "a.mp4", "libx264", images=images, options=GROUPS, container=first)
        whole = [image for _, image in Video(path)]
        content = path.read_bytes()
        begin = content.index(b"mdat")
        path.write_bytes(content[: begin + round(share * (len(content) - begin))])
        video = Video(path)
        assert (len(whole), video.promised) == (30, 30)
        assert 0 < len(video.numbers) < 30
        assert video.facts.cut_off
        there = {frame.number: frame.image for frame in video.walk(lambda number: True) if frame.image is not None}
        assert len(there) > 15 * share
        for number, image in there.items():
            np.testing.assert_array_equal(image, whole[number - 1])

    @pytest.mark.parametrize(("name", "codec"), [("a.avi", "mjpeg"), ("a.mkv", "mjpeg"), ("a.mkv", "libx264")])
    def test_of_a_file_that_was_cut_off_is_noted(self, tmp_path, name, codec):
        path = write_video(tmp_path / name, codec, numbers=range(1, 41), size=(176, 144))
        assert not Video(path).facts.cut_off
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        video = Video(path)
        assert 0 < len([number for number in numbers_in(video) if number]) < 40
        assert "the file was cut off: bytes are missing at its end, and frames with them" in video.facts.notes()

    @pytest.mark.parametrize("name", ["a.ts", "a.mkv"])
    def test_is_not_claimed_for_the_frames_before_the_first_key_frame(self, tmp_path, name):
        """A broadcast or a cut begins anywhere."""
        whole = write_video(tmp_path / "a.mp4", "libx264", numbers=range(1, 31), options=GROUPS)
        video = Video(remux(whole, tmp_path / name, slice(4, None)))
        assert numbers_in(video) == list(range(11, 31))
        assert (video.promised, video.fps) == (20, 25)

    def test_is_not_claimed_for_frames_that_only_others_refer_to(self, tmp_path):
        """VP8 stores them as packets of their own, with the bit that shows a frame (RFC 6386, 9.1) set to 0."""
        shown = write_video(tmp_path / "shown.webm", "libvpx", options={"g": "1"})
        with av.open(str(shown)) as given, av.open(str(tmp_path / "a.webm"), "w") as output:
            stream = output.add_stream_from_template(given.streams.video[0])
            for at, content in enumerate(packet_bytes(shown)):
                for delay, data in ((0, content), (20, bytes([content[0] & 0xEF]) + content[1:])):
                    packet = av.Packet(data)
                    packet.stream, packet.time_base = stream, MILLISECOND
                    packet.pts = packet.dts = 40 * at + delay
                    packet.is_keyframe = True
                    output.mux(packet)
        video = Video(tmp_path / "a.webm")
        assert len(packet_bytes(tmp_path / "a.webm")) == 20
        assert (len(video.numbers), video.promised, video.fps) == (10, 10, 25)
        assert numbers_in(video) == list(range(1, 11))

    def test_is_not_claimed_for_fields(self, tmp_path):
        path = write_video(tmp_path / "a.mts", "libx264", options={"x264-params": "interlaced=1", "crf": "10"})
        video = Video(path)
        assert (numbers_in(video), video.promised, video.fps) == (list(range(1, 11)), 10, 25)
        assert list(video.facts.notes()) == [
            "frames consist of two fields (interlaced), whose lines are from two moments; deinterlace the video "
            "before, for example with ffmpeg -vf bwdif"
        ]

    def test_fields_of_hevc_are_frames_of_their_own_and_are_noted(self, tmp_path):
        """x265 writes each picture as one field: ITU-T H.265, table D.2, pic_struct 1 and 2."""
        path = write_video(tmp_path / "a.mkv", "libx265", options={"x265-params": "log-level=none:interlace=1"})
        video = Video(path)
        assert (numbers_in(video), video.facts.interlaced) == (list(range(1, 11)), True)
        (note,) = video.facts.notes()
        assert note.startswith("each frame is one field (interlaced): half of the lines")

    @pytest.mark.parametrize(
        ("codec", "fields"),
        [("libx264", {"x264-params": "interlaced=1"}), ("mpeg2video", {"flags": "+ildct+ilme"})],
    )
    def test_fields_behind_progressive_frames_are_noted(self, tmp_path, codec, fields):
        begin = write_video(tmp_path / "a.ts", codec, options={"bf": "0"})
        end = write_video(tmp_path / "b.ts", codec, numbers=range(11, 21), options={"bf": "0", **fields})
        joined = Video(join([begin, end], tmp_path / "ab.ts"))
        assert [each.facts.interlaced for each in (Video(begin), Video(end), joined)] == [False, True, True]
        assert (len(joined.numbers), joined.promised, joined.fps) == (20, 20, 25)

    def test_of_every_frame_leaves_no_facts(self, tmp_path):
        path = damage(write_video(tmp_path / "a.avi", "mjpeg", numbers=range(3)), [0, 1, 2])
        content = bytearray(path.read_bytes())
        path.write_bytes(bytes(content).replace(b"\xff\xd8", b"\x00\x00"))
        with pytest.raises(MerlabError, match=r"a\.avi has no frame that can be decoded; copy it again"):
            _ = Video(path).facts
