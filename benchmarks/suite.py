"""Runs benchmarks, each in a process of its own, and says on what machine and with what versions.

A benchmark is a module of this folder with a function `rows(quick)`; its name stands in `SUITE`.
"""

from __future__ import annotations

import datetime
import multiprocessing
import os
import platform
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import attrs
from measured import LeftOut, Row, Rows

SUITE = {
    "speed": "Simulating, beside bare simpy",
    "queueing": "A queue with 20 servers, beside simpy, Ciw and salabim",
    "explore": "Exploring every order of events, beside a bare search",
    "calls": "Calls of a boto3 client in process, beside botocore alone and moto",
    "server": "Calls over HTTP, beside moto's server",
    "replay": "Replaying the Alibaba trace, beside a bare heap",
    "million": "Replaying a large table, its figures counted on the way, beside keeping the journal",
    "size": "Memory and snapshots of large runs",
    "precision": "Seconds to a precise answer, beside plain replications of simpy and Ciw",
    "sweep": "Replications on two processes, beside one",
    "syne_tune_simulator": "A table of trials, beside Syne Tune's simulator",
}
"""The benchmarks by name, in the order in which they run, and what the page calls them."""

PACKAGES = (
    "hptsim",
    "simpy",
    "transitions",
    "attrs",
    "boto3",
    "numpy",
    "pandas",
    "moto",
    "ciw",
    "salabim",
    "syne-tune",
)
BUSY = 0.5
"""With more than so many waiting or running processes for each core before it begins, a machine is called busy."""


@attrs.frozen
class Machine:
    """Where the figures come from."""

    system: str
    processor: str
    cores: int
    load: float
    """How many processes ran or waited when the suite began, on average over the minute before; 0 where nobody says."""

    @property
    def busy(self) -> bool:
        """Whether others were at work."""
        return self.load > BUSY * self.cores


@attrs.frozen
class Result:
    """What one run of the suite has found."""

    date: str
    quick: bool
    machine: Machine
    versions: dict[str, str]
    found: dict[str, Rows]


def run(names: Iterable[str], quick: bool) -> Result:
    """Run these benchmarks, one after the other."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    processor = _processor()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    machine = Machine(f"{platform.system()} {platform.machine()}", processor, cores, round(load, 2))
    found = {}
    for name in names:
        print(f"{name} ...", flush=True)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as one:
            found[name] = one.submit(measure, name, quick).result()
    return Result(datetime.date.today().isoformat(), quick, machine, versions(), found)


def measure(name: str, quick: bool) -> Rows:
    """The rows of one benchmark; where a module that it needs is not installed, that it was left out."""
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        return [LeftOut(name, f"needs the module {error.name}: see benchmarks/{name}.py")]
    found: Rows = module.rows(quick)
    return found


def versions() -> dict[str, str]:
    """Python's version, and those of the packages that are there."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    """What the processor calls itself, as far as one is told."""
    about = Path("/proc/cpuinfo")
    if about.exists():
        for line in about.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def plain(result: Result) -> dict[str, object]:
    """As JSON has it."""
    return attrs.asdict(result)


def from_plain(stored: dict[str, object]) -> Result:
    """The result that `plain` has written."""
    given = dict(stored)
    machine, found = given.pop("machine"), given.pop("found")
    assert isinstance(machine, dict) and isinstance(found, dict)
    read = {
        name: [LeftOut(**one) if "reason" in one else Row(**one) for one in several] for name, several in found.items()
    }
    return Result(machine=Machine(**machine), found=read, **given)  # type: ignore[arg-type]
