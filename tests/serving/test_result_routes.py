"""How a browser gets the files of a result: which it shows, and what a page among them may do."""

from __future__ import annotations

import pytest

from merlab.serving.result_routes import _file_answer


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("onset.png", "image/png", True),
        ("overlay.mp4", "video/mp4", True),
        ("report.html", "text/html; charset=utf-8", True),
        ("events.csv", "text/csv; charset=utf-8", False),
        ("metadata.json", "application/json", False),
        ("events.eaf", "application/octet-stream", False),
        ("picture.svg", "application/octet-stream", False),
    ],
)
def test_pictures_videos_and_the_report_are_shown_and_other_files_are_saved(tmp_path, name, kind, shown):
    (tmp_path / name).touch()
    headers = _file_answer(tmp_path / name).headers
    place = "inline" if shown else "attachment"
    assert headers["content-disposition"] == f'{place}; filename="{name}"'
    assert headers["content-type"] == kind


def test_the_report_runs_in_a_sandbox_without_the_service_and_without_other_hosts(tmp_path):
    for name in ("report.html", "events.csv"):
        (tmp_path / name).touch()
    policy = dict(
        directive.strip().partition(" ")[::2]
        for directive in _file_answer(tmp_path / "report.html").headers["content-security-policy"].split(";")
    )
    # Without allow-same-origin, the report is of another origin than the service.
    assert policy["sandbox"] == "allow-scripts"
    assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'unsafe-inline'"
    assert policy["img-src"] == "data:"
    assert "content-security-policy" not in _file_answer(tmp_path / "events.csv").headers
