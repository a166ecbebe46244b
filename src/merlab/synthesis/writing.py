"""Write a tree of synthetic clips in one or several processes.

The work can be resumed, and the same settings give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

from merlab.frames import ImageFolder
from merlab.given import as_jobs, as_path, require_yes_or_no
from merlab.progress import Progress, shown_progress
from merlab.storage import write_text
from merlab.synthesis.clip_writing import write_subject
from merlab.synthesis.coding_table_writing import TITLE, CodingRow, write_coding_table
from merlab.synthesis.face_tree import CODING_TABLE, CROPPED, RAW, TRUTH, Tree, TreeClip
from merlab.synthesis.folder import (
    MANIFEST,
    README,
    SETTINGS,
    claimed,
    is_described,
    stack_versions,
    warn_of_other_versions,
    write_manifest,
    write_waiting,
)
from merlab.synthesis.identity import sample_identity
from merlab.synthesis.manifest import DescribedClip, FaceManifest
from merlab.synthesis.sampling import ClipPlan, plan_clip
from merlab.vocabulary import SynthesisPreset

README_TEXT = f"""{TITLE}

Every face, frame and label in this folder is SYNTHETIC: made by merlab, and of no real person. Results on these clips
show how a method works on synthetic faces. They are not results on CASME II or on people.

{CROPPED}/sub01/EP01_01/reg_imgN.jpg   cropped frames, 231 x 282 px, 200 per second; N starts anywhere
{RAW}/sub01/EP01_01/imgN.jpg    the same clips uncropped, 640 x 480 px, with --raw
{CODING_TABLE}   onset, apex, offset, action units and emotion, in CASME II's columns
{MANIFEST}   settings, versions, and what each clip truly shows
{TRUTH}/sub01/EP01_01.npz   exact optical flow from onset to apex (H, W, 2), px; landmarks at both (x, y), px
{SETTINGS}   the settings of this folder; the same command resumes it
"""


def make_faces(
    out: Path | str,
    *,
    subjects: int = 26,
    clips: int = 255,
    preset: SynthesisPreset = "default",
    seed: int = 0,
    raw: bool = False,
    again: bool = False,
    jobs: int | None = None,
    progress: Progress | bool = False,
) -> Path:
    """Write SYNTHETIC micro-expressions into ``out`` as a tree with the layout of CASME II, and return ``out``.

    A second call with the same settings resumes interrupted work. The bytes depend on the settings and the versions of
    the libraries, not on ``jobs`` or interruptions.

    Args:
        out: a new folder, or one that an earlier call with the same settings began.
        subjects: synthetic identities, 1 or more.
        clips: clips of all subjects together, at least as many as subjects.
        preset: ``default``, ``easy``, ``hard`` or ``null``.
        seed: 0 or more.
        raw: also write uncropped camera frames.
        again: replace a complete folder, or one of other settings, when the new one is complete.
        jobs: the number of processes; None: one per core; 1: this process.
        progress: counts clips; True shows it on standard error, False does not, a function is called with it.

    Raises:
        MerlabError: for a setting of a wrong type or range, and if ``out`` is written by another process or holds
            anything else.

    """
    out = as_path(out, "out")
    require_yes_or_no(raw=raw, again=again)
    as_jobs(jobs)
    settings = Tree(out, subjects, clips, preset, seed, raw).settings
    with claimed(out, settings, again, "synthetic faces") as folder, shown_progress(progress) as show:
        _write(Tree(folder, subjects, clips, preset, seed, raw), jobs, show)
    return out


def _write(tree: Tree, jobs: int | None, progress: Progress) -> None:
    """Write what is missing of a tree."""
    waiting = [entry for entry in tree.entries if not _is_complete(tree, entry)]
    total = len(tree.entries)
    if not waiting and is_described(tree.out, CODING_TABLE):
        progress(total, total, "found done")
        warn_of_other_versions(tree.out)
        return
    by_subject = [list(entries) for _, entries in groupby(waiting, key=lambda entry: entry.subject)]
    steps = total - len(waiting), total
    write_waiting(tree.out, partial(_write_subjects, tree), by_subject, steps, jobs, progress, "writing clips")
    _write_index(tree)


def _is_complete(tree: Tree, entry: TreeClip) -> bool:
    """Whether a clip is written, and none of its frames was removed since."""
    if not tree.is_written(entry):
        return False
    plan = plan_clip(sample_identity(tree.seed, entry.subject), entry.clip, entry.emotion, tree.preset)
    folders = [tree.cropped(entry)] + ([tree.raw_frames(entry)] if tree.raw else [])
    return all(len(ImageFolder(folder).names) == plan.timing.length for folder in folders)


def _write_subjects(tree: Tree, subjects: Sequence[list[TreeClip]]) -> Iterator[str]:
    """Write the clips of these subjects; yields the name of each clip when it is complete."""
    return (entry.name for entries in subjects for entry in write_subject(tree, entries))


def _write_index(tree: Tree) -> None:
    """Write the files that describe all clips; the manifest comes last, because it marks the tree as complete."""
    identities = {subject: sample_identity(tree.seed, subject) for subject in range(tree.subjects)}
    plans = {
        entry: plan_clip(identities[entry.subject], entry.clip, entry.emotion, tree.preset) for entry in tree.entries
    }
    write_text(tree.out / README, README_TEXT)
    rows = [_coding_row(entry, plan) for entry, plan in plans.items()]
    write_coding_table(tree.out / CODING_TABLE, sorted(rows, key=lambda row: row[:2]))
    clips = tuple(_described_clip(entry, plan) for entry, plan in plans.items())
    manifest = FaceManifest(title=TITLE, settings=tree.settings, versions=stack_versions(), clips=clips)
    write_manifest(tree.out, manifest)


def _coding_row(entry: TreeClip, plan: ClipPlan) -> CodingRow:
    """A row of the coding table; as in CASME II, a single action unit without a side is a number and not a text."""
    codes = "+".join(unit.code for unit in plan.action_units)
    onset, apex, offset = (entry.first_frame + index for index in _key_frames(plan))
    cell = int(codes) if codes.isdigit() else codes
    return entry.subject_code, entry.name, None, onset, apex, offset, None, cell, entry.emotion


def _key_frames(plan: ClipPlan) -> tuple[int, int, int]:
    return plan.timing.onset, plan.timing.apex, plan.timing.offset


def _described_clip(entry: TreeClip, plan: ClipPlan) -> DescribedClip:
    first = entry.first_frame
    onset, apex, offset = (first + index for index in _key_frames(plan))
    blink = plan.blink
    return DescribedClip(
        subject=f"sub{entry.subject_code}",
        clip=entry.name,
        emotion=entry.emotion,
        action_units=tuple(unit.rounded() for unit in plan.action_units),
        first_frame=first,
        last_frame=first + plan.timing.length - 1,
        onset=onset,
        apex=apex,
        offset=offset,
        blink=None if blink is None else (round(first + blink[0], 2), round(first + blink[1], 2)),
    )
