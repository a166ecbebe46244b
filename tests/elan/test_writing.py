"""What is written for ELAN is read again, by merlab and by another program."""

from __future__ import annotations

import pympi

from merlab.elan.reading import Medium, read_elan
from merlab.elan.writing import Annotation, Links, Tier, interval, write_document


def test_tiers_with_notes_are_read_as_they_were_written(tmp_path):
    movements = Annotation(40, 90, "smile & \x00", {"comment": "ä <b>"}), interval(0.4, 0.6, "shortest")
    tiers = [Tier("AB", movements, "face 0", "AB", {"comment": "AB comments"}), Tier("empty", ())]
    links = Links(tmp_path, tmp_path / "an interview.mp4", ("curve.csv",))
    path = tmp_path / "events.eaf"
    write_document(path, tiers, links, author="merlab", date="2026-01-01T00:00:00+00:00")
    read = read_elan(path)
    assert read.media == (Medium("an interview.mp4", 0),)
    first, comments, empty = read.tiers
    assert (first.annotator, first.participant, comments.parent, empty.annotations) == ("AB", "face 0", "AB", ())
    assert [(each.begin_ms, each.end_ms, each.value) for each in first.annotations] == [
        (40, 90, "smile & \ufffd"),
        (0, 1, "shortest"),
    ]
    assert [(each.parent, each.value) for each in comments.annotations] == [("a1", "ä <b>")]
    document = pympi.Elan.Eaf(str(path))
    assert document.get_ref_annotation_data_for_tier("AB comments") == [(40, 90, "ä <b>", "smile & \ufffd")]
    assert document.maxaid == 3
