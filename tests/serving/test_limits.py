"""What is checked before a job begins."""

from __future__ import annotations

import re

import numpy as np
import pytest

from merlab.errors import MerlabError
from merlab.serving.connections import HEADER_SECONDS, MAX_CONNECTIONS
from merlab.serving.guard import BODY_SECONDS
from merlab.serving.limits import MEBIBYTE, Limits, limit_memory, require_within
from tests.helpers import texture, write_frames
from tests.serving.attacks import DOCUMENT
from tests.serving.conftest import write_video


def test_a_video_within_the_limits(video):
    require_within(video, None, Limits(seconds=2.0, pixels=64 * 48))


def test_a_false_frame_rate_does_not_shorten_a_video(video):
    with pytest.raises(MerlabError, match="2 s long"):
        require_within(video, 10_000, Limits(seconds=1.0))


def test_a_lower_frame_rate_makes_a_video_longer(video):
    with pytest.raises(MerlabError, match="50 s long"):
        require_within(video, 1, Limits(seconds=10.0))


def test_a_folder_of_images_needs_a_frame_rate_and_counts_as_a_video(tmp_path):
    folder = write_frames(tmp_path / "clip", [texture(1)] * 3)
    require_within(folder, 100, Limits())
    with pytest.raises(MerlabError, match="send it again with fps"):
        require_within(folder, None, Limits())
    with pytest.raises(MerlabError, match="3 s long"):
        require_within(folder, 1, Limits(seconds=2.0))
    with pytest.raises(MerlabError, match="million pixels"):
        require_within(folder, 100, Limits(pixels=1000))


def test_the_first_image_of_a_folder_may_be_damaged_but_not_all(tmp_path):
    folder = write_frames(tmp_path / "clip", [texture(1)] * 3)
    (folder / "img1.png").write_bytes(b"")
    require_within(folder, 100, Limits())
    with pytest.raises(MerlabError, match="million pixels"):
        require_within(folder, 100, Limits(pixels=1000))
    for number in (2, 3):
        (folder / f"img{number}.png").write_bytes(b"")
    with pytest.raises(MerlabError, match="img1.png is empty"):
        require_within(folder, 100, Limits())


def test_a_folder_of_folders_of_images_is_refused_with_what_to_send(tmp_path):
    write_frames(tmp_path / "clip", [texture(1)])
    with pytest.raises(MerlabError, match="no images with numbers.*a folder that itself holds the images of one video"):
        require_within(tmp_path, 100, Limits())


def test_an_image_that_is_a_link_to_another_folder(tmp_path):
    secret = write_frames(tmp_path / "secret", [np.zeros((8, 8), np.float32)])
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "img1.png").symlink_to(secret / "img1.png")
    with pytest.raises(MerlabError, match="link to a file outside of the folder"):
        require_within(tmp_path / "clip", 100, Limits())


def test_a_rate_that_an_earlier_version_accepted_is_refused_where_the_job_is_run_again(video):
    with pytest.raises(MerlabError, match=r"0\.5 is not a frame rate"):
        require_within(video, 0.5, Limits())


def test_one_image_is_a_video(tmp_path):
    require_within(write_frames(tmp_path / "clip", [texture(1)]), 100, Limits())


def test_the_size_of_the_frames_counts_and_not_what_the_header_states(tmp_path):
    path = write_video(tmp_path / "false.webm", 1, (128, 96), fourcc="VP80")
    # PixelWidth and PixelHeight, of one byte each.
    true, stated = (bytes([0xB0, 0x81, width, 0xBA, 0x81, height]) for width, height in ((128, 96), (64, 48)))
    assert true in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(true, stated))
    require_within(path, None, Limits(pixels=128 * 96))
    with pytest.raises(MerlabError, match="million pixels, more than"):
        require_within(path, None, Limits(pixels=128 * 96 - 1))


@pytest.mark.parametrize(("hard", "soft"), [(-1, 1000), (2000, 1000), (500, 500)])
def test_the_memory_of_a_job_is_limited_where_the_system_allows_less_too(monkeypatch, hard, soft):
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    assert resource.RLIM_INFINITY == -1
    found = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (hard, hard) if kind == resource.RLIMIT_DATA else (0, 0))
    monkeypatch.setattr(resource, "setrlimit", lambda *given: found.append(given))
    limit_memory(1000)
    assert found == [(resource.RLIMIT_DATA, (soft, hard))]


def test_the_limits_in_the_documentation_are_those_of_the_service():
    """The rows of its table, and the sentences below it."""
    text = " ".join(DOCUMENT.read_text(encoding="utf-8").split("## Limits")[1].split("## For programs")[0].split())
    stated = {name: float(value) for name, value in re.findall(r"\| `--([a-z-]+)` \| ([\d.]+) \|", text)}
    limits = Limits()
    assert stated == {
        "max-mb": limits.bytes / MEBIBYTE,
        "max-seconds": limits.seconds,
        "max-megapixels": limits.pixels / 1e6,
        "job-minutes": limits.job_seconds / 60,
        "memory-mb": limits.memory / MEBIBYTE,
        "workers": 1,
        "queue": limits.queue,
        "keep": limits.kept,
    }
    assert "| `--keep-days` | never |" in text
    assert limits.keep_days is None
    assert f"at most {limits.uploads} uploads at the same time" in text
    assert f"slower than {limits.slowest / 1024:g} KiB/s over {limits.pace_seconds:g} s" in text
    assert HEADER_SECONDS == BODY_SECONDS
    assert f"waits at most {BODY_SECONDS:g} s for the headers of a request and for the body of a small one" in text
    assert f"It keeps at most {MAX_CONNECTIONS} connections" in text
    assert "that pauses for a minute" in text
    assert limits.idle_seconds == 60
