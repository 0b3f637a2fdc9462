import pytest
from botocore.exceptions import ClientError
from test_contract import conforming

from hptsim import Scenario, Simulation, boto
from hptsim.errors import ServiceError
from hptsim.service.service import Service
from hptsim.service.service_quotas import ServiceQuotas, code

M5 = "ml.m5.xlarge for training job usage"


def quotas(**changes):
    return ServiceQuotas(Service.of(Simulation(Scenario(**changes))))


def test_the_quotas_are_the_twins_limits():
    service = quotas(capacity={"ml.m5.xlarge": 20, "*": 4}, warm_pool_capacity={"ml.m5.xlarge": 2})
    pages, more = [], {}
    while True:
        answer = service.call("ListServiceQuotas", {"ServiceCode": "sagemaker", "MaxResults": 50, **more})
        conforming("service-quotas", "ListServiceQuotas", answer)
        pages += answer["Quotas"]
        if "NextToken" not in answer:
            break
        more = {"NextToken": answer["NextToken"]}
    found = {one["QuotaName"]: one["Value"] for one in pages}
    assert found[M5] == 20 and found["ml.g5.xlarge for training job usage"] == 4
    assert found["ml.m5.xlarge for training warm pool usage"] == 2
    assert found["Number of concurrent hyperparameter tuning jobs"] == 100
    assert len({one["QuotaCode"] for one in pages}) == len(pages) > 50
    got = service.call("GetServiceQuota", {"ServiceCode": "sagemaker", "QuotaCode": code(M5)})["Quota"]
    assert (got["QuotaName"], got["Value"]) == (M5, 20)


def test_what_is_not_limited_has_no_quota():
    assert quotas(limits={"tuning_jobs": None, "parallel": None, "training_jobs": None}).values() == {}
    with pytest.raises(ServiceError) as caught:
        quotas().call("GetServiceQuota", {"ServiceCode": "sagemaker", "QuotaCode": code(M5)})
    assert caught.value.code == "NoSuchResourceException"


def test_a_request_for_more_is_kept_and_changes_nothing():
    sim = Simulation(capacity={"ml.m5.xlarge": 2})
    client = boto.client(sim, "service-quotas")
    named = {"ServiceCode": "sagemaker", "QuotaCode": code(M5)}
    sim.run(until=10)
    saved = sim.snapshot()
    sim.run(until=60)
    asked = client.request_service_quota_increase(**named, DesiredValue=5)["RequestedQuota"]
    assert (asked["Status"], asked["DesiredValue"], asked["Created"].timestamp()) == ("PENDING", 5.0, 1704067260)
    assert client.get_service_quota(**named)["Quota"]["Value"] == 2
    assert client.get_requested_service_quota_change(RequestId=asked["Id"])["RequestedQuota"] == asked
    history = client.list_requested_service_quota_change_history_by_quota(**named)["RequestedQuotas"]
    assert history == client.list_requested_service_quota_change_history()["RequestedQuotas"] == [asked]
    assert client.list_requested_service_quota_change_history(Status="APPROVED")["RequestedQuotas"] == []
    with pytest.raises(client.exceptions.ResourceAlreadyExistsException):
        client.request_service_quota_increase(**named, DesiredValue=6)
    sim.restore(saved)
    with pytest.raises(client.exceptions.NoSuchResourceException):
        client.get_requested_service_quota_change(RequestId=asked["Id"])
    with pytest.raises(client.exceptions.IllegalArgumentException):
        client.request_service_quota_increase(**named, DesiredValue=2)


def test_other_services_and_operations_are_named():
    client = boto.client(Simulation(), "service-quotas")
    assert [one["ServiceCode"] for one in client.list_services()["Services"]] == ["sagemaker"]
    with pytest.raises(client.exceptions.NoSuchResourceException, match="no other quotas"):
        client.list_service_quotas(ServiceCode="ec2")
    with pytest.raises(ClientError, match="hptsim does not model service-quotas AssociateServiceQuotaTemplate"):
        client.associate_service_quota_template()
