import os
import shutil
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.frames import ClipError, read_image, write_image
from merlab.inputs import INPUTS, as_recipe, extraction, load_inputs, mirror_of, parse_recipe
from tests.helpers import make_clip, moved, own_input, texture, write_frames


@pytest.fixture
def table(tmp_path):
    clips = []
    for number in range(1, 5):
        onset = texture(number)
        folder = write_frames(tmp_path / "frames" / f"EP{number}", [onset, moved(onset, number / 4, 0), onset])
        clips.append(make_clip(folder, name=f"EP{number}"))
    return ClipTable(tuple(clips))


def cached_files(cache):
    return sorted(cache.rglob("*.npy"))


def test_inputs_have_the_order_of_the_table_for_any_number_of_threads(table, tmp_path):
    one = load_inputs(table, parse_recipe("flow"), tmp_path / "one", jobs=1)
    four = load_inputs(table, parse_recipe("flow"), tmp_path / "four", jobs=4)
    assert one.shape == (4, 3, 28, 28)
    assert np.array_equal(one, four)


def test_progress_counts_the_clips_in_the_order_of_the_table(table, tmp_path):
    seen: list[tuple[int, int, str]] = []
    load_inputs(table, parse_recipe("flow"), tmp_path / "cache", progress=lambda *step: seen.append(step))
    assert seen == [(number, 4, f"EP{number}") for number in range(1, 5)]


def test_a_clip_whose_frames_are_not_there_any_more_is_named(table, tmp_path):
    shutil.rmtree(tmp_path / "frames" / "EP2")
    with pytest.raises(MerlabError, match=r" EP2: cannot read .*EP2: No such file or directory; copy the clip"):
        load_inputs(table, parse_recipe("flow"), tmp_path / "cache")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"recipe": "flow"}, r"recipe must be a Recipe \(merlab.inputs.parse_recipe\('flow'\) makes one\), got 'flow'"),
        ({"table": [1]}, "table must be a ClipTable"),
        ({"cache": 3}, "cache must be a path"),
        ({"jobs": "2"}, "jobs must be a whole number from 1 up"),
    ],
)
def test_a_faulty_argument_is_named(table, arguments, fault):
    with pytest.raises(MerlabError, match=fault):
        load_inputs(**({"table": table, "recipe": parse_recipe("flow")} | arguments))


def test_a_second_load_reads_the_cache_and_gives_the_same(table, tmp_path):
    cache = tmp_path / "cache"
    first = load_inputs(table, parse_recipe("flow"), cache)
    times = {path: path.stat().st_mtime_ns for path in cached_files(cache)}
    second = load_inputs(table, parse_recipe("flow"), cache)
    assert np.array_equal(first, second)
    assert {path: path.stat().st_mtime_ns for path in cached_files(cache)} == times
    assert len(times) == len(table)


def test_whole_heads_give_a_warning_unless_the_table_has_their_stamp(tmp_path):
    head = [texture(1, 48, 64), moved(texture(1, 48, 64), 1, 0)]
    table = ClipTable((make_clip(write_frames(tmp_path / "frames", head), offset=2),))
    with pytest.warns(UserWarning, match="whole heads in 1 clip of casme2.*Mark every result from them WHOLE HEADS"):
        load_inputs(table, parse_recipe("flow"), tmp_path / "cache")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_inputs(replace(table, stamps=("WHOLE HEADS: casme2",)), parse_recipe("flow"), tmp_path / "cache")


def test_a_recipe_never_reads_the_cached_arrays_of_another_recipe(table, tmp_path):
    cache = tmp_path / "cache"
    minmax = load_inputs(table, parse_recipe("flow:scale=minmax"), cache)
    raw = load_inputs(table, parse_recipe("flow:scale=raw"), cache)
    assert np.array_equal(raw, load_inputs(table, parse_recipe("flow:scale=raw"), tmp_path / "fresh"))
    assert not np.array_equal(minmax, raw)


def test_a_changed_frame_is_read_again(table, tmp_path):
    cache = tmp_path / "cache"
    before = load_inputs(table, parse_recipe("flow:scale=raw"), cache)
    apex = table.clips[0].source / "img2.png"
    write_frames(table.clips[0].source, [moved(texture(1), -2, 0)], first=2)
    os.utime(apex, ns=(1, 1))
    after = load_inputs(table, parse_recipe("flow:scale=raw"), cache)
    assert np.median(after[0, 0]) == pytest.approx(-2, abs=0.1)
    assert np.array_equal(before[1:], after[1:])


def test_a_damaged_cache_file_is_computed_again(table, tmp_path):
    cache = tmp_path / "cache"
    before = load_inputs(table, parse_recipe("flow"), cache)
    damaged = cached_files(cache)[0]
    damaged.write_bytes(damaged.read_bytes()[:50])
    with pytest.warns(UserWarning, match="is damaged"):
        assert np.array_equal(load_inputs(table, parse_recipe("flow"), cache), before)
    assert damaged.stat().st_size > 50


def test_a_damaged_frame_is_an_error_that_names_the_file_and_leaves_no_incomplete_array(table, tmp_path):
    cache = tmp_path / "cache"
    apex = table.clips[2].source / "img2.png"
    apex.write_bytes(apex.read_bytes()[:200])
    with pytest.raises(ClipError, match="img2.png is truncated"):
        load_inputs(table, parse_recipe("flow"), cache, jobs=1)
    assert all(np.load(path).shape == (3, 28, 28) for path in cached_files(cache))
    assert not list(cache.rglob(".*"))


def test_every_clip_with_a_damaged_frame_is_named_when_all_others_are_kept(table, tmp_path):
    cache = tmp_path / "cache"
    for clip in table.clips[1:3]:
        (clip.source / "img2.png").write_bytes(b"")
    with pytest.raises(
        ClipError, match=r" EP2: .*img2.png is empty .*; frames of 1 more clip are damaged: .* EP3; `merlab doctor`"
    ):
        load_inputs(table, parse_recipe("flow"), cache)
    assert len(cached_files(cache)) == 2


def test_every_clip_with_a_blank_frame_is_named_each_time(table, tmp_path):
    """From a black frame to a face, everything moves. A frame that the input does not need says nothing of it."""
    for clip, number in zip(table.clips[1:], (1, 2, 3), strict=True):
        write_image(clip.source / f"img{number}.png", np.zeros_like(read_image(clip.source / f"img{number}.png")))
    named = r"show a face: .* EP2: frame 1 of .*EP2 is of nearly one color.*; frames of 1 more clip are blank: .* EP3;"
    made = []
    for _ in range(2):
        with pytest.warns(UserWarning, match=named):
            made.append(load_inputs(table, parse_recipe("flow"), tmp_path / "cache"))
    assert np.array_equal(made[0], made[1])
    assert len(cached_files(tmp_path / "cache")) == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(load_inputs(table, parse_recipe("flow"), tmp_path / "cache", quiet=True), made[0])


def test_the_input_of_a_blank_frame_is_kept_with_its_warning(table, tmp_path, monkeypatch):
    """Wherever the clip is."""
    clip, cache = table.clips[0], tmp_path / "cache"
    write_image(clip.source / "img1.png", np.zeros_like(read_image(clip.source / "img1.png")))
    with pytest.warns(UserWarning, match="frame 1 of"):
        before = load_inputs(ClipTable((clip,)), parse_recipe("flow"), cache)
    there = shutil.copytree(clip.source, tmp_path / "there")
    monkeypatch.setattr(extraction, "input_of", lambda *_: pytest.fail("it is made again"))
    with pytest.warns(UserWarning, match=f"frame 1 of {there} is of nearly one color"):
        again = load_inputs(ClipTable((replace(clip, source=there),)), parse_recipe("flow"), cache)
    assert np.array_equal(before, again)


def test_each_format_of_an_entry_has_entries_of_its_own(table, tmp_path, monkeypatch):
    """Else two versions of merlab that share a cache would misread, or write over, what the other one keeps."""
    cache = tmp_path / "cache"
    before = load_inputs(table, parse_recipe("flow"), cache)
    kept = {path: path.read_bytes() for path in cached_files(cache)}
    monkeypatch.setattr(extraction, "ENTRY_FORMAT", 0)
    assert np.array_equal(load_inputs(table, parse_recipe("flow"), cache), before)
    assert len(cached_files(cache)) == 2 * len(table)
    assert {path: path.read_bytes() for path in kept} == kept


@pytest.mark.parametrize("name", [name for name in INPUTS if name not in {"flow", "flow-patches", "released-flow"}])
def test_an_input_that_needs_frames_refuses_a_stored_flow_image(tmp_path, name):
    write_frames(tmp_path, [texture(1, 28, 28)])
    clip = make_clip(tmp_path / "img1.png", onset=None, apex=None, offset=None)
    with pytest.raises(
        ClipError, match="stored as an optical-flow image, because its frames are not part of the release"
    ):
        load_inputs(ClipTable((clip,)), parse_recipe(name), tmp_path / "cache")


@pytest.mark.parametrize(
    ("read", "changes"),
    [
        (lambda clip: clip.fps, {"fps": 100.0}),
        (lambda clip: clip.apex, {"apex": 3}),
        (lambda clip: len(clip.apex_source), {"apex_source": "spotted"}),
        (lambda clip: int(clip.aligned is True), {"aligned": True}),
    ],
)
def test_an_input_of_your_own_is_made_again_when_any_field_of_the_clip_changes(table, tmp_path, read, changes):
    recipe = as_recipe(own_input(lambda clip, frames, recipe: np.full((1, 8, 8), read(clip), np.float32)))
    before = load_inputs(table, recipe, tmp_path / "cache")
    changed = ClipTable(tuple(replace(clip, **changes) for clip in table))
    after = load_inputs(changed, recipe, tmp_path / "cache")
    assert (before != after).all()
    assert (after == read(changed[0])).all()


def test_no_input_sees_what_annotators_say_about_a_clip(table, tmp_path):
    seen = []

    def extract(clip, frames, recipe):
        seen.append((clip.emotion, clip.action_units, clip.objective_class, clip.note))
        return np.zeros((1, 8, 8), np.float32)

    def frames_needed(clip, recipe):
        seen.append((clip.emotion, clip.action_units, clip.objective_class, clip.note))
        return [clip.onset]

    labeled = ClipTable(tuple(replace(clip, objective_class="I", note="changed") for clip in table))
    load_inputs(labeled, as_recipe(own_input(extract, frames_needed=frames_needed)), tmp_path / "cache")
    assert seen == [("", "", "", "")] * 12


def test_an_error_in_your_own_kind_of_input_names_clip_kind_and_line(table, tmp_path):
    def extract(clip, frames, recipe):
        return 1 / 0

    def frames_needed(clip, recipe):
        return [clip.nothing]

    def leave(clip, frames, recipe):
        sys.exit("bye")

    where = r"sub01 EP\d \(casme2\): "
    with pytest.raises(ClipError, match=where + r"input mine: extract raised ZeroDivisionError: .*test_e.*, line \d+"):
        load_inputs(table, as_recipe(own_input(extract)), tmp_path / "cache")
    with pytest.raises(ClipError, match=where + "input mine: frames_needed raised AttributeError: .*nothing"):
        load_inputs(table, as_recipe(own_input(extract, frames_needed=frames_needed)), tmp_path / "cache")
    with pytest.raises(ClipError, match=where + "input mine: extract raised SystemExit: bye"):
        load_inputs(table, as_recipe(own_input(leave)), tmp_path / "cache")


def test_channels_that_were_edited_are_not_a_damaged_cache(table, tmp_path, recwarn):
    kinds = [
        own_input(lambda clip, frames, recipe: np.zeros((recipe.channels, 8, 8), np.float32), channels=channels)
        for channels in (lambda recipe: 1, lambda recipe: 2)
    ]
    assert [load_inputs(table, as_recipe(kind), tmp_path / "cache").shape[1] for kind in kinds] == [1, 2]
    assert not recwarn.list


def test_errors_outside_of_extract_are_named_too(table, tmp_path):
    def whole(clip, frames, recipe):
        return np.zeros((1, 8, 8), np.float32)

    def load_with(view="global", **fields):
        recipe = as_recipe(replace(own_input(whole), **fields)).seen_by(view)
        return load_inputs(table, recipe, tmp_path / "cache")

    assert len(load_with(frames_needed=lambda clip, recipe: np.array([clip.onset]))) == len(table)
    with pytest.raises(MerlabError, match=r"input mine: channels raised KeyError: .*test_extr.*, line \d+"):
        load_with(channels=lambda recipe: int(recipe["depth"]))
    with pytest.raises(ClipError, match=r"sub01 EP\d \(casme2\): input mine: neutral raised ZeroDivisionError"):
        load_with(view="local", neutral=lambda image, recipe: 1 / 0)
    with pytest.raises(MerlabError, match=r"input mine: mirror must give signs and offsets, .* of 1 channel, got"):
        mirror_of(as_recipe(replace(own_input(whole), mirror=lambda recipe: ([1.0, 1.0], [0.0]))))
    with pytest.raises(MerlabError, match="input mine: mirror raised ValueError"):
        mirror_of(as_recipe(replace(own_input(whole), mirror=lambda recipe: (["a"], [0.0]))))  # type: ignore[list-item]


@pytest.mark.parametrize("given", [3, None, ["flow"], b"flow"])
def test_what_is_no_input_is_refused_with_what_one_is(given):
    with pytest.raises(MerlabError, match="an input is a text such as flow:.*, a Recipe or an InputKind, got"):
        as_recipe(given)
