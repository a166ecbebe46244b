"""The score as a curve in ELAN, read as ELAN does: split at commas, comments left out, times in seconds."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pympi
import pytest

from merlab.videos.output.elan import write_elan
from merlab.videos.output.elan_curves import write_elan_curves
from merlab.videos.result import read_video_result
from tests.videos.fake_result import write_result


@pytest.fixture
def result(tmp_path):
    """Two faces; the second is seen, but not spotted in its first frames; a file twice as slow as the recording."""
    result = read_video_result(write_result(tmp_path / "an interview", pictures=False))
    unspotted = (result.frames["face_id"] == 1) & (result.frames["frame"] <= 3)
    video = result.metadata.video.model_copy(update={"slowed": 2.0})
    frames = result.frames.assign(score=result.frames["score"].mask(unspotted))
    return replace(result, frames=frames, metadata=result.metadata.model_copy(update={"video": video}))


def test_each_face_has_a_series_that_the_document_links(result, tmp_path):
    video = tmp_path / "an interview.mp4"
    video.write_bytes(b"a video")
    document = pympi.Elan.Eaf(str(write_elan(result, video)))
    linked = {each["RELATIVE_LINK_URL"]: each["LINK_URL"] for each in document.linked_file_descriptors}
    folder = result.folder.resolve().as_posix().lstrip("/")
    # ELAN opens the files by these names as they are: a blank is not %20.
    assert linked == {
        name: f"file:///{folder}/{name[2:]}"
        for name in ("./curves/face-0.csv", "./curves/face-1.csv", "./events_tsconf.xml")
    }
    sources = ElementTree.parse(result.files.elan_curves).getroot().findall("tracksource")
    assert [source.attrib["source-url"] for source in sources] == list(linked.values())[:2]
    assert {source.attrib["sample-type"] for source in sources} == {"Discontinuous Rate"}
    names = [[track.attrib["name"] for track in source.findall("track")] for source in sources]
    assert names == [[f"face {face} score", f"face {face} threshold"] for face in (0, 1)]
    for source in sources:
        (top,) = {float(element.attrib["max"]) for element in source.iter("range")}
        assert [element.attrib["col"] for element in source.iter("pos")] == ["1", "2"]
        assert top == pytest.approx(1.05 * result.frames["score"].max(), rel=0.5)


def test_xml_of_a_folder_whose_name_is_not_utf8_can_be_read(result, tmp_path):
    """As of an old archive; ELAN would not open the curves, nor the document beside them."""
    write_elan_curves(result, tmp_path / "caf\udce9")
    sources = ElementTree.parse(result.files.elan_curves).getroot().findall("tracksource")
    assert [source.attrib["source-url"].rsplit("/", 3)[1:] for source in sources] == [
        ["caf\ufffd", "curves", f"face-{face}.csv"] for face in (0, 1)
    ]


def test_times_are_those_of_a_player_and_gaps_are_not_a_number(result, tmp_path):
    write_elan(result, tmp_path)
    lines = (result.folder / "curves" / "face-1.csv").read_text().splitlines()
    rows = np.array([[float(cell) for cell in line.split(",")] for line in lines if not line.startswith("#")])
    frames = result.frames[result.frames["face_id"] == 1]
    assert rows[:, 0] == pytest.approx(2 * frames["time_s"].to_numpy(), abs=0.0005)
    assert rows[:, 1] == pytest.approx(frames["score"].to_numpy(), abs=0.001, nan_ok=True)
    assert np.isnan(rows[:3, 1]).all()
    assert all("." in line.split(",")[0] for line in lines[1:])
