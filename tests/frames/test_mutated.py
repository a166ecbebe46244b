"""Videos with random damage: each is read as far as it goes, or refused with a message."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from merlab.errors import MerlabError
from merlab.frames import Video
from tests.frames.videos import write_video

SEED, MUTATIONS = 11, 8
KINDS = {
    "a.mp4": "libx264",
    "a.mkv": "libx264",
    "a.avi": "mjpeg",
    "a.mov": "mjpeg",
    "a.webm": "libvpx-vp9",
    "a.ts": "libx264",
    "a.wmv": "wmv2",
    "a.gif": "gif",
    "a.flv": "flv",
    "a.mpg": "mpeg2video",
    "a.h264": "libx264",
    "a.mxf": "mpeg2video",
}


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content with flipped bits, cut off, with zeros, with more bytes, or with another header."""
    changed, at = bytearray(content), chance.randrange(len(content))
    kind = chance.choice(["flip", "cut", "zeros", "more", "header"])
    if kind == "flip":
        for _ in range(chance.choice([1, 5, 50])):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del changed[at:]
    elif kind == "zeros":
        changed[at : at + 200] = bytes(len(changed[at : at + 200]))
    elif kind == "more":
        changed[at:at] = chance.randbytes(chance.randrange(1, 300))
    else:
        for _ in range(8):
            changed[chance.randrange(min(400, len(changed)))] = chance.randrange(256)
    return bytes(changed)


@contextmanager
def refusal_by_name(name: str) -> Iterator[None]:
    """Allow an error for a user's mistake that names the file."""
    try:
        yield
    except MerlabError as error:
        if name not in str(error):
            raise


@pytest.mark.parametrize(("name", "codec"), KINDS.items())
def test_a_damaged_video_is_read_or_refused(tmp_path: Path, name, codec):
    path = write_video(tmp_path / name, codec, numbers=range(20), size=(176, 144))
    whole, chance = path.read_bytes(), random.Random(f"{SEED} {name}")
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(whole, chance))
        with refusal_by_name(name):
            video = Video(path)
            walked = list(video.walk(lambda number: number % 5 == 0))
            assert [frame.number for frame in walked] == list(video.numbers)
            assert len(walked) <= video.promised
            assert all((frame.seconds is None) == (video.clock is None) for frame in walked)
            assert all(video.facts.notes())
