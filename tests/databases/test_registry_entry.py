"""Where the cropped faces of a clip lie: in the folder in which the reader of its database looks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from merlab.databases import find_database
from tests.helpers import make_clip


@pytest.mark.parametrize(
    ("database", "source", "subject", "expected"),
    [
        ("casme2", "raw/sub01/EP02_01f", "sub01", "Cropped/sub01/EP02_01f"),
        ("casme2", "video/sub01/EP02_01f.avi", "sub01", "Cropped/sub01/EP02_01f"),
        ("casme3", "part_A/spNO.1/a/color", "spNO.1", "Cropped/spNO.1/a/color"),
        ("casme3", "part_A/spNO.1/a", "spNO.1", "Cropped/spNO.1/a/color"),
        ("casme3-c", "part_C/01/a/color", "01", "Cropped/01/a/color"),
        ("samm-long", "SAMM_longvideos/006_1", "006", "Cropped/006_1"),
        ("mmew", "Micro_Expression/repression/S05-07-001", "S05", "Cropped/repression/S05-07-001"),
        ("dfme", "DFME_train/sub0003_01", "sub0003", "Cropped/sub0003_01"),
    ],
)
def test_is_as_in_the_release(tmp_path, database, source, subject, expected):
    cropped = find_database(database).cropped
    assert cropped is not None
    folder = tmp_path / source
    folder.parent.mkdir(parents=True)
    folder.write_bytes(b"") if folder.suffix == ".avi" else folder.mkdir()
    assert cropped(Path("faces"), make_clip(folder, subject=subject)) == Path("faces") / expected


@pytest.mark.parametrize(
    ("source", "fps", "camera"),
    [("HS/s01/s1_ne_01", 100.0, "HS"), ("SMIC_VIS_E/s01/s1_ne_01", 25.0, "VIS"), ("NIR/s01/s1_ne_01", 25.0, "NIR")],
)
def test_of_smic_is_in_the_folder_of_its_camera_and_emotion(source, fps, camera):
    cropped = find_database("smic").cropped
    assert cropped is not None
    clip = make_clip(Path("/data") / source, subject="s01", name="s01_ne_01", emotion="negative", fps=fps)
    assert cropped(Path("faces"), clip) == Path("faces") / camera / "s01" / "micro" / "negative" / "s01_ne_01"
