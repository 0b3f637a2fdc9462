"""The judge of the laws: an `Auditor` reads the journal entry by entry into books of its own and never looks at the world.

The auditor is not written by the clerk it audits. It judges a running simulation, every state of the explorer, and a saved
file, all by the same laws: of the tuning jobs (`audit_tuning.py`), the training jobs (`audit_training.py`), the search
(`audit_search.py`), quota (`audit_quota.py`) and warm pools (`audit_pools.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hptsim.audit.quota import see_occupancy, see_reservation, settle_line
from hptsim.audit.state import Books, TuningBook
from hptsim.audit.training_jobs import see_artifact, see_log, see_signal, see_training, settle_ended
from hptsim.audit.tuning_jobs import see_tuning, settle_tuning
from hptsim.audit.warm_pools import see_warm_pool
from hptsim.model.journal import Entry
from hptsim.model.laws import broken
from hptsim.model.statuses import FINAL_TUNING, status
from hptsim.model.storage import Artifact
from hptsim.world.world import World


class Auditor(Books):
    """Reads entries with `see`, judges after each step with `settle`, and at quiescence with `calm`.

    Raises LawBroken by the law's name. *checked* counts the entries judged, *witnessed* has the `sometimes` laws seen.
    """

    def see(self, entry: Entry) -> None:
        """Read one entry into the books; raises LawBroken for what must not happen at all."""
        if entry[0] < self.now:
            raise broken("time never runs back", f"{entry[2]} at {entry[0]} after {self.now}")
        self.now = entry[0]
        self.checked += 1
        _READERS[entry[1]](self, entry)

    def settle(self, world: World | None = None) -> None:
        """Judge the state after a whole step: the tuning jobs that it touched, and the line."""
        for name, children in self.touched.items():
            if (tuning := self.tuning.get(name)) is not None:
                settle_tuning(self, tuning, children)
                if world is not None:
                    self._compare(tuning, world)
        self.touched.clear()
        settle_ended(self, self.died)
        self.died.clear()
        settle_line(self)

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


def see_refused(books: Books, entry: Entry) -> None:
    """A refused call changes nothing."""


_READERS: Mapping[str, Callable[[Books, Entry], None]] = {
    "tuning": see_tuning,
    "training": see_training,
    "reservation": see_reservation,
    "occupancy": see_occupancy,
    "artifact": see_artifact,
    "log": see_log,
    "signal": see_signal,
    "refused": see_refused,
    "warm_pool": see_warm_pool,
}
"""Who reads the entries of each thing into the books, and says what they must not say."""
