"""The output folder of synthetic faces belongs to one kind of content."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable

import pytest

from merlab.errors import MerlabError
from merlab.synthesis import make_faces, make_videos
from merlab.synthesis.flow_writing import make_flow
from merlab.synthesis.folder import SETTINGS, require_same_versions, stack_versions, warn_of_other_versions

KINDS: dict[str, tuple[str, Callable[..., object]]] = {
    "synthetic faces": ("Cropped", make_faces),
    "synthetic flow": ("SYNTHETIC_flow", make_flow),
    "synthetic recordings": ("SYNTHETIC_videos", make_videos),
}


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("present", "wanted"), [(present, wanted) for present in KINDS for wanted in KINDS if present != wanted]
)
def test_another_kind_of_content_is_not_taken_for_other_settings_and_never_replaced(tmp_path, present, wanted, again):
    folder, make = KINDS[present][0], KINDS[wanted][1]
    (tmp_path / "out" / folder).mkdir(parents=True)
    (tmp_path / "out" / SETTINGS).write_text("{}")
    with pytest.raises(MerlabError, match=f"out holds {present}, not {wanted}; choose another output"):
        make(tmp_path / "out", subjects=1, again=again)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([folder, SETTINGS])


@pytest.mark.parametrize("make", [make for _, make in KINDS.values()], ids=KINDS)
def test_a_folder_that_merlab_could_not_read_again_is_refused(tmp_path, make):
    """OpenCV would end the process."""
    with pytest.raises(MerlabError, match=r"caf\\udce9 has a name that is not valid UTF-8; rename the .* folder"):
        make(tmp_path / "caf\udce9", subjects=1)
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_people_is_not_called_synthetic(tmp_path):
    (tmp_path / "Cropped").mkdir()
    with pytest.raises(MerlabError, match="is not empty and does not hold synthetic flow"):
        make_flow(tmp_path, subjects=1)


def test_a_folder_that_other_versions_began_is_not_continued(tmp_path):
    versions = stack_versions()
    (tmp_path / SETTINGS).write_text(json.dumps({"versions": versions}))
    require_same_versions(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_other_versions(tmp_path)
    for former, named in (({**versions, "numpy": "1.26.0"}, "numpy 1.26.0"), (None, "unknown versions")):
        (tmp_path / SETTINGS).write_text(json.dumps({"versions": former}))
        with pytest.raises(MerlabError, match=rf"was started with .*{named}.*add --again to start it again"):
            require_same_versions(tmp_path)
