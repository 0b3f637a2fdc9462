"""Public traces whose rows are not yet jobs: what one row, or several, say of a job is put in cells of their own.

Each function takes the rows of a file and gives rows with cells that `MAPPINGS` names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.model.instants import read_instant
from hptsim.scenario.table_files import Row

_HOUR_S = 3600


def alibaba_2020(rows: Iterable[Row]) -> Iterator[Row]:
    """A task's GPUs: its instances times its share of a GPU in percent, where an empty cell is no GPU, rounded up."""
    for place, cells in rows:
        yield place, {**cells, "gpus": _gpus(cells)}


def _gpus(cells: Mapping[str, Any]) -> str:
    try:
        return str(math.ceil(float(cells.get("inst_num") or 1) * float(cells.get("plan_gpu") or 0) / 100 - 1e-9))
    except (ValueError, OverflowError):
        return f"{cells['inst_num']} x {cells['plan_gpu']} %"  # no number: it is refused as the size of this row


def philly(rows: Iterable[Row]) -> Iterator[Row]:
    """A job's run time is that of all its attempts together; its GPUs are those of its first attempt.

    A job without attempts, or with one that has no start or no end, has empty cells: it never ran, or still did.
    """
    for place, cells in rows:
        attempts = cells.get("attempts") or []
        try:
            run_s = str(math.fsum(read_instant(one["end_time"]) - read_instant(one["start_time"]) for one in attempts))
            gpus = str(sum(len(server["gpus"]) for server in attempts[0]["detail"]))
        except (ValueError, TypeError, KeyError, IndexError):
            run_s = gpus = ""
        yield place, {**cells, "attempts.run_s": run_s, "attempts.gpus": gpus}


def alibaba_2026(rows: Iterable[Row]) -> Iterator[Row]:
    """A pod is submitted at the beginning of the first hour in which it is seen, and runs as many hours as it is Running.

    The trace has hours only, so that all times are multiples of one.
    """
    pods: dict[str, tuple[str, dict[str, Any], int]] = {}
    for place, cells in rows:
        try:
            hour = 24 * int(cells["day"]) + int(cells["hour"])
        except ValueError:
            raise invalid(place, (cells["day"], cells["hour"]), "a day and an hour, as whole numbers") from None
        running = int(cells["state_public"] == "Running")
        pod = str(cells["pod_id"])
        if pod in pods:
            first, known, hours = pods[pod]
            pods[pod] = (first, {**known, "first_s": min(known["first_s"], hour)}, hours + running)
        else:
            pods[pod] = (place, {**cells, "first_s": hour}, running)
    for place, cells, hours in pods.values():
        run_s = str(hours * _HOUR_S) if hours else ""
        yield place, {**cells, "first_s": str(cells["first_s"] * _HOUR_S), "running_s": run_s}


@attrs.frozen
class Layout:
    """How the rows of a trace become jobs: the columns that it *needs*, and those that it *adds*."""

    jobs: Callable[[Iterable[Row]], Iterator[Row]]
    needs: tuple[str, ...]
    adds: tuple[str, ...]


LAYOUTS: Mapping[str, Layout] = {
    "alibaba-2020": Layout(alibaba_2020, ("inst_num", "plan_gpu"), ("gpus",)),
    "alibaba-2026": Layout(alibaba_2026, ("pod_id", "state_public", "day", "hour"), ("first_s", "running_s")),
    "philly": Layout(philly, ("attempts",), ("attempts.run_s", "attempts.gpus")),
}
"""By the name of the ready mapping that needs it."""
