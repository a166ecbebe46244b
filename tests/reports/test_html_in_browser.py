"""The report of a run in a browser: whatever is in it stays inside the window."""

from __future__ import annotations

from pathlib import Path

import pytest

from merlab.reports.html import write_report
from merlab.reports.run import read_run
from tests.reports.fake_run import fake_record, write_run
from tests.serving.browser import look, outside

pytestmark = pytest.mark.slow
# CSS pixels between the margins that browsers give a printed page.
A4_WIDTH = 718


@pytest.mark.parametrize("width", [1200, 360])
def test_long_names_of_methods_schemes_and_classes_stay_in_the_window(browser, tmp_path, width):
    skills = {"linear-svm": 0.5, f"<b>{'m' * 90}</b>": 0.9}
    counts = {letter * 60: 27 for letter in "abc"}
    folder = write_run(
        tmp_path / "run", skills, fake_record(list(skills), Path("/data"), scheme="s" * 90, clips_per_class=counts)
    )
    look(browser, width, 900)
    browser.get(write_report(read_run(folder), folder).as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert outside(browser) == []


def test_tables_fit_a_printed_page(browser, tmp_path):
    folder = write_run(tmp_path / "run")
    look(browser, A4_WIDTH, 900)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.get(write_report(read_run(folder), folder).as_uri())
    tables = browser.execute_script(
        "return [...document.querySelectorAll('figure table')].map((each) => each.getBoundingClientRect().right)"
    )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert tables
    assert max(tables) <= A4_WIDTH
