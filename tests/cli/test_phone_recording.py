"""Half a minute as a phone records it, of a synthetic face: every output shows its movements at their true time.

Phones film at a variable rate: 28 frames per second on average, steps of 30 or 35 ms, now and then a lost frame.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from merlab import cli
from merlab.frames import Image
from merlab.sinks import VideoSink
from merlab.synthesis import PRESETS, make_renderer
from merlab.synthesis.recording import BLOCK, RecordingPlan, plan_recording
from tests.serving import fake_jobs
from tests.serving.browser import open_browser
from tests.serving.conftest import listening, until
from tests.videos.recording import shown_at

pytestmark = pytest.mark.slow

SEED, FRAMES, FPS = 5, 6_000, 200
EMOTIONS = ["happiness", "disgust", "surprise", "repression"]
# The longest usual step of the phone, s.
FRAME = 0.035


def phone_frames() -> NDArray[np.int_]:
    """Which of the FRAMES frames at FPS the phone records."""
    rng = np.random.default_rng(SEED)
    steps = np.where(rng.random(FRAMES) < 0.02, 13, 6 + (rng.random(FRAMES) < 2 / 3))
    frames = np.concatenate([[0], np.cumsum(steps)])
    return frames[frames < FRAMES]


STAMPS = phone_frames() / FPS


@pytest.fixture(scope="module")
def plan():
    return plan_recording(make_renderer(SEED, 0, PRESETS["easy"]).identity, PRESETS["easy"], FRAMES, EMOTIONS)


@pytest.fixture(scope="module")
def truth(plan):
    """Onset, apex, offset of each movement, s."""
    return np.array([[event.onset, event.apex, event.offset] for event in plan.events]) / FPS


def rendered(plan: RecordingPlan) -> Iterator[Image]:
    renderer = make_renderer(SEED, 0, PRESETS["easy"])
    for index, block in enumerate(plan.blocks()):
        for frame in phone_frames():
            if frame // BLOCK == index:
                yield renderer.frame(block, int(frame % BLOCK))


@pytest.fixture(scope="module")
def video(plan, tmp_path_factory):
    path = tmp_path_factory.mktemp("phone") / "phone.mp4"
    with VideoSink(path, 30.0) as sink:
        for image, seconds in zip(rendered(plan), STAMPS, strict=True):
            sink.write(image, seconds)
    return path


def command(*arguments):
    """``merlab ARGUMENTS`` in this process, with another cache than the user's."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as cache:
        patch.setenv("XDG_CACHE_HOME", cache)
        patch.setattr(sys, "argv", ["merlab", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
    assert not end.value.code


@pytest.fixture(scope="module")
def recognized(video):
    """The folder of the result."""
    command("recognize", video, "--aligned", "--jobs", 1, "--out", video.parent / "recognized")
    return video.parent / "recognized"


@pytest.fixture(scope="module")
def events(recognized):
    return pd.read_csv(recognized / "events.csv")


def require_true(events, truth):
    """Every movement is found, its apex within one frame.

    Its onset and offset are within three: a face starts and comes to rest slowly, and spotting is as uncertain about
    that at a constant rate.
    """
    errors = np.abs(events[["onset_s", "apex_s", "offset_s"]].to_numpy() - truth)
    assert (errors.max(axis=0) <= np.array([3, 1, 3]) * FRAME + 1e-6).all()


def test_spot(video, truth):
    command("spot", video, "--out", video.parent / "spotted")
    folder = video.parent / "spotted" / video.name
    require_true(pd.read_csv(folder / "events.csv"), truth)
    assert pd.read_csv(folder / "scores.csv")["time_s"].to_numpy() == pytest.approx(STAMPS, abs=2e-5)


def test_tables(recognized, events, truth):
    require_true(events, truth)
    frames = pd.read_csv(recognized / "frames.csv")
    assert frames["time_s"].to_numpy() == pytest.approx(STAMPS, abs=2e-5)
    for moment in ("onset", "apex", "offset"):
        assert events[f"{moment}_s"].to_numpy() == pytest.approx(STAMPS[events[moment] - 1], abs=2e-5)


def test_overlay(recognized, events):
    shown = np.array(shown_at(recognized / "overlay.mp4"))
    assert shown == pytest.approx(STAMPS, abs=2e-5)
    assert shown[events["apex"] - 1] == pytest.approx(events["apex_s"].to_numpy(), abs=4e-5)


def test_elan(recognized, events):
    root = ElementTree.parse(recognized / "events.eaf").getroot()
    slots = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE", "")) / 1000 for slot in root.iter("TIME_SLOT")}
    of_events, of_apexes, *_ = (
        [slots[each.get("TIME_SLOT_REF1")] for each in tier.iter("ALIGNABLE_ANNOTATION")] for tier in root.iter("TIER")
    )
    assert of_events == pytest.approx(events["onset_s"].tolist(), abs=6e-4)
    assert of_apexes == pytest.approx(events["apex_s"].tolist(), abs=6e-4)


def test_page(recognized, events, video, tmp_path, monkeypatch):
    """The player stops at the frame that the table calls the apex."""
    monkeypatch.setenv(fake_jobs.RESULT, str(recognized))
    with listening(tmp_path / "jobs") as client, ExitStack() as stack:
        browser = open_browser(tmp_path)
        stack.callback(browser.quit)
        job = client.wait_for(client.send(video).json()["id"], "done")
        browser.get(f"{client.http.base_url}/#job={job['id']}")
        until(lambda: browser.find_elements(By.CSS_SELECTOR, "#events button"))
        for event, apex_s in zip(events["event"], events["apex_s"], strict=True):
            browser.find_element(By.CSS_SELECTOR, f"#events [data-event='{event}']").send_keys(Keys.ENTER)
            wait_for_player(browser, apex_s)
            assert browser.execute_async_script(SHOWN) == pytest.approx(apex_s, abs=1e-4)


# Answers with the time stamp of the frame that the player shows.
SHOWN = """
    const [film, answer] = [document.querySelector('video'), arguments[0]];
    film.requestVideoFrameCallback((now, frame) => answer(frame.mediaTime));
    film.currentTime += 0.001;
"""


def wait_for_player(browser, seconds):
    """Wait until the player is at a frame."""
    at = "return document.querySelector('video').currentTime"
    until(lambda: abs(browser.execute_script(at) - seconds) < FRAME)
