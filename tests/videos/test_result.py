"""A result as an object: what it prints, shows in a notebook and draws."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.json_files import write_json
from merlab.videos.result import EVENTS, METADATA, read_video_result, withheld_sentences
from merlab.videos.rows import WEAK_ROWS, WeakEvent, event_rows
from merlab.videos.words import WordSettings
from tests.pages import Page
from tests.videos.fake_result import stored_metadata, write_result


@pytest.fixture
def result(tmp_path):
    return read_video_result(write_result(tmp_path / "interview", overlay=True))


def test_the_columns_are_those_that_users_have_scripts_for():
    moments = "onset,apex,offset,onset_s,apex_s,offset_s,duration_s,score,part,kind,tier,why_other"
    event = "class,probability,withheld,regions,action_units"
    assert ",".join(event_rows(()).names) == f"event,video,face_id,{moments},{event}"
    assert ",".join(WEAK_ROWS.names) == f"video,face_id,{moments}"


@pytest.mark.slow
def test_the_repr_is_short_and_says_what_was_found(result):
    lines = repr(result).splitlines()
    assert lines[0] == "VideoResult of interview.mp4: 12.0 s, 2 faces, 4 events (3 with a class)"
    assert lines[1] == f"folder: {result.folder}"
    assert len(lines) <= 3


@pytest.mark.slow
def test_files_are_paths_of_what_was_written(result):
    assert result.files.overlay == result.folder / "overlay.mp4"
    assert result.files.events.is_file()
    assert result.files.frames.is_file()


@pytest.mark.slow
def test_an_event_has_a_folder_of_pictures_and_a_list_of_maps(result):
    assert (result.evidence("e0001") / "onset.png").is_file()
    assert [each.file for each in result.maps("e0001")] == [f"map-{number}.png" for number in (1, 2, 3, 4)]
    with pytest.raises(MerlabError, match="unknown event 'e0009'.*did you mean e000"):
        result.maps("e0009")


@pytest.mark.slow
def test_what_moved_is_a_table_with_units(result):
    parts = result.regions[result.regions["event"] == "e0002"]
    assert parts[["part", "px", "direction"]].to_numpy().tolist() == [
        ["nose", 1.92, "up and outwards"],
        ["cheeks, left", 0.81, "up"],
    ]
    units = result.action_units[result.action_units["event"] == "e0001"]
    assert units.drop(columns="event").to_numpy().tolist() == [
        [0, "AU12", "left", "lip corner puller", 1.90],
        [0, "AU6", "", "cheek raiser", 0.72],
    ]
    assert "e0003" not in set(result.action_units["event"])


def test_tables_without_an_event_have_their_columns(tmp_path):
    result = read_video_result(write_result(tmp_path / "out", events=0, pictures=False))
    assert result.regions.columns.tolist() == ["event", "face_id", "part", "px", "direction"]
    assert result.action_units.columns.tolist() == ["event", "face_id", "action_unit", "side", "name", "px"]
    assert (len(result.regions), len(result.action_units), len(result.weak)) == (0, 0, 0)


def test_movements_of_a_face_are_its_own(tmp_path):
    result = read_video_result(write_result(tmp_path / "out", pictures=False))
    assert [row.event for row in result.rows_of(1)] == ["e0002", "e0004"]
    fields = {field.name: getattr(result.rows[1], field.name) for field in dataclasses.fields(WeakEvent)}
    weak = tuple(WeakEvent(**{**fields, "face_id": face_id, "tier": "weak"}) for face_id in (0, 1, 1))
    assert replace(result, weak_rows=weak).weak_rows_of(1) == list(weak[1:])


@pytest.mark.parametrize("ask", ["scores_of", "curve", "rows_of", "weak_rows_of"])
@pytest.mark.parametrize("face_id", [7, "1", 1.0, None])
def test_a_face_that_is_not_there_is_named_with_those_that_are(tmp_path, ask, face_id):
    result = read_video_result(write_result(tmp_path / "out", pictures=False))
    with pytest.raises(MerlabError, match=f"the result has no face {face_id!r}; its faces are 0, 1"):
        getattr(result, ask)(face_id)


def test_scores_of_a_face_are_three_columns_also_where_it_has_no_row(tmp_path):
    result = read_video_result(write_result(tmp_path / "out", pictures=False))
    names, frames = ["time_s", "score", "threshold"], result.frames
    assert result.scores_of(1).equals(frames.loc[frames["face_id"] == 1, names])
    unseen = replace(result, frames=frames.iloc[:0]).scores_of(1)
    assert (unseen.columns.tolist(), len(unseen)) == (names, 0)


def test_a_folder_without_a_result_is_named(tmp_path):
    with pytest.raises(MerlabError, match="contains no finished result of `merlab recognize`"):
        read_video_result(tmp_path)


def test_the_reasons_of_an_event_state_the_limits_of_its_result(tmp_path):
    result = read_video_result(write_result(tmp_path / "out", pictures=False))
    row = replace(result.rows[0], withheld="movement too large; probability too low")
    changed = {"words": WordSettings(largest_px=4.0), "unsure_below": 0.7}
    settings = result.metadata.settings.model_copy(update=changed)
    assert withheld_sentences(row, result.metadata.model_copy(update={"settings": settings})) == [
        "No class has a probability of 0.7 or more.",
        "A part of the face moves by more than 4 px, farther than in a micro-expression.",
    ]


class TestHtml:
    def test_it_shows_stamps_events_warnings_and_a_link(self, result):
        page = Page(result._repr_html_())
        assert page.open == []
        assert "interview.mp4: 12.0 s, 2 faces, 4 events (3 with a class) [SYNTHETIC]" in page.text
        assert "face 0 is cut off at the left edge of the frame" in page.text
        assert len(page.attributes("tr")) == 1 + 4
        (link,) = page.attributes("a")
        assert str(link["href"]).endswith("interview/report.html")

    def test_names_are_never_markup(self, tmp_path):
        name = "<script>alert(1)</script>.mp4"
        folder = write_result(tmp_path / "<b>", video=name, stamps=["<i>"], warnings=["<img src=x>"], pictures=False)
        html = read_video_result(folder)._repr_html_()
        assert Page(html).open == []
        for hostile in ("<script", "<img", "<i>", "<b>"):
            assert hostile not in html


class TestFigure:
    def test_each_face_has_a_panel_with_its_events_and_classes(self, result):
        figure = result.plot()
        assert figure.get_suptitle() == "interview.mp4 [model: SYNTHETIC]"
        panels = figure.axes
        assert [axes.get_title(loc="left") for axes in panels] == ["face 0", "face 1"]
        for face_id, axes in enumerate(panels):
            rows = result.rows_of(face_id)
            assert [patch.get_x() for patch in axes.patches] == [row.onset_s for row in rows]
            assert [text.get_text() for text in axes.texts] == [row.class_text for row in rows]

    @pytest.mark.parametrize("changes", [{"faces": 0}, {"events": 0}])
    def test_a_result_without_faces_or_events_can_be_drawn(self, tmp_path, changes):
        result = read_video_result(write_result(tmp_path / "out", **changes))
        result.plot().savefig(tmp_path / "figure.png")
        assert Page(result._repr_html_()).open == []


def test_a_result_of_an_earlier_version_has_classes_without_reasons(tmp_path):
    folder = write_result(tmp_path / "out", pictures=False)
    table = pd.read_csv(folder / EVENTS).drop(columns=["withheld", "kind", "tier", "why_other"])
    table.to_csv(folder / EVENTS, index=False)
    metadata = stored_metadata(folder)
    for name in ("withheld", "settings.words", "asked.words", "model.scheme"):
        *groups, own = name.split(".")
        content = metadata[groups[0]] if groups else metadata
        del content[own]
    write_json(folder / METADATA, metadata)
    assert [row.reasons for row in read_video_result(folder).rows] == [[]] * 4


def test_metadata_of_another_version_is_reported_with_the_field(tmp_path):
    folder = write_result(tmp_path / "out", pictures=False)
    metadata = stored_metadata(folder)
    del metadata["video"]["fps"]
    write_json(folder / METADATA, metadata)
    with pytest.raises(MerlabError, match=r"is damaged.* merlab 0.1.0 wrote it \(video.fps: Field required\)"):
        read_video_result(folder)
