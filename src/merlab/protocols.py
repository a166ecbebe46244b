"""Label the clips of a table, and split them into folds, with pure functions over the clip table."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from merlab.clips import Clip, ClipTable
from merlab.errors import MerlabError
from merlab.schemes import AS_LABELED, Scheme
from merlab.spelling import counted, folded, one_letter_apart, visibly_different
from merlab.unneeded_warnings import without_warnings
from merlab.vocabulary import PROTOCOLS

# What to do about clips of a database without objective classes.
OBJECTIVE_CLASSES_OF = {
    "casme2": "copy CASME2-ObjectiveClasses.xlsx of the release beside the coding table of 2014, or use the table of "
    "2019 with its column Objective Classes",
    "samm": "use SAMM_Micro_FACS_Codes_v2.xlsx with its column Objective Classes",
    "smic": "SMIC has no action units, so it has no objective classes; leave it out",
    "casme": "its coding table has none; leave it out",
    **dict.fromkeys(("synthetic", "synthetic-long"), "synthetic faces have none; choose another scheme"),
}
DEFAULT_FOLDS = 5
RELEASED_FLOW_HAS_NONE = "released flow comes without them; load the frames of CASME II and SAMM instead"


@dataclass(frozen=True)
class Labeled:
    """The clips that a scheme covers, with their labels.

    ``labels`` (N,) are positions in ``scheme.classes``. ``left_out`` maps each reason for exclusion to its number of
    clips.
    """

    scheme: Scheme
    table: ClipTable
    labels: NDArray[np.int64]
    left_out: Mapping[str, int]

    @property
    def present_classes(self) -> list[str]:
        """The classes that occur, in the order of the scheme."""
        return [label for position, label in enumerate(self.scheme.classes) if position in self.labels]


def label_clips(table: ClipTable, scheme: Scheme) -> Labeled:
    """Label a table with a scheme.

    Raises MerlabError if fewer than two of its classes occur, and if a database lacks the objective classes that the
    scheme needs.
    """
    labeled = covered_clips(table, scheme)
    scheme, present = labeled.scheme, labeled.present_classes
    if len(present) < 2:
        found = ", ".join(sorted({scheme.text_of(clip) or "unlabeled" for clip in table})) or "no clips at all"
        raise MerlabError(
            f"scheme {scheme.name} covers {f'only {present[0]}' if present else 'none'} of the clips, but at least two "
            f"classes are needed: its labels are {', '.join(sorted(scheme.emotions)) or 'none'}; the labels of the "
            f"clips are {found}"
        )
    return labeled


def covered_clips(table: ClipTable, scheme: Scheme) -> Labeled:
    """The clips of a table that a scheme covers, of however few classes; raises MerlabError as ``label_clips``.

    Warns of a label that is left out and nearly one of the scheme, ``hapiness``, and if every label is a class, of
    labels of two databases that are nearly one: ``other`` and ``others``.
    """
    if scheme.name == AS_LABELED:
        _warn_of_nearly_one_class(table)
    scheme = scheme.of(table)
    if scheme.column == "objective_class":
        _require_objective_classes(table, scheme)
    labels = [scheme.label(clip) for clip in table]
    _warn_of_nearly_covered(scheme, [clip for clip, label in zip(table, labels, strict=True) if label is None])
    covered = [position for position, label in enumerate(labels) if label is not None]
    left_out = Counter(scheme.reason(clip) for clip, label in zip(table, labels, strict=True) if label is None)
    positions = np.array([scheme.classes.index(label) for label in labels if label is not None], np.int64)
    return Labeled(scheme, table.take(covered), positions, dict(sorted(left_out.items())))


def _warn_of_nearly_one_class(table: ClipTable) -> None:
    databases: dict[str, set[str]] = {}
    for clip in table:
        databases.setdefault(clip.emotion, set()).add(clip.database)
    for one, other in combinations(sorted(databases), 2):
        if databases[one].isdisjoint(databases[other]) and one_letter_apart(one, other):
            seen = zip(visibly_different((one, other)), (one, other), strict=True)
            named = " and ".join(f"'{shown}' ({', '.join(sorted(databases[label]))})" for shown, label in seen)
            warnings.warn(
                f"{named} are different classes; if they are one, use a scheme that gives both the same class",
                stacklevel=4,
            )


def _warn_of_nearly_covered(scheme: Scheme, left_out: Sequence[Clip]) -> None:
    counts = Counter(scheme.text_of(clip) for clip in left_out)
    for text, label in product(sorted(counts.keys() - scheme.emotions.keys()), sorted(scheme.emotions)):
        if one_letter_apart(text, label) or folded(text) == folded(label):
            other, known = visibly_different((text, label))
            warnings.warn(
                f"{counted(counts[text], 'clip')} with the label '{other}' left out: scheme {scheme.name} has "
                f"'{known}'; if it is one label, correct its spelling in the scheme or in the table of the clips",
                stacklevel=3,
            )


def _require_objective_classes(table: ClipTable, scheme: Scheme) -> None:
    known = {clip.database for clip in table if clip.objective_class}
    released_flow = {clip.database for clip in table if clip.apex_source == "released"}
    for database in dict.fromkeys(clip.database for clip in table):
        if database not in known:
            of_table = "for clips in a table of your own, add a column objective_class"
            remedy = OBJECTIVE_CLASSES_OF.get(database, of_table)
            remedy = RELEASED_FLOW_HAS_NONE if database in released_flow else remedy
            raise MerlabError(
                f"scheme {scheme.name} needs the objective class of each clip, but the clips of {database} have none; "
                f"{remedy}. They are not derived from action units"
            )


@dataclass(frozen=True)
class Split:
    """One fold: the positions of the training clips and of the test clips, both in ascending order."""

    name: str
    train: tuple[int, ...]
    test: tuple[int, ...]


def loso(groups: Sequence[str]) -> list[Split]:
    """Leave one subject out: one split per ``database/subject``, sorted. Raises MerlabError for one subject only."""
    subjects = sorted(set(groups))
    if len(subjects) < 2:
        raise MerlabError(
            f"leave-one-subject-out needs at least 2 subjects, found {', '.join(subjects) or 'none'}; "
            "add clips of other people"
        )
    return [_split(subject, [group == subject for group in groups]) for subject in subjects]


def stratified_group_kfold(labels: NDArray[np.int64], groups: Sequence[str], folds: int, seed: int = 0) -> list[Split]:
    """Folds without common subjects, with about the same share of each class (scikit-learn's StratifiedGroupKFold).

    Which clips are tested together depends on the labels, subjects and ``seed``, not on the order of the clips.
    Raises MerlabError if there are too few subjects or clips for this number of folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    subjects = sorted(set(groups))
    if len(subjects) < folds:
        raise MerlabError(f"{folds} folds need at least {folds} subjects, found {len(subjects)}; request fewer folds")
    largest = int(np.bincount(labels).max())
    if largest < folds:
        raise MerlabError(
            f"{folds} folds need a class with at least {folds} clips, but the largest class has {largest}; "
            "request fewer folds"
        )
    order = np.array(sorted(range(len(groups)), key=lambda position: (groups[position], labels[position])))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    ordered_groups = [groups[position] for position in order]
    # This warning is not needed: the record of the run states the clips of each class.
    with without_warnings("The least populated class", UserWarning):
        tests = [order[test] for _, test in splitter.split(np.zeros(len(order)), labels[order], ordered_groups)]
    if not all(map(len, tests)):
        raise MerlabError(
            f"{len(subjects)} subjects are too few to fill {folds} folds with balanced classes; "
            "request fewer folds, or use loso"
        )
    return [
        _split(f"fold{number}", np.isin(np.arange(len(groups)), test)) for number, test in enumerate(tests, start=1)
    ]


def hold_out_database(databases: Sequence[str], train_on: Sequence[str] | None = None) -> list[Split]:
    """Train on some databases and test on others: one split per database, or a single split if ``train_on`` is given.

    Raises MerlabError for a single database, and for names in ``train_on`` that do not occur.
    """
    present = sorted(set(databases))
    if len(present) < 2:
        raise MerlabError(
            f"holding out a database needs clips of at least 2 databases, found {', '.join(present) or 'none'}; "
            "give a second --database with its --root"
        )
    if train_on is None:
        return [_split(held_out, [database == held_out for database in databases]) for held_out in present]
    unknown = sorted(set(train_on) - set(present))
    tested = [database for database in present if database not in train_on]
    if unknown or not tested:
        fault = f"not from {', '.join(unknown)}" if unknown else "and no database is left for testing"
        raise MerlabError(f"cannot train on {', '.join(train_on)}: the clips come from {', '.join(present)}, {fault}")
    return [_split("+".join(tested), [database in tested for database in databases])]


def make_splits(
    protocol: str, labeled: Labeled, *, folds: int | None = None, train_on: Sequence[str] | None = None
) -> list[Split]:
    """The splits of a protocol; raises MerlabError if the protocol is unknown or the clips do not allow it."""
    groups, protocol = labeled.table.groups, as_protocol(protocol)
    if train_on and protocol != "hold-out-database":
        raise MerlabError(f"train_on is an option of the protocol hold-out-database, not of {protocol}")
    if folds and protocol != "kfold":
        raise MerlabError(f"folds is an option of the protocol kfold, not of {protocol}")
    if protocol == "loso":
        return loso(groups)
    if protocol == "kfold":
        return stratified_group_kfold(labeled.labels, groups, folds or DEFAULT_FOLDS)
    return hold_out_database([clip.database for clip in labeled.table], train_on)


def as_protocol(protocol: object) -> str:
    """The name of a protocol; raises MerlabError with all names for anything else."""
    if not isinstance(protocol, str) or protocol not in PROTOCOLS:
        raise MerlabError(f"unknown protocol {protocol!r}; protocols are {', '.join(PROTOCOLS)}")
    return protocol


def _split(name: str, tested: Sequence[bool] | NDArray[np.bool_]) -> Split:
    flags = np.asarray(tested, dtype=bool)
    return Split(name, tuple(np.flatnonzero(~flags).tolist()), tuple(np.flatnonzero(flags).tolist()))
