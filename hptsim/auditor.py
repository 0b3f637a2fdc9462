"""The judge of the laws: an `Auditor` reads the journal entry by entry into books of its own and never looks at the world.

The auditor is not written by the clerk it audits. It judges a running simulation, every state of the explorer, and a saved
file, all by the same laws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hptsim.books import (
    AFTER,
    ENDS,
    FAULTS,
    FINAL,
    LAST_STEP,
    LOGGED,
    NEXT,
    POOL_NEXT,
    PoolBook,
    TrainingBook,
    TuningBook,
)
from hptsim.effects import bucket
from hptsim.jobs import duplicate
from hptsim.laws import broken
from hptsim.ledger import TOTAL, TUNING_JOBS, alone
from hptsim.lifecycle import STOPPING, primary, status
from hptsim.model import FINAL_TUNING, NO_CRITERIA, Artifact, Hyperband, TrainingJobDefinition, TuningJobSpec
from hptsim.search import ETA, Trial, brackets, falls_behind, goes_on, met, rungs
from hptsim.warm_pools import match_keys, outlives
from hptsim.world import Account, Entry, World


class Auditor:
    """Reads entries with `see`, judges after each step with `settle`, and at quiescence with `calm`.

    Raises LawBroken by the law's name. *checked* counts the checks of each law, *witnessed* the `sometimes` laws seen.
    """

    def __init__(self, account: Account, *, grace_s: float = 120.0) -> None:
        self.account = account
        self.grace_s = grace_s
        self.limit = dict(account.capacity)
        if account.limits.tuning_jobs is not None:
            self.limit[TUNING_JOBS] = account.limits.tuning_jobs
        self.now = 0.0
        self.tuning: dict[str, TuningBook] = {}
        self.training: dict[str, TrainingBook] = {}
        self.pools: dict[str, PoolBook] = {}
        self.claims: dict[str, tuple[str, tuple[Any, ...]]] = {}
        """Whose warm pool a training job that is about to be created takes over, and what it must share with it."""
        self.deleted: dict[str, int] = {}
        """How many log events each deleted training job has left."""
        self.reserved: dict[str, int] = {}
        self.artifacts: dict[str, str] = {}
        self.line: dict[str, Mapping[str, int]] = {}
        self.moved = False
        """Whether anything was asked, granted, withdrawn or released since the line was judged."""
        self.touched: dict[str, dict[str, None]] = {}
        """What this step is about: tuning jobs, and of each the training jobs."""
        self.died: list[str] = []
        self.checked = 0
        self.witnessed: dict[str, None] = {}

    def clone(self) -> Auditor:
        """An independent copy."""
        twin = duplicate(self)
        twin.tuning = {name: book.copy() for name, book in self.tuning.items()}
        twin.training = {  # what has ended never changes again and is shared
            name: duplicate(book) if book.state not in FINAL or book.occupies is not None else book
            for name, book in self.training.items()
        }
        twin.pools = {name: duplicate(book) for name, book in self.pools.items()}
        twin.claims = self.claims.copy()
        twin.reserved, twin.artifacts = self.reserved.copy(), self.artifacts.copy()
        twin.line, twin.touched, twin.died = self.line.copy(), {}, []
        twin.witnessed, twin.deleted = self.witnessed.copy(), self.deleted.copy()
        return twin

    def see(self, entry: Entry) -> None:
        """Read one entry into the books; raises LawBroken for what must not happen at all."""
        if entry[0] < self.now:
            raise broken("time never runs back", f"{entry[2]} at {entry[0]} after {self.now}")
        self.now = entry[0]
        self.checked += 1
        _READERS[entry[1]](self, entry)

    def _touch(self, book: TrainingBook) -> None:
        self.touched.setdefault(book.holder, {})[book.name] = None

    def _see_tuning(self, entry: Entry) -> None:
        _, _, name, trigger, source, destination, data = entry
        if trigger == "create":
            spec = data["spec"]
            self.tuning[name] = TuningBook(name, spec.limits.max_parallel, spec.limits.max_training_jobs, spec)
        book = self.tuning[name]
        if trigger == "delete":
            if status(book.state) not in FINAL_TUNING or source != book.state:
                raise broken("only what has ended is deleted", f"{name} is {book.state} and is deleted")
            self._settle_tuning(book, book.live)
            del self.tuning[name]
            return
        self.touched.setdefault(name, {})
        if status(book.state) in FINAL_TUNING:
            raise broken("a final status is final", f"{trigger} happened to {name}, which is {book.state}")
        if source != book.state:
            raise broken("tuning statuses in order", f"{name} leaves {source}, but it is {book.state}")
        if trigger == "launch" and (book.stopped or destination != "InProgress"):
            raise broken("no launch after a stop", f"{name} launches in {source}")
        book.launches += trigger == "launch"
        if trigger == "stop":
            book.stopped = True
            self._witness_stop(book)
        self._judge_tuning(book, trigger, destination)
        book.state = destination

    def _judge_tuning(self, book: TuningBook, trigger: str, destination: str) -> None:
        """A tuning job's next state follows from what has happened to it: nothing else may change it."""
        expected = {
            "create": "InProgress",
            "stop": "Stopping",
            "max_runtime": "InProgress:closing",
            "criterion": "InProgress:closing",
            "give_up": "InProgress:failing",
        }.get(trigger, book.state)
        if trigger == "finish":
            if book.live:
                raise broken("nobody outlives the parent", f"{book.name} ends, {next(iter(book.live))} lives")
            if book.stopped:
                expected = "Stopped"
            elif book.state == "InProgress:closing" or (book.evaluated and book.state == "InProgress"):
                expected = "Completed"
            else:
                expected = "Failed"
        if destination != expected:
            law = "the end says why" if status(destination) in FINAL_TUNING else "tuning statuses in order"
            raise broken(law, f"{trigger} leads {book.name} from {book.state} to {destination}, not {expected}")

    def _witness_stop(self, book: TuningBook) -> None:
        states = [self.training[name].state for name in book.live]
        seen = {
            "a stop catches two training": states.count("Training") >= 2,
            "a stop catches one starting": "Starting" in states,
            "a stop catches one uploading": "Uploading" in states,
            "an interruption meets a stop": "Interrupted" in states,
            "a stop races the last completion": not states and book.launched == book.total,
        }
        self.witnessed.update(dict.fromkeys(law for law, happened in seen.items() if happened))

    def _see_training(self, entry: Entry) -> None:
        now, _, name, trigger, source, destination, data = entry
        if trigger == "create":
            self._born(name, data)
        book = self.training[name]
        if trigger == "delete":
            return self._delete_training(book, source)
        self._touch(book)
        if book.state in FINAL:
            raise broken("a final status is final", f"{trigger} happened to {name}, which is {book.state}")
        if source != book.state or not self._may_follow(book, trigger, destination):
            raise broken("phases in order", f"{trigger} leads {name} from {book.state} to {destination}")
        if trigger == "ready" and book.streams != (destination == "Training"):
            mode = "streams its data" if book.streams else "has data to download"
            raise broken("phases in order", f"{name} {mode}, and ready leads it to {destination}")
        if source == "Stopping" and book.sigterm_s is not None and now > book.sigterm_s + self.grace_s + 1e-6:
            raise broken("grace is bounded", f"{name} runs {now - book.sigterm_s:g} s after SIGTERM")
        if trigger == "shortage" and book.choices:
            self._short(book)
        book.owed += trigger in LOGGED or (trigger == "ready" and destination == "Training")
        if trigger == "ready":
            book.launched = True
        elif trigger == "checkpoint":
            book.kept = len(book.curve)
        elif destination in ("Starting", "Interrupted") and book.curve:  # the epochs since the last checkpoint are lost
            book.curve = book.curve[: book.kept]
            book.passed = tuple([rung for rung in book.passed if rung <= book.kept])
        if trigger in ENDS:
            book.reasons += (trigger,)
            if trigger == "stop" and book.name in self.pools:
                self.witnessed["a stop meets a warm pool"] = None
        if data:
            book.promised += (data["saved"],) if "saved" in data else ()
            book.objective = data.get("objective", book.objective)
            if "epoch" in data:
                self._epoch(book, data["epoch"], data["objective"])
            book.failure = data.get("reason", book.failure)
        book.state = destination
        if destination in FINAL:
            self._died(book)

    def _delete_training(self, book: TrainingBook, source: str) -> None:
        if book.state not in FINAL or source != book.state:
            raise broken("only what has ended is deleted", f"{book.name} is {book.state} and is deleted")
        if book.name in self.died:
            self.died.remove(book.name)
            self.finished([book.name])
        self.deleted[book.name] = self.training.pop(book.name).logged

    def _born(self, name: str, data: Mapping[str, Any]) -> None:
        tuning = self.tuning[data["tuning_job"] or alone(name)]
        if tuning.spec is None:
            mode = data["definition"]["input_mode"]
        else:
            mode = tuning.spec.definitions[data["definition"]].input_mode
            self._judge_configuration(tuning, tuning.spec, data)
        definition = data["definition"] if tuning.spec is not None else 0
        choices = _choices(data["definition"] if tuning.spec is None else tuning.spec.definitions[definition])
        self.training[name] = TrainingBook(
            name,
            tuning.name,
            mode != "File",
            logged=self.deleted.get(name, 0),
            owed=self.deleted.pop(name, 0),
            ordinal=tuning.launched + 1,
            definition=definition,
            choices=choices,
        )
        if tuning.spec is None:
            self.training[name].asked = data
            self._claim(name, data)
        tuning.live[name] = None
        tuning.children.append(name)
        tuning.launched += 1
        tuning.counters["InProgress"] += 1
        if tuning.state != "InProgress":
            raise broken("no launch after a stop", f"{name} is created, {tuning.name} is {tuning.state}")
        if len(tuning.live) > tuning.parallel:
            raise broken("parallel within its limit", f"{tuning.name} runs {len(tuning.live)} of {tuning.parallel}")
        if tuning.launched > tuning.total:
            raise broken("total within its limit", f"{tuning.name} has launched {tuning.launched} of {tuning.total}")

    def _judge_configuration(self, tuning: TuningBook, spec: TuningJobSpec, data: Mapping[str, Any]) -> None:
        chosen: Mapping[str, str] = data["hyperparameters"]
        for span in spec.ranges_of(spec.definitions[data["definition"]]):
            if span.name in chosen and not span.holds(chosen[span.name]):
                raise broken("a strategy stays in its ranges", f"{tuning.name} tries {chosen[span.name]} for {span}")
        if spec.strategy == "Grid" and chosen:
            if chosen in tuning.tried:
                raise broken("Grid tries each point once", f"{tuning.name} tries {chosen} again")
            tuning.tried.append(chosen)

    def _epoch(self, book: TrainingBook, epoch: int, value: float | None) -> None:
        """A new epoch: by the same rule as the service, on books of our own, may the training job go on?"""
        if epoch != len(book.curve) + 1:
            raise broken("phases in order", f"{book.name} reports epoch {epoch} after {len(book.curve)}")
        book.curve += (float("nan") if value is None else value,)
        tuning = self.tuning[book.holder]
        if tuning.spec is None or value is None or book.sentence:
            return
        spec, objective = tuning.spec, tuning.spec.objective_of(tuning.spec.definitions[book.definition])
        others = [self.training[name] for name in tuning.children if name != book.name and name in self.training]
        others = [one for one in others if one.definition == book.definition]
        if spec.hyperband is not None:
            self._judge_rung(book, spec.hyperband, others, epoch - 1)
            known = [Trial(one.ordinal, {}, one.curve, passed=one.passed) for one in others]
            if epoch >= spec.hyperband.max_resource:
                book.sentence = "max_resource"
            elif goes_on(objective, spec.hyperband, book.ordinal, epoch, value, known):
                book.passed += (epoch,)
            else:
                book.sentence = "hyperband"
        elif spec.early_stopping:
            earlier = [one.curve for one in others if one.state == "Completed"]
            book.sentence = "early_stopping" if falls_behind(objective, book.curve, earlier) else ""

    def _judge_rung(self, book: TrainingBook, hyperband: Hyperband, others: list[TrainingBook], rung: int) -> None:
        """Counted by who has gone beyond the rung; one that was given up may, until its stop reaches it."""
        bracket = (book.ordinal - 1) % brackets(hyperband)
        if rung not in rungs(hyperband, bracket):
            return
        reached = [
            one for one in others if (one.ordinal - 1) % brackets(hyperband) == bracket and len(one.curve) >= rung
        ]
        beyond = 1 + sum(len(one.curve) > rung and one.sentence != "hyperband" for one in reached)
        if beyond > math.ceil((1 + len(reached)) / ETA):
            text = f"{beyond} training jobs went on after epoch {rung}, of {1 + len(reached)} that reached it"
            raise broken("a rung holds its share", text)

    def _may_follow(self, book: TrainingBook, trigger: str, destination: str) -> bool:
        if destination == "Failed":
            return trigger in FAULTS and book.state in NEXT and "Failed" in NEXT[book.state]
        if destination in ("Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded"):
            if not book.reasons:
                raise broken("the end says why", f"{book.name} ends {destination}, and nothing stopped it")
            if destination != ENDS[book.reasons[0]]:
                raise broken("the end says why", f"{book.name} ends {destination}, but {book.reasons[0]} stopped it")
            return trigger == LAST_STEP.get(book.state)
        return destination in AFTER.get(trigger, ()) and destination in NEXT.get(book.state, ())

    def _died(self, book: TrainingBook) -> None:
        tuning = self.tuning[book.holder]
        self.died.append(book.name)
        tuning.live.pop(book.name, None)
        tuning.counters["InProgress"] -= 1
        tuning.counters[bucket(book.state, book.failure)] += 1
        if book.objective is not None and book.state != "Failed":
            tuning.evaluated += 1
            if tuning.spec is not None:
                if tuning.spec.criteria != NO_CRITERIA:
                    tuning.results.append(book.objective)
                cost = tuning.spec.objective.cost(book.objective)
                tuning.best = cost if tuning.best is None else min(tuning.best, cost)
        if tuning.alone:
            tuning.state = primary(book.state).value

    def _see_reservation(self, entry: Entry) -> None:
        _, _, name, trigger, source, destination, data = entry
        holder = data["holder"]
        if holder == alone(holder.rpartition("/")[2]) and trigger == "ask":
            self.tuning[holder] = TuningBook(holder, 1, 1, state="InProgress", alone=True, launches=1)
        tuning = self.tuning[holder]
        self.touched.setdefault(holder, {})
        self.moved = True
        before = tuning.requests.get(name, "[*]")
        legal = {("[*]", "ask"): "Requested", ("Requested", "grant"): "Held", ("Requested", "withdraw"): "Withdrawn"}
        legal["Held", "release"], legal["Held", "move"] = "Released", "Held"
        if before != source or legal.get((before, trigger)) != destination:
            raise broken("reservations take their course", f"{trigger} leads {name} from {before} to {destination}")
        tuning.requests[name] = destination
        amounts: Mapping[str, int] = data["amounts"]
        if trigger == "move":
            return self._move(tuning, name, amounts, data["change"])
        if amounts != tuning.asked.setdefault(name, amounts):
            text = f"{trigger} of {dict(amounts)} for {name}, which has asked for {dict(tuning.asked[name])}"
            raise broken("reservations take their course", text)
        if trigger == "ask":
            self.line[name] = amounts
        elif trigger == "release":
            self._give_back(tuning, name, amounts)
        else:
            self.line.pop(name)
            if trigger == "withdraw" and (tuning.stopped or tuning.state == "Stopping"):
                self.witnessed["a waiting request is withdrawn"] = None
        if trigger == "grant":
            for pool, count in amounts.items():
                self._take(tuning, pool, count)
        if destination in ("Released", "Withdrawn"):
            del tuning.requests[name], tuning.asked[name]

    def _short(self, book: TrainingBook) -> None:
        """A training job found no machines: with which of its further types does it have to go on?"""
        tuning = self.tuning[book.holder]
        book.short = True
        for choice, amounts in enumerate(book.choices[book.choice + 1 :], start=book.choice + 1):
            wanted = {**amounts, TOTAL: sum(amounts.values())} if TOTAL in self.limit else amounts
            idle = all(count <= tuning.held.get(pool, 0) - tuning.used.get(pool, 0) for pool, count in wanted.items())
            if idle or self._fits(wanted):
                book.latest = choice
                return

    def _move(self, tuning: TuningBook, name: str, amounts: Mapping[str, int], change: Mapping[str, int]) -> None:
        """A reservation changes its type; what it gives up is what a training job without machines had."""
        before = tuning.asked[name]
        after = {pool: before.get(pool, 0) + change.get(pool, 0) for pool in {**before, **change}}
        if {pool: count for pool, count in after.items() if count} != amounts or not tuning.moving:
            raise broken("reservations take their course", f"{name} moves by {change} from {before} to {amounts}")
        if any(-count > tuning.moving.get(pool, 0) for pool, count in change.items()):
            raise broken("reservation held until the end", f"{name} moves by {change}, freed were {tuning.moving}")
        tuning.asked[name] = amounts
        for pool, count in change.items():
            self._take(tuning, pool, count)

    def _take(self, tuning: TuningBook, pool: str, count: int) -> None:
        tuning.held[pool] = tuning.held.get(pool, 0) + count
        self.reserved[pool] = self.reserved.get(pool, 0) + count
        if pool in self.limit and self.reserved[pool] > self.limit[pool]:
            raise broken("quota never exceeded", f"{self.reserved[pool]} {pool}, limit {self.limit[pool]}")

    def _give_back(self, tuning: TuningBook, name: str, amounts: Mapping[str, int]) -> None:
        early = status(tuning.state) not in FINAL_TUNING
        if early and (self.account.assumptions.reservation != "as-observed" or TUNING_JOBS in amounts):
            raise broken("reservation held until the end", f"{name} is released while {tuning.name} is {tuning.state}")
        for pool, count in amounts.items():
            tuning.held[pool] = tuning.held.get(pool, 0) - count
            self.reserved[pool] -= count
            if tuning.held[pool] < 0:
                raise broken("released at the end, exactly once", f"{tuning.name} gives back more {pool} than it held")

    def _see_occupancy(self, entry: Entry) -> None:
        book = self.training[entry[2]]
        taking = entry[3] == "occupy"
        if taking == (book.occupies is not None):
            raise broken("a live training job occupies", f"{book.name} does {entry[3]} twice")
        if not taking and book.state not in FINAL:
            if not book.short:
                raise broken("a live training job occupies", f"{book.name} gives its instances up in {book.state}")
            self.tuning[book.holder].moving = book.occupies
        used, sign = self.tuning[book.holder].used, 1 if taking else -1
        for pool, count in (entry[6] if taking else book.occupies).items():
            used[pool] = used.get(pool, 0) + sign * count
        book.occupies = entry[6] if taking else None
        self._touch(book)
        if taking and book.choices:
            self._choose(book, entry[6])

    def _choose(self, book: TrainingBook, amounts: Mapping[str, int]) -> None:
        """A training job with several instance types runs on one of them, and after a shortage on a further one."""
        chosen = {pool: count for pool, count in amounts.items() if pool != TOTAL}
        first = book.choice + 1 if book.short else 0
        places = [place for place, one in enumerate(book.choices) if one == chosen and place >= first]
        if not places:
            raise broken("a shortage falls back", f"{book.name} runs on {chosen}, which is not next of {book.choices}")
        if book.short:
            self.tuning[book.holder].moving = {}
            self.witnessed["a launch falls back"] = None
            if book.latest and places[0] > book.latest:
                raise broken("a shortage falls back", f"{book.name} passes {book.choices[book.latest]} over")
        book.choice, book.short, book.latest = places[0], False, 0

    def _see_artifact(self, entry: Entry) -> None:
        book = self.training[entry[2]]
        if entry[6] not in book.promised:
            raise broken("nothing is stored unsaved", f"{book.name} stores {entry[6]}")
        book.stored += (entry[6],)
        self.artifacts[entry[6]] = book.name
        if entry[5] == "model":
            self.tuning[book.holder].models += 1

    def _see_log(self, entry: Entry) -> None:
        self.training[entry[2]].logged += 1

    def _see_signal(self, entry: Entry) -> None:
        book = self.training[entry[2]]
        self._touch(book)
        if entry[3] == "SIGTERM":
            if book.state != "Stopping":
                raise broken("SIGTERM opens the window", f"{book.name} gets SIGTERM in {book.state}")
            book.sigterm_s = entry[0]
        else:
            book.told = True
            if entry[6] is not None and entry[6] != book.sentence:
                raise broken("the weak are stopped early", f"{book.name} is given up for {entry[6]}, and was not to be")

    def _see_warm_pool(self, entry: Entry) -> None:
        now, _, name, trigger, source, destination, data = entry
        book = self.pools.setdefault(name, PoolBook(name))
        tuning, job = self.tuning[alone(name)], self.training[name]
        self.touched.setdefault(tuning.name, {})
        expected = POOL_NEXT.get((source, trigger), "")
        if trigger == "job_ended" and source == "InUse":
            kept = book.keep_alive_s > 0 and outlives(job.launched, job.state, job.failure)
            expected = "Available" if kept and job.state in FINAL else "Terminated"
        if source != book.state or destination != expected:
            raise broken("warm pools take their course", f"{trigger} leads {name} from {book.state} to {destination}")
        if source == "Available" and now > book.since_s + book.keep_alive_s + 1e-6:
            raise broken("warm pools take their course", f"{name} is kept for longer than {book.keep_alive_s:g} s")
        if data and "keep_alive_s" in data:
            book.keep_alive_s = data["keep_alive_s"]
        if trigger == "reuse" and job.asked is not None:
            held = {pool: count for pool, count in tuning.held.items() if count}
            self.claims[data["by"]] = name, match_keys(held, job.asked["request"])
            self.witnessed["a warm pool is reused"] = None
        if trigger == "terminate":
            self.witnessed["a stop meets a warm pool"] = None
        if destination != source:
            book.state, book.since_s = destination, now
        if destination in ("Reused", "Terminated"):
            del self.pools[name]

    def _claim(self, name: str, data: Mapping[str, Any]) -> None:
        """A training job that takes a warm pool over must share what the guide lists."""
        instances = data["definition"]["instances"]
        own = match_keys({instances["instance_type"]: instances["count"]}, data["request"])
        pool, wanted = self.claims.pop(name, ("", own))
        if own != wanted:
            raise broken("only a match reuses a warm pool", f"{name} takes over that of {pool}: {own} is not {wanted}")

    def _see_refused(self, entry: Entry) -> None:
        """A refused call changes nothing."""

    def settle(self, world: World | None = None) -> None:
        """Judge the state after a whole step: the tuning jobs that it touched, and the line."""
        for name, children in self.touched.items():
            if (tuning := self.tuning.get(name)) is not None:
                self._settle_tuning(tuning, children)
                if world is not None:
                    self._compare(tuning, world)
        self.touched.clear()
        self.finished(self.died)
        self.died.clear()
        self._settle_line()

    def _settle_tuning(self, tuning: TuningBook, children: Iterable[str]) -> None:
        """Judge a tuning job and its training jobs: those that the step touched (*children*), or all if its own state changed."""
        final = status(tuning.state) in FINAL_TUNING
        if tuning.launches != tuning.launched:
            raise broken(
                "counters add up", f"{tuning.name}: {tuning.launches} launches, {tuning.launched} training jobs"
            )
        if final:
            if tuning.live:
                raise broken("nobody outlives the parent", f"{tuning.name} is {tuning.state}, {len(tuning.live)} live")
            if tuning.alone and tuning.children and tuning.children[0] in self.pools:
                if not any(tuning.held.values()):
                    raise broken("a warm pool holds its instances", f"{tuning.name} is kept without any instances")
            elif tuning.requests or any(tuning.held.values()):
                left = dict(tuning.held)
                raise broken("released at the end, exactly once", f"{tuning.name} is {tuning.state} and holds {left}")
            if tuning.state == "Stopped" and tuning.models and not tuning.alone:
                self.witnessed["a stopped job has artifacts"] = None
        elif tuning.state != "InProgress" and "Requested" in tuning.requests.values():
            raise broken("nobody stopping waits", f"{tuning.name} is {tuning.state} and still in line")
        elif not final and "Held" not in tuning.requests.values() and tuning.live:
            raise broken("occupancy within reservation", f"{tuning.name} holds nothing and has live training jobs")
        if tuning.state == "InProgress" and tuning.results and (criterion := self._criterion(tuning)):
            raise broken("a met criterion ends the job", f"{tuning.name} has met {criterion} and goes on")
        stopping = tuning.state in ("Stopping", "InProgress:closing")
        for name in children if tuning.state == tuning.settled else tuning.live:
            if name in tuning.live:
                self._settle_child(self.training[name], stopping)
        tuning.settled = tuning.state
        for pool, count in tuning.used.items():
            if count > tuning.held.get(pool, 0):
                text = f"{tuning.name} uses {tuning.used} and holds {tuning.held}"
                raise broken("occupancy within reservation", text)

    def _criterion(self, tuning: TuningBook) -> str:
        return met(tuning.spec, tuning.results) if tuning.spec is not None else ""

    def _settle_child(self, child: TrainingBook, parent_stopping: bool) -> None:
        if parent_stopping and child.state not in STOPPING and not child.told:
            raise broken("a stop reaches every child", f"{child.name} is {child.state} and was not told to stop")
        if child.sentence and not child.told and child.state == "Training":
            raise broken(
                "the weak are stopped early", f"{child.name} was to be given up ({child.sentence}) and goes on"
            )
        if child.state == "Stopping" and child.sigterm_s is None:
            raise broken("SIGTERM opens the window", f"{child.name} is Stopping without SIGTERM")
        if child.occupies is None:
            raise broken("a live training job occupies", f"{child.name} lives without instances")
        if child.short:
            child.short = False
            if child.latest:
                text = f"{child.name} found no machines, and does not go on with {child.choices[child.latest]}"
                raise broken("a shortage falls back", text)
        if child.logged < child.owed:
            raise broken("logs persist", f"{child.name} has written {child.logged} log lines, of {child.owed} it owes")

    def _settle_line(self) -> None:
        if not self.line or not self.moved:
            return
        self.moved = False
        if self.account.assumptions.discipline == "fifo":
            blocked: set[str] = set()
            for name, amounts in self.line.items():
                pools = [pool for pool in amounts if pool in self.limit]
                if blocked.isdisjoint(pools) and self._fits(amounts):
                    raise broken("nobody waits while quota is idle", f"{name} waits for {dict(amounts)}, which is free")
                placed = TUNING_JOBS not in amounts or self._fits({TUNING_JOBS: amounts[TUNING_JOBS]})
                blocked.update(pools if placed else [TUNING_JOBS])
        elif self.account.assumptions.discipline == "backfill" and any(map(self._fits, self.line.values())):
            raise broken("nobody waits while quota is idle", "a request waits for what is free")

    def _fits(self, amounts: Mapping[str, int]) -> bool:
        return all(
            self.reserved.get(pool, 0) + count <= self.limit[pool]
            for pool, count in amounts.items()
            if pool in self.limit
        )

    def finished(self, names: Iterable[str]) -> None:
        """Judge training jobs that have ended, when their tuning job or the step ends."""
        for name in names:
            book = self.training[name]
            if missing := [uri for uri in book.promised if uri not in book.stored]:
                raise broken("what was saved is stored", f"{name} is {book.state} and {missing} is not stored")
            if book.occupies is not None:
                raise broken("a live training job occupies", f"{name} is {book.state} and keeps its instances")

    def _compare(self, tuning: TuningBook, world: World) -> None:
        """The auditor's books against the world's state, for one tuning job."""
        job = world.tuning.get(tuning.name)
        if job is None:
            return
        if job.counters != tuning.counters:
            raise broken("counters add up", f"{job.name} counts {job.counters}, its jobs are {tuning.counters}")
        held = {pool: count for pool, count in tuning.held.items() if count}
        if job.state != tuning.state or held != world.ledger.held.get(job.name, {}):
            raise broken("the journal rebuilds the world", f"{job.name}: the books say {tuning.state}, {held}")
        if job.best is not None and len(job.spec.definitions) == 1 and job.best[0] != tuning.best:
            raise broken("the best is the best", f"{job.best[1]} is called the best, but {tuning.best} was reached")
        if job.live != tuning.live:
            raise broken("the journal rebuilds the world", f"{job.name}: the books say that {list(tuning.live)} live")

    def compare(self, world: World) -> None:
        """All books against the whole world."""
        for tuning in self.tuning.values():
            self._compare(tuning, world)
        reserved = {pool: count for pool, count in self.reserved.items() if count}
        books = (reserved, list(self.artifacts), {name: book.state for name, book in self.training.items()})
        stored: Mapping[str, Artifact] = world.artifacts
        state = (world.ledger.reserved, list(stored), {name: job.state for name, job in world.training.items()})
        if books != state:
            if lost := [uri for uri in self.artifacts if uri not in stored]:
                raise broken("artifacts persist", f"{lost} was stored and is gone")
            raise broken("the journal rebuilds the world", f"the books say {books}, the world {state}")
        logged = {**self.deleted, **{name: book.logged for name, book in self.training.items()}}
        if any(len(world.logs.get(name, ())) != count for name, count in logged.items()):
            raise broken("logs persist", "a log stream has lost or gained events")

    def calm(self) -> None:
        """Judge the end: nothing is left to do, so everything that was to happen must have happened."""
        for name, tuning in self.tuning.items():
            if status(tuning.state) not in FINAL_TUNING:
                raise broken("every job ends", f"{name} is {tuning.state} and nothing is left to do")
        if left := {pool: count for pool, count in self.reserved.items() if count}:
            raise broken("every reservation is released", f"{left} is still reserved")

    def forget(self, name: str) -> None:
        """Drop the books of a job that has ended."""
        for child in self.tuning.pop(name if name in self.tuning else alone(name)).children:
            if child in self.training:
                for uri in self.training.pop(child).stored:
                    self.artifacts.pop(uri, None)


def _choices(definition: Any) -> tuple[Mapping[str, int], ...]:
    """The instance types of a definition, as a spec or from a journal; nothing where there is only one."""
    if isinstance(definition, TrainingJobDefinition):
        several = definition.alternatives
        return (definition.instances.amounts, *[one.amounts for one in several]) if several else ()
    plain = definition.get("alternatives", ())
    return tuple([{one["instance_type"]: one["count"]} for one in (definition["instances"], *plain)]) if plain else ()


_READERS: Mapping[str, Callable[[Auditor, Entry], None]] = {
    "tuning": Auditor._see_tuning,
    "training": Auditor._see_training,
    "reservation": Auditor._see_reservation,
    "occupancy": Auditor._see_occupancy,
    "artifact": Auditor._see_artifact,
    "log": Auditor._see_log,
    "signal": Auditor._see_signal,
    "refused": Auditor._see_refused,
    "warm_pool": Auditor._see_warm_pool,
}
