"""What systems add to the folders of users: file managers, network storage, archives of macOS."""

from __future__ import annotations

# In lower case.
ADDED = {
    *("__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"),
    *(".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini"),
}


def is_added(name: str) -> bool:
    """Whether a file or folder is one that a system adds to those of the user, such as ``__MACOSX``."""
    return name.lower() in ADDED


def is_of_system(name: str) -> bool:
    """Whether a file or folder is hidden, or one that a system adds."""
    return name.startswith(".") or is_added(name)
