"""The annotation document, read back by another reader of ELAN's format."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import pympi
import pytest

from merlab.json_files import write_json
from merlab.videos.output.elan import write_elan
from merlab.videos.result import METADATA, read_video_result
from merlab.videos.rows import probability_text
from tests.videos.fake_result import stored_metadata, write_result

ORDER = ["HEADER", "TIME_ORDER", *["TIER"] * 4, "LINGUISTIC_TYPE"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_result(tmp_path / "out", pictures=False)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "interview.mp4"
    path.write_bytes(b"a video")
    return path


def read(folder: Path, video: Path) -> pympi.Elan.Eaf:
    return pympi.Elan.Eaf(str(write_elan(read_video_result(folder), video)))


def intervals(document: pympi.Elan.Eaf, tier: str) -> list[tuple[int, int]]:
    return sorted(each[:2] for each in document.get_annotation_data_for_tier(tier))


def test_every_face_has_its_events_and_apexes_at_their_times(folder, video):
    document, events = read(folder, video), read_video_result(folder).events
    names = [f"face {face} {what} [SYNTHETIC]" for face in (0, 1) for what in ("events", "apexes")]
    assert sorted(document.get_tier_names()) == sorted(names)
    for face in (0, 1):
        rows = events[events["face_id"] == face]
        onsets, apexes, offsets = ((1000 * rows[f"{when}_s"]).round().tolist() for when in ("onset", "apex", "offset"))
        assert intervals(document, f"face {face} events [SYNTHETIC]") == list(zip(onsets, offsets, strict=True))
        assert intervals(document, f"face {face} apexes [SYNTHETIC]") == [(apex, apex + 10) for apex in apexes]


def test_an_annotation_has_class_probability_and_the_part_that_moved(folder, video):
    document, events = read(folder, video), read_video_result(folder).events
    values = {
        each[2] for face in (0, 1) for each in document.get_annotation_data_for_tier(f"face {face} events [SYNTHETIC]")
    }
    first, withheld = events.iloc[0], events.iloc[2]
    assert f"{first['class']} {probability_text(first['probability'])}; {first['part']}" in values
    reasons = "probability too low; head moves more than the face"
    assert f"no class ({reasons}); {withheld['part']}" in values
    assert "AU12 left 1.90 px; AU6 0.72 px" in {
        each[2] for each in document.get_annotation_data_for_tier("face 0 apexes [SYNTHETIC]")
    }


def test_the_video_is_linked_absolutely_and_relatively(folder, video):
    (media,) = read(folder, video).media_descriptors
    assert Path(unquote(urlparse(media["MEDIA_URL"]).path)) == video
    assert (folder / unquote(media["RELATIVE_MEDIA_URL"])).resolve() == video
    assert media["MIME_TYPE"] == "video/mp4"


def test_the_overlay_is_linked_in_place_of_a_folder_of_images(folder, tmp_path):
    (media,) = read(folder, tmp_path).media_descriptors
    assert media["RELATIVE_MEDIA_URL"] == "./overlay.mp4"


def test_the_elements_have_the_order_of_the_format(folder, video):
    root = ElementTree.parse(write_elan(read_video_result(folder), video)).getroot()
    assert [element.tag for element in root] == ORDER
    annotations = list(root.iter("ALIGNABLE_ANNOTATION"))
    times = [int(slot.attrib["TIME_VALUE"]) for slot in root.iter("TIME_SLOT")]
    assert times == sorted(times)
    assert len(times) == 2 * len(annotations)
    assert [element.text for element in root.iter("PROPERTY")] == [str(len(annotations))]
    assert root.attrib["DATE"] == "2026-05-04T10:20:30+00:00"


def test_events_that_overlap_lie_on_different_tiers(tmp_path, video):
    folder = write_result(tmp_path / "crowded", seconds=1, faces=1, events=6, stamps=[], pictures=False)
    document = read(folder, video)
    tiers = [name for name in document.get_tier_names() if "events" in name]
    assert sorted(tiers) == ["face 0 events", "face 0 events (2)"]
    for name in tiers:
        found = intervals(document, name)
        assert all(before[1] <= after[0] for before, after in zip(found, found[1:], strict=False))
    assert sum(len(document.get_annotation_data_for_tier(name)) for name in tiers) == 6


def test_hostile_names_are_text_and_nothing_else(tmp_path):
    video = tmp_path / "a \"<b>&' ]]> ü.mp4"
    video.write_bytes(b"a video")
    folder = write_result(tmp_path / "out", video=video.name, pictures=False)
    metadata = stored_metadata(folder)
    metadata["model"]["stamps"] = ['<TIER>\x00\x1f & "more"']
    write_json(folder / METADATA, metadata)
    document = read(folder, video)
    assert all('<TIER>\ufffd\ufffd & "more"' in name for name in document.get_tier_names())
    assert Path(unquote(urlparse(document.media_descriptors[0]["MEDIA_URL"]).path)) == video


def test_the_link_is_relative_to_the_folder_to_which_the_result_is_moved(folder, video, tmp_path):
    home = tmp_path / "results" / "interview"
    document = pympi.Elan.Eaf(str(write_elan(read_video_result(folder), video, home)))
    assert document.media_descriptors[0]["RELATIVE_MEDIA_URL"] == "./../../interview.mp4"


def test_a_result_without_events_has_empty_tiers(tmp_path, video):
    document = read(write_result(tmp_path / "out", faces=1, events=0), video)
    assert len(document.get_tier_names()) == 2
    assert not document.annotations


@pytest.mark.parametrize(("events", "faces"), [(3, {"0", "1", "2"}), (0, {"0"})])
def test_of_more_faces_than_are_followed_at_once_those_with_movements_have_tiers(tmp_path, video, events, faces):
    """After each cut every face is a new one: an hour with cuts had 241 faces and 482 tiers, nearly all empty."""
    document = read(write_result(tmp_path / "out", faces=9, events=events, pictures=False), video)
    assert {name.split()[1] for name in document.get_tier_names()} == faces


def test_written_twice_it_is_the_same(folder, video):
    first = write_elan(read_video_result(folder), video).read_bytes()
    assert write_elan(read_video_result(folder), video).read_bytes() == first
