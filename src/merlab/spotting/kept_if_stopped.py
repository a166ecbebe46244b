"""What happens to kept work where a result of spotting is stopped or fails while it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from merlab.errors import MerlabError, Stopped
from merlab.frames.frame import SourceChangedError
from merlab.outputs.result_folder import ResultFolder


@contextmanager
def kept_if_stopped(folder: ResultFolder, kept: Path, is_empty: Callable[[], bool], what: str) -> Iterator[None]:
    """Keep the work in ``kept`` if the block that makes a result is stopped or fails; remove it if it ``is_empty``.

    So it is removed if the source has changed. Raises Stopped that says where ``what`` is kept, or that of the block.
    """
    try:
        yield
    except MerlabError as error:
        if is_empty() or isinstance(error, SourceChangedError):
            folder.discard(kept)
        raise
    except KeyboardInterrupt as stop:
        said = f"{what} measured until now are kept in {kept}"
        if is_empty():
            folder.discard(kept)
            said = "nothing was finished that could be kept"
        if isinstance(stop, Stopped):
            raise
        raise Stopped(said) from stop
