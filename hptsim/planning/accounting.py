"""Reads a journal once and keeps time and money: what was reserved, occupied and billed, by whom and of which type.

Only what is alive is kept besides the rows. Entries are taken apart as the plain tuples that they are (`Entry`): there may be
tens of millions, and looking each field up by its name costs as much as counting it.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from types import MappingProxyType

from hptsim.model.account import TOTAL, TUNING_JOBS
from hptsim.model.definitions import Amounts
from hptsim.model.entries import Entry
from hptsim.model.instants import read_instant
from hptsim.model.journal_reader import JournalReader
from hptsim.model.payloads import TrainingJobCreated
from hptsim.model.statuses import FINAL_TRAINING, FINAL_TUNING, status
from hptsim.model.teams import Teams
from hptsim.planning.levels import Holder, Level, TuningHolder
from hptsim.planning.line import Line, limits_of
from hptsim.planning.packed_rows import PackedRows
from hptsim.planning.training_accounts import TrainingAccount
from hptsim.planning.usage import TuningJobFigures, Usage
from hptsim.planning.warm_pool_accounts import WarmPoolAccounts
from hptsim.scenario.prices import Prices
from hptsim.scenario.scenario import Scenario

_NO_SHARES = Teams()
_NO_TYPES = frozenset({TOTAL, TUNING_JOBS})


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
        self._warm_pools = WarmPoolAccounts(prices)
        self.warm_pools = self._warm_pools.figures
        """What was retained, in the order in which it was given back."""
        self._alone = Holder(self.standalone)
        self._holders: dict[str, TuningHolder] = {}
        """Tuning jobs by name, until they have ended and hold nothing."""
        self._training: dict[str, TrainingAccount] = {}

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
        for job in self._training.values():
            if job.state not in FINAL_TRAINING:
                job.wait(now, self.begin_s, self.billable)
                job.count_whole(now, self.epoch_s)
                job.bill(self.prices)
        self._warm_pools.close(now)
        self._line.close(now)
        for level in (self.queue, self.in_system, *self.reserved.values(), *self.occupied.values()):
            level.settle(now)
        for holder in (*self._holders.values(), self._alone):
            holder.settle(now)

    # ------------------------------------------------------------------ tuning jobs

    def on_tuning_create(self, entry: Entry) -> None:
        """A row of figures begins, and one more tuning job is in the system."""
        now, _, name, _, _, destination, created, _ = entry
        spec = created.spec
        row = TuningJobFigures(
            name=name,
            created_s=now,
            template=self._templates.get(name) or name,
            team=self._teams.of(spec.team, spec.request),
            priority=spec.priority,
            instance_type=spec.definitions[0].instances.instance_type,
            status=status(destination),
        )
        self.rows.append(row)
        self._holders[name] = TuningHolder(row, row, spec.definitions)
        self.in_system.move(1, now)

    def on_tuning(self, entry: Entry) -> None:
        """Note when a tuning job first launched, was stopped and ended, in simulated seconds."""
        now, _, name, trigger, source, destination, data, _ = entry
        holder = self._holders[name]
        row = holder.row
        if trigger == "launch":
            if data is None:  # on idle instances: nothing was asked for it
                self._asked = now, 0.0
            if row.launched_s is None:
                self._line.launched(row, now)
                row.launched_s = now
        if source == destination:
            return
        row.status = status(destination)
        if trigger == "stop":
            row.stop_s = now
            holder.stopping = Level(now, holder.held.value)
        if row.status in FINAL_TUNING:
            row.ended_s = now
            self.in_system.move(-1, now)
            self._let_go(holder, now)

    def on_tuning_delete(self, entry: Entry) -> None:
        """The figures of a job whose record is deleted stay."""

    on_training_delete = on_tuning_delete

    def _let_go(self, holder: TuningHolder, now: float) -> None:
        """Forget a tuning job that has ended and holds nothing: nothing of its row will change any more."""
        if holder.row.ended_s is None or holder.held.value or holder.used.value:
            return
        holder.settle(now)
        del self._holders[holder.row.name]
        if self._packed is not None:
            self._packed.pack(holder.row)

    # ------------------------------------------------------------------ training jobs

    def on_training_create(self, entry: Entry) -> None:
        """A training job begins; nothing is billed yet."""
        now, _, name, _, _, destination, data, _ = entry
        created: TrainingJobCreated = data
        if created.standalone is not None:
            spot = created.standalone.spot
            self._training[name] = TrainingAccount(self._alone, None, spot, destination, now, now, 0.0)
        else:
            holder = self._holders[created.tuning_job]
            spot = holder.definitions[created.definition].spot
            self._training[name] = TrainingAccount(holder, holder.row, spot, destination, now, *self._asked)

    def on_training(self, entry: Entry) -> None:
        """Count the time in the state before, and bill the training job when it ends (O11, B7)."""
        now, _, name, trigger, source, destination, _, _ = entry
        job = self._training[name]
        if job.state == "Training":
            job.lose(now, trigger, destination)
        job.wait(now, self.begin_s, self.billable)
        row = job.row
        if trigger == "preempt" and row is not None:
            row.preemptions += 1
        job.enter(destination, now, self.epoch_s)
        if destination == "Training" and not job.trained:
            self._trains(job, now)
        if destination in FINAL_TRAINING:
            job.bill(self.prices)
            if row is not None:
                row.children[destination] = 1 + row.children.get(destination, 0)
            if source == "Interrupted:queued":  # it has no instances to give back
                del self._training[name]

    def _trains(self, job: TrainingAccount, now: float) -> None:
        """A training job trains for the first time."""
        job.trained = True
        if job.row is not None and job.row.waiting_s is None:
            job.row.waiting_s = now - job.row.created_s
        if job.asked_s >= self.begin_s:
            self.training_waiting_s.append(now - job.asked_s)
            self.training_quota_waiting_s.append(job.quota_waiting_s)

    def on_artifact(self, entry: Entry) -> None:
        """Count an object that the tuning job has left in S3."""
        job = self._training.get(entry[2])
        if job is not None and job.row is not None:
            job.row.artifacts += 1

    # ------------------------------------------------------------------ quota

    def on_reservation_ask(self, entry: Entry) -> None:
        """A request comes into the line."""
        now, _, name, _, _, _, data, _ = entry
        self.queue.move(1, now)
        holder = self._holders.get(data.holder)
        self._line.join(name, now, data.amounts, None if holder is None else holder.row)

    def on_reservation_withdraw(self, entry: Entry) -> None:
        """A request leaves the line; what is launched next is what it was for, if anything."""
        now, name = entry[0], entry[2]
        self.queue.move(-1, now)
        since_s = self._line.leave(name, now)
        self._asked = since_s, now - since_s

    def on_reservation_grant(self, entry: Entry) -> None:
        """A request leaves the line, and its amounts are reserved."""
        self.on_reservation_withdraw(entry)
        self._reserve(entry[6].holder, entry[6].amounts, 1, entry[0])

    def on_reservation_move(self, entry: Entry) -> None:
        """Other instances are reserved in place of those that are given back."""
        self._reserve(entry[6].holder, entry[6].change, 1, entry[0])

    def on_reservation_release(self, entry: Entry) -> None:
        """Amounts are given back."""
        self._reserve(entry[6].holder, entry[6].amounts, -1, entry[0])

    def _reserve(self, name: str, amounts: Amounts, sign: int, now: float) -> None:
        """Count what is reserved for the holder *name*, or with a *sign* of -1 given back."""
        self._line.reserve(amounts, sign)
        tuning = self._holders.get(name)
        holder = self._alone if tuning is None else tuning
        for pool, count in amounts.items():
            if pool not in _NO_TYPES:
                by = sign * count
                self._level(self.reserved, pool).move(by, now)
                holder.held.move(by, now)
                if tuning is not None and tuning.stopping is not None:
                    tuning.stopping.move(by, now)
        if tuning is not None:
            self._let_go(tuning, now)

    def on_occupancy_occupy(self, entry: Entry) -> None:
        """A training job takes instances into use."""
        now, _, name, _, _, _, amounts, _ = entry
        job = self._training[name]
        job.running = self._use(job, amounts, 1, now)

    def on_occupancy_vacate(self, entry: Entry) -> None:
        """A training job puts its instances back, for others or at its end."""
        now, _, name, _, _, _, amounts, _ = entry
        job = self._training[name]
        self._use(job, amounts, -1, now)
        if job.state in FINAL_TRAINING:
            del self._training[name]
            self._warm_pools.job_ended(name, job.running)

    def _use(self, job: TrainingAccount, amounts: Amounts, sign: int, now: float) -> dict[str, int]:
        """Count what a training job occupies, or with a *sign* of -1 puts back; the same by instance type."""
        kinds = {}
        for pool, count in amounts.items():
            if pool not in _NO_TYPES:
                kinds[pool] = count
                self._level(self.occupied, pool).move(sign * count, now)
                job.holder.used.move(sign * count, now)
        return kinds

    def _level(self, levels: dict[str, Level], kind: str) -> Level:
        level = levels.get(kind)
        if level is None:
            level = levels[kind] = Level(self.begin_s)
        return level

    def on_warm_pool(self, entry: Entry) -> None:
        """A warm pool begins and ends to keep its instances."""
        self._warm_pools.read(entry)

    # ------------------------------------------------------------------ refused calls

    def on_refused(self, entry: Entry) -> None:
        """Count a refused request by the service's error code."""
        self.refused_creations += entry[3] == "create" and entry[0] >= self.begin_s
        code = entry[6].partition(":")[0]
        self.refused[code] = 1 + self.refused.get(code, 0)
