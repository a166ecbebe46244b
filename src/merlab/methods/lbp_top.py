"""LBP-TOP and a linear SVM, the baseline of CASME II.

Zhao and Pietikäinen, "Dynamic Texture Recognition Using Local Binary Patterns with an Application to Facial
Expressions", TPAMI 29(6), 2007; Yan et al., "CASME II: An Improved Spontaneous Micro-Expression Database and the
Baseline Evaluation", PLoS ONE 9(1), 2014. The descriptor is the input ``lbp-top``; its docstring lists what is
published.

Published: LBP-TOP and an SVM, leave one subject out, 63.41 % on five classes of CASME II (abstract of Yan et al.).
Recalled, not verified: 5 x 5 blocks and radii of 1, 1 and 4 (x, y, t). Assumed: interpolation to 10 frames, a linear
kernel, C = 1 and balanced classes. Blocks and radii are fixed in advance; Yan et al. report the best of several.
"""

from __future__ import annotations

from functools import partial

from merlab.methods.method import Method, Preset
from merlab.methods.svm import LinearSvm

# The published form is fast enough for any machine, so it has both preset names.
PRESETS = dict.fromkeys(
    ("paper", "reduced"),
    Preset(source="blocks and radii recalled from Yan et al.; kernel, C and number of frames are merlab's choice"),
)

LBP_TOP = Method(
    name="lbp-top",
    title="LBP-TOP and a linear SVM",
    paper="Zhao and Pietikäinen, TPAMI 29(6), 2007; Yan et al., PLoS ONE 9(1), 2014",
    input="lbp-top:blocks=5x5x1,radii=1x1x4,frames=10,size=231x282",
    presets=PRESETS,
    pipeline=partial(LinearSvm, cost=1.0),
    takes=("vector",),
    seeded=False,
)
