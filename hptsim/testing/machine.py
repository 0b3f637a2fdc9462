"""A hypothesis state machine over the simulation, to inherit for tests of your own controller.

Every run ends at rest: no more faults, everything runs to its end, and the `eventually` laws are judged.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import attrs
from hypothesis import Phase, currently_in_test_context, note, settings, stateful
from hypothesis import strategies as st

from hptsim import boto
from hptsim.audit.laws import LAWS
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.errors import ServiceError
from hptsim.model.account import OTHERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.laws import Law
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import NEW
from hptsim.model.tables import BY_THE_LINE, TRAINING, TUNING, WARM_POOL
from hptsim.scenario.cloud import PHASES, Script
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation
from hptsim.testing.strategies import accounts, budgets, scripts, specs, standalone

_TUNING_JOBS = tuple(f"tuning-{number}" for number in range(4))
_TRAINING_JOBS = tuple(f"alone-{number}" for number in range(8))
_SPECS = 3
"""How many different tuning jobs a run has at most."""
_SOME_SPECS = st.lists(specs(_TUNING_JOBS[0]), min_size=1, max_size=_SPECS)
_EVENTS = 10
"""How many of the last journal entries a story has."""
_ORDINARY = ("launch", *PHASES.values(), "torn_down", "finish")


@functools.cache
def _client(service: str) -> Any:
    return boto.client(Simulation(), service)


def _explain_nothing(machine: type[stateful.RuleBasedStateMachine]) -> None:
    test = machine.TestCase
    phases = [phase for phase in test.settings.phases if phase is not Phase.explain]
    test.settings = settings(test.settings, phases=phases)


def _free(names: Iterable[str], taken: Collection[str]) -> str:
    """The first of *names* that is not taken."""
    return next(name for name in names if name not in taken)


class TuningMachine(stateful.RuleBasedStateMachine):
    """A hypothesis state machine over a simulation; inherit it and add rules that drive your own controller.

    `self.sim` is a `Simulation` in which nothing happens by time: there is one rule for each trigger of the tables, and
    hypothesis draws which comes next, and for which job. Set `scenario` for your own account; otherwise it is drawn.
    `laws` are checked at every step: set it to `(*hptsim.LAWS, mine)` for one of your own. `teardown` lets everything run to
    its end.
    """

    scenario: Scenario | None = None
    laws: Iterable[Law] = LAWS

    def __init_subclass__(cls, **more: Any) -> None:
        """The test of a machine does not look for lines that only failing runs execute.

        That takes four times as long as shrinking it, and names lines of this file, where the bug is not.
        """
        super().__init_subclass__(**more)
        _explain_nothing(cls)

    @stateful.initialize(
        account=st.runner().flatmap(lambda self: accounts() if self.scenario is None else st.none()),
        script=scripts(),
        budget=budgets(),
        delayed_stop=st.booleans(),
        tuning_job_specs=st.runner().flatmap(
            lambda self: st.just([]) if self.create_tuning_job is None else _SOME_SPECS
        ),
    )
    def begin(
        self,
        account: Scenario | None,
        script: Script,
        budget: dict[str, int],
        delayed_stop: bool,
        tuning_job_specs: Sequence[TuningJobSpec] = (),
    ) -> None:
        """Open the account, which is drawn where there is no `scenario`, and decide which faults exist.

        *tuning_job_specs* are what `create_tuning_job` chooses from. They are drawn here because hypothesis leaves out at most
        five neighboring draws of a failing run at once: a rule that draws more is rarely left out as a whole.
        """
        self.tuning_job_specs = tuning_job_specs
        self.cloud = EveryOutcome(0, script, dict(budget), delayed_stop)
        self.sim = self.simulation(self.scenario or account or Scenario())

    def simulation(self, scenario: Scenario) -> Simulation:
        """The simulation under test, in which `self.cloud` arms everything; override it to put your own code around it."""
        return Simulation(scenario, cloud=self.cloud, laws=self.laws)

    def armed(self, trigger: str) -> list[str]:
        """The jobs to which *trigger* may happen now."""
        return [name for name, one in self.sim.possible if one == trigger]

    def training_jobs(self) -> list[str]:
        """The training jobs that there are, of tuning jobs and without one, in order of creation."""
        return self.sim.training_jobs

    def refusal(self, command: Callable[..., Any], *arguments: Any) -> str:
        """Give a command: the code with which it is refused, and then nothing has changed; or an empty string."""
        before = len(self.sim.journal)
        try:
            command(*arguments)
        except ServiceError as error:
            assert len(self.sim.journal) == before, f"{error} refuses the command, and still something happened"
            return error.code
        return ""

    @stateful.precondition(lambda self: len(self.sim.tuning_jobs) < len(_TUNING_JOBS))
    @stateful.rule(
        spec=st.runner().flatmap(
            lambda self: st.integers(0, _SPECS - 1).map(
                lambda place: attrs.evolve(
                    self.tuning_job_specs[place % len(self.tuning_job_specs)],
                    name=_free(_TUNING_JOBS, self.sim.tuning_jobs),
                )
            )
        )
    )
    def create_tuning_job(self, spec: TuningJobSpec) -> None:
        """A caller creates a tuning job; where it is refused, nothing changes."""
        assert self.refusal(self.sim.create_tuning_job, spec) in ("", "ResourceLimitExceeded")

    @stateful.precondition(lambda self: self.sim.tuning_jobs)
    @stateful.rule(name=st.runner().flatmap(lambda self: st.sampled_from(self.sim.tuning_jobs)))
    def stop_tuning_job(self, name: str) -> None:
        """A caller stops a tuning job, in any state."""
        status = self.sim.tuning_job(name).status
        if refusal := self.refusal(self.sim.stop_tuning_job, name):
            assert refusal == "ValidationException" and status != "InProgress"
        else:
            assert self.sim.tuning_job(name).status == "Stopping"

    @stateful.precondition(lambda self: self.sim.tuning_jobs)
    @stateful.rule(name=st.runner().flatmap(lambda self: st.sampled_from(self.sim.tuning_jobs)))
    def delete_tuning_job(self, name: str) -> None:
        """A caller deletes a tuning job, which must have ended; its name is free then."""
        ended = self.sim.tuning_job(name).ended_s is not None
        assert self.refusal(self.sim.delete_tuning_job, name) == ("" if ended else "ValidationException")
        assert (name in self.sim.tuning_jobs) != ended

    def retained(self) -> list[TrainingJobDefinition]:
        """The definitions of the training jobs whose warm pools wait for a match."""
        pools = self.sim.warm_pools.values()
        return [self.sim.training_job(pool.name).definition for pool in pools if pool.state == "Available"]

    @stateful.rule(
        name=st.sampled_from(_TRAINING_JOBS),
        definition=st.runner().flatmap(
            lambda self: standalone() | st.sampled_from(self.retained() or [TrainingJobDefinition()])
        ),
    )
    def create_training_job(self, name: str, definition: TrainingJobDefinition) -> None:
        """A caller creates a training job without a tuning job, under a name that may be taken."""
        taken = name in self.training_jobs()
        refusal = self.refusal(self.sim.create_training_job, name, definition)
        assert refusal == "ResourceInUse" if taken else refusal in ("", "ResourceLimitExceeded")

    @stateful.precondition(lambda self: self.training_jobs())
    @stateful.rule(name=st.runner().flatmap(lambda self: st.sampled_from(self.training_jobs())))
    def stop_training_job(self, name: str) -> None:
        """A caller stops one training job; one that has ended gives up its warm pool."""
        before = self.sim.training_job(name)
        refusal = self.refusal(self.sim.stop_training_job, name)
        now = self.sim.training_job(name)
        if before.ended_s is not None:
            assert refusal == ("" if before.warm_pool else "ValidationException") and not now.warm_pool
        elif refusal:
            assert refusal == "ValidationException" and before.status == "Stopping"
        else:
            waited = (
                before.secondary_status == "Interrupted" and now.status == "Stopped"
            )  # preempted, without instances
            assert now.status == "Stopping" or waited

    @stateful.precondition(lambda self: self.training_jobs())
    @stateful.rule(
        name=st.runner().flatmap(lambda self: st.sampled_from(self.training_jobs())),
        keep_alive_s=st.sampled_from([0, 60, 3600]),
    )
    def update_training_job(self, name: str, keep_alive_s: int) -> None:
        """A caller changes for how long a warm pool is kept; 0 gives up what is kept already."""
        pool = self.sim.training_job(name).warm_pool
        refusal = self.refusal(self.sim.update_training_job, name, keep_alive_s)
        assert refusal == ("" if pool else "ValidationException")
        assert self.sim.training_job(name).warm_pool == ("" if pool == "Available" and keep_alive_s == 0 else pool)

    @stateful.precondition(lambda self: self.training_jobs())
    @stateful.rule(name=st.runner().flatmap(lambda self: st.sampled_from(self.training_jobs())))
    def delete_training_job(self, name: str) -> None:
        """A caller deletes a training job, which must have ended and must not have a warm pool; its name is free then."""
        job = self.sim.training_job(name)
        over = job.ended_s is not None and not job.warm_pool
        assert self.refusal(self.sim.delete_training_job, name) == ("" if over else "ResourceInUse")
        assert (name in self.training_jobs()) != over

    def ongoing(self) -> list[tuple[str, str]]:
        """What may happen now without a fault: (job, trigger)."""
        return [event for event in self.sim.possible if event[1] in _ORDINARY]

    @stateful.precondition(lambda self: self.ongoing())
    @stateful.rule(event=st.runner().flatmap(lambda self: st.sampled_from(self.ongoing())))
    def work_goes_on(self, event: tuple[str, str]) -> None:
        """A job goes on without a fault, also in runs from which hypothesis leaves out the trigger's own rule."""
        self.sim.fire(*event)

    def client(self, service: str = "sagemaker") -> Any:
        """A boto3 client of `self.sim`; there is one for the process, because making one takes long.

        It belongs to the simulation of the run that has asked last: ask in each run, when the simulation is there.
        """
        return boto.attach(_client(service), self.sim)

    def story(self) -> str:
        """Where the simulation is, and how it came there: the last events, the quota, who is in line."""
        capacity = self.sim.capacity
        quota = [
            f"{count} of {capacity.limit.get(kind, capacity.limit.get(OTHERS, 'any number of'))} {kind}"
            for kind, count in capacity.reserved.items()
            if count
        ]
        waiting = [f"{request.holder} for {dict(request.instances)}" for request in self.sim.queue]
        return "\n".join(
            [
                "the last events in the simulation:",
                *[f"  {record}" for record in self.sim.journal[-_EVENTS:]],
                f"reserved: {', '.join(quota) or 'nothing'}",
                f"in line: {', '.join(waiting) or 'nobody'}",
            ]
        )

    def teardown(self) -> None:
        """No more faults strike, everything runs to its end, and the `eventually` laws are judged.

        After any failure, also one in a rule of yours, hypothesis shows the `story` until then with its shrunk example, and
        what goes wrong afterwards does not hide it.
        """
        if not hasattr(self, "sim"):
            return
        if sys.exc_info()[0] is not None:
            self._note()
            with contextlib.suppress(Exception):
                self._come_to_rest()
            return
        try:
            self._come_to_rest()
        except Exception:
            self._note()
            raise

    def _note(self) -> None:
        """Let hypothesis show the story with its shrunk example; a machine that is driven by hand has none."""
        if currently_in_test_context():
            note(self.story())

    def _come_to_rest(self) -> None:
        self.cloud.budget.update(dict.fromkeys(self.cloud.budget, 0))
        while possible := self.sim.possible:
            self.sim.fire(*possible[0])
        self.sim.run()


def _rule_of(trigger: str, words: str) -> Any:
    """The rule that lets *trigger* happen to one of the jobs for which it is armed."""

    def happens(self: TuningMachine, job: str) -> None:
        self.sim.fire(job, trigger)

    happens.__name__, happens.__doc__ = trigger, words
    armed = st.runner().flatmap(lambda self: st.sampled_from(self.armed(trigger)))
    return stateful.precondition(lambda self: self.armed(trigger))(stateful.rule(job=armed)(happens))


_CAUSED = ("child_ended", "give_up", "job_ended", "reuse", "update", "terminate", *BY_THE_LINE)
"""What follows at once from something else, or from a command."""
RULES = {
    row.trigger: f"{row.trigger}, as the tables have it: {row.source} → {row.destination}."
    for row in (*TUNING.rows, *TRAINING.rows, *WARM_POOL.rows)  # a reservation only follows from these
    if row.source != NEW and row.trigger not in _CAUSED
}
"""The triggers that happen without a caller, each a rule of `TuningMachine`; the others follow from these at once."""


for _trigger, _words in RULES.items():
    setattr(TuningMachine, _trigger, _rule_of(_trigger, _words))

_explain_nothing(TuningMachine)
