"""The stored movements of the action units are those of the generator."""

from __future__ import annotations

import numpy as np
import pytest

from merlab.spotting.unit_blocks import rendered_unit_blocks, unit_blocks


@pytest.mark.slow
def test_the_stored_movements_are_those_that_the_generator_renders():
    rendered = rendered_unit_blocks()
    assert list(unit_blocks()) == list(rendered)
    for key, blocks in unit_blocks().items():
        np.testing.assert_allclose(blocks, rendered[key], atol=1e-5)
