"""What distracts from micro-expressions in a recording: macro-expressions, talking, hands, light and more.

Each file samples one kind from a random stream, with its time starting at 0, and says how it changes the intensities of
action units, the pose, the light or the picture. ``merlab.synthesis.conversation`` gives them their times.
"""

from __future__ import annotations

from merlab.synthesis.distractions.cut import Cut
from merlab.synthesis.distractions.distraction import Distraction
from merlab.synthesis.distractions.kinds import SAMPLERS, sample_distraction
from merlab.synthesis.distractions.macro import sample_macro
from merlab.synthesis.distractions.view import picture_changes

__all__ = ["SAMPLERS", "Cut", "Distraction", "picture_changes", "sample_distraction", "sample_macro"]
