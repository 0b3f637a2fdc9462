"""What an exploration of a program has found: how much was visited, or the shortest run that fails, told line by line."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence

import attrs

from hptsim.errors import HptsimError
from hptsim.model.journal import Record
from hptsim.model.statuses import NEW
from hptsim.service.call import Response
from hptsim.simulation.simulation import Simulation

_SHOWN = ("HyperParameterTuningJobStatus", "TrainingJobStatus", "SecondaryStatus")
_NAMES = ("HyperParameterTuningJobName", "TrainingJobName")
_WIDTH = 110
_AT = 8
"""How wide an instant is."""


@attrs.frozen
class Step:
    """One step of a run at *now_s* of the program's clock: a call with its answer, or something that happens."""

    now_s: float
    what: str
    operation: str = ""
    records: tuple[Record, ...] = ()
    response: Response | None = None
    instead: str = ""


@attrs.frozen
class ProgramExploration:
    """What was visited, none of which failed."""

    states: int
    """States of the program and the account together."""
    account_states: int
    runs: int
    """How often the program was run."""
    ends: int
    """States in which the program had come to its end."""
    complete: bool
    """Whether everything was visited: all states, up to repeated polls."""
    preemptions: int | None
    """Where not everything was visited: every run with at most so many preemptions was; -1 where not even those without."""
    polls: int

    def sentence(self) -> str:
        """What was visited, in words.

        >>> ProgramExploration(120, 80, 30, 4, True, None, 1).sentence()
        'Everything was visited: 120 states of program and account (80 of the account), in 30 runs; none fails.'
        """
        visited = f"{self.states:,} states of program and account ({self.account_states:,} of the account), in {self.runs:,} runs"
        if self.complete:
            return f"Everything was visited: {visited}; none fails."
        if self.preemptions is None or self.preemptions < 0:
            return f"Not everything was visited: {visited}; none of these fails."
        return f"Every run with at most {self.preemptions} preemptions was visited: {visited}; none fails."


@attrs.define(auto_exc=True)
class ProgramFailed(HptsimError, AssertionError):
    """A run of the program that fails: why, and the *story* that leads there, with the fewest preemptions and steps.

    What the program raised is its cause.
    """

    reason: str
    story: tuple[str, ...]
    preemptions: int
    states: int
    runs: int

    def __str__(self) -> str:
        counted = f"{self.states:,} states and {self.runs:,} runs of the program until then"
        return "\n".join([self.reason, "the shortest story that leads there:", *self.story, f"({counted})"])


def story(steps: Sequence[Step], sim: Simulation) -> tuple[str, ...]:
    """The lines of a run that has led *sim* to where it is."""
    told = [line for step in steps for line in _lines(step)]
    return tuple([f"  {line}" for line in (*_folded(told), *_standing(sim))])


def _folded(told: Sequence[str]) -> Iterator[str]:
    """The lines, those that differ in their instants alone as one and how often it comes again."""
    for _, group in itertools.groupby(told, key=lambda line: line[_AT:]):
        first, *more = group
        yield first
        if more:
            yield f"{' ' * _AT}  (and {len(more)} times more)"


def _lines(step: Step) -> list[str]:
    at = f"{step.now_s:{_AT - 2}g} s"
    if not step.operation:
        return [f"{at}      {step.what}{_moved(step)}"]
    return [f"{at}  {_call(step.what)} → {_answer(step)}"]


def _call(what: str) -> str:
    """A call by its operation and the job that it is about."""
    operation = what.partition("(")[0]
    for name in _NAMES:
        if found := re.search(rf"\b{name}='([^']*)'", what):
            return f"{operation}({found.group(1)})"
    return what if len(what) <= _WIDTH else f"{what[:_WIDTH]}…)"


def _answer(step: Step) -> str:
    if step.response is None:
        return f"no answer ({step.instead})"
    try:
        told = json.loads(step.response.body or b"{}")
    except ValueError:
        return str(step.response.status)
    if step.response.status >= 400:
        code = str(told.get("__type", step.response.status)).rpartition("#")[2]
        return f"{code}: {_short(told.get('message', told.get('Message', '')))}"
    shown = [str(told[name]) for name in _SHOWN if name in told]
    if shown:
        return ", ".join(shown)
    lists = [f"{len(value)} {name}" for name, value in told.items() if isinstance(value, list)]
    return ", ".join(lists) or "accepted"


def _short(message: str) -> str:
    """A message without its middle: the service's words begin it, and the twin's end it, in brackets."""
    words, bracket, twins = message.partition("[hptsim: ")
    if len(words) > _WIDTH:
        words = f"{words[:_WIDTH]}… "
    return words + bracket + twins


def _moved(step: Step) -> str:
    """The states through which jobs have gone, each with its name where the step is about another one."""
    moves = [
        ("" if step.what.startswith(record.name) else f"{record.name} ")
        + f"{record.source.replace(NEW, 'new')} → {record.destination}"
        for record in step.records
        if record.thing in ("tuning", "training") and record.source != record.destination
    ]
    return f" ({'; '.join(moves)})" if moves else ""


def _standing(sim: Simulation) -> list[str]:
    """What is reserved, and where the tuning jobs are."""
    limits, reserved = sim.capacity.limit, sim.capacity.reserved
    lines = [
        f"in use: {count} of {limits.get(kind, limits.get('*', 'any number of'))} {kind}"
        for kind, count in reserved.items()
        if count
    ]
    jobs = [f"{name} is {sim.tuning_job(name).status}" for name in sim.tuning_jobs]
    return ["then " + "; ".join([*jobs, *(lines or ["no instance is in use"])])]
