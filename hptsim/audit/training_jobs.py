"""The laws of a training job: its phases in order, its end, and what it leaves: artifacts and logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hptsim.audit.quota import found_no_machines
from hptsim.audit.search import judge_configuration, judge_epoch
from hptsim.audit.state import FINAL, Books, TrainingBook
from hptsim.audit.warm_pools import claim
from hptsim.model.account import alone
from hptsim.model.definitions import NO_CRITERIA, TrainingJobDefinition
from hptsim.model.journal import Entry
from hptsim.model.laws import broken
from hptsim.model.payloads import Epoch, Failed, Saved, ScriptEnded, TrainingJobCreated
from hptsim.model.statuses import STOPPING, bucket, primary

NEXT: Mapping[str, frozenset[str]] = {
    "[*]": frozenset({"Starting"}),
    "Starting": frozenset({"Starting", "Pending", "Downloading", "Training", "Starting:stopping", "Failed"}),
    "Pending": frozenset({"Starting", "Stopping:teardown"}),
    "Downloading": frozenset({"Training", "Starting", "Stopping:teardown", "Failed"}),
    "Training": frozenset({"Training", "Uploading", "Interrupted", "Starting", "Stopping", "Failed"}),
    "Interrupted": frozenset({"Starting", "Stopping:teardown"}),
    "Uploading": frozenset({"Completed", "Stopping:uploading"}),
    "Stopping": frozenset({"Stopping", "Stopping:uploading"}),
}
"""Which state may follow which, from the rows J1 to J13 of the specification: the auditor's own copy, by intent."""
ENDS: Mapping[str, str] = {"stop": "Stopped", "max_pending": "Stopped"} | {
    "max_runtime": "MaxRuntimeExceeded",
    "max_wait": "MaxWaitTimeExceeded",
}
FAULTS = ("client_error", "algorithm_error", "internal_error", "no_capacity")
LAST_STEP = {"Stopping:uploading": "uploaded", "Stopping:teardown": "torn_down", "Starting:stopping": "torn_down"}
LOGGED = frozenset({"downloaded", "epoch", "exited", "killed"})
STOPPED = frozenset({"Starting:stopping", "Stopping", "Stopping:teardown", "Stopping:uploading"})
AFTER: Mapping[str, frozenset[str]] = {
    "create": frozenset({"Starting"}),
    "shortage": frozenset({"Starting"}),
    "wait": frozenset({"Pending"}),
    "capacity": frozenset({"Starting"}),
    "ready": frozenset({"Downloading", "Training"}),
    "downloaded": frozenset({"Training"}),
    "checkpoint": frozenset({"Training"}),
    "epoch": frozenset({"Training"}),
    "saved": frozenset({"Stopping"}),
    "exited": frozenset({"Uploading", "Stopping:uploading"}),
    "killed": frozenset({"Stopping:uploading"}),
    "uploaded": frozenset({"Completed"}),
    "interrupt": frozenset({"Interrupted"}),
    "internal_error": frozenset({"Starting"}),
    **dict.fromkeys(ENDS, STOPPED),
}
"""Which states a trigger may lead to, in the words of the specification."""


def see_training(books: Books, entry: Entry) -> None:
    """A training job goes from one state to the next, or its record is deleted."""
    now, _, name, trigger, source, destination, data, _ = entry
    if trigger == "create":
        _born(books, name, data)
    book = books.training[name]
    if trigger == "delete":
        return _delete(books, book, source)
    books.touch(book)
    if book.state in FINAL:
        raise broken("a final status is final", f"{trigger} happened to {name}, which is {book.state}")
    if source != book.state or not _may_follow(book, trigger, destination):
        raise broken("phases in order", f"{trigger} leads {name} from {book.state} to {destination}")
    if trigger == "ready" and book.streams != (destination == "Training"):
        mode = "streams its data" if book.streams else "has data to download"
        raise broken("phases in order", f"{name} {mode}, and ready leads it to {destination}")
    if source == "Stopping" and book.sigterm_s is not None and now > book.sigterm_s + books.grace_s + 1e-6:
        raise broken("grace is bounded", f"{name} runs {now - book.sigterm_s:g} s after SIGTERM")
    if trigger == "shortage" and book.choices:
        found_no_machines(books, book)
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
        if trigger == "stop" and book.name in books.pools:
            books.witnessed["a stop meets a warm pool"] = None
    if data is not None:
        _read_payload(books, book, data)
    book.state = destination
    if destination in FINAL:
        _died(books, book)


def _read_payload(books: Books, book: TrainingBook, data: Any) -> None:
    kind = type(data)
    if kind is Epoch:
        judge_epoch(books, book, data.number, data.objective)
    elif kind is Saved:
        book.promised += (data.uri,)
    elif kind is ScriptEnded:  # the result is what the script has emitted when it ends
        book.promised += () if data.saved is None else (data.saved,)
        book.objective = data.objective
    elif kind is Failed:
        book.failure = data.reason


def _born(books: Books, name: str, data: TrainingJobCreated) -> None:
    tuning = books.tuning[data.tuning_job or alone(name)]
    definition = data.standalone
    if tuning.spec is not None:
        definition = tuning.spec.definitions[data.definition]
        judge_configuration(tuning, tuning.spec, data)
    assert definition is not None
    books.training[name] = TrainingBook(
        name,
        tuning.name,
        definition.input_mode != "File",
        logged=books.deleted.get(name, 0),
        owed=books.deleted.pop(name, 0),
        ordinal=tuning.launched + 1,
        definition=data.definition,
        choices=_choices(definition),
    )
    if tuning.spec is None:
        books.training[name].asked = definition
        claim(books, name, definition)
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


def _choices(definition: TrainingJobDefinition) -> tuple[Mapping[str, int], ...]:
    """The instance types of a definition; nothing where there is only one."""
    several = definition.alternatives
    return (definition.instances.amounts, *[one.amounts for one in several]) if several else ()


def _may_follow(book: TrainingBook, trigger: str, destination: str) -> bool:
    if destination == "Failed":
        return trigger in FAULTS and book.state in NEXT and "Failed" in NEXT[book.state]
    if destination in ("Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded"):
        if not book.reasons:
            raise broken("the end says why", f"{book.name} ends {destination}, and nothing stopped it")
        if destination != ENDS[book.reasons[0]]:
            raise broken("the end says why", f"{book.name} ends {destination}, but {book.reasons[0]} stopped it")
        return trigger == LAST_STEP.get(book.state)
    return destination in AFTER.get(trigger, ()) and destination in NEXT.get(book.state, ())


def _died(books: Books, book: TrainingBook) -> None:
    tuning = books.tuning[book.holder]
    books.died.append(book.name)
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


def _delete(books: Books, book: TrainingBook, source: str) -> None:
    if book.state not in FINAL or source != book.state:
        raise broken("only what has ended is deleted", f"{book.name} is {book.state} and is deleted")
    if book.name in books.died:
        books.died.remove(book.name)
        settle_ended(books, [book.name])
    books.deleted[book.name] = books.training.pop(book.name).logged


def see_artifact(books: Books, entry: Entry) -> None:
    """Something is stored: a script must have reported it saved."""
    book = books.training[entry[2]]
    if entry[6] not in book.promised:
        raise broken("nothing is stored unsaved", f"{book.name} stores {entry[6]}")
    book.stored += (entry[6],)
    books.artifacts[entry[6]] = book.name
    if entry[5] == "model":
        books.tuning[book.holder].models += 1


def see_log(books: Books, entry: Entry) -> None:
    """A training job has written to its log."""
    books.training[entry[2]].logged += 1


def see_signal(books: Books, entry: Entry) -> None:
    """A training job gets SIGTERM, or is told to stop by its tuning job."""
    book = books.training[entry[2]]
    books.touch(book)
    if entry[3] == "SIGTERM":
        if book.state != "Stopping":
            raise broken("SIGTERM opens the window", f"{book.name} gets SIGTERM in {book.state}")
        book.sigterm_s = entry[0]
    else:
        book.told = True
        if entry[6] is not None and entry[6] != book.sentence:
            raise broken("the weak are stopped early", f"{book.name} is given up for {entry[6]}, and was not to be")


def settle_child(child: TrainingBook, parent_stopping: bool) -> None:
    """Judge a live training job when a step is over."""
    if parent_stopping and child.state not in STOPPING and not child.told:
        raise broken("a stop reaches every child", f"{child.name} is {child.state} and was not told to stop")
    if child.sentence and not child.told and child.state == "Training":
        raise broken("the weak are stopped early", f"{child.name} was to be given up ({child.sentence}) and goes on")
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


def settle_ended(books: Books, names: Iterable[str]) -> None:
    """Judge training jobs that have ended, when their tuning job or the step ends."""
    for name in names:
        book = books.training[name]
        if missing := [uri for uri in book.promised if uri not in book.stored]:
            raise broken("what was saved is stored", f"{name} is {book.state} and {missing} is not stored")
        if book.occupies is not None:
            raise broken("a live training job occupies", f"{name} is {book.state} and keeps its instances")
