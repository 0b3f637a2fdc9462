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

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import attrs

from hptsim.audit.frozen import FIXED, SCRATCH, value
from hptsim.audit.laws import LAWS
from hptsim.audit.state import TUNING_ENDED, KnownTrainingJob, KnownTuningJob
from hptsim.audit.state import State as Known
from hptsim.cloud.every_outcome import is_fault
from hptsim.explorer.callers import Given
from hptsim.model.definitions import NO_CRITERIA
from hptsim.model.laws import Law
from hptsim.model.search import is_own
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.world import World

COMPARE_OBJECTIVES = ("the best is the best",)
"""The laws that compare the objectives of training jobs which are otherwise interchangeable."""
PLAIN = ("fifo", "priority", "backfill")
"""The disciplines that look at the requests in the queue alone, and at no job."""
_BY_JOB = SCRATCH | FIXED | {"tuning", "training", "queue", "artifacts"}
"""What of the auditor's state is told job by job, or not at all."""
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
    """The canonical forms of the states of one scenario, for which `why_not` has nothing to say.

    Each job is told by what is known of it, without names, and the jobs of one kind are sorted. Jobs know each other only as
    parent and child, so all states of an orbit have the same form, and no others have it.
    """

    def __init__(self, scenario: Scenario, *, forget: bool = True) -> None:
        self.forget = forget
        """Whether what has ended is left out."""
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
        self._names = [entry.spec.name for entry in scenario.tuning_jobs]
        self._numbers: dict[Hashable, int] = {}

    def number(self, part: Hashable) -> int:
        """A part of a state as a number, the same for equal ones."""
        return self._numbers.setdefault(part, len(self._numbers))

    def key(self, world: World, known: Known, given: Given) -> tuple[int, ...] | None:
        """The canonical form of a state; None for one that stands for itself alone: a record was deleted in it, or something
        was done in it of which one cannot tell to which job it belongs."""
        children = [len(job.children) for job in world.tuning.values()]
        own = [job for job in world.training.values() if job.tuning_job]
        if world.deleted or known.deleted or sum(children) != len(own):
            return None
        own_things = _Sorted(world, known, given, self._names)
        if own_things.tangled:
            return None
        jobs = sorted([self._tuning_job(job, world, known, own_things) for job in world.tuning.values()])
        return (self.number(self._rest(world, known, given, own_things)), *jobs)

    def _tuning_job(self, job: TuningJob, world: World, known: Known, things: _Sorted) -> int:
        """One tuning job with its training jobs as a number."""
        name, shown = job.name, known.tuning[job.name]
        alike = self.alike[name]
        children = [
            self.number(
                ("ended", things.of(child))
                if alike and self.forget and _is_over(one, known.training[child])
                else _training_job(one, shown, known.training[child], things, alike)
            )
            for child, one in [(child, world.training[child]) for child in job.children]
        ]
        if alike:
            children.sort()
        if alike and self.forget and _has_nothing_left(job, shown):
            return self.number((self.kind[name], "ended", shown.lost, things.of(name), tuple(children)))
        return self.number(
            (
                self.kind[name],
                job.freeze()[1:],
                _fields(shown, _NAMES),
                tuple([(request.rpartition("/")[2], state) for request, state in sorted(shown.requests.items())]),
                tuple([(one.rpartition("/")[2], value(amounts)) for one, amounts in sorted(shown.asked.items())]),
                shown.best is None if alike else shown.best,
                things.of(name),
                tuple(children),
            )
        )

    def _rest(self, world: World, known: Known, given: Given, things: _Sorted) -> Hashable:
        """What belongs to no tuning job."""
        alone = [job for job in world.training.values() if not job.tuning_job]
        return (
            tuple(sorted(world.ledger.reserved.items())),
            tuple(sorted(world.ledger.occupied.items())),
            tuple([pool.freeze() for pool in world.pools.values()]),
            world.cloud.freeze(),
            tuple([(job.name, job.freeze(), _fields(known.training[job.name], frozenset())) for job in alone]),
            tuple([value(what) for name, what in vars(known).items() if name not in _BY_JOB]),
            tuple([(name, _fields(job, frozenset())) for name, job in known.tuning.items() if job.spec is None]),
            tuple([(job.name, things.of(job.name), things.left_by(job.name)) for job in alone]),
            things.of(""),
        )


def _is_over(job: TrainingJob, known: KnownTrainingJob) -> bool:
    """Whether a training job has ended, for the world and for the laws, and has no instances."""
    return job.ended_s is not None and not known.live and not known.occupations


def _has_nothing_left(job: TuningJob, known: KnownTuningJob) -> bool:
    """Whether a tuning job has ended, for the world and for the laws, and neither holds nor wants anything."""
    over = job.ended_s is not None and known.state in TUNING_ENDED
    return over and not (job.live or known.live or job.reservations or known.requests or any(known.held.values()))


def _fields(record: Any, without: frozenset[str]) -> Hashable:
    """The fields of a record as a value, but for those named."""
    return tuple([value(what) for name, what in vars(record).items() if name not in without])


def _training_job(
    job: TrainingJob, tuning: KnownTuningJob, known: KnownTrainingJob, things: _Sorted, alike: bool
) -> Hashable:
    """One training job of a tuning job, without its name; of one that is interchangeable also without its objective."""
    name, score = job.name, tuning.scores.get(job.name)
    own = (score is None, known.objective is None) if alike else (score, value(known.objective), job.ordinal)
    return (
        _unnamed(job.freeze()[1:], name),
        _fields(known, _OF_ITS_OWN),
        _unnamed((known.promised, known.stored), name),
        (name in tuning.live, own),
        things.of(name),
        things.left_by(name),
    )


def _unnamed(what: Any, name: str) -> Any:
    """A value in which a star stands for a name."""
    if isinstance(what, str):
        return what.replace(name, "*")
    return tuple([_unnamed(one, name) for one in what]) if isinstance(what, tuple) else what


class _Sorted:
    """What lies about in a state and belongs to single jobs, by the name of the job; under no name what belongs to none."""

    def __init__(self, world: World, known: Known, given: Given, names: list[str]) -> None:
        self._jobs: Mapping[str, Any] = {**world.tuning, **world.training}
        self._things: dict[str, list[Hashable]] = {}
        self._left: dict[str, list[Hashable]] = {}
        self.tangled = False
        """Whether there is something of which one cannot tell to which job it belongs."""
        spent = {kind for kind, count in world.cloud.freeze() if count == 0}
        for armed in sorted(world.armed.values()):
            if not (is_fault(armed) and armed[2] in spent):
                self._add(armed[1], ("armed", armed[0], armed[2]))
        for place, one in enumerate(world.ledger.queue.values()):
            self._add(one.holder, ("waits", place, one.number, one.definition, one.lasts_s, one.resumes))
        for place, (request, amounts) in enumerate(known.queue.items()):
            holder, _, number = request.rpartition("/")
            self._add(holder, ("is known to wait", place, number, value(amounts)))
        for uri in sorted(world.artifacts):
            owner = world.artifacts[uri].training_job
            self._left.setdefault(owner, []).append((uri.replace(owner, "*"), known.artifacts.get(uri) == owner))
        for uri, owner in sorted(known.artifacts.items()):
            if uri not in world.artifacts or not owner:
                self._add("", ("is known to be stored", uri, owner))
        for name, events in sorted(world.logs.items()):
            self._left.setdefault(name, []).append(len(events))
        for field, what in attrs.asdict(given, recurse=False).items():
            if isinstance(what, frozenset):
                for one in sorted(what, key=repr):
                    self._add_given(field, one, names)
            else:
                self._add("", (field, what))

    def _add(self, name: str, thing: Hashable) -> None:
        self._things.setdefault(name, []).append(thing)

    def _add_given(self, field: str, what: Any, names: list[str]) -> None:
        """A command that was given: the name of a job, or an act and the name, or the place, of the job that it is about."""
        kind, job = what if isinstance(what, tuple) else ("", what)
        name = names[job] if isinstance(job, int) else job
        self.tangled |= not isinstance(name, str)
        self._add(name, (field, kind)) if name in self._jobs else self._add("", (field, what))

    def left_by(self, name: str) -> Hashable:
        """What the training job *name* has stored and logged."""
        return tuple(self._left.get(name, ()))

    def of(self, name: str) -> Hashable:
        """What belongs to the job *name*: what is armed for it, its places in the queue, the commands that it was given."""
        found = self._things.get(name)
        return None if found is None else tuple(found)
