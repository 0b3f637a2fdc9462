"""Service Quotas over the twin's own limits: instances by type, warm pools, and the limits of tuning jobs (§8).

A request for an increase is taken and stays PENDING: nobody decides it here, and no quota changes (`quota-requests`). The
codes of quotas are made of their names: the service's own are not published as a list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from hptsim.errors import ServiceError
from hptsim.model.account import OTHERS
from hptsim.service.pagination import ListRequest
from hptsim.service.responses import Address
from hptsim.service.service import Service, not_modelled
from hptsim.service.validation import check, model, without_none

Request = Mapping[str, Any]
Answer = dict[str, Any]
CODE, NAME = "sagemaker", "Amazon SageMaker"
PAGE = 100


def code(name: str) -> str:
    """The code of a quota; ours, made of its name.

    >>> code("ml.m5.xlarge for training job usage")
    'L-9E9714A3'
    """
    return f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"


class ServiceQuotas:
    """The quotas of one simulation's account.

    >>> from hptsim import Simulation
    >>> quotas = ServiceQuotas(Service.of(Simulation(capacity={"ml.m5.xlarge": 4})))
    >>> quotas.values()["ml.m5.xlarge for training job usage"]
    4
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._asked = service.quota_requests

    def values(self) -> dict[str, int]:
        """Every quota by name; what is not limited has none."""
        scenario = self._service.sim.scenario
        limits = scenario.limits
        found = _by_type(scenario.capacity, "training job usage") | _by_type(
            scenario.warm_pool_capacity, "training warm pool usage"
        )
        own = {
            "Number of concurrent hyperparameter tuning jobs": limits.tuning_jobs,
            "Maximum number of parallel training jobs per hyperparameter tuning job": limits.parallel,
            "Maximum number of training jobs per hyperparameter tuning job": limits.training_jobs,
        }
        return found | {name: value for name, value in own.items() if value is not None}

    def call(self, operation: str, request: Request, *, region: str = "us-east-1") -> Answer:
        """Answer one request; raises ServiceError with the codes of Service Quotas."""
        with self._service.lock:
            answer = _OPERATIONS.get(operation)
            if answer is None:
                raise not_modelled("service-quotas", operation, _OPERATIONS)
            given = without_none(request)
            try:
                check("service-quotas", operation, given)
            except ServiceError as error:
                raise ServiceError("IllegalArgumentException", error.message) from None
            if given.get("ServiceCode", CODE) != CODE:
                text = f"ServiceCode: got {given['ServiceCode']!r:.80}, expected {CODE!r}: the twin has no other quotas"
                raise ServiceError("NoSuchResourceException", text)
            return answer(self, given, region)

    def _quota(self, name: str, value: int, region: str) -> Answer:
        return {
            "ServiceCode": CODE,
            "ServiceName": NAME,
            "QuotaArn": f"arn:aws:servicequotas:{region}:{Address().number}:{CODE}/{code(name)}",
            "QuotaCode": code(name),
            "QuotaName": name,
            "Value": float(value),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

    def _known(self, request: Request, region: str) -> Answer:
        """The quota that a request names; raises ServiceError (NoSuchResourceException)."""
        for name, value in self.values().items():
            if code(name) == request["QuotaCode"]:
                return self._quota(name, value, region)
        text = f"The request failed because the specified service quota {request['QuotaCode']} does not exist."
        raise ServiceError("NoSuchResourceException", text)

    def _get(self, request: Answer, region: str) -> Answer:
        return {"Quota": self._known(request, region)}

    def _list(self, request: Answer, region: str) -> Answer:
        shown = [self._quota(name, value, region) for name, value in sorted(self.values().items())]
        if "QuotaCode" in request:
            shown = [one for one in shown if one["QuotaCode"] == request["QuotaCode"]]
        return self._page("Quotas", shown, request)

    def _services(self, request: Answer, region: str) -> Answer:
        return self._page("Services", [{"ServiceCode": CODE, "ServiceName": NAME}], request)

    def _ask(self, request: Answer, region: str) -> Answer:
        quota = self._known(request, region)
        if request["DesiredValue"] <= quota["Value"]:
            text = f"You must provide a quota value greater than the current quota value: {quota['Value']}"
            raise ServiceError("IllegalArgumentException", text)
        pending = [one for one in self._history() if one["QuotaCode"] == quota["QuotaCode"]]
        if pending:
            text = "Only one open service quota increase request is allowed per quota."
            raise ServiceError("ResourceAlreadyExistsException", text)
        now_s = self._service.epoch_s + self._service.sim.now
        kept = ("ServiceCode", "ServiceName", "QuotaCode", "QuotaName", "QuotaArn", "GlobalQuota", "Unit")
        asked = {name: quota[name] for name in kept}
        asked |= {"Id": f"{len(self._asked) + 1:032x}", "DesiredValue": float(request["DesiredValue"])}
        asked |= {"Status": "PENDING", "Created": now_s, "LastUpdated": now_s, "QuotaRequestedAtLevel": "ACCOUNT"}
        self._asked.append(asked)
        return {"RequestedQuota": asked}

    def _history(self) -> list[Answer]:
        """The requests so far; those from after a snapshot that was restored are gone."""
        now_s = self._service.epoch_s + self._service.sim.now
        self._asked[:] = [one for one in self._asked if one["Created"] <= now_s]
        return self._asked

    def _asked_for(self, request: Answer, region: str) -> Answer:
        shown = [
            one
            for one in self._history()
            if request.get("QuotaCode", one["QuotaCode"]) == one["QuotaCode"]
            and request.get("Status", one["Status"]) == one["Status"]
        ]
        return self._page("RequestedQuotas", shown, request)

    def _one_request(self, request: Answer, region: str) -> Answer:
        for one in self._history():
            if one["Id"] == request["RequestId"]:
                return {"RequestedQuota": one}
        text = f"The request failed because the specified quota request {request['RequestId']:.128} does not exist."
        raise ServiceError("NoSuchResourceException", text)

    def _page(self, member: str, shown: list[Answer], request: Request) -> Answer:
        size, list_request = request.get("MaxResults", PAGE), ListRequest.of(member, request)
        tokens, now_s = self._service.tokens, self._service.sim.now
        try:
            some, more = tokens.counted(shown, size, list_request, request.get("NextToken"), now_s)
        except ServiceError as error:
            raise ServiceError("InvalidPaginationTokenException", error.message) from None
        return {member: some, **more}


def _by_type(counts: Mapping[str, int], usage: str) -> dict[str, int]:
    """The quotas of instance types: of every type that the service's model knows where a count is said for all others."""
    kinds = {kind: count for kind, count in counts.items() if kind != OTHERS}
    if OTHERS in counts:
        known = model("sagemaker").shape_for("TrainingInstanceType").enum
        kinds = {**dict.fromkeys(known, counts[OTHERS]), **kinds}
    return {f"{kind} for {usage}": count for kind, count in kinds.items()}


_OPERATIONS: Mapping[str, Callable[[ServiceQuotas, Answer, str], Answer]] = {
    "ListServiceQuotas": ServiceQuotas._list,
    "ListAWSDefaultServiceQuotas": ServiceQuotas._list,
    "GetServiceQuota": ServiceQuotas._get,
    "GetAWSDefaultServiceQuota": ServiceQuotas._get,
    "ListServices": ServiceQuotas._services,
    "RequestServiceQuotaIncrease": ServiceQuotas._ask,
    "ListRequestedServiceQuotaChangeHistory": ServiceQuotas._asked_for,
    "ListRequestedServiceQuotaChangeHistoryByQuota": ServiceQuotas._asked_for,
    "GetRequestedServiceQuotaChange": ServiceQuotas._one_request,
}
OPERATIONS = tuple(_OPERATIONS)
"""The operations that are modelled."""
