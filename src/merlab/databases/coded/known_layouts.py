"""Whether folders are those of another database than the one that was named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from merlab.databases.coded.folders import entries, source_name

# Database -> patterns of the folder of a subject, and of what it holds; empty where the first name alone tells it. The
# folders of 4dme have names that are not told from others.
LAYOUTS: Mapping[str, tuple[str, str]] = {
    "casme2": (r"sub\d\d", r"EP\d\d_\d\df?"),
    "casme": (r"sub\d\d", r"EP\d\d_\d\d"),
    "samm": (r"\d{3}", r"\d{3}_\d_\d{1,2}"),
    "smic": (r"s\d{1,2}", r"s\d{1,2}_(ne|po|sur)_\d{1,2}|micro"),
    "casme-squared": (r"s\d\d", r"\d\d_\d{4}.*"),
    "samm-long": (r"\d{3}_\d{1,2}", ""),
    "casme3": (r"spNO\.?\d{1,3}", r"[a-m]"),
    "casme3-c": (r"\d\d?", r"[a-m]"),
    "mmew": (r"happiness|surprise|disgust|fear|sadness|anger|others|repression", r"S\d\d-\d\d-\d{3}"),
    "dfme": (r"sub\d{4}_\d+", ""),
    "ststnet-flow": (r"sub\d+|s\d+|\d{3}", "u_test"),
}


def databases_like(folders: Sequence[Path], name: str) -> list[str]:
    """The other databases than ``name`` that have folders such as these; empty if ``name`` may have them itself."""
    like = [database for database in LAYOUTS if any(_is_like(folder, database) for folder in folders)]
    return [] if name in like else like


def _is_like(folder: Path, database: str) -> bool:
    subject, held = LAYOUTS[database]
    if not re.fullmatch(subject, folder.name, re.IGNORECASE):
        return False
    return not held or any(re.fullmatch(held, source_name(path), re.IGNORECASE) for path in entries(folder))
