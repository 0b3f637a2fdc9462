"""Symmetry: states that differ only in which of several interchangeable jobs is which have one canonical form.

Two tuning jobs are interchangeable when their specs differ in the name alone and nothing is drawn from the name; two training
jobs of one tuning job are when nothing but their objectives depends on their ordinals. A renaming of such jobs turns every run
into a run, so one state of each orbit is enough (Ip and Dill, Better verification through symmetry, 1996). Instances have no
names: they are counted, and so interchangeable from the start.

What is assumed, and tested by counting the orbits of full graphs over all renamings (`tests/explorer/test_symmetry.py`):

- *no order but the queue's*: which job was created first decides nothing once both are there, but for their places in the queue;
- *laws know no names*: a law says the same of jobs that are called otherwise. Of a user's own law nobody knows that;
- *objectives decide nothing*: the objective of a training job is its own, and without stopping rules, criteria and ranges only
  the laws of `COMPARE_OBJECTIVES` compare two of them. The renaming leaves the objectives out; those laws are judged on every
  step that is taken, but not on those of the states that are left out;
- *what is spent is gone*: an armed fault whose budget is spent can never strike, so it is no part of the state;
- *what has ended is over*: nothing changes in the record of a job that has ended and holds nothing, and nothing that comes later
  reads more of it than that. So what interchangeable jobs were like is forgotten at their end, when they are compared with the
  world once and for all.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import attrs

from hptsim.audit.frozen import value
from hptsim.audit.laws import LAWS
from hptsim.audit.state import TUNING_ENDED, KnownTrainingJob, KnownTuningJob
from hptsim.cloud.every_outcome import is_fault
from hptsim.explorer.memory import Memory, Outcome
from hptsim.explorer.opened import Opened
from hptsim.explorer.owners import Owners
from hptsim.explorer.system import State, System
from hptsim.model.definitions import NO_CRITERIA
from hptsim.model.laws import Law
from hptsim.model.search import is_own
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.world.jobs import TrainingJob, TuningJob

COMPARE_OBJECTIVES = ("the best is the best",)
"""The laws that compare the objectives of training jobs which are otherwise interchangeable."""
PLAIN = ("fifo", "priority", "backfill")
"""The disciplines that look at the requests in the queue alone, and at no job."""
_NAMES = frozenset({"name", "spec", "children", "live", "requests", "asked", "scores", "best"})
"""What of a tuning job's record has names in it, or is told of its training jobs."""
_OF_ITS_OWN = frozenset({"name", "holder", "definition", "ordinal", "promised", "stored", "objective"})
"""What of a training job's record is its own: its names and places, its ordinal and its objective."""


def interchangeable(spec: TuningJobSpec) -> bool:
    """Whether nothing that becomes of a tuning job depends on its name.

    >>> from hptsim.model import ParameterRange
    >>> rate = ParameterRange("rate", "Continuous", 0, 1)
    >>> interchangeable(TuningJobSpec("a")), interchangeable(TuningJobSpec("a", ranges=(rate,)))
    (True, False)
    """
    ranges = [*spec.ranges, *[span for one in spec.definitions for span in one.ranges]]
    return not (is_own(spec.strategy) or ranges or spec.parents or any(one.alternatives for one in spec.definitions))


def children_interchangeable(spec: TuningJobSpec) -> bool:
    """Whether the training jobs of a tuning job differ in nothing but their names, ordinals and objectives.

    >>> children_interchangeable(TuningJobSpec("a")), children_interchangeable(TuningJobSpec("a", early_stopping=True))
    (True, False)
    """
    watched = spec.early_stopping or spec.strategy == "Hyperband"
    return interchangeable(spec) and len(spec.definitions) == 1 and spec.criteria == NO_CRITERIA and not watched


def why_not(scenario: Scenario, laws: Iterable[Law]) -> str:
    """Why the states of a scenario are not reduced, in words; nothing where they are.

    >>> from hptsim.model import Assumptions
    >>> why_not(Scenario(assumptions=Assumptions(discipline="fair-share")), LAWS)
    'the discipline fair-share looks at single jobs'
    """
    assumptions = scenario.account.assumptions
    if assumptions.discipline not in PLAIN:
        return f"the discipline {assumptions.discipline} looks at single jobs"
    if assumptions.bayesian != "parzen":
        return f"the sampler {assumptions.bayesian} remembers what it was asked"
    if any(entry.spec.parents for entry in scenario.tuning_jobs):
        return "a warm start names its parents"
    foreign = [law.name for law in laws if law not in LAWS]
    return f"nobody knows what the law {foreign[0]!r} reads" if foreign else ""


class Symmetry:
    """The canonical forms of the states of a system, for whose scope `why_not` has nothing to say.

    Each job is told by what is known of it, without names, and the jobs of one kind are sorted. Jobs know each other only as
    parent and child, so all states of an orbit have the same form, and no others have it.
    """

    def __init__(self, system: System, owners: Owners, *, forget: bool = True) -> None:
        self.system, self.owners, self.forget = system, owners, forget
        scenario = system.callers.scenario
        keeps = scenario.account.assumptions.reservation != "as-observed"  # there each has a reservation of its own
        specs: list[TuningJobSpec] = []
        self.kind: dict[str, int] = {}
        """The kind of each tuning job, by name: those of one kind are interchangeable."""
        self.alike: dict[str, bool] = {}
        """Whether its training jobs are interchangeable."""
        for entry in scenario.tuning_jobs:
            spec, name = entry.spec.renamed("any"), entry.spec.name
            place = specs.index(spec) if spec in specs and interchangeable(spec) else len(specs)
            self.kind[name], self.alike[name] = place, keeps and children_interchangeable(spec)
            specs.append(spec)
        self._numbers: dict[Hashable, int] = {}
        self._forms = Memory()
        self._given = system.parts.slot("given")
        self._commands: dict[int, tuple[dict[str, tuple[Hashable, ...]], Hashable] | None] = {}

    def number(self, part: Hashable) -> int:
        """A part of a state as a number, the same for equal ones."""
        return self._numbers.setdefault(part, len(self._numbers))

    def key(self, state: State) -> tuple[int, ...] | None:
        """The canonical form of a state; None for one that stands for itself alone.

        A record was deleted in it, or a command was given of which one cannot tell to which job it belongs.
        """
        given = state[self._given.index]
        if given not in self._commands:
            self._commands[given] = self._sorted_commands(given)
        commands = self._commands[given]
        if commands is None:
            return None
        mine, rest = commands
        forms = [self._form(state, name, mine.get(name, ())) for name in self.kind]
        if None in forms or self.owners.deleted(state):
            return None
        return (self.number((rest, self.owners.of_nobody(state))), *sorted([form for form in forms if form]))

    def _sorted_commands(self, given: int) -> tuple[dict[str, tuple[Hashable, ...]], Hashable] | None:
        """The commands that were given, by the tuning job that they are about, and the others; None if one cannot tell."""
        names = list(self.kind)
        mine: dict[str, list[Hashable]] = {}
        rest: list[Hashable] = []
        for field, what in attrs.asdict(self._given.parts[given].content["given"], recurse=False).items():
            if not isinstance(what, frozenset):
                rest.append((field, what))
                continue
            for one in sorted(what, key=repr):
                kind, job = one if isinstance(one, tuple) else ("", one)
                name = names[job] if isinstance(job, int) else job
                if not isinstance(name, str):
                    return None
                owner = self.owners.of_name(name)
                if owner:
                    mine.setdefault(owner, []).append((name, field, kind))
                else:
                    rest.append((field, one))
        return {name: tuple(some) for name, some in mine.items()}, tuple(rest)

    def _form(self, state: State, name: str, commands: tuple[Hashable, ...]) -> int | None:
        """A tuning job with its training jobs as a number: 0 where it is not there, None where a record is missing."""
        step = (name, commands)
        outcome = self._forms.find(step, state)
        if outcome is None:
            opened = self.system.open(state)
            outcome = Outcome(answer=self._told(opened, name, commands))
            self._forms.keep(step, opened.reads, outcome)
        found: int | None = outcome.answer
        return found

    def _told(self, opened: Opened, name: str, commands: tuple[Any, ...]) -> int | None:
        content = opened.content("holder", name)
        if "tuning" not in content:
            return 0
        job, shown = content["tuning"], content["known tuning"]
        alike = self.alike[name]
        children = []
        for child in job.children:
            of_child = opened.content("training", child)
            if "training" not in of_child or "known training" not in of_child:
                return None
            things = (_armed(opened, "training", child), tuple([one[1:] for one in commands if one[0] == child]))
            if alike and self.forget and _is_over(of_child["training"], of_child["known training"]):
                children.append(self.number(("ended", things)))
            else:
                children.append(self.number((*_training_job(opened, child, shown, alike), things)))
        if alike:
            children.sort()
        things = (_armed(opened, "holder", name), tuple([one[1:] for one in commands if one[0] == name]))
        if alike and self.forget and _has_nothing_left(job, shown):
            return 1 + self.number((self.kind[name], "ended", shown.lost, things, tuple(children)))
        return 1 + self.number(
            (
                self.kind[name],
                job.freeze()[1:],
                _fields(shown, _NAMES),
                tuple([(request.rpartition("/")[2], state) for request, state in sorted(shown.requests.items())]),
                tuple([(one.rpartition("/")[2], value(amounts)) for one, amounts in sorted(shown.asked.items())]),
                (shown.best is None if alike else shown.best, value(content.get("held")), value(content.get("used"))),
                (things, _places(opened, name)),
                tuple(children),
            )
        )


def _armed(opened: Opened, kind: str, name: str) -> Hashable:
    """What is armed for a job, but for faults whose budget is spent."""
    slot = opened.parts.slot(kind, name)
    armed = slot.parts[opened.number(slot)].armed
    left = [one[2] for one in armed if not (is_fault(one) and opened.content("fault", one[2])["budget"] == 0)]
    return tuple(sorted(left))


def _places(opened: Opened, name: str) -> Hashable:
    """The places of a tuning job's requests in the queue, for the world and for the laws."""
    found: list[Hashable] = []
    queue = opened.world.ledger.queue
    for place, request in enumerate(queue):
        if request.rpartition("/")[0] == name:
            one = queue[request]
            found.append((place, one.number, one.definition, one.lasts_s, one.resumes))
    for place, (request, amounts) in enumerate(opened.auditor.state.queue.items()):
        holder, _, number = request.rpartition("/")
        if holder == name:
            found.append((place, number, value(amounts)))
    return tuple(found)


def _is_over(job: TrainingJob, known: KnownTrainingJob) -> bool:
    """Whether a training job has ended, for the world and for the laws, and has no instances."""
    return job.ended_s is not None and not known.live and not known.occupations


def _has_nothing_left(job: TuningJob, known: KnownTuningJob) -> bool:
    """Whether a tuning job has ended, for the world and for the laws, and neither holds nor wants anything."""
    over = job.ended_s is not None and known.state in TUNING_ENDED
    return over and not (job.live or known.live or job.reservations or known.requests or any(known.held.values()))


def _fields(record: Any, without: frozenset[str]) -> Hashable:
    """The fields of a record as a value, but for those named."""
    return tuple([value(what) for name, what in attrs.asdict(record, recurse=False).items() if name not in without])


def _training_job(opened: Opened, name: str, tuning: KnownTuningJob, alike: bool) -> tuple[Hashable, ...]:
    """One training job of a tuning job, without its name; of one that is interchangeable also without its objective."""
    content = opened.content("training", name)
    job, known, score = content["training"], content["known training"], tuning.scores.get(name)
    own = (score is None, known.objective is None) if alike else (score, value(known.objective), job.ordinal)
    stored, told = opened.world.artifacts, opened.auditor.state.artifacts
    uris = sorted({*job.promised, *known.promised, *known.stored})
    return (
        _unnamed(job.freeze()[1:], name),
        _fields(known, _OF_ITS_OWN),
        _unnamed((known.promised, known.stored), name),
        (name in tuning.live, own, len(content.get("logs", ()))),
        tuple([(uri.replace(name, "*"), uri in stored, told.get(uri) == name) for uri in uris]),
    )


def _unnamed(what: Any, name: str) -> Any:
    """A value in which a star stands for a name."""
    if isinstance(what, str):
        return what.replace(name, "*")
    return tuple([_unnamed(one, name) for one in what]) if isinstance(what, tuple) else what
