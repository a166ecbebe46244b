"""Where frames show nothing or time is missing, no comparison method spots anything across it, or because of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from merlab.databases.long_video import LongVideo
from merlab.errors import MerlabError
from merlab.frames import write_image
from merlab.progress import silent
from merlab.spotting.comparison import SPOTTERS, as_spotter
from merlab.spotting.comparison.breaks import breaks_of, broken_values, in_samples, touches
from merlab.spotting.comparison.by_method import MethodOnVideos
from merlab.spotting.comparison.lbp_chi2 import LBP_CHI2
from merlab.spotting.comparison.measured_recording import measured_recording
from merlab.spotting.comparison.networks import smoothed
from merlab.spotting.comparison.notes import file_notes
from merlab.spotting.comparison.own import OWN
from merlab.spotting.comparison.softnet import SOFTNET
from merlab.spotting.comparison.spotter import Target
from merlab.spotting.comparison.threshold import peaks, runs, threshold_of
from merlab.spotting.spot_video import spot
from tests.spotting.comparison.recorded import FPS, frames, material
from tests.videos.recording import moving_face, write_avi, write_stamped

DISTANCE = LBP_CHI2.feature(2)
COUNT, TARGET = 150, Target("micro", 0.4)
# A movement, and where frames are lost between two pictures that differ.
MOVEMENT, GAP = (100, 110, 120), range(50, 56)


def test_samples_in_a_row_that_are_lost_and_gaps_of_time_are_breaks():
    """Of every fourth frame, the samples 5 to 7 are lost; one or two in a row are not a break."""
    breaks = breaks_of([2, 5, 6, 7, 9, 10], 4, [8, 25, 61])
    assert breaks == (range(8, 8), range(20, 29), range(61, 61))
    # The first sample from frame 61 on is number 16.
    assert in_samples(breaks, 4) == [range(2, 2), range(5, 8), range(16, 16)]


@pytest.mark.parametrize("reach", [0, 1, 3])
@pytest.mark.parametrize("breaks", [[range(5, 8)], [range(4, 4)], [range(3), range(9, 9)]])
def test_a_value_is_broken_where_one_of_the_samples_that_it_depends_on_is_lost_or_two_have_time_between(reach, breaks):
    def is_broken(begin):
        used = range(begin, begin + reach + 1)
        lost = any(sample in each for sample in used for each in breaks)
        return lost or any(not each and begin < each.start <= used[-1] for each in breaks)

    assert broken_values(12, reach, breaks).tolist() == [is_broken(each) for each in range(12)]
    assert [touches(each, each + reach, breaks) for each in range(12)] == [is_broken(each) for each in range(12)]


def test_unknown_values_change_no_threshold_and_nothing_is_found_beside_them():
    curve = np.array([0.0, 1, 0, 9, np.nan, 8, 0, 2, 0])
    assert threshold_of(curve, 0.5) == pytest.approx(2.5 + 0.5 * (9 - 2.5))
    assert [peak.apex for peak in peaks(curve, 0.0, 1)] == []
    assert [peak.apex for peak in peaks(np.array([0, 1, 0, np.nan, 9, 8, 7, 12, 7]), 0.3, 1)] == [7]
    assert [(run.onset, run.offset) for run in runs(curve, 0.1)] == [(3, 3), (5, 5)]
    assert np.isnan(smoothed(curve, 4)).tolist() == [False] * 2 + [True] * 4 + [False] * 3
    assert threshold_of(np.full(3, np.nan), 0.5) == np.inf


@pytest.fixture
def source(request, tmp_path):
    """Images that show another picture from the end of GAP on."""
    (tmp_path / "a").mkdir()
    before, after = list(frames(COUNT, [MOVEMENT])), list(frames(COUNT, [(-900, 110, 999), MOVEMENT], px=1.0))
    for position in range(COUNT):
        path = tmp_path / "a" / f"{position + 1}.png"
        gray = (before if position < GAP.start else after)[position]
        if position not in GAP:
            write_image(path, np.repeat(gray[..., None], 3, axis=2))
        elif request.param == "empty":
            path.write_bytes(b"")
        elif request.param == "blank":
            write_image(path, np.zeros((*gray.shape, 3), np.uint8))
    return tmp_path / "a"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "source"), [("lbp-chi2", "empty"), ("hoof", "blank"), ("mdmd", "missing")], indirect=["source"]
)
def test_what_changed_in_a_gap_is_not_spotted_and_hides_no_movement(source, tmp_path, name):
    spotter = SPOTTERS[name]
    video = LongVideo("", "", "a", source, FPS, COUNT, ())
    given = {"places": False, "aligned": False}
    read = measured_recording(video, spotter.features(TARGET, FPS), tmp_path / "kept", silent, **given)
    assert [each for each in read.breaks if each] == [range(50, 56)]
    found = [(each.onset - 1, each.offset - 1) for each in spotter.fit([], TARGET, 0).with_p(0.5).spot(read)]
    assert found
    assert all(onset < MOVEMENT[2] and offset > MOVEMENT[0] for onset, offset in found)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["empty"], indirect=True)
def test_an_interval_of_your_own_method_across_a_gap_is_left_out_with_a_note(source, tmp_path):
    def early_and_late(recording):
        assert len(list(recording.images())) == COUNT
        places = recording.places()
        assert not places[50:56].any()
        assert not places[56].any()
        return [(30, 40, 50, 1.0, "micro"), (30, 40, 51, 1.0, "micro"), (58, 60, 62, 1.0, "micro")]

    assert as_spotter(early_and_late).name
    result = MethodOnVideos(early_and_late, fps=FPS).spot(source, tmp_path / "out", False)
    assert [(row.onset, row.offset) for row in result.rows] == [(30, 50), (58, 62)]
    (note,) = [text for text in result.metadata.warnings if "in a row are a gap; intervals that would touch" in text]
    assert "a: 6 of the frames that are used" in note


def test_places_and_samples_are_the_same_whichever_are_read(tmp_path):
    """At 200 frames a second every fourth frame is a sample; it shows the sample before, not the frame before."""
    spotter, folder = SPOTTERS["lbp-chi2"], tmp_path / "a"
    folder.mkdir()
    for position, gray in enumerate(frames(44, [(0, 22, 43)])):
        if position in (20, *range(33, 37), 43):
            (folder / f"{position}.png").write_bytes(b"")
        else:
            write_image(folder / f"{position}.png", np.repeat(gray[..., None], 3, axis=2))
    features = spotter.features(Target("micro", 0.04), 50.0)
    read = [_read(folder, features, tmp_path / str(places), places=places) for places in (False, True)]
    assert read[0].breaks == read[1].breaks == ()
    for feature in features:
        assert np.array_equal(*(each.values(feature) for each in read))
    assert np.flatnonzero(~read[1].shown_frames()).tolist() == [33, 34, 35, 36]
    assert len(read[1].shown_frames()) == len(list(read[1].places())) == 44


def _read(folder: Path, features, kept: Path, *, places: bool):
    return measured_recording(
        LongVideo("", "", "a", folder, 200.0, 44, ()), features, kept, silent, places=places, aligned=False
    )


def test_values_that_depend_on_both_sides_of_a_break_are_unknown_and_no_network_learns_from_them(tmp_path):
    movement = (20, 30, 40)
    (feature,) = SOFTNET.features(TARGET, FPS)
    whole = material(tmp_path, "a", 60, [movement], [feature, DISTANCE])
    read = replace(whole, breaks=(range(25, 28),))
    unknown = [
        np.isnan(read.values(each)).reshape(len(read.values(each)), -1).any(axis=1) for each in (feature, DISTANCE)
    ]
    # An image is of a sample and the one 10 later, a difference of a sample and those 2 before and after.
    assert np.flatnonzero(unknown[0]).tolist() == list(range(15, 28))
    assert np.flatnonzero(unknown[1]).tolist() == list(range(21, 28))
    known = ~np.isnan(read.values(feature))
    assert np.array_equal(read.values(feature)[known], whole.values(feature)[known])
    images, labels = SOFTNET._examples([read], TARGET, 0)
    assert not np.isnan(images.numpy()).any()
    assert 0 < labels.sum() < len(labels)


@pytest.mark.slow
def test_merlabs_own_method_spots_beside_a_gap_what_spot_spots(tmp_path):
    images = [np.full_like(image, 0) if 60 <= at < 70 else image for at, image in enumerate(moving_face(240))]
    video = write_avi(tmp_path / "a.avi", images)
    line = spot(video, tmp_path / "spotted", progress=False)
    recording = LongVideo("", "", "a", video, 50.0, 240, ())
    read = measured_recording(recording, [], tmp_path / "kept", silent, places=True, aligned=True)
    spotted = [(each.onset, each.apex, each.offset) for each in OWN.spot(read)]
    assert spotted == [(row.onset, row.apex, row.offset) for row in line.rows]
    assert [apex for _, apex, _ in spotted] == pytest.approx([161], abs=3)
    assert np.flatnonzero(~read.shown_frames()).tolist() == list(range(60, 70))


@pytest.mark.slow
def test_no_interval_spans_missing_time_of_a_video(tmp_path):
    image = np.full((282, 231, 3), 20, np.uint8)
    image[100:] = 255
    seconds = [number / 25 + (2.0 if number >= 12 else 0.0) for number in range(24)]
    video = write_stamped(tmp_path / "a.mp4", [image] * 24, seconds)

    def over_the_pause(recording):
        return [(10, 11, 12, 1.0, "micro"), (11, 12, 13, 1.0, "micro"), (13, 13, 14, 1.0, "micro")]

    result = MethodOnVideos(over_the_pause).spot(video, tmp_path / "out", False)
    assert [row.onset for row in result.rows] == [10, 13]
    assert "a.mp4: time is missing 1 time; intervals that would span it are left out" in result.metadata.warnings


def test_a_video_in_which_nothing_is_seen_is_refused_as_by_merlabs_own_spotter(tmp_path):
    video = write_avi(tmp_path / "a.avi", [np.zeros((282, 231, 3), np.uint8)] * 5)
    with pytest.raises(MerlabError, match="a.avi contains no frame that can be read and is not blank: .* more light"):
        MethodOnVideos("guess-even").spot(video, tmp_path / "out", False)
    assert not (tmp_path / "out").exists()
    image = np.full((282, 231, 3), 20, np.uint8)
    image[100:] = 255
    begins = write_avi(tmp_path / "b.avi", [np.zeros_like(image)] * 5 + [image] * 3)
    assert MethodOnVideos("guess-even").spot(begins, tmp_path / "out", False).metadata.seconds == 0.16


def test_a_video_that_was_cut_off_has_a_note(tmp_path):
    images = [np.full((282, 231, 3), 20 * number, np.uint8) for number in range(5)]
    for image in images:
        image[100:] = 255
    video = write_avi(tmp_path / "a.avi", images)
    # The index at the end.
    video.write_bytes(video.read_bytes()[:-40])
    warnings = MethodOnVideos("guess-even").spot(video, tmp_path / "out", False).metadata.warnings
    said = "a.avi: the file was cut off: bytes are missing at its end, and frames with them"
    assert said in warnings
    assert list(file_notes(LongVideo("", "", "a.avi", video, 50.0, 5, ()))) == [said]
    assert list(file_notes(LongVideo("", "", "a", tmp_path, 50.0, 5, ()))) == []


def test_images_of_16_bits_that_are_read_too_dark_have_a_note(tmp_path):
    assert cv2.imwrite(str(tmp_path / "1.png"), np.full((9, 9), 255 << 6, np.uint16))
    (note,) = file_notes(LongVideo("", "", "a", tmp_path, 50.0, 1, ()))
    assert note.startswith("a: the images have 16 bits per sample, but no value above 16383, as of a camera of 14 bits")
