"""The steps of a counterexample as messages between the caller, the jobs and the quota, and as a diagram in Mermaid's text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import attrs

from hptsim.explorer.story import Step
from hptsim.model.account import standalone_holder
from hptsim.model.journal import Record
from hptsim.model.wording import EVENTS, amounts, answered, event

CALLER, QUOTA = "caller", "quota"


@attrs.frozen
class Message:
    """What one participant tells another in a step, or does by itself: then it is its own *target*."""

    step: int
    source: str
    target: str
    words: str
    repeated: bool = False
    """Whether its step is part of a loop."""

    @property
    def line(self) -> str:
        """Its words, with the number of its step."""
        return f"{self.step}. {self.words}"


def messages(steps: Iterable[Step]) -> list[Message]:
    """All that is said in *steps*, in order; a step in which nothing is said is a message of whoever it happens to."""
    said: list[Message] = []
    parents: dict[str, str] = {}
    for step in steps:
        spoken = [one for one in (_message(step, record, parents) for record in step.records) if one is not None]
        if not spoken or step.refusals:
            spoken += _by_hand(step, parents)
        said += [attrs.evolve(one, repeated=step.repeated) for one in spoken]
    return said


def participants(said: Sequence[Message]) -> tuple[str, ...]:
    """Who takes part: the caller first, then jobs in the order in which they are met, the quota last."""
    met = dict.fromkeys(name for one in said for name in (one.source, one.target))
    return (CALLER, *(name for name in met if name not in (CALLER, QUOTA)), *([QUOTA] if QUOTA in met else []))


def _message(step: Step, record: Record, parents: dict[str, str]) -> Message | None:
    """What a journal's entry says, and between whom; None for a detail that a diagram leaves out.

    *parents* are the tuning jobs of the training jobs that were met.
    """
    thing, name, trigger = record.thing, record.name, record.trigger
    source, destination = record.source, record.destination
    if thing == "training" and trigger == "create":
        parents[name] = f"tuning job {record.data.tuning_job}" if record.data.tuning_job else CALLER
    me = f"training job {name}" if name in parents else f"tuning job {name}"
    parent = CALLER if _commanded(step, name) else parents.get(name, CALLER)
    moved = f": {source} → {destination}" if source != destination else ""
    match thing, trigger:
        case "tuning", "create":
            return Message(step.number, CALLER, me, "create")
        case "training", "create":
            return Message(step.number, parent, me, "start")
        case "tuning" | "training", "delete":
            return Message(step.number, CALLER, me, "delete the record")
        case "tuning" | "training", "stop":
            return Message(step.number, parent, me, f"stop{moved}")
        case "tuning", "launch" | "child_ended":
            return None
        case "tuning" | "training", _:
            return Message(step.number, me, me, f"{event(thing, trigger)}{moved}")
        case "warm_pool", _:
            return Message(step.number, me, me, f"its warm pool {event(thing, trigger)}")
        case "reservation", _:
            return _about_quota(step.number, record)
        case "occupancy", _:
            return Message(step.number, me, QUOTA, f"{event(thing, trigger)} {amounts(record.data)}")
        case "artifact", _:
            return Message(step.number, me, me, f"stores its {destination}")
        case "signal", "SIGTERM":
            return Message(step.number, parents.get(name, CALLER), me, "SIGTERM")
        case "signal", _:
            return Message(step.number, parents.get(name, CALLER), me, "a stop is on its way")
        case "call", _:
            kind = "tuning" if "TuningJob" in record.data.operation else "training"
            return Message(step.number, CALLER, f"{kind} job {name}", f"{record.data.operation}: {answered(trigger)}")
    return None


def _commanded(step: Step, name: str) -> bool:
    """Whether it is the caller who does this to *name*."""
    return any(one.method != "fire" and name in one.arguments for one in step.commands)


def _about_quota(number: int, record: Record) -> Message:
    kind, holder = record.trigger, record.data.holder
    name = holder.removeprefix(standalone_holder(""))
    me = f"tuning job {name}" if name == holder else f"training job {name}"
    wanted = amounts(record.data.amounts)
    if kind == "grant":
        return Message(number, QUOTA, me, f"grants {wanted}")
    return Message(number, me, QUOTA, f"{event(record.thing, kind)} {wanted}")


def _by_hand(step: Step, parents: Mapping[str, str]) -> Iterator[Message]:
    """What the commands of a step themselves say."""
    for command in step.commands:
        if command.method == "run":
            yield Message(step.number, CALLER, CALLER, "nothing more has to happen")
        elif command.method == "fire":
            name, trigger = command.arguments
            thing = "training" if name in parents else "tuning"
            me = f"{thing} job {name}"
            pooled = trigger in EVENTS["warm_pool"]
            said = f"its warm pool {event('warm_pool', trigger)}" if pooled else event(thing, trigger)
            yield Message(step.number, me, me, said + ("" if step.records else ": nothing changes"))
    for refusal in step.refusals:
        yield Message(step.number, CALLER, CALLER, f"{step.words}; refused: {refusal}")


def mermaid(steps: Sequence[Step], broken: str) -> str:
    """A sequence diagram of *steps* in Mermaid's text; what is *broken* stands below as a note.

    >>> print(mermaid([], "law broken: mine"))
    sequenceDiagram
        participant p0 as caller
        note over p0: law broken: mine
    <BLANKLINE>
    """
    said = messages(steps)
    who = {name: f"p{number}" for number, name in enumerate(participants(said))}
    lines = [f"participant {short} as {_escaped(name)}" for name, short in who.items()]
    for repeated, part in groupby(said, key=lambda one: one.repeated):
        told = [f"{who[one.source]}->>{who[one.target]}: {_escaped(one.line)}" for one in part]
        lines += ["loop again and again", *(f"    {line}" for line in told), "end"] if repeated else told
    ends = list(dict.fromkeys((who[CALLER], list(who.values())[-1])))
    lines.append(f"note over {','.join(ends)}: {_escaped(broken)}")
    return "\n".join(["sequenceDiagram", *(f"    {line}" for line in lines), ""])


def _escaped(text: str) -> str:
    """*text* as Mermaid shows it: what would end a line, begin a comment or be read as HTML is written by its number."""
    return "".join(f"#{ord(one)};" if one in '#;<>"{}%&' else " " if one in "\r\n" else one for one in text)
