"""What is free, and when: quota, reservation and occupancy, under what is documented and under what was observed."""

from __future__ import annotations

from functools import partial

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model import Assumptions, ResourceLimits
from hptsim.scenario import Recorded, ScheduledTuningJob, Script, Timings

from .questions import Choice, Lesson, Number, Option, Part
from .runs import POOL, SAVE_S, child, holdings, laboratory, phase_at

STOP_S, ASKED_S, TEARDOWN_S = 1800, 1827, 75
UPLOADING_S = 32
RECORDED = (
    Recorded(starting_s=100, downloading_s=60, training_s=1508),
    Recorded(starting_s=100, downloading_s=60, training_s=1620),
    Recorded(starting_s=100, downloading_s=60, training_s=3000),
    Recorded(starting_s=1770, downloading_s=60, training_s=600),
    Recorded(starting_s=1850, downloading_s=60, training_s=600),
)
"""Each is in another phase at the stop."""
EVENTS = 8
LABORATORY = {"parallel": 3, "total": 3, "save_s": 40, "reservation": "as-observed", "seed": 5}


def run(reservation: str) -> Simulation:
    """Five training jobs, each in another phase at the stop, and another tuning job that waits for two instances."""
    search = TuningJobSpec("search", limits=ResourceLimits(len(RECORDED), len(RECORDED)))
    waiting = TuningJobSpec("next", limits=ResourceLimits(2, 2))
    scenario = Scenario(
        name="Five training jobs, one stop",
        capacity={POOL: len(RECORDED)},
        tuning_jobs=(ScheduledTuningJob(search, 0, STOP_S, recorded=RECORDED), ScheduledTuningJob(waiting, 60)),
        timings=Timings(training_s=600, uploading_s=UPLOADING_S, teardown_s=TEARDOWN_S),
        script=Script("save", save_s=SAVE_S),
        assumptions=Assumptions(reservation=reservation, admission="queue"),
    )
    sim = Simulation(scenario)
    sim.run()
    return sim


def short(name: str) -> str:
    """A training job as the page calls it: its number."""
    return name.split("-")[1]


def occupied(sim: Simulation, time_s: float) -> set[str]:
    """Which training jobs of `search` use an instance at a time."""
    using: set[str] = set()
    for record in sim.journal:
        if record.time_s <= time_s and record.thing == "occupancy" and record.name.startswith("search-"):
            (using.add if record.trigger == "occupy" else using.discard)(short(record.name))
    return using


def reserved(sim: Simulation, name: str, time_s: float) -> int:
    """How many instances are reserved for a tuning job at a time."""
    moves = {"grant": 1, "release": -1}
    return sum(
        moves.get(record.trigger, 0) * record.data.amounts.get(POOL, 0)
        for record in sim.journal
        if record.thing == "reservation" and record.name.startswith(f"{name}/") and record.time_s <= time_s
    )


def lesson() -> Lesson:
    documented, observed = run("reuse"), run("as-observed")
    setup = (
        f"The tuning job `search` has five training jobs on the five instances of the quota; `next` waits for two. "
        f"You stop `search` at **{STOP_S:,} s**. This is what its training jobs are doing then, and what each of "
        f"them has still to do:\n\n{table(documented)}\n\nA script that has had SIGTERM saves its model in {SAVE_S} s."
    )
    parts = (
        Part("Occupied", 6, (_occupied(documented),)),
        Part("Reserved", 7, (_free(documented), _stopped(documented))),
        Part("What was observed", 7, (_given_back(observed), _safe(documented, observed))),
        Part("In the laboratory", 4, (_laboratory(),)),
    )
    return Lesson(
        title="What is free, and when",
        goal="To tell an instance that is in use from one that is reserved, and to know which of the two decides who may start.",
        setup=setup,
        parts=parts,
        laboratory=LABORATORY,
        needed="A browser, and for the last part the served site. Lesson 1 before it.",
        more=(
            "Let the class draw what is reserved and what is occupied over time before the picture is opened.",
            "Whose fault is it if `next` starts too early: the service's, the account's, or the client's? "
            "[What others got wrong](../patterns.md) has cases.",
        ),
    )


def table(sim: Simulation) -> str:
    """What each training job is doing at the stop and has still to do, in Markdown."""
    rows = ["| training job | at the stop | has still to |", "|---|---|---|"]
    for name in sim.tuning_job("search").training_jobs:
        phase = phase_at(sim, name, STOP_S - 1)
        ended_s = sim.training_job(name).ended_s or 0
        still = {
            "": f"nothing: it has been Completed since {ended_s:,.0f} s",
            "Uploading": f"upload for {ended_s - STOP_S:.0f} s more",
            "Training": f"save, and then upload for {UPLOADING_S} s",
            "Downloading": f"be taken down, in {TEARDOWN_S} s",
            "Starting": f"be taken down, in {TEARDOWN_S} s",
        }
        rows.append(f"| {short(name)} | {phase or 'Completed'} | {still[phase]} |")
    return "\n".join(rows)


def _occupied(sim: Simulation) -> Choice:
    using = occupied(sim, ASKED_S)
    left = ASKED_S - STOP_S
    hints = {
        "001": "It had ended before the stop. An ended training job uses nothing.",
        "002": f"Its upload takes less than {left} s more.",
        "003": f"Saving takes {SAVE_S} s of the {left}. Is its model stored in the rest?",
        "004": "It has nothing to save, and yet its instance has to be taken down.",
        "005": "An instance that is still starting cannot be handed to somebody else: it is taken down.",
    }
    return Choice(
        name="occupied",
        text=f"It is {ASKED_S:,} s, {left} s after the stop. Which training jobs still use their instance?",
        several=True,
        options=tuple(Option(name, name in using, hint) for name, hint in hints.items()),
        because="*Occupied* is what a training job uses, from the start of its instances to their end. Each "
        "occupancy ends by itself, when that training job has.",
    )


def _free(sim: Simulation) -> Number:
    held, count = reserved(sim, "search", ASKED_S), len(RECORDED)
    free, idle = count - held, count - len(occupied(sim, ASKED_S))
    return Number(
        name="free",
        text=f"The service's page says: once the tuning job is Stopped, everything reserved for it is released "
        f"([S8](../specification.md#s8)). How many of the {count} instances may `next` have at {ASKED_S:,} s?",
        right=free,
        unit="instances",
        within=0.25,
        hints=(
            (idle, "So many are idle. They are reserved for search all the same, until it is Stopped."),
            (
                1,
                "The instance of 001 is idle since it was Completed. It is kept for the tuning job, whose next "
                "training job could use it.",
            ),
            (count, "The stop releases nothing. The status Stopped does."),
        ),
        low="It cannot be fewer than none.",
        high="Not so many: count only what is not reserved.",
        because=f"{free or 'None'}. *Reserved* is what nobody else may have: {held} instances, though only "
        f"{len(occupied(sim, ASKED_S))} are used. Who counts idle instances sees what is not there to be had.",
        picture=partial(holdings, sim, "search", "lesson-2-free", (STOP_S,), (1600, ASKED_S)),
    )


def _stopped(sim: Simulation) -> Number:
    began_s = child(sim, "next").created_s
    last = max(
        record.time_s for record in sim.journal if record.thing == "occupancy" and record.name.startswith("search-")
    )
    ends = sorted({sim.training_job(name).ended_s or 0 for name in sim.tuning_job("search").training_jobs})
    first = [end_s for end_s in ends if STOP_S < end_s < last]
    return Number(
        name="begins",
        text="At which second is the first training job of `next` created?",
        right=began_s,
        unit="s",
        hints=(
            (STOP_S, "At the stop nothing is released."),
            (first[0], "That is when 002 has ended. Its instance stays reserved for the tuning job."),
            (first[-1], "That is when 003 has stored its model. Two others are not yet taken down."),
            (STOP_S + 120, "120 s is the most that a script gets. No script needs so long here."),
        ),
        low="Too early: some training job of the stopped tuning job has not ended.",
        high="Too late: nothing has to be done any more.",
        because=f"At {began_s:,.0f} s, when the last of the five has ended, the tuning job is Stopped and all of it "
        f"is released. The slowest training job decides, and it is not the one that trains.",
        picture=partial(holdings, sim, "search", "lesson-2-begins", (STOP_S, began_s), (1600, 1950)),
    )


def _given_back(sim: Simulation) -> Choice:
    hints = {
        "001": "It ended before the stop.",
        "002": "Its upload was over some seconds after the stop.",
        "003": "It is still uploading.",
        "004": "It is still being taken down.",
        "005": "It is still being taken down.",
    }
    back = {
        f"{int(record.name.partition('/')[2]):03}"  # each training job has a reservation of its own, with its number
        for record in sim.journal
        if record.thing == "reservation" and record.trigger == "release" and record.time_s <= ASKED_S
    }
    return Choice(
        name="observed",
        text="Quota was observed to be used from the creation of each training job until that one has ended "
        '([R3](../specification.md#r3)). The twin does so with `reservation = "as-observed"`. Whose instances have been given '
        f"back at {ASKED_S:,} s?",
        several=True,
        options=tuple(Option(name, name in back, hint) for name, hint in hints.items()),
        because=f"{len(back)} instances: each comes back with its own training job. `next` has "
        f"{reserved(sim, 'next', ASKED_S)} of them at {ASKED_S:,} s, the first since {child(sim, 'next').created_s:,.0f} s.",
        picture=partial(holdings, sim, "search", "lesson-2-observed", (STOP_S, ASKED_S), (1600, 1950)),
    )


def _safe(documented: Simulation, observed: Simulation) -> Choice:
    both = (documented, observed)

    def never_above(times_s: list[float]) -> bool:
        return all(reserved(sim, "search", time_s) == 0 for sim, time_s in zip(both, times_s, strict=True))

    ended = [sim.tuning_job("search").ended_s or 0 for sim in both]
    first = [
        min(record.time_s for record in sim.journal if (record.thing, record.trigger) == ("occupancy", "vacate"))
        for sim in both
    ]
    return Choice(
        name="safe",
        text="Your client has stopped `search` and wants all five instances for something else. It must be right "
        "whichever of the two the service does. What does it wait for?",
        options=(
            Option(
                "the answer to the stop",
                never_above([STOP_S, STOP_S]),
                "It comes at once, and under both nothing is free by it.",
            ),
            Option(
                "a status that is not InProgress",
                never_above([STOP_S + 1, STOP_S + 1]),
                "Stopping is not InProgress, either.",
            ),
            Option(
                "the first training job that has ended", never_above(first), "Under both, others still hold theirs."
            ),
            Option("the status Stopped", never_above(ended)),
        ),
        because="`Stopped`: under the first everything is released then, and under the second nothing is left to "
        "release. A client that waits for it is right under both; one that counts training jobs is right under one.",
    )


def _laboratory() -> Number:
    twin = laboratory(LABORATORY, EVENTS)
    sim, yours = twin.sim, twin.sim.tuning_job("yours")
    at_stop = reserved(sim, "yours", yours.stop_s)
    left = reserved(sim, "yours", (yours.ended_s or 0) - 0.001)
    return Number(
        name="laboratory",
        text=f"The laboratory is set to *only while a training job uses them*. Press *Next event* {EVENTS} times, "
        f"and then *Stop*: {at_stop} instances are reserved for yours. How many are left for its end to release, in "
        f"the very event that makes it Stopped? Count in the picture when it is over.",
        right=left,
        unit="instances",
        within=0.25,
        hints=(
            (
                at_stop,
                "That is what the documented rule would do. Here each training job gives back its own when it ends.",
            ),
            (0, "The last training job ends in that very event, and its own instance with it."),
        ),
        low="Look at what is reserved just before the end.",
        high="Count again what is reserved just before the end.",
        because=f"{left} of {at_stop}: the others came back one by one, each with its own training job, and `next` "
        f"took them before yours was Stopped.",
    )
