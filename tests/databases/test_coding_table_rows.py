"""What is found in the rows of a coding table, whatever its database: small tables of one made-up release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from merlab.clips import Finding
from merlab.databases import casme, smic_release
from merlab.databases.coded.coding_table import CodingTable, read_coding_table
from merlab.databases.coded.quirks import Quirk
from merlab.databases.coded.release import LayoutFormat, Release, Role, TableFormat
from merlab.databases.coded.workbook import Records
from merlab.databases.smic_facts import CAMERAS
from merlab.synthesis.folder import MANIFEST

ROLES = get_args(Role)
FORM = TableFormat(
    files=".*",
    looked_for="*",
    columns={role: role.title() for role in ROLES},
    subject=lambda text: text or None,
    subject_example="A",
    clip_example="a",
    emotions={},
    optional=frozenset(ROLES) - {"subject", "clip", "onset", "offset"},
)
RELEASE = Release("mine", "Mine", 30.0, FORM, LayoutFormat(".*", "*", ()))
MOMENTS = "Subject,Clip,Onset,Offset"


def read(folder: Path, *lines: str, name: str = "a.csv", quirks: tuple[Quirk, ...] = (), **form: Any) -> CodingTable:
    """The table of these lines, without the findings about columns of action units and emotions where it has none."""
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    table = read_coding_table(path, replace(RELEASE, table=replace(FORM, **form), quirks=quirks))
    findings = [finding for finding in table.findings if finding.found != "none"]
    return replace(table, findings=tuple(findings))


def told(table: CodingTable) -> list[tuple[str, str, str, str]]:
    """Severity, place, expected and found of each finding."""
    return [(each.severity, each.where, each.expected, each.found) for each in table.findings]


def test_a_table_is_read_by_the_names_of_its_columns(tmp_path):
    table = read(tmp_path, f"Label,{MOMENTS},Emotion,Apex,Action Units", "1,A,a,3,8,Joy,5,4", "2,B,b,4,9,fear,,")
    assert [(row.number, row.subject, row.clip, row.onset, row.apex, row.offset) for row in table.rows] == [
        (2, "A", "a", 3, 5, 8),
        (3, "B", "b", 4, None, 9),
    ]
    assert [(row.emotion, row.action_units) for row in table.rows] == [("joy", "4"), ("fear", "")]
    assert table.facts == {
        "coding table": str(tmp_path / "a.csv"),
        "table version": "release (no counts are published that merlab knows)",
        "rows": "2",
        "kinds": "(empty) 2",
        "emotions": "fear 1, joy 1",
        "action units": "none in 1 row, the first row 3",
    }
    assert told(table) == []


def test_the_facts_name_the_first_row_without_action_units_and_no_kinds_where_there_are_none(tmp_path):
    columns = {role: column for role, column in FORM.columns.items() if role != "kind"}
    facts = read(tmp_path, f"{MOMENTS},Action Units", "A,a,3,8,", "A,b,3,8,4", "A,c,3,8,", columns=columns).facts
    assert facts["action units"] == "none in 2 rows, the first row 2"
    assert "kinds" not in facts


def test_kinds_are_compared_with_the_published_ones(tmp_path):
    table = read(tmp_path, f"{MOMENTS},Kind", "A,a,3,8,micro", kinds={"micro": 2})
    assert ("differs", "a.csv", "kinds micro 2", "micro 1") in told(table)


def test_rows_that_cannot_be_used_are_listed_but_are_no_rows(tmp_path):
    table = read(tmp_path, f"{MOMENTS},Folder", "A,a,3,8,f", "A,b,three,8,g", ",c,3,8,")
    assert [row.clip for row in table.rows] == ["a"]
    assert table.listed == {("A", "f"), ("A", "g"), ("", "c")}
    assert [(severity, where) for severity, where, *_ in told(table)] == [
        ("unusable", "A b (row 3)"),
        ("unusable", "a.csv, row 4"),
    ]


class TestATableOfSyntheticClips:
    @pytest.mark.parametrize(
        ("name", "title", "manifest"), [("SYNTHETIC.csv", "", 0), ("a.csv", "SYNTHETIC faces", 0), ("a.csv", "", 1)]
    )
    def test_is_known_by_its_name_or_title_or_by_a_manifest_beside_it(self, tmp_path, name, title, manifest):
        (tmp_path / MANIFEST).write_text("{}") if manifest else None
        row = {"Subject": "A", "Clip": "a", "Onset": "3", "Offset": "8"}
        records = Records(title, tuple(row), {2: row}, ())
        table = read(tmp_path, name=name, read=lambda path: records, rows={"first": 7})
        assert (table.synthetic, [row.clip for row in table.rows], told(table)) == (True, ["a"], [])

    def test_is_no_other_one(self, tmp_path):
        table = read(tmp_path, MOMENTS, "A,a,3,8", rows={"first": 7})
        assert not table.synthetic
        assert told(table) == [("differs", "a.csv", "7 rows", "1 row")]


class TestClipsOfOneName:
    def test_have_their_onsets_and_where_these_are_equal_their_offsets_in_their_names(self, tmp_path):
        rows = ("A,a,3,8", "A,a,5,8", "A,a,5,9", "B,a,3,8", "A,b,3,8", "C,a,5,8", "C,a,5,9")
        table = read(tmp_path, MOMENTS, *rows, names_repeat=True)
        assert [row.clip for row in table.rows] == ["a@3", "a@5-8", "a@5-9", "a", "b", "a@5-8", "a@5-9"]
        assert {row.folder for row in table.rows} == {"a", "b"}

    def test_are_used_once_where_their_rows_are_equal(self, tmp_path):
        table = read(tmp_path, MOMENTS, "A,a,3,8", "B,a,3,8", "A,a,3,8")
        assert [(row.number, row.subject) for row in table.rows] == [(2, "A"), (3, "B")]
        assert told(table) == [("differs", "A a", "one row per clip", "rows 2, 4, which are equal")]
        assert table.findings[0].remedy == "the clip is used once"

    @pytest.mark.parametrize("same", ["3.2,5,8,", "3,,8,5"])
    def test_are_used_once_where_their_cells_mean_the_same(self, tmp_path, same):
        header = "Subject,Clip,Onset,Apex,Offset,Second Apex"
        table = read(tmp_path, header, "A,a,3,5,8,", f"A,a,{same}", unknown_frames=True)
        assert [row.number for row in table.rows] == [2]
        assert [each.remedy for each in table.findings if each.where == "A a"] == ["the clip is used once"]

    def test_are_not_used_where_their_rows_contradict_each_other(self, tmp_path):
        table = read(tmp_path, MOMENTS, "A,a,3,8", "A,a,3,9", "A,b,3,8")
        assert [row.clip for row in table.rows] == ["b"]
        assert told(table) == [("unusable", "A a", "one row per clip", "rows 2, 3, which contradict each other")]
        assert table.findings[0].remedy == "remove the wrong rows from the table"

    def test_are_used_once_where_all_are_macro_expressions(self, tmp_path):
        header = f"{MOMENTS},Kind,Emotion"
        macro = read(tmp_path, header, "A,a,3,8,macro,joy", "A,a,3,8,macro,fear")
        assert [row.emotion for row in macro.rows] == ["joy"]
        assert [finding.severity for finding in macro.findings] == ["differs"]
        mixed = read(tmp_path, header, "A,a,3,8,macro,joy", "A,a,3,8,micro,joy")
        assert (mixed.rows, [finding.severity for finding in mixed.findings]) == ((), ["unusable"])


class TestLabels:
    def test_tell_a_version_by_their_counts_or_by_the_column_that_the_newest_has(self, tmp_path):
        counts = {"old": {"joy": 1}, "new": {"joy": 2}}
        header = f"{MOMENTS},Emotion"
        versions = [
            read(tmp_path, header, "A,a,3,8,joy", emotions=counts),
            read(tmp_path, header, "A,a,3,8,joy", "A,b,3,8,joy", emotions=counts),
            read(tmp_path, header, "A,a,3,8,fear", emotions=counts),
            read(tmp_path, f"{header},Objective Class", "A,a,3,8,fear,1", emotions=counts),
        ]
        assert [table.version for table in versions] == ["old", "new", "old", "new"]

    def test_that_no_version_has_are_reported_but_for_macro_expressions(self, tmp_path):
        rows = ("A,a,3,8,micro,joy", "A,b,3,8,micro,feer", "A,c,3,8,macro,none")
        table = read(tmp_path, f"{MOMENTS},Kind,Emotion", *rows, labels=("joy", "fear"))
        assert told(table) == [("differs", "A b (row 3)", "one of joy, fear", "'feer'")]
        assert (table.facts["emotions"], table.facts["kinds"]) == ("feer 1, joy 1", "micro 2, macro 1")

    def test_of_a_column_each_are_counted_one_by_one(self, tmp_path):
        table = read(
            tmp_path, f"{MOMENTS},Joy,Fear,Rage", "A,a,3,8,1,1,0", "A,b,3,8,0,1,", flags=("Joy", "Fear", "Rage")
        )
        assert [row.emotion for row in table.rows] == ["joy+fear", "fear"]
        assert table.facts["emotions"] == "fear 2, joy 1"
        assert told(table) == []

    def test_of_a_column_each_may_be_none_in_a_row_which_is_reported(self, tmp_path):
        table = read(tmp_path, f"{MOMENTS},Joy", "A,a,3,8,1", "A,b,3,8,0", flags=("Joy",), labels=("joy",))
        assert told(table) == [("differs", "A b (row 3)", "one of joy", "''")]

    def test_of_a_column_that_is_absent_are_reported(self, tmp_path):
        table = read(tmp_path, f"{MOMENTS},Joy", "A,a,3,8,1", flags=("Joy", "Fear"))
        assert told(table) == [("differs", "a.csv", "columns Joy, Fear", "no column Fear")]


class TestACellThatIsNotWhatItsColumnSays:
    def test_leaves_the_clip_without_action_units(self, tmp_path):
        table = read(tmp_path, f"{MOMENTS},Action Units", "A,a,3,8,4+L10", "A,b,3,8,happy")
        assert [row.action_units for row in table.rows] == ["4+L10", ""]
        expected = "action units such as 4+L10 in column Action Units"
        assert told(table) == [("differs", "A b (row 3)", expected, "'happy'")]

    def test_leaves_the_clip_without_an_objective_class(self, tmp_path):
        table = read(tmp_path, f"{MOMENTS},Objective Class", "A,a,3,8,4", "A,b,3,8,9")
        assert [row.objective_class for row in table.rows] == ["IV", ""]
        assert told(table) == [("differs", "A b (row 3)", "I to VII, or 1 to 7 in column Objective Class", "'9'")]

    def test_is_completed_where_frames_may_be_unknown(self, tmp_path):
        table = read(tmp_path, f"{MOMENTS},Apex", "A,a,-5,8,4", "A,b,3,8,4", unknown_frames=True)
        assert [(row.onset, bool(row.note)) for row in table.rows] == [(1, True), (3, False)]
        assert [(severity, found) for severity, _, _, found in told(table)] == [
            ("differs", "1 row without: 2"),
            ("handled", "1 row without: 2"),
        ]


@pytest.mark.parametrize(
    ("columns", "flags", "absent"),
    [
        ("Label", (), ["Action Units", "Emotion"]),
        ("Emotion", (), ["Action Units"]),
        ("Action Units", (), ["Emotion"]),
        ("Joy", ("Joy",), ["Action Units"]),
    ],
)
def test_a_column_that_is_absent_is_reported_once_and_not_for_every_row(tmp_path, columns, flags, absent):
    (tmp_path / "a.csv").write_text(f"{MOMENTS},{columns}\nA,a,3,8,1\nA,b,3,8,1\n")
    release = replace(RELEASE, table=replace(FORM, flags=flags, labels=("1", "joy")))
    table = read_coding_table(tmp_path / "a.csv", release)
    assert told(table) == [("differs", "a.csv", f"a column {column}", "none") for column in absent]
    assert "action units" not in table.facts


class TestTheDuration:
    @pytest.mark.parametrize(("stated", "wrong"), [("6", False), ("6.0", False), ("", False), ("5", True), ("x", True)])
    def test_is_compared_with_onset_and_offset(self, tmp_path, stated, wrong):
        table = read(tmp_path, f"{MOMENTS},Duration", f"A,a,3,8,{stated}")
        expected = "Duration 6, for onset 3 and offset 8"
        assert told(table) == ([("differs", "A a (row 2)", expected, stated)] if wrong else [])

    def test_of_a_row_that_was_completed_is_not_compared(self, tmp_path):
        table = read(tmp_path, f"{MOMENTS},Apex,Duration", "A,a,0,8,4,6", unknown_frames=True)
        assert [finding.severity for finding in table.findings] == ["handled"]

    @pytest.mark.parametrize(
        ("row", "found"),
        [
            # 3 s are 90 frames at 30 frames per second, and 150 at 50.
            ("1,90,micro,30", None),
            ("1,91,micro,30", "3.0 s, onset 1 and offset 91"),
            ("1,150,micro,50", None),
            ("1,151,micro,50", "3.0 s, onset 1 and offset 151"),
            ("1,300,micro,50", "6.0 s, onset 1 and offset 300"),
            ("1,900,macro,30", None),
        ],
    )
    def test_of_a_micro_expression_is_3_seconds_at_most(self, tmp_path, row, found):
        table = read(tmp_path, "Subject,Clip,Onset,Offset,Kind,Frames Per Second", f"A,a,{row}")
        doubts = [(expected, seen) for _, _, expected, seen in told(table)]
        assert doubts == ([("a micro-expression of 3 s or less", found)] if found else [])

    def test_is_that_at_the_rate_of_the_release_where_the_table_has_none(self, tmp_path):
        assert [len(read(tmp_path, MOMENTS, f"A,a,1,{offset}").findings) for offset in (90, 91)] == [0, 1]

    @pytest.mark.parametrize(("kind", "reported"), [("wrong frame", False), ("frame range", False), ("odd name", True)])
    def test_of_a_documented_mistake_of_its_frames_is_known(self, tmp_path, kind, reported):
        table = read(tmp_path, MOMENTS, "A,a,1,900", quirks=(Quirk("A a", kind, "known"),))
        assert bool(table.findings) == reported


SMIC_HS = smic_release.release_of(CAMERAS["HS"], smic_release.LONG)


class TestSecondFrames:
    def findings(self, folder: Path, release: Release, header: str, row: str) -> list[Finding]:
        (folder / "a.csv").write_text(f"{header}\n{row}\n")
        table = read_coding_table(folder / "a.csv", release)
        return [finding for finding in table.findings if finding.where.endswith("(row 2)")]

    @pytest.mark.parametrize("apex", ["", "/", "0", "77"])
    def test_of_an_apex_are_a_frame_or_nothing(self, tmp_path, apex):
        header, row = "Subject,Filename,OnsetF,ApexF1,OffsetF,AU,Emotion,ApexF2", f"1,EP01_1,73,76,80,4,tense,{apex}"
        assert self.findings(tmp_path, casme.RELEASE, header, row) == []

    @pytest.mark.parametrize("apex", ["#REF!", "x", "-4", "76.5"])
    def test_of_an_apex_that_are_none_are_reported(self, tmp_path, apex):
        header, row = "Subject,Filename,OnsetF,ApexF1,OffsetF,AU,Emotion,ApexF2", f"1,EP01_1,73,76,80,4,tense,{apex}"
        (finding,) = self.findings(tmp_path, casme.RELEASE, header, row)
        assert (finding.severity, finding.where) == ("differs", "sub01 EP01_1 (row 2)")
        assert (finding.expected, finding.found) == ("a frame number, or nothing, in column ApexF2", repr(apex))

    @pytest.mark.parametrize("movement", [",", "/,/", "0,0", "90,95", "90,90"])
    def test_of_a_movement_are_its_onset_and_offset_or_nothing(self, tmp_path, movement):
        header, row = (
            "Subject,Filename,OnsetF,OffsetF,Emotion,Onset2F,Offset2F",
            f"1,s1_ne_01,73,80,negative,{movement}",
        )
        assert self.findings(tmp_path, SMIC_HS, header, row) == []

    @pytest.mark.parametrize(
        ("movement", "found"),
        [
            ("95,90", "'95' and '90'"),
            ("90,", "'90' and ''"),
            (",95", "'' and '95'"),
            ("#N/A,#N/A", "'#N/A' and '#N/A'"),
        ],
    )
    def test_of_a_movement_that_are_not_both_frames_in_their_order_are_reported(self, tmp_path, movement, found):
        header, row = (
            "Subject,Filename,OnsetF,OffsetF,Emotion,Onset2F,Offset2F",
            f"1,s1_ne_01,73,80,negative,{movement}",
        )
        (finding,) = self.findings(tmp_path, SMIC_HS, header, row)
        expected = "onset <= offset of a second movement, or nothing, in columns Onset2F and Offset2F"
        assert (finding.severity, finding.expected, finding.found) == ("differs", expected, found)

    @pytest.mark.parametrize(("movement", "found"), [("95,90", "'95' and '90'"), ("90,", "'90' and ''")])
    def test_a_third_movement_is_checked_as_the_second_is(self, tmp_path, movement, found):
        header = "Subject,Filename,OnsetF,OffsetF,Emotion,Onset2F,Offset2F,Onset3F,Offset3F"
        (finding,) = self.findings(tmp_path, SMIC_HS, header, f"1,s1_ne_01,73,80,negative,85,88,{movement}")
        expected = "onset <= offset of a third movement, or nothing, in columns Onset3F and Offset3F"
        assert (finding.severity, finding.expected, finding.found) == ("differs", expected, found)

    def test_are_counted_in_the_facts(self, tmp_path):
        rows = ("A,a,3,8,9,,", "A,b,3,8,,20,25", "A,c,3,8,7,0,0", "A,d,3,8,,30,31")
        facts = read(tmp_path, f"{MOMENTS},Second Apex,Second Onset,Second Offset", *rows).facts
        assert facts["second apex coded"] == "in 2 rows; the first apex is used if there is one"
        assert facts["second onset coded"] == (
            "in 2 rows; a second movement in the same video; the clip is the first movement"
        )
