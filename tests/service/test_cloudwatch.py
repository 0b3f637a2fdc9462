"""Metrics of training jobs in CloudWatch, in each of the three protocols that its clients speak."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from botocore import parsers
from examples import request, simulation
from test_contract import faults

from hptsim.errors import ServiceError
from hptsim.scenario.cloud import Script
from hptsim.scenario.learning_curves import PowerLaw
from hptsim.service.call import Call
from hptsim.service.cbor import written
from hptsim.service.cloudwatch import NAMESPACE, CloudWatch, is_the_twins
from hptsim.service.http import Wire
from hptsim.service.service import Service
from hptsim.service.validation import model

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def sim():
    sim = simulation(script=Script(log_epochs=True, epochs=4, epoch_s=25.0, curve=PowerLaw(1, 0, 1)))
    static = {"StaticHyperParameters": {"epochs": "4"}}
    Service.of(sim).call("CreateHyperParameterTuningJob", request("demo", 2, 1, definition_changes=static))
    sim.run()
    return sim


def asked(sim, **changes):
    return {
        "Namespace": NAMESPACE,
        "MetricName": "loss",
        "Dimensions": [{"Name": "TrainingJobName", "Value": sim.tuning_job("demo").training_jobs[0]}],
        "StartTime": EPOCH.timestamp(),
        "EndTime": (EPOCH + timedelta(hours=1)).timestamp(),
        "Period": 60,
        "Statistics": ["Average", "SampleCount", "Sum", "Minimum", "Maximum"],
        **changes,
    }


EXPECTED = {0: (1.0, 1), 60: ((0.5 + 1 / 3) / 2, 2), 120: (0.25, 2)}
"""Epochs end at 45, 70, 95 and 120 s; the last value is printed once more at the end."""


def conforming(operation, answer):
    assert faults(model("cloudwatch").operation_model(operation).output_shape, answer) == []
    return answer


def test_statistics_are_by_period(sim):
    watch = CloudWatch(Service.of(sim))
    answer = conforming("GetMetricStatistics", watch.call("GetMetricStatistics", asked(sim)))
    began = EPOCH.timestamp()
    shown = {one["Timestamp"] - began: (one["Average"], one["SampleCount"]) for one in answer["Datapoints"]}
    assert shown == {second: (pytest.approx(mean), count) for second, (mean, count) in EXPECTED.items()}
    middle = answer["Datapoints"][1]
    assert (middle["Minimum"], middle["Maximum"]) == (pytest.approx(1 / 3), 0.5)
    for nothing in (
        asked(sim, MetricName="other"),
        asked(sim, Dimensions=[]),
        asked(sim, Dimensions=[{"Name": "Host", "Value": "x"}]),
        asked(sim, Unit="Percent"),
        asked(sim, StartTime=began + 180),
        asked(sim, StartTime=began - 60, EndTime=began + 45),  # the end is not in it
    ):
        assert watch.call("GetMetricStatistics", nothing)["Datapoints"] == []


def test_data_and_the_list_of_metrics(sim):
    watch = CloudWatch(Service.of(sim))
    given = asked(sim)
    metric = {name: given[name] for name in ("Namespace", "MetricName", "Dimensions")}
    query = {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}
    span = {"StartTime": given["StartTime"], "EndTime": given["EndTime"]}
    for scan, turn in (({"ScanBy": "TimestampAscending"}, 1), ({}, -1)):
        answer = conforming(
            "GetMetricData", watch.call("GetMetricData", {"MetricDataQueries": [query], **span, **scan})
        )
        (result,) = answer["MetricDataResults"]
        assert result["Values"] == pytest.approx([mean for mean, _ in EXPECTED.values()][::turn])
        assert [one - EPOCH.timestamp() for one in result["Timestamps"]] == list(EXPECTED)[::turn]
    listed = conforming("ListMetrics", watch.call("ListMetrics", {"Namespace": NAMESPACE}))["Metrics"]
    assert len(listed) == 4  # of two training jobs the loss, and the ObjectiveMetric that the service adds
    only = {"Namespace": NAMESPACE, "MetricName": "loss", "Dimensions": given["Dimensions"]}
    assert watch.call("ListMetrics", only)["Metrics"] == [metric]


def test_what_is_wrong_or_not_modelled_is_said(sim):
    watch = CloudWatch(Service.of(sim))
    span = {"StartTime": 0, "EndTime": 10}
    for operation, given, code in (
        ("GetMetricStatistics", asked(sim, EndTime=0), "InvalidParameterCombination"),
        ("GetMetricStatistics", asked(sim, Period=7), "InvalidParameterValue"),
        ("GetMetricStatistics", asked(sim, Period=0), "InvalidParameterValue"),
        ("GetMetricStatistics", asked(sim, Period=1), "InvalidParameterCombination"),  # 3600 points
        ("GetMetricStatistics", asked(sim, Statistics=["Median"]), "InvalidParameterValue"),
        ("GetMetricStatistics", {**asked(sim), "ExtendedStatistics": ["p50"]}, "InvalidParameterCombination"),
        ("GetMetricStatistics", asked(sim, Namespace="AWS/EC2"), "InvalidParameterValue"),
        ("GetMetricData", {"MetricDataQueries": [{"Id": "a", "Expression": "1"}], **span}, "InvalidParameterValue"),
        ("GetMetricData", {"MetricDataQueries": [], "NextToken": "x", **span}, "InvalidNextToken"),
        ("ListMetrics", {"Namespace": NAMESPACE, "NextToken": "x"}, "InvalidParameterValue"),
    ):
        with pytest.raises(ServiceError) as caught:
            watch.call(operation, given)
        assert caught.value.code == code, given


def form(value, prefix=""):
    """A request as the query protocol writes it."""
    if isinstance(value, dict):
        inside = {}
        for name, one in value.items():
            inside |= form(one, f"{prefix}.{name}" if prefix else name)
        return inside
    if isinstance(value, list):
        return {
            name: one for n, inner in enumerate(value, 1) for name, one in form(inner, f"{prefix}.member.{n}").items()
        }
    return {prefix: value}


def sent(sim, protocol, given):
    headers = {
        "json": {"Content-Type": "application/x-amz-json-1.0"},
        "query": {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        "cbor": {"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor"},
    }[protocol]
    instants = {name: datetime.fromtimestamp(given[name], UTC).isoformat() for name in ("StartTime", "EndTime")}
    body = {
        "json": lambda: json.dumps(given).encode(),
        "query": lambda: urlencode({"Action": "GetMetricStatistics", **form({**given, **instants})}).encode(),
        "cbor": lambda: written({**given, "Period": float(given["Period"])}).replace(
            b"fPeriod\xfb" + __import__("struct").pack(">d", given["Period"]), b"fPeriod\x18" + bytes([given["Period"]])
        ),
    }[protocol]()
    call = Call("cloudwatch", "GetMetricStatistics", headers=headers, body=body)
    assert is_the_twins(call)
    return Wire(sim).answer(call)


@pytest.mark.parametrize("protocol", ["json", "query", "cbor"])
def test_each_protocol_gets_its_answer_and_its_error(sim, protocol):
    answered = sent(sim, protocol, asked(sim))
    assert answered.status == 200, answered.body
    parser = parsers.create_parser({"cbor": "smithy-rpc-v2-cbor"}.get(protocol, protocol))
    shape = model("cloudwatch").operation_model("GetMetricStatistics").output_shape
    parsed = parser.parse({"status_code": 200, "headers": dict(answered.headers), "body": answered.body}, shape)
    points = {(one["Timestamp"] - EPOCH).total_seconds(): one["Average"] for one in parsed["Datapoints"]}
    assert points == {second: pytest.approx(mean) for second, (mean, _) in EXPECTED.items()}
    refused = sent(sim, protocol, asked(sim, Period=7))
    assert refused.status == 400
    error = parser.parse({"status_code": 400, "headers": dict(refused.headers), "body": refused.body}, shape)["Error"]
    assert error["Code"] in ("InvalidParameterValue", "InvalidParameterValueException") and "Period" in error["Message"]


def test_bodies_that_cannot_be_read_are_refused(sim):
    for headers in ({"Content-Type": "application/cbor"}, {}, {"Content-Type": "application/x-www-form-urlencoded"}):
        for body in (
            b"\xff" + NAMESPACE.encode(),
            b"[] " + NAMESPACE.encode(),
            b"Period=x&Namespace=" + NAMESPACE.encode(),
        ):
            answered = Wire(sim).answer(Call("cloudwatch", "GetMetricStatistics", headers=headers, body=body))
            assert answered.status == 400 and answered.body
            if not headers:
                assert json.loads(answered.body)["__type"]
            elif "form" in headers["Content-Type"]:
                assert ElementTree.fromstring(answered.body).findtext("Error/Code")
