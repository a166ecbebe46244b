"""What the tests of several methods share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def kept_flow() -> Iterator[None]:
    """The flow between two frames is computed once in a file of tests."""
    from tests.methods.kept_flow import keep_flow

    with pytest.MonkeyPatch.context() as patch:
        keep_flow(patch)
        yield
