"""axe finds nothing serious on the page: a checker of the Web Content Accessibility Guidelines (WCAG 2.1, level AA)."""

from __future__ import annotations

from importlib.resources import files

import pytest
from selenium.webdriver.common.keys import Keys

from tests.serving import fake_jobs
from tests.serving.browser import look, one, send, text_of
from tests.serving.conftest import shown, until

pytestmark = pytest.mark.slow
LOOKS = {"light": (1200, False), "dark": (1200, True), "narrow and light": (390, False), "narrow and dark": (390, True)}


def assert_accessible(browser) -> None:
    """Check the page as it is, in every look."""
    if not browser.execute_script("return 'axe' in window"):
        browser.execute_script((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8"))
    for name, (width, dark) in LOOKS.items():
        look(browser, width, 900, dark=dark)
        found = browser.execute_async_script("axe.run({resultTypes: ['violations']}).then(arguments[0])")
        # Otherwise nothing was checked.
        assert len(found["passes"]) > 10
        serious = [
            f"{name}: {each['impact']}: {each['help']}: {[node['target'] for node in each['nodes'][:3]]}"
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


def test_a_result_and_one_of_its_movements(browser, video, tmp_path):
    with shown(browser, tmp_path / "jobs") as client:
        job = client.wait_for(client.send(video).json()["id"], "done")
        browser.get(f"{client.http.base_url}/#job={job['id']}")
        one(browser, "#events button")
        assert_accessible(browser)
        one(browser, "#events button").send_keys(Keys.ENTER)
        one(browser, ".event-view")
        assert_accessible(browser)
