"""What a reader changes about the frames of a clip is in the record of a run and in its report."""

from __future__ import annotations

import json

import pytest

from merlab.alignment_record import MANIFEST
from tests.databases import casme2_release, smic_release
from tests.databases.casme2_release import row
from tests.databases.release import image_bytes, write_images

pytestmark = pytest.mark.usefixtures("nothing_drawn")

CHANGES = {
    # The folder lacks the coded frames, and has those that are documented.
    ("07", "EP06_01"): ((15, 49, 68), range(56, 117), "the documented range 56, 89, 116 is used"),
    ("16", "EP01_08"): ((73, 85, 110), range(73, 97), "96 is used as the offset"),
    ("04", "EP12_01f"): ((261, "/", 321), range(261, 322), "291 is used, the midpoint of onset and offset"),
    ("05", "EP16_04f"): ((20, 24, 24), range(20, 25), "kept as coded"),
}


@pytest.fixture
def release(tmp_path):
    rows = [row(subject, clip, frames, emotion="disgust") for (subject, clip), (frames, _, _) in CHANGES.items()]
    rows.append(row("01", "EP02_01f", (46, 48, 50)))
    root = casme2_release.write_release(tmp_path / "casme2", rows=rows)
    for width, ((subject, clip), (_, numbers, _)) in enumerate(CHANGES.items(), start=24):
        folder = root / "Cropped" / f"sub{subject}" / clip
        for frame in folder.iterdir():
            frame.unlink()
        write_images(folder, [f"reg_img{number}.jpg" for number in numbers], image_bytes(width))
    return root


def evaluate(merlab, *options):
    status, out, _ = merlab("evaluate", "constant", *options, "--seeds", 1, "--jobs", 1, "--out", "run")
    assert status == 0
    return out


@pytest.mark.slow
def test_every_change_of_the_reader_is_in_run_json_and_in_the_report(merlab, tmp_path, release):
    evaluate(merlab, "--database", "casme2", "--root", release)
    changes = json.loads((tmp_path / "run" / "run.json").read_text())["data"]["changes"]
    report = (tmp_path / "run" / "report.html").read_text()
    assert len(changes) == len(CHANGES)
    for (subject, clip), (_, _, change) in CHANGES.items():
        assert change in changes[f"casme2/sub{subject}/{clip}"]
        assert change in report


@pytest.mark.slow
def test_a_stored_result_has_their_number_and_no_single_clip(merlab, tmp_path, release):
    evaluate(merlab, "--database", "casme2", "--root", release)
    assert merlab("results", "save", "run", "stored.json", "--command", "merlab evaluate")[0] == 0
    stored = (tmp_path / "stored.json").read_text()
    assert json.loads(stored)["data"]["changes"] == {"casme2": "4 clips"}
    assert "EP06_01" not in stored


@pytest.mark.slow
def test_frames_of_a_folder_that_replace_those_of_the_table_are_a_change(merlab, tmp_path):
    takes = [smic_release.Take(subject, "ne", 1, 559740, 559745) for subject in (1, 2)]
    takes += [smic_release.Take(2, "po", 1, 559740, 559745)]
    root = smic_release.write_single(tmp_path / "smic", takes)
    first = root / "SMIC_all_cropped/HS/s01/micro/negative/s01_ne_01/reg_image559740.bmp"
    first.unlink()
    evaluate(merlab, "--database", "smic", "--root", root, "--input", "apex:no-apex=middle")
    changes = json.loads((tmp_path / "run" / "run.json").read_text())["data"]["changes"]
    change = "the table states frames 559740 to 559745: 559741 to 559745 are used, as in the folder"
    assert changes == {"smic/s01/s01_ne_01": change}


@pytest.mark.slow
def test_how_the_faces_were_aligned_is_in_the_report_and_its_stamps_on_every_result(merlab, tmp_path, release):
    settings = {"detector": "yunet", "landmarks": "five-points", "motion": "onset", "image": "jpg"}
    stated = {"database": "casme2", "settings": settings, "stamps": ["FIVE POINTS"]}
    (release / MANIFEST).write_text(json.dumps(stated))
    out = evaluate(merlab, "--database", "casme2", "--root", release)
    assert "[FIVE POINTS" in out
    report = (tmp_path / "run" / "report.html").read_text()
    assert "merlab prepare: detector yunet, landmarks five-points, motion onset, image jpg (5 clips)" in report


@pytest.mark.slow
def test_a_table_states_how_merlab_aligned_its_frames(merlab, tmp_path):
    for folder in ("one", "two"):
        frames = tmp_path / folder / "frames"
        write_images(frames, [f"img{number}.png" for number in range(1, 4)], image_bytes(suffix=".png"))
        (frames.parent / MANIFEST).write_text('{"settings": {"motion": "rigid"}}')
    (tmp_path / "mine.csv").write_text(
        "subject,clip,frames,fps,apex,label\ns1,c1,one/frames,200,2,joy\ns2,c1,two/frames,200,2,fear\n"
    )
    evaluate(merlab, "--database", "table", "--root", "mine.csv")
    report = (tmp_path / "run" / "report.html").read_text()
    assert "merlab align: motion rigid (2 clips)" in report
    assert "onset unknown, offset unknown: frames 1 to 3 are used" in report
