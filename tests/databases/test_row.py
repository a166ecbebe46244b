"""One row of a coding table, in all databases that have one."""

from __future__ import annotations

import pytest

from merlab.clips import Finding
from merlab.databases import casme, casme2, casme3, casme_squared, dfme, fourdme, mmew, samm, samm_long
from merlab.databases.coded.release import Release, Role
from merlab.databases.coded.row import parse_row

RELEASES = [
    casme.RELEASE,
    casme2.RELEASE,
    casme3.PART_A,
    casme3.PART_C,
    casme_squared.RELEASE,
    dfme.RELEASE,
    fourdme.RELEASE,
    mmew.RELEASE,
    samm.RELEASE,
    samm_long.RELEASE,
]


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
@pytest.mark.parametrize("cell", ["", " "])
def test_a_cell_without_a_subject_makes_the_row_unusable(release: Release, cell: str):
    record: dict[Role, str] = {**dict.fromkeys(release.table.columns, "1"), "kind": "micro", "subject": cell}
    finding = parse_row(7, record, "table.xlsx", release)
    assert isinstance(finding, Finding)
    assert (finding.severity, finding.where, finding.found) == ("unusable", "table.xlsx, row 7", repr(cell))
    assert finding.expected.startswith("a subject such as")
