"""Public facts about SAMM Long Videos: its counts.

Source: ``SAMM_LongVideos_V2_Release.xlsx``, sheet FACS_Movement_Only (502 rows in 147 videos of 30 subjects).
"""

from __future__ import annotations

FPS = 200.0

KINDS = {"macro": 343, "micro": 159}
VIDEOS = 147
# Of the micro-expressions; the table has no emotions.
ROWS = {"V2": 159}
