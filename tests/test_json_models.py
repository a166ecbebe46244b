"""Models as JSON files: what is read is what was written, a changed entry is noticed; models made in Python."""

from __future__ import annotations

import json
from typing import ClassVar

import pytest
from pydantic import BaseModel, ConfigDict, RootModel

from merlab.errors import MerlabError
from merlab.json_models import GivenModel, read_model, sealed, write_model
from merlab.version import __version__


class Facts(BaseModel):
    name: str
    value: float | None
    counts: dict[str, int] = {}


FACTS = Facts(name="高兴 \ud800", value=0.1 + 0.2, counts={"b": 2, "a": 1})


def edited(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


def test_a_model_is_read_as_it_was_written_with_its_digest_as_the_last_entry(tmp_path):
    write_model(tmp_path / "facts.json", FACTS)
    assert read_model(tmp_path / "facts.json", Facts) == FACTS
    assert list(json.loads((tmp_path / "facts.json").read_text())) == ["name", "value", "counts", "content_digest"]


@pytest.mark.parametrize(
    "changes", [{"name": "x"}, {"value": 0.3}, {"counts": {"b": 2}}, {"more": 1}, {"content_digest": "0" * 64}]
)
def test_a_changed_entry_is_noticed(tmp_path, changes):
    write_model(tmp_path / "facts.json", FACTS)
    with pytest.raises(MerlabError, match=r"facts\.json is damaged: .* digest .*; choose a new folder"):
        read_model(edited(tmp_path / "facts.json", **changes), Facts)


def test_the_order_of_entries_and_the_layout_of_the_file_do_not_matter(tmp_path):
    path = tmp_path / "facts.json"
    write_model(path, FACTS)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(content.items()))))
    assert read_model(path, Facts) == FACTS


def test_a_file_of_an_earlier_version_has_no_digest_and_is_read(tmp_path):
    (tmp_path / "facts.json").write_text('{"name": "x", "value": 1}')
    assert read_model(tmp_path / "facts.json", Facts).value == 1


def test_a_list_has_no_digest(tmp_path):
    write_model(tmp_path / "list.json", RootModel[list[int]]([1, 2]))
    assert read_model(tmp_path / "list.json", RootModel[list[int]]).root == [1, 2]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_not_finite_becomes_null(tmp_path, value):
    """JSON has no such numbers, and most programs refuse files with NaN."""
    write_model(tmp_path / "facts.json", FACTS.model_copy(update={"value": value}))
    content = json.loads((tmp_path / "facts.json").read_text(), parse_constant=pytest.fail)
    assert content["value"] is None
    assert read_model(tmp_path / "facts.json", Facts).value is None


def test_a_sealed_content_is_sealed_once():
    assert (
        sealed({"a": 1})["content_digest"] == sealed({"a": 1})["content_digest"] != sealed({"a": 2})["content_digest"]
    )


class Share(GivenModel):
    model_config = ConfigDict(extra="forbid")

    value: float
    field_word: ClassVar[str] = "share setting"


class Shares(GivenModel):
    first: Share
    names: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (
            lambda: Share(**{"valeu": 1}),
            r"^unknown share setting 'valeu'; did you mean value\? share settings are value$",
        ),
        (lambda: Share(value="x"), "^share setting value: Input should be a valid number, .*, got 'x'$"),
        (Share, "^share setting value: Field required$"),
        (lambda: Shares(first={"value": None}), "^field first: share setting value: Input should be .*, got None$"),
        (lambda: Shares(first={"x": 1}), "^field first: unknown share setting 'x'; share settings are value$"),
        (lambda: Shares(first=Share(value=1), names=("a", 1)), "^field names: Input should be a valid string, got 1$"),
    ],
)
def test_a_wrong_field_of_a_model_made_in_python_is_named(make, fault):
    with pytest.raises(MerlabError, match=fault):
        make()


def test_a_wrong_field_of_a_model_in_a_file_is_named_with_the_file(tmp_path):
    class Card(BaseModel):
        share: Share

    (tmp_path / "card.json").write_text('{"share": {"value": "x"}}')
    with pytest.raises(MerlabError, match=r"card.json is damaged, .* \(share: share setting value: .*, got 'x'\)"):
        read_model(tmp_path / "card.json", Card)


@pytest.mark.parametrize(
    "stated",
    [{"merlab": "9.1.0"}, {"versions": {"merlab": "9.1.0"}}, {"asked": {"merlab": "9.1.0"}, "versions": "unknown"}],
)
def test_the_other_version_that_a_file_states_is_named_beside_the_fault(tmp_path, stated):
    """Its fields may have changed, but the file may also be damaged, or of another kind."""
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"counts": [1, 2], **stated}))
    states = r"; it states that merlab 9\.1\.0 wrote it \(.*\); choose a new"
    with pytest.raises(MerlabError, match=rf"is damaged, or not of merlab {__version__}{states}"):
        read_model(path, Facts)
    with pytest.raises(MerlabError, match=f"contains no facts{states}"):
        read_model(path, Facts, "contains no facts")


def test_a_file_of_this_version_that_is_wrong_is_damaged(tmp_path):
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"counts": [1, 2], "versions": {"merlab": f"{__version__}+0a1b2c3d"}}))
    with pytest.raises(MerlabError, match=rf"is damaged, or not of merlab {__version__} \("):
        read_model(path, Facts)
