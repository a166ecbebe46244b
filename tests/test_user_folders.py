"""Merlab's folders in the home of the user."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from merlab.errors import MerlabError
from merlab.faces.model_files import MODELS, models_folder
from merlab.inputs import default_cache
from merlab.storage import WriteError
from merlab.user_folders import user_cache, user_data


def test_the_variable_that_messages_name_moves_the_cache_on_every_system(tmp_path, monkeypatch):
    monkeypatch.setattr("merlab.user_folders.user_cache_path", lambda name: tmp_path / "AppData" / name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert user_cache() == tmp_path / "other" / "merlab"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert user_cache() == tmp_path / "AppData" / "merlab"


@pytest.mark.skipif(os.name != "posix", reason="Windows knows the folders of a user otherwise")
def test_a_user_without_a_home_gets_the_remedy(tmp_path, monkeypatch):
    """As in a container or a cron job of a user who has no account."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    for ask in (user_cache, user_data, default_cache, models_folder):
        with pytest.raises(MerlabError, match="this user has no home on this machine; set HOME to a folder that you"):
            ask()
    denied = PermissionError(errno.EACCES, "Permission denied")
    assert "choose a folder that you may write to" in str(WriteError.at(tmp_path / "a.csv", denied))


def test_a_cache_that_may_not_be_entered_is_refused_with_the_remedy(tmp_path, monkeypatch):
    """A container that runs as another user than the one whose home it states."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache() == tmp_path / "merlab"

    def denied(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    for ask in (user_cache, default_cache, models_folder, lambda: MODELS["face-mesh"].present):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "stat", denied)
            with pytest.raises(MerlabError, match="merlab: Permission denied; set XDG_CACHE_HOME, .* read and write$"):
                ask()
