"""The page of a result in a browser: look closely, step, decide by keyboard; two tabs do not overwrite each other."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from merlab.serving import coding, coding_routes, frame_table, job_routes
from merlab.spotting.score_scale import heights, round_scores, score_text
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


def rows_made(browser) -> int:
    """How many rows of the list of movements were made since the last call."""
    return int(
        browser.execute_script("""
            const rows = [...document.querySelectorAll("#events li")];
            const made = rows.filter((each) => !each.seen).length;
            for (const each of rows) each.seen = true;
            return made
        """)
    )


def test_a_decision_makes_only_its_own_row_anew_and_the_order_of_the_list_stays(browser, tmp_path):
    """Of an hour with 3000 movements, each decision made all rows anew."""
    result = write_done_job(tmp_path / "jobs", seconds=30.0, events=40, faces=1, pictures=False)
    listed = "return [...document.querySelectorAll('#events button')].map((each) => each.dataset.event)"
    reached = "return [...document.querySelectorAll('#events [tabindex=\"0\"]')].map((each) => each.dataset.event)"
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0020")
        assert rows_made(browser) == 40
        press(browser, "r")
        until(lambda: saved(result) and "rejected" in text(browser, "#events [data-event=e0020]"))
        assert rows_made(browser) == 1
        press(browser, "j")
        until(lambda: browser.execute_script("return location.hash").endswith("e0021"))
        # The row that was open, and the one that is.
        assert rows_made(browser) == 2
        assert browser.execute_script(listed) == [f"e{number:04d}" for number in range(1, 41)]
        browser.execute_script("document.querySelector('#events [data-event=e0003]').focus()")
        press(browser, Keys.ARROW_DOWN)
        assert browser.execute_script(reached) == ["e0004"]
        # A threshold leaves out what is below it, but for what was decided.
        browser.execute_script(
            "const slider = document.getElementById('least-score'); slider.value = slider.max; "
            "slider.dispatchEvent(new Event('input'))"
        )
        assert browser.execute_script(listed) == ["e0020"]
        assert browser.execute_script(reached) == ["e0020"]
        browser.find_element(By.XPATH, "//button[text()='As found']").click()
        assert browser.execute_script(listed) == [f"e{number:04d}" for number in range(1, 41)]
        assert len(browser.execute_script(reached)) == 1


def test_the_files_of_the_movements_are_listed_when_their_list_is_opened(browser, tmp_path):
    """An hour has ten thousands of them."""
    result = write_done_job(tmp_path / "jobs", seconds=2.0, events=2, faces=1)
    names = "return [...document.querySelectorAll('#result details ul.files a')].map((each) => each.textContent)"
    with listening(result.parents[1]) as client:
        browser.get("about:blank")
        browser.get(f"{client.http.base_url}/#job={ID}")
        summary = until(lambda: browser.find_elements(By.XPATH, "//summary[contains(., 'files of the movements')]"))[0]
        assert browser.execute_script(names) == []
        for _ in range(3):
            summary.send_keys(Keys.ENTER)
        until(lambda: browser.execute_script(names))
        of_events = sorted(path.relative_to(result).as_posix() for path in result.glob("events/*/*"))
        assert summary.text == f"{len(of_events)} files of the movements"
        assert browser.execute_script(names) == of_events


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


def test_the_page_draws_scores_on_the_scale_of_the_report(browser, result):
    scores, tops = [0, 0.3, 5, 7.2, 130, 4000], [1.05, 11.55, 21, 136.5, 945]
    with listening(result.parents[1]) as client:
        browser.get(f"{client.http.base_url}/")
        drawn, back, marks, texts = browser.execute_async_script(
            """
            const [scores, tops, done] = arguments;
            import("/score_scale.js").then(({ heightOf, scoreAt, roundScores, scoreText }) => done(
                [scores.map(heightOf), scores.map((score) => scoreAt(heightOf(score))), tops.map(roundScores),
                 [0.5, 5000, 20000].map(scoreText)]))
            """,
            scores,
            tops,
        )
    assert drawn == pytest.approx(heights(np.array(scores)))
    assert back == pytest.approx(scores)
    assert [tuple(each) for each in marks] == [round_scores(top) for top in tops]
    assert texts == [score_text(score) for score in (0.5, 5000, 20_000)]


def test_what_a_proxy_answers_for_the_service_and_a_browser_that_stores_nothing(browser, result):
    """Such as a page of nginx while the service starts, and a browser in which all cookies are blocked."""
    with listening(result.parents[1]) as client:
        browser.get(f"{client.http.base_url}/")
        shown = browser.execute_async_script("""
            const done = arguments[0];
            const answers = [["<html>", 502], ["", 504], ["null", 502], ["{}", 401],
                ['{"error": "no face"}', 400], ["[]", 200]];
            const { fetch } = window;
            const denied = { get() { throw new DOMException("Access is denied"); } };
            const refused = (queue, status) => {
                window.XMLHttpRequest = class {
                    upload = { addEventListener() {} };
                    addEventListener(name, listener) { this[name] = listener; }
                    open() {}
                    send() { this.load(Object.assign(this, { status, responseText: "<html>" })); }
                };
                const service = { limits: { bytes: 9, kept: 9, queue: 9 }, suffixes: [".mp4"] };
                queue.hold([new File(["x"], "a.mp4")], {}, service);
                queue.sendNext([]);
                return queue.heldRows().at(-1).error;
            };
            const modules = ["basics", "coding", "queue"].map((name) => import(`/${name}.js`));
            Promise.all(modules).then(async ([basics, { openCoding }, queue]) => {
                const { request, store, stored } = basics;
                const told = [413, 502].map((status) => refused(queue, status));
                for (const [text, status] of answers) {
                    window.fetch = async () => new Response(text, { status });
                    told.push(await request("api").then(JSON.stringify, (error) => error.message));
                }
                window.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
                told.push(await request("api").catch((error) => error.message));
                window.fetch = fetch;
                sessionStorage.setItem("merlab-undo damaged", "{");
                told.push((await openCoding("damaged", () => {})).canUndo);
                for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, denied);
                store("localStorage", "coder", "AB");
                done([...told, stored("localStorage", "coder"), stored("sessionStorage", "coder2")]);
            });
        """)
    silent = "the service does not answer; start it again, then try again"
    uploads = [
        "a proxy before the service takes no file as large as this one; ask who runs it to raise its limit",
        "the service did not answer (status 502); send it again when it does",
    ]
    assert shown == [*uploads, *[silent] * 4, "no face", "[]", silent, False, "AB", None]


def test_a_result_is_shown_although_the_service_cannot_say_what_it_accepts(browser, result, monkeypatch, caplog):
    """Such as while it searches a slow disk for local files."""
    monkeypatch.setattr(job_routes, "list_local", lambda roots: 1 / 0)
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        browser.execute_script("location.hash = ''")
        until(lambda: "the service failed by an error of merlab" in text(browser, "#alert"))
        assert text(browser, "#jobs .name") == "interview.mp4"


def test_a_result_that_is_read_slowly_does_not_replace_the_one_opened_after_it(browser, result):
    with listening(result.parents[1]) as client:
        browser.get(f"{client.http.base_url}/")
        titles = browser.execute_async_script(
            """
            const [id, done] = arguments;
            const { fetch } = window;
            let release = null;
            const held = new Promise((resolve) => { release = resolve; });
            let count = 0;
            window.fetch = async (path, ...rest) => {
                if (path.endsWith("/frames") && count++ === 0) await held;
                return fetch(path, ...rest);
            };
            import("/result.js").then(async ({ showResult }) => {
                const section = document.body.appendChild(document.createElement("section"));
                const job = { id, files: [] };
                const first = showResult(section, { ...job, name: "first.mp4" }, null);
                await showResult(section, { ...job, name: "second.mp4" }, null);
                release();
                await first;
                done([...section.querySelectorAll("h2")].map((title) => title.textContent));
            });
        """,
            ID,
        )
    assert titles == ["second.mp4"]


def test_a_coder_decides_by_keyboard_and_finds_everything_again(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        assert "in units of noise (of a brief movement times its likeness to that of a face)" in text(
            browser, "#result"
        )
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
        onset = browser.find_element(By.ID, "frame-onset")
        onset.send_keys(Keys.BACKSPACE, Keys.BACKSPACE, Keys.TAB)
        until(lambda: onset.get_property("value") == "38")
        press(browser, "w")
        until(lambda: len(saved(result)) == 2)
        until(lambda: "your movement" in text(browser, ".event-view h3"))
        press(browser, "w")
        until(lambda: text(browser, ".saved") == "You added this movement before")
        open_event(browser, client, "e0001")
        # The page is closed while the field has the focus.
        press(browser, "u", "+R4")
        browser.refresh()
        until(lambda: saved(result)[-1][3] == "L12+R4")


def frames(result: Path) -> list[tuple[str, ...]]:
    rows = csv.DictReader((result / "coding.csv").read_text(encoding="utf-8").splitlines())
    return [tuple(row[name] for name in ("onset", "apex", "offset", "label", "coder")) for row in rows]


LEAVING = """
    const event = new Event('beforeunload', {cancelable: true});
    window.dispatchEvent(event);
    return event.defaultPrevented;
"""


def is_asked_before_leaving(browser) -> bool:
    return bool(browser.execute_script(LEAVING))


@pytest.fixture
def slow_saving(monkeypatch):
    """A service that is busy, such as with a video that it recognizes."""
    change = coding.change

    def later(folder, sent):
        time.sleep(0.3)
        return change(folder, sent)

    monkeypatch.setattr(coding, "change", later)


@pytest.mark.usefixtures("slow_saving")
def test_keys_that_are_faster_than_the_service_lose_nothing_and_are_no_commands(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        # As commands, the letters of this label would set an onset and an offset.
        press(browser, "a", "t", "ironic smile", Keys.ESCAPE)
        until(lambda: saved(result) == [("e0001", "accept", "38", "", "ironic smile", "")])
        press(browser, ",", ",", "i", ".", ".", ".", "o")
        until(lambda: frames(result) == [("48", "50", "51", "ironic smile", "")])
        later = browser.find_element(By.CSS_SELECTOR, "[aria-label='onset one frame later']")
        until(lambda: not is_asked_before_leaving(browser))
        # A page that is closed would take the second one with it.
        assert browser.execute_script(f"arguments[0].click(); arguments[0].click(); {LEAVING}", later)
        until(lambda: frames(result) == [("50", "50", "51", "ironic smile", "")])
        # The next movement is open when the next key is pressed.
        press(browser, "n", "r", "p", "n", "p")
        assert browser.current_url.endswith("event=e0001")
        until(lambda: [row[:2] for row in saved(result)] == [("e0001", "move"), ("e0002", "reject")])
        browser.back()
        until(lambda: text(browser, ".event-view h3").startswith("0:01.49"))
        browser.forward()
        until(lambda: text(browser, ".event-view h3").startswith("0:00.49"))
        initials = browser.find_element(By.ID, "coder")
        press(browser, "c", "sure")
        browser.execute_script("arguments[0].focus(); arguments[0].value = 'AB'; arguments[0].blur()", initials)
        browser.execute_script("arguments[0].dispatchEvent(new Event('change'))", initials)
        until(lambda: text(browser, ".decided") == "0 of 2 decided")
        assert [row[-1] for row in saved(result)] == ["sure", ""]
        assert {row[-1] for row in frames(result)} == {""}


@pytest.mark.usefixtures("slow_saving")
def test_a_text_that_is_typed_back_while_it_is_sent_is_not_typed_over(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        press(browser, "a", "t", "smile", Keys.ESCAPE)
        until(lambda: [row[4] for row in saved(result)] == ["smile"])
        until(lambda: not is_asked_before_leaving(browser))
        press(browser, "t")
        type_twice = """
            for (const [value, event] of [['smiles', 'change'], ['smile', 'input']]) {
                arguments[0].value = value;
                arguments[0].dispatchEvent(new Event(event));
            }
        """
        browser.execute_script(type_twice, browser.find_element(By.ID, "decide-label"))
        assert is_asked_before_leaving(browser)
        until(lambda: [row[4] for row in saved(result)] == ["smiles"])
        until(lambda: [row[4] for row in saved(result)] == ["smile"])


def test_a_key_that_is_pressed_before_the_clock_is_read_is_not_for_the_movement_that_is_open(
    browser, result, monkeypatch
):
    clock_around = frame_table.clock_around

    def later(*given):
        time.sleep(0.2)
        return clock_around(*given)

    monkeypatch.setattr(coding_routes, "clock_around", later)
    monkeypatch.setattr(frame_table, "MOST_FRAMES", 10)
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        press(browser, "w", "r")
        until(lambda: browser.current_url.endswith("event=own-0-38-62"))
        assert [row[1] for row in saved(result)] == ["add"]


@pytest.mark.usefixtures("slow_saving")
def test_an_own_movement_keeps_its_form_and_its_text_when_its_frames_change(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        # The key is not meant for the movement that is still open.
        press(browser, "w", "r")
        until(lambda: browser.current_url.endswith("event=own-0-38-62"))
        press(browser, ".", ".", "o", "t")
        for letter in "ironic smile":
            press(browser, letter)
            time.sleep(0.05)
        press(browser, Keys.ESCAPE)
        until(lambda: frames(result) == [("38", "50", "52", "ironic smile", "")])
        assert browser.current_url.endswith("event=own-0-38-52")
        # Another one that overlaps is not opened, or removed, in the place of one that was removed.
        press(browser, ".", ".", "w")
        until(lambda: len(frames(result)) == 2)
        until(lambda: browser.current_url.endswith("event=own-0-42-66"))
        press(browser, Keys.DELETE)
        until(lambda: frames(result) == [("38", "50", "52", "ironic smile", "")])
        until(lambda: not browser.find_elements(By.CSS_SELECTOR, ".event-view"))
        press(browser, Keys.CONTROL + "z")
        until(lambda: len(frames(result)) == 2)


def test_an_own_movement_that_is_changed_elsewhere_is_followed_and_one_that_is_removed_is_named(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        press(browser, "w")
        until(lambda: browser.current_url.endswith("event=own-0-38-62"))
        path, seen = f"/api/jobs/{ID}/coding", {"face_id": 0, "decision": "add", "onset": 38, "apex": 50, "offset": 62}
        other = {**seen, "onset": 60, "apex": None, "offset": 70}
        changed = {**seen, "onset": 40}
        for body in ({"decision": other}, {"seen": seen, "decision": changed}):
            assert client.http.post(path, json=body).is_success
        press(browser, "c", "sure")
        browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
        until(lambda: browser.current_url.endswith("event=own-0-40-62"))
        assert browser.switch_to.active_element.get_attribute("id") == "decide-comment"
        press(browser, Keys.ESCAPE)
        until(lambda: [row[-1] for row in saved(result)] == ["sure", ""])
        assert client.http.post(path, json={"seen": {**changed, "comment": "sure"}}).is_success
        browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
        until(lambda: "was removed in another tab or program" in text(browser, ".saved"))
        assert not browser.find_elements(By.CSS_SELECTOR, ".event-view")
        assert [row[:1] for row in frames(result)] == [("60",)]


def test_what_is_repeated_and_named_below_the_video_is_the_movement_as_it_was_moved(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        assert text(browser, ".film .caption").endswith("frame 50 · eyes and brows")
        press(browser, "a")
        until(lambda: text(browser, ".film .caption").endswith("frame 50 · eyes and brows, accepted"))
        offset = browser.find_element(By.ID, "frame-offset")
        offset.send_keys(Keys.CONTROL + "a")
        offset.send_keys("120", Keys.TAB)
        until(lambda: text(browser, ".film .caption").endswith("frame 120 · eyes and brows, moved"))
        # It is repeated until half a second after its offset, which was at 0.65 s and is at 1.19 s.
        press(browser, "l")
        until(lambda: browser.execute_script("return document.querySelector('.film video').currentTime") < 0.65)
        until(lambda: browser.execute_script("return document.querySelector('.film video').currentTime") > 1.3)
        press(browser, "w")
        until(lambda: text(browser, ".event-view h3").endswith("your movement, face 0"))
        press(browser, "i")
        until(lambda: browser.find_elements(By.CSS_SELECTOR, ".timeline .add.current"))


def test_an_own_movement_can_be_of_any_face(browser, tmp_path):
    """Also of one of which the machine found no movement, from which one could begin."""
    two = write_done_job(tmp_path / "jobs", seconds=2.0, events=1, faces=2, overlay=True)
    with listening(two.parents[1]) as client:
        open_event(browser, client, "e0001")
        assert not browser.find_elements(By.ID, "decide-face")
        press(browser, "w")
        until(lambda: browser.current_url.endswith("event=own-0-88-112"))
        browser.find_element(By.ID, "decide-face").send_keys("1")
        until(lambda: text(browser, ".event-view h3").endswith("your movement, face 1"))
        assert browser.current_url.endswith("event=own-1-88-112")
        press(browser, Keys.ESCAPE, "t", "smile", Keys.ESCAPE)
        until(lambda: frames(two) == [("88", "100", "112", "smile", "")])
        rows = csv.DictReader((two / "coding.csv").read_text(encoding="utf-8").splitlines())
        assert [row["face_id"] for row in rows] == ["1"]


def test_a_comment_of_several_lines_is_saved_once_in_one_line(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        press(browser, "a")
        until(lambda: text(browser, ".deciding .verdict").startswith("accepted"))
        press(browser, "c", "not", Keys.ENTER, "sure")
        until(lambda: [row[-1] for row in saved(result)] == ["not sure"])
        until(lambda: not is_asked_before_leaving(browser))
        press(browser, Keys.ESCAPE, Keys.CONTROL + "z")
        until(lambda: [row[-1] for row in saved(result)] == [""])


def test_what_is_not_a_frame_in_a_field_of_a_frame_changes_nothing(browser, result):
    with listening(result.parents[1]) as client:
        open_event(browser, client, "e0001")
        press(browser, "a")
        until(lambda: saved(result))
        apex = browser.find_element(By.ID, "frame-apex")
        for typed in ("e", ".5", "-1", "5e1"):
            apex.send_keys(Keys.CONTROL + "a")
            apex.send_keys(typed, Keys.TAB)
            until(lambda: apex.get_property("value") == "50")
        assert text(browser, ".coding-bar .alert") == ""
        assert frames(result) == [("38", "50", "66", "", "")]


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
        # The cursor is in a field in which nothing was typed.
        press(browser, "c")
        new = {**elsewhere, "decision": "reject", "comment": "sure"}
        seen = {**new, "comment": ""}
        assert client.http.post(f"/api/jobs/{ID}/coding", json={"seen": seen, "decision": new}).is_success
        browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
        until(lambda: browser.find_element(By.ID, "decide-comment").get_property("value") == "sure")
        press(browser, Keys.ESCAPE, "a")
        until(lambda: saved(result)[0][1] == "accept")
        assert saved(result)[0][-1] == "sure"


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
        held = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 's', bubbles: true, repeat: true}))"
        browser.execute_script(held)
        assert stage.get_attribute("aria-label") == "apex, eyes and brows"
        browser.execute_script(
            "const box = document.querySelector('#least-score'); box.value = arguments[0]; "
            "box.dispatchEvent(new Event('input'))",
            1000,
        )
        assert "0 of 2 movements" in text(browser, "output[for='least-score']")
        press(browser, "+")
        assert text(browser, ".timeline-window") != ""


def test_the_panels_of_many_faces_scroll_and_that_of_the_opened_movement_is_seen(browser, tmp_path):
    """A recording of an hour with cuts had 241 faces: 29,000 px above its movements."""
    result = write_done_job(tmp_path / "jobs", seconds=2.0, events=20, faces=20, pictures=False)
    with listening(result.parents[1]) as client:
        browser.get("about:blank")
        browser.get(f"{client.http.base_url}/#job={ID}&event=e0020")
        until(lambda: browser.find_elements(By.CSS_SELECTOR, ".timeline .current .event"))
        window, high, seen = browser.execute_script(
            "const area = document.querySelector('.panels').getBoundingClientRect(); "
            "const band = document.querySelector('.timeline .current .event').getBoundingClientRect(); "
            "return [area.height, document.querySelector('.timeline svg').getBoundingClientRect().height, "
            "band.top >= area.top && band.bottom <= area.bottom]"
        )
        assert high > 20 * 100
        assert window < 700
        assert seen


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
