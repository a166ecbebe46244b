"""The figure of a clip."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.key_frames import key_frames_figure
from tests.helpers import make_clip, moved, texture, write_frames


@pytest.fixture
def table(tmp_path):
    """A clip whose whole picture moves 3 px to the right from onset to apex and back."""
    face = texture(0)
    folder = write_frames(tmp_path / "clip", [face, moved(face, 3, 0), face])
    return ClipTable((make_clip(folder),), ("SYNTHETIC",))


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


@pytest.mark.slow
def test_it_shows_onset_apex_offset_and_the_flow_with_its_scale(table):
    figure = table.plot(0)
    *frames, flow = titles(figure)
    assert frames == ["onset, frame 1", "apex, frame 2", "offset, frame 3"]
    assert float(flow.removeprefix("flow, full color ").removesuffix(" px")) == pytest.approx(3, abs=0.2)
    assert figure.get_suptitle() == "casme2/sub01/EP01_01: happiness, AU 12 [SYNTHETIC]"


def test_a_movement_to_the_right_is_red(table):
    flow = np.asarray(table.plot("EP01_01").axes[-1].get_images()[0].get_array())
    red, green, blue = flow[100:180, 80:150].mean(axis=(0, 1))
    assert red > 250
    assert max(green, blue) < 60


def test_a_clip_without_an_apex_shows_what_is_known(tmp_path):
    folder = write_frames(tmp_path / "clip", [texture(0)] * 3)
    table = ClipTable((make_clip(folder, apex=None, offset=None, emotion="", action_units=""),))
    assert titles(table.plot(0)) == ["onset, frame 1"]
    assert table.plot(0).get_suptitle() == "casme2/sub01/EP01_01: unlabeled"


def test_stored_flow_is_shown_by_channel(tmp_path):
    from merlab.databases import load
    from tests.helpers import write_flow_tree

    figure = load("ststnet-flow", write_flow_tree(tmp_path / "flow")).plot(0)
    assert titles(figure) == ["u, to the right", "v, downwards", "optical strain"]


@pytest.mark.parametrize("which", ["EP99", "casme2/sub01/EP99"])
def test_a_clip_that_is_not_there_is_named(table, which):
    with pytest.raises(
        MerlabError, match=f"no clip has the name '{which}'; give its key, such as casme2/sub01/EP01_01"
    ):
        table.plot(which)


def test_nothing_known_is_a_figure_without_pictures(table):
    assert key_frames_figure(table.frames(table[0]), {}, "nothing").get_suptitle() == "nothing"


def test_a_notebook_shows_it_as_a_picture(table):
    assert table.plot(0)._repr_png_().startswith(b"\x89PNG")
