"""The moments of a journal that are worth looking at: begins, stops, releases, failures, preemptions and ends.

The film lists them, marks them on its axis and opens on the first that `opening` names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import attrs

from hptsim.errors import LawBroken
from hptsim.model.account import by_type, standalone_holder
from hptsim.model.definitions import Amounts
from hptsim.model.entries import Record
from hptsim.model.journal_reader import JournalReader
from hptsim.model.statuses import FINAL_TRAINING
from hptsim.model.wording import amounts, sentence

BEGIN, STOP, RELEASE, FAILURE, PREEMPTION, INTERRUPTION, END = (
    "begin",
    "stop",
    "release",
    "failure",
    "preemption",
    "interruption",
    "end",
)
INEVITABLE, BREACH = "inevitable", "breach"
KINDS = (BEGIN, STOP, RELEASE, FAILURE, PREEMPTION, INTERRUPTION, END, INEVITABLE, BREACH)
"""What a chapter can be about; the last two only in a film of a broken law."""
_MOST_INTERESTING = (BREACH, STOP, FAILURE, PREEMPTION, INTERRUPTION, RELEASE)
_FIRST_LEFT_OUT = (END, RELEASE, BEGIN, INTERRUPTION, PREEMPTION, FAILURE)


@attrs.frozen
class Chapter:
    """A moment at *time_s*: its *kind*, one of `KINDS`, the *job* that it is about, and a sentence.

    *until_s* is when what begins with it is over, for a stop the job's end; None where that is not known. *at_work* counts
    the training jobs that a stop finds.
    """

    time_s: float
    kind: str
    job: str
    words: str
    until_s: float | None = None
    at_work: int = 0


def chapters(records: Iterable[Record]) -> list[Chapter]:
    """The chapters of a journal, in order of time.

    >>> from hptsim import Scenario, Simulation, TuningJobSpec
    >>> sim = Simulation(Scenario(timings="instant")); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> for chapter in chapters(sim.journal):
    ...     print(f"{chapter.time_s:.0f} s {chapter.kind}: {chapter.words}")
    0 s begin: demo is created
    100 s end: demo has ended: Completed
    100 s release: demo gives back 1 ml.m5.xlarge and a place among the tuning jobs
    """
    reader = _Chapters()
    for record in records:
        reader.read(record)
    return reader.told()


def opening(found: Sequence[Chapter]) -> Chapter | None:
    """The chapter on which a film opens: a broken law, else the stop that finds most training jobs at work, else what fails.

    None where nothing of the kind happens.
    """
    stops = [one for one in found if one.kind == STOP]
    for kind in _MOST_INTERESTING:
        of_kind = [one for one in found if one.kind == kind]
        if of_kind:
            return max(stops, key=lambda one: one.at_work) if kind == STOP else of_kind[0]
    return None


def listed(found: Sequence[Chapter], most: int) -> tuple[list[Chapter], dict[str, int]]:
    """At most *most* chapters, if leaving out whole kinds can reach that, and how many of which kind are left out.

    Stops and what breaks a law always stay.

    >>> listed([Chapter(0, "begin", "a", ""), Chapter(1, "stop", "a", ""), Chapter(2, "end", "a", "")], 2)[1]
    {'end': 1}
    """
    kept, left_out = list(found), dict[str, int]()
    for kind in _FIRST_LEFT_OUT:
        if len(kept) <= most:
            break
        count = sum(one.kind == kind for one in kept)
        if count:
            left_out[kind] = count
            kept = [one for one in kept if one.kind != kind]
    return kept, left_out


def breach(time_s: float, broken: LawBroken) -> Chapter:
    """The chapter of a broken law."""
    return Chapter(time_s, BREACH, "", f"A law is broken, {broken.law}: {broken.reason}")


def lasting(seconds: float) -> str:
    """A length of time in words.

    >>> lasting(43.2), lasting(120), lasting(3725), lasting(0.25), lasting(90_000)
    ('43 s', '2 min', '1 h 2 min', '0.25 s', '1 d 1 h')
    """
    if seconds < 10:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    for unit, length, part, shorter in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= length:
            rest = whole % length // shorter
            return f"{whole // length} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{whole} s"


class _Chapters(JournalReader):
    """Reads a journal and keeps its chapters, and what a stop's sentence needs: who is at work, what is held and stored."""

    def __init__(self) -> None:
        self._found: list[Chapter] = []
        self._parents: dict[str, str] = {}
        self._live: dict[str, dict[str, str]] = {}
        """By tuning job, or by itself: the training jobs that have not ended, with their states."""
        self._held: dict[str, Counter[str]] = {}
        self._stops: dict[str, _Stop] = {}
        self._release: dict[str, tuple[int, Counter[str]]] = {}
        """By holder, where its last release stands among the chapters, and what was given back at that instant."""

    def told(self) -> list[Chapter]:
        """All chapters; the sentences of stops know what came after them."""
        for stop in self._stops.values():
            self._found[stop.place] = stop.chapter()
        return self._found

    def on_tuning_create(self, record: Record) -> None:
        self._add(record, BEGIN)

    def on_tuning_stop(self, record: Record) -> None:
        self._stop(record, dict(self._live.get(record.name, {})))

    def on_tuning_finish(self, record: Record) -> None:
        if record.name in self._stops:
            self._stops[record.name].ended = record
        self._add(record, FAILURE if record.destination == "Failed" else END)

    def on_training_create(self, record: Record) -> None:
        parent = record.data.tuning_job
        self._parents[record.name] = parent
        self._live.setdefault(parent or record.name, {})[record.name] = record.destination
        if not parent:
            self._add(record, BEGIN)

    def on_training(self, record: Record) -> None:
        parent = self._parents.get(record.name, "")
        live = self._live.setdefault(parent or record.name, {})
        if record.trigger == "stop" and not parent:
            self._stop(record, {record.name: record.source})
        if record.destination in FINAL_TRAINING:
            live.pop(record.name, None)
            if record.destination == "Failed":
                self._add(record, FAILURE)
            elif not parent:
                self._add(record, END)
            if record.name in self._stops:
                self._stops[record.name].ended = record
        elif record.trigger != "delete":
            live[record.name] = record.destination

    def on_training_preempt(self, record: Record) -> None:
        self._add(record, PREEMPTION)
        self.on_training(record)

    def on_training_interrupt(self, record: Record) -> None:
        self._add(record, INTERRUPTION)
        self.on_training(record)

    def on_artifact(self, record: Record) -> None:
        stop = self._stops.get(self._parents.get(record.name, "") or record.name)
        if stop is not None:
            stop.stored += 1

    def on_reservation_grant(self, record: Record) -> None:
        self._held.setdefault(record.data.holder, Counter()).update(record.data.amounts)

    def on_reservation_move(self, record: Record) -> None:
        self._held.setdefault(record.data.holder, Counter()).update(record.data.change)

    def on_reservation_release(self, record: Record) -> None:
        holder = record.data.holder
        self._held.setdefault(holder, Counter()).subtract(record.data.amounts)
        job = holder.removeprefix(standalone_holder(""))
        place, given = self._release.get(holder, (-1, Counter()))
        if place < 0 or self._found[place].time_s != record.time_s:
            place, given = len(self._found), Counter()
            self._found.append(Chapter(record.time_s, RELEASE, job, ""))
        given.update(record.data.amounts)
        self._release[holder] = place, given
        self._found[place] = Chapter(record.time_s, RELEASE, job, f"{job} gives back {amounts(given)}")
        if job in self._stops and by_type(record.data.amounts):
            self._stops[job].releases.append(record.time_s)

    def _add(self, record: Record, kind: str) -> None:
        self._found.append(Chapter(record.time_s, kind, record.name, sentence(record)))

    def _stop(self, record: Record, live: Mapping[str, str]) -> None:
        held: Amounts = self._held.get(record.name) or self._held.get(standalone_holder(record.name)) or {}
        self._stops[record.name] = stop = _Stop(record, live, dict(held), len(self._found))
        self._found.append(stop.chapter())


@attrs.define
class _Stop:
    """A stop, what it finds, and what comes of it."""

    record: Record
    live: Mapping[str, str]
    held: Amounts
    place: int
    ended: Record | None = None
    releases: list[float] = attrs.Factory(list)
    stored: int = 0

    def chapter(self) -> Chapter:
        until_s = None if self.ended is None else self.ended.time_s
        words = " ".join(filter(None, (self._told(), self._end(), self._kept())))
        return Chapter(self.record.time_s, STOP, self.record.name, words, until_s, len(self.live))

    def _told(self) -> str:
        name = self.record.name
        if self.record.thing == "training":
            return f"{name} is told to stop while it is in {self.record.source}."
        if not self.live:
            return f"{name} is told to stop; none of its training jobs is at work."
        states = Counter(state.partition(":")[0] for state in self.live.values())
        are = "training job has" if len(self.live) == 1 else "training jobs have"
        found = f"{len(self.live)} of its {are} not ended: " + ", ".join(
            f"{n} in {state}" for state, n in states.items()
        )
        if len(states) == 1:
            found = f"{len(self.live)} of its training jobs {'is' if len(self.live) == 1 else 'are'} in {next(iter(states))}"
        return f"{name} is told to stop while {found}."

    def _end(self) -> str:
        if self.ended is None:
            return "It has not ended when the recording does."
        took_s = self.ended.time_s - self.record.time_s
        return f"It is {self.ended.destination} {f'{lasting(took_s)} later' if took_s else 'at once'}."

    def _kept(self) -> str:
        """What becomes of what it has reserved, and what is stored meanwhile."""
        said = []
        held: dict[str, int] = {pool: count for pool, count in by_type(self.held).items() if count > 0}
        if held and self.ended is not None and self.ended.time_s > self.record.time_s:
            early = [time_s for time_s in self.releases if time_s < self.ended.time_s]
            one = sum(held.values()) == 1
            stay = "stays" if one else "stay"
            given = (
                f"{'is' if one else 'are'} given back as its training jobs end"
                if early
                else f"{stay} reserved until then"
            )
            said.append(f"{amounts(held)} {given}")
        elif held and self.ended is None:
            said.append(f"{amounts(held)} {'is' if sum(held.values()) == 1 else 'are'} reserved")
        if self.stored:
            said.append(f"{self.stored} {'artifact is' if self.stored == 1 else 'artifacts are'} stored meanwhile")
        text = "; ".join(said)
        return f"{text[0].upper()}{text[1:]}." if text else ""
