"""Inputs that a network was trained on are known by their content."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from merlab.errors import MerlabError
from merlab.evaluation.seen_inputs import input_digests, require_unseen_inputs

MOVED = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
STILL = np.zeros_like(MOVED)
KEYS = pd.DataFrame({"database": "lab", "subject": "anna", "clip": ["one", "two", "three"]})


def test_a_digest_is_of_the_values_in_their_order_and_that_of_a_still_clip_is_empty():
    assert input_digests([MOVED, STILL, STILL + 2]) == [hashlib.sha256(MOVED.tobytes()).hexdigest()[:12], "", ""]
    assert input_digests([np.asfortranarray(MOVED)]) == input_digests([MOVED])


def test_clips_that_were_trained_on_are_counted_and_the_first_is_named():
    inputs, seen = np.stack([STILL, MOVED, MOVED]), input_digests([MOVED])
    with pytest.raises(MerlabError, match="mine was trained on 2 of the clips of this run, such as lab/anna/two"):
        require_unseen_inputs("mine", seen, inputs, KEYS, "this run")
    require_unseen_inputs("mine", seen, inputs[:1], KEYS[:1], "this run")
    require_unseen_inputs("mine", (), inputs, KEYS, "this run")
