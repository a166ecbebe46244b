"""Whose a folder is: made by the same command with the same settings, somebody else's, or free."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from merlab.errors import MerlabError
from merlab.storage import read_json, remove_unfinished, write_json

MANIFEST = "prepared.json"


def require_apart(root: Path, out: Path) -> None:
    """Raises MerlabError where one of two folders lies in the other."""
    inner, outer = out.resolve(), root.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise MerlabError(f"{out} and {root} lie in each other; choose a folder outside of the original frames")


def claim(out: Path, described: dict[str, Any]) -> None:
    """Make ``out`` the folder of what is ``described``, or see that it is; raises MerlabError when it is another's."""
    if out.exists() and not out.is_dir():
        raise MerlabError(f"{out} is a file; choose a folder for the faces")
    if (out / MANIFEST).exists():
        _require_same(out / MANIFEST, described)
        remove_unfinished(out, older_than=0)
        return
    if out.exists() and any(not path.name.startswith(".") for path in out.iterdir()):
        raise MerlabError(f"{out} is not empty and holds no faces that merlab prepared; choose a new folder")
    write_json(out / MANIFEST, described)


def _require_same(manifest: Path, described: dict[str, Any]) -> None:
    """Raises MerlabError where the folder of a manifest was begun otherwise than ``described``."""
    there = read_json(manifest)
    differing = [
        f"{name} {_told(there.get(name))} there and {_told(asked)} here"
        for name, asked in described.items()
        if there.get(name) != asked
    ]
    if differing:
        raise MerlabError(
            f"{manifest.parent} holds faces prepared otherwise: {'; '.join(differing)}; choose a new folder"
        )


def _told(value: Any) -> str:
    return ", ".join(f"{key}={part}" for key, part in value.items()) if isinstance(value, dict) else str(value)
