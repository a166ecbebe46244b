"""Files of weights that training starts from."""

from __future__ import annotations

import pytest

from merlab.errors import MerlabError
from merlab.models.starts import load_starts


@pytest.mark.parametrize("given", [3, [3], {"a": 1}, b"weights"])
def test_what_is_neither_a_file_nor_a_list_of_files_is_refused(given):
    with pytest.raises(MerlabError, match="start must be a file of weights or a list of such files"):
        load_starts(given)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MerlabError, match=r"none.safetensors does not exist"):
        load_starts([tmp_path / "none.safetensors"])
    assert load_starts(None) == ()
