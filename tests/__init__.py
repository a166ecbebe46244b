"""One thread for each test process, and for the commands that it starts: pytest-xdist uses every core already.

These variables are read when NumPy, OpenCV and torch are imported, so they are set before.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(variable, "1")
