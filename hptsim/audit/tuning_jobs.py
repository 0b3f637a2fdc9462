"""The laws of a tuning job: its statuses in order, what a stop finds, and what must hold when a step is over."""

from __future__ import annotations

from collections.abc import Iterable

from hptsim.audit.search import met_criterion
from hptsim.audit.state import Books, TuningBook
from hptsim.audit.training_jobs import settle_child
from hptsim.model.journal import Entry
from hptsim.model.laws import broken
from hptsim.model.statuses import FINAL_TUNING, status


def see_tuning(books: Books, entry: Entry) -> None:
    """A tuning job goes from one state to the next, or its record is deleted."""
    _, _, name, trigger, source, destination, data, _ = entry
    if trigger == "create":
        spec = data.spec
        books.tuning[name] = TuningBook(name, spec.limits.max_parallel, spec.limits.max_training_jobs, spec)
    book = books.tuning[name]
    if trigger == "delete":
        if status(book.state) not in FINAL_TUNING or source != book.state:
            raise broken("only what has ended is deleted", f"{name} is {book.state} and is deleted")
        settle_tuning(books, book, book.live)
        del books.tuning[name]
        return
    books.touched.setdefault(name, {})
    if status(book.state) in FINAL_TUNING:
        raise broken("a final status is final", f"{trigger} happened to {name}, which is {book.state}")
    if source != book.state:
        raise broken("tuning statuses in order", f"{name} leaves {source}, but it is {book.state}")
    if trigger == "launch" and (book.stopped or destination != "InProgress"):
        raise broken("no launch after a stop", f"{name} launches in {source}")
    book.launches += trigger == "launch"
    if trigger == "stop":
        book.stopped = True
        _witness_stop(books, book)
    _judge_state(book, trigger, destination)
    book.state = destination


def _judge_state(book: TuningBook, trigger: str, destination: str) -> None:
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


def _witness_stop(books: Books, book: TuningBook) -> None:
    states = [books.training[name].state for name in book.live]
    seen = {
        "a stop catches two training": states.count("Training") >= 2,
        "a stop catches one starting": "Starting" in states,
        "a stop catches one uploading": "Uploading" in states,
        "an interruption meets a stop": "Interrupted" in states,
        "a stop races the last completion": not states and book.launched == book.total,
    }
    books.witnessed.update(dict.fromkeys(law for law, happened in seen.items() if happened))


def settle_tuning(books: Books, tuning: TuningBook, children: Iterable[str]) -> None:
    """Judge a tuning job and its training jobs: those that the step touched (*children*), or all if its own state changed."""
    final = status(tuning.state) in FINAL_TUNING
    if tuning.launches != tuning.launched:
        raise broken("counters add up", f"{tuning.name}: {tuning.launches} launches, {tuning.launched} training jobs")
    if final:
        if tuning.live:
            raise broken("nobody outlives the parent", f"{tuning.name} is {tuning.state}, {len(tuning.live)} live")
        if tuning.alone and tuning.children and tuning.children[0] in books.pools:
            if not any(tuning.held.values()):
                raise broken("a warm pool holds its instances", f"{tuning.name} is kept without any instances")
        elif tuning.requests or any(tuning.held.values()):
            left = dict(tuning.held)
            raise broken("released at the end, exactly once", f"{tuning.name} is {tuning.state} and holds {left}")
        if tuning.state == "Stopped" and tuning.models and not tuning.alone:
            books.witnessed["a stopped job has artifacts"] = None
    elif tuning.state != "InProgress" and "Requested" in tuning.requests.values():
        raise broken("nobody stopping waits", f"{tuning.name} is {tuning.state} and still in line")
    elif not final and "Held" not in tuning.requests.values() and tuning.live:
        raise broken("occupancy within reservation", f"{tuning.name} holds nothing and has live training jobs")
    if tuning.state == "InProgress" and tuning.results and (criterion := met_criterion(tuning)):
        raise broken("a met criterion ends the job", f"{tuning.name} has met {criterion} and goes on")
    stopping = tuning.state in ("Stopping", "InProgress:closing")
    for name in children if tuning.state == tuning.settled else tuning.live:
        if name in tuning.live:
            settle_child(books.training[name], stopping)
    tuning.settled = tuning.state
    for pool, count in tuning.used.items():
        if count > tuning.held.get(pool, 0):
            text = f"{tuning.name} uses {tuning.used} and holds {tuning.held}"
            raise broken("occupancy within reservation", text)
