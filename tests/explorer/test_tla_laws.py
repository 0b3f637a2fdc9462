"""Each law of the TLA+ module can fail: TLC names it for a planted bug."""

import re

import attrs
import pytest

from explorer import tlc
from explorer.tla_scopes import edited, everything, needs_tlc, scope
from hptsim.explorer.tla import INVARIANTS, STEPS, TEMPLATE, configuration, module
from hptsim.model.assumptions import Assumptions
from hptsim.model.tables import RESERVATION, TRAINING, TUNING, Row

WIDE = scope(total=2, parallel=2)
LATE_LAUNCH = (Row("launch", "Stopping", "Stopping", ("SPAWN", "PROCEED"), "H2"),)
LATE_END = (Row("child_ended", "Stopped", "Stopped", ("TALLY",), "S4"),)
CAUGHT = [
    (
        "TypeOK",
        "a misspelt status",
        scope(),
        edited(TRAINING, "ready", "Starting", "downloads", destination="Downloadng"),
    ),
    ("ExactlyOneRowApplies", "a guard dropped", scope(), edited(TRAINING, "ready", "Starting", "streams", guard="")),
    (
        "ExactlyOneRowApplies",
        "a row that is missing",
        scope(),
        edited(TUNING, "child_ended", "Stopping", source="Failed"),
    ),
    ("NobodyWaitsTwice", "not queued", scope(), edited(RESERVATION, "ask", "[*]", effects=())),
    ("NobodyWaitsTwice", "queued twice", WIDE, edited(RESERVATION, "ask", "[*]", effects=("QUEUE", "QUEUE"))),
    (
        "QuotaNeverExceeded",
        "reserved twice",
        scope(),
        edited(RESERVATION, "grant", "Requested", effects=("DEQUEUE", "RESERVE", "RESERVE", "CONTINUE")),
    ),
    ("QuotaIsConserved", "not given back", scope(), edited(RESERVATION, "release", "Held", effects=())),
    (
        "OccupancyWithinReservation",
        "not reserved",
        scope(),
        edited(RESERVATION, "grant", "Requested", effects=("DEQUEUE", "CONTINUE")),
    ),
    (
        "OccupancyWithinReservation",
        "released in use",
        scope(),
        edited(TRAINING, "uploaded", "Uploading", effects=("PERSIST", "TELL")),
    ),
    (
        "OccupancyWithinReservation",
        "vacated twice",
        scope(),
        edited(TRAINING, "uploaded", "Uploading", effects=("PERSIST", "VACATE", "VACATE", "TELL")),
    ),
    ("ALiveTrainingJobOccupies", "not in use", scope(), edited(TRAINING, "create", "[*]", effects=())),
    ("ReleasedAtTheEndExactlyOnce", "not released", scope(), edited(TUNING, "finish", "Stopping", effects=())),
    (
        "ReleasedAtTheEndExactlyOnce",
        "given back twice",
        scope(),
        edited(RESERVATION, "release", "Held", effects=("FREE", "FREE")),
    ),
    (
        "NobodyOutlivesTheParent",
        "stopped at once",
        scope(),
        edited(TUNING, "stop", "InProgress", destination="Stopped"),
    ),
    (
        "ParallelWithinItsLimit",
        "two at a launch",
        scope(total=2),
        edited(TUNING, "launch", "InProgress", effects=("SPAWN", "SPAWN")),
    ),
    (
        "TotalWithinItsLimit",
        "two at a launch",
        scope(),
        edited(TUNING, "launch", "InProgress", effects=("SPAWN", "SPAWN")),
    ),
    (
        "NobodyStoppingWaits",
        "not withdrawn",
        WIDE,
        edited(TUNING, "stop", "InProgress", effects=("STOP_CHILDREN", "PROCEED")),
    ),
    (
        "AStopReachesEveryChild",
        "not sent",
        scope(),
        edited(TUNING, "stop", "InProgress", effects=("WITHDRAW", "PROCEED")),
    ),
    (
        "WhatWasSavedIsStored",
        "not stored",
        scope(),
        edited(TRAINING, "uploaded", "Uploading", effects=("VACATE", "TELL")),
    ),
    (
        "NothingIsStoredUnsaved",
        "a checkpoint not noted",
        everything(),
        edited(TRAINING, "checkpoint", "Training", books=()),
    ),
    ("CountersAddUp", "not counted", scope(), edited(TUNING, "child_ended", "InProgress", effects=("PROCEED",))),
    (
        "RetriesWithinTheirLimit",
        "a retry not used up",
        scope(max_retries=1),
        edited(TRAINING, "internal_error", "Starting", "may_retry", books=("ATTEMPT",)),
    ),
    ("LogsOfWhatHasRun", "no last line", scope(), edited(TRAINING, "exited", "Training", effects=())),
    ("EveryJobEnds", "a lost wake-up", scope(), edited(TUNING, "child_ended", "Stopping", effects=("TALLY",))),
    (
        "AFinalStatusIsFinal",
        "counted after the end",
        scope(),
        edited(TUNING, "stop", "InProgress", destination="Stopped", more=LATE_END),
    ),
    (
        "NoLaunchAfterAStop",
        "granted after the stop",
        attrs.evolve(WIDE, assumptions=Assumptions("as-observed", "queue")),
        edited(TUNING, "stop", "InProgress", effects=("STOP_CHILDREN", "PROCEED"), more=LATE_LAUNCH),
    ),
    ("StoppingEndsStopped", "another end", scope(), edited(TUNING, "finish", "Stopping", destination="Completed")),
    (
        "ReservationHeldUntilTheEnd",
        "released at the stop",
        scope(),
        edited(TUNING, "stop", "InProgress", effects=("WITHDRAW", "STOP_CHILDREN", "RELEASE", "PROCEED")),
    ),
]
"""A law, a planted bug by its name, the scope, and the tables with the bug: TLC has to name the law."""
NOT_BY_A_TABLE = {
    "NobodyWaitsWhileQuotaIsIdle": (scope("ab"), "/\\ world' = GrantAll(IF trigger", "/\\ world' = (IF trigger"),
    "ArtifactsNeverVanish": (
        scope(total=2),
        '!.artifacts = @ \\union {<<c, "model">>}',
        '!.artifacts = {<<c, "model">>}',
    ),
    "LogsPersist": (scope(), "!.training[c].lines = @ + 1", "!.training[c].lines = 1 - @"),
}
"""No row can break these: every step ends with GrantAll, and no effect deletes. An operator of the module is edited."""


@needs_tlc
@pytest.mark.long
@pytest.mark.parametrize(("law", "bug", "scenario", "tables"), CAUGHT, ids=[f"{one[0]}: {one[1]}" for one in CAUGHT])
def test_a_bug_in_a_table_breaks_the_law(law, bug, scenario, tables, tmp_path):
    text = module(scenario, faults={"internal_error": 1}, tables=tables)
    assert tlc.run(tmp_path, text, configuration([law])).broken == law


@needs_tlc
@pytest.mark.long
@pytest.mark.parametrize("law", NOT_BY_A_TABLE)
def test_a_bug_in_an_operator_breaks_the_law(law, tmp_path):
    scenario, right, wrong = NOT_BY_A_TABLE[law]
    text = module(scenario)
    assert text.count(right) == 1
    assert tlc.run(tmp_path, text.replace(right, wrong), configuration([law])).broken == law


def test_every_law_of_the_module_is_checked_and_can_fail():
    text = TEMPLATE.read_text()
    defined = re.findall(r"^(\w+) ==", text[text.index("the laws of safety") :], re.M)
    helpers = {"Interruptions", "AtRest"}
    assert set(INVARIANTS) | set(STEPS) == set(defined) - helpers
    assert {law for law, *_ in CAUGHT} | set(NOT_BY_A_TABLE) == set(INVARIANTS) | set(STEPS)
