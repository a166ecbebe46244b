"""Faces keep their number from part to part, and a movement on a border is told once."""

from __future__ import annotations

import pytest

from merlab.sinks import CsvSink
from merlab.storage import write_json
from merlab.videos.chunks.chunk import CHUNK
from merlab.videos.chunks.joining import Joiner
from merlab.videos.result import FRAME_COLUMNS, FRAMES

LEFT, RIGHT, FAR = (10, 10), (300, 10), (600, 10)


def write_part(folder, owned, covered, faces, events=()):
    """``faces``: the number within the part -> its place and the frames in which it is."""
    with CsvSink(folder / FRAMES, FRAME_COLUMNS) as sink:
        for number in covered:
            there = [(face, x, y) for face, ((x, y), frames) in faces.items() if number in frames]
            for face, x, y in there:
                sink.write((number, "", face, 0.9, 1, x + number / 10, y, 100, 120, "", "", ""))
            if not there:
                sink.write((number, "", "", "", 0, *[""] * 7))
    about = {"owned": [owned.start, owned.stop], "events": list(events), "quality": []}
    write_json(folder / CHUNK, about)
    return folder


def event(face_id, onset, offset):
    return {"face_id": face_id, "onset": onset, "offset": offset}


def joined_faces(*folders):
    """Of each part the number within the video of the face at every place."""
    rows = [[row for row in part.rows if row["face_id"]] for part in Joiner().join(list(folders))]
    return [{round(float(row["x"]) - int(row["frame"]) / 10): int(row["face_id"]) for row in part} for part in rows]


def test_a_face_keeps_its_number_though_the_next_part_counts_in_another_order(tmp_path):
    every = range(1, 200)
    first = write_part(tmp_path / "0", range(1, 51), range(1, 61), {0: (LEFT, every), 1: (RIGHT, every)})
    second = write_part(tmp_path / "1", range(51, 101), range(41, 101), {0: (RIGHT, every), 1: (LEFT, every)})
    assert joined_faces(first, second) == [{10: 0, 300: 1}, {10: 0, 300: 1}]


def test_a_face_that_was_nowhere_before_is_a_new_one(tmp_path):
    every = range(1, 200)
    first = write_part(tmp_path / "0", range(1, 51), range(1, 61), {0: (LEFT, every)})
    second = write_part(tmp_path / "1", range(51, 101), range(41, 101), {0: (FAR, every), 1: (LEFT, every)})
    third = write_part(tmp_path / "2", range(101, 151), range(91, 151), {0: (FAR, every), 1: (RIGHT, every)})
    assert joined_faces(first, second, third) == [{10: 0}, {600: 1, 10: 0}, {600: 1, 300: 2}]


def test_what_is_seen_only_outside_of_the_frames_that_a_part_answers_for_gets_no_number(tmp_path):
    first = write_part(tmp_path / "0", range(1, 51), range(1, 61), {0: (FAR, range(52, 58)), 1: (LEFT, range(1, 61))})
    assert joined_faces(first) == [{10: 0}]


def test_rows_are_those_that_the_parts_answer_for(tmp_path):
    first = write_part(tmp_path / "0", range(1, 51), range(1, 61), {})
    second = write_part(tmp_path / "1", range(51, 101), range(41, 101), {})
    numbers = [int(row["frame"]) for part in Joiner().join([first, second]) for row in part.rows]
    assert numbers == list(range(1, 101))


@pytest.mark.parametrize(("onset", "kept"), [(45, 1), (56, 2)])
def test_a_movement_on_the_border_is_told_once(tmp_path, onset, kept):
    every = range(1, 200)
    first = write_part(tmp_path / "0", range(1, 51), range(1, 61), {0: (LEFT, every)}, [event(0, 44, 55)])
    second = write_part(tmp_path / "1", range(51, 101), range(41, 101), {0: (LEFT, every)}, [event(0, onset, 70)])
    assert sum(len(part.events) for part in Joiner().join([first, second])) == kept
