"""``merlab coding import``: decisions from a file of another program into coding.csv; none is lost in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from merlab.coding.codable_result import CodableResult, read_codable
from merlab.coding.decisions import Coding, Decision, lost
from merlab.coding.elan_import import ElanChoice, imported_elan
from merlab.coding.events import named_coders
from merlab.coding.file import read_coding, require_fit, write_coding
from merlab.coding.found_events import Imported
from merlab.coding.tables import imported_table
from merlab.elan.reading import read_elan
from merlab.errors import MerlabError
from merlab.outputs.locks import only_writer
from merlab.outputs.result_folder import CODING
from merlab.spelling import counted, first_of
from merlab.table_files.reading import SUFFIXES

MOST_NAMED = 3
ELAN_SUFFIX = ".eaf"


@dataclass(frozen=True)
class ImportReport:
    """What an import did: the coders whose decisions it holds, how many, how many of them are new or changed, notes."""

    coders: tuple[str, ...]
    decisions: int
    changed: int
    notes: tuple[str, ...]


def import_coding(
    result: Path,
    file: Path,
    *,
    coder: str | None = None,
    choice: ElanChoice | None = None,
    again: bool = False,
) -> ImportReport:
    """Put the decisions in a file into coding.csv of a result, in the place of those of the same coders.

    Args:
        result: the folder of `merlab recognize` or `merlab spot`.
        file: an .eaf file, coding.csv of another folder, coded events of `merlab coding export`, or a table of events
            with onset and offset in frames.
        coder: the initials for all decisions in the file; unless given, those that the file states. Of several coders
            in an .eaf file, those of this one are read; beside tiers of other coders, the only tier of another program.
        choice: what a user states about the file, where it is not clear.
        again: replace decisions of the same coders that the file lacks or has otherwise.

    Raises:
        MerlabError: for a file that cannot be read or does not fit the result, and, without ``again``, where decisions
            would be lost; coding.csv then stays as it is.

    """
    material = read_codable(result)
    read = _under(_imported(file, material, replace(choice or ElanChoice(), coder=coder)), file, coder)
    for decision in read.coding.decisions:
        try:
            require_fit(decision, material)
        except MerlabError as error:
            raise MerlabError(f"{file}, {decision.place}: {error}") from error
    with only_writer(material.folder / CODING):
        before = read_coding(material)
        after = _joined(before, read.coding, file, again)
        changed = set(after.decisions) - set(before.decisions)
        write_coding(material.folder, after)
    return ImportReport(read.coding.coders, len(read.coding.decisions), len(changed), read.notes)


def _imported(file: Path, material: CodableResult, choice: ElanChoice) -> Imported:
    if file.suffix.lower() == ELAN_SUFFIX:
        return imported_elan(read_elan(file), material, choice)
    if file.suffix.lower() not in SUFFIXES:
        raise MerlabError(f"{file} is neither an .eaf file nor a table ({', '.join(SUFFIXES)}); save it as one of them")
    if choice.tiers or choice.media is not None:
        raise MerlabError(
            f"{file} is a table; {'--tier' if choice.tiers else '--media'} chooses in an .eaf file, leave it out"
        )
    return imported_table(file, material, choice.face_id, choice.coder)


def _under(read: Imported, file: Path, coder: str | None) -> Imported:
    """The decisions under the given initials; raises MerlabError where there are none, or those of several coders."""
    if not read.coding.decisions:
        raise MerlabError(f"{file} holds no decisions and no events; check that it is the right file")
    if coder is None:
        return read
    if len(read.coding.coders) > 1:
        raise MerlabError(
            f"{file} holds decisions of several coders ({named_coders(read.coding.coders)}), which are kept apart; "
            "leave --coder out"
        )
    return replace(read, coding=Coding(tuple(replace(each, coder=coder) for each in read.coding.decisions)))


def _joined(before: Coding, new: Coding, file: Path, again: bool) -> Coding:
    """The new decisions with those of other coders; one that says the same as before keeps its time."""
    gone = lost(before, new.decisions, new.coders)
    if gone and not again:
        raise MerlabError(
            f"{counted(len(gone), 'decision')} of {named_coders(sorted({each.coder for each in gone}))} would be lost, "
            f"because {file} lacks them or decides otherwise ({_places(gone)}); keep both with other initials "
            "(--coder), or replace them with --again"
        )
    known = {each.key: each for each in before.decisions}
    kept = [known[each.key] if each.key in known and each.same_as(known[each.key]) else each for each in new.decisions]
    return Coding((*(each for each in before.decisions if each.coder not in new.coders), *kept))


def _places(decisions: Sequence[Decision]) -> str:
    return first_of((each.place for each in decisions), MOST_NAMED)
