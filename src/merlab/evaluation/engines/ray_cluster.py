"""Many machines: a Ray cluster.

Inputs are made here and sent to the machines, which need neither database nor cache, and neither the files of weights
nor the synthetic flow that training uses.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from merlab.errors import MerlabError, first_line
from merlab.evaluation.engines.engine import Done, FitEpoch
from merlab.evaluation.plan import Entry, Plan
from merlab.evaluation.transport import own_modules_of, packages_of, packed, unpacked
from merlab.evaluation.unit import Fit, UnitInputs, Worker, fit_and_predict
from merlab.evaluation.versions import versions
from merlab.given import as_jobs, require_instance
from merlab.inputs import Recipe
from merlab.own_modules import code_of, is_installed, origin_of
from merlab.unneeded_warnings import without_warnings
from merlab.version import install_hint

KNOCK_SECONDS = 5.0
SAME_EVERYWHERE = "install the same merlab and libraries on every machine"


@dataclass(frozen=True)
class RayEngine:
    """The cluster at ``address`` (``HOST:PORT`` or ``auto``); None starts one on this machine with ``jobs`` workers.

    Raises MerlabError where Ray is not installed, and for ``jobs`` below 1.
    """

    address: str | None = None
    jobs: int | None = None

    def __post_init__(self) -> None:
        if find_spec("ray") is None:
            raise MerlabError(f"--engine ray needs Ray; {install_hint('ray')}")
        if self.address is not None:
            require_instance(self.address, str, "address", "HOST:PORT or auto")
        object.__setattr__(self, "jobs", as_jobs(self.jobs))

    def work(self, plan: Plan, cache: Path | None, fits: Sequence[Fit], on_epoch: FitEpoch) -> Done:
        """Predictions of each unit, as soon as it is finished; epochs are not reported across machines."""
        import ray

        if not fits:
            return
        answer = signal.getsignal(signal.SIGTERM)
        self._connect()
        try:
            _answer_sigterm(answer)
            yield from _harvest(plan, cache, fits)
        except ray.exceptions.RayTaskError as error:
            raise error.cause if isinstance(error.cause, MerlabError) else error from error
        except ray.exceptions.RayError as error:
            raise MerlabError(
                f"the Ray cluster lost a unit of work: {first_line(error)}; run the same command again to resume"
            ) from error
        finally:
            ray.shutdown()
            _answer_sigterm(answer)

    def _connect(self) -> None:
        import ray

        # Ray sends statistics of its use to its makers unless this is set; no data may leave the machine.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        environment = {"env_vars": {"OMP_WAIT_POLICY": "PASSIVE"}}
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error", "runtime_env": environment}
        if self.address is None:
            options |= {"num_cpus": self.jobs, "include_dashboard": False}
        try:
            if self.address is not None and ":" in self.address:
                _knock(self.address)
            # What it says of other versions of Ray concerns nobody here.
            with without_warnings("Tip: In future versions of Ray", FutureWarning):
                # Without an address, Ray would use a cluster that somebody else has started on this machine.
                ray.init(self.address or "local", **options)
        except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
            raise MerlabError(_not_connected(self.address, error)) from error


def _answer_sigterm(answer: Any) -> None:
    """Answer SIGTERM as before: under Ray, the process ends with a list of addresses, after Ray without a message."""
    # Python lets only the main thread set it, and does not know what a library in C has set.
    if answer is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, answer)


def _not_connected(address: str | None, error: Exception) -> str:
    """What is wrong where Ray has no cluster at an address, or none on this machine, and the remedy."""
    if address is None:
        return f"Ray does not start on this machine: {first_line(error)}; leave --engine ray out to compute without it"
    return (
        f"no Ray cluster answers at {address}: {first_line(error)}; start one with `ray start --head` and name its "
        "address, or leave --address out to use this machine; if it was started with a token, set the variable "
        "RAY_AUTH_MODE to token here too, with the same ~/.ray/auth_token"
    )


def _knock(address: str) -> None:
    """Raise OSError unless something listens there: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), timeout=KNOCK_SECONDS).close()


def _harvest(plan: Plan, cache: Path | None, fits: Sequence[Fit]) -> Done:
    import ray

    remote = ray.remote(_unit)
    here = Worker(plan, cache)
    needs = [_needs(entry) for entry in plan.entries]
    for entry, need in zip(plan.entries, needs, strict=True):
        _require_machine(entry, need)
    shared: dict[tuple[Recipe, bool], Any] = {}
    for entry in plan.entries:
        if _inputs_key(entry) not in shared:
            shared[_inputs_key(entry)] = ray.put(here.inputs_of(entry))
    # Ray has its own copy of cloudpickle, which does not know which modules are packed by value.
    stated = ray.put(packed(plan))
    methods = [entry.method for entry in plan.entries]
    expected = {name: _version_here(name) for name in (*packages_of(methods), *own_modules_of(methods))}
    running = {}
    for fit in fits:
        need, inputs = needs[fit.entry], shared[_inputs_key(plan.entries[fit.entry])]
        task = remote.options(num_cpus=need.cores, num_gpus=need.gpus)
        running[task.remote(stated, inputs, fit, expected | versions())] = fit
    while running:
        # All that are ready are taken at once: to wait for them one by one takes a time that grows with their square.
        ray.wait(list(running))
        ready, _ = ray.wait(list(running), num_returns=len(running), timeout=0)
        for result in ready:
            yield running.pop(result), ray.get(result)


def _inputs_key(entry: Entry) -> tuple[Recipe, bool]:
    """Entries with the same key have the same inputs: a run has one folder of synthetic flow, or none."""
    return entry.recipe, entry.synthetic is not None


class _Needs(NamedTuple):
    """What a machine must have for one unit of a method."""

    cores: int
    gpus: int


def _needs(entry: Entry) -> _Needs:
    """One core per thread of the training; a GPU exactly where this machine has one, as the run key states."""
    threads = entry.preset.training.threads if entry.preset.training else 1
    return _Needs(threads, int(versions()["device"] != "cpu"))


def _require_machine(entry: Entry, need: _Needs) -> None:
    """Raise MerlabError where no machine of the cluster is large enough: Ray would wait for one without a message."""
    # Ray's function has no types.
    nodes = import_module("ray").nodes()
    machines = [machine["Resources"] for machine in nodes if machine["Alive"]]
    if not any(has.get("CPU", 0) >= need.cores and has.get("GPU", 0) >= need.gpus for has in machines):
        largest = max((int(has.get("CPU", 0)) for has in machines), default=0)
        raise MerlabError(
            f"no machine of the cluster can do a unit of {entry.name}, which uses {need.cores} CPU cores and "
            f"{need.gpus} GPUs; the largest of {len(machines)} machines has {largest} cores; start Ray on a machine "
            "that has them, and run the same command again"
        )


def _version_here(package: str) -> str:
    """The version of an installed package, with a digest where ``origin_of`` has one; else why it cannot be loaded.

    Of a module of your own, a digest of its code.
    """
    try:
        import_module(package)
    except Exception as error:
        return f"({type(error).__name__}: {error})"
    if not is_installed(package):
        return code_of(package)
    return origin_of(package).removeprefix(package).strip()


def _unit(plan: bytes, inputs: UnitInputs, fit: Fit, expected: dict[str, str]) -> pd.DataFrame:
    """On a machine of the cluster: refuse where other versions would give other numbers, else do the work."""
    found = {name: _version_here(name) for name in expected.keys() - versions().keys()} | versions()
    differing = [
        f"{name} {found.get(name)} instead of {value}" for name, value in expected.items() if found.get(name) != value
    ]
    if differing:
        raise MerlabError(f"a machine of the cluster has {', '.join(differing)}; {SAME_EVERYWHERE}")
    return fit_and_predict(unpacked(plan), inputs, fit)
