"""Reads a journal once and keeps time and money: what was reserved, occupied and billed, by whom and of which type.

Only what is alive is kept besides the rows.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from hptsim.model.account import by_type
from hptsim.model.billing import BILLED, whole_second
from hptsim.model.instants import read_instant
from hptsim.model.journal import QUEUED, Record, change
from hptsim.model.journal_reader import JournalReader
from hptsim.model.payloads import TrainingJobCreated
from hptsim.model.statuses import FINAL_TRAINING, FINAL_TUNING, status
from hptsim.model.teams import Teams
from hptsim.planning.line import Line, limits_of
from hptsim.planning.packed_rows import PackedRows
from hptsim.planning.usage import TuningJobFigures, Usage, WarmPoolFigures
from hptsim.scenario.prices import Prices
from hptsim.scenario.scenario import Scenario

_NO_SHARES = Teams()


@attrs.define
class Level:
    """A number that changes over time, and its integral from *since_s* on."""

    since_s: float
    value: int = 0
    integral: float = 0.0
    most: int = 0

    def move(self, by: int, now: float) -> None:
        """Change the number at *now*."""
        self.settle(now)
        self.value += by

    def settle(self, now: float) -> None:
        """Bring the integral up to *now*; changes before the beginning count from it."""
        if now > self.since_s:
            self.integral += self.value * (now - self.since_s)
            self.since_s = now
            self.most = max(self.most, self.value)


@attrs.define
class _Child:
    """A training job that is alive: whose it is, what it runs on, what is billable so far."""

    usage: Usage
    row: TuningJobFigures | None
    spot: bool
    state: str
    since_s: float
    running: dict[str, int] = attrs.field(factory=dict)
    asked_s: float = 0.0
    """When quota was asked for it, or it was launched on instances that its tuning job had."""
    quota_waiting_s: float = 0.0
    unsaved_s: float = 0.0
    """How long it has trained since its last checkpoint."""
    trained: bool = False
    """Whether it has ever trained."""
    started: bool = False
    billable_s: float = 0.0
    whole_s: int = 0
    """The same as the service counts it, between times cut to whole seconds (O11)."""
    counted_from_s: float | None = None
    """Since when it has been in states that are billed; None while it is not."""
    by_type: dict[str, float] = attrs.field(factory=dict)
    """Billable instance-seconds by instance type: a restart may have come to another."""


class Accounting(JournalReader):
    """Time and money of a journal from *begin_s* on; rows of tuning jobs are always about their whole life.

    *epoch_s* is the journal's second 0 in seconds since 1970: what is billed depends on where whole seconds begin (O11).
    *packed* keeps the rows of tuning jobs that have ended in columns: for runs of millions.
    """

    def __init__(
        self,
        prices: Prices,
        begin_s: float = 0.0,
        epoch_s: float = 0.0,
        limits: Mapping[str, int] = MappingProxyType({}),
        templates: Mapping[str, str] = MappingProxyType({}),
        teams: Teams = _NO_SHARES,
        *,
        packed: bool = False,
    ) -> None:
        self.prices = prices
        self.begin_s = begin_s
        self.epoch_s = epoch_s
        self._templates, self._teams = templates, teams
        self._line = Line(limits)
        self._asked = 0.0, 0.0
        """Of the training job that is being launched: when quota was asked for it, and how long that waited."""
        self.training_waiting_s = array("d")
        """Of training jobs that have trained: from when quota was asked for them until they did."""
        self.training_quota_waiting_s = array("d")
        """The part of it in the line for quota."""
        self._packed = PackedRows() if packed else None
        self.rows: PackedRows | list[TuningJobFigures] = [] if self._packed is None else self._packed
        self.standalone = Usage()
        """All training jobs without a tuning job together."""
        self.reserved: dict[str, Level] = {}
        self.occupied: dict[str, Level] = {}
        self.billable: dict[str, float] = {}
        self.queue = Level(begin_s)
        """Requests that wait for quota."""
        self.in_system = Level(begin_s)
        """Tuning jobs that have been created and have not ended."""
        self.refused: dict[str, int] = {}
        self.refused_creations = 0
        """Of tuning jobs, after the warm-up."""
        self.warm_pools: list[WarmPoolFigures] = []
        """What was retained, in the order in which it was given back."""
        self._named: dict[str, TuningJobFigures] = {}
        self._held: dict[int, Level] = {}
        self._stopping: dict[int, Level] = {}
        self._used: dict[int, Level] = {}
        self._definitions: dict[str, Any] = {}
        self._children: dict[str, _Child] = {}
        self._pools: dict[str, dict[str, int]] = {}
        """The instances of each warm pool, once its training job has ended, and since when it keeps them."""
        self._kept: dict[str, float] = {}

    @classmethod
    def of(cls, scenario: Scenario, begin_s: float = 0.0, *, packed: bool = False) -> Accounting:
        """The accounting of a run of *scenario*: its prices, limits, templates and teams, and when its second 0 is."""
        return cls(
            scenario.price_list,
            begin_s,
            read_instant(scenario.epoch, "epoch"),
            limits_of(scenario),
            {one.spec.name: one.template for one in scenario.tuning_jobs if one.template},
            scenario.teams,
            packed=packed,
        )

    def close(self, now: float) -> None:
        """Count and bill everything up to *now*, also what is still running then."""
        for child in self._children.values():
            if child.state not in FINAL_TRAINING:
                self._pass(child, now)
                self._count_whole(child, now)
                self._bill(child)
        for name in list(self._kept):
            self._retained(name, now)
        self._line.close(now)
        for level in (self.queue, self.in_system, *self.reserved.values(), *self.occupied.values()):
            level.settle(now)
        for row in [*(self.rows if self._packed is None else self._packed.alive), self.standalone]:
            self._usage(row, now)

    def _usage(self, row: Usage, now: float) -> None:
        for levels, name in (
            (self._held, "reserved_instance_s"),
            (self._used, "occupied_instance_s"),
            (self._stopping, "stopping_instance_s"),
        ):
            if (level := levels.get(id(row))) is not None:
                level.settle(now)
                setattr(row, name, level.integral)

    def _pack(self, row: Usage, now: float) -> None:
        """Put the row of a tuning job that has ended and holds nothing in columns: nothing of it will change any more."""
        if self._packed is None or not isinstance(row, TuningJobFigures) or row.ended_s is None:
            return
        held = self._held.get(id(row))
        if held is None or held.value == 0:
            self._usage(row, now)
            for levels in (self._held, self._used, self._stopping):
                levels.pop(id(row), None)
            del self._named[row.name], self._definitions[row.name]
            self._packed.pack(row)

    # ------------------------------------------------------------------ one record

    def on_tuning_create(self, record: Record) -> None:
        """A row of figures begins, and one more tuning job is in the system."""
        name, spec = record.name, record.data.spec
        row = TuningJobFigures(name=name, created_s=record.time_s, status=status(record.destination))
        row.template, row.team, row.priority = (
            self._templates.get(name) or name,
            self._teams.of(spec.team, spec.request),
            spec.priority,
        )
        row.instance_type = spec.definitions[0].instances.instance_type
        self._named[name] = row
        self.rows.append(row)
        self._definitions[name] = spec.definitions
        self.in_system.move(1, record.time_s)

    def on_tuning(self, record: Record) -> None:
        """Note when a tuning job first launched, was stopped and ended, in simulated seconds."""
        now, row = record.time_s, self._named[record.name]
        if record.trigger == "launch":
            if record.data is None:  # on idle instances: nothing was asked for it
                self._asked = now, 0.0
            if row.launched_s is None:
                self._line.launched(row, now)
                row.launched_s = now
        row.status = status(record.destination)
        if record.trigger == "stop":
            row.stop_s = now
            held = self._held.get(id(row))
            self._stopping[id(row)] = Level(now, held.value if held is not None else 0)
        if row.status in FINAL_TUNING:
            row.ended_s = now
            self.in_system.move(-1, now)
            self._pack(row, now)

    def on_tuning_delete(self, record: Record) -> None:
        """The figures of a job whose record is deleted stay."""

    on_training_delete = on_tuning_delete

    def on_training_create(self, record: Record) -> None:
        """A training job begins; nothing is billed yet."""
        self._children[record.name] = self._created(record)

    def on_training(self, record: Record) -> None:
        """Count the time in the state before, and bill the training job when it ends (O11, B7)."""
        now, child = record.time_s, self._children[record.name]
        if child.state == "Training":
            self._lose(child, record)
        self._pass(child, now)
        child.state = record.destination
        if record.trigger == "preempt" and child.row is not None:
            child.row.preemptions += 1
        if not child.trained and child.state == "Training":
            self._trains(child, now)
        if child.state not in BILLED:
            self._count_whole(child, now)
        elif child.counted_from_s is None:
            child.started, child.counted_from_s = True, now
        if (end := record.destination) in FINAL_TRAINING:
            self._bill(child)
            if child.row is not None:
                child.row.children[end] = 1 + child.row.children.get(end, 0)
            if record.source == "Interrupted:queued":  # it has no instances to give back
                del self._children[record.name]

    def _lose(self, child: _Child, record: Record) -> None:
        """Time in Training passes: a checkpoint keeps it, another attempt loses it (R23)."""
        child.unsaved_s += record.time_s - child.since_s
        if record.trigger == "checkpoint":
            child.unsaved_s = 0.0
        elif record.trigger in ("preempt", "interrupt", "internal_error") and record.destination not in FINAL_TRAINING:
            child.usage.lost_instance_s += child.unsaved_s * sum(child.running.values())
            child.unsaved_s = 0.0

    def _created(self, record: Record) -> _Child:
        created: TrainingJobCreated = record.data
        if created.standalone is not None:
            child = _Child(self.standalone, None, created.standalone.spot, record.destination, record.time_s)
            child.asked_s = record.time_s
            return child
        row = self._named[created.tuning_job]
        spot = self._definitions[row.name][created.definition].spot
        child = _Child(row, row, spot, record.destination, record.time_s)
        child.asked_s, child.quota_waiting_s = self._asked
        return child

    def _trains(self, child: _Child, now: float) -> None:
        """A training job trains for the first time."""
        child.trained = True
        if child.row is not None and child.row.waiting_s is None:
            child.row.waiting_s = now - child.row.created_s
        if child.asked_s >= self.begin_s:
            self.training_waiting_s.append(now - child.asked_s)
            self.training_quota_waiting_s.append(child.quota_waiting_s)

    def _pass(self, child: _Child, now: float) -> None:
        """Let the time up to *now* pass in the state in which the training job is."""
        if child.state in BILLED:
            passed_s = now - child.since_s
            within_s = now - max(child.since_s, self.begin_s)
            child.billable_s += passed_s
            for kind, count in child.running.items():
                child.by_type[kind] = child.by_type.get(kind, 0.0) + passed_s * count
                child.usage.billable_instance_s += passed_s * count
                self.billable[kind] = self.billable.get(kind, 0.0) + max(0.0, within_s) * count
        child.since_s = now

    def _count_whole(self, child: _Child, now: float) -> None:
        """Count the whole seconds up to *now* of a training job that has been in billed states (O11)."""
        if child.counted_from_s is not None:
            child.whole_s += whole_second(self.epoch_s + now) - whole_second(self.epoch_s + child.counted_from_s)
            child.counted_from_s = None

    def _bill(self, child: _Child) -> None:
        """Bill a training job that has ended, in whole seconds, at least one (O11, B7)."""
        if not child.started:
            return
        usage, spent = child.usage, child.by_type if child.billable_s else child.running
        rounding = max(1, child.whole_s) / (child.billable_s or 1.0)
        for kind, instance_s in spent.items():
            usage.billed_instance_s += instance_s * rounding
            price = self.prices.of(kind, spot=child.spot)
            known = price is not None and usage.cost_usd is not None
            usage.cost_usd = (usage.cost_usd or 0.0) + instance_s * rounding / 3600 * (price or 0.0) if known else None

    def on_reservation(self, record: Record) -> None:
        """Quota is requested, granted or released: the queue and the reserved instances change."""
        now, waiting = record.time_s, QUEUED.get(record.trigger)
        if waiting is not None:
            self.queue.move(waiting, now)
            self._queued(record, now)
            if record.trigger != "grant":
                return
        self._line.reserve(change(record))
        holder = self._named.get(record.data.holder, self.standalone)
        for kind, by in by_type(change(record)).items():
            self._level(self.reserved, kind, self.begin_s).move(by, now)
            self._level(self._held, id(holder), 0.0).move(by, now)
            if (level := self._stopping.get(id(holder))) is not None:
                level.move(by, now)
        self._pack(holder, now)

    def _queued(self, record: Record, now: float) -> None:
        """A request comes into the line, or leaves it: granted, or taken back."""
        if record.trigger == "ask":
            self._line.join(record.name, now, record.data.amounts, self._named.get(record.data.holder))
        else:
            since_s = self._line.leave(record.name, now)
            self._asked = since_s, now - since_s

    def on_occupancy(self, record: Record) -> None:
        """Instances are taken into use, or put back."""
        child = self._children[record.name]
        moved = by_type(change(record))
        for kind, by in moved.items():
            self._level(self.occupied, kind, self.begin_s).move(by, record.time_s)
            self._level(self._used, id(child.usage), 0.0).move(by, record.time_s)
        if record.trigger == "occupy":
            child.running = moved
        elif child.state in FINAL_TRAINING:
            del self._children[record.name]
            if record.name in self._pools:
                self._pools[record.name] = child.running

    def on_warm_pool(self, record: Record) -> None:
        """A warm pool begins and ends to keep its instances; its time is billed at the end (B11)."""
        if record.trigger == "open":
            self._pools[record.name] = {}
        elif record.source == "InUse" != record.destination:
            if record.destination == "Available":
                self._kept[record.name] = record.time_s
            else:
                del self._pools[record.name]
        elif record.source == "Available" != record.destination:
            self._retained(record.name, record.time_s)

    def _retained(self, name: str, now: float) -> None:
        """Bill what a warm pool has kept: on-demand time of all its instances (B11)."""
        retained_s, kinds = now - self._kept.pop(name), self._pools.pop(name)
        prices = {kind: self.prices.of(kind) for kind in kinds}
        known = [price * kinds[kind] for kind, price in prices.items() if price is not None]
        cost = math.fsum(known) * int(retained_s) / 3600 if len(known) == len(kinds) else None
        self.warm_pools.append(WarmPoolFigures(name, retained_s, retained_s * sum(kinds.values()), cost))

    @staticmethod
    def _level(levels: dict[Any, Level], key: Any, since_s: float) -> Level:
        level = levels.get(key)
        if level is None:
            level = levels[key] = Level(since_s)
        return level

    def on_artifact(self, record: Record) -> None:
        """Count an object that the tuning job has left in S3."""
        child = self._children.get(record.name)
        if child is not None and child.row is not None:
            child.row.artifacts += 1

    def on_refused(self, record: Record) -> None:
        """Count a refused request by the service's error code."""
        self.refused_creations += record.trigger == "create" and record.time_s >= self.begin_s
        code = record.data.partition(":")[0]
        self.refused[code] = 1 + self.refused.get(code, 0)
