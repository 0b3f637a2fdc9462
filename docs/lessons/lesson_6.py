"""How to trust a simulator: recordings, theory, and bugs that are planted on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from hptsim.model import RESERVATION, TRAINING, TUNING
from hptsim.views import BLACK, BLUE, FONT
from hptsim.views.charts import empty
from hptsim.views.drawings import Drawing, drawing

from . import evidence, graphs, lesson_3
from .questions import Choice, Lesson, Matching, Option, Part

LABORATORY = {"parallel": 4, "total": 8, "save_s": 40, "seed": 2}
EXPERIMENTS = {
    "20 customers each, from an empty queue, 300 replications": (20, 300, 0.0),
    "600 customers each, counted from 2,000 s on, 20 replications": (600, 20, 2000.0),
}
BUGS = {
    "the stop gives back at once what is reserved": lesson_3.AT_ONCE,
    "a model that is uploaded after a stop is forgotten": graphs.FORGETS,
    "a stopped tuning job stays InProgress": graphs.edited(
        TUNING, "stop", "InProgress", destination="InProgress", effects=("STOP_CHILDREN",)
    ),
    "instances are given back twice": graphs.edited(RESERVATION, "release", "Held", effects=("FREE", "FREE")),
    "a stop does not reach a training job that is Starting": graphs.edited(TRAINING, "stop", "Starting"),
}
WHY = {
    "the stop gives back at once what is reserved": "What is reserved has to be held. Until when?",
    "a model that is uploaded after a stop is forgotten": "Nothing is wrong with the statuses. What is missing in the end?",
    "a stopped tuning job stays InProgress": "Look at what the statuses of the tuning job are, one after the other.",
    "instances are given back twice": "How often may each of them be given back?",
    "a stop does not reach a training job that is Starting": "The tuning job's status is right. Who else has to be told?",
}


def lesson() -> Lesson:
    lines = evidence.recorded_stop()
    told = "\n".join(
        f"| {line['time'] - evidence.SECOND_0:.0f} s | {line['operation'].partition('Hyper')[0]} | {_said(line['response'])} |"
        for line in lines
    )
    setup = (
        "A simulator can be wrong in three ways: it does what the real thing never does; it counts wrongly; or it "
        "is right where it was looked at, and nowhere else. For each there is a kind of evidence: recordings, "
        f"theory, and bugs planted on purpose.\n\nA tuning job with three training jobs is stopped while they "
        f"start. What a client of the twin asked, and what it was told:\n\n| at | asked | answer "
        f"|\n|---|---|---|\n{told}\n"
    )
    parts = (
        Part("What a recording can refute", 7, (_contradicts(lines), _ranges())),
        Part("What theory knows", 6, (_theory(),)),
        Part("What a planted bug shows", 8, (_laws(), _edits())),
        Part("In the laboratory", 3),
    )
    return Lesson(
        title="How to trust a simulator",
        goal="To ask of any simulator what would have shown that it is wrong, and to tell fitted from tested.",
        setup=setup,
        parts=parts,
        laboratory=LABORATORY,
        needed="A browser. Lesson 3 before it. Students should have met confidence intervals and the M/M/1 queue.",
        more=(
            "Read [Is it right?](../validation.md) and find one claim that nothing there could refute.",
            "Run [validating the twin](../notebooks/08-validating-the-twin.ipynb), and take the warm-up away.",
        ),
    )


def _said(response: Mapping[str, Any]) -> str:
    if not response:
        return "accepted"
    counters = response["TrainingJobStatusCounters"]
    return f"{response['HyperParameterTuningJobStatus']}; in progress {counters['InProgress']}, stopped {counters['Stopped']}"


def _contradicts(lines: evidence.Answers) -> Choice:
    def one_ended(shown: dict[str, Any]) -> None:
        shown["TrainingJobStatusCounters"] |= {"InProgress": 2, "Stopped": 1}
        shown["ObjectiveStatusCounters"] |= {"Pending": 2, "Failed": 1}

    def one_left(shown: dict[str, Any]) -> None:
        shown["TrainingJobStatusCounters"] |= {"InProgress": 1, "Stopped": 2}
        shown["ObjectiveStatusCounters"] |= {"Pending": 1, "Failed": 2}

    def later(shown: dict[str, Any]) -> None:
        shown["LastModifiedTime"] += 0.5

    def status(name: str, shown: dict[str, Any]) -> None:
        shown["HyperParameterTuningJobStatus"] = name

    made = (
        (
            "right after the stop: Stopped",
            3,
            partial(status, "Stopped"),
            "Three training jobs are in progress in that very answer.",
        ),
        (
            "right after the stop: Stopping, one training job has ended already",
            3,
            one_ended,
            "How long anything takes is left free: one may end at once.",
        ),
        (
            "before the stop: LastModifiedTime moves, and nothing else",
            1,
            later,
            "The service's controller was seen to stamp its record without a change.",
        ),
        ("at the end: Completed", 4, partial(status, "Completed"), "It was Stopping before. What may follow that?"),
        (
            "at the end: Stopped, and one training job is in progress",
            4,
            one_left,
            "What has to be so before a tuning job is Stopped?",
        ),
    )
    options = tuple(
        Option(words, not evidence.explained(evidence.changed(lines, place, change)), hint)
        for words, place, change, hint in made
    )
    return Choice(
        name="contradicts",
        text="Suppose that one of these answers had been recorded otherwise, and all others as they are. Which of "
        "these would show that the twin is wrong, since it could not have answered so?",
        several=True,
        options=options,
        because="`hptsim conform` judged each: it keeps every state of the tables that the answers so far leave "
        "possible, with any latency, and refuses the first answer that none of them gives. What it lets pass is no "
        "proof; what it refuses is one. [So you can try it](../how-to/check-the-twin.md) with answers of your own "
        "account.",
    )


def _ranges() -> Choice:
    runs, outside = evidence.makespans()
    expected = round(runs / 10)
    counts = {
        0: "Then the range would be far too wide, or luck.",
        expected: "So many were to be expected if the ranges had all in them that is uncertain.",
        outside: "",
        runs: "It is not as bad as that.",
    }
    return Choice(
        name="ranges",
        text=f"Latencies of the twin were fitted to recordings. For {runs} recorded runs it also says how long the "
        f"whole run takes, as a range of 5 % to 95 % of its draws. Outside how many of these ranges does the "
        f"recorded length lie?",
        options=tuple(Option(f"{count} of {runs}", count == outside, hint) for count, hint in sorted(counts.items())),
        because=f"{outside} of {runs}: here recordings contradict the twin. It draws each phase, and not what makes "
        f"a whole run fast or slow. [Its own page](../validation/recorded-service.md) says so, run by run. That a "
        f"*phase* agrees says little: it was fitted to agree. The length of a whole run was not, but for one "
        f"number, the time between two training jobs: so it could fail, and did. Use the twin to compare designs, "
        f"and not to promise an end to the minute.",
    )


def _theory() -> Choice:
    found = {words: evidence.queue(*how) for words, how in EXPERIMENTS.items()}
    hints = (
        "The first customers find an empty queue. Averaging over more of them makes the interval narrow, and not right.",
        "It leaves out the beginning, when the queue was empty, so that it estimates what Erlang's formula is about.",
    )
    rows = "\n".join(f"| {words} | {low:.0f} to {high:.0f} s |" for words, (low, high) in found.items())
    contains = {words: low <= evidence.ERLANG_S <= high for words, (low, high) in found.items()}
    return Choice(
        name="theory",
        text=f"One server, services of {evidence.MEAN_S:.0f} s on average, load {evidence.LOAD}, exponential: by "
        f"Erlang customers wait {evidence.ERLANG_S:.1f} s on average. Two experiments estimate it with the twin, "
        f"each with a 95 % interval. Whose interval contains Erlang's figure?",
        several=True,
        options=tuple(Option(words, contains[words], hint) for words, hint in zip(found, hints, strict=True)),
        because=f"| experiment | interval |\n|---|---|\n{rows}\n\nThe first has the narrower interval, about "
        f"another quantity: the wait of the first 20 customers. [Theory has a figure for that, "
        f"too](../validation/queueing.md). An interval tells how much chance is left in an "
        "estimate, and not whether it estimates the right thing.",
        picture=partial(_beside_theory, found),
    )


def _beside_theory(found: Mapping[str, tuple[float, float]]) -> Drawing:
    def draw() -> Any:
        figure, (axes,) = empty(1, 3)
        for place, (low, high) in enumerate(found.values()):
            axes.plot(
                [low, high], [place, place], color=BLUE, linewidth=8, label="95 % interval" if place == 0 else None
            )
        axes.axvline(evidence.ERLANG_S, color=BLACK, linestyle="--", label="Erlang")
        axes.set_yticks(range(len(found)), [f"experiment {place}" for place in range(1, len(found) + 1)])
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.set_xlabel("mean wait (s)", fontsize=FONT)
        figure.legend(loc="outside lower center", ncols=2)
        return figure

    return drawing("The two intervals, and what theory says", draw, "lesson-6-theory")


def _laws() -> Matching:
    laws = {bug: lesson_3.story(tables)[0] for bug, tables in BUGS.items()}
    return Matching(
        name="laws",
        text="A simulator whose checks never fail may have no checks. So bugs are planted in the tables, one at a "
        "time, and a search of all orders of events has to break a law. Which law catches which?",
        options=tuple(sorted(set(laws.values()))),
        rows={bug: (law, WHY[bug]) for bug, law in laws.items()},
        because="Each was found by a search of every order, and each by the law that names it. A check that you "
        "have not seen fail is a check that you do not know.",
    )


def _edits() -> Choice:
    seen = evidence.edits()
    made, caught = sum(seen.made.values()), sum(seen.caught.values())
    whole = caught == made
    reached = all(
        (seen.caught[row] == seen.made[row]) == (row in seen.reached) and (row in seen.reached or not seen.caught[row])
        for row in seen.made
    )
    rows = "\n".join(
        f"| {row} | {seen.made[row]} | {seen.caught[row]} | {'yes' if row in seen.reached else 'no'} |"
        for row in seen.made
    )
    return Choice(
        name="edits",
        text=f"Not only our own bugs: all {made} edits of one row of the reservation's table, each searched in a "
        f"scope of two training jobs that want the only instance. Which are caught?",
        options=(
            Option(
                "all of them",
                whole,
                "One row is about moving a reservation to another instance type. Does that happen in this scope?",
            ),
            Option("those of the rows that happen in this scope, and no others", reached and not whole),
            Option(
                "only some of each row", not whole and not reached, "The laws leave no edit of such a row unnoticed."
            ),
        ),
        because=f"{caught} of {made}:\n\n| row | edits | caught | happens here |\n|---|---|---|---|\n{rows}\n\nWhat "
        f"never happens cannot be checked. A search says what it has visited; ask it also what it has missed. The "
        f"project's own tests have more scopes, in which every edit of all three tables is caught.",
    )
