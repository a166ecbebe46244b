"""What is written for ELAN is read again, by merlab and by another program."""

from __future__ import annotations

from pathlib import Path

import pympi
import pytest

from merlab.elan.reading import Medium, read_elan
from merlab.elan.writing import NOWHERE, Annotation, Links, Tier, annotation_of, beside, write_document


def test_tiers_with_notes_are_read_as_they_were_written(tmp_path):
    movements = Annotation(40, 90, "smile & \x00", {"comment": "ä <b>"}), annotation_of(0.4, 0.6, "shortest")
    tiers = [Tier("AB", movements, "face 0", "AB", {"comment": "AB comments"}), Tier("empty", ())]
    links = Links(tmp_path, tmp_path / "an intervüw.mp4", ("curve.csv",))
    path = tmp_path / "events.eaf"
    write_document(path, tiers, links, author="merlab", date="2026-01-01T00:00:00+00:00")
    read = read_elan(path)
    assert read.media == (Medium("an intervüw.mp4", 0, "an intervüw.mp4"),)
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
    # ELAN takes the addresses of files as they are: it would look for a file that has %20 in its name.
    (media,) = document.media_descriptors
    assert media["RELATIVE_MEDIA_URL"] == "./an intervüw.mp4"
    assert media["MEDIA_URL"] == f"file://{tmp_path}/an intervüw.mp4"


def test_links_to_files_beside_the_document_name_no_folder_of_this_machine(tmp_path):
    path = tmp_path / "events.eaf"
    links = Links(NOWHERE, beside("an interview.mp4"), ("curves/face-0.csv",))
    write_document(path, [Tier("events", ())], links, author="merlab", date="2026-01-01T00:00:00+00:00")
    document = pympi.Elan.Eaf(str(path))
    assert document.media_descriptors == [
        {
            "MEDIA_URL": "file:///an interview.mp4",
            "MIME_TYPE": "video/mp4",
            "RELATIVE_MEDIA_URL": "./an interview.mp4",
        }
    ]
    (curve,) = document.linked_file_descriptors
    assert (curve["LINK_URL"], curve["RELATIVE_LINK_URL"]) == ("file:///curves/face-0.csv", "./curves/face-0.csv")


def test_the_video_of_a_result_that_was_made_on_windows_is_named_as_there(tmp_path):
    """Its result may be coded on another system; RFC 8089, appendix E.2, has the form of the address."""
    path = tmp_path / "events.eaf"
    links = Links(tmp_path, Path(r"C:\study\an interview.mp4"))
    write_document(path, [], links, author="", date="2026-01-01T00:00:00+00:00")
    (media,) = pympi.Elan.Eaf(str(path)).media_descriptors
    assert media["MEDIA_URL"] == "file:///C:/study/an interview.mp4"
    assert media["RELATIVE_MEDIA_URL"] == "./an interview.mp4"


def test_time_slots_ascend_over_all_tiers_and_no_two_annotations_share_one(tmp_path):
    spans = {"late": [(500, 700), (700, 900)], "early": [(100, 600)]}
    tiers = [Tier(name, [annotation_of(*span, name) for span in of]) for name, of in spans.items()]
    path = tmp_path / "events.eaf"
    write_document(path, tiers, Links(tmp_path, tmp_path / "a.mp4"), author="", date="2026-01-01T00:00:00+00:00")
    times = list(pympi.Elan.Eaf(str(path)).timeslots.values())
    assert times == sorted(times) == [100, 500, 600, 700, 700, 900]
    read = {tier.name: [(each.begin_ms, each.end_ms) for each in tier.annotations] for tier in read_elan(path).tiers}
    assert read == spans


@pytest.mark.parametrize(
    ("begin", "end", "whole"), [(0.6, 2.4, (1, 2)), (3.4, 3.4, (3, 4)), (39.96, 89.6, (40, 90)), (7.0, 7.2, (7, 8))]
)
def test_an_annotation_is_at_the_nearest_milliseconds_and_at_least_one_long(begin, end, whole):
    made = annotation_of(begin, end, "smile")
    assert (made.begin, made.end) == whole


@pytest.mark.parametrize(
    ("name", "kind"), [("a.AVI", "video/x-msvideo"), ("a.mkv", "video/x-matroska"), ("a", "unknown")]
)
def test_the_type_of_a_video_is_the_same_on_every_machine(tmp_path, monkeypatch, name, kind):
    """The registry of Windows may say video/avi, and a small container knows no type of .mkv."""
    monkeypatch.setattr("mimetypes.guess_type", lambda *_: ("video/of-this-machine", None))
    path = tmp_path / "events.eaf"
    write_document(path, [], Links(tmp_path, tmp_path / name), author="", date="2026-01-01T00:00:00+00:00")
    assert pympi.Elan.Eaf(str(path)).media_descriptors[0]["MIME_TYPE"] == kind


@pytest.mark.parametrize(("name", "is_sound"), [("a.WAV", True), ("a.m4a", True), ("a.flac", True), ("a.mp4", False)])
def test_what_is_a_sound_is_the_same_on_every_machine(monkeypatch, name, is_sound):
    monkeypatch.setattr("mimetypes.guess_type", lambda *_: (None, None))
    assert Medium(name, 0).is_sound == is_sound
