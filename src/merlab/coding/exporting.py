"""``merlab coding export``: coded events as a file for another program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from merlab.coding.boris import notes_on_overlaps, write_boris
from merlab.coding.codable_result import CodableResult, read_codable
from merlab.coding.elan_writing import notes_on_video, write_elan
from merlab.coding.events import chosen_coder, coded_events
from merlab.coding.file import read_coding
from merlab.coding.tables import CodedVideo, Subjects, write_coded_table
from merlab.errors import MerlabError
from merlab.outputs.result_folder import CODING
from merlab.registry import look_up

ExportTarget = Literal["csv", "elan", "boris"]
SUFFIXES: Mapping[ExportTarget, tuple[str, ...]] = {"csv": (".csv",), "elan": (".eaf",), "boris": (".csv", ".xlsx")}
BY_SUFFIX: Mapping[str, ExportTarget] = {".eaf": "elan", ".xlsx": "boris"}


def export_coding(
    results: Sequence[Path],
    out: Path,
    *,
    to: ExportTarget | None = None,
    coder: str | None = None,
    subjects: Subjects | None = None,
    again: bool = False,
) -> list[str]:
    """Write the coded events of one result or more to a file, and return what a user should know, in sentences.

    Args:
        results: folders of `merlab recognize` or `merlab spot` with coding.csv.
        out: the new file.
        to: csv (coded events, also a table of clips for `--database table`), elan, or boris (.csv, or .xlsx, which
            BORIS itself imports); unless given, elan for .eaf, boris for .xlsx, else csv.
        coder: whose decisions; unless given, those of the only coder, and in ELAN those of all.
        subjects: who the faces are; unless given, named by the video.
        again: replace a file that is there.

    Raises:
        MerlabError: for a result that cannot be read or has no decisions, for an .eaf or .xlsx file of several
            results, for ELAN with subjects, for two results about videos of one name, for the name of a face that no
            result has, and, without ``again``, for a file that is there.

    """
    target = to or BY_SUFFIX.get(out.suffix.lower(), "csv")
    _require_place(out, target, results, again)
    materials = [read_codable(folder) for folder in results]
    subjects = subjects or Subjects()
    if target == "elan":
        if subjects.everyone or subjects.by_face:
            raise MerlabError("an .eaf file has the numbers of faces and no names of subjects; leave --subject out")
        return _export_elan(out, materials, coder)
    _require_faces(subjects, materials)
    _require_names(materials)
    if out.suffix.lower() == ".xlsx":
        _require_one(materials, "an .xlsx file, which goes into one observation of BORIS,")
    videos = [_coded(material, coder, subjects) for material in materials]
    write = write_coded_table if target == "csv" else write_boris
    write(out, videos)
    doubts = notes_on_overlaps if target == "boris" else lambda _: ()
    return [note for video in videos for note in (*_notes(video), *doubts(video))]


def _require_faces(subjects: Subjects, materials: Sequence[CodableResult]) -> None:
    """Raises MerlabError for a named face that no result has: the name would have no effect."""
    faces = sorted({face for material in materials for face in material.faces})
    unknown = sorted(set(subjects.by_face or ()) - set(faces))
    if unknown:
        raise MerlabError(
            f"--subject names face {unknown[0]}, which is in none of the results (faces: "
            f"{', '.join(map(str, faces)) or 'none'}); correct its number"
        )


def _require_names(materials: Sequence[CodableResult]) -> None:
    """Raises MerlabError for two results about videos of one name: programs tell events apart by the name."""
    seen: dict[str, Path] = {}
    for material in materials:
        first = seen.setdefault(material.video, material.folder)
        if first is not material.folder:
            raise MerlabError(
                f"{first} and {material.folder} are about videos of the same name, {material.video}, so that their "
                "events could not be told apart; give one of the videos another name, and make its result again with "
                "--again (the decisions stay)"
            )


def _require_one(materials: Sequence[CodableResult], file: str) -> None:
    if len(materials) != 1:
        raise MerlabError(f"{file} is about one video, but {len(materials)} results are given; export one by one")


def _coded(material: CodableResult, coder: str | None, subjects: Subjects) -> CodedVideo:
    coding = read_coding(material)
    return CodedVideo(material, coded_events(material, coding, chosen_coder(material, coding, coder)), subjects)


def _export_elan(out: Path, materials: Sequence[CodableResult], coder: str | None) -> list[str]:
    _require_one(materials, "an .eaf file")
    (material,) = materials
    coding = read_coding(material)
    coders = coding.coders if coder is None else (chosen_coder(material, coding, coder),)
    write_elan(out, material, coding, coders)
    undecided = f"{material.folder} has no decisions yet; the file has the tiers of the machine alone"
    return [*([] if coders else [undecided]), *notes_on_video(material)]


def _notes(video: CodedVideo) -> list[str]:
    material, coded = video.material, video.coded
    if not coded.undecided:
        return []
    some = f"{len(coded.undecided)} of {len(material.events)} movements of {material.video}"
    return [f"{some} are not decided yet; they are not in the file"]


def _require_place(out: Path, target: ExportTarget, results: Sequence[Path], again: bool) -> None:
    look_up(target, SUFFIXES, "export format")
    if out.suffix.lower() not in SUFFIXES[target]:
        raise MerlabError(
            f"{out} does not end in {' or '.join(SUFFIXES[target])}, as a file for {target} does; rename it"
        )
    if any(out.resolve().parent == result.resolve() for result in results) and (out.exists() or out.name == CODING):
        raise MerlabError(f"{out} belongs to the result; choose another name")
    if out.exists() and not again:
        raise MerlabError(f"{out} exists; choose another name, or replace it with --again")
