"""The report of a recognized video: its content, that it needs no other file, that everyone can read it."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.json_files import write_json
from merlab.videos.output.report import clock_text, in_words, write_report
from merlab.videos.output.source_facts import duration_text
from merlab.videos.result import METADATA, read_video_result
from merlab.videos.rows import probability_text
from tests.pages import Page
from tests.reports.contrast import contrast
from tests.videos.fake_result import CLASSES, stored_metadata, write_result

# Of each event, the two faces and the movement are pictures in drawings, so that the loops show them again for nothing.
EVENTS, FACES_AN_EVENT, MAPS_AN_EVENT = 4, 3, 4


def written(folder: Path) -> str:
    return write_report(read_video_result(folder)).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> str:
    return written(write_result(tmp_path_factory.mktemp("report") / "out"))


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def without_pictures(source: str) -> str:
    return re.sub(r"base64,[^\"]*", "", source)


class TestContent:
    @pytest.mark.slow
    def test_the_video_and_what_was_found_come_first(self, page):
        assert "interview.mp4 merlab 0.1.0, 2026-05-04 10:20 UTC" in page.text
        assert "4 movements of 2 faces in 12.0 s: 3 with a class, 1 without." in page.text
        assert "face 0 is cut off at the left edge of the frame" in page.text

    def test_facts_of_video_and_recognizer_are_stated(self, page):
        for fact in (
            "100 frames per second",
            "1200 frames, 12.0 s",
            "640 x 480 px",
            "frames 1 to 1200, seen in 1200",
            "1 movement, too short or too long",
            "dbfem-caffm",
            "0123456789abcdef" * 4,
            "unsure_below=0.5",
            "torch 2.13.0",
        ):
            assert fact in page.text
        # Settings that were not given.
        assert "=None" not in page.text

    def test_every_event_has_its_times_class_probabilities_and_evidence(self, page, tmp_path):
        events = read_video_result(write_result(tmp_path / "out")).events
        for _, row in events.iterrows():
            assert f"{clock_text(row['apex_s'], 3)} (frame {row['apex']})" in page.text
            for name in CLASSES:
                assert f"{name} {probability_text(row[f'p_{name}'])}" in page.text
        assert "cheeks, left 0.81 px up" in page.text
        assert "AU12 left (lip corner puller), 1.90 px" in page.text

    def test_an_event_without_a_class_has_one_sentence_for_each_reason(self, page):
        assert "No class has a probability of 0.5 or more." in page.text
        assert "Between onset and apex the head moves more than the face." in page.text

    def test_each_face_has_a_timeline_whose_events_are_links(self, page):
        assert len([each for each in page.attributes("svg") if each.get("role") == "group"]) == 2
        assert len(page.attributes("rect")) == EVENTS
        targets = {attributes.get("id") for _, attributes in page.elements}
        links = [str(attributes["href"]) for attributes in page.attributes("a")]
        assert len(links) == 2 * EVENTS
        assert {link.removeprefix("#") for link in links} <= targets

    @pytest.mark.slow
    def test_hundreds_of_faces_and_events_leave_the_page_short(self, tmp_path):
        """A recording of an hour with cuts had 241 faces and 1520 events: a page of 400,000 px."""
        folder = write_result(tmp_path / "out", faces=10, events=61, fps=20.0, pictures=False)
        source = written(folder)
        before, more = source.split("<summary>Timelines of 2 more faces</summary>")
        shown = [int(number) for number in re.findall(r'<h3 id="face-(\d+)">', before)]
        assert len(shown) == 8
        events = read_video_result(folder).events["face_id"].value_counts()
        hidden = [int(number) for number in re.findall(r'<h3 id="face-(\d+)">', more)]
        assert sorted([*shown, *hidden]) == list(range(10))
        assert events[shown].min() >= events[hidden].max()
        assert source.count('<div class="scroll tall"') == 1
        assert more.count("<tr>") > 61

    @pytest.mark.slow
    @pytest.mark.parametrize("faces", [3, 8, 9])
    def test_one_timeline_more_than_are_open_is_one_face(self, tmp_path, faces):
        source = written(write_result(tmp_path / "out", faces=faces, events=4, fps=20.0, pictures=False))
        assert source.count('<h3 id="face-') == faces
        assert source.count("<summary>Timelines of ") == (faces > 8)
        assert source.count("<summary>Timelines of 1 more face</summary>") == (faces == 9)

    def test_a_long_page_begins_with_links_to_its_sections_and_a_short_one_does_not(self, page, tmp_path):
        long = Page(written(write_result(tmp_path / "out", seconds=61.0, fps=10.0, events=61, pictures=False)))
        headings = {attributes.get("id") for attributes in long.attributes("h2")}
        links = [str(each["href"]).removeprefix("#") for each in long.attributes("a")][: len(headings) - 1]
        assert links == ["timeline", "events", "each", "reading", "about", "limits"]
        # That of the warnings is before all others.
        assert headings == {None, *links}
        assert long.attributes("nav")
        assert page.attributes("nav") == []

    def test_events_have_a_column_of_faces_where_there_are_several(self, tmp_path):
        for faces in (1, 2):
            written_page = Page(written(write_result(tmp_path / str(faces), faces=faces, pictures=False)))
            assert ("event face onset" in written_page.text) == (faces > 1)

    def test_the_axes_of_a_timeline_have_numbers_and_their_units(self, page):
        assert "Score, times the noise; above 5, logarithmic 0 2 5 10 20" in page.text
        assert "0 s 2 s 4 s 6 s 8 s 10 s 12 s" in page.text
        assert "Time in the video" in page.text

    def test_a_score_is_said_to_be_more_than_the_height_of_the_curve(self, page):
        # What `score` of events.csv is: docs/recognition.md.
        assert page.text.count("in units of noise (of a brief movement times its likeness to that of a face)") == EVENTS

    def test_each_movement_has_loops_of_onset_and_apex_that_can_be_stopped(self, source, page):
        loops = re.findall(r'<figure class="loop">.*?</figure>', source, re.DOTALL)
        shown = [re.findall(r'viewBox="([^"]*)".*?href="#(.*?)".*?href="#(.*?)"', loop)[0] for loop in loops]
        assert len(shown) == 2 * EVENTS
        assert shown[0] == ("0 0 231 282", "e0001-onset", "e0001-apex")
        # The eyes and brows, 209 px of 231 px wide, need the whole width with a margin; those of the nose do not.
        left, top, width, height = map(float, shown[3][0].split())
        assert left > 0
        assert top > 0
        assert width / height == pytest.approx(231 / 282, abs=0.01)
        assert width < 150
        ids = {attributes.get("id") for _, attributes in page.elements}
        assert {name for _, *names in shown for name in names} <= ids
        assert {"still", "turning"} <= ids
        assert "prefers-reduced-motion: reduce" in source

    def test_maps_show_their_branch_and_their_range(self, page):
        assert "Grad-CAM, global branch (0.10 to 0.90)" in page.text
        assert "attention, local branch (0.10 to 0.90)" in page.text

    def test_the_limits_are_stated(self, page):
        for limit in (
            "not verdicts about a person",
            "not lie detection",
            "hiring, policing or diagnosis",
            "synthetic faces",
        ):
            assert limit in page.text

    def test_a_stamp_is_explained_at_the_top_and_repeated_with_every_class(self, source, page):
        assert [tag for tag, _ in page.elements if tag in {"aside", "h1"}] == ["aside", "h1"]
        assert "SYNTHETIC : The recognizer was trained on synthetic faces." in page.text
        summaries = re.findall(r"<summary>.*?</summary>", source, re.DOTALL)
        assert len(summaries) == EVENTS
        assert all("no class" in each or '<span class="stamp">SYNTHETIC</span>' in each for each in summaries)

    @pytest.mark.parametrize(
        ("stamp", "meaning"),
        [
            ("FIVE POINTS", "aligned by five points of a face detector"),
            ("REDUCED", "The network is smaller or the training shorter than published."),
            ("WHOLE HEADS: samm, scored on", "The frames show whole heads"),
            ("INCOMPLETE: samm", "Some clips of the database could not be used"),
        ],
    )
    def test_every_stamp_of_a_recognizer_is_explained(self, tmp_path, stamp, meaning):
        folder = write_result(tmp_path / "out", pictures=False)
        metadata = stored_metadata(folder)
        metadata["model"]["stamps"] = [stamp]
        write_json(folder / METADATA, metadata)
        assert meaning in Page(written(folder)).text


class TestForm:
    def test_the_page_loads_nothing_and_names_no_host(self, source, page):
        text = without_pictures(source)
        assert not re.search(r"https?:|//[a-z]|url\(|@import|<link|src=\"(?!data:)", text)
        faces = [str(attributes["href"]) for attributes in page.attributes("image")]
        pictures = [str(attributes["src"]) for attributes in page.attributes("img")]
        assert len(faces) == EVENTS * FACES_AN_EVENT
        assert len(pictures) == 1 + EVENTS * MAPS_AN_EVENT
        for picture in faces + pictures:
            head, encoded = picture.split(",", 1)
            assert head == "data:image/webp;base64"
            decoded = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)
            assert decoded is not None

    def test_the_elements_are_closed_in_order_and_headings_skip_no_level(self, page):
        assert page.open == []
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))

    def test_it_is_accessible_on_screen_and_in_print(self, source, page):
        assert page.attributes("html") == [{"lang": "en"}]
        assert any(attributes.get("name") == "viewport" for attributes in page.attributes("meta"))
        assert all(str(attributes["alt"]).strip() for attributes in page.attributes("img"))
        assert all(attributes.get("aria-label") for attributes in page.attributes("table") + page.attributes("svg"))
        scrolling = [each for each in page.attributes("div") if each.get("class") == "scroll"]
        assert all(each["tabindex"] == "0" for each in scrolling)
        assert "prefers-color-scheme: dark" in source
        assert "@media print" in source

    @pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
    def test_lines_of_the_timeline_contrast_with_their_ground(self, source, scheme):
        colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", source.split(":root {")[scheme + 1]))
        for ink in ("accent", "quiet", "ink"):
            assert contrast(colors[ink], colors["panel"]) >= 4.5

    def test_written_twice_it_is_the_same(self, source, tmp_path):
        assert written(write_result(tmp_path / "out")) == source


class TestHostileAndStrange:
    def test_names_are_never_markup(self, tmp_path):
        name = "<script>alert(1)</script>\"&'.mp4"
        folder = write_result(tmp_path / "out", video=name, warnings=["<img src=x onerror=alert(2)>"], pictures=False)
        metadata = stored_metadata(folder)
        metadata["model"]["stamps"] = ["<b>REAL</b>"]
        metadata["model"]["trained_on"] = {"<i>": "</dd>"}
        write_json(folder / METADATA, metadata)
        source = written(folder)
        assert "<script>alert" not in source
        assert "<img src=x" not in source
        assert "<b>REAL" not in source
        assert "&lt;script&gt;alert(1)" in source
        assert Page(source).open == []

    def test_characters_that_utf_8_cannot_hold_are_replaced(self, tmp_path):
        folder = write_result(tmp_path / "out", pictures=False)
        metadata = stored_metadata(folder)
        metadata["video"]["name"] = "caf\udce9.mp4"
        write_json(folder / METADATA, metadata)
        assert "caf?.mp4" in written(folder)

    def test_a_report_without_events_does_not_claim_that_there_were_none(self, tmp_path):
        page = Page(written(write_result(tmp_path / "out", faces=1, events=0)))
        assert "0 movements of 1 face" in page.text
        assert "does not prove that there was none" in page.text

    def test_missing_pictures_are_reported(self, tmp_path):
        folder = write_result(tmp_path / "out")
        shutil.rmtree(folder / "events" / "e0002")
        assert Page(written(folder)).text.count("Its pictures are in the folder events/e0002") == 1

    @pytest.mark.slow
    def test_an_hour_with_hundreds_of_events_stays_small(self, tmp_path):
        folder = write_result(tmp_path / "out", seconds=3600, fps=10, faces=1, events=400, pictures=False)
        source = written(folder)
        assert len(source) < 2_000_000
        assert Page(source).attributes("details") == [{"class": "event"}] * 400

    def test_a_few_events_are_open(self, page):
        assert page.attributes("details") == [{"class": "event", "open": None}] * EVENTS


@pytest.mark.parametrize(
    ("seconds", "clock", "duration"),
    [
        (0.004, "0:00.00", "0.004 s"),
        (59.999, "1:00.00", "60.0 s"),
        (75.5, "1:15.50", "1 min 16 s"),
        (3723.456, "1:02:03.46", "1 h 02 min"),
    ],
)
def test_times_are_written_as_on_a_clock(seconds, clock, duration):
    assert clock_text(seconds) == clock
    assert duration_text(seconds) == duration


def test_nested_settings_are_written_in_words():
    assert in_words({"a": 1, "b": ["x", "y"], "c": {"d": 2.5}}) == "a: 1; b: x, y; c: (d: 2.5)"
