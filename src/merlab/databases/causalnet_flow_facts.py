"""Public facts about the flow images of the CausalNet release: which image of a clip holds what.

Source: the repository tony19980810/CausalNet (MIT license) and its images. The direction images were not described
there; the statement about their colors was found by measuring the 309 clips of CASME II and SMIC.
"""

from __future__ import annotations

# The folder of the images, below the folder ``datasets`` of the repository, and the folder of its labels.
IMAGES_FOLDER = "STSNet_whole_norm_u_v_os"
LABELS_FOLDER = "three_norm_u_v_os"

# Image of a clip -> what its file name has after the clip's name.
SUFFIXES = {
    "out": "",
    "back": "_1",
    "out-direction": "_2",
    "back-direction": "_3",
}
TITLES = {
    "out": "flow from onset to apex: u, v, strain",
    "back": "flow from apex to offset: u, v, strain",
    "out-direction": "direction of the flow from onset to apex as a hue: red and green, blue is 0 everywhere",
    "back-direction": "direction of the flow from apex to offset, in the same form",
}
