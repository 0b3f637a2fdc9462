"""Preemption: who takes back what, what it costs, and that every law holds in every order of a small scope."""

import attrs
import pytest
from audit.planted import BUG
from doctored import M5
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hptsim import Scenario, Simulation, TuningJobSpec, explore
from hptsim.cli.check import audit_saved
from hptsim.errors import InvalidInput, LawBroken
from hptsim.model.assumptions import PREEMPTIVE, Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.journal import Journal, read
from hptsim.model.teams import Share, Teams
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob
from hptsim.testing import strategies
from hptsim.views.chart_data import gantt_rows

TIMINGS = attrs.evolve(Timings.instant(), starting_s=10, training_s=300, uploading_s=5, checkpoint_s=100, teardown_s=7)
EACH_ONE = {"vision": Share(quota={M5: 1}), "speech": Share(quota={M5: 1})}


def job(name, team, at_s=0.0, count=1, total=1, stop_at_s=None, **changes):
    definition = TrainingJobDefinition(instances=InstanceRequest(M5, count), checkpoint_uri="s3://b/c")
    spec = TuningJobSpec(name, (attrs.evolve(definition, **changes),), ResourceLimits(total, total), team=team)
    return ScheduledTuningJob(spec, at_s, stop_at_s)


def lending(*jobs, shares=EACH_ONE, capacity=2, discipline="quota-shares-reclaim", script="exit", **changes):
    return Scenario(
        capacity={M5: capacity},
        timings=changes.pop("timings", TIMINGS),
        tuning_jobs=jobs,
        script=Script(script, **changes),
        assumptions=Assumptions("as-observed", "queue", discipline),
        teams=Teams(shares=shares),
    )


def run(scenario, until=None):
    sim = Simulation(scenario)
    sim.run(until=until)
    return sim


def happened(sim, *triggers):
    """What happened to training jobs: when, to the how-manieth of which tuning job, and where it led."""
    return [
        (record.time_s, record.name[:-9], record.trigger, record.destination)
        for record in sim.journal
        if record.thing == "training" and record.trigger in triggers
    ]


STORY = (job("v", "vision", total=2), job("s", "speech", at_s=150.0))


def test_a_team_takes_back_what_it_has_lent_and_the_borrower_goes_on_from_its_last_checkpoint():
    sim = run(lending(*STORY))
    assert happened(sim, "preempt", "torn_down", "resume") == [
        (150.0, "v-002", "preempt", "Interrupted:grace"),
        (150.0, "v-002", "torn_down", "Interrupted:queued"),
        (315.0, "v-002", "resume", "Starting"),
    ]
    [_, second] = sim.tuning_job("v").training_jobs
    assert sim.training_job(second).ended_s == 315 + 10 + (300 - 100) + 5, "100 s were in the checkpoint"
    assert sim.tuning_job("s").training_jobs and sim.training_job(second).attempt == 2


def test_no_more_are_preempted_than_are_needed_and_who_was_granted_first_is_spared_first():
    """Three of four are wanted back: the last, and then the large one, after which the second may stay."""
    borrowers = (job("first", "vision", 0.0, 2), job("second", "vision", 1.0), job("last", "vision", 2.0))
    shares = {"vision": Share(quota={M5: 0}), "speech": Share(quota={M5: 4})}
    sim = run(lending(*borrowers, job("s", "speech", 150.0, 3), shares=shares, capacity=4), 151.0)
    preempted = {name.removesuffix("-001") for _, name, _, _ in happened(sim, "preempt")}
    assert preempted == {"first", "last"}


def test_who_waits_for_machines_is_preempted_too():
    scenario = lending(*STORY, job("s2", "speech", at_s=150.0))
    assumptions = attrs.evolve(scenario.assumptions, capacity_wait="pending")
    sim = run(attrs.evolve(scenario, assumptions=assumptions, faults=Faults(capacity_shortage=1.0)), 151.0)
    [record] = [record for record in sim.journal if record.trigger == "preempt"]
    assert (record.source, record.destination) == ("Pending", "Interrupted:teardown")


def test_without_preemption_the_owner_waits_until_the_borrower_ends():
    sim = run(lending(*STORY, discipline="quota-shares"))
    assert happened(sim, "preempt") == []
    [mine] = sim.tuning_job("s").training_jobs
    assert sim.training_job(mine).created_s == 315.0


@pytest.mark.parametrize(
    ("script", "save_s", "free_s"),
    [("exit", 20.0, 0.0), ("save", 20.0, 20.0), ("save", 500.0, 120.0), ("ignore", 20.0, 120.0)],
)
def test_nothing_is_free_until_the_script_has_ended_and_that_is_billed(script, save_s, free_s):
    sim = run(lending(*STORY, script=script, save_s=save_s))
    [mine] = sim.tuning_job("s").training_jobs
    assert sim.training_job(mine).created_s == 150.0 + free_s
    lent, _ = sim.metrics().tuning_jobs
    assert lent.billable_instance_s == 305 + (150 - 10) + free_s + 200 + 5


def test_who_has_no_script_yet_is_torn_down_which_is_not_billed():
    sim = run(lending(job("v", "vision", total=2), job("s", "speech", at_s=4.0)))
    assert happened(sim, "preempt", "torn_down") == [
        (4.0, "v-002", "preempt", "Interrupted:teardown"),
        (11.0, "v-002", "torn_down", "Interrupted:queued"),
    ]
    assert sim.metrics().tuning_jobs[0].billable_instance_s == 2 * 305


def test_what_is_lost_is_counted_and_paid_for():
    sim = run(lending(*STORY))
    figures = sim.metrics().figures()
    assert figures["preemptions"] == 1 and figures["lost_instance_hours"] == 40 / 3600
    row = sim.metrics().tuning_jobs[0]
    assert (row.preemptions, row.lost_instance_s, row.billed_instance_s) == (1, 40.0, 2 * 305 + 40)


def test_without_a_checkpoint_all_is_lost():
    sim = run(lending(job("v", "vision", total=2, checkpoint_uri=None), job("s", "speech", at_s=150.0)))
    assert sim.metrics().tuning_jobs[0].lost_instance_s == 140.0
    [_, second] = sim.tuning_job("v").training_jobs
    assert sim.training_job(second).ended_s == 315 + 10 + 300 + 5


def test_the_time_in_training_counts_over_all_attempts():
    first = job("v", "vision", total=2, checkpoint_uri=None, max_runtime_s=350)
    sim = run(lending(first, job("s", "speech", at_s=150.0)))
    [_, second] = sim.tuning_job("v").training_jobs
    assert sim.training_job(second).secondary_status == "MaxRuntimeExceeded"


def preempted(*jobs, shares, capacity):
    return [name for _, name, *_ in happened(run(lending(*jobs, shares=shares, capacity=capacity)), "preempt")]


def test_only_as_many_are_preempted_as_are_needed_the_last_granted_first():
    shares = {"vision": Share(quota={M5: 1}), "speech": Share(quota={M5: 3})}
    jobs = [job(f"v{n}", "vision", at_s=float(n)) for n in range(4)]
    assert preempted(*jobs, job("s", "speech", at_s=50.0, count=2), shares=shares, capacity=4) == ["v3-001", "v2-001"]


def test_who_need_not_go_is_spared_when_a_larger_one_must():
    shares = {"vision": Share(), "speech": Share(quota={M5: 4})}
    jobs = [job("large", "vision", count=3), job("small", "vision", at_s=1.0)]
    assert preempted(*jobs, job("s", "speech", at_s=50.0, count=3), shares=shares, capacity=4) == ["large-001"]


def test_nobody_is_preempted_where_all_would_not_be_enough_nor_for_who_borrows_itself():
    shares = {"vision": Share(quota={M5: 1}), "speech": Share(quota={M5: 1}), "text": Share()}
    jobs = [job("v", "vision", total=2), job("t", "text", at_s=20.0)]
    assert preempted(*jobs, shares=shares, capacity=2) == [], "text has no quota to take back"


def test_what_uploads_or_stops_anyway_is_waited_for():
    jobs = [job("v1", "vision"), job("v2", "vision", at_s=1.0, stop_at_s=149.0)]
    sim = run(lending(*jobs, job("s", "speech", at_s=150.0), script="save", save_s=60.0))
    assert happened(sim, "preempt") == []
    [mine] = sim.tuning_job("s").training_jobs
    assert sim.training_job(mine).created_s == 149 + 60 + 5


def test_a_job_with_several_training_jobs_takes_all_of_its_own_back_at_once():
    shares = {"vision": Share(), "speech": Share(quota={M5: 3})}
    jobs = [job("v", "vision", total=3), job("s", "speech", at_s=50.0, total=3)]
    sim = run(lending(*jobs, shares=shares, capacity=3))
    assert [time_s for time_s, *_ in happened(sim, "preempt")] == [50.0] * 3


def test_a_training_job_without_a_tuning_job_is_never_preempted():
    sim = Simulation(lending())
    request = {"Tags": [{"Key": "team", "Value": "vision"}]}
    for number in range(2):
        sim.create_training_job(f"alone-{number}", TrainingJobDefinition(request=request))
    sim.create_tuning_job(job("s", "speech").spec)
    sim.run()
    assert happened(sim, "preempt") == []


@pytest.mark.parametrize("stop_at_s", [150.0, 155.0, 200.0], ids=["in the grace window", "later in it", "in the queue"])
def test_a_preempted_job_can_be_stopped_and_waits_no_longer(stop_at_s):
    jobs = [job("v", "vision", total=2, stop_at_s=stop_at_s), job("s", "speech", at_s=149.0)]
    sim = run(lending(*jobs, script="save", save_s=20.0))
    assert sim.tuning_job("v").status == "Stopped" and happened(sim, "resume") == []
    assert {sim.training_job(name).status for name in sim.tuning_job("v").training_jobs} == {"Stopped"}
    assert not sim.queue and not any(sim.capacity.reserved.values())


def test_a_preempted_job_on_spot_waits_no_longer_than_it_may():
    waiting = job("v", "vision", total=2, spot=True, max_wait_s=250.0, max_runtime_s=250)
    sim = run(lending(waiting, job("s", "speech", at_s=150.0)))
    assert ("v-002", "max_wait", "MaxWaitTimeExceeded") in [one[1:] for one in happened(sim, "max_wait")]


def test_the_service_shows_an_interruption_that_says_what_it_was():
    from hptsim.boto import client

    sim = run(lending(*STORY), until=200.0)
    [_, second] = sim.tuning_job("v").training_jobs
    answer = client(sim).describe_training_job(TrainingJobName=second)
    assert (answer["TrainingJobStatus"], answer["SecondaryStatus"]) == ("InProgress", "Interrupted")
    assert "Preempted" in answer["SecondaryStatusTransitions"][-1]["StatusMessage"]
    sim.run()
    shown = [
        one["Status"] for one in client(sim).describe_training_job(TrainingJobName=second)["SecondaryStatusTransitions"]
    ]
    assert shown[shown.index("Interrupted") :] == [
        "Interrupted",
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]


def test_a_chart_and_the_page_of_a_run_show_a_preempted_job():
    pytest.importorskip("matplotlib").use("Agg")
    from hptsim.views import gantt

    sim = run(lending(*STORY, script="save", save_s=20.0))
    assert gantt(gantt_rows(sim.journal)).axes[0].patches
    assert {"Interrupted:grace", "Interrupted:queued"} <= {row.phase for row in gantt_rows(sim.journal)}
    assert "Interrupted:queued" in sim.to_html()


def test_a_scenario_file_can_name_it(tmp_path):
    lending(*STORY).dump(tmp_path / "s.toml")
    loaded = Scenario.load(tmp_path / "s.toml")
    assert [*run(loaded).journal] == [*run(lending(*STORY)).journal]


@pytest.mark.parametrize("reservation", ["reuse", "upfront"])
def test_what_a_tuning_job_keeps_cannot_be_taken_back(reservation):
    with pytest.raises(InvalidInput, match=r"assumptions\.reservation.*as-observed"):
        Assumptions(reservation, discipline="quota-shares-reclaim")


def test_a_saved_journal_is_judged_by_the_same_laws(tmp_path):
    sim = Simulation(lending(*STORY), journal=Journal(tmp_path / "j.jsonl"))
    sim.run()
    sim.journal.close()
    saved = read(tmp_path / "j.jsonl")
    assert audit_saved(saved).checked == len(saved.records) == len(sim.journal)


def test_a_preemption_for_nobody_is_found_in_a_saved_journal(tmp_path):
    with BUG["who was granted first is preempted first"].planted():
        sim = Simulation(lending(*STORY), laws=False, journal=Journal(tmp_path / "j.jsonl"))
        sim.run()
        sim.journal.close()
    with pytest.raises(LawBroken, match=r"v-001-[0-9a-f]+ is preempted before v-002"):
        audit_saved(read(tmp_path / "j.jsonl"))


@pytest.mark.parametrize(("discipline", "alike"), [("quota-shares-reclaim", True), ("quota-shares", False)])
def test_who_owns_all_does_not_notice_who_borrows_where_a_teardown_takes_no_time(discipline, alike):
    """A queue with preemption: the first class waits as if there were no other, job by job."""
    own = Arrivals(job("s", "speech").spec, Exponential(200.0), count=30)
    others = Arrivals(job("v", "vision").spec, Exponential(50.0), count=60)
    timings = attrs.evolve(Timings.instant(), training_s=Exponential(150.0))
    shares = {"vision": Share(), "speech": Share(quota={M5: 1})}
    account = lending(shares=shares, capacity=1, timings=timings, discipline=discipline)

    def ends(*arrivals):
        sim = run(attrs.evolve(account, arrivals=arrivals))
        return [row.ended_s for row in sim.metrics().tuning_jobs if row.team == "speech"], sim

    alone, _ = ends(own)
    beside, sim = ends(own, others)
    assert len(alone) == 30 and (beside == alone) is alike
    assert (sim.metrics().figures()["preemptions"] > 8) is alike


# ---------------------------------------------------------------------- in every order

SCOPE = lending(
    job("v", "vision"), job("s", "speech"), shares={"vision": Share(), "speech": Share(quota={M5: 1})}, capacity=1
)


def test_a_small_scope_is_exhausted_and_every_law_kept():
    found = explore(SCOPE)
    assert found.counterexample is None and found.complete and found.states > 1000


@pytest.mark.long
def test_a_larger_scope_is_exhausted_and_every_law_kept():
    found = explore(lending(job("v", "vision", total=2), job("s", "speech")))
    assert found.counterexample is None and found.complete and found.states > 50_000


PLANTED = (
    ("what is lent never comes back", "lent quota comes back"),
    ("everybody is preempted", "only lent quota is taken back"),
    ("who was granted first is preempted first", "only lent quota is taken back"),
    ("a preempted job is forgotten", "a preempted job waits to go on"),
)
"""Planted bugs and the laws that the explorer finds them by."""


@pytest.mark.parametrize(("bug", "law"), PLANTED)
def test_the_explorer_finds_a_planted_bug_by_the_law_of_preemption(bug, law):
    with BUG[bug].planted() as changes:
        found = explore(lending(job("v", "vision", total=2), job("s", "speech")), stops=False, **changes)
    assert found.counterexample is not None and found.counterexample.law == law


# ---------------------------------------------------------------------- whatever is drawn


@st.composite
def lenders(draw):
    """Two or three teams on few instances: the borrowers come first, the owners while they run."""
    capacity = draw(st.integers(1, 4))
    quota = draw(st.integers(1, capacity))
    shares = {"vision": Share(quota={M5: capacity - quota}), "speech": Share(quota={M5: quota}), "text": Share()}
    if draw(st.booleans()):
        shares["speech"] = Share(quota={M5: quota}, lend={M5: draw(st.integers(0, quota))})
    jobs = []
    for number in range(draw(st.integers(2, 5))):
        at_s = float(draw(st.integers(0, 400)))
        stop_at_s = at_s + after_s if (after_s := draw(st.sampled_from([None, None, 5, 150, 300]))) else None
        one = job(
            f"tuning-{number}",
            "text" if number == 0 else draw(st.sampled_from(list(shares))),
            0.0 if number == 0 else at_s,
            draw(st.integers(1, 2)),
            draw(st.integers(1, 3)),
            stop_at_s,
            checkpoint_uri=draw(st.sampled_from([None, "s3://b/c"])),
            spot=draw(st.booleans()),
            max_retries=draw(st.integers(0, 1)),
        )
        jobs.append(attrs.evolve(one, spec=attrs.evolve(one.spec, early_stopping=draw(st.booleans()))))
    timings = draw(st.sampled_from([TIMINGS, Timings.typical(), attrs.evolve(TIMINGS, stop_propagation_s=15.0)]))
    scenario = lending(*jobs, shares=shares, capacity=capacity, timings=timings)
    return attrs.evolve(scenario, script=draw(strategies.scripts()), faults=draw(strategies.faults()))


def check_drawn(data, scenario):
    sim = Simulation(scenario, cloud=data.draw(strategies.clouds(scenario)))
    sim.run()
    assert not any(sim.capacity.reserved.values())
    preemptions = len(happened(sim, "preempt"))
    assert sum(row.preemptions for row in sim.metrics().tuning_jobs) == preemptions
    return preemptions


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), lenders())
def test_every_law_holds_whoever_lends_and_takes_back(data, scenario):
    check_drawn(data, scenario)


@pytest.mark.long
def test_every_law_holds_in_hundreds_of_scenarios_in_many_of_which_somebody_is_preempted():
    seen = []

    @settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.data(), lenders())
    def drawn(data, scenario):
        seen.append(check_drawn(data, scenario))

    drawn()
    assert sum(preemptions > 0 for preemptions in seen) > 50


def test_the_discipline_is_one_that_preempts():
    assert PREEMPTIVE == ("quota-shares-reclaim",)
