"""The report in a browser: whatever is in it stays inside the window."""

from __future__ import annotations

from functools import partial

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from merlab.videos.output.report import write_report
from merlab.videos.result import read_video_result
from tests.serving.browser import look, outside
from tests.serving.conftest import until
from tests.videos import fake_result

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("width", [1200, 360])
def test_long_names_of_videos_and_classes_stay_in_the_window(browser, tmp_path, monkeypatch, width):
    monkeypatch.setattr(fake_result, "CLASSES", tuple(letter * 60 for letter in "abcde"))
    folder = fake_result.write_result(tmp_path / "out", video=f"{'x' * 150}.mp4")
    look(browser, width, 900)
    browser.get(write_report(read_video_result(folder)).as_uri())
    assert outside(browser) == []


def is_in_the_window(browser, target: str) -> bool:
    place = f"return Math.round(document.getElementById('{target}').getBoundingClientRect().top)"
    return 0 <= int(browser.execute_script(place)) < 900


def test_links_lead_to_sections_and_events_of_a_long_page(browser, tmp_path):
    """What is outside of the window is not laid out until it is needed."""
    folder = fake_result.write_result(tmp_path / "out", seconds=300.0, fps=10.0, events=300, pictures=False)
    look(browser, 1200, 900)
    browser.get(write_report(read_video_result(folder)).as_uri())
    for target in ("e0290", "each", "e0150", "limits", "e0001"):
        link = browser.find_element(By.CSS_SELECTOR, f'nav a[href="#{target}"], table a[href="#{target}"]')
        link.send_keys(Keys.ENTER)
        until(partial(is_in_the_window, browser, target))
        browser.execute_script("scrollTo(0, 0)")
    opened = browser.execute_script(
        "return [...document.querySelectorAll('.event[open] h3')].map((each) => each.textContent)"
    )
    assert opened == ["e0001", "e0150", "e0290"]
    laid_out = browser.execute_script("""
        const summaries = [...document.querySelectorAll(".event summary")];
        return summaries.filter((each) => each.checkVisibility({ contentVisibilityAuto: true })).length
    """)
    assert 0 < laid_out < 100


def test_the_table_of_events_shows_all_its_columns_in_a_wide_window(browser, tmp_path):
    result = read_video_result(fake_result.write_result(tmp_path / "out", pictures=False))
    look(browser, 1200, 900)
    browser.get(write_report(result).as_uri())
    table = "document.querySelector('[aria-label=\"Table of events\"]')"
    assert browser.execute_script(f"return {table}.scrollWidth - {table}.clientWidth") == 0
    shown = browser.execute_script(f"return {table}.innerText")
    assert all(f"none: {row.withheld}" in shown for row in result.rows if not row.label)
