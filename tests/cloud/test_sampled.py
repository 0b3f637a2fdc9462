"""The one door: jobs that do not disturb each other, times and faults as often as asked, plans, and what was recorded."""

import attrs
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.scenario.cloud import Faults, Recorded, Script, Timings
from hptsim.scenario.durations import Exponential, LogNormal
from hptsim.scenario.workload import ScheduledTuningJob

RANDOM = Timings(
    first_launch_s=Exponential(10),
    launch_s=Exponential(10),
    finish_s=Exponential(10),
    starting_s=Exponential(60),
    downloading_s=Exponential(30),
    training_s=LogNormal(300, 1),
    uploading_s=Exponential(5),
    teardown_s=Exponential(5),
    stop_propagation_s=Exponential(5),
)
MANY = ResourceLimits(200, 10)


def simulate(*jobs, seed=0, cloud=None, **changes):
    scenario = Scenario(tuning_jobs=jobs, **{"timings": "instant", **changes})
    sim = Simulation(scenario, seed=seed, cloud=cloud)
    sim.run()
    return sim


def entry(name, limits=MANY, at_s=0.0, stop_at_s=None, **changes):
    return ScheduledTuningJob(TuningJobSpec(name, (TrainingJobDefinition(**changes),), limits), at_s, stop_at_s)


def of(sim, name):
    """What happened to a tuning job and its training jobs; which step of the whole simulation it was does not count."""
    return [
        record._replace(step=0)
        for record in sim.journal
        if record.name == name or record.name.startswith((f"{name}-", f"{name}/"))
    ]


def ends(sim, name="a"):
    """How often each end came, by the training jobs' secondary status or the class of the failure."""
    counted = {}
    for child in sim.tuning_job(name).training_jobs:
        view = sim.training_job(child)
        end = view.failure_reason.partition(":")[0] or view.secondary_status
        counted[end] = counted.get(end, 0) + 1
    return counted


@pytest.mark.parametrize("stop_at_s", [None, 700.0])
def test_adding_jobs_does_not_change_the_draws_of_others(stop_at_s):
    faults = Faults(algorithm_error=0.1, internal_error=0.2, client_error=0.05, capacity_shortage=0.2)
    mine = entry("mine", ResourceLimits(20, 5), 10.0, stop_at_s, max_retries=2)
    alone = simulate(mine, timings=RANDOM, faults=faults)
    crowd = simulate(entry("early"), mine, entry("late", at_s=11.0), timings=RANDOM, faults=faults)
    assert of(alone, "mine") == of(crowd, "mine")


def test_another_seed_is_another_run_and_the_same_seed_the_same():
    runs = [list(simulate(entry("a"), timings=RANDOM, seed=seed).journal) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_sampled_times_have_the_means_asked_for():
    sim = simulate(entry("a", ResourceLimits(700, 10)), timings=RANDOM)
    spent = {}
    since = {}
    for record in sim.journal:
        if record.thing == "training":
            if record.name in since and record.source != "[*]":
                spent.setdefault(record.source, []).append(record.time_s - since[record.name])
            since[record.name] = record.time_s
    means = {state: sum(times) / len(times) for state, times in spent.items()}
    assert means["Downloading"] == pytest.approx(30, rel=0.15)
    assert means["Training"] == pytest.approx(300, rel=0.15)
    assert means["Uploading"] == pytest.approx(5, rel=0.15)


def test_faults_strike_as_often_as_asked():
    faults = Faults(algorithm_error=0.3, client_error=0.2, internal_error=0.1)
    counted = ends(simulate(entry("a", ResourceLimits(700, 1)), seed=1, timings=RANDOM, faults=faults))
    for kind, share in {
        "AlgorithmError": 0.3,
        "ClientError": 0.2,
        "InternalServerError": 0.1,
        "Completed": 0.4,
    }.items():
        assert counted[kind] / 700 == pytest.approx(share, abs=0.05), kind


def test_internal_errors_are_retried_as_often_as_asked():
    sim = simulate(entry("a", ResourceLimits(1, 1), max_retries=3), faults=Faults(internal_error=1.0))
    (child,) = sim.tuning_job("a").training_jobs
    assert sim.training_job(child).attempt == 4 and sim.training_job(child).status == "Failed"
    assert sim.tuning_job("a").counters["RetryableError"] == 1


def test_a_shortage_waits_retries_and_gives_up():
    sim = simulate(entry("a", ResourceLimits(1, 1)), faults=Faults(capacity_shortage=1.0, shortage_limit=3))
    triggers = [record.trigger for record in sim.journal if record.thing == "training"]
    assert triggers == ["create", "shortage", "shortage", "shortage", "no_capacity"]
    assert sim.now == 180 and ends(sim) == {"CapacityError": 1}


def test_shortages_come_as_often_as_asked():
    sim = simulate(entry("a", ResourceLimits(700, 10)), faults=Faults(capacity_shortage=0.25))
    tries = [record.trigger for record in sim.journal if record.trigger in ("shortage", "ready")]
    assert tries.count("shortage") / len(tries) == pytest.approx(0.25, abs=0.04)


def test_pending_waits_for_machines_and_ends_when_it_has_waited_too_long():
    plan = {
        ("a", 1): (("wait", 1.0), ("capacity", 50.0)),
        ("a", 2): (("wait", 1.0), ("max_pending", 7200.0)),
    }
    cloud = ScriptedCloud(plan=plan)
    sim = simulate(entry("a", ResourceLimits(2, 2), max_pending_s=7200), cloud=cloud)
    first, second = map(sim.training_job, sim.tuning_job("a").training_jobs)
    assert (first.secondary_status, first.ended_s) == ("Completed", 151.0)
    assert (second.secondary_status, second.ended_s, second.billable_s) == ("Stopped", 7201.0, 0.0)


def test_pending_without_a_plan_tries_again_after_a_while():
    sim = simulate(entry("a", ResourceLimits(1, 1)), cloud=ScriptedCloud(plan={("a", 1): (("wait", 1.0),)}))
    child = sim.training_job(sim.tuning_job("a").training_jobs[0])
    assert (child.status, child.ended_s) == ("Completed", 1 + 60 + 100)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (Script("save", 20), [("saved", 20), ("exited", 20)]),
        (Script("exit"), [("exited", 0)]),
        (Script("ignore"), [("killed", 120)]),
        (Script("save", 121), [("killed", 120)]),
    ],
)
def test_what_the_script_does_on_sigterm(script, told):
    sim = simulate(entry("a", ResourceLimits(1, 1), 0.0, 50.0), script=script)
    after = [one for one in sim.journal if one.thing == "training" and one.source == "Stopping"]
    assert [(one.trigger, one.time_s - 50) for one in after] == told


def test_spot_is_interrupted_at_its_rate_and_others_never():
    faults = Faults(spot_interruptions_per_hour=6.0)
    for spot in (True, False):
        sim = simulate(entry("a", ResourceLimits(300, 10), spot=spot), timings=Timings(training_s=60), faults=faults)
        interrupted = sum(record.trigger == "interrupt" for record in sim.journal)
        trained_s = 300 * 60.0
        assert interrupted == (pytest.approx(6.0 * trained_s / 3600, rel=0.35) if spot else 0)


def test_max_wait_ends_a_spot_job_that_waits_in_vain():
    plan = {("a", 1): (("ready", 0.0), ("downloaded", 0.0), ("interrupt", 30.0), ("capacity", 10_000.0))}
    definition = TrainingJobDefinition(spot=True, max_runtime_s=300, max_wait_s=400)
    cloud = ScriptedCloud(plan={("a", 1): plan["a", 1][:3]}, timings=Timings(spot_wait_s=10_000))
    spec = TuningJobSpec("a", (definition,))
    sim = simulate(ScheduledTuningJob(spec), cloud=cloud)
    child = sim.training_job(sim.tuning_job("a").training_jobs[0])
    assert (child.secondary_status, child.status, child.ended_s) == ("MaxWaitTimeExceeded", "Stopped", 400.0)


def test_a_plan_is_followed_and_the_rest_is_sampled():
    cloud = ScriptedCloud(plan={("a", 1): (("ready", 5.0), ("downloaded", 1.0), ("algorithm_error", 2.0))})
    sim = simulate(entry("a", ResourceLimits(2, 2)), cloud=cloud)
    first, second = map(sim.training_job, sim.tuning_job("a").training_jobs)
    assert (first.status, first.ended_s, second.status, second.ended_s) == ("Failed", 8.0, "Completed", 100.0)


def test_one_jobs_own_faults_replace_the_shared_ones():
    own = attrs.evolve(entry("own", ResourceLimits(3, 3)), faults=Faults(algorithm_error=1.0))
    sim = simulate(own, entry("other", ResourceLimits(3, 3)))
    assert ends(sim, "own") == {"AlgorithmError": 3} and ends(sim, "other") == {"Completed": 3}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Timings(training_s=-1), "training_s: got -1"),
        (lambda: Timings(starting_s="soon"), "starting_s: got 'soon'"),
        (lambda: Faults(algorithm_error=1.1), "algorithm_error: got 1.1"),
        (lambda: Faults(internal_error=True), "internal_error: got True"),
        (lambda: Faults(spot_interruptions_per_hour=-1), "spot_interruptions_per_hour: got -1"),
        (lambda: Script("sav"), "did you mean 'save'"),
        (lambda: Script(save_s=-1), "save_s: got -1"),
    ],
)
def test_bad_clouds_are_refused_by_name(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()


def test_what_was_recorded_is_replayed_and_the_rest_is_drawn():
    recorded = (
        Recorded(starting_s=1, downloading_s=2, training_s=3, uploading_s=4),
        Recorded(starting_s=10, downloading_s=20, failure="client_error"),
        Recorded(training_s=30, failure="algorithm_error"),
    )
    entry = ScheduledTuningJob(TuningJobSpec("r", limits=ResourceLimits(4, 4)), recorded=recorded)
    sim = Simulation(Scenario(tuning_jobs=(entry,), timings=Timings(starting_s=7, training_s=500), faults=Faults()))
    sim.run()
    jobs = [sim.training_job(name) for name in sim.tuning_job("r").training_jobs]
    assert [(job.status, job.ended_s) for job in jobs] == [
        ("Completed", 10),
        ("Failed", 30),
        ("Failed", 37),
        ("Completed", 507),
    ]


@pytest.mark.parametrize(("stop_at_s", "ended_s"), [(50.0, 50.0 + 40.0), (120.0, 100.0 + 40.0)])
def test_what_a_stop_leaves_to_upload_takes_as_long_as_recorded(stop_at_s, ended_s):
    """Stopped in Training it saves and uploads all; stopped while it uploads it uploads the rest."""
    timings = Timings(uploading_s=7.0)
    recorded = Recorded(training_s=100.0, uploading_s=40.0)
    job = ScheduledTuningJob(TuningJobSpec("demo"), stop_at_s=stop_at_s, recorded=[recorded])
    sim = Simulation(Scenario(timings=timings, script=Script("save"), tuning_jobs=[job]))
    sim.run()
    [name] = sim.training_jobs
    assert (sim.training_job(name).status, sim.training_job(name).ended_s) == ("Stopped", ended_s)


def test_a_recorded_training_job_reports_no_epochs_and_the_same_result_whatever_watches_it():
    def found(**changes):
        job = TuningJobSpec("r", limits=ResourceLimits(1, 1), **changes)
        sim = Simulation(Scenario(tuning_jobs=(ScheduledTuningJob(job, recorded=(Recorded(training_s=30),)),)))
        sim.run()
        assert sim.journal.counts["training", "epoch"] == 0
        return sim.training_job(sim.tuning_job("r").best).objective

    assert found(early_stopping=True) == found() is not None


def test_a_warm_training_job_downloads_for_as_long_as_warm_ones_do():
    timings = Timings(starting_s=100, warm_starting_s=5, downloading_s=50, warm_downloading_s=2, training_s=10)
    sim = simulate(entry("a", ResourceLimits(2, 1)), timings=timings)
    first, second = (sim.training_job(name) for name in sim.tuning_job("a").training_jobs)
    assert (first.created_s, first.ended_s, second.ended_s) == (0, 160, 160 + 17)
    cold = simulate(entry("a", ResourceLimits(2, 1)), timings=attrs.evolve(timings, warm_downloading_s=None))
    assert cold.tuning_job("a").ended_s == 160 + 65


@pytest.mark.parametrize(("stop_at_s", "ended_s"), [(50, 80), (120, 123), (155, 155)])
def test_a_stop_while_downloading_takes_its_own_time(stop_at_s, ended_s):
    timings = Timings(starting_s=100, downloading_s=50, training_s=100, teardown_s=30, teardown_downloading_s=3)
    sim = simulate(entry("a", ResourceLimits(1, 1), stop_at_s=stop_at_s), timings=timings, script=Script("exit"))
    assert sim.tuning_job("a").ended_s == ended_s


def short(share, seed=0, wait="pending", **changes):
    """The changes of training jobs of which a share finds no machines, 600 s between two attempts."""
    sim = simulate(
        entry("a", ResourceLimits(50, 10), **changes),
        seed=seed,
        timings=Timings(starting_s=7, shortage_retry_s=600),
        faults=Faults(capacity_shortage=share),
        assumptions=Assumptions(capacity_wait=wait),
    )
    return sim, [record for record in sim.journal if record.thing == "training"]


def test_the_wait_for_machines_is_pending_where_it_is_switched():
    """O17: Starting, Pending for all attempts, then Starting as ever."""
    sim, records = short(0.5)
    waits = {}
    for record in records:
        if record.trigger == "wait":
            waits[record.name] = -record.time_s
        elif record.trigger == "capacity":
            waits[record.name] += record.time_s
    assert not any(record.trigger == "shortage" for record in records)
    assert {round(one) % 600 for one in waits.values()} == {0} and len({round(one) for one in waits.values()}) > 1
    assert 10 < len(waits) < 40 and ends(sim)["Completed"] + ends(sim).get("CapacityError", 0) == 50


def test_by_default_the_wait_for_machines_is_within_starting_and_as_long():
    """The same chances: the same training jobs wait, and each as long."""
    (pending, _), (starting, records) = short(0.5), short(0.5, wait="starting")
    assert Assumptions().capacity_wait == "starting"
    assert any(record.trigger == "shortage" for record in records)
    assert not any(record.destination == "Pending" for record in records)
    for name in starting.training_jobs:
        assert pending.training_job(name).started_s == starting.training_job(name).started_s
    assert ends(pending) == ends(starting)


def test_a_training_job_is_pending_for_max_pending_time_at_most():
    sim, records = short(0.9, max_pending_s=1800)
    stopped = [record for record in records if record.trigger == "max_pending"]
    assert stopped and ends(sim)["Stopped"] == len(stopped)
    since = {record.name: record.time_s for record in records if record.trigger == "wait"}
    assert {record.time_s - since[record.name] for record in stopped} == {1800}
    assert not [
        record for record in short(0.9, wait="starting", max_pending_s=1800)[1] if record.trigger == "max_pending"
    ]


def test_a_fallback_comes_before_the_wait():
    """With InstanceConfigs the next type is tried first; only the last of them is waited for."""
    alternatives = (InstanceRequest("ml.c5.xlarge"),)
    sim, records = short(0.7, alternatives=alternatives)
    launched_at_once = sim.tuning_job("a").training_jobs[:10]  # later ones may begin with the second type, idle by then
    first = {}
    for record in records:
        if record.trigger in ("shortage", "wait") and record.name in launched_at_once:
            first.setdefault(record.name, record.trigger)
    assert set(first.values()) == {"shortage"} and any(record.trigger == "wait" for record in records)


def test_the_last_objective_is_that_of_the_last_epoch():
    """A script that reports every epoch does not end with the value of one that it never had (K9)."""
    script = Script(log_epochs=True, epochs=4, epoch_s=10.0, curve=lambda configuration, epoch: float(epoch))
    sim = Simulation(Scenario(script=script))
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    (name,) = sim.tuning_job("demo").training_jobs
    assert sim.training_job(name).objective == 4.0
