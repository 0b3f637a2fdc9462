"""The bill of a stop: what is billed, what is held and not billed, and what the last seconds buy."""

from __future__ import annotations

from hptsim import Simulation
from hptsim.scenario import Script
from hptsim.views import gantt_rows

from . import lesson_2
from .questions import Choice, Lesson, Number, Option, Part
from .runs import (
    DOWNLOADING_S,
    SAVE_S,
    STARTING_S,
    STOP_S,
    TRAINING_S,
    UPLOADING_S,
    WINDOW_S,
    child,
    demo,
    laboratory,
    stop_took_s,
)

LABORATORY = {"parallel": 3, "total": 3, "save_s": 40, "seed": 5}
EVENTS, SLOWER_S = 7, 100
SCRIPTS = {
    f"it saves in {SAVE_S} s": Script("save", save_s=SAVE_S),
    f"it needs {WINDOW_S + 10} s to save": Script("save", save_s=WINDOW_S + 10),
    "it ends at once, without saving": Script("exit"),
    "it ignores SIGTERM": Script("ignore"),
}


def lesson() -> Lesson:
    sim = demo()
    [figures] = sim.metrics().tuning_jobs
    price = (figures.cost_usd or 0) / figures.billed_instance_s * 3600
    setup = (
        f"One training job: {STARTING_S} s Starting, {DOWNLOADING_S} s Downloading, {TRAINING_S} s Training, "
        f"{UPLOADING_S} s Uploading. The stop comes at **{STOP_S} s**, and the script saves in {SAVE_S} s, so that "
        f"the job is Stopped at {STOP_S + stop_took_s(sim):.0f} s. An hour of its instance costs {price:.2f} USD in "
        f"the twin's example prices."
    )
    parts = (
        Part("What is billed", 7, (_billed(sim), _early())),
        Part("What the script costs", 4, (_cheapest(),)),
        Part("Held and not billed", 8, (_held(), _held_as_observed())),
        Part("In the laboratory", 5, (_laboratory(),)),
    )
    return Lesson(
        title="The bill of a stop",
        goal="To tell three things apart that a stop costs: billed seconds, instances that nobody else may have, and lost work.",
        setup=setup,
        parts=parts,
        laboratory=LABORATORY,
        needed="A browser, and for the last part the served site. Lesson 2 before it: the third part goes on with its run.",
        more=(
            "Run [what a stop costs](../notebooks/04-what-a-stop-costs.ipynb): forty stops at any moment, with intervals.",
            "What would a script have to do to make a stop cheap? Let the class write its SIGTERM handler in five lines.",
        ),
    )


def _billed(sim: Simulation) -> Number:
    billed_s, ended_s = child(sim).billable_s, STOP_S + stop_took_s(sim)
    until_stop_s = STOP_S - STARTING_S
    return Number(
        name="billed",
        text="How many seconds of this training job are billed?",
        right=billed_s,
        unit="s",
        hints=(
            (ended_s, "Starting is not billed: the machines are provisioned, and not yet yours."),
            (STOP_S, "Starting is not billed, and what happens after the stop is."),
            (until_stop_s, "The stop does not end the bill. The script still saves, and its model is uploaded."),
            (until_stop_s + SAVE_S, "The upload is billed, too."),
            (until_stop_s - DOWNLOADING_S, "Downloading is billed, and so is what happens after the stop."),
        ),
        low="More is billed: from when to when does the instance work for you?",
        high="Less is billed: a phase at the beginning is free.",
        because=f"{billed_s:.0f} s: from the start of Downloading at {STARTING_S} s to the end of the upload at "
        f"{ended_s:.0f} s ([B1](../specification.md#b1), [B3](../specification.md#b3)). One page of the service "
        f"says that billing ceases at Stopping ([B2](../specification.md#b2)); that contradicts the first, and the "
        f"twin has a switch for it, `bill-through-upload`.",
    )


def _early() -> Number:
    stop_s = 100
    sim = demo(stop_s=stop_s)
    billed_s, took_s = child(sim).billable_s, stop_took_s(sim)
    return Number(
        name="early",
        text=f"Now the stop comes at {stop_s} s, while the training job is Starting. The tuning job is Stopped "
        f"{took_s:.0f} s later. How many seconds are billed?",
        right=billed_s,
        unit="s",
        hints=(
            (stop_s, "Starting is not billed."),
            (took_s, "So long its instance is taken down: held, and not billed."),
            (stop_s + took_s, "Neither Starting nor the teardown of what has not begun is billed."),
        ),
        low="It cannot be less than nothing.",
        high="Which of these seconds has anything been done for you?",
        because=f"None of it: {billed_s:.0f} s. The instance was reserved for {stop_s + took_s:.0f} s, and you do "
        f"not pay for it; somebody may have waited for it.",
    )


def _cheapest() -> Choice:
    runs = {words: demo(script=script) for words, script in SCRIPTS.items()}
    bills = {words: child(sim).billable_s for words, sim in runs.items()}
    least = min(bills, key=lambda words: bills[words])
    hints = (
        "It costs the seconds for saving and for the upload. Another one costs none of them.",
        "It has the instance for its whole window, and is killed.",
        "It is billed until it ends, which is at once.",
        "It has the instance for its whole window, and is killed.",
    )
    rows = "\n".join(f"| {words} | {bills[words]:.0f} s | {len(sim.artifacts)} |" for words, sim in runs.items())
    return Choice(
        name="cheapest",
        text=f"The stop comes at {STOP_S} s again. What should the script do on SIGTERM to be billed least?",
        options=tuple(Option(words, words == least, hint) for words, hint in zip(bills, hints, strict=True)),
        because=f"To end at once. What it throws away is the work so far:\n\n| the script | billed | models "
        f"|\n|---|---|---|\n{rows}\n\nThe {bills[next(iter(bills))] - bills[least]:.0f} s that saving and uploading "
        f"take buy the model of the {bills[least]:.0f} s before. The two that are killed pay most and keep nothing.",
    )


def _held() -> Number:
    sim = lesson_2.run("reuse")
    held = next(job for job in sim.metrics().tuning_jobs if job.name == "search").stopping_instance_s
    used = used_after_the_stop(sim)
    took_s = stop_took_s(sim, "search")
    return Number(
        name="held",
        text=f"The five training jobs of [lesson 2](2-what-is-free-when.md), stopped at {lesson_2.STOP_S:,} s and "
        f"Stopped {took_s:.0f} s later:\n\n{lesson_2.table(sim)}\n\nA script that has had SIGTERM saves in {SAVE_S} "
        f"s. Everything that is reserved is kept until Stopped. How many instance-seconds are held between the stop "
        f"and Stopped?",
        right=held,
        unit="instance-seconds",
        hints=(
            (took_s, "So long it takes, but it is not one instance that is held."),
            (used, "So much is used. What is reserved is held, whether it is used or not."),
            (4 * took_s, "The instance of the training job that was Completed is held, too."),
        ),
        low="More: count every instance that is reserved, for the whole time.",
        high="Less: five instances, and only from the stop on.",
        because=f"{held:.0f}: all five, for {took_s:.0f} s. Of these {used:.0f} are used. A bill shows less of it "
        f"still: nothing of what is taken down is billed, and nothing of what is idle.",
    )


def used_after_the_stop(sim: Simulation) -> float:
    """The instance-seconds that the training jobs of lesson 2 use from the stop on."""
    rows = [row for row in gantt_rows(sim.journal) if row.tuning_job == "search" and row.training_job]
    return sum(row.end_s - max(row.begin_s, lesson_2.STOP_S) for row in rows if row.end_s > lesson_2.STOP_S)


def _held_as_observed() -> Number:
    documented, observed = lesson_2.run("reuse"), lesson_2.run("as-observed")
    held, whole = (
        next(job for job in sim.metrics().tuning_jobs if job.name == "search").stopping_instance_s
        for sim in (observed, documented)
    )
    return Number(
        name="held-observed",
        text="And if each training job gives back its instance when it ends, as was observed?",
        right=held,
        unit="instance-seconds",
        hints=(
            (whole, "That is when everything is kept until Stopped. Here each training job gives back its own."),
            (0, "Nothing is given back at the stop: it is used until its training job has ended."),
        ),
        low="More: add up how long each of the five still uses its instance.",
        high="Less: add up how long each of the five still uses its instance.",
        because=f"{held:.0f}, what is used and no more: then nothing is held idle. That is less than the "
        f"{whole:.0f} before, and it is still not nothing: under both, a stop holds what it takes down.",
    )


def _laboratory() -> Number:
    took = [stop_took_s(laboratory({**LABORATORY, "save_s": save_s}, EVENTS).sim, "yours") for save_s in (40, SLOWER_S)]
    more_s = took[1] - took[0]
    return Number(
        name="laboratory",
        text=f"In the laboratory three training jobs save in 40 s. Press *Next event* {EVENTS} times, until all are "
        f"Training, then *Stop*, and note how long it takes. How much longer is it if they need {SLOWER_S} s? "
        f"Predict, then move the slider and try.",
        right=round(more_s, 3),
        unit="s",
        within=1,
        hints=(
            (3 * (SLOWER_S - 40), "They save at the same time, not one after the other."),
            (0, "A tuning job is Stopped when its last training job has ended, and that one saves, too."),
            (WINDOW_S - 40, "It uses no more of its window than it needs."),
        ),
        low="Longer: each of them needs more time, the last one, too.",
        high="Not so long: by how much does the last one end later?",
        because=f"{more_s:.0f} s: {took[1]:.0f} s against {took[0]:.0f} s. Three instances are held for so much "
        f"longer, and each of these seconds is billed three times.",
    )
