"""Worker processes are started so that neither the current folder nor the main program is run."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest

from merlab.errors import MerlabError
from merlab.processes.held_signals import signals_later
from merlab.processes.starting import end_with_parent, nothing_from_here, without_main
from tests.cli.processes import wait_until

START_PROCESSES = """
import os
from merlab.processes.pool import each_in_processes
from merlab.processes.streams import stream_from_processes

print(*each_in_processes(os.path.basename, ["a", "b"], 2), os.environ.get("PYTHONSAFEPATH", "none"))
print(*stream_from_processes(os.listdir, ["."] * 2), *each_in_processes(os.getenv, ["PYTHONSAFEPATH"] * 2, 2))
"""


@pytest.mark.parametrize("start", [nothing_from_here, without_main])
def test_a_process_that_ends_while_it_is_started_is_named(start):
    """As where a user may start no more processes. Typer would take it for ``| head`` and end without a word."""
    with pytest.raises(MerlabError, match="a worker process ended early"), start():
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info < (3, 11), reason="older versions look into the current folder first")
@pytest.mark.parametrize("name", ["multiprocessing", "signal", "types"])
def test_a_file_in_the_current_folder_that_has_the_name_of_a_module_of_python_is_not_run(tmp_path, name):
    """As videos from others may lie beside it, or scripts of one's own."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / f"{name}.py").write_text("open('run', 'w'); raise ImportError('not a module of Python')")
    (tmp_path / "program.py").write_text(START_PROCESSES)
    command = [sys.executable, "../program.py"]
    done = subprocess.run(command, cwd=tmp_path / "here", capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert sorted(first.split()[:2]) == ["a", "b"]
    assert first.split()[2] == "none"
    assert second.split() == [f"{name}.py", f"{name}.py", "None", "None"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals exist only on Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_arrives_while_processes_start_is_answered_when_they_have_started(number):
    answered = []
    handler = signal.signal(number, lambda number, _frame: answered.append(number))
    try:
        with without_main():
            # To the process, as a terminal sends it: any thread may receive it.
            os.kill(os.getpid(), number)
            assert answered == []
        # Another thread may have received it, and may not have run yet.
        wait_until(lambda: answered, seconds=30)
        assert answered == [number]
    finally:
        signal.signal(number, handler)


@pytest.mark.parametrize(("given", "inside"), [("1", "1"), (None, "merlab")])
def test_a_variable_of_python_that_the_user_has_set_stays(monkeypatch, given, inside):
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    if given:
        monkeypatch.setenv("PYTHONSAFEPATH", given)
    with nothing_from_here():
        assert os.environ["PYTHONSAFEPATH"] == inside
        # As a process that is started here does first.
        end_with_parent()
        assert os.environ.get("PYTHONSAFEPATH") == given
    assert os.environ.get("PYTHONSAFEPATH") == given


@pytest.mark.parametrize(("given", "inside"), [("ACTIVE", "ACTIVE"), (None, "PASSIVE")])
def test_idle_threads_of_processes_do_not_spin_unless_the_user_wants_it(monkeypatch, given, inside):
    monkeypatch.setenv("OMP_WAIT_POLICY", "")
    monkeypatch.delenv("OMP_WAIT_POLICY")
    if given:
        monkeypatch.setenv("OMP_WAIT_POLICY", given)
    with without_main():
        assert os.environ["OMP_WAIT_POLICY"] == inside
    assert os.environ.get("OMP_WAIT_POLICY") == given


def test_other_threads_find_the_main_program_while_processes_are_started(monkeypatch):
    """They may pickle its classes, and start processes that run it."""
    main: Any = ModuleType("__main__")
    main.__file__, main.__spec__ = "program.py", ModuleSpec("program", None)
    main.Mine = type("Mine", (), {"__module__": "__main__"})
    monkeypatch.setitem(sys.modules, "__main__", main)

    def found() -> tuple[object, ...]:
        there: Any = sys.modules["__main__"]
        there.set_meanwhile = True
        return there.__file__, there.__spec__, pickle.loads(pickle.dumps(main.Mine))

    with without_main(), ThreadPoolExecutor(1) as other:
        assert found() == (None, None, main.Mine)
        assert other.submit(found).result() == ("program.py", main.__spec__, main.Mine)
    assert main.set_meanwhile is True


def test_a_thread_that_starts_processes_waits_for_another_one():
    """The first to leave would otherwise take away the variable that keeps the current folder out."""
    entered = threading.Event()

    def second() -> None:
        with nothing_from_here():
            entered.set()

    with nothing_from_here():
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.05)
    thread.join()
    assert entered.is_set()


def test_a_handler_that_a_library_in_c_has_set_becomes_the_usual_one(monkeypatch):
    """Python does not know it, and cannot set it again."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    set_handler = signal.signal
    monkeypatch.setattr(signal, "signal", lambda number, handler: set_handler(number, handler) and None)
    try:
        with signals_later():
            pass
        assert [signal.getsignal(number) for number in before] == [signal.SIG_DFL] * 2
    finally:
        for number, handler in before.items():
            set_handler(number, handler)


def test_the_main_program_is_there_again_after_two_threads_have_started_processes():
    main, begun, entered, left = sys.modules["__main__"], threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with without_main():
            begun.set()
            entered.wait(0.05)
        left.set()

    def second() -> None:
        begun.wait()
        with without_main():
            entered.set()
            left.wait()

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.modules["__main__"] is main
