"""The page of a result in a browser: look closely, step, decide by keyboard; two tabs do not overwrite each other."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.serving.browser import look, open_browser, outside
from tests.serving.conftest import listening, until
from tests.serving.done_job import ID, write_done_job
from tests.videos import fake_result

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = open_browser(tmp_path_factory.mktemp("downloads"))
    look(browser, 1200, 900)
    yield browser
    browser.quit()


@pytest.fixture
def result(tmp_path) -> Path:
    return write_done_job(tmp_path / "jobs", seconds=2.0, events=2, faces=1, overlay=True)


def text(browser, selector: str) -> str:
    return str(browser.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector))


def press(browser, *keys: str) -> None:
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def open_event(browser, client, event: str) -> None:
    browser.get("about:blank")
    browser.get(f"{client.http.base_url}/#job={ID}&event={event}")
    until(lambda: browser.find_elements(By.CSS_SELECTOR, ".event-view .deciding"))
    until(lambda: "frame" in text(browser, ".film .caption"))


def saved(result: Path) -> list[tuple[str, ...]]:
    path = result / "coding.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
    names = ("event", "decision", "onset", "action_units", "label", "comment")
    return [tuple(row[name] for name in names) for row in rows]


STAMPS = ("SYNTHETIC", "FIVE POINTS")


def test_every_stamp_of_a_result_is_explained(browser, tmp_path):
    result = write_done_job(tmp_path / "jobs", seconds=2.0, events=2, faces=1, pictures=False, stamps=STAMPS)
    with listening(result.parents[1]) as client:
        browser.get("about:blank")
        browser.get(f"{client.http.base_url}/#job={ID}")
        until(lambda: "The model's words for a movement" in text(browser, "#result p.banner"))
        assert text(browser, "#result p.banner").startswith("SYNTHETIC ")
        explained = text(browser, "#result p.banner + p.banner")
    assert explained.startswith("FIVE POINTS The faces were aligned by five points of a face detector")


def test_a_time_that_is_rounded_up_to_a_minute_is_that_minute(browser, result):
    with listening(result.parents[1]) as client:
        browser.get(f"{client.http.base_url}/")
        shown = browser.execute_async_script("""
            const done = arguments[0];
            import("/basics.js").then(({ formatSeconds }) => done(
                [[59.996, 2], [59.994, 2], [3599.9996, 3], [0, 2], [75.25, 0]].map((each) => formatSeconds(...each))))
        """)
    assert shown == ["1:00.00", "0:59.99", "1:00:00.000", "0:00.00", "1:15"]


def test_a_coder_decides_by_keyboard_and_finds_everything_again(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        press(browser, "r")
        until(lambda: saved(result) == [("e0001", "reject", "38", "", "", "")])
        press(browser, Keys.CONTROL + "z")
        until(lambda: saved(result) == [])
        press(browser, "a")
        until(lambda: text(browser, ".deciding .verdict").startswith("accepted"))
        press(browser, ",", ",")
        until(lambda: "frame 48" in text(browser, ".film .caption"))
        press(browser, "x", "t", "smile", Keys.ESCAPE, "u", "AU12 left", Keys.ESCAPE, "c", "sure", Keys.ESCAPE)
        until(lambda: saved(result) == [("e0001", "move", "38", "L12", "smile", "sure")])
        assert "AU12 lip corner puller, left" in text(browser, ".deciding")
        press(browser, "j")
        until(lambda: "e0002" in browser.current_url)
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        assert text(browser, ".decided") == "1 of 2 decided"
        assert browser.find_element(By.ID, "decide-label").get_attribute("value") == "smile"


def test_what_was_decided_before_the_initials_were_typed_is_not_lost_from_sight(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        press(browser, "a")
        until(lambda: text(browser, ".decided") == "1 of 2 decided")
        initials = browser.find_element(By.ID, "coder")
        initials.send_keys("AB", Keys.TAB)
        until(lambda: text(browser, ".decided") == "0 of 2 decided")
        assert text(browser, ".saved") == "What was decided without initials is kept: empty the field to see it"
        initials.send_keys(Keys.BACKSPACE, Keys.BACKSPACE, Keys.TAB)
        until(lambda: text(browser, ".decided") == "1 of 2 decided")


def test_what_was_decided_elsewhere_is_not_overwritten_unseen(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        elsewhere = {"event": "e0001", "face_id": 0, "decision": "accept", "onset": 38, "apex": 50, "offset": 66}
        assert client.http.post(f"/api/jobs/{ID}/coding", json={"decision": elsewhere}).is_success
        press(browser, "r")
        until(lambda: "in another tab or program" in text(browser, ".coding-bar .alert"))
        assert text(browser, ".deciding .verdict").startswith("accepted")
        assert [row[1] for row in saved(result)] == ["accept"]
        press(browser, "r")
        until(lambda: [row[1] for row in saved(result)] == ["reject"])


def test_what_was_typed_while_the_service_did_not_answer_is_saved_when_it_does(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        press(browser, "a")
        until(lambda: text(browser, ".deciding .verdict").startswith("accepted"))
        port = client.http.base_url.port
    press(browser, "c", "sure", Keys.ESCAPE)
    until(lambda: "Not saved: the service does not answer" in text(browser, ".coding-bar .alert"))
    with listening(result.parents[1], port=port):
        until(lambda: [row[-1] for row in saved(result)] == ["sure"])
        until(lambda: not browser.find_element(By.CSS_SELECTOR, ".coding-bar .alert").is_displayed())


def test_a_movement_is_seen_closely_and_the_timeline_follows(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        stage = browser.find_element(By.CSS_SELECTOR, ".stage canvas")
        until(lambda: stage.get_attribute("aria-label") == "onset")
        press(browser, "f")
        until(lambda: stage.get_attribute("aria-label") == "apex")
        until(lambda: stage.get_attribute("aria-label") == "onset")
        press(browser, "f", "z", "s")
        assert stage.get_attribute("aria-label") == "apex, eyes and brows"
        browser.execute_script(
            "const box = document.querySelector('#least-score'); box.value = arguments[0]; "
            "box.dispatchEvent(new Event('input'))",
            100,
        )
        assert "0 of 2 movements" in text(browser, "output[for='least-score']")
        press(browser, "+")
        assert text(browser, ".timeline-window") != ""


@pytest.mark.parametrize("width", [1200, 360])
def test_names_of_classes_are_text_that_stays_in_the_window(browser, tmp_path, monkeypatch, width):
    names = tuple(f"<b>{letter * 60}</b>" for letter in "abcde")
    monkeypatch.setattr(fake_result, "CLASSES", names)
    write_done_job(tmp_path / "long", seconds=2.0, events=4, faces=1, overlay=True)
    look(browser, width, 900)
    with listening(tmp_path / "long") as client:
        open_event(browser, client, "e0001")
        browser.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert f"such as “{names[0]}”" in text(browser, ".banner")
        assert all(name in text(browser, ".chances") for name in names)
        assert outside(browser) == []
    look(browser, 1200, 900)
