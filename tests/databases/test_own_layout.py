"""The example of a database of one's own in the documentation."""

from __future__ import annotations

from pathlib import Path

from merlab.databases import Database
from merlab.progress import silent

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "my-data-set.md").read_text(encoding="utf-8")
CODE = PAGE.split("```python\n")[1].partition("```")[0]


def test_the_example_reads_its_layout(tmp_path):
    written: dict[str, object] = {}
    exec(CODE, written)
    lab = written["lab"]
    assert isinstance(lab, Database)
    folder = tmp_path / "anna" / "happiness_3"
    for made in (folder, tmp_path / "bert" / "disgust_1"):
        made.mkdir(parents=True)
    for number in (1, 2, 3):
        (folder / f"{number:04d}.jpg").touch()
    examination = lab.examine(tmp_path, False, silent)
    (clip,) = examination.clips
    assert (clip.subject, clip.emotion, clip.onset, clip.apex, clip.offset) == ("anna", "happiness", 1, None, 3)
    assert [finding.where for finding in examination.findings] == ["disgust_1"]
