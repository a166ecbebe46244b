"""The report in a browser: whatever is in it stays inside the window."""

from __future__ import annotations

import pytest

from merlab.videos.output.report import write_report
from merlab.videos.result import read_video_result
from tests.serving.browser import look, outside
from tests.videos import fake_result

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("width", [1200, 360])
def test_long_names_of_videos_and_classes_stay_in_the_window(browser, tmp_path, monkeypatch, width):
    monkeypatch.setattr(fake_result, "CLASSES", tuple(letter * 60 for letter in "abcde"))
    folder = fake_result.write_result(tmp_path / "out", video=f"{'x' * 150}.mp4")
    look(browser, width, 900)
    browser.get(write_report(read_video_result(folder)).as_uri())
    assert outside(browser) == []
