"""The disciplines that look at what was granted: whom each serves, in one ledger, in simulated time, and in every order."""

import attrs
import pytest
from audit.planted import BUG
from doctored import M5, TIMINGS

from hptsim import Scenario, Simulation, TuningJobSpec, explore
from hptsim.audit.laws import law
from hptsim.cli.check import audit_saved
from hptsim.errors import LawBroken, ServiceError
from hptsim.model.account import TUNING_JOBS, Account
from hptsim.model.assumptions import DISCIPLINES as NAMES
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.journal import Journal, read
from hptsim.model.teams import Share, Teams
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.world.disciplines import DISCIPLINES, in_order, plain
from hptsim.world.ledger import Ledger, Reservation

C5 = "ml.c5.xlarge"


def books(limit, granted=(), waiting=()):
    """A ledger in which requests were granted and others wait: (holder, amounts, team, lasts_s) each."""
    ledger = Ledger(limit)
    ledger.granted = {}
    for holder, amounts, team, lasts_s in granted:
        one = Reservation(holder, 0, amounts, team=team, lasts_s=lasts_s, due_s=lasts_s)
        ledger.reserve(holder, amounts)
        ledger.granted[one.name] = one
    for holder, amounts, team, lasts_s in waiting:
        ledger.join(Reservation(holder, 0, amounts, team=team, lasts_s=lasts_s))
    return ledger


def served(discipline, ledger, shares=None, now=0.0):
    """Whom a discipline serves, one after the other, until nobody can be."""
    account = Account(ledger.limit, assumptions=Assumptions(discipline=discipline), teams=Teams(shares=shares or {}))
    found = []
    while (one := DISCIPLINES[discipline](ledger, account, now)) is not None:
        found.append(one.holder)
        assert ledger.leave(one)
        ledger.reserve(one.holder, one.amounts)
        one.due_s = now + one.lasts_s
        ledger.granted[one.name] = one
    return found


def test_every_discipline_that_can_be_named_has_a_function():
    assert set(DISCIPLINES) == set(NAMES)


# ---------------------------------------------------------------------- easy-backfill


@pytest.mark.parametrize(
    ("lasts_s", "passes"), [(100.0, True), (101.0, False)], ids=["ends when the head starts", "ends a second later"]
)
def test_who_ends_before_the_head_can_start_passes_it(lasts_s, passes):
    ledger = books({M5: 4}, [("a", {M5: 3}, "", 100.0)], [("head", {M5: 4}, "", 50.0), ("small", {M5: 1}, "", lasts_s)])
    assert served("easy-backfill", ledger) == (["small"] if passes else [])


def test_who_takes_what_the_head_will_leave_passes_it_however_long_it_lasts():
    granted = [("a", {M5: 3}, "", 100.0)]
    waiting = [("head", {M5: 4}, "", 50.0), ("long", {M5: 1}, "", 1e9), ("longer", {M5: 1}, "", 2e9)]
    assert served("easy-backfill", books({M5: 5}, granted, waiting)) == ["long"], "the second would take of the head's"


def test_what_ends_at_one_instant_is_free_together():
    granted = [("a", {M5: 2}, "", 100.0), ("b", {M5: 1}, "", 100.0)]
    waiting = [("head", {M5: 3}, "", 50.0), ("long", {M5: 1}, "", 1e9)]
    assert served("easy-backfill", books({M5: 4}, granted, waiting)) == ["long"]


def test_what_is_overdue_is_expected_to_end_at_once():
    granted = [("late", {M5: 3}, "", 100.0)]
    waiting = [("head", {M5: 4}, "", 50.0), ("small", {M5: 1}, "", 1.0)]
    assert served("easy-backfill", books({M5: 4}, granted, waiting), now=99.0) == ["small"]
    assert served("easy-backfill", books({M5: 4}, granted, waiting), now=200.0) == []


def test_each_instance_type_has_a_head_of_its_own():
    granted = [("a", {M5: 1}, "", 100.0), ("b", {C5: 1}, "", 200.0)]
    waiting = [
        ("m5 head", {M5: 2}, "", 50.0),
        ("c5 head", {C5: 2}, "", 50.0),
        ("m5 short", {M5: 1}, "", 150.0),
        ("c5 short", {C5: 1}, "", 150.0),
    ]
    assert served("easy-backfill", books({M5: 2, C5: 2}, granted, waiting)) == ["c5 short"]


def test_a_request_that_waits_for_its_place_keeps_no_instances():
    granted = [("a", {TUNING_JOBS: 1}, "", 100.0)]
    waiting = [("no place", {TUNING_JOBS: 1, M5: 2}, "", 50.0), ("a", {M5: 1}, "", 1e9)]
    assert served("easy-backfill", books({TUNING_JOBS: 1, M5: 2}, granted, waiting)) == ["a"]


@pytest.mark.parametrize(
    ("discipline", "order"),
    [
        ("fifo", ["first", "large", "short", "long"]),
        ("backfill", ["first", "short", "long", "large"]),
        ("easy-backfill", ["first", "short", "large", "long"]),
    ],
)
def test_the_plain_backfill_lets_everybody_pass_and_the_other_only_who_does_no_harm(discipline, order):
    jobs = []
    for at_s, (name, count, estimate_s) in enumerate(
        [("first", 2, 150.0), ("large", 3, 150.0), ("short", 1, 130.0), ("long", 1, 1000.0)]
    ):
        definition = TrainingJobDefinition(instances=InstanceRequest(M5, count))
        jobs.append(ScheduledTuningJob(TuningJobSpec(name, (definition,), estimate_s=estimate_s), float(at_s)))
    sim = Simulation(
        Scenario(
            capacity={M5: 3},
            timings=TIMINGS,
            tuning_jobs=jobs,
            assumptions=Assumptions(admission="queue", discipline=discipline),
        )
    )
    sim.run()
    started = sorted(sim.training_jobs, key=lambda name: sim.training_job(name).created_s)
    assert [sim.training_job(name).tuning_job for name in started] == order


@pytest.mark.parametrize(
    ("discipline", "waits_s"), [("fifo", 124.0), ("easy-backfill", 124.0), ("backfill", 62 + 10 * 125 - 1)]
)
def test_small_jobs_without_end_do_not_starve_a_large_one_unless_nothing_is_kept_for_it(discipline, waits_s):
    """Ten small jobs after 0 s and ten after 62 s, 125 s each and without a pause: the large one comes at 1 s."""
    entries = []
    for number in range(21):
        count, name = (2, "large") if number == 1 else (1, f"small-{number}")
        definition = TrainingJobDefinition(instances=InstanceRequest(M5, count))
        at_s = float(number) if number < 2 else 62.0 * (number - 1)
        entries.append(ScheduledTuningJob(TuningJobSpec(name, (definition,), estimate_s=125.0), at_s))
    account = attrs.evolve(shared("fifo"), capacity={M5: 2}, tuning_jobs=entries)
    sim = Simulation(attrs.evolve(account, assumptions=Assumptions(admission="queue", discipline=discipline)))
    sim.run()
    [large] = sim.tuning_job("large").training_jobs
    assert sim.training_job(large).created_s - 1.0 == waits_s


# ---------------------------------------------------------------------- fair-share


def test_the_team_with_the_smallest_share_goes_first():
    granted = [("a", {M5: 2}, "vision", 0), ("b", {M5: 1}, "speech", 0)]
    waiting = [("v1", {M5: 1}, "vision", 0), ("s1", {M5: 1}, "speech", 0), ("s2", {M5: 1}, "speech", 0)]
    assert served("fair-share", books({M5: 6}, granted, waiting)) == ["s1", "v1", "s2"], "of equal ones the earlier"


def test_a_team_of_weight_three_may_have_three_times_as_much():
    granted = [("a", {M5: 2}, "vision", 0), ("b", {M5: 1}, "speech", 0)]
    waiting = [("s1", {M5: 1}, "speech", 0), ("v1", {M5: 1}, "vision", 0)]
    ledger = books({M5: 4}, granted, waiting)
    assert served("fair-share", ledger, {"vision": Share(3), "speech": Share()}) == ["v1"]


def test_the_largest_of_a_teams_shares_counts():
    granted = [("a", {M5: 4}, "vision", 0), ("b", {C5: 3}, "speech", 0)]
    waiting = [("s", {M5: 1}, "speech", 0), ("v", {M5: 1}, "vision", 0)]
    assert served("fair-share", books({M5: 5, C5: 3}, granted, waiting)) == ["v"], "4/5 of one type, 3/3 of the other"


def test_a_large_request_of_the_poorest_team_is_not_overtaken():
    granted = [("a", {M5: 2}, "vision", 0)]
    waiting = [("v", {M5: 1}, "vision", 0), ("s", {M5: 3}, "speech", 0), ("free", {"ml.p3": 9}, "vision", 0)]
    assert served("fair-share", books({M5: 4}, granted, waiting)) == ["free"]


# ---------------------------------------------------------------------- quota-shares

HALVES = {"vision": Share(quota={M5: 2}), "speech": Share(quota={M5: 2})}


def kept(**changes):
    return {**HALVES, "speech": Share(quota={M5: 2}, **changes)}


@pytest.mark.parametrize(
    ("shares", "granted"),
    [(HALVES, 4), (kept(lend={M5: 0}), 2), (kept(lend={M5: 1}), 3)],
    ids=["all is lent", "nothing is lent", "one is lent"],
)
def test_a_team_borrows_what_the_other_lends(shares, granted):
    waiting = [(f"v{n}", {M5: 1}, "vision", 0) for n in range(5)]
    assert len(served("quota-shares", books({M5: 4}, (), waiting), shares)) == granted


def test_a_team_borrows_as_much_as_it_may():
    shares = {**HALVES, "vision": Share(quota={M5: 2}, borrow={M5: 1})}
    waiting = [(f"v{n}", {M5: 1}, "vision", 0) for n in range(5)]
    assert len(served("quota-shares", books({M5: 4}, (), waiting), shares)) == 3


def test_what_is_no_teams_quota_is_borrowed_too():
    waiting = [(f"v{n}", {M5: 1}, "vision", 0) for n in range(5)]
    assert len(served("quota-shares", books({M5: 5}, (), waiting), kept(lend={M5: 0}))) == 3


def test_who_stays_within_its_quota_goes_before_who_borrows():
    granted = [("a", {M5: 2}, "vision", 0), ("b", {M5: 1}, "speech", 0)]
    waiting = [("v", {M5: 1}, "vision", 0), ("s", {M5: 1}, "speech", 0)]
    assert served("quota-shares", books({M5: 4}, granted, waiting), HALVES) == ["s"]


def test_nobody_borrows_what_somebody_waits_for_within_its_quota():
    granted = [("a", {M5: 3}, "vision", 0)]
    waiting = [("v", {M5: 1}, "vision", 0), ("s", {M5: 2}, "speech", 0)]
    ledger = books({M5: 4}, granted, waiting)
    assert served("quota-shares", ledger, HALVES) == []
    ledger.release("a", {M5: 3})
    ledger.granted.clear()
    assert served("quota-shares", ledger, HALVES) == ["v", "s"]


def test_within_a_team_nobody_passes():
    granted = [("a", {M5: 1}, "vision", 0), ("b", {M5: 1}, "speech", 0)]
    waiting = [("v1", {M5: 3}, "vision", 0), ("v2", {M5: 1}, "vision", 0), ("s", {M5: 1}, "speech", 0)]
    assert served("quota-shares", books({M5: 4}, granted, waiting), HALVES) == ["s"]


def test_a_limit_of_its_own_keeps_no_other_team_waiting():
    shares = {"vision": Share(quota={M5: 1}, borrow={M5: 0}), "speech": Share(quota={M5: 1}), "text": Share()}
    granted = [("a", {M5: 1}, "vision", 0), ("b", {M5: 1}, "speech", 0)]
    waiting = [("v", {M5: 1}, "vision", 0), ("s", {M5: 1}, "speech", 0)]
    assert served("quota-shares", books({M5: 4}, granted, waiting), shares) == ["s"]


def test_a_team_without_a_limit_for_borrowing_waits_its_turn_also_for_more_than_there_is_for_it_now():
    shares = {"vision": Share(quota={M5: 0}), "speech": Share(quota={M5: 0})}
    granted = [("a", {M5: 2}, "speech", 0)]
    waiting = [("s", {M5: 2}, "speech", 0), ("v", {M5: 1}, "vision", 0)]
    assert served("quota-shares", books({M5: 3}, granted, waiting), shares) == [], (
        "v borrows what s has asked for before"
    )


def test_the_queue_is_shown_in_the_order_of_the_discipline():
    granted = [("a", {M5: 2}, "vision", 0)]
    waiting = [("v", {M5: 4}, "vision", 0), ("s", {M5: 1}, "speech", 0)]
    for discipline, order in (("easy-backfill", "vs"), ("fair-share", "sv"), ("quota-shares", "sv")):
        account = Account(assumptions=Assumptions(discipline=discipline), teams=Teams(shares=HALVES))
        assert [one.holder for one in in_order(books({M5: 4}, granted, waiting), account)] == list(order)


# ---------------------------------------------------------------------- refused


def shared(discipline, *jobs, shares=HALVES, capacity=4, reservation="reuse", admission="queue"):
    """Tuning jobs, given as (name, team, instances, training jobs, estimate_s), on one instance type."""
    entries = []
    for name, team, count, total, estimate_s in jobs:
        definition = TrainingJobDefinition(instances=InstanceRequest(M5, count))
        spec = TuningJobSpec(name, (definition,), ResourceLimits(total, total), team=team, estimate_s=estimate_s)
        entries.append(ScheduledTuningJob(spec))
    return Scenario(
        capacity={M5: capacity},
        timings=TIMINGS,
        tuning_jobs=entries,
        assumptions=Assumptions(reservation, admission, discipline),
        teams=Teams(shares=shares),
    )


def test_a_team_without_a_share_is_refused_and_changes_nothing():
    sim = Simulation(shared("quota-shares"))
    with pytest.raises(ServiceError, match="did you mean 'vision'"):
        sim.create_tuning_job(TuningJobSpec("a", team="visoin"))
    assert sim.tuning_jobs == []


@pytest.mark.parametrize("admission", ["queue", "reject"])
def test_what_a_share_can_never_give_is_refused(admission):
    sim = Simulation(shared("quota-shares", shares=kept(lend={M5: 1}), admission=admission))
    definition = TrainingJobDefinition(instances=InstanceRequest(M5, 4))
    with pytest.raises(ServiceError, match=r"a wants 4 ml\.m5\.xlarge, which the share of the team 'vision' can never"):
        sim.create_tuning_job(TuningJobSpec("a", (definition,), team="vision"))
    sim.create_tuning_job(TuningJobSpec("b", (definition,), team="speech"))
    assert sim.tuning_jobs == ["b"]


# ---------------------------------------------------------------------- in every order

SCOPES = {
    "easy-backfill": shared(
        "easy-backfill",
        ("first", "", 1, 1, 100.0),
        ("large", "", 2, 1, 100.0),
        ("small", "", 1, 1, 200.0),
        capacity=2,
    ),
    "fair-share": shared(
        "fair-share", ("v", "vision", 1, 3, None), ("s", "speech", 1, 1, None), capacity=2, reservation="as-observed"
    ),
    "quota-shares": shared(
        "quota-shares",
        ("v", "vision", 1, 2, None),
        ("s", "speech", 1, 1, None),
        shares={"vision": Share(quota={M5: 1}), "speech": Share(quota={M5: 1}, lend={M5: 0})},
        capacity=2,
        reservation="as-observed",
    ),
}
PLANTED = [
    ("easy-backfill", "backfill keeps nothing for the head", "a backfilled request delays no head"),
    ("easy-backfill", "the head is expected an hour too late", "a backfilled request delays no head"),
    ("fair-share", "all teams are served as they came", "the smallest share goes first"),
    ("quota-shares", "what a team keeps is lent", "shares are kept"),
]


@pytest.mark.parametrize(
    ("discipline", "stops"),
    [
        pytest.param("easy-backfill", True, marks=pytest.mark.long),
        ("fair-share", False),
        pytest.param("fair-share", True, marks=pytest.mark.long),  # 15 s
        ("quota-shares", True),
    ],
)
def test_a_small_scope_is_exhausted_and_every_law_kept(discipline, stops):
    found = explore(SCOPES[discipline], stops=stops)
    assert found.counterexample is None and found.complete and found.states > 1000


@pytest.mark.parametrize(("discipline", "bug", "name"), PLANTED)
def test_the_explorer_finds_a_planted_bug_by_the_law_of_the_discipline(discipline, bug, name):
    with BUG[bug].planted():
        found = explore(SCOPES[discipline])
    assert found.counterexample is not None and found.counterexample.law == law(name).name


def test_a_copy_of_a_world_has_reservations_of_its_own():
    sim = Simulation(SCOPES["easy-backfill"])
    sim.run(until=5)
    world = sim._runner.world
    twin = world.clone()
    assert set(twin.ledger.granted) == set(world.ledger.granted) and world.ledger.granted
    for name, one in twin.ledger.granted.items():
        assert one is twin.tuning[one.holder].reservations[one.number] and one is not world.ledger.granted[name]


@pytest.mark.parametrize("discipline", SCOPES)
def test_a_run_that_goes_back_to_a_snapshot_ends_as_it_did(discipline):
    sim = Simulation(SCOPES[discipline])
    sim.run(until=20)
    kept_then = sim.snapshot()
    sim.run()
    once = list(sim.journal)
    sim.restore(kept_then)
    sim.run()
    assert list(sim.journal) == once


@pytest.mark.parametrize("discipline", SCOPES)
def test_a_saved_journal_names_teams_and_estimates_and_is_judged_by_the_same_laws(tmp_path, discipline):
    path = tmp_path / "saved.jsonl"
    sim = Simulation(SCOPES[discipline], journal=Journal(path))
    sim.run()
    sim.journal.close()
    saved = read(path)
    assert saved.account == SCOPES[discipline].account
    specs = [one.data.spec for one in saved.records if (one.thing, one.trigger) == ("tuning", "create")]
    asked = [one.spec for one in SCOPES[discipline].tuning_jobs]
    assert [(one.team, one.estimate_s) for one in specs] == [(one.team, one.estimate_s) for one in asked]
    assert audit_saved(saved).checked == len(saved.records)


def test_a_grant_against_the_discipline_is_found_in_a_saved_journal(tmp_path):
    path = tmp_path / "wrong.jsonl"
    with BUG["what a team keeps is lent"].planted():
        sim = Simulation(SCOPES["quota-shares"], laws=False, journal=Journal(path))
        sim.run()
        sim.journal.close()
    with pytest.raises(LawBroken, match="shares are kept"):
        audit_saved(read(path))


def test_a_training_job_without_a_tuning_job_passes_and_counts_for_the_team_of_its_tag():
    sim = Simulation(shared("fair-share", capacity=2))
    tagged = TrainingJobDefinition(request={"Tags": [{"Key": "team", "Value": "vision"}]})
    sim.create_training_job("alone", tagged)
    [granted] = sim._runner.world.ledger.granted.values()
    assert granted.team == "vision"
    sim.run()
    assert sim._runner.world.ledger.granted == {}


def test_the_line_is_looked_at_in_steps_in_which_it_moved_and_in_no_others(monkeypatch):
    looked = set()

    def looking(ledger, account, now):
        looked.add(sim.journal.entries[-1][7])
        return plain(ledger, account, now)

    monkeypatch.setitem(DISCIPLINES, "fifo", looking)
    jobs = [ScheduledTuningJob(TuningJobSpec(name), at_s) for name, at_s in (("a", 0.0), ("b", 5.0), ("c", 7.0))]
    sim = Simulation(Scenario(capacity={M5: 1}, tuning_jobs=jobs, assumptions=Assumptions(admission="queue")))
    sim.run()
    moved = {record.step for record in sim.journal if record.thing == "reservation"}
    assert looked and looked <= moved
