"""CloudWatch and Service Quotas against botocore's models: no request, valid or broken, gets anything but a conforming answer
or an error that is said."""

import json

import pytest
from examples import request, simulation
from hypothesis import HealthCheck, given, settings
from test_contract import broken, faults, values

from hptsim.service import cloudwatch, service_quotas
from hptsim.service.call import Call
from hptsim.service.cloudwatch import NAMESPACE
from hptsim.service.http import Wire
from hptsim.service.service import Service
from hptsim.service.validation import model

ALL = [("cloudwatch", one) for one in cloudwatch.OPERATIONS]
ALL += [("service-quotas", one) for one in service_quotas.OPERATIONS]


@pytest.mark.long
@pytest.mark.parametrize(("service", "operation"), ALL)
def test_whatever_is_asked_the_answer_conforms_or_is_an_error(service, operation):
    sim = simulation(capacity={"ml.m5.xlarge": 4})
    Service.of(sim).call("CreateHyperParameterTuningJob", request())
    sim.run()
    wire, shapes = Wire(sim), model(service).operation_model(operation)
    valid = values(shapes.input_shape)
    seen, watch = set(), cloudwatch.CloudWatch(Service.of(sim))

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(valid | broken(valid))
    def ask(body):
        if isinstance(body, dict) and "Namespace" in body:
            body = {**body, "Namespace": NAMESPACE}
        call = Call(service, operation, body=json.dumps(body).encode())
        answered = watch.answer(call) if service == "cloudwatch" else wire.answer(call)
        seen.add(answered.status)
        if answered.status == 200:
            assert faults(shapes.output_shape, json.loads(answered.body)) == []
        else:
            said = json.loads(answered.body)
            assert answered.status == 400 and said["__type"] and (said.get("message") or said.get("Message"))

    ask()
    assert 400 in seen
