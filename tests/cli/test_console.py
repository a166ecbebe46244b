"""What commands print."""

from __future__ import annotations

import codecs
import io
import json
import sys

import pandas as pd
import pytest
from rich.markup import escape

from merlab.cli.console import (
    err_console,
    in_plain_signs,
    out_console,
    print_frame,
    print_json,
    print_table,
)


def test_json_is_valid_for_every_program(capsys):
    print_json({"fps": float("nan"), "rows": [{"p": float("inf")}], "name": "高兴 \udcff"})
    printed = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert printed == {"fps": None, "rows": [{"p": None}], "name": "高兴 \udcff"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "utf8"])
def test_json_is_valid_whatever_the_encoding_of_the_output(monkeypatch, encoding):
    """As of a redirection on Windows, or of a machine without a locale; programs read JSON as UTF-8."""
    written = io.BytesIO()
    output = io.TextIOWrapper(written, encoding=encoding, errors="backslashreplace", write_through=True)
    monkeypatch.setattr(sys, "stdout", output)
    name = "Zoë 高 😀 \udcff \\xe9 \t"
    print_json({name: name})
    assert json.loads(written.getvalue()) == {name: name}
    assert ("Zoë".encode() in written.getvalue()) == encoding.startswith("utf")


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("cp1252", "-.050 ± .012 – SYNTHETIC · \\u9ad8\\u8208".encode("cp1252")),
        ("ascii", rb"-.050 +- .012 - SYNTHETIC | \u9ad8\u8208"),
        ("utf-8", "−.050 ± .012 – SYNTHETIC · 高興".encode()),
    ],
)
def test_a_number_keeps_its_sign_whatever_the_encoding_of_the_output(encoding, written):
    """A table that is redirected into a file on Windows is in the encoding of the system."""
    codecs.register_error("plain", in_plain_signs)
    assert "−.050 ± .012 – SYNTHETIC · 高興".encode(encoding, "plain") == written
    # Two in a row that the encoding lacks.
    assert "高−1".encode("ascii", "plain") == rb"\u9ad8-1"


def test_a_closed_output_is_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    print_json({"fps": 25})


def test_names_command_no_terminal_and_are_no_emoji(capsys, monkeypatch):
    """Of files and tables from others: an escape could rename the window, or hide a line."""
    monkeypatch.setenv("COLUMNS", "80")
    name = "a\x1b]0;title\x07\x1b[2K\x9b2K\x00 :joy: é\u200d"
    print_table(name, [name], [[name]])
    out_console.print(escape(name))
    err_console.print(f"[red]error:[/] {escape(name)}", soft_wrap=True)
    printed = capsys.readouterr()
    for text in (printed.out, printed.err):
        assert not set(text) & {"\x1b", "\x9b", "\x07", "\x00"}
        assert r"a\x1b]0;title\x1b[2K\x9b2K\x00 :joy: é" in text
    assert printed.out.count(":joy:") == 4


def test_short_cells_and_words_of_titles_stay_whole_in_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    columns = ["rule", "F1", "epoch", "threshold", "on the test set"]
    print_table(
        "scores",
        columns,
        [["the last epoch, with the threshold that is chosen on the others", "0.3817", "29", "0.48", "no"]],
    )
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("0.3817", "29", "0.48", "threshold", "no"))
    assert max(map(len, printed.splitlines())) <= 80


def test_words_stay_whole_where_the_table_fits(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    columns = ["event", "apex, s", "lasts, s", "kind", "class, probability", "part", "action units"]
    reason = "none (0.4445): no supporting action unit; head moves more than the face"
    event = ["e0001", "10.175", "0.265", "micro", reason, "eyes and brows", "AU12 left 0.62 px"]
    print_table("a.avi", columns, [event])
    printed = capsys.readouterr().out
    assert all(word in printed for text in (*columns, *event) for word in text.split())
    assert max(map(len, printed.splitlines())) <= 80


def test_a_column_with_much_text_gets_the_room(capsys, monkeypatch):
    """Four lines; with columns that are equally wide, there would be more."""
    monkeypatch.setenv("COLUMNS", "80")
    columns = ["event", "apex, s", "lasts, s", "kind", "class, probability", "part", "action units"]
    reason = "none (0.44): no supporting action unit; head moves more than the face"
    print_table(
        "a.avi", columns, [["e0001", "10.17", "0.27", "micro", reason, "eyes and brows", "AU12 left, AU6 left"]]
    )
    assert len([line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]) == 4


def test_an_interval_below_its_value_stays_whole(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    scores = pd.DataFrame(
        {
            "method": ["linear-svm", "flow-cnn"],
            "UF1": [".887 [.845, .924]", ".897 ± .002 [.861, .929]"],
            "UAR": [".887 [.845, .924]", ".897 ± .003 [.861, .929]"],
            **dict.fromkeys(("most frequent class", "confidence", "calibration error"), ".341"),
        }
    )
    print_frame("scores", scores)
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("[.845, .924]", "[.861, .929]", ".897 ± .002", "calibration"))
    assert max(map(len, printed.splitlines())) <= 80
    monkeypatch.setenv("COLUMNS", "130")
    print_frame("scores", scores)
    assert ".897 ± .002 [.861, .929]" in capsys.readouterr().out


def test_a_number_in_a_long_cell_stays_whole(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    rows = [["false alarms a minute", "12.340 [10.111, 15.222]", "123.456 [101.234, 140.567]", "9.9"]]
    print_table("scores", ["score", "spotted", "constant guess", "random guess"], rows)
    printed = capsys.readouterr().out
    assert all(number in printed for number in ("12.340", "[10.111,", "15.222]", "123.456", "[101.234,", "140.567]"))
    assert max(map(len, printed.splitlines())) <= 40


def test_words_are_broken_as_little_as_is_needed(capsys, monkeypatch):
    """Names of 25 characters leave 64 for four columns: words of 10 stay whole."""
    monkeypatch.setenv("COLUMNS", "80")
    row = ["self-attention-transfer-x", "comparison", "of networks", "pretrained", "docs/recognizer-experiments.md"]
    print_table("methods", ["name", "kind", "what it is", "presets", "paper"], [row])
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("comparison", "networks", "pretrained"))
    assert max(map(len, printed.splitlines())) <= 80


def test_spaces_give_way_where_short_cells_only_fit_without_them(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    cells = ["sub01", "EP02_01f", "46", "59", "86", "L10+R12+25", "repression", "repression"]
    print_table("clips", ["subject", "clip", "onset", "apex", "offset", "action units", "emotion", "label"], [cells])
    lines = capsys.readouterr().out.splitlines()
    assert (all(any(cell in line for line in lines) for cell in cells), max(map(len, lines)) <= 80) == (True, True)


def test_no_number_is_cut_off_where_a_table_does_not_fit(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    columns = ["method", *(f"column{number}" for number in range(9))]
    print_table("scores of methods, fitted on the other subjects", columns, [["feature-difference", *["12.1925"] * 9]])
    printed = capsys.readouterr().out
    assert printed.count("12.1925") == 9
    assert all(column in printed for column in columns)


def test_long_words_are_broken_where_the_table_fits_the_terminal_only_so(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    print_table("words", [*"abcdef"], [["one two", *["incomprehensibilities and more"] * 5]])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_a_long_cell_is_one_line_where_the_terminal_is_wide(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    reason = "none (0.4445): no supporting action unit; head moves more than the face"
    print_table("a.avi", ["event", "class", "part"], [["e0001", reason, "eyes and brows"]])
    assert reason in capsys.readouterr().out
