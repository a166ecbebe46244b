"""What a terminal, a log and a notebook see of a long task."""

from __future__ import annotations

import sys
import time

import pytest

from merlab.errors import MerlabError
from merlab.progress import LineProgress, TimeLeft, duration, one_line, shown_progress, silent


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def estimates(*reports: tuple[float, int, int]) -> list[str]:
    """What is estimated at each report: seconds since the report before, finished steps, all steps."""
    clock = Clock()
    left = TimeLeft(clock)
    texts = []
    for seconds, done, total in reports:
        clock.now += seconds
        texts.append(left(done, total))
    return texts


class TestTimeLeft:
    def test_follows_from_the_mean_speed_of_the_stage(self):
        # 100 steps in 50 s; 100 are left. Then 150 in 350 s; 50 are left.
        reports = ((0, 90, 300), (9, 100, 300), (50, 200, 300), (300, 250, 300), (0, 300, 300))
        assert estimates(*reports) == ["", "", "about 50 s", "about 2 min", ""]

    def test_does_not_count_the_time_in_which_processes_start(self):
        # A minute until the first of 20 steps, then 5 s a step; 18 are left.
        assert estimates((0, 0, 20), (60, 1, 20), (5, 2, 20)) == ["", "", "about 2 min"]

    def test_is_not_estimated_from_little_or_without_a_total(self):
        assert estimates((0, 0, 1000), (9, 1, 1000), (100, 5, 1000), (0, 0, 0), (9, 1, 0), (9, 2, 0)) == [""] * 6

    def test_a_new_stage_begins_with_another_total_or_an_earlier_step(self):
        reports = ((0, 0, 10), (100, 4, 20), (9, 5, 20), (10, 15, 20), (0, 0, 20), (9, 10, 20))
        assert estimates(*reports) == ["", "", "", "about 5 s", "", ""]


class TestLines:
    def test_are_printed_every_ten_seconds_with_steps_and_time_left(self, clock, capsys):
        report = LineProgress()
        for step in range(0, 400):
            report(step, 1000, f"clip {step}")
            clock.now += 0.125
        assert capsys.readouterr().err.splitlines() == [
            "0/1000 clip 0",
            "80/1000 clip 80, about 2 min left",
            "160/1000 clip 160, about 2 min left",
            "240/1000 clip 240, about 2 min left",
            "320/1000 clip 320, about 85 s left",
        ]

    def test_a_stage_of_unknown_length_has_no_numbers(self, clock, capsys):
        LineProgress()(0, 0, "writing the result")
        assert capsys.readouterr().err == "writing the result\n"

    def test_a_name_never_breaks_a_line(self, clock, capsys):
        LineProgress()(1, 2, "a\nb\udce9\x1b[2J.mp4")
        assert capsys.readouterr().err == "1/2 a\\nb\\udce9\\x1b[2J.mp4\n"


class TestShown:
    def test_without_a_terminal_there_are_lines(self):
        with shown_progress() as show:
            assert isinstance(show, LineProgress)

    def test_false_is_silent_and_a_function_is_called_itself(self):
        with shown_progress(False) as show:
            assert show is silent
        calls = []
        with shown_progress(lambda *report: calls.append(report)) as show:
            show(1, 2, "half")
        assert calls == [(1, 2, "half")]

    def test_a_program_without_a_console_sees_none_and_its_output_stays_as_it_is(self, monkeypatch, capsys):
        monkeypatch.setattr(sys, "stderr", None)
        with shown_progress() as show:
            show(1, 2, "half")
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize("value", ["yes", None, 1])
    def test_anything_else_is_refused(self, value):
        with (
            pytest.raises(MerlabError, match=f"progress must be True, False or a function, got {value!r}"),
            shown_progress(value),
        ):
            pass

    @pytest.mark.parametrize("value", [lambda: None, lambda done: None, lambda done, total, what, more: None])
    def test_a_function_of_other_arguments_is_refused_before_any_work(self, value):
        message = "progress must be a function of done, total and what, called as progress"
        with pytest.raises(MerlabError, match=message), shown_progress(value):
            pass

    def test_the_bar_of_a_terminal_has_no_numbers_while_the_extent_is_unknown(self, monkeypatch, capsys):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setenv("FORCE_COLOR", "1")
        with shown_progress() as show:
            show(0, 0, "writing [the] result")
        shown = capsys.readouterr().err
        assert "writing [the] result" in shown
        assert "0/" not in shown
        assert "-:--:--" not in shown


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.1, "1 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (9000, "2.5 h")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_any_text_becomes_one_line():
    assert one_line("å plain name.mp4") == "å plain name.mp4"
    assert one_line("two\nlines\t") == "two\\nlines\\t"
