"""What is told of an error in code of the user."""

from __future__ import annotations

import errno
import sys

import numpy as np
import pytest

from merlab.errors import MerlabError, first_line, is_out_of_memory, mistake_in, naming_mistakes
from merlab.frames import ClipError


def invert():
    np.linalg.inv(np.zeros((2, 3)))


INVERT_LINE = invert.__code__.co_firstlineno + 1


@pytest.mark.parametrize(("code", "is_memory"), [(14, True), (1455, True), (2, False)])
def test_windows_has_numbers_of_its_own_for_too_little_memory(code, is_memory):
    """Microsoft, "System Error Codes": ERROR_OUTOFMEMORY, ERROR_COMMITMENT_LIMIT, ERROR_FILE_NOT_FOUND."""
    error = OSError(errno.EINVAL, "The paging file is too small for this operation to complete")
    error.winerror = code  # type: ignore[attr-defined]
    assert is_out_of_memory(error) == is_memory


def test_an_error_in_own_code_names_the_step_the_error_and_the_line():
    with (
        pytest.raises(MerlabError, match=r"^fit raised ZeroDivisionError: .* \(.*test_errors.py, line \d+\)$"),
        naming_mistakes("fit", own=True),
    ):
        1 / 0  # noqa: B018


def test_the_line_of_an_error_in_a_library_is_the_one_that_led_to_it():
    with pytest.raises(np.linalg.LinAlgError) as found:
        invert()
    assert mistake_in(found.value).endswith(f"test_errors.py, line {INVERT_LINE})")


def test_without_own_code_the_line_is_that_of_the_library():
    with pytest.raises(np.linalg.LinAlgError) as found:
        invert()
    in_numpy = found.traceback[-1]
    error = found.value.with_traceback(in_numpy._rawentry)
    assert mistake_in(error).endswith(f"{in_numpy.path}, line {in_numpy.lineno + 1})")


def test_the_line_of_code_that_is_not_python_is_the_one_that_cannot_be_read():
    with pytest.raises(SyntaxError) as found:
        compile("x = 1\ny = (\n", "mine.py", "exec")
    assert mistake_in(found.value).startswith("SyntaxError: ")
    assert mistake_in(found.value).endswith(" (mine.py, line 2)")


def test_an_exit_is_a_mistake_and_the_kind_of_error_can_be_chosen():
    with pytest.raises(ClipError, match="input raised SystemExit: bye"), naming_mistakes("input", True, ClipError):
        sys.exit("bye")


def test_a_message_for_the_user_stays_as_it_is():
    with pytest.raises(MerlabError, match="^choose another$"), naming_mistakes("fit", own=True):
        raise MerlabError("choose another")


def test_an_error_in_merlab_stays_what_it_is():
    with pytest.raises(KeyError), naming_mistakes("fit", own=False):
        raise KeyError("a bug")


@pytest.mark.parametrize(("error", "line"), [(ValueError("a\nb"), "a"), (OSError(), "OSError")])
def test_the_first_line_of_an_error_that_says_nothing_is_its_class(error, line):
    assert first_line(error) == line
