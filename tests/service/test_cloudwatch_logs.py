"""Log streams through a real CloudWatch Logs client, before, during and after a stop."""

import pytest
from botocore.exceptions import ClientError
from examples import request, simulation

from hptsim import boto
from hptsim.errors import ServiceError
from hptsim.service.cloudwatch_logs import pattern
from hptsim.service.service import Service

GROUP = "/aws/sagemaker/TrainingJobs"
EPOCH_MS = 1704067200_000


def ran(until=None, **changes):
    sim = simulation()
    Service.of(sim).call("CreateHyperParameterTuningJob", request(**changes))
    sim.run(until=until)
    return sim, boto.client(sim, "logs")


def streams(logs, **listing):
    return [one["logStreamName"] for one in logs.describe_log_streams(logGroupName=GROUP, **listing)["logStreams"]]


def test_nothing_is_there_before_a_container_writes():
    _, logs = ran(until=19)
    assert logs.describe_log_groups()["logGroups"] == []
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="log group does not exist"):
        logs.describe_log_streams(logGroupName=GROUP)


def test_what_was_logged_stays_through_a_stop_and_beyond():
    sim, logs = ran(until=60)
    during = logs.filter_log_events(logGroupName=GROUP)["events"]
    assert [(one["timestamp"], one["message"]) for one in during] == [(EPOCH_MS + 20_000, "Training started.")] * 2
    Service.of(sim).call("StopHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})
    assert logs.filter_log_events(logGroupName=GROUP)["events"] == during
    sim.run()
    after = logs.filter_log_events(logGroupName=GROUP)["events"]
    assert after[:2] == during and len(after) == 4
    assert sorted(streams(logs)) == sorted(f"{name}/algo-1" for name in sim.tuning_job("demo").training_jobs)


def test_groups_by_prefix_and_pattern():
    _, logs = ran()
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["logGroupName"] == GROUP and group["creationTime"] == EPOCH_MS + 20_000
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker")["logGroups"] == [group]
    assert logs.describe_log_groups(logGroupNamePattern="trainingjobs")["logGroups"] == [group]
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/lambda")["logGroups"] == []
    by_arn = logs.describe_log_streams(logGroupIdentifier=group["logGroupArn"])
    assert len(by_arn["logStreams"]) == 3
    names = [
        one["logGroupName"]
        for page in logs.get_paginator("describe_log_groups").paginate()
        for one in page["logGroups"]
    ]
    assert names == [GROUP]


def test_streams_in_order_and_in_pages():
    sim, logs = ran(total=7)
    names = sorted(f"{name}/algo-1" for name in sim.tuning_job("demo").training_jobs)
    assert streams(logs) == names and streams(logs, descending=True) == names[::-1]
    assert streams(logs, logStreamNamePrefix="demo-003") == names[2:3]
    assert streams(logs, logStreamNamePrefix="demo-003", descending=True) == names[2:3]
    assert streams(logs, logStreamNamePrefix="other") == []
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=GROUP, orderBy="LastEventTime", descending=True, PaginationConfig={"PageSize": 3}
    )
    found = [[one["lastEventTimestamp"] for one in page["logStreams"]] for page in pages]
    assert [len(page) for page in found] == [3, 3, 1]
    times = [time for page in found for time in page]
    assert times == sorted(times, reverse=True)
    with pytest.raises(logs.exceptions.InvalidParameterException, match="Cannot order by LastEventTime"):
        streams(logs, orderBy="LastEventTime", logStreamNamePrefix="demo")


def test_events_forward_and_backward_until_a_token_leads_to_itself():
    sim, logs = ran(until=60, total=1, parallel=1)
    where = {"logGroupName": GROUP, "logStreamName": f"{sim.tuning_job('demo').live[0]}/algo-1"}
    first = logs.get_log_events(**where, startFromHead=True, limit=1)
    assert [one["message"] for one in first["events"]] == ["Training started."]
    end = logs.get_log_events(**where, nextToken=first["nextForwardToken"])
    assert end["events"] == [] and end["nextForwardToken"] == first["nextForwardToken"]
    sim.run()
    more = logs.get_log_events(**where, nextToken=first["nextForwardToken"])
    assert [one["message"] for one in more["events"]] == ["loss=" + more["events"][0]["message"].removeprefix("loss=")]
    again = logs.get_log_events(**where, nextToken=more["nextForwardToken"])
    assert again["events"] == [] and again["nextForwardToken"] == more["nextForwardToken"]
    back = logs.get_log_events(**where, nextToken=more["nextBackwardToken"], limit=5)
    assert back["events"] == first["events"]
    latest = logs.get_log_events(**where, limit=1)
    assert latest["events"] == more["events"]
    window = {"startTime": EPOCH_MS + 20_000, "endTime": EPOCH_MS + 120_000}
    for head in (True, False):
        assert logs.get_log_events(**where, **window, startFromHead=head)["events"] == first["events"]
    assert logs.get_log_events(**where, startTime=EPOCH_MS + 20_001)["events"] == more["events"]


def test_events_of_many_streams_filtered_and_paged():
    _, logs = ran(total=6, parallel=3)
    pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, PaginationConfig={"PageSize": 5}))
    assert [len(page["events"]) for page in pages] == [5, 5, 2]
    times = [one["timestamp"] for page in pages for one in page["events"]]
    assert times == sorted(times)
    assert len({one["eventId"] for page in pages for one in page["events"]}) == 12
    metrics = logs.filter_log_events(logGroupName=GROUP, filterPattern="loss")["events"]
    assert len(metrics) == 6 and all(one["message"].startswith("loss=") for one in metrics)
    name = streams(logs)[1]
    for chosen in ({"logStreamNames": [name]}, {"logStreamNamePrefix": name[:8]}):
        events = logs.filter_log_events(logGroupName=GROUP, **chosen)["events"]
        assert [one["logStreamName"] for one in events] == [name, name]
    late = logs.filter_log_events(logGroupName=GROUP, startTime=EPOCH_MS + 120_000, endTime=EPOCH_MS + 121_000)
    assert len(late["events"]) == 3


def test_refusals_have_the_codes_of_the_log_service(without_moto):
    _, logs = ran()
    refused = logs.exceptions
    with pytest.raises(refused.ResourceNotFoundException, match="log stream"):
        logs.get_log_events(logGroupName=GROUP, logStreamName="nothing")
    with pytest.raises(refused.ResourceNotFoundException, match="log group"):
        logs.filter_log_events(logGroupName="/aws/lambda/x")
    with pytest.raises(refused.InvalidParameterException):
        logs.filter_log_events(logGroupName=GROUP, logStreamNames=["a"], logStreamNamePrefix="a")
    with pytest.raises(refused.InvalidParameterException, match="less than or equal to 50"):
        logs.describe_log_streams(logGroupName=GROUP, limit=51)
    with pytest.raises(refused.InvalidParameterException):
        logs.describe_log_streams()
    stream = streams(logs)[0]
    token = logs.get_log_events(logGroupName=GROUP, logStreamName=stream)["nextForwardToken"]
    for made_up in ("x", "f/x", token[2:], "g" + token[1:]):
        with pytest.raises(refused.InvalidParameterException):
            logs.get_log_events(logGroupName=GROUP, logStreamName=stream, nextToken=made_up)
    with pytest.raises(refused.InvalidParameterException):
        logs.get_log_events(logGroupName=GROUP, logStreamName=streams(logs)[1], nextToken=token)
    with pytest.raises(ClientError, match="does not model logs PutLogEvents"):
        logs.put_log_events(logGroupName=GROUP, logStreamName="a", logEvents=[{"timestamp": 1, "message": "m"}])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["error in epoch 3", "loss=0.5", "ok"]),
        ("error", ["error in epoch 3"]),
        ("epoch error", ["error in epoch 3"]),
        ('"epoch error"', []),
        ('"in epoch"', ["error in epoch 3"]),
        ("?loss ?ok", ["loss=0.5", "ok"]),
        ("-error", ["loss=0.5", "ok"]),
        ("-error -ok", ["loss=0.5"]),
    ],
)
def test_filter_patterns(text, found):
    assert list(filter(pattern(text), ["error in epoch 3", "loss=0.5", "ok"])) == found


@pytest.mark.parametrize("text", ["{ $.level = 1 }", "[a, b]", "%x%"])
def test_patterns_that_are_not_modelled_are_refused(text):
    with pytest.raises(ServiceError, match="does not model"):
        pattern(text)
