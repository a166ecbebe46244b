"""What libraries tell that no user needs: warnings, left out for a moment by one thread at a time, and telemetry."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# The filters of warnings belong to all threads. Of two that change them at once, the last to leave would restore the
# change of the other, so that warnings stay off.
ONE_CHANGES = threading.RLock()


@contextmanager
def without_warnings(message: str = "", category: type[Warning] = Warning, module: str = "") -> Iterator[None]:
    """Leave out warnings inside: of this category, whose text and module begin with these regular expressions.

    Other threads lose such warnings meanwhile too, so let it match no more than what is meant.
    """
    with ONE_CHANGES, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message, category, module)
        yield


def switch_off_openvino_telemetry() -> None:
    """Keep OpenVINO from reporting its use to its makers; call it before ``import openvino``, which reports itself.

    Without the package ``openvino_telemetry``, OpenVINO sends nothing and keeps no identifier in the user's home.
    """
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
