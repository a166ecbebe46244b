"""The files of the page: no other hosts, no text from outside parsed as markup, readable colors."""

from __future__ import annotations

import re

import pytest

from merlab.serving.routes import STATIC
from tests.reports.contrast import contrast

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
FILES = {path.name: path.read_text(encoding="utf-8") for path in STATIC.iterdir()}


@pytest.mark.parametrize("name", FILES)
def test_no_other_host_is_used(name):
    assert set(re.findall(r"https?://[^\s\"']*", FILES[name])) <= {SVG_NAMESPACE}


@pytest.mark.parametrize("name", FILES)
def test_text_from_outside_is_never_parsed_as_markup(name):
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|DOMParser", FILES[name]) == []


def test_the_page_has_no_script_or_style_that_its_policy_blocks():
    page = FILES["index.html"]
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page) == []


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "page"),
        ("ink", "panel"),
        ("quiet", "page"),
        ("quiet", "panel"),
        ("accent", "page"),
        ("accent", "panel"),
        ("on-accent", "accent"),
        ("stamp-ink", "stamp-paper"),
        ("alert-ink", "alert-paper"),
    ],
)
def test_text_contrasts_with_its_background_in_light_and_dark(scheme, ink, paper):
    colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", FILES["style.css"].split(":root {")[scheme + 1]))
    assert contrast(colors[ink], colors[paper]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_fields_lines_and_bands_contrast_with_what_is_around_them(scheme):
    """WCAG 2.1, 1.4.11: 3 for the border of a field, and for lines that carry a meaning."""
    style = FILES["style.css"]
    colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", style.split(":root {")[scheme + 1]))
    parts = re.findall(r"\.part-\d \{ stroke: (#[0-9a-f]{6})", style)
    assert len(parts) == 7
    for color in (colors["edge"], colors["event"], colors["accent"], *parts):
        assert contrast(color, colors["panel"]) >= 3, color
    assert contrast(colors["edge"], colors["page"]) >= 3
    for rule in ("input {", "select, textarea {", "#drop {"):
        assert re.search(rf"^{re.escape(rule)}.* var\(--edge\);", style, re.MULTILINE), rule
    assert ".timeline .frame { fill: none; stroke: var(--event); stroke-width: 1; }" in style


def test_the_curves_of_the_parts_differ_by_more_than_their_colors():
    dashes = re.findall(r"\.part-\d \{[^}]*stroke-dasharray: ([\d ]+)", FILES["style.css"])
    assert len(dashes) == len(set(dashes)) == 7


def ids() -> list[str]:
    return re.findall(r'(?<![-\w])id(?:: |=)"([^"]+)"', "\n".join(FILES.values()))


def test_every_label_refers_to_an_element():
    used = re.findall(r'aria-labell?edby"?[:=] ?"([^"]+)"', "\n".join(FILES.values()))
    assert used
    assert set(used) <= set(ids())
    assert "aria-labeledby" not in "\n".join(FILES.values())


def test_no_id_is_used_twice():
    # Each state of a result has this heading, and one of them is shown.
    once = [name for name in ids() if name != "result-title"]
    assert len(once) == len(set(once))
