"""Positions and key frames of 30 frames in three groups of ten, at 25 frames per second in ticks of 1 ms."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import pytest

from merlab.frames import packets as packets_module
from merlab.frames.frame import SourceChangedError
from merlab.frames.packets import Packets, packets_of
from tests.frames.videos import remux, write_video

GROUPS = {"g": "10", "bf": "2", "x264-params": "scenecut=0"}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("packets") / "a.mkv", "libx264", numbers=range(1, 31), options=GROUPS)


@pytest.fixture(scope="module")
def packets(path) -> Packets:
    return packets_of(path)


def test_of_a_file_that_grows_while_they_are_read_are_refused(path, monkeypatch, tmp_path):
    growing = Path(shutil.copy(path, tmp_path / "growing.mkv"))
    read = packets_module._packets

    def while_it_is_written(path, *given):
        with path.open("ab") as file:
            file.write(b"more")
        return read(path, *given)

    monkeypatch.setattr(packets_module, "_packets", while_it_is_written)
    with pytest.raises(
        SourceChangedError, match=r"growing\.mkv was changed while it was read.*; run the command again"
    ):
        packets_of(growing)
    monkeypatch.undo()
    assert packets_of(growing).count == 30


def test_a_file_whose_edit_list_shows_no_frame_has_none(tmp_path):
    """As FFmpeg writes it where all of ten frames, of 512 ticks, come before the beginning."""
    whole = write_video(tmp_path / "a.mp4")
    cut = packets_of(remux(whole, tmp_path / "cut.mp4", shift=-10 * 512, avoid_negative_ts="disabled"))
    assert (cut.count, cut.clock, cut.start) == (0, None, None)


def test_a_time_stamp_gives_the_position_of_its_frame_alone(packets):
    assert [packets.position(stamp) for stamp in (0, 40, 1160)] == [1, 2, 30]
    assert [packets.position(stamp) for stamp in (None, -40, 20, 1161, 1200)] == [None] * 5


def test_key_frames_are_found_before_and_after_a_frame(packets):
    assert [packets.key_before(position) for position in (1, 10, 11, 30)] == [1, 1, 11, 21]
    assert [packets.key_before(position, 2) for position in (1, 11, 30)] == [1, 1, 11]
    assert [packets.key_after(position) for position in (1, 10, 11, 20, 21, 30)] == [11, 11, 21, 21, 31, 31]


def test_reading_begins_at_the_packet_of_a_key_frame_alone(path, packets):
    with av.open(str(path)) as container:
        found = [packet for packet in container.demux(video=0) if packet.size]
        begins = {
            (position, packet.pts) for packet in found for position in range(1, 31) if packets.is_at(position, packet)
        }
    assert begins == {(1, 0), (11, 400), (21, 800)}
