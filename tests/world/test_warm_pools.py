"""Warm pools of training jobs without a tuning job: kept after the end, reused by a match, given back, billed."""

import pytest
from examples import checked
from extras import BOTO

import hptsim.boto
from hptsim import Journal, Scenario, Simulation, TuningJobSpec, explore
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.planning.usage import WarmPoolFigures
from hptsim.scenario.cloud import Faults, Timings
from hptsim.service.service import Service
from hptsim.world.warm_pools import match_keys

M5, P3 = "ml.m5.xlarge", "ml.p3.2xlarge"
TIMINGS = Timings(starting_s=100, warm_starting_s=20, training_s=100, uploading_s=5, teardown_s=30)
KEEP = TrainingJobDefinition(instances=InstanceRequest(M5, 2), keep_alive_s=600)


def simulation(cloud=None, **changes):
    return Simulation(Scenario(capacity={M5: 2}, timings=TIMINGS, **changes), cloud=cloud)


def kept(**changes):
    """A simulation in which "first" has ended at 205 and left its instances."""
    sim = simulation(**changes)
    sim.create_training_job("first", KEEP)
    sim.run(until=300)
    return sim


def test_it_is_kept_for_its_period_and_then_given_back():
    sim = kept()
    assert sim.training_job("first").status == "Completed" and sim.training_job("first").warm_pool == "Available"
    assert sim.capacity.reserved == {M5: 2} and sim.capacity.occupied == {}
    with pytest.raises(ServiceError, match="ResourceLimitExceeded"):
        sim.create_training_job("other", TrainingJobDefinition(instances=InstanceRequest(M5)))
    sim.run()
    assert sim.now == 205 + 600 and sim.capacity.reserved == {} and sim.training_job("first").warm_pool == ""


def test_a_match_takes_it_over_and_starts_warm():
    sim = kept()
    sim.create_training_job("second", KEEP)
    assert sim.training_job("first").warm_pool == "" and sim.training_job("second").warm_pool == "InUse"
    assert sim.capacity.reserved == {M5: 2} == sim.capacity.occupied
    sim.run(until=321)
    assert sim.training_job("second").secondary_status == "Training"
    sim.run()
    assert sim.now == 300 + 125 + 600 and sim.capacity.reserved == {} and "a warm pool is reused" in sim.witnessed


def test_a_match_need_not_ask_for_a_pool_of_its_own():
    sim = kept()
    sim.create_training_job("second", TrainingJobDefinition(instances=InstanceRequest(M5, 2)))
    sim.run()
    assert sim.now == 425 and sim.capacity.reserved == {}


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ({"RoleArn": "a"}, {"RoleArn": "b"}),
        ({}, {"EnableNetworkIsolation": True}),
        ({}, {"EnableInterContainerTrafficEncryption": True}),
        ({"VpcConfig": {"Subnets": ["a"]}}, {"VpcConfig": {"Subnets": ["b"]}}),
        ({"ResourceConfig": {"VolumeSizeInGB": 1}}, {"ResourceConfig": {"VolumeSizeInGB": 2}}),
        ({"ResourceConfig": {"VolumeKmsKeyId": "a"}}, {"ResourceConfig": {}}),
    ],
)
def test_only_a_match_takes_it_over(key, other):
    assert match_keys({M5: 1}, key) != match_keys({M5: 1}, other) and match_keys({M5: 1}, key) == match_keys(
        {M5: 1}, key
    )
    assert match_keys({M5: 1}, key) != match_keys({M5: 2}, key) != match_keys({P3: 2}, key)
    sim = Simulation(Scenario(capacity={M5: 4}, timings=TIMINGS))
    sim.create_training_job("first", TrainingJobDefinition(keep_alive_s=600, request=key))
    sim.run(until=300)
    sim.create_training_job("second", TrainingJobDefinition(request=other))
    assert sim.training_job("first").warm_pool == "Available" and sim.capacity.reserved == {M5: 2}
    sim.create_training_job("third", TrainingJobDefinition(request=key))
    assert sim.training_job("first").warm_pool == "" and sim.capacity.reserved == {M5: 2}


def test_managed_spot_has_none_and_reuses_none():
    sim = kept()
    with pytest.raises(ServiceError, match="ResourceLimitExceeded"):
        sim.create_training_job("second", TrainingJobDefinition(instances=InstanceRequest(M5, 2), spot=True))
    assert sim.training_job("first").warm_pool == "Available"


@pytest.mark.parametrize(
    ("plan", "stop_at_s", "state"),
    [
        ((), 150, "Available"),
        ((), 50, ""),  # the instances were not there yet
        ((("ready", 10.0), ("downloaded", 0.0), ("algorithm_error", 5.0)), None, "Available"),
        ((("ready", 10.0), ("client_error", 5.0)), None, "Available"),
        ((("ready", 10.0), ("downloaded", 0.0), ("internal_error", 5.0)), None, ""),
        ((("no_capacity", 10.0),), None, ""),
        ((("ready", 10.0), ("downloaded", 0.0), ("max_runtime", 50.0)), None, "Available"),
    ],
)
def test_it_is_kept_unless_the_instances_failed_or_never_came(plan, stop_at_s, state):
    sim = simulation(ScriptedCloud(timings=TIMINGS, plan={("", 0): plan}))
    sim.create_training_job("first", KEEP)
    if stop_at_s is not None:
        sim.run(until=stop_at_s)
        sim.stop_training_job("first")
        assert "a stop meets a warm pool" in sim.witnessed
    sim.run(until=500)
    assert sim.training_job("first").ended_s is not None and sim.training_job("first").warm_pool == state
    assert sim.capacity.reserved == ({M5: 2} if state else {})
    sim.run()
    assert sim.capacity.reserved == {}


def test_a_stop_after_the_end_gives_it_up_and_a_second_one_is_refused():
    sim = kept()
    sim.stop_training_job("first")
    assert sim.capacity.reserved == {} and sim.training_job("first").status == "Completed"
    with pytest.raises(ServiceError, match="is in status Completed"):
        sim.stop_training_job("first")
    sim.run()
    assert sim.now == 300, "its period no longer counts"


def test_its_period_may_change_before_and_after_the_end():
    sim = kept()
    sim.update_training_job("first", 1000)
    sim.run()
    assert sim.now == 205 + 1000
    shorter = kept()
    shorter.update_training_job("first", 50)  # which is over already
    assert shorter.capacity.reserved == {}
    with pytest.raises(ServiceError, match="has no warm pool"):
        shorter.update_training_job("first", 50)
    with pytest.raises(ServiceError, match="Requested resource not found"):
        shorter.update_training_job("nobody", 50)
    early = simulation()
    early.create_training_job("first", KEEP)
    early.run(until=10)
    early.update_training_job("first", 0)
    early.run()
    assert early.now == 205 and early.capacity.reserved == {}


def test_its_record_cannot_be_deleted_while_it_is_kept():
    sim = kept()
    with pytest.raises(ServiceError, match=r"ResourceInUse.*Available"):
        sim.delete_training_job("first")
    sim.run()
    sim.delete_training_job("first")
    sim.create_training_job("first", KEEP)
    sim.run()
    assert sim.capacity.reserved == {}


def test_a_quota_of_its_own_limits_it_silently():
    sim = kept(warm_pool_capacity={M5: 1})
    assert sim.training_job("first").status == "Completed" and sim.capacity.reserved == {}


def test_a_tuning_job_waits_for_what_it_holds_and_has_none_itself():
    sim = kept()
    with pytest.raises(InvalidInput, match="keep_alive_s: got 600, expected 0 in tuning jobs"):
        TuningJobSpec("a", (KEEP,))
    with pytest.raises(ServiceError, match="ResourceLimitExceeded"):
        sim.create_tuning_job(TuningJobSpec("a", limits=ResourceLimits(1, 1)))


def test_what_was_retained_is_shown_apart_with_its_price():
    sim = kept(prices_usd_per_hour={M5: 3600.0})
    sim.create_training_job("second", KEEP)
    sim.run()
    assert sim.metrics().warm_pools == (
        WarmPoolFigures("first", 95.0, 190.0, 190.0),
        WarmPoolFigures("second", 600.0, 1200.0, 1200.0),
    )
    assert sim.metrics().tuning_jobs == ()


def test_a_snapshot_holds_it(tmp_path):
    sim = kept()
    snapshot = sim.snapshot()
    sim.create_training_job("second", KEEP)
    sim.run()
    first = list(sim.journal)
    sim.restore(snapshot)
    assert sim.training_job("first").warm_pool == "Available"
    sim.create_training_job("second", KEEP)
    sim.run()
    assert list(sim.journal) == first


def test_a_journal_on_disk_tells_it_and_is_judged(tmp_path):
    path = tmp_path / "journal.jsonl"
    scenario = Scenario(capacity={M5: 2}, warm_pool_capacity={M5: 2}, timings=TIMINGS)
    sim = Simulation(scenario, journal=Journal(path))
    sim.create_training_job("first", KEEP)
    sim.run(until=300)
    sim.create_training_job("second", KEEP)
    sim.run()
    sim.journal.close()
    assert checked(path) == 0


def test_counts_only_forgets_it():
    sim = Simulation(Scenario(timings=TIMINGS), journal=Journal(keep=False))
    for number in range(20):
        sim.create_training_job(f"job-{number}", KEEP)
        sim.run()
    assert sim.warm_pools == {} and sim.training_jobs == [] and sim.journal.counts["warm_pool", "expire"] == 20


def test_failures_at_random_end_well():
    faults = Faults(algorithm_error=0.3, internal_error=0.3, client_error=0.1, capacity_shortage=0.2)
    for seed in range(20):
        sim = Simulation(Scenario(capacity={M5: 4}, timings=TIMINGS, faults=faults), seed=seed)
        for number in range(8):
            try:
                sim.create_training_job(f"job-{number}", KEEP)
            except ServiceError as error:
                assert error.code == "ResourceLimitExceeded"
            sim.run(until=sim.now + 130)
        sim.run()
        assert sim.capacity.reserved == {}


def test_every_order_of_a_reuse_with_a_stop_at_every_point():
    scenario = Scenario(capacity={M5: 2})
    found = explore(
        scenario, training_jobs={"first": KEEP, "second": KEEP}, faults={"algorithm_error": 1, "internal_error": 1}
    )
    assert found.counterexample is None, str(found.counterexample)
    assert found.complete and {"a warm pool is reused", "a stop meets a warm pool"} <= set(found.witnessed)
    assert found.states > 200


# ---------------------------------------------------------------------- as the service shows it


def service_with_a_pool(name="first", **changes):
    from examples import training_request

    resources = {"InstanceType": M5, "InstanceCount": 2, "VolumeSizeInGB": 30, "KeepAlivePeriodInSeconds": 600}
    sim = simulation()
    service = Service.of(sim)
    service.call("CreateTrainingJob", training_request(name, ResourceConfig=resources, **changes))
    return sim, service, lambda other: training_request(other, ResourceConfig=resources, **changes)


@BOTO
def test_the_service_shows_its_status():
    sim, service, another = service_with_a_pool()

    def shown(name="first"):
        return service.call("DescribeTrainingJob", {"TrainingJobName": name})["WarmPoolStatus"]

    def listed(status):
        answer = service.call("ListTrainingJobs", {"WarmPoolStatusEquals": status})
        return [one["TrainingJobName"] for one in answer["TrainingJobSummaries"]]

    assert shown() == {"Status": "InUse"} and listed("InUse") == ["first"] and listed("Available") == []
    sim.run(until=300)
    assert shown() == {"Status": "Available"} and listed("Available") == ["first"]
    with pytest.raises(ServiceError, match="ResourceInUse"):
        service.call("DeleteTrainingJob", {"TrainingJobName": "first"})
    service.call("CreateTrainingJob", another("second"))
    assert shown() == {"Status": "Reused", "ResourceRetainedBillableTimeInSeconds": 95, "ReusedByJob": "second"}
    service.call("DeleteTrainingJob", {"TrainingJobName": "first"})
    sim.run(until=500)
    update = {"TrainingJobName": "second", "ResourceConfig": {"KeepAlivePeriodInSeconds": 0}}
    service.call("UpdateTrainingJob", update)
    assert shown("second") == {"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 75}
    with pytest.raises(ServiceError, match="no warm pool"):
        service.call("UpdateTrainingJob", update)
    assert listed("Terminated") == ["second"] and sim.capacity.reserved == {}


@BOTO
def test_a_real_client_understands_it():
    sim, _, _ = service_with_a_pool()
    sim.run(until=300)
    client = hptsim.boto.client(sim)
    assert client.describe_training_job(TrainingJobName="first")["WarmPoolStatus"] == {"Status": "Available"}
    client.stop_training_job(TrainingJobName="first")
    assert client.describe_training_job(TrainingJobName="first")["WarmPoolStatus"]["Status"] == "Terminated"


def test_managed_spot_leaves_none_behind():
    sim = simulation()
    sim.create_training_job("first", TrainingJobDefinition(keep_alive_s=600, spot=True))
    assert sim.training_job("first").warm_pool == ""
    sim.run(until=300)
    assert sim.training_job("first").status == "Completed" and sim.capacity.reserved == {}


def test_a_type_that_is_not_named_may_have_as_many_in_warm_pools_as_the_others():
    sim = simulation(warm_pool_capacity={P3: 9, "*": 1}, total_instances=9)
    sim.create_training_job("first", KEEP)  # two, and one may be kept
    assert sim.training_job("first").warm_pool == ""
    sim = simulation(warm_pool_capacity={P3: 0, "*": 2}, total_instances=9)
    sim.create_training_job("first", KEEP)
    assert sim.training_job("first").warm_pool == "InUse"
    sim.create_training_job(
        "second", TrainingJobDefinition(instances=InstanceRequest("ml.c5.xlarge", 2), keep_alive_s=600)
    )
    assert sim.training_job("second").warm_pool == "InUse"  # of each type two, whatever they are together
