"""The laws of quota: what is asked, granted, occupied and given back, who waits, and who falls back to another type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hptsim.audit.state import FINAL, Books, TrainingBook, TuningBook
from hptsim.model.account import TOTAL, TUNING_JOBS, alone
from hptsim.model.journal import Entry
from hptsim.model.laws import broken
from hptsim.model.statuses import FINAL_TUNING, status


def see_reservation(books: Books, entry: Entry) -> None:
    """A request for quota takes its course: asked, granted or withdrawn, moved, released."""
    _, _, name, trigger, source, destination, data, _ = entry
    holder = data.holder
    if holder == alone(holder.rpartition("/")[2]) and trigger == "ask":
        books.tuning[holder] = TuningBook(holder, 1, 1, state="InProgress", alone=True, launches=1)
    tuning = books.tuning[holder]
    books.touched.setdefault(holder, {})
    books.moved = True
    before = tuning.requests.get(name, "[*]")
    legal = {("[*]", "ask"): "Requested", ("Requested", "grant"): "Held", ("Requested", "withdraw"): "Withdrawn"}
    legal["Held", "release"], legal["Held", "move"] = "Released", "Held"
    if before != source or legal.get((before, trigger)) != destination:
        raise broken("reservations take their course", f"{trigger} leads {name} from {before} to {destination}")
    tuning.requests[name] = destination
    amounts = data.amounts
    if trigger == "move":
        return _move(books, tuning, name, amounts, data.change)
    if amounts != tuning.asked.setdefault(name, amounts):
        text = f"{trigger} of {dict(amounts)} for {name}, which has asked for {dict(tuning.asked[name])}"
        raise broken("reservations take their course", text)
    if trigger == "ask":
        books.line[name] = amounts
    elif trigger == "release":
        _give_back(books, tuning, name, amounts)
    else:
        books.line.pop(name)
        if trigger == "withdraw" and (tuning.stopped or tuning.state == "Stopping"):
            books.witnessed["a waiting request is withdrawn"] = None
    if trigger == "grant":
        for pool, count in amounts.items():
            _take(books, tuning, pool, count)
    if destination in ("Released", "Withdrawn"):
        del tuning.requests[name], tuning.asked[name]


def _move(books: Books, tuning: TuningBook, name: str, amounts: Mapping[str, int], change: Mapping[str, int]) -> None:
    """A reservation changes its type; what it gives up is what a training job without machines had."""
    before = tuning.asked[name]
    after = {pool: before.get(pool, 0) + change.get(pool, 0) for pool in {**before, **change}}
    if {pool: count for pool, count in after.items() if count} != amounts or not tuning.moving:
        raise broken("reservations take their course", f"{name} moves by {change} from {before} to {amounts}")
    if any(-count > tuning.moving.get(pool, 0) for pool, count in change.items()):
        raise broken("reservation held until the end", f"{name} moves by {change}, freed were {tuning.moving}")
    tuning.asked[name] = amounts
    for pool, count in change.items():
        _take(books, tuning, pool, count)


def _take(books: Books, tuning: TuningBook, pool: str, count: int) -> None:
    tuning.held[pool] = tuning.held.get(pool, 0) + count
    books.reserved[pool] = books.reserved.get(pool, 0) + count
    if pool in books.limit and books.reserved[pool] > books.limit[pool]:
        raise broken("quota never exceeded", f"{books.reserved[pool]} {pool}, limit {books.limit[pool]}")


def _give_back(books: Books, tuning: TuningBook, name: str, amounts: Mapping[str, int]) -> None:
    early = status(tuning.state) not in FINAL_TUNING
    if early and (books.account.assumptions.reservation != "as-observed" or TUNING_JOBS in amounts):
        raise broken("reservation held until the end", f"{name} is released while {tuning.name} is {tuning.state}")
    for pool, count in amounts.items():
        tuning.held[pool] = tuning.held.get(pool, 0) - count
        books.reserved[pool] -= count
        if tuning.held[pool] < 0:
            raise broken("released at the end, exactly once", f"{tuning.name} gives back more {pool} than it held")


def see_occupancy(books: Books, entry: Entry) -> None:
    """A training job takes instances, or gives them back."""
    book = books.training[entry[2]]
    taking = entry[3] == "occupy"
    if taking == (book.occupies is not None):
        raise broken("a live training job occupies", f"{book.name} does {entry[3]} twice")
    if not taking and book.state not in FINAL:
        if not book.short:
            raise broken("a live training job occupies", f"{book.name} gives its instances up in {book.state}")
        books.tuning[book.holder].moving = book.occupies
    used, sign = books.tuning[book.holder].used, 1 if taking else -1
    for pool, count in (entry[6] if taking else book.occupies).items():
        used[pool] = used.get(pool, 0) + sign * count
    book.occupies = entry[6] if taking else None
    books.touch(book)
    if taking and book.choices:
        _choose(books, book, entry[6])


def found_no_machines(books: Books, book: TrainingBook) -> None:
    """A training job found no machines: with which of its further types does it have to go on?"""
    tuning = books.tuning[book.holder]
    book.short = True
    for choice, amounts in enumerate(book.choices[book.choice + 1 :], start=book.choice + 1):
        wanted = {**amounts, TOTAL: sum(amounts.values())} if TOTAL in books.limit else amounts
        idle = all(count <= tuning.held.get(pool, 0) - tuning.used.get(pool, 0) for pool, count in wanted.items())
        if idle or _fits(books, wanted):
            book.latest = choice
            return


def _choose(books: Books, book: TrainingBook, amounts: Mapping[str, int]) -> None:
    """A training job with several instance types runs on one of them, and after a shortage on a further one."""
    chosen = {pool: count for pool, count in amounts.items() if pool != TOTAL}
    first = book.choice + 1 if book.short else 0
    places = [place for place, one in enumerate(book.choices) if one == chosen and place >= first]
    if not places:
        raise broken("a shortage falls back", f"{book.name} runs on {chosen}, which is not next of {book.choices}")
    if book.short:
        books.tuning[book.holder].moving = {}
        books.witnessed["a launch falls back"] = None
        if book.latest and places[0] > book.latest:
            raise broken("a shortage falls back", f"{book.name} passes {book.choices[book.latest]} over")
    book.choice, book.short, book.latest = places[0], False, 0


def settle_line(books: Books) -> None:
    """Judge who waits for quota when a step is over."""
    if not books.line or not books.moved:
        return
    books.moved = False
    if books.account.assumptions.discipline == "backfill":
        if any(_fits(books, amounts) for amounts in books.line.values()):
            raise broken("nobody waits while quota is idle", "a request waits for what is free")
        return
    blocked: set[str] = set()
    for name, amounts in _in_order(books):
        pools = [pool for pool in amounts if pool in books.limit]
        if blocked.isdisjoint(pools) and _fits(books, amounts):
            raise broken("nobody waits while quota is idle", f"{name} waits for {dict(amounts)}, which is free")
        placed = TUNING_JOBS not in amounts or _fits(books, {TUNING_JOBS: amounts[TUNING_JOBS]})
        blocked.update(pools if placed else [TUNING_JOBS])
        if len(blocked) == len(books.limit):
            return  # all who come later wait for somebody before them


def _in_order(books: Books) -> Iterable[tuple[str, Mapping[str, int]]]:
    """The line as the discipline looks at it: as they asked, or the urgent first."""
    if books.account.assumptions.discipline == "fifo":
        return books.line.items()

    def priority(request: tuple[str, Mapping[str, int]]) -> int:
        spec = books.tuning[request[0].rpartition("/")[0]].spec
        return 0 if spec is None else spec.priority

    return sorted(books.line.items(), key=priority)


def _fits(books: Books, amounts: Mapping[str, int]) -> bool:
    return all(
        books.reserved.get(pool, 0) + count <= books.limit[pool]
        for pool, count in amounts.items()
        if pool in books.limit
    )
