"""Metrics of spotting, and of what is said about the events that were spotted.

As in the Micro-Expression Grand Challenges (MEGC 2020 and after): a spotted interval is right when its intersection
over union with a true interval, counted in frames with both ends included, is at least 0.5; every true interval is hit
once at most; counts are pooled over videos before precision, recall and F1 are taken. The spot-then-recognize score
STRS is F1 of spotting times F1 of recognition over the intervals that were hit (Liong, See and Chan, Signal Processing:
Image Communication 110, 2023). Their published script leaves out videos without a true or a spotted event; here every
video of either table counts.
"""

from merlab.spotting.scoring.matching import iou, match
from merlab.spotting.scoring.read_intervals import NO_EMOTION, in_scheme, read_events
from merlab.spotting.scoring.score import score_spotting

__all__ = ["NO_EMOTION", "in_scheme", "iou", "match", "read_events", "score_spotting"]
