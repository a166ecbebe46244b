"""The list of videos in a real browser: choose, drop, settings, what waits, what was not taken, what runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.serving import fake_jobs
from tests.serving.browser import look, one, send, text_of
from tests.serving.conftest import listening, shown, until

pytestmark = pytest.mark.slow


def copies(video: Path, folder: Path, names: list[str]) -> list[Path]:
    return [Path(shutil.copy(video, folder / name)) for name in names]


def rows(browser) -> dict[str, str]:
    """The name of each row of the list, and its text."""
    texts = "row => [row.querySelector('.name').textContent, row.innerText]"
    return dict(browser.execute_script(f"return [...document.querySelectorAll('#jobs li')].map({texts})"))


def drop(browser, name: str) -> None:
    """Drop a file beside the field for files."""
    browser.execute_script(
        "const data = new DataTransfer(); data.items.add(new File(['x'], arguments[0]));"
        "const dropped = new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});"
        "document.querySelector('footer').dispatchEvent(dropped)",
        name,
    )


def focused(browser) -> str:
    return str(browser.execute_script("return document.activeElement.textContent"))


def test_more_videos_than_the_service_takes_at_once_are_all_sent_in_their_order(browser, video, tmp_path):
    names = [f"video-{number:02d}.mp4" for number in range(20)]
    with shown(browser, tmp_path / "jobs", workers=0, limits={"queue": 3}) as client:
        send(browser, *copies(video, tmp_path, names))
        until(lambda: len(rows(browser)) == 20)
        taken: list[str] = []

        def free_places() -> bool:
            assert len(rows(browser)) >= 20 - len(taken)
            for job in reversed(client.http.get("/api/jobs").json()):
                taken.append(job["name"])
                client.http.delete(f"/api/jobs/{job['id']}")
            return len(taken) == 20

        assert "waits to be sent" in rows(browser)["video-19.mp4"]
        until(free_places)
        assert taken == names
        assert not one(browser, "#alert").is_displayed()


def test_every_file_that_is_not_taken_keeps_its_row_with_the_reason(browser, video, tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "large.mp4").write_bytes(bytes(200_000))
    with shown(browser, tmp_path / "jobs", workers=0, limits={"bytes": 100_000}) as client:
        good = copies(video, tmp_path, ["good.mp4"])
        send(browser, tmp_path / "empty.mp4", tmp_path / "large.mp4", *good)
        drop(browser, "notes.txt")
        until(lambda: [job["name"] for job in client.http.get("/api/jobs").json()] == ["good.mp4"])
        found = rows(browser)
        assert "empty.mp4 is empty (0 bytes); send the video itself" in found["empty.mp4"]
        assert "large.mp4 is larger than the 98 KiB that this service accepts; cut the video" in found["large.mp4"]
        assert "notes.txt is not named like a video; choose AVI, MP4, MOV" in found["notes.txt"]
        assert [name for name, text in found.items() if "not sent" in text] == ["empty.mp4", "large.mp4", "notes.txt"]
        one(browser, "[aria-label='Remove large.mp4']").send_keys(Keys.ENTER)
        until(lambda: "large.mp4" not in rows(browser))
        assert focused(browser) == "Send again"
        (tmp_path / "empty.mp4").write_bytes(video.read_bytes())
        one(browser, "[aria-label='Send again notes.txt']").click()
        assert "notes.txt is not named like a video" in until(lambda: rows(browser)["notes.txt"])


def test_files_wait_while_the_service_is_full_and_can_be_given_up(browser, video, tmp_path):
    with shown(browser, tmp_path / "jobs", workers=0, limits={"kept": 1}) as client:
        send(browser, *copies(video, tmp_path, ["first.mp4", "second.mp4", "third.mp4"]))
        until(lambda: "the service keeps at most 1 video; delete some" in rows(browser).get("third.mp4", ""))
        one(browser, "[aria-label='Cancel second.mp4']").click()
        one(browser, "[aria-label='Cancel first.mp4']").click()
        until(lambda: [job["name"] for job in client.http.get("/api/jobs").json()] == ["third.mp4"])
        until(lambda: list(rows(browser)) == ["third.mp4"])
        until(lambda: "waiting for its turn" in rows(browser)["third.mp4"])


def test_settings_go_with_the_next_videos_and_are_stated_while_the_form_is_closed(browser, video, tmp_path):
    with shown(browser, tmp_path / "jobs", workers=0, weights=["mine.safetensors", "merlab"]) as client:

        def sent(number: int):
            until(lambda: len(client.folders()) == number and len(client.http.get("/api/jobs").json()) == number)
            job = client.http.get("/api/jobs").json()[0]["id"]
            return json.loads((client.folder / job / "job.json").read_text())["asked"]

        assert text_of(browser, "#changed") == "the defaults"
        one(browser, "summary").send_keys(Keys.ENTER)
        for name, value in {"fps": "20000", "threshold": "3.5", "faces": "2", "weights": "those"}.items():
            one(browser, f"#{name}").send_keys(value)
        send(browser, video)
        until(lambda: "Frames per second must be a number from 1 to 10000" in text_of(browser, "#alert"))
        assert one(browser, "#alert").get_attribute("role") == "alert"
        assert client.http.get("/api/jobs").json() == []
        one(browser, "#fps").send_keys(Keys.BACKSPACE * 2)
        assert text_of(browser, "#changed") == "frames per second 200, threshold 3.5, faces 2, weights merlab"
        send(browser, video)
        assert sent(1) == {"fps": 200, "aligned": False, "threshold": 3.5, "faces": 2, "weights": "merlab"}
        assert not one(browser, "#alert").is_displayed()
        one(browser, "#defaults").click()
        send(browser, video)
        assert set(sent(2).values()) == {None, False}


@pytest.mark.parametrize(
    ("name", "typed", "sent"),
    [
        *(("fps", "29,97", 29.97), ("fps", " 59.94 ", 59.94), ("threshold", "5,5", 5.5), ("faces", "2", 2)),
        *(("fps", "1,000", None), ("fps", "1e3", None), ("fps", "29.97 fps", None)),
        *(("faces", "1,5", None), ("threshold", "-1", None)),
    ],
)
def test_a_decimal_comma_is_read_as_one_and_an_unclear_number_is_refused(browser, tmp_path, name, typed, sent):
    """A field for numbers gives 2997 where 29,97 is typed into a browser in English."""
    with shown(browser, tmp_path / "jobs", workers=0):
        one(browser, "summary").send_keys(Keys.ENTER)
        one(browser, f"#{name}").send_keys(typed)
        read = browser.execute_async_script("""
            const done = arguments[0];
            import("/settings.js").then((form) => done(form.chosenSettings())).catch((error) => done(error.message));
        """)
    assert read == {name: sent} if sent else "must be a" in read and " number from " in read


def test_a_running_job_has_a_page_with_its_progress_that_becomes_the_result(browser, video, tmp_path):
    with shown(browser, tmp_path / "jobs", fake_jobs.watched) as client:
        send(browser, video)
        one(browser, "#jobs .name a").send_keys(Keys.ENTER)
        until(lambda: focused(browser) == "interview.mp4")
        until(lambda: "of 20 frames" in text_of(browser, "#result .state"))
        assert text_of(browser, "#result .state").startswith("spotting, ")
        until(lambda: 0 < float(str(one(browser, "#result progress").get_property("value"))) < 1)
        assert one(browser, "#result [aria-label='Cancel interview.mp4']").is_displayed()
        one(browser, "#result h3")
        until(lambda: focused(browser) == "interview.mp4")
        assert browser.execute_script("return document.activeElement.tagName") == "H2"
        until(lambda: "interview.mp4: done" in text_of(browser, "#status"))
        browser.back()
        until(lambda: focused(browser) == "interview.mp4")
        assert one(browser, "#home").is_displayed()
        assert client.http.get("/api/jobs").json()[0]["state"] == "done"


def test_a_job_is_canceled_on_its_own_page_and_in_the_list(browser, video, tmp_path):
    with shown(browser, tmp_path / "jobs", workers=0) as client:
        send(browser, *copies(video, tmp_path, ["first.mp4", "second.mp4"]))
        until(lambda: len(client.http.get("/api/jobs").json()) == 2)
        one(browser, "#jobs .name a").click()
        one(browser, "#result [aria-label='Cancel first.mp4']").click()
        until(lambda: one(browser, "#home").is_displayed())
        until(lambda: list(rows(browser)) == ["second.mp4"])
        one(browser, "[aria-label='Cancel second.mp4']").send_keys(Keys.ENTER)
        until(lambda: client.folders() == [])
        until(lambda: browser.find_element(By.ID, "no-jobs").is_displayed())
        assert focused(browser) == "Videos"


def test_a_page_states_that_its_service_was_stopped_and_continues_with_the_next_one(browser, video, tmp_path):
    with listening(tmp_path / "jobs", workers=0) as client:
        look(browser, 1200, 900)
        browser.get(str(client.http.base_url))
        port = client.http.base_url.port
        send(browser, *copies(video, tmp_path, ["first.mp4"]))
        until(lambda: "waiting for its turn" in rows(browser).get("first.mp4", ""))
        assert not one(browser, "#offline").is_displayed()
    until(lambda: one(browser, "#offline").is_displayed())
    send(browser, *copies(video, tmp_path, ["second.mp4", "third.mp4"]))
    until(lambda: "third.mp4" in rows(browser))
    (tmp_path / "third.mp4").unlink()
    with listening(tmp_path / "jobs", workers=0, port=port) as client:
        until(lambda: {job["name"] for job in client.http.get("/api/jobs").json()} == {"first.mp4", "second.mp4"})
        until(lambda: not one(browser, "#offline").is_displayed())
        until(
            lambda: "third.mp4 was changed, moved or removed after it was chosen; choose" in rows(browser)["third.mp4"]
        )
        # A network that swallows everything; its time passes faster here.
        browser.execute_script("""
            const late = (signal) => new Promise((_, reject) => signal?.addEventListener("abort", reject));
            window.fetch = (_, options) => late(options?.signal);
            const { timeout } = AbortSignal;
            AbortSignal.timeout = (milliseconds) => timeout.call(AbortSignal, milliseconds / 100);
        """)
        until(lambda: one(browser, "#offline").is_displayed())
        browser.get("about:blank")
