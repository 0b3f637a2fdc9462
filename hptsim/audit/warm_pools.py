"""The laws of warm pools: they take their course, and only a match takes one over."""

from __future__ import annotations

from hptsim.audit.state import FINAL, Books, PoolBook
from hptsim.model.account import alone
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.journal import Entry
from hptsim.model.laws import broken
from hptsim.model.payloads import KeepAlive
from hptsim.world.warm_pools import match_keys, outlives

POOL_NEXT = {("[*]", "open"): "InUse", ("InUse", "update"): "InUse", ("Available", "update"): "Available"} | {
    ("Available", trigger): end
    for trigger, end in {"reuse": "Reused", "expire": "Terminated", "terminate": "Terminated"}.items()
}
"""Where a trigger leads a warm pool; how it goes on after its training job depends on how that ended (R17)."""


def see_warm_pool(books: Books, entry: Entry) -> None:
    """A warm pool goes from one state to the next."""
    now, _, name, trigger, source, destination, data, _ = entry
    book = books.pools.setdefault(name, PoolBook(name))
    tuning, job = books.tuning[alone(name)], books.training[name]
    books.touched.setdefault(tuning.name, {})
    expected = POOL_NEXT.get((source, trigger), "")
    if trigger == "job_ended" and source == "InUse":
        kept = book.keep_alive_s > 0 and outlives(job.launched, job.state, job.failure)
        expected = "Available" if kept and job.state in FINAL else "Terminated"
    if source != book.state or destination != expected:
        raise broken("warm pools take their course", f"{trigger} leads {name} from {book.state} to {destination}")
    if source == "Available" and now > book.since_s + book.keep_alive_s + 1e-6:
        raise broken("warm pools take their course", f"{name} is kept for longer than {book.keep_alive_s:g} s")
    if type(data) is KeepAlive:
        book.keep_alive_s = data.keep_alive_s
    if trigger == "reuse" and job.asked is not None:
        held = {pool: count for pool, count in tuning.held.items() if count}
        books.claims[data.by] = name, match_keys(held, job.asked.request)
        books.witnessed["a warm pool is reused"] = None
    if trigger == "terminate":
        books.witnessed["a stop meets a warm pool"] = None
    if destination != source:
        book.state, book.since_s = destination, now
    if destination in ("Reused", "Terminated"):
        del books.pools[name]


def claim(books: Books, name: str, definition: TrainingJobDefinition) -> None:
    """A training job that takes a warm pool over must share what the guide lists."""
    own = match_keys(definition.instances.amounts, definition.request)
    pool, wanted = books.claims.pop(name, ("", own))
    if own != wanted:
        raise broken("only a match reuses a warm pool", f"{name} takes over that of {pool}: {own} is not {wanted}")
