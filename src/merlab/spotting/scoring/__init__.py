"""Metrics of spotting, and of the classes and action units of the spotted events.

As in the Micro-Expression Grand Challenges (MEGC 2020 and later): a spotted interval is right if its intersection over
union with a true interval, counted in frames with both ends included, is at least 0.5. Every true interval is hit at
most once. Counts are pooled over videos, then precision, recall and F1 are computed. The spot-then-recognize score
STRS is F1 of spotting times F1 of recognition over the hits (Liong, See and Chan, Signal Processing: Image
Communication 110, 2023). Their published script leaves out videos without a true or a spotted event; here every video
of either table counts.
"""

from merlab.spotting.scoring.matching import iou, match
from merlab.spotting.scoring.read_intervals import NO_EMOTION, read_events
from merlab.spotting.scoring.score import score_spotting
from merlab.spotting.scoring.score_models import SpottingScores

__all__ = ["NO_EMOTION", "SpottingScores", "iou", "match", "read_events", "score_spotting"]
