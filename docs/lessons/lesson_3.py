"""Races and orders: a stop may come at any moment, and a test that tries one moment has seen one order of many."""

from __future__ import annotations

from collections.abc import Iterable

from hptsim import Scenario, Simulation, TuningJobSpec, explore
from hptsim.errors import ServiceError
from hptsim.explorer import Exploration
from hptsim.model import TUNING, Assumptions, ResourceLimits, Tables
from hptsim.scenario import ScheduledTuningJob

from . import graphs
from .questions import Choice, Lesson, Number, Option, Part
from .runs import POOL, laboratory

LABORATORY = {"parallel": 3, "total": 3, "save_s": 40, "seed": 5}
EVENTS = (1, 4, 7, 9)
AT_ONCE = graphs.edited(TUNING, "stop", "InProgress", effects=("WITHDRAW", "STOP_CHILDREN", "RELEASE"))
"""A service whose stop gives back at once what is reserved."""


def explored(tuning_jobs: int, training_jobs: int, tables: Tables | None = None) -> Exploration:
    """Every order of events of so many tuning jobs of so many training jobs each, on two instances; each may be stopped once."""
    limits = ResourceLimits(training_jobs, training_jobs)
    jobs = tuple(ScheduledTuningJob(TuningJobSpec(name, limits=limits)) for name in "ab"[:tuning_jobs])
    scenario = Scenario(capacity={POOL: 2}, assumptions=Assumptions(admission="queue"), tuning_jobs=jobs)
    return explore(scenario) if tables is None else explore(scenario, tables=tables)


def story(tables: Tables) -> tuple[str, tuple[str, ...]]:
    """The law that one tuning job of two training jobs breaks under these tables, and the shortest calls that break it."""
    found = explored(1, 2, tables).counterexample
    if found is None:
        raise ValueError("no order of events breaks a law")
    return found.law, tuple(found.calls[1:])


def lesson() -> Lesson:
    setup = (
        "A tuning job with two training jobs, on two instances. There is no clock: whatever may happen next may happen next. "
        "A state is what is so between two events: the status of each job, what is reserved, what is stored."
    )
    parts = (
        Part("How many orders", 5, (_count(),)),
        Part("What may still happen", 7, (_after(), _late())),
        Part("The shortest story", 7, (_at_once(), _forgets())),
        Part("In the laboratory", 5, (_laboratory(),)),
    )
    return Lesson(
        title="Races and orders",
        goal="To see a stop as one event among others that may come in any order, and to know what a search of all orders finds.",
        setup=setup,
        parts=parts,
        laboratory=LABORATORY,
        needed="A browser, and for the last part the served site. Lesson 1 before it; lesson 5 goes on from here.",
        more=(
            "Run [every order at once](../notebooks/02-every-order-at-once.ipynb), and let the class edit a row of a table.",
            "[Test your own controller](../notebooks/03-test-your-own-controller.ipynb): the same search, for a "
            "program that calls the service.",
        ),
    )


def _rounded(number: int) -> int:
    """The number to one digit."""
    size = 10 ** (len(str(number)) - 1)
    return int(round(number / size) * size)


def _count() -> Choice:
    scopes = {scope: explored(*scope).states for scope in ((1, 1), (1, 2), (1, 3), (2, 1))}
    near = _rounded(scopes[1, 2])
    hints = {
        near
        // 10: "So few would do for one training job. A second one is in any of its phases, whatever the first does.",
        near: "",
        near * 10: "Not so many: there are two training jobs with a few phases each, and one stop.",
        near * 100: "Not so many: there are two training jobs with a few phases each, and one stop.",
    }
    rows = "\n".join(f"| {tuning} | {training} | {states:,} |" for (tuning, training), states in scopes.items())
    return Choice(
        name="count",
        text="One tuning job, two training jobs, one stop at any moment. In how many different states can all of it be? About:",
        options=tuple(Option(f"{count:,}", count == near, hint) for count, hint in hints.items()),
        because=f"{scopes[1, 2]}, and the explorer visits every one. A test that stops after 400 s sees one way through them.\n\n"
        f"| tuning jobs | training jobs of each | states |\n|---|---|---|\n{rows}\n",
    )


def _after() -> Choice:
    seen = {(record.thing, record.trigger, record.destination) for record in graphs.after_the_stop(graphs.service())}

    def happens(thing: str, trigger: str = "", destination: str = "") -> bool:
        return any(
            one[0] == thing and trigger in ("", one[1]) and (not destination or one[2] == destination) for one in seen
        )

    return Choice(
        name="after",
        text="The tuning job is Stopping. What of this may still happen, in some order of events?",
        several=True,
        options=(
            Option(
                "a model is stored",
                happens("artifact", "store"),
                "SIGTERM gives the script time to save, and an upload is finished.",
            ),
            Option("the script writes to its log", happens("log"), "The script still runs for up to 120 s."),
            Option(
                "a training job is launched",
                happens("training", "create"),
                "The stop withdraws what was asked for: none is launched any more.",
            ),
            Option(
                "the tuning job becomes Completed",
                happens("tuning", destination="Completed"),
                "Stopping leads to Stopped, even if every training job had trained to its end.",
            ),
            Option(
                "a training job becomes Completed",
                happens("training", destination="Completed"),
                "One whose model is just being uploaded keeps it, and ends as Stopped all the same.",
            ),
        ),
        because=f"The explorer has visited all {len(graphs.service().nodes)} states of two training jobs on one "
        f"instance, with at most one internal error: this is what it has seen between the stop and its end. "
        "[The tables](../semantics.md) say it row by row; a client has to be ready for each.",
    )


def _late() -> Choice:
    sim = Simulation(Scenario())
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    try:
        sim.stop_tuning_job("demo")
        said = ""
    except ServiceError as error:
        said = str(error)
    status = sim.tuning_job("demo").status
    options = {
        "the call succeeds, and the tuning job is Stopped": "An end is final: no status follows it.",
        "the call succeeds, and the tuning job stays Completed": "Then a client could not know that it came too late.",
        "the call is refused, and the tuning job stays Completed": "",
    }
    call, job = "is refused" if said else "succeeds", "stays" if status == "Completed" else "is"
    so = f"the call {call}, and the tuning job {job} {status}"
    return Choice(
        name="late",
        text="You press Stop. Between your look at the status and your call, the tuning job was Completed. What comes of it?",
        options=tuple(Option(words, words == so, hint) for words, hint in options.items()),
        because=f"`{said}` A client that takes this error for a failure of its own has lost the race and does not "
        f"know it: the job has ended, as was wanted.",
    )


def _at_once() -> Number:
    law, calls = story(AT_ONCE)
    return Number(
        name="at-once",
        text="Somebody writes a service whose stop gives back at once what is reserved. The explorer looks for the "
        "fewest calls and events after which a promise is broken. How many are needed, the creation of the tuning "
        "job included?",
        right=len(calls),
        unit="steps",
        label="It takes",
        within=0.25,
        hints=(
            (1, "Creating it breaks nothing. What else does it take?"),
            (len(calls) + 1, "No race is needed, and no training job."),
        ),
        low="At least the job has to be there.",
        high="Fewer: one only has to look at the right moment.",
        because=f"{len(calls)}: `{'`, then `'.join(_short(calls))}`. The law is *{law}*. No race is needed: a test "
        f"that looks right after the stop finds it. Most tests look later.",
    )


def _forgets() -> Number:
    law, calls = story(graphs.FORGETS)
    stop = next(place for place, call in enumerate(calls, 1) if "stop_tuning_job" in call)
    return Number(
        name="forgets",
        text=f"Another service forgets a model that is uploaded after a stop. The shortest story that shows it has "
        f"{len(calls)} steps. The first is the creation; the last is the upload, whose model is not stored; one of "
        f"them is the stop. Which?",
        right=stop,
        unit="",
        label="It is step",
        within=0.25,
        hints=(
            (2, "Then there is nothing to save: the training job is not even launched."),
            (len(calls), "After the upload the model is stored, and nothing can be forgotten."),
        ),
        low="Stopped so early, the training job has no model, or must save it first: that is a step more.",
        high="That is after the last step.",
        because=f"Step {stop} of {len(calls)}: `{'`, `'.join(_short(calls))}`. The law is *{law}*. The stop has to "
        f"come while the model is being uploaded. A test with a fixed time meets that only by luck.",
    )


def _short(calls: Iterable[str]) -> list[str]:
    """Calls as the page shows them."""
    words = {"create_tuning_job": "create", "stop_tuning_job": "stop"}
    found = []
    for call in calls:
        method = call.removeprefix("sim.").partition("(")[0]
        found.append(words.get(method) or call.partition(", ")[2].strip("')"))
    return found


def _laboratory() -> Choice:
    stored = {events: _models(events) for events in EVENTS}
    hints = {
        1: "All three are Starting: no script has begun.",
        4: "At least one of them is not yet Training.",
        7: "All three are Training, and 40 s are enough to save.",
        9: "One has just stored its model. A stop takes nothing away that is stored.",
    }
    rows = "\n".join(f"| {events} | {count} |" for events, count in stored.items())
    return Choice(
        name="laboratory",
        text="Three training jobs, whose script saves in 40 s. After how many presses of *Next event* does a *Stop* "
        "leave three models? Predict, then try each: *Start again* begins anew.",
        several=True,
        options=tuple(Option(f"after {events}", count == 3, hints[events]) for events, count in stored.items()),
        because=f"The same jobs and the same stop, and only the order differs:\n\n| events before the stop | models "
        f"|\n|---|---|\n{rows}\n",
    )


def _models(events: int) -> int:
    """How many models a stop after so many events leaves of the reader's tuning job."""
    sim = laboratory(LABORATORY, events).sim
    return sum(sim.training_job(name).model is not None for name in sim.tuning_job("yours").training_jobs)
