"""Modules that are imported early are there later; one that cannot be imported raises its error where it is needed."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from merlab.videos.early import import_early


def test_modules_are_there_and_an_error_is_left_to_who_needs_the_module(tmp_path, monkeypatch):
    (tmp_path / "early_broken.py").write_text("raise OSError('a library is missing')")
    (tmp_path / "early_sound.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import_early("early_broken", "early_sound").join()
    assert "early_sound" in sys.modules
    with pytest.raises(OSError, match="a library is missing"):
        import_module("early_broken")
    monkeypatch.delitem(sys.modules, "early_sound")
