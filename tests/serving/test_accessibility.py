"""axe finds nothing serious on the page: a checker of the Web Content Accessibility Guidelines (WCAG 2.1, level AA)."""

from __future__ import annotations

from importlib.resources import files

import pytest
from selenium.webdriver.common.keys import Keys

from merlab.videos.output.report import write_report
from merlab.videos.result import read_video_result
from tests.serving import fake_jobs
from tests.serving.browser import look, one, outside, send, text_of
from tests.serving.conftest import shown, until
from tests.videos.fake_result import write_result

pytestmark = pytest.mark.slow
# The width of the window, and whether it is dark.
LOOKS = [(1200, False), (1200, True), (390, False), (390, True)]


def assert_accessible(browser, looks=LOOKS) -> None:
    """Check the page as it is, in every look."""
    if not browser.execute_script("return 'axe' in window"):
        browser.execute_script((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8"))
    for width, dark in looks:
        look(browser, width, 900, dark=dark)
        found = browser.execute_async_script("axe.run({resultTypes: ['violations']}).then(arguments[0])")
        # Otherwise nothing was checked.
        assert len(found["passes"]) > 10
        seen = f"{width} px, {'dark' if dark else 'light'}"
        serious = [
            f"{seen}: {each['impact']}: {each['help']}: {[node['target'] for node in each['nodes'][:3]]}"
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
        ]
        assert serious == []


def test_the_empty_list_and_its_settings(browser, tmp_path):
    with shown(browser, tmp_path / "jobs", workers=0, weights=["mine.safetensors", "merlab"]):
        until(lambda: text_of(browser, "#changed"))
        assert_accessible(browser)
        one(browser, "summary").send_keys(Keys.ENTER)
        assert_accessible(browser)


def test_a_list_with_a_running_job_a_waiting_one_and_a_file_that_was_not_taken(browser, video, tmp_path):
    (tmp_path / "notes.txt").write_text("no video")
    with shown(browser, tmp_path / "jobs", fake_jobs.slow, limits={"queue": 1}) as client:
        send(browser, video, video, video, tmp_path / "notes.txt")
        until(lambda: "spotting" in text_of(browser, "#jobs"))
        until(lambda: "waits to be sent" in text_of(browser, "#jobs"))
        assert_accessible(browser)
        one(browser, "#jobs .name a").click()
        until(lambda: "spotting" in text_of(browser, "#result .state"))
        assert_accessible(browser)
        assert client.http.get("/api/jobs").json()


def test_a_result_and_one_of_its_movements_by_its_address(browser, video, tmp_path):
    with shown(browser, tmp_path / "jobs") as client:
        job = client.wait_for(client.send(video).json()["id"], "done")
        result = f"{client.http.base_url}/#job={job['id']}"
        browser.get(result)
        one(browser, "#events button")
        assert_accessible(browser)
        browser.get("about:blank")
        browser.get(f"{result}&event=e0001")
        one(browser, ".event-view .deciding")
        # What is folded away, and what a decision adds, is on the page too.
        for summary in browser.find_elements("css selector", ".event-view summary"):
            summary.send_keys(Keys.ENTER)
        browser.switch_to.active_element.send_keys("a")
        until(lambda: "accepted" in text_of(browser, ".deciding .verdict"))
        names = browser.execute_script(
            "return [...document.querySelectorAll('.deciding button')].map((one) => one.ariaLabel ?? one.textContent)"
        )
        assert "here is the apex" in names
        assert len(set(names)) == len(names)
        for mode in ("difference", "arrows", "flow"):
            one(browser, f".modes input[value={mode}]").click()
            assert_accessible(browser, [(1200, False)])
        assert_accessible(browser)


def test_the_report_of_a_video_on_every_width(browser, tmp_path):
    report = write_report(read_video_result(write_result(tmp_path / "result", seconds=4.0, overlay=False)))
    browser.get(report.as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert_accessible(browser, [*LOOKS, (320, False)])
    look(browser, 320, 900)
    assert outside(browser) == []
    browser.get("about:blank")
