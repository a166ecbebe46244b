"""The page in a real browser: upload, progress, results by keyboard, download; wide and narrow, light and dark."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.serving import fake_jobs
from tests.serving.browser import look, one, screenshot, send, text_of
from tests.serving.conftest import shown, until

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=alert(1)>.mp4"


@pytest.fixture
def client(tmp_path, browser):
    with shown(browser, tmp_path / "jobs", fake_jobs.watched) as client:
        yield client


def wait_for_drawing(browser, width: int) -> None:
    """Wait until the timeline fits a window of this width."""
    drawn = "return document.querySelector('.timeline svg').viewBox.baseVal.width"
    until(lambda: width - 150 < browser.execute_script(drawn) < width)


def open_result(client, browser, video: Path) -> None:
    job = client.wait_for(client.send(video).json()["id"], "done")
    browser.get(f"{client.http.base_url}/#job={job['id']}")
    one(browser, "#events button")


def test_a_video_is_uploaded_and_its_result_is_shown_and_downloaded(client, browser, video, downloads):
    send(browser, video)
    until(lambda: "spotting" in text_of(browser, "#jobs .state"))
    assert 0 <= float(str(one(browser, "#jobs progress").get_property("value"))) <= 1
    until(lambda: "spotting" in text_of(browser, "#status"))
    one(browser, "#jobs a.button").click()
    assert len(until(lambda: browser.find_elements(By.CSS_SELECTOR, ".timeline .event-band"))) == 4
    assert len(browser.find_elements(By.CSS_SELECTOR, ".timeline .curve")) == 2 + 1
    assert "SYNTHETIC" in one(browser, "#result .banner").text
    assert "cut off at the left edge" in one(browser, "#result").text

    one(browser, ".files a[href$='events.csv']").click()
    rows = until(
        lambda: (
            list(csv.DictReader(downloads.joinpath("events.csv").read_text().splitlines()))
            if downloads.joinpath("events.csv").exists()
            else None
        )
    )
    assert len(rows) == 4
    one(browser, "a[href$='/zip']").click()
    until(lambda: list(downloads.glob("merlab-*.zip")))


def test_movements_are_selected_and_opened_by_keyboard(client, browser, video):
    open_result(client, browser, video)
    one(browser, "#events button").send_keys(Keys.ARROW_RIGHT)
    browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    focused = browser.switch_to.active_element
    assert focused.get_attribute("data-event") == "e0003"
    assert "no class" in focused.text
    assert one(browser, ".timeline .current").get_attribute("data-event") == "e0003"
    browser.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    view = one(browser, ".event-view")
    assert browser.switch_to.active_element.tag_name == "h3"
    assert "AU12 lip corner puller, left: 1.90 px" in view.text
    assert "SYNTHETIC" in view.text
    one(browser, ".looked summary").click()
    maps = view.find_elements(By.TAG_NAME, "img")
    assert len(maps) == 4
    browser.execute_script("arguments[0].forEach(picture => picture.loading = 'eager')", maps)
    until(lambda: all(picture.get_property("naturalWidth") == 231 for picture in maps))
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    # The list is drawn again, so that an element may be gone between finding and asking it.
    until(lambda: browser.execute_script("return document.activeElement.dataset.event") == "e0002")
    until(lambda: not browser.find_elements(By.CSS_SELECTOR, ".event-view"))


def test_a_movement_opens_by_a_click_in_the_timeline(client, browser, video):
    open_result(client, browser, video)
    until(lambda: browser.find_elements(By.CSS_SELECTOR, ".timeline .hit"))[1].click()
    assert "face 0" in one(browser, ".event-view h3").text


def test_the_video_stops_at_the_apex_of_an_open_movement_and_plays_it_slowly_on_request(client, browser, video, result):
    open_result(client, browser, video)
    event = list(csv.DictReader((result / "events.csv").read_text().splitlines()))[1]
    shown = "const film = document.querySelector('video'); return film && film[arguments[0]]"
    one(browser, f"#events [data-event='{event['event']}']").send_keys(Keys.ENTER)
    until(lambda: browser.execute_script(shown, "currentTime") == pytest.approx(float(event["apex_s"]), abs=0.01))
    assert browser.execute_script(shown, "paused")
    assert browser.execute_script(shown, "videoWidth") == 232
    line = browser.execute_script("return document.querySelector('.timeline .now').getBoundingClientRect().x")
    band = browser.execute_script("return document.querySelector('.timeline .current .event').getBoundingClientRect()")
    assert band["left"] <= line <= band["right"]

    one(browser, ".watch").click()
    until(lambda: not browser.execute_script(shown, "paused"))
    assert browser.execute_script(shown, "playbackRate") == 0.25
    assert browser.execute_script(shown, "currentTime") < float(event["onset_s"])
    one(browser, "#events [data-event='e0003']").send_keys(Keys.ENTER)
    until(lambda: browser.execute_script(shown, "paused"))


def test_focus_can_be_seen(client, browser, video):
    open_result(client, browser, video)
    button = one(browser, "#events button")
    button.send_keys(Keys.ARROW_RIGHT)
    assert browser.switch_to.active_element.value_of_css_property("outline-style") == "solid"


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_a_phone_and_follows_the_system_in_light_and_dark(client, browser, video, tmp_path, dark):
    open_result(client, browser, video)
    one(browser, "#events button").send_keys(Keys.ENTER)
    one(browser, ".event-view")
    for name, width in (("narrow", 390), ("wide", 1200)):
        look(browser, width, 900, dark=dark)
        wait_for_drawing(browser, width)
        assert browser.execute_script("return document.documentElement.scrollWidth") == width
        screenshot(browser, tmp_path / f"{name}-{'dark' if dark else 'light'}.png")
    paper = browser.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
    assert paper == ("rgba(20, 23, 27, 1)" if dark else "rgba(255, 255, 255, 1)")


def test_a_hostile_name_is_shown_as_text(client, browser, video):
    job = client.wait_for(client.send(video, HOSTILE).json()["id"], "done")
    assert one(browser, "#jobs .name").text == HOSTILE
    browser.get(f"{client.http.base_url}/#job={job['id']}")
    until(lambda: text_of(browser, "#result h2") == HOSTILE)
    assert browser.find_elements(By.CSS_SELECTOR, "img") == []


def test_the_page_loads_nothing_from_other_hosts(client, browser, video):
    open_result(client, browser, video)
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert loaded
    assert [address for address in loaded if not address.startswith(str(client.http.base_url))] == []


def test_a_report_cannot_send_requests_to_the_service(client, browser, video):
    job = client.wait_for(client.send(video).json()["id"], "done")
    script = "fetch('/api/jobs').then(() => 'answered', () => 'blocked').then((word) => { document.title = word; })"
    report = f"<title>?</title><script>{script}</script>"
    (client.folder / job["id"] / "result" / "report.html").write_text(report)
    browser.get(f"{client.http.base_url}/api/jobs/{job['id']}/files/report.html")
    until(lambda: browser.title != "?")
    assert browser.title == "blocked"
    assert [entry for entry in browser.get_log("browser") if "Content Security Policy" in entry["message"]]
