"""Merlab's folders in the home of the user: the cache and the data."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

from merlab.errors import MerlabError

OTHER_CACHE = "set XDG_CACHE_HOME, the folder of the user's cache, to one that you may"


def user_cache() -> Path:
    """The folder of merlab in the user's cache; it need not exist. Raises MerlabError where it may not be entered.

    So it is where a container runs as another user than the one whose home it states.
    """
    folder = cache_folder()
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            # A place in it need not exist either, and shows whether the folder may be entered.
            (folder / "models").stat()
    except PermissionError as error:
        raise MerlabError(f"cannot read {folder}: {error.strerror}; {OTHER_CACHE} read and write") from error
    return folder


def user_data() -> Path:
    """The folder of merlab in the user's data; it need not exist. Raises MerlabError where it is not known."""
    return _of_user(partial(user_data_path, appauthor=False))


def cache_folder() -> Path:
    """As ``user_cache``, without a check."""
    # By itself, the variable of OTHER_CACHE changes nothing on Windows.
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    return Path(chosen) / "merlab" if Path(chosen).is_absolute() else _of_user(user_cache_path)


def _of_user(folder_of: Callable[[str], Path]) -> Path:
    """A folder in the user's home; raises MerlabError where the system knows none, as for a user without an account."""
    with suppress(RuntimeError):
        # Earlier versions of platformdirs leave ~ in the path.
        if (folder := folder_of("merlab")).is_absolute():
            return folder
    raise MerlabError("this user has no home on this machine; set HOME to a folder that you may read and write")
