"""The laws of quota: for each a journal that breaks exactly it; a fallback is judged in every part."""

import attrs
import pytest
from doctored import (
    ALONE,
    DEFINITION,
    M5,
    TWO,
    audit,
    breaks_exactly,
    cut,
    edited,
    find,
    moved,
    run,
    two_types,
    without,
)

from hptsim import TuningJobSpec
from hptsim.audit import Auditor, KnownTuningJob
from hptsim.errors import LawBroken
from hptsim.model.account import Account
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits
from hptsim.model.payloads import ReservationChange
from hptsim.scenario.workload import ScheduledTuningJob


def granted_twice():
    """A grant of more than the account has: the same run in an account with one instance."""
    audit(run(), attrs.evolve(TWO, capacity={M5: 1}))


def released_early():
    records = run()
    audit(moved(records, find(records, "reservation", "release", "a/1"), find(records, "training", "saved")))


def vacated_early():
    records = run()
    audit(moved(records, find(records, "occupancy", "vacate"), find(records, "training", "saved")))


def occupied_unheld():
    """A training job that takes more instances than were granted for it."""
    audit(edited("occupancy", "occupy", data={M5: 3}))


def waits_though_stopping():
    audit(without(("reservation", "withdraw", "b"), ("tuning", "finish", "b"), ("reservation", "release", "b")))


def waits_though_free(discipline="fifo"):
    """The grant of the first training job's instances never comes."""
    scenario = attrs.evolve(ALONE, assumptions=attrs.evolve(ALONE.assumptions, discipline=discipline))
    audit(cut(run(scenario), "reservation", "grant", "a/1"), scenario)


def waits_for_its_own():
    """A training job that took two instances has ended, and two that want one each wait on."""
    small = attrs.evolve(DEFINITION, instances=InstanceRequest(M5, 1))
    large = attrs.evolve(DEFINITION, instances=InstanceRequest(M5, 2))
    spec = TuningJobSpec("a", (large, small, small), ResourceLimits(3, 3))
    scenario = attrs.evolve(ALONE, tuning_jobs=(ScheduledTuningJob(spec),))
    audit(cut(run(scenario), "reservation", "withdraw"), scenario)


def passes_a_type_over():
    scenario = two_types()
    records = run(scenario)
    new = find(records, "occupancy", "occupy", nth=1)
    records[new] = records[new]._replace(data={"ml.c5.2xlarge": 1})
    audit(records, scenario)


CASES = {
    "a shortage falls back": passes_a_type_over,
    "reservation held until the end": released_early,
    "released at the end, exactly once": lambda: audit(without(("reservation", "release", "a/1"))),
    "quota never exceeded": granted_twice,
    "occupancy within reservation": occupied_unheld,
    "a live training job occupies": vacated_early,
    "reservations take their course": lambda: audit(edited("reservation", "grant", destination="Released")),
    "nobody stopping waits": waits_though_stopping,
    "own idle instances come before the queue": waits_for_its_own,
    "nobody waits while quota is idle": waits_though_free,
}


@pytest.mark.parametrize("law", CASES)
def test_a_law_is_broken_by_a_journal_that_breaks_exactly_it(law):
    breaks_exactly(law, CASES[law])


@pytest.mark.parametrize("discipline", ["fifo", "priority", "backfill"])
def test_nobody_waits_for_what_is_free_under_any_discipline(discipline):
    breaks_exactly("nobody waits while quota is idle", lambda: waits_though_free(discipline))


@pytest.mark.parametrize(("discipline", "kept"), [("fifo", True), ("priority", False)])
def test_who_stands_behind_an_urgent_one_waits_for_what_is_free_and_the_urgent_one_does_not(discipline, kept):
    """Of four instances two are free; the first in line wants three, the urgent one behind it one."""
    account = Account({M5: 4}, assumptions=Assumptions(discipline=discipline, admission="queue"))
    auditor = Auditor(account)
    state = auditor.state
    state.moved, state.reserved = True, {M5: 2}
    for name, priority, count in (("patient", 5, 3), ("urgent", 1, 1)):
        spec = TuningJobSpec(name, priority=priority)
        state.tuning[name] = KnownTuningJob(name, spec)
        state.queue[f"{name}/1"] = {M5: count}
    if kept:
        return auditor.check_step()
    with pytest.raises(LawBroken, match="urgent/1 waits"):
        auditor.check_step()


@pytest.mark.parametrize(
    ("records", "law"),
    [
        (lambda: without(("reservation", "move", "a"), scenario=two_types()), "occupancy within reservation"),
        (lambda: without(("training", "shortage", "a"), scenario=two_types()), "a live training job occupies"),
        (
            lambda: edited(
                "reservation",
                "move",
                scenario=two_types(),
                data=ReservationChange("a", {"ml.c5.xlarge": 1}, {"ml.c5.xlarge": 1}),
            ),
            "reservations take their course",
        ),
        (
            lambda: without(
                ("occupancy", "vacate", "a"),
                ("occupancy", "occupy", "a", 1),
                ("reservation", "move", "a"),
                scenario=two_types(),
            ),
            "a shortage falls back",
        ),
    ],
    ids=["no move", "no shortage", "an odd move", "no fallback"],
)
def test_a_fallback_is_judged_in_every_part(records, law):
    audit(run(two_types()), two_types())
    with pytest.raises(LawBroken) as broken:
        audit(records(), two_types())
    assert broken.value.law == law


@pytest.mark.parametrize("trigger", ["ask", "grant", "release"])
def test_what_is_granted_and_released_is_what_was_asked_for(trigger):
    data = ReservationChange("a", {M5: 2})
    with pytest.raises(LawBroken, match="reservations take their course"):
        audit(edited("reservation", trigger, name="a/1", data=data))


def test_a_type_that_is_not_named_is_judged_by_the_limit_of_the_others():
    records = run()
    audit(records, attrs.evolve(TWO, capacity={"*": 2}))
    audit(records, attrs.evolve(TWO, capacity={M5: 2, "*": 0}))
    with pytest.raises(LawBroken, match="quota never exceeded"):
        audit(records, attrs.evolve(TWO, capacity={"ml.c5.xlarge": 2, "*": 1}))


@pytest.mark.parametrize("discipline", ["fifo", "priority", "backfill"])
def test_who_waits_for_a_type_that_is_not_named_while_it_is_free_is_noticed(discipline):
    assumptions = Assumptions(admission="queue", discipline=discipline)
    scarce = attrs.evolve(TWO, capacity={"*": 1}, limits="none", assumptions=assumptions)
    records = run(scarce)
    audit(records, scarce)
    with pytest.raises(LawBroken, match="nobody waits while quota is idle"):
        audit(records, attrs.evolve(scarce, capacity={"*": 2}))
