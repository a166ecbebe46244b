"""What is damaged is not given: neither a frame with wrong pixels, nor one that refers to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
import pytest

from merlab.frames import DamagedFrameError, Image
from merlab.frames.decoding import Decoded, Decoder
from merlab.frames.frame import ClipError
from merlab.frames.video import Video
from tests.frames.videos import damage, packet_bytes, remux, with_packets, write_video

COUNT, GROUP = 24, 8
SIZE = (160, 120)
# Eight frames to a group, without a key frame where the picture changes.
GROUPS = {
    "libx264": {"g": "8", "bf": "0", "x264-params": "scenecut=0"},
    "libx265": {"x265-params": "log-level=none:keyint=8:min-keyint=8:scenecut=0:bframes=0:open-gop=0"},
    "mpeg4": {"g": "8", "bf": "0", "sc_threshold": "1000000000"},
    "mpeg2video": {"g": "8", "bf": "0", "sc_threshold": "1000000000"},
    "libvpx-vp9": {"g": "8", "lag-in-frames": "0", "deadline": "realtime", "cpu-used": "8"},
}


def noise() -> list[Image]:
    """Pictures of which each frame needs more than a kilobyte."""
    return list(np.random.default_rng(0).integers(64, 192, (COUNT, *SIZE[::-1], 3), np.uint8))


def written(folder: Path, name: str, codec: str) -> Path:
    return write_video(folder / name, codec, size=SIZE, images=noise(), options=GROUPS[codec])


def given(path: Path) -> dict[int, Image | None]:
    return {frame.number: frame.image for frame in Video(path, 1).walk(lambda number: True)}


def overwritten(path: Path, packet: int, at: int, length: int) -> Path:
    """The file with zeros in the place of ``length`` bytes of a packet (from 0), as of what was never written."""
    content, coded = bytearray(path.read_bytes()), packet_bytes(path)
    begin = content.index(coded[packet]) + at
    content[begin : begin + length] = bytes(length)
    (damaged := path.with_name(f"damaged-{path.name}")).write_bytes(content)
    return damaged


def require_same(frames: Mapping[int, Image | None], whole: Mapping[int, Image | None]) -> None:
    """That all frames which are given are those of the sound video."""
    for number, image in frames.items():
        if image is not None:
            np.testing.assert_array_equal(image, whole[number])


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.avi", "mpeg4")])
def test_of_a_damaged_key_frame_all_frames_up_to_the_next_one_are_left_out(tmp_path, name, codec):
    """They refer to it, and the decoder gives them without a complaint."""
    path = written(tmp_path, name, codec)
    half = len(packet_bytes(path)[GROUP]) // 2
    damage(path, [GROUP], kept=half)
    frames = given(path)
    assert [number for number, image in frames.items() if image is None] == list(range(9, 17))
    for number in (10, 16):
        with pytest.raises(ClipError, match=f"frame {number} is damaged"):
            Video(path, 1).read(number)
    assert Video(path, 1).read(17).shape == (*SIZE[::-1], 3)


@pytest.mark.parametrize("packet", [8, 11])
def test_frames_that_refer_to_one_which_the_decoder_leaves_out_without_a_complaint_are_left_out(tmp_path, packet):
    path = written(tmp_path, "a.mkv", "mpeg2video")
    contents = packet_bytes(path)
    contents[packet] = b"\xff" * len(contents[packet])
    frames = given(with_packets(path, tmp_path / "damaged.mkv", contents))
    assert [number for number, image in frames.items() if image is None] == list(range(packet + 1, 17))
    require_same(frames, given(path))


def test_frames_that_are_read_one_after_the_other_are_decoded_twice_at_most(tmp_path, monkeypatch):
    path = written(tmp_path, "a.mp4", "libx264")
    damage(path, [GROUP], kept=len(packet_bytes(path)[GROUP]) // 2)
    walked, video = given(path), Video(path, 1)
    begun: list[int] = []
    after = Decoder.after

    def noted(decoder: Decoder, key: int) -> Decoded:
        begun.append(key)
        return after(decoder, key)

    monkeypatch.setattr(Decoder, "after", noted)
    read: dict[int, Image | None] = {}
    for number in range(1, COUNT + 1):
        try:
            read[number] = video.read(number)
        except DamagedFrameError:
            read[number] = None
    assert len(begun) <= 2
    assert [number for number, image in read.items() if image is None] == list(range(9, 17))
    require_same(read, walked)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "libx265"), ("a.mp4", "mpeg4"), ("a.webm", "libvpx-vp9")],
)
@pytest.mark.parametrize("packet", [8, 11])
def test_a_hole_of_zeros_is_damage_also_where_the_decoder_does_not_notice_it(tmp_path, name, codec, packet):
    """As in a file that was not copied to its end, but has its whole length. HEVC and VP9 read zeros as any data."""
    path = written(tmp_path, name, codec)
    whole = given(path)
    frames = given(overwritten(path, packet, 100, 400))
    assert [number for number, image in frames.items() if image is None] == list(range(packet + 1, 17))
    require_same(frames, whole)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_zeros_that_fill_a_stream_up_are_no_hole(tmp_path, codec):
    """H.264 and HEVC, annex B: any number of zero bytes may follow a unit, as in a stream of constant rate."""
    path = written(tmp_path, "a.ts", codec)
    filled = with_packets(path, tmp_path / "filled.ts", [content + bytes(300) for content in packet_bytes(path)])
    assert [len(content) - len(content.rstrip(b"\0")) for content in packet_bytes(filled)] == [300] * COUNT
    frames = given(filled)
    assert all(image is not None for image in frames.values())
    require_same(frames, given(path))


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx265")])
def test_zeros_that_fill_a_stream_up_are_no_hole_in_its_copy(tmp_path, name, codec):
    """FFmpeg takes them over. Cameras that record AVC-Intra fill every frame up to one size."""
    path = written(tmp_path, "a.ts", codec)
    start, filling = b"\0\0\1", bytes(300)
    contents = [each[:4] + each[4:].replace(start, filling + start) + filling for each in packet_bytes(path)]
    filled = with_packets(path, tmp_path / "filled.ts", contents)
    copied = remux(filled, tmp_path / name)
    assert all(content.endswith(filling) for content in packet_bytes(copied))
    assert filling in packet_bytes(copied)[0].rstrip(b"\0")
    frames = given(copied)
    assert all(image is not None for image in frames.values())
    require_same(frames, given(path))


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mp4", "libx265")])
def test_a_hole_over_the_end_of_a_frame_is_damage_of_it(tmp_path, name, codec):
    path = written(tmp_path, name, codec)
    whole = given(path)
    frames = given(overwritten(path, 11, len(packet_bytes(path)[11]) - 300, 400))
    assert [number for number, image in frames.items() if image is None] == list(range(12, 17))
    require_same(frames, whole)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_zeros_within_a_unit_of_a_stream_are_a_hole(tmp_path, codec):
    path = written(tmp_path, "a.ts", codec)
    coded = packet_bytes(path)
    coded[11] = coded[11][:200] + bytes(400) + b"\x80" + coded[11][601:]
    frames = given(with_packets(path, tmp_path / "holed.ts", coded))
    assert [number for number, image in frames.items() if image is None] == list(range(12, 17))


@pytest.mark.parametrize("packet", [8, 11])
def test_a_frame_of_which_a_transport_stream_lost_a_packet_is_damaged(tmp_path, packet):
    """The stream counts its packets, of 188 bytes; the decoder may notice nothing. FFmpeg may name the frame before."""
    path = written(tmp_path, "a.ts", "libx265")
    whole, content = given(path), path.read_bytes()
    at = content.index(packet_bytes(path)[packet][-40:-20]) // 188 * 188
    path.write_bytes(content[:at] + content[at + 188 :])
    frames = given(path)
    assert {number for number, image in frames.items() if image is None} >= set(range(packet + 1, 17))
    require_same(frames, whole)


def test_a_recording_that_begins_within_a_gradual_refresh_is_read_from_where_it_is_complete(tmp_path):
    """As a transport stream that was cut: the decoder gives frames from where all blocks were refreshed."""
    options = {"g": "8", "bf": "0", "x264-params": "scenecut=0:intra-refresh=1"}
    path = write_video(tmp_path / "a.ts", "libx264", size=SIZE, images=noise(), options=options)
    whole = given(path)
    cut = given(remux(path, tmp_path / "cut.ts", slice(4, None)))
    shift = COUNT - len(cut)
    # A refresh takes a group.
    assert [number for number, image in cut.items() if image is None] == list(range(1, GROUP))
    require_same(cut, {number - shift: image for number, image in whole.items()})


@pytest.mark.parametrize(("name", "codec"), [("a.webm", "libvpx-vp9"), ("a.mkv", "libx264"), ("a.mkv", "mpeg4")])
def test_what_comes_before_the_first_key_frame_spoils_nothing(tmp_path, name, codec):
    """As in a part of a recording: some decoders fail there."""
    path = written(tmp_path, name, codec)
    whole = given(path)
    cut = given(remux(path, tmp_path / f"cut-{name}", slice(3, None)))
    assert len(cut) == COUNT - GROUP
    for number, image in cut.items():
        np.testing.assert_array_equal(image, whole[number + GROUP])


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_the_frames_where_transport_streams_were_joined_are_sound(tmp_path, codec):
    """As the parts of a live stream, each of which counts its packets from 0."""
    path = written(tmp_path, "a.ts", codec)
    parts = [remux(path, tmp_path / f"{at}.ts", slice(at, at + GROUP)) for at in range(0, COUNT, GROUP)]
    (joined := tmp_path / "joined.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    with av.open(str(joined)) as container:
        assert any(packet.is_corrupt for packet in container.demux(video=0))
    frames = given(joined)
    assert all(image is not None for image in frames.values())
    require_same(frames, given(path))
