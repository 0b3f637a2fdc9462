"""The books by hand: a small scenario whose every second is known, and sums against the ledger's own books."""

import contextlib
import json
import math

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import ServiceError
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.teams import Teams
from hptsim.planning.metrics import Metrics
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.prices import SPOT_PRICE_RATIO, Prices
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.testing import TYPES, scenarios
from hptsim.views.chart_data import band_rows

M5, P3 = "ml.m5.xlarge", "ml.p3.2xlarge"
TIMINGS = Timings(
    first_launch_s=2, starting_s=10, warm_starting_s=4, downloading_s=10, training_s=100, uploading_s=5, finish_s=3
)
"""A cold training job: 10 s Starting (free), then 10 + 100 + 5 s billed; a warm one starts in 4 s."""


def job(name, count, at_s=0.0, stop_at_s=None, *, kind=M5, total=1, parallel=1, **changes):
    definition = TrainingJobDefinition(instances=InstanceRequest(kind, count), **changes)
    return ScheduledTuningJob(TuningJobSpec(name, (definition,), ResourceLimits(total, parallel)), at_s, stop_at_s)


BY_HAND = Scenario(
    capacity={M5: 4},
    timings=TIMINGS,
    script=Script("save", 20),
    assumptions=Assumptions(admission="queue"),
    prices_usd_per_hour={M5: 3.6, "ml.spot": 36.0},
    tuning_jobs=(
        job("done", 3, total=2),  # launched at 2: 2..12 Starting, 127 done; warm: ..131 Starting, 246 done; 249 ends
        job("stopped", 2, 10.0, 300.0),  # waits for 2 of 4 until 249; Training from 269 to 300, saved 320, up 325; 328
        job("spot", 1, 12.0, kind="ml.spot", spot=True),  # launched at 14, billed 24 to 139, ends 142
        job("unpriced", 1, 400.0, kind="ml.unheard-of"),
        job("waited-in-vain", 4, 20.0, 30.0),
    ),
)


@pytest.fixture(scope="module")
def rows():
    sim = Simulation(BY_HAND)
    sim.run()
    return {row.name: row for row in sim.metrics().tuning_jobs}


def test_waiting_is_from_creation_until_the_first_training_job_trains(rows):
    assert rows["done"].waiting_s == 2 + 10 + 10
    assert rows["stopped"].waiting_s == 249 - 10 + 20
    assert rows["waited-in-vain"].waiting_s is None


def test_quota_waiting_is_the_part_of_it_in_the_line_and_the_rest_is_provisioning(rows):
    assert (rows["done"].quota_waiting_s, rows["done"].provisioning_s) == (0, 22)
    assert rows["stopped"].quota_waiting_s == 249 - 12 and rows["stopped"].provisioning_s == 2 + 20
    assert rows["waited-in-vain"].quota_waiting_s == 8 and rows["waited-in-vain"].provisioning_s is None


def test_what_a_tuning_job_waited_for_is_named_by_its_limit(rows):
    assert (rows["done"].limited_by, rows["spot"].limited_by) == ("", "")
    assert rows["stopped"].waited_for == {M5: 249 - 12} and rows["waited-in-vain"].limited_by == M5


def test_billed_is_what_passes_between_downloading_and_the_end_of_the_upload(rows):
    assert rows["done"].billed_instance_s == 3 * (115 + 115)
    assert rows["stopped"].billed_instance_s == 2 * (10 + 31 + 20 + 5)
    assert rows["spot"].billed_instance_s == 115
    assert rows["waited-in-vain"].billed_instance_s == 0


def test_cost_is_billed_time_at_the_scenarios_price_and_spot_at_its_share(rows):
    assert rows["done"].cost_usd == pytest.approx(3 * 230 * 3.6 / 3600)
    assert rows["stopped"].cost_usd == pytest.approx(132 * 3.6 / 3600)
    assert rows["spot"].cost_usd == pytest.approx(115 * 36.0 / 3600 * SPOT_PRICE_RATIO)
    assert rows["unpriced"].cost_usd is None and rows["unpriced"].billed_instance_s == 115
    assert rows["waited-in-vain"].cost_usd == 0


def test_stop_to_stopped_and_what_it_kept_reserved(rows):
    assert rows["stopped"].stop_to_stopped_s == 28
    assert rows["stopped"].stopping_instance_s == 2 * 28
    assert rows["waited-in-vain"].stop_to_stopped_s == 3 and rows["waited-in-vain"].stopping_instance_s == 0
    assert rows["done"].stop_to_stopped_s is None


def test_what_is_given_back_while_it_stops_counts_until_then():
    as_observed = Assumptions("as-observed", "queue")
    two = job("two", 1, total=2, parallel=2)
    sim = Simulation(attrs.evolve(BY_HAND, assumptions=as_observed, tuning_jobs=(two,)))
    sim.run(50)
    sim.stop_training_job(sim.tuning_job("two").training_jobs[0])  # saved at 70, up at 75
    sim.run(60)
    sim.stop_tuning_job("two")  # the other is saved at 80, and up at 85
    sim.run()
    assert sim.metrics().tuning_jobs[0].stopping_instance_s == 2 * 15 + 1 * 10


def test_reserved_is_from_the_grant_to_the_end_of_the_tuning_job(rows):
    assert rows["done"].reserved_instance_s == 3 * (249 - 2)
    assert rows["stopped"].reserved_instance_s == 2 * (328 - 249)


def test_children_and_artifacts_by_count(rows):
    assert rows["done"].children == {"Completed": 2} and rows["done"].artifacts == 2
    assert rows["stopped"].children == {"Stopped": 1} and rows["stopped"].artifacts == 1
    assert (rows["waited-in-vain"].children, rows["waited-in-vain"].status) == ({}, "Stopped")


def test_the_price_list_is_used_where_the_scenario_names_no_price():
    sim = Simulation(Scenario(timings=TIMINGS, tuning_jobs=(job("a", 2, kind=P3),)))
    sim.run()
    (row,) = sim.metrics().tuning_jobs
    assert row.cost_usd == pytest.approx(2 * 115 / 3600 * Prices.packaged().on_demand_usd_per_hour[P3])


def test_an_interruption_is_not_billed_while_it_waits():
    plan = {("a", 1): (("ready", 10.0), ("downloaded", 10.0), ("interrupt", 20.0), ("capacity", 500.0))}
    sim = Simulation(Scenario(timings=TIMINGS), cloud=ScriptedCloud(timings=TIMINGS, plan=plan))
    sim.create_tuning_job(job("a", 1, spot=True).spec)
    sim.run()
    (row,) = sim.metrics().tuning_jobs
    assert row.billed_instance_s == (10 + 20) + (10 + 100 + 5)


def test_refused_calls_are_counted_by_code():
    twins = (job("a", 1), job("a", 1, 1.0), job("b", 1, 2.0, 500.0))
    sim = Simulation(Scenario(timings=TIMINGS, tuning_jobs=twins))
    sim.run()
    metrics = sim.metrics()
    assert metrics.refused == {"ResourceInUse": 1, "ValidationException": 1}
    assert metrics.end_s == sim.now == 500


def test_the_results_for_machines_say_the_same_in_hours(tmp_path, capsys, rows):
    path = tmp_path / "by-hand.json"
    BY_HAND.dump(path)
    assert main(["run", str(path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {row["name"]: row for row in printed["tuning_jobs"]} == {name: row.to_dict() for name, row in rows.items()}
    stopped = next(row for row in printed["tuning_jobs"] if row["name"] == "stopped")
    assert stopped["billed_instance_hours"] == pytest.approx(132 / 3600)
    assert stopped["stopping_instance_hours"] == pytest.approx(56 / 3600)
    assert stopped["stop_to_stopped_s"] == 28


BILLED_STATES = ("Downloading", "Training", "Uploading", "Stopping", "Stopping:uploading", "Interrupted:grace")


def billed_by_hand(sim, name):
    """Whole seconds between times cut to whole seconds, at least 1, of each stretch that is billed without a break."""
    states = [(one.time_s, one.destination) for one in sim.journal if (one.thing, one.name) == ("training", name)]
    total, since_s = 0, None
    for time_s, state in states:
        if state in BILLED_STATES and since_s is None:
            since_s = time_s
        elif state not in BILLED_STATES and since_s is not None:
            total += math.floor(round(time_s, 3)) - math.floor(round(since_s, 3))
            since_s = None
    return max(1, total)


PREEMPTED = Scenario(
    capacity={"ml.m5.xlarge": 1},
    tuning_jobs=(
        ScheduledTuningJob(TuningJobSpec("borrows", team="speech")),
        ScheduledTuningJob(TuningJobSpec("owns", team="vision"), 1.0),
    ),
    timings="instant",
    script=Script(save_s=60.0),
    assumptions=Assumptions("as-observed", "queue", "quota-shares-reclaim"),
    teams=Teams(shares={"vision": {"quota": {"ml.m5.xlarge": 1}}, "speech": {}}),
)
"""A training job is preempted, and its script takes a minute to save its model, which is billed (`preemption`)."""


@given(scenario=scenarios())
@example(PREEMPTED)
def test_sums_are_conserved_against_the_ledger_and_the_jobs(scenario):
    """What the journal says was reserved and billed is what the ledger held and the jobs were billed, second by second."""
    scenario = attrs.evolve(scenario.drawn(), prices_usd_per_hour=dict.fromkeys([*TYPES, "ml.g4dn.xlarge"], 3600.0))
    sim = Simulation(scenario, laws=False)
    reserved_instance_s = 0.0
    while sim.env.peek() < float("inf"):
        holding = sum(count for kind, count in sim.capacity.reserved.items() if kind.startswith("ml."))
        before = sim.now
        sim.step()
        reserved_instance_s += holding * (sim.now - before)
    metrics = Metrics.of(sim.journal, scenario)
    assert sum(row.reserved_instance_s for row in metrics.tuning_jobs) == pytest.approx(reserved_instance_s)
    for row in metrics.tuning_jobs:
        children = [sim.training_job(name) for name in sim.tuning_job(row.name).training_jobs]
        definitions = next(one.spec for one in scenario.tuning_jobs if one.spec.name == row.name).definitions
        counts = {each.count for one in definitions for each in (one.instances, *one.alternatives)}
        if len(counts) == 1:
            count = counts.pop()
            assert row.billable_instance_s == pytest.approx(sum(one.billable_s for one in children) * count)
            billed = [billed_by_hand(sim, one.name) for one in children if one.started_s is not None]
            assert row.billed_instance_s == pytest.approx(sum(billed) * count)
        assert sum(row.children.values()) == sum(one.ended_s is not None for one in children)
        assert row.artifacts == sum(
            record.thing == "artifact" and record.name.startswith(f"{row.name}-") for record in sim.journal
        )
        assert 0 <= row.stopping_instance_s <= row.reserved_instance_s + 1e-9
        assert -1e-6 <= row.unbilled_instance_s <= row.occupied_instance_s + 1e-6
        assert -1e-6 <= row.idle_instance_s <= row.reserved_instance_s + 1e-6
        assert row.cost_usd is not None and 0 <= row.cost_usd <= row.billed_instance_s + 1e-6


@given(scenario=scenarios(), until_s=st.integers(0, 600), alone=st.booleans())
def test_sums_are_conserved_at_any_end_and_without_tuning_jobs_too(scenario, until_s, alone):
    """By type and by holder: reserved = occupied + idle, occupied = billable + unbilled, against the journal's own bands."""
    prices = dict.fromkeys([*TYPES, "ml.g4dn.xlarge"], 3600.0)
    scenario = attrs.evolve(scenario, prices_usd_per_hour=prices, spot_prices_usd_per_hour=prices)
    sim = Simulation(scenario, laws=False)
    if alone:
        with contextlib.suppress(ServiceError):  # where there is no quota for it
            sim.create_training_job("alone", TrainingJobDefinition(instances=InstanceRequest(TYPES[0])))
    sim.run(until_s)
    metrics = sim.metrics()
    assert metrics == Metrics.of(sim.journal, scenario.with_arrivals(0), end_s=sim.now)  # from records, by their names
    everybody = [*metrics.tuning_jobs, metrics.alone]
    reserved = dict.fromkeys(metrics.types, 0.0)
    occupied = dict.fromkeys(metrics.types, 0.0)
    bands = band_rows(sim.journal)
    for kind in metrics.types:
        mine = [row for row in bands if row.instance_type == kind]
        ends = [row.time_s for row in mine[1:]] + [sim.now]
        for row, end_s in zip(mine, ends[: len(mine)], strict=True):
            reserved[kind] += row.reserved * (end_s - row.time_s)
            occupied[kind] += row.occupied * (end_s - row.time_s)
    assert {kind: one.reserved_instance_s for kind, one in metrics.types.items()} == pytest.approx(reserved)
    assert {kind: one.occupied_instance_s for kind, one in metrics.types.items()} == pytest.approx(occupied)
    for name in ("reserved_instance_s", "occupied_instance_s", "billable_instance_s"):
        by_type = sum(getattr(one, name) for one in metrics.types.values())
        assert sum(getattr(one, name) for one in everybody) == pytest.approx(by_type)
    for one in everybody:
        assert one.reserved_instance_s == pytest.approx(one.occupied_instance_s + one.idle_instance_s)
        assert one.occupied_instance_s == pytest.approx(one.billable_instance_s + one.unbilled_instance_s)
        assert min(one.idle_instance_s, one.unbilled_instance_s, one.billable_instance_s) >= -1e-6
    assert metrics.cost_usd == pytest.approx(sum(one.billed_instance_s for one in everybody))  # a dollar a second
    jobs = [sim.training_job(name) for name in sim.training_jobs]
    most = 8 * len(jobs)  # each is rounded to whole seconds, on at most 8 instances
    billable = sum(one.billable_instance_s for one in everybody)
    assert abs(sum(one.billed_instance_s for one in everybody) - billable) <= most


def test_what_runs_when_the_run_ends_is_counted_and_billed_up_to_there():
    sim = Simulation(BY_HAND)
    sim.run(100)
    done = next(row for row in sim.metrics().tuning_jobs if row.name == "done")
    assert done.ended_s is None and done.status == "InProgress"
    assert done.reserved_instance_s == done.occupied_instance_s == 3 * (100 - 2)
    assert done.billed_instance_s == done.billable_instance_s == 3 * (100 - 12)
    assert done.cost_usd == pytest.approx(3 * 88 * 3.6 / 3600)
    assert done.unbilled_instance_s == 3 * 10 and done.idle_instance_s == 0


def test_seconds_are_billed_whole_and_at_least_one():
    """From 1.0 to 100.9 s are 99 s, from 101.9 to 201.8 and from 202.8 to 302.7 s are 100 s (O11)."""
    spans = Timings(starting_s=1, training_s=99.9)
    sim = Simulation(Scenario(timings=spans, prices_usd_per_hour={M5: 3600.0}))
    sim.create_tuning_job(job("a", 2, total=3).spec)
    sim.run()
    [row] = sim.metrics().tuning_jobs
    assert row.billable_instance_s == pytest.approx(3 * 2 * 99.9)
    assert row.billed_instance_s == row.cost_usd == pytest.approx(2 * (99 + 100 + 100))
    late = Simulation(Scenario(timings=spans, epoch="2024-01-01T00:00:00.250Z"))  # the first second ends at 0.75 s
    late.create_tuning_job(job("a", 2, total=1).spec)
    late.run()
    assert late.metrics().tuning_jobs[0].billed_instance_s == pytest.approx(2 * 100)  # from 1.25 to 101.15 s
    sim = Simulation(Scenario(timings=Timings(training_s=0.0), prices_usd_per_hour={M5: 3600.0}))
    sim.create_tuning_job(job("a", 2).spec)
    sim.run()
    [row] = sim.metrics().tuning_jobs
    assert (row.billable_instance_s, row.billed_instance_s, row.cost_usd) == (0, 2, 2)


def test_reserved_and_idle_between_two_training_jobs_is_shown_apart(rows):
    assert rows["done"].idle_instance_s == 3 * (249 - 246)  # from the last training job's end to the tuning job's
    assert rows["done"].unbilled_instance_s == 3 * (10 + 4)
    assert rows["stopped"].occupied_instance_s == 2 * (325 - 249)


def test_training_jobs_without_a_tuning_job_have_their_books_too():
    sim = Simulation(Scenario(timings=TIMINGS, prices_usd_per_hour={M5: 3600.0}))
    sim.create_training_job("alone", TrainingJobDefinition(instances=InstanceRequest(M5, 2)))
    sim.run()
    metrics = sim.metrics()
    assert (
        metrics.tuning_jobs == ()
        and metrics.alone.billed_instance_s == 2 * 115
        and metrics.cost_usd == pytest.approx(230)
    )
    assert metrics.alone.reserved_instance_s == metrics.types[M5].reserved_instance_s == 2 * 125


@pytest.mark.parametrize("until_s", [150, 300, 333.5, None])
def test_what_a_warm_pool_retains_is_told_apart_and_paid_for(until_s):
    """On two instances: 10 s Starting, 115 s billed, then kept for 400 s or until the run ends."""
    sim = Simulation(Scenario(timings=TIMINGS, prices_usd_per_hour={M5: 3600.0}))
    sim.create_training_job("alone", TrainingJobDefinition(instances=InstanceRequest(M5, 2), keep_alive_s=400))
    sim.run(until_s)
    metrics = sim.metrics()
    [pool] = metrics.warm_pools
    assert metrics.alone.occupied_instance_s == 2 * 125 and metrics.alone.billed_instance_s == 2 * 115
    assert pool.retained_instance_s == metrics.alone.idle_instance_s == 2 * (min(sim.now, 525) - 125)
    assert pool.cost_usd == pytest.approx(2 * int(pool.retained_s))
    assert metrics.cost_usd == pytest.approx(2 * 115 + pool.cost_usd)


def test_a_name_that_is_used_again_has_two_rows():
    sim = Simulation(Scenario(timings=TIMINGS))
    for _ in range(2):
        sim.create_tuning_job(TuningJobSpec("again"))
        sim.run()
        sim.delete_tuning_job("again")
    first, second = sim.metrics().tuning_jobs
    assert first.billed_instance_s == second.billed_instance_s == 115 and second.created_s == first.ended_s


def test_what_fell_back_is_priced_by_the_type_that_it_ran_on():
    fallen = job("fallen", 1, kind=P3, total=2, alternatives=(InstanceRequest(M5, 2),))
    short = attrs.evolve(BY_HAND, tuning_jobs=(fallen,), faults=Faults(shortage_by_type={P3: 1.0}))
    sim = Simulation(short)
    sim.run()
    [row] = sim.metrics().tuning_jobs
    assert row.billed_instance_s == 2 * 2 * 115 and row.cost_usd == pytest.approx(2 * 2 * 115 * 3.6 / 3600)
    assert row.reserved_instance_s == 60 * 1 + 2 * (sim.now - 62)  # one P3 for 60 s, then two M5 to the end
