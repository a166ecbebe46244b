"""The cores and the memory that a process may use, as the Linux kernel states limits of a group of processes."""

from __future__ import annotations

import ctypes
import os
import struct
from types import SimpleNamespace
from typing import Any

import pytest

from merlab.processes import usable
from merlab.processes.pool import process_count
from merlab.processes.usable import usable_cores, usable_memory

GIB = 2**30


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of 64 cores and 256 GiB on which a process is in groups; called with their lines and their files."""
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(64)), raising=False)
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 64 * 2**20}.get, raising=False)
    monkeypatch.setattr(usable, "OWN_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(usable, "GROUPS", tmp_path / "groups")

    def put(lines, **files):
        (tmp_path / "cgroup").write_text(lines, encoding="utf-8")
        for name, content in files.items():
            path = tmp_path / "groups" / name.replace("__", "/").replace("_of_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n", encoding="utf-8")

    return put


def test_without_limits_all_cores_and_all_memory_are_used(machine):
    assert (usable_cores(), usable_memory()) == (64, 256 * GIB)
    machine("0::/user\n", cpu_of_max="max 100000", memory_of_max="max", user__cpu_of_max="max 100000")
    assert (usable_cores(), usable_memory()) == (64, 256 * GIB)


@pytest.mark.parametrize(("limit", "cores"), [("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1)])
def test_a_container_has_the_processor_time_that_it_was_given(machine, limit, cores):
    machine("0::/\n", cpu_of_max=limit, memory_of_max=8 * GIB)
    assert usable_cores() == process_count(None) == cores
    assert usable_memory() == 8 * GIB
    assert process_count(16) == 16


def test_the_job_of_a_cluster_is_in_a_group_with_limits_of_its_own_or_of_one_around_it(machine):
    machine("0::/slurm/job/step\n", slurm__job__cpu_of_max="400000 100000", slurm__job__step__cpu_of_max="max 100000")
    assert usable_cores() == 4
    machine("0::/slurm/job/step\n", slurm__memory_of_max=16 * GIB, slurm__job__memory_of_max=32 * GIB)
    assert usable_memory() == 16 * GIB


def test_older_kernels_have_a_tree_per_kind_of_limit(machine):
    lines = "4:memory:/docker/7\n2:cpu,cpuacct:/docker/7\n0::/\n"
    limits = {"cpu,cpuacct__cpu_of_cfs_quota_us": 300000, "cpu,cpuacct__cpu_of_cfs_period_us": 100000}
    # What the kernel writes where there is no limit of memory.
    machine(lines, **limits, memory__memory_of_limit_in_bytes=9223372036854771712)
    assert (usable_cores(), usable_memory()) == (3, 256 * GIB)
    machine(lines, memory__docker__7__memory_of_limit_in_bytes=2 * GIB)
    machine(lines, **{"cpu,cpuacct__cpu_of_cfs_quota_us": -1})
    assert (usable_cores(), usable_memory()) == (64, 2 * GIB)


def test_a_group_outside_of_what_a_container_sees_does_not_lead_out_of_the_tree(machine):
    machine("0::/../../other\n", cpu_of_max="100000 100000")
    assert usable_cores() == 1


def test_the_name_of_a_group_may_contain_colons(machine):
    """As containerd names the groups of Kubernetes."""
    machine("0::/kubepods-pod1.slice:cri-containerd:7f\n", cpu_of_max="200000 100000", memory_of_max=8 * GIB)
    assert (usable_cores(), usable_memory()) == (2, 8 * GIB)


def test_a_process_that_may_run_on_some_cores_uses_no_more(machine, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {8, 9, 10}, raising=False)
    assert usable_cores() == 3


def test_systems_without_such_limits_state_their_cores(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "sysconf", raising=False)
    monkeypatch.setattr(usable, "OWN_GROUPS", tmp_path / "none")
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert (usable_cores(), usable_memory()) == (8, None)


@pytest.mark.parametrize(("answered", "memory"), [(1, 16 * GIB), (0, None)])
def test_windows_states_its_memory(monkeypatch, answered, memory):
    """Microsoft, MEMORYSTATUSEX: its length, the load in percent, and seven sizes, ullTotalPhys first."""

    def answer(status: Any) -> Any:
        (length,) = struct.unpack_from("=I", status._obj)
        assert length == ctypes.sizeof(status._obj) == 64
        struct.pack_into("=II7Q", status._obj, 0, 64, 31, 16 * GIB, 11 * GIB, *range(5))
        return answered

    monkeypatch.setattr("sys.platform", "win32")
    windows = SimpleNamespace(kernel32=SimpleNamespace(GlobalMemoryStatusEx=answer))
    monkeypatch.setattr(ctypes, "windll", windows, raising=False)
    assert usable_memory() == memory
