import pytest
from examples import request, simulation, training_request
from test_contract import conforming

from hptsim import boto
from hptsim.errors import ServiceError
from hptsim.service.search import ordered, value, wanted
from hptsim.service.service import Service


@pytest.fixture
def service():
    sim = simulation()
    service = Service.of(sim)
    service.call("CreateHyperParameterTuningJob", request("demo", 12, 2, Tags=[{"Key": "team", "Value": "a"}]))
    service.call("CreateTrainingJob", training_request())
    sim.run(until=300)
    return service


def search(service, *filters, resource="TrainingJob", operator="And", **more):
    named = [dict(zip(("Name", "Operator", "Value"), one, strict=False)) for one in filters]
    expression = {"SearchExpression": {"Filters": named, "Operator": operator}} if named else {}
    answer = service.call("Search", {"Resource": resource, **expression, **more})
    conforming("sagemaker", "Search", answer)
    return [one[resource][f"{resource}Name"] for one in answer["Results"]], answer


def test_search_finds_by_every_kind_of_property(service):
    everything = {"MaxResults": 100}
    children = service.sim.tuning_job("demo").training_jobs
    names, answer = search(service, **everything)
    assert sorted(names) == sorted([*children, "alone"]) and answer["TotalHits"]["Value"] == len(names)
    done = [name for name in (*children, "alone") if service.sim.training_job(name).status == "Completed"]
    assert sorted(search(service, ("TrainingJobStatus", "Equals", "Completed"), **everything)[0]) == sorted(done)
    arn = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/demo"
    assert sorted(search(service, ("TuningJobArn", "Equals", arn), **everything)[0]) == sorted(children)
    assert search(service, ("TuningJobArn", "NotExists"), **everything)[0] == ["alone"]
    assert sorted(search(service, ("Tags.team", "Equals", "a"), **everything)[0]) == sorted(children)
    assert search(service, ("TrainingJobName", "Contains", "lon"), **everything)[0] == ["alone"]
    assert search(service, ("TrainingJobName", "In", "alone,else"), **everything)[0] == ["alone"]
    assert search(service, ("ResourceConfig.InstanceCount", "Equals", "1"), **everything)[1]["TotalHits"][
        "Value"
    ] == len(names)
    objectives = {name: service.sim.training_job(name).objective for name in done}
    middle = sorted(objectives.values())[1]
    found = search(
        service, ("Metrics.loss", "LessThanOrEqualTo", str(middle + 1e-6)), SortBy="Metrics.loss", **everything
    )[0]
    assert sorted(found) == sorted(name for name in done if objectives[name] <= middle + 1e-6)
    either = [("TrainingJobName", "Equals", "alone"), ("TrainingJobStatus", "Equals", "InProgress")]
    live = {name for name in (*children, "alone") if service.sim.training_job(name).status == "InProgress"}
    assert set(search(service, *either, operator="Or", **everything)[0]) == {"alone", *live}
    assert search(service, ("HyperParameters.epochs", "NotEquals", "10"), **everything)[0] == []
    since = ("CreationTime", "GreaterThan", "2024-01-01T00:01:00Z")
    late = search(service, since, **everything)[0]
    assert late and all(service.sim.training_job(name).created_s > 60 for name in late)


def test_search_finds_tuning_jobs_by_what_describe_shows(service):
    names, answer = search(
        service, ("TrainingJobStatusCounters.InProgress", "GreaterThan", "0"), resource="HyperParameterTuningJob"
    )
    assert names == ["demo"]
    shown = answer["Results"][0]["HyperParameterTuningJob"]
    described = service.call("DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})
    assert {name: shown[name] for name in described} == described


def test_search_goes_page_by_page_in_the_order_asked_for(service):
    whole = search(service, MaxResults=100, SortBy="TrainingJobName", SortOrder="Ascending")[0]
    assert whole == sorted(whole)
    paged, more = [], {}
    while True:
        names, answer = search(service, MaxResults=2, SortBy="TrainingJobName", SortOrder="Ascending", **more)
        paged += names
        if "NextToken" not in answer:
            break
        more = {"NextToken": answer["NextToken"]}
    assert paged == whole
    with pytest.raises(ServiceError, match="NextToken"):
        service.call("Search", {"Resource": "TrainingJob", "NextToken": answer.get("NextToken", "x")})


def test_what_cannot_be_searched_is_said(service):
    for given, text in (
        ({"Resource": "Endpoint"}, "expected one that hptsim can search"),
        ({"Resource": "Unheard"}, "enum value set"),
        ({"Resource": "TrainingJob", "SearchExpression": {"Filters": [{"Name": "TrainingJobName"}]}}, "needs a Value"),
        (
            {"Resource": "TrainingJob", "SearchExpression": {"Filters": [
                {"Name": "TrainingJobName", "Operator": "LessThan", "Value": "5"}]}},
            "compares numbers and times",
        ),
    ):  # fmt: skip
        with pytest.raises(ServiceError, match=text) as caught:
            service.call("Search", given)
        assert caught.value.code == "ValidationException"


def test_one_element_satisfies_all_nested_filters():
    record = {"Channels": [{"Name": "a", "Size": 1}, {"Name": "b", "Size": 2}]}

    def nested(name, size):
        filters = [{"Name": "Channels.Name", "Value": name}, {"Name": "Channels.Size", "Value": size}]
        return wanted({"NestedFilters": [{"NestedPropertyName": "Channels", "Filters": filters}]}, record)

    assert nested("a", "1") and nested("b", "2") and not nested("a", "2")
    assert value({"HyperParameters": {"a.b": "1"}}, "HyperParameters.a.b") == "1"
    assert [one.get("x") for one in ordered([{"x": 2}, {}, {"x": 10}], "x", True)] == [10, 2, None]


def test_a_client_searches(service):
    client = boto.client(service.sim)
    pages = client.get_paginator("search").paginate(Resource="TrainingJob", PaginationConfig={"PageSize": 3})
    assert sum(len(page["Results"]) for page in pages) == len(service.sim.training_jobs)
