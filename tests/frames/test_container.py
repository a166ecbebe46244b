"""Which files are videos, and what is said about all others."""

from __future__ import annotations

import itertools
import struct
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.frames import VIDEO_SUFFIXES, Video, clock_of, is_video, looks_like_video, open_frames
from merlab.frames.container import container_format, require_utf8
from tests.frames.videos import damage, number_in, write_video

KINDS = {
    "a.avi": "mjpeg",
    "a.mp4": "libx264",
    "a.mov": "libx265",
    "a.m4v": "mpeg4",
    "a.3gp": "mpeg4",
    "a.mkv": "libx264",
    "a.webm": "libvpx-vp9",
    "b.webm": "libvpx",
    "a.ts": "libx264",
    "a.mts": "libx264",
    "a.mpg": "mpeg2video",
    "a.wmv": "wmv2",
    "a.flv": "flv",
    "a.gif": "gif",
    "a.mxf": "mpeg2video",
    "a.ivf": "libvpx",
    "a.y4m": "rawvideo",
}
RAW = {"a.h264": "libx264", "a.hevc": "libx265", "a.mjpeg": "mjpeg", "a.m2v": "mpeg2video"}
LISTS = {
    "HLS": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{path}\n#EXT-X-ENDLIST\n",
    "HLS after a byte order mark": "\ufeff#EXTM3U\n#EXTINF:10,\n{path}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile '{path}'\n",
    "DASH": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{path}</BaseURL></MPD>\n',
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
}
# The options of a muxer for an MP4 of fragments, as cameras and streams write it.
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}


def write_kind(folder: Path, name: str, codec: str) -> Path:
    """Ten frames; H.263 and MPEG-2 in some containers know few sizes only."""
    return write_video(folder / name, codec, size=(176, 144), options={"bf": "0"} if codec == "libx264" else None)


class TestVideosOfAnyContainer:
    @pytest.mark.parametrize(("name", "codec"), KINDS.items())
    def test_are_opened_with_the_rate_of_their_stamps(self, tmp_path, name, codec):
        path = write_kind(tmp_path, name, codec)
        assert is_video(path)
        video = Video(path)
        assert (len(video.numbers), video.promised, video.fps) == (10, 10, 25)
        assert [number for number, _ in video] == list(range(1, 11))
        assert number_in(video.read(7)) in (6, 7, 8) if codec == "gif" else number_in(video.read(7)) == 7

    @pytest.mark.parametrize(("name", "codec"), KINDS.items())
    def test_are_known_under_any_suffix(self, tmp_path, name, codec):
        path = write_kind(tmp_path, name, codec).rename(tmp_path / "recording.001")
        assert is_video(path)
        assert len(open_frames(path).numbers) == 10

    @pytest.mark.parametrize(("name", "codec"), RAW.items())
    def test_without_time_stamps_need_a_rate(self, tmp_path, name, codec):
        video = Video(write_kind(tmp_path, name, codec))
        assert (video.fps, video.clock, video.facts.stated_rate) == (None, None, None)
        assert video.no_clock == f"{tmp_path / name} has no time stamps"
        with pytest.raises(MerlabError, match=f"{name} has no time stamps; give --fps"):
            clock_of(tmp_path / name, video)
        assert clock_of(tmp_path / name, video, 50).seconds(10) == 9 / 50
        walked = list(video.walk(lambda number: True))
        assert [(frame.number, frame.seconds) for frame in walked] == [(number, None) for number in range(1, 11)]
        assert number_in(video.read(7)) == 7

    def test_of_mpeg_4_without_a_container_begin_with_a_sequence_or_with_an_object(self, tmp_path):
        """ISO 14496-2: start codes B0, or 00 and 20."""
        with av.open(str(tmp_path / "sequence"), "w", format="m4v") as output:
            stream = output.add_stream("mpeg4", rate=25)
            stream.width, stream.height = 64, 48
            for value in range(10):
                output.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 9 * value, np.uint8))))
            output.mux(stream.encode(None))
        content = (tmp_path / "sequence").read_bytes()
        (tmp_path / "object").write_bytes(content[content.index(b"\0\0\1\x00\0\0\1\x20") :])
        for name in ("sequence", "object"):
            assert len(open_frames(tmp_path / name).numbers) == 10
        (tmp_path / "other").write_bytes(content[content.index(b"\0\0\1\x20") :])
        assert not is_video(tmp_path / "other")

    @pytest.mark.parametrize(
        ("units", "name"),
        [
            # ITU-T H.264, table 7-1: supplemental information, parameters, delimiter; not a slice; importance 3.
            ([b"\x06\x05", b"\x67\x42", b"\x09\x10"], "h264"),
            # ITU-T H.265, table 7-1: three kinds of parameters, delimiter, supplemental information, of layer 0.
            ([bytes([kind << 1, 1]) for kind in (32, 33, 34, 35, 39)], "hevc"),
            # Pictures from which decoding can begin, as in a stream that was cut; supplemental information of H.264
            # has the importance 0, so 26 is an IDR picture of H.265 only.
            ([bytes([kind << 1, 1]) for kind in range(16, 22)], "hevc"),
            ([b"\x26\x05", b"\x29\x10", b"\x65\x88", b"\xe7\x42", b"\x02\x01", b"\x40\x02", b"\x67", b""], None),
        ],
    )
    def test_of_h264_and_hevc_without_a_container_begin_with_what_comes_before_a_picture(self, tmp_path, units, name):
        for unit, start in itertools.product(units, (b"\0\0\1", b"\0\0\0\1")):
            (tmp_path / "a").write_bytes(start + unit)
            assert container_format(tmp_path / "a") == name

    def test_of_hevc_that_begin_with_a_picture_are_decoded_by_the_parameters_that_follow(self, tmp_path):
        whole = write_video(tmp_path / "a.hevc", "libx265", options={"x265-params": "log-level=none:keyint=5"})
        content = whole.read_bytes()
        # ITU-T H.265, 7.4.2.2: type 20 is an IDR picture without leading ones.
        (tmp_path / "b.hevc").write_bytes(content[content.index(b"\0\0\1\x28\x01") :])
        assert [number_in(image) for _, image in open_frames(tmp_path / "b.hevc")] == list(range(1, 11))

    def test_are_listed_by_suffix_too_so_that_damaged_ones_are_not_skipped(self, tmp_path):
        (tmp_path / "empty.mp4").touch()
        (tmp_path / "notes.txt").write_text("notes")
        assert looks_like_video(tmp_path / "empty.mp4")
        assert not is_video(tmp_path / "empty.mp4")
        assert not looks_like_video(tmp_path / "notes.txt")
        assert not looks_like_video(tmp_path)
        assert {Path(name).suffix for name in KINDS} <= set(VIDEO_SUFFIXES)


class TestListsThatNameOtherFiles:
    """FFmpeg opens them under any suffix; a service would read any file of its machine."""

    @pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".m3u8", ""])
    @pytest.mark.parametrize("kind", LISTS)
    def test_are_refused(self, tmp_path, kind, suffix):
        secret = write_video(tmp_path / "secret.mp4")
        path = tmp_path / f"list{suffix}"
        path.write_text(LISTS[kind].format(path=secret), encoding="utf-8")
        with pytest.raises(MerlabError, match=r"it is a list that names other files; give the video itself"):
            open_frames(path)
        assert not is_video(path)

    def test_are_refused_after_the_first_bytes_of_a_container(self, tmp_path):
        secret = write_video(tmp_path / "secret.ts", "libx264")
        for head in (
            b"\x00\x00\x00\x08free",
            b"\x1aE\xdf\xa3",
            b"RIFF\0\0\0\0AVI ",
            b"G" + bytes(187) + b"G" + bytes(187) + b"G",
        ):
            path = tmp_path / "list.mp4"
            path.write_bytes(head + LISTS["HLS"].format(path=secret).encode())
            with pytest.raises(MerlabError, match="cannot be opened as a video"):
                list(open_frames(path).walk(lambda number: True))

    def test_hidden_in_a_quicktime_reference_do_not_open_the_other_file(self, tmp_path):
        secret = write_video(tmp_path / "secret.mov", "mjpeg")
        path = refer_to(secret, tmp_path / "reference.mov")
        followed = {"enable_drefs": "1", "use_absolute_path": "1"}
        with av.open(str(path), options=followed) as container:  # FFmpeg does, if it is asked to.
            assert len(list(container.decode(video=0))) == 10
        assert not any(frame.image is not None for frame in Video(path).walk(lambda number: True))


def refer_to(other: Path, path: Path) -> Path:
    """A QuickTime file without frames of its own, whose data reference (an alias record) is ``other``."""
    name = str(other).encode()
    record = bytes(10) + bytes(28) + bytes(12) + bytes([len(other.name)]) + other.name.encode().ljust(63, b"\0")
    record += bytes(16) + struct.pack(">hh", 1, 1) + bytes(16) + struct.pack(">hH", 2, len(name)) + name
    record += b"\0" * (len(name) % 2) + struct.pack(">hH", -1, 0)
    alias = struct.pack(">I4sI", 12 + len(record), b"alis", 0) + record
    content = other.read_bytes()
    moov = content[content.rfind(b"moov") - 4 :]
    old = moov[moov.index(b"dref") - 4 :][:28]
    new = struct.pack(">I4sII", 16 + len(alias), b"dref", 0, 1) + alias
    path.write_bytes(content[: content.index(b"mdat") - 4] + grown(moov, old, new))
    return path


def grown(moov: bytes, old: bytes, new: bytes) -> bytes:
    """``moov`` with ``new`` for the box ``old``, and the sizes of all boxes around it."""
    more, at = len(new) - len(old), moov.index(old)
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        start = moov.rindex(box, 0, at) - 4
        size = int.from_bytes(moov[start : start + 4], "big") + more
        moov = moov[:start] + size.to_bytes(4, "big") + moov[start + 4 :]
    return moov[:at] + new + moov[at + len(old) :]


def boxes_of(content: bytes) -> list[bytes]:
    """The outermost boxes of an MP4 file, as in ISO 14496-12, section 4.2, whose sizes all have 32 bits."""
    size = int.from_bytes(content[:4], "big")
    return [content[:size], *boxes_of(content[size:])] if content else []


class TestJoinedFiles:
    """As `cat a.mp4 b.mp4` joins them; FFmpeg reads the frames of the first index, and says no word of the others."""

    @pytest.mark.parametrize(
        ("name", "codec", "options"),
        [
            ("a.mp4", "libx264", {}),
            ("a.mp4", "libx264", {"movflags": "faststart"}),
            ("a.mp4", "libx264", FRAGMENTED),
            ("a.mov", "mjpeg", {}),
            ("a.3gp", "mpeg4", {}),
            ("a.flv", "flv", {}),
            ("a.wmv", "wmv2", {}),
            ("a.ivf", "libvpx", {}),
            ("a.y4m", "rawvideo", {}),
            ("a.mxf", "mpeg2video", {}),
        ],
    )
    def test_of_several_recordings_are_refused(self, tmp_path, name, codec, options):
        path = write_video(tmp_path / name, codec, container=options)
        other = write_video(tmp_path / f"b{name}", codec, container=options, numbers=range(1, 8))
        path.write_bytes(path.read_bytes() + other.read_bytes())
        with pytest.raises(MerlabError, match=rf"{name} cannot be opened as a video: it holds several recordings"):
            open_frames(path)

    @pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.mkv", "mjpeg"), ("a.webm", "libvpx")])
    def test_of_more_than_two_of_matroska_are_refused(self, tmp_path, name, codec):
        path = write_video(tmp_path / name, codec)
        path.write_bytes(3 * path.read_bytes())
        with pytest.raises(MerlabError, match="it holds several recordings, one after the other"):
            open_frames(path)

    @pytest.mark.parametrize("options", [(FRAGMENTED, {}), ({}, FRAGMENTED)])
    def test_of_fragments_and_of_a_whole_one_are_refused(self, tmp_path, options):
        first, second = (
            write_video(tmp_path / name, container=each) for name, each in zip(("a.mp4", "b.mp4"), options, strict=True)
        )
        first.write_bytes(first.read_bytes() + second.read_bytes())
        with pytest.raises(MerlabError, match="it holds several recordings, one after the other"):
            open_frames(first)

    @pytest.mark.parametrize(
        ("name", "codec"),
        [("a.avi", "mpeg4"), ("a.mkv", "libx264"), ("a.ts", "libx264"), ("a.mpg", "mpeg1video"), ("a.gif", "gif")],
    )
    def test_of_other_kinds_are_read_whole(self, tmp_path, name, codec):
        path = write_video(tmp_path / name, codec)
        path.write_bytes(2 * path.read_bytes())
        assert len(open_frames(path).numbers) == 20

    @pytest.mark.parametrize("end", [b"free", b"udta", b"uuid", b"moov"])
    def test_are_not_those_with_other_boxes_at_the_end(self, tmp_path, end):
        """A few programs write a copy of the index there."""
        path = write_video(tmp_path / "a.mp4")
        content = path.read_bytes()
        index = next(each for each in boxes_of(content) if each[4:8] == b"moov")
        path.write_bytes(content + (index if end == b"moov" else struct.pack(">I4s16x", 24, end)))
        assert len(open_frames(path).numbers) == 10

    def test_are_not_those_of_fragments_that_repeat_their_beginning(self, tmp_path):
        """Segments of a stream may be files of their own, which begin alike; together they are one recording."""
        path = write_video(tmp_path / "a.mp4", "libx264", options={"g": "5"}, container=FRAGMENTED)
        parts = boxes_of(path.read_bytes())
        assert [part[4:8] for part in parts[:6]] == [b"ftyp", b"moov", *2 * [b"moof", b"mdat"]]
        path.write_bytes(b"".join([*parts[:4], *parts[:2], *parts[4:]]))
        assert len(open_frames(path).numbers) == 10


class TestFilesThatAreNoVideo:
    """Each has its own message; one for all said nothing."""

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", r"it is empty \(0 bytes\); copy it again"),
            (b"These are my notes.\nNothing else.", "it is a text; give a video, or a folder of images"),
            ("Gesichtsausdrücke – Notizen".encode(), "it is a text"),
            (b"ID3\x04\x00" + bytes(1000), "it contains sound only"),
            (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(100), "it contains sound only"),
            (b"OggS" + bytes(24) + b"\x01vorbis" + bytes(100), "it contains sound only"),
            (b"\x00\x00\x00\x20ftypM4A " + bytes(100), "it contains sound only"),
            (b"\x00\x00\x00\x20ftypheic" + bytes(100), "it is a single image"),
            (b"notes\1\2\3", "its first bytes are not those of a container"),
            (bytes(5000), "its first bytes are not those of a container that merlab opens.*convert it to MP4"),
        ],
    )
    def test_are_named_with_the_reason(self, tmp_path, content, reason):
        path = tmp_path / "interview.mp4"
        path.write_bytes(content)
        with pytest.raises(MerlabError, match=rf"interview\.mp4 cannot be opened as a video: ({reason})"):
            open_frames(path)
        assert not is_video(path)

    @pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tiff"])
    def test_of_one_image_are_named_with_the_remedy(self, tmp_path, suffix):
        path = tmp_path / f"face{suffix}"
        cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
        with pytest.raises(MerlabError, match="it is a single image; give a folder of images"):
            open_frames(path)

    @pytest.mark.parametrize(
        ("name", "codec", "pixels"), [("a.webp", "libwebp_anim", "yuv420p"), ("a.apng", "apng", "rgb24")]
    )
    def test_of_an_animated_image_are_named_with_their_own_remedy(self, tmp_path, name, codec, pixels):
        path = write_video(tmp_path / name, codec, pixels=pixels)
        with pytest.raises(MerlabError, match="it is an animated image; convert it to MP4 or Matroska with a program"):
            open_frames(path)

    def test_of_one_image_with_two_small_ones_in_it_is_no_sequence_of_images(self, tmp_path):
        """A camera writes small images of its own into a segment before the image."""
        image = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
        segment = b"\xff\xe1" + (2 + 2 * len(image)).to_bytes(2, "big") + 2 * image
        # Behind the first segment, JFIF, of 18 bytes.
        content = image[:20] + segment + image[20:]
        (tmp_path / "face.jpg").write_bytes(content)
        with pytest.raises(MerlabError, match="it is a single image"):
            open_frames(tmp_path / "face.jpg")
        (tmp_path / "faces.mjpeg").write_bytes(2 * content)
        assert len(open_frames(tmp_path / "faces.mjpeg").numbers) == 2

    @pytest.mark.parametrize("name", ["sound.mp4", "sound.mkv"])
    def test_of_sound_in_a_container_of_videos(self, tmp_path, name):
        with av.open(str(tmp_path / name), "w") as output:
            stream = output.add_stream("aac", 16_000)
            for at in range(10):
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 16_000, 1024 * at
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        with pytest.raises(MerlabError, match="it contains sound only; give the file that holds the images"):
            open_frames(tmp_path / name)

    @pytest.mark.parametrize("place", [b"mdat", b"moov", b"trak"])
    def test_without_their_end_say_so(self, tmp_path, place):
        """Before the frames, at the begin of the index, or inside of it."""
        whole = write_video(tmp_path / "whole.mp4").read_bytes()
        path = tmp_path / "interrupted.mp4"
        path.write_bytes(whole[: whole.index(place)])
        with pytest.raises(
            MerlabError, match=r"it ends before its index \(moov\), as a recording that was interrupted"
        ):
            open_frames(path)

    def test_that_only_begin_like_a_video(self, tmp_path):
        path = tmp_path / "a.mkv"
        path.write_bytes(b"\x1aE\xdf\xa3" + bytes(2000))
        with pytest.raises(MerlabError, match=r"it begins as one \(matroska\), then: Invalid data.*copy it again"):
            open_frames(path)

    def test_whose_name_is_not_utf_8_are_refused(self, tmp_path):
        path = tmp_path / "caf\udce9.avi"
        try:
            write_video(tmp_path / "cafe.avi", "mjpeg").rename(path)
        except OSError:
            pytest.skip("this file system does not allow such a name")
        with pytest.raises(MerlabError, match=r"caf\\udce9\.avi has a name that is not valid UTF-8; rename"):
            open_frames(path)

    def test_whose_names_python_reads_in_another_encoding_are_refused_with_its_setting(self, monkeypatch):
        monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
        with pytest.raises(MerlabError, match=r"caf\\udcc3\\udca9\.avi has a name .* as ascii; set PYTHONUTF8=1"):
            require_utf8(Path("caf\udcc3\udca9.avi"))

    @pytest.mark.parametrize("name", ["a:b.mp4", "concat:x.mp4", "http:x.mp4", "100%.mp4", "ein Gesicht.mp4", "面.mp4"])
    def test_have_any_other_name(self, tmp_path, name):
        assert len(open_frames(write_video(tmp_path / "a.mp4").rename(tmp_path / name)).numbers) == 10


def test_a_decoder_writes_nothing_among_the_lines_of_merlab(tmp_path):
    path = damage(write_video(tmp_path / "a.mp4", "libx264"), [3, 4, 5])
    code = (
        "import sys; from pathlib import Path; from merlab.frames import Video\n"
        "video = Video(Path(sys.argv[1])); list(video.walk(lambda number: True)); sys.exit(video.errors)"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert ran.returncode > 0
    assert (ran.stdout, ran.stderr) == ("", "")
