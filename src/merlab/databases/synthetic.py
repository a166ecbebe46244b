"""Synthetic faces as a database: a tree from ``merlab make-faces``, which is read and checked like CASME II."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from merlab.databases.casme2 import CASME2, examine_tree
from merlab.databases.database import MADE_WITH, Database, Examination, examine_table
from merlab.errors import MerlabError
from merlab.json_files import read_json_object
from merlab.progress import Progress
from merlab.spelling import as_typed
from merlab.synthesis.face_tree import CODING_TABLE
from merlab.synthesis.folder import MANIFEST


def _examine(root: Path, deep: bool, progress: Progress, *, heads: bool = False) -> Examination:
    _require_manifest(root)
    if not (root / CODING_TABLE).is_file():
        raise MerlabError(
            f"{root} has no {CODING_TABLE}; run the same `merlab make-faces` command again, which writes the table"
        )
    examination = examine_tree(root, name=SYNTHETIC_FACES.name, deep=deep, progress=progress, heads=heads)
    facts = {**examination.facts, **_made_with(root / MANIFEST)}
    return replace(examination, facts=facts, tables=(*examination.tables, root / MANIFEST))


def _made_with(manifest: Path) -> dict[str, str]:
    """The settings that tell sets of synthetic faces apart; none where a manifest does not state them."""
    remedy = "remove it and run the same `merlab make-faces` command again, which writes it"
    settings = read_json_object(manifest, remedy).get("settings")
    if not isinstance(settings, dict) or not {"preset", "seed"} <= settings.keys():
        return {}
    return {MADE_WITH: f"preset {settings['preset']}, seed {settings['seed']}"}


def _examine_table(root: Path) -> Examination:
    _require_manifest(root.parent if root.is_file() else root)
    return examine_table(CASME2, root)


def _require_manifest(root: Path) -> None:
    if not (root / MANIFEST).is_file():
        raise MerlabError(
            f"{root} has no {MANIFEST}, so it is not a complete tree of synthetic faces; "
            f"`merlab make-faces {as_typed(str(root))}` writes one, or resumes an incomplete one"
        )


SYNTHETIC_FACES = Database(
    name="synthetic",
    title="SYNTHETIC micro-expressions made by merlab, in CASME II's layout",
    access="write it with `merlab make-faces FOLDER`; it shows no real person, and nobody else has rights to it",
    examine=_examine,
    examine_heads=partial(_examine, heads=True),
    cropped=CASME2.cropped,
    examine_table=_examine_table,
)
