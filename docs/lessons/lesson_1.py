"""What Stop means: a request, SIGTERM, up to 120 seconds, an upload, and only then Stopped."""

from __future__ import annotations

from functools import partial

from hptsim import Simulation
from hptsim.scenario import Script

from .questions import Choice, Lesson, Number, Option, Part
from .runs import (
    DOWNLOADING_S,
    SAVE_S,
    STARTING_S,
    STOP_S,
    TEARDOWN_S,
    TRAINING_S,
    UPLOADING_S,
    WINDOW_S,
    child,
    demo,
    laboratory,
    phase_at,
    stop_took_s,
    timeline,
)

EVENTS = 3
LAB_SAVE_S = 100
LABORATORY = {"parallel": 1, "total": 1, "save_s": LAB_SAVE_S, "seed": 3}
ASKED_S = {"Starting": 100, "Downloading": 200, "Training": 400, "Uploading": 835}


def lesson() -> Lesson:
    sim = demo(next_at_s=60)
    took_s, training_s = stop_took_s(sim), STOP_S - STARTING_S - DOWNLOADING_S
    setup = (
        f"The tuning job `demo` runs one training job on the only instance of the quota: {STARTING_S} s Starting, "
        f"{DOWNLOADING_S} s Downloading, {TRAINING_S} s Training, {UPLOADING_S} s Uploading. Another "
        f"tuning job, `next`, is created at 60 s and waits for the instance. You stop `demo` at **{STOP_S} s**, when it has "
        f"been Training for {training_s} s. Its script catches SIGTERM and saves its model, which takes {SAVE_S} s."
    )
    parts = (
        Part("The bet", 4, (_status(sim), _when(sim, took_s))),
        Part("What the script may do", 5, (_late(), _ignores())),
        Part("It depends on when", 6, (_kept(),)),
        Part("In the laboratory", 5, (_laboratory(),)),
    )
    return Lesson(
        title="What Stop means",
        goal="To know what happens between the call that stops a tuning job and the status `Stopped`, and how long it takes.",
        setup=setup,
        parts=parts,
        laboratory=LABORATORY,
        needed="A browser. For the last part the site has to be served (`python docs/build.py --serve`).",
        more=(
            "Draw the two jobs on the board before the second question, and let the class mark where `next` begins.",
            "Run [the obvious model](../notebooks/01-the-obvious-model.ipynb), and ask which line gives the instance back.",
        ),
    )


def _status(sim: Simulation) -> Choice:
    after = phase_at(sim, "demo", STOP_S)
    words = {"InProgress": "InProgress", "Stopping": "Stopping", "Stopped": "Stopped"}
    hints = {
        "InProgress": "The stop is accepted at once, and the very next Describe shows it. What takes time is the end.",
        "Stopped": "A stop is a request. A status says what is so, and the training job still runs.",
        "Stopping": "The tuning job has been told to stop, and has not ended.",
    }
    return Choice(
        name="status",
        text=f"The call returns at {STOP_S} s. You ask for the tuning job's status at once. What is it?",
        options=tuple(Option(word, word == after, hints[word]) for word in words),
        because=f"`{after}`: the call returns at once, and the very next Describe says so ([S3](../specification.md#s3)). "
        "It says that an end has begun. It does not say that anything has ended.",
    )


def _when(sim: Simulation, took_s: float) -> Number:
    return Number(
        name="when",
        text="At which second is `demo` Stopped?",
        right=STOP_S + took_s,
        unit="s",
        hints=(
            (STOP_S, "That is when you asked. The script has had SIGTERM and is still saving."),
            (
                STOP_S + SAVE_S,
                "Then the script has saved and ended. Its model is on the instance, and must still be uploaded.",
            ),
            (STOP_S + WINDOW_S, "120 s is the most that a script gets. Who has saved earlier ends earlier."),
            (
                STOP_S + TEARDOWN_S,
                "That would be the teardown of an instance whose script never began. This one trains.",
            ),
        ),
        low="Too early. Add up what has to happen after SIGTERM: the script saves, and then?",
        high="Too late. The training is cut short: only saving and uploading are left.",
        because=f"At {STOP_S + took_s:.0f} s: {SAVE_S} s to save and {UPLOADING_S} s to upload. In that second the "
        f"instance is released, and `next` launches its training job ({child(sim, 'next').created_s:.0f} s). Until "
        f"then nothing was free, though nothing was trained any more.",
        picture=partial(
            timeline, sim, "The stop, and who waits for it", "lesson-1-when", (STOP_S, STOP_S + took_s), (0, 700)
        ),
    )


def _late() -> Choice:
    save_s = WINDOW_S + 10
    sim = demo(script=Script("save", save_s=save_s))
    stored = len(sim.artifacts)
    hints = {
        0: "Nothing waits for the script once its 120 s are over.",
        1: "It needs ten seconds more than it gets: after 120 s the container is killed, and what is half saved is gone.",
        2: "One training job has at most one model.",
    }
    return Choice(
        name="late",
        text=f"Now the script needs {save_s} s to save its model. How many models are stored in the end?",
        options=tuple(Option(str(count), count == stored, hint) for count, hint in hints.items()),
        because=f"Of the model nothing is left: {stored} are stored. SIGTERM comes with a window of {WINDOW_S} s. "
        f"After it comes SIGKILL, and the tuning job is Stopped {stop_took_s(sim):.0f} s after the call, with "
        f"nothing to upload.",
    )


def _ignores() -> Number:
    sim = demo(script=Script("ignore"))
    rest_s = TRAINING_S - (STOP_S - STARTING_S - DOWNLOADING_S)
    return Number(
        name="ignores",
        text="And if the script ignores SIGTERM: how many seconds after the call is the tuning job Stopped?",
        right=stop_took_s(sim),
        unit="s",
        hints=(
            (0, "Nobody ends it at once: it is asked first, and may take its time."),
            (WINDOW_S + UPLOADING_S, "It is killed, and has saved nothing: there is no model to upload."),
            (rest_s, "It may not train to its end: its time is limited."),
            (SAVE_S + UPLOADING_S, "That was the script that saves and ends. This one does not end by itself."),
        ),
        low="Longer. A script that ignores SIGTERM is left running for a while.",
        high="Shorter. There is a limit to how long it is left running.",
        because=f"{stop_took_s(sim):.0f} s, the whole window, and {len(sim.artifacts)} models. A script that "
        f"ignores SIGTERM costs the most time and keeps the least.",
    )


def _kept() -> Choice:
    kept = {phase: demo(stop_s=at_s) for phase, at_s in ASKED_S.items()}
    hints = {
        "Starting": "The script has not begun: there is nothing to save.",
        "Downloading": "The data are still coming in: the script has not begun.",
        "Training": "This script saves its model when SIGTERM comes, and needs less than 120 s for it.",
        "Uploading": "It has trained to its end, and its model is on the way: the upload is finished.",
    }
    rows = "\n".join(
        f"| {phase} | {at_s} s | {stop_took_s(kept[phase]):.0f} s | {len(kept[phase].artifacts)} |"
        for phase, at_s in ASKED_S.items()
    )
    return Choice(
        name="kept",
        text="The script saves in 20 s again. You stop at another moment, while the training job is in one of these "
        "phases. After which of these stops is a model stored?",
        several=True,
        options=tuple(
            Option(f"{phase} (stop at {at_s} s)", len(kept[phase].artifacts) == 1, hints[phase])
            for phase, at_s in ASKED_S.items()
        ),
        because="What a stop keeps, and how long it takes, depends on the phase that it meets:\n\n"
        f"| phase | stop at | until Stopped | models |\n|---|---|---|---|\n{rows}\n",
    )


def _laboratory() -> Number:
    twin = laboratory(LABORATORY, EVENTS)
    yours = twin.sim.tuning_job("yours")
    took_s = round(stop_took_s(twin.sim, "yours"))
    upload_s = took_s - LAB_SAVE_S
    return Number(
        name="laboratory",
        text=f"In the laboratory the script needs {LAB_SAVE_S} s to save. Press *Next event* until the training job "
        f"is Training ({EVENTS} times). Predict before you press Stop: how many seconds later is it Stopped? (An "
        f"upload takes between 10 and 60 s there: you can say at least between which two numbers. Then look.)",
        right=took_s,
        unit="s",
        within=1,
        hints=(
            (LAB_SAVE_S, "That is when the script has saved. The model must still be uploaded."),
            (
                WINDOW_S,
                "The window of 120 s does not cover the upload, and is not used up by a script that ends before.",
            ),
        ),
        low="Longer: the script saves, and then its model is uploaded.",
        high="Shorter: did you press Stop after another number of events?",
        because=f"{took_s} s: {LAB_SAVE_S} s to save and {upload_s:.0f} s to upload, after a stop at "
        f"{yours.stop_s:.0f} s. The window limits the script, not the upload.",
    )
