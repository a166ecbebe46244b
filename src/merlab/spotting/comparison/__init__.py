"""Comparison methods for spotting: published ones, guesses, and merlab's own, under one evaluation."""

from __future__ import annotations

from collections.abc import Mapping

from merlab.registry import look_up
from merlab.spotting.comparison.guesses import GUESS_EVEN, GUESS_RANDOM
from merlab.spotting.comparison.hoof import HOOF
from merlab.spotting.comparison.lbp_chi2 import LBP_CHI2
from merlab.spotting.comparison.mdmd import MDMD
from merlab.spotting.comparison.mean_net import MEAN_NET
from merlab.spotting.comparison.own import OWN
from merlab.spotting.comparison.softnet import SOFTNET
from merlab.spotting.comparison.spotter import Spotter

_ALL: tuple[Spotter, ...] = (LBP_CHI2, HOOF, MDMD, SOFTNET, MEAN_NET, OWN, GUESS_RANDOM, GUESS_EVEN)
SPOTTERS: Mapping[str, Spotter] = {each.name: each for each in _ALL}


def find_spotter(name: str) -> Spotter:
    """The comparison method with this name; raises MerlabError with the closest name if there is none."""
    return look_up(name, SPOTTERS, "spotting method")
