"""The laws: what must hold always, in the end, and what a good test suite must have seen.

Each is named here, once; `auditor.py` and the rooms `audit_*.py` judge them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hptsim.errors import LawBroken


class Law(NamedTuple):
    """A named property: *kind* is always, eventually or sometimes; *rests_on* a page, a row or an assumption."""

    name: str
    kind: str
    says: str
    rests_on: str


LAWS: tuple[Law, ...] = (
    Law("reservation held until the end", "always", "nothing reserved is released before the job has ended", "S8, R3"),
    Law("released at the end, exactly once", "always", "a job that has ended holds nothing and asks for nothing", "S8"),
    Law("quota never exceeded", "always", "what is reserved of a pool stays within its limit", "R1"),
    Law("occupancy within reservation", "always", "training jobs use only what their tuning job holds", "R3, R4"),
    Law("a live training job occupies", "always", "from its creation to its end, and not a moment longer", "R3"),
    Law(
        "a shortage falls back",
        "always",
        "who finds no machines goes on with the next of its types that has quota",
        "R11, prioritized-fallback",
    ),
    Law(
        "warm pools take their course",
        "always",
        "in use, then kept for its period if its training job ended well, then reused or terminated",
        "R17, R19",
    ),
    Law("a warm pool holds its instances", "always", "what is kept stays reserved, and is given back with it", "R20"),
    Law("only a match reuses a warm pool", "always", "who reuses it has the same instances, role, network", "R18"),
    Law("artifacts persist", "always", "what is stored stays stored", "S7"),
    Law("what was saved is stored", "always", "what a script reported saved is stored when its job ends", "S7, J12"),
    Law("nothing is stored unsaved", "always", "only what a script reported saved is stored", "§3.3"),
    Law("logs persist", "always", "a container that ran has logs, with its metric, and they stay", "S7, B13"),
    Law("no launch after a stop", "always", "a Stopping or ended tuning job creates no training job", "S5, A-08"),
    Law("a stop reaches every child", "always", "a stop is sent to every live training job at once", "S5"),
    Law("SIGTERM opens the window", "always", "a container in its grace window was sent SIGTERM", "J11"),
    Law("grace is bounded", "always", "no container runs more than 120 s after SIGTERM", "M:StopTrainingJob"),
    Law("nobody outlives the parent", "always", "a tuning job ends after all its training jobs", "S12, H3"),
    Law("a final status is final", "always", "nothing happens to a job that has ended", "§3.1, §3.2"),
    Law("only what has ended is deleted", "always", "a record is dropped after the end of its job", "D3, J14"),
    Law("phases in order", "always", "a training job takes its phases in the documented order", "J1 to J12"),
    Law("tuning statuses in order", "always", "InProgress, then Stopping if stopped, then an end", "H1 to H6"),
    Law("the end says why", "always", "a final status names what ended the job", "J8, J12, R24, H3 to H5"),
    Law("parallel within its limit", "always", "MaxParallelTrainingJobs is respected", "R9"),
    Law("total within its limit", "always", "MaxNumberOfTrainingJobs is respected", "L14"),
    Law("counters add up", "always", "the status counters are the training jobs' statuses", "K4 to K7"),
    Law("time never runs back", "always", "entries are in order of time", "journal"),
    Law("reservations take their course", "always", "asked, then granted or withdrawn, then released", "§5.5"),
    Law("nobody stopping waits", "always", "a job that launches no more has no request in line", "A-08"),
    Law("nobody waits while quota is idle", "always", "whoever can be granted is", "first-come-first-served"),
    Law("the journal rebuilds the world", "always", "the auditor's books are the world's state", "design"),
    Law("exactly one row applies", "always", "a table has one row for what happens, or it cannot happen", "lifecycle"),
    Law("nobody waits twice", "always", "a request is in line once", "first-come-first-served"),
    Law("a strategy stays in its ranges", "always", "every configuration is one of the request's ranges", "L2"),
    Law("Grid tries each point once", "always", "no configuration of a grid comes twice", "L2, C5"),
    Law("the weak are stopped early", "always", "who falls behind is told to stop at once, and nobody else", "L3, L4"),
    Law("a rung holds its share", "always", "Hyperband lets on one in three of those that reach a rung", "L2"),
    Law("a met criterion ends the job", "always", "when a completion criterion is met, nothing more is launched", "L6"),
    Law(
        "the best is the best",
        "always",
        "no evaluated training job is better than the best one",
        "M:HyperParameterTuningJob",
    ),
    Law("every job ends", "eventually", "when nothing is left to do, every job has ended", "H3, H4"),
    Law("every reservation is released", "eventually", "when nothing is left to do, nothing is reserved", "S8"),
    Law("a stop catches two training", "sometimes", "a stop finds two or more children in Training", "§3.3"),
    Law("a stop catches one starting", "sometimes", "a stop finds a child in Starting", "§3.3"),
    Law("a stop catches one uploading", "sometimes", "a stop finds a child in Uploading", "§3.3"),
    Law("a stop races the last completion", "sometimes", "a stop finds no child left alive", "A-11"),
    Law("a waiting request is withdrawn", "sometimes", "a stop takes a request out of the line", "A-22"),
    Law("a stopped job has artifacts", "sometimes", "a Stopped tuning job left a model", "S7"),
    Law("an interruption meets a stop", "sometimes", "a stop finds a child Interrupted", "§3.3"),
    Law("a warm pool is reused", "sometimes", "a training job takes over what another has left", "R17"),
    Law(
        "a stop meets a warm pool", "sometimes", "a stop finds a training job with a warm pool, or ends the pool", "R19"
    ),
    Law("a launch falls back", "sometimes", "a training job goes on with another instance type", "R11"),
)
"""Every law, in the order of the documentation."""
_BY_NAME: Mapping[str, Law] = {law.name: law for law in LAWS}
SOMETIMES = tuple(law.name for law in LAWS if law.kind == "sometimes")


def broken(name: str, reason: str) -> LawBroken:
    """The error for a broken law."""
    return LawBroken(name, reason, _BY_NAME[name].rests_on)


def markdown() -> str:
    """The laws for the documentation, in Markdown.

    >>> markdown().splitlines()[2].split("|")[1].strip()
    'reservation held until the end'
    """
    head = ["| law | kind | says | rests on |", "|---|---|---|---|"]
    return "\n".join(head + [f"| {law.name} | {law.kind} | {law.says} | {law.rests_on} |" for law in LAWS])
