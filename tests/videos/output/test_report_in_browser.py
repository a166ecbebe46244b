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


def test_the_table_of_events_shows_all_its_columns_in_a_wide_window(browser, tmp_path):
    result = read_video_result(fake_result.write_result(tmp_path / "out", pictures=False))
    look(browser, 1200, 900)
    browser.get(write_report(result).as_uri())
    table = "document.querySelector('[aria-label=\"Table of events\"]')"
    assert browser.execute_script(f"return {table}.scrollWidth - {table}.clientWidth") == 0
    shown = browser.execute_script(f"return {table}.innerText")
    assert all(f"none: {row.withheld}" in shown for row in result.rows if not row.label)
