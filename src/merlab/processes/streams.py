"""Values that come one by one from other processes, or from a thread that reads ahead."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from merlab.errors import MerlabError
from merlab.processes.old_objects import Sparing
from merlab.processes.starting import ENDED_EARLY, begin_worker, without_main
from merlab.processes.thread_limits import one_thread

Item = TypeVar("Item")
Result = TypeVar("Result")


def stream_from_processes(
    work: Callable[[Item], Iterator[Result]], items: Sequence[Item]
) -> Generator[Result, None, None]:
    """Yield what ``work(item)`` yields; each item has its own process (a single item is processed in this process).

    Each process uses one thread of OpenCV and of BLAS. Raises what ``work`` raises, and MerlabError if a process dies.
    The other processes are then stopped, as they are when the caller closes the generator, which leaves no unfinished
    file.
    """
    if len(items) == 1:
        with one_thread():
            yield from work(items[0])
        return
    spawn = multiprocessing.get_context("spawn")
    pipes = [spawn.Pipe(duplex=False) for _ in items]
    processes = [
        spawn.Process(target=Sparing(_send_all), args=(work, item, sender), daemon=True)
        for item, (_, sender) in zip(items, pipes, strict=True)
    ]
    try:
        with without_main():
            for process, (_, sender) in zip(processes, pipes, strict=True):
                process.start()
                sender.close()
        yield from _received([receiver for receiver, _ in pipes])
    finally:
        for process in processes:
            if process.pid is not None:
                process.kill()
                process.join()


def _send_all(work: Callable[[Item], Iterator[Result]], item: Item, sender: Connection) -> None:
    """Send each value that ``work`` yields as (True, value), then (False, None), or (False, exception) on an error."""
    begin_worker()
    try:
        for value in work(item):
            sender.send((True, value))
        sender.send((False, None))
    except Exception as error:
        sender.send((False, error))


def _received(receivers: list[Connection]) -> Iterator[Any]:
    while receivers:
        ready = wait(receivers)
        # On Windows, they are of another class than Connection.
        for receiver in [each for each in receivers if each in ready]:
            try:
                is_value, content = receiver.recv()
            except EOFError as error:
                raise MerlabError(ENDED_EARLY) from error
            if is_value:
                yield content
            elif content is not None:
                raise content
            else:
                receivers.remove(receiver)


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items; a thread fetches the next item while the caller processes the current one."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as pool:
        coming: Future[Any] = pool.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, iterator, end)
            yield item
