"""MDMO and a linear SVM.

Liu, Zhang, Yan, Wang, Zhao and Fu, "A Main Directional Mean Optical-flow Feature for Spontaneous Micro-expression
Recognition", IEEE Transactions on Affective Computing 7(4), 2016. The descriptor is the input ``mdmo``; its docstring
lists what is published and what is approximated.

Published: 72 numbers per clip and an SVM. Assumed: a linear kernel, C = 1, balanced classes, and numbers standardized
by their mean and standard deviation over the training clips.
"""

from __future__ import annotations

from functools import partial

from merlab.methods.method import Method, Preset
from merlab.methods.svm import LinearSvm

# The published form is fast enough for any machine, so it has both preset names.
PRESETS = dict.fromkeys(
    ("paper", "reduced"),
    Preset(source="the published descriptor on merlab's template of regions; kernel and C are merlab's choice"),
)

MDMO = Method(
    name="mdmo",
    title="MDMO: main directional mean optical flow and a linear SVM",
    paper="Liu et al., IEEE Transactions on Affective Computing 7(4), 2016",
    input="mdmo:frames=all,size=231x282",
    presets=PRESETS,
    pipeline=partial(LinearSvm, cost=1.0, standardize=True),
    takes=("vector",),
    seeded=False,
)
