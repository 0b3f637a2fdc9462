"""The laws of requests without an ordinary answer, each broken on purpose: in the world, and in an edited journal."""

import attrs
import pytest
from doctored import ALONE, TWO, audit, breaks_exactly, find, run
from examples import request

from hptsim import Simulation, TuningJobSpec, explore
from hptsim.audit.auditor import Auditor
from hptsim.audit.calls import HAPPENS_ONCE
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import LawBroken, NoAnswer, ServiceError
from hptsim.model.account import Account
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.payloads import Called
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.service.service import Service
from hptsim.world import commands
from hptsim.world.admission import admit

CREATE, STOP = "CreateHyperParameterTuningJob", "StopHyperParameterTuningJob"
ONE = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("demo")),))
LAW, AGAIN = "a lost response changes nothing twice", "a repeated request changes nothing"


def admits_again(world, spec, first, needs):
    """The slip: nobody looks whether the name is taken."""
    world.names.discard(spec.name.lower())
    admit(world, spec, first, needs)


def stops_again(world, kind):
    """The slip: a stop of what is stopping is written as another stop."""
    world.step += 1
    for name, job in world.tuning.items():
        if kind == "hyperparameter tuning" and job.state == "Stopping":
            world.write((world.now, "tuning", name, "stop", "Stopping", "Stopping", None, world.step))
    for name, job in world.training.items():
        if kind == "training" and job.stopping:
            world.write((world.now, "training", name, "stop", job.state, job.state, None, world.step))


def repeated(operation, name, given):
    """Ask once, lose the response, and ask again."""
    sim = Simulation(cloud=ScriptedCloud(answer_plan={(operation, name): ("lost_response",)}))
    if operation == STOP:
        sim.create_tuning_job(TuningJobSpec(name))
    if operation == "StopTrainingJob":
        sim.create_training_job(name)
    service = Service.of(sim)
    with pytest.raises(NoAnswer):
        service.call(operation, given)
    try:
        service.call(operation, given)
    except ServiceError as error:
        return error.code
    return ""


def refused_and_done():
    records = run(ALONE)
    call = ("call", "a", "timeout", "", "", Called(STOP, True))
    audit([*records, records[-1]._replace(**dict(zip(FIELDS, call, strict=True)))], ALONE)


def stopped_twice():
    records = run(TWO)
    stop = records[find(records, "tuning", "stop")]
    place = find(records, "tuning", "stop") + 1
    lost = stop._replace(**dict(zip(FIELDS, ("call", "a", LOST, "", "", Called(STOP, True)), strict=True)))
    audit([*records[:place], lost, stop._replace(source="Stopping"), *records[place:]])


def stopped_again():
    records = run(TWO)
    place = find(records, "tuning", "stop")
    audit([*records[: place + 1], records[place]._replace(source="Stopping"), *records[place + 1 :]])


FIELDS = ("thing", "name", "trigger", "source", "destination", "data")
LOST = "lost_response"
JOURNALS = {"a refused call changes nothing": refused_and_done, LAW: stopped_twice, AGAIN: stopped_again}
"""A journal that breaks each law."""


@pytest.mark.parametrize("law", JOURNALS)
def test_a_law_is_broken_by_a_journal_that_breaks_exactly_it(law):
    breaks_exactly(law, JOURNALS[law])


CASES = {
    "create": (CREATE, request(), "ResourceInUse", "admit", admits_again),
    "stop": (STOP, {"HyperParameterTuningJobName": "demo"}, "", "_stop_again", stops_again),
    "stop of a training job": ("StopTrainingJob", {"TrainingJobName": "demo"}, "", "_stop_again", stops_again),
}


@pytest.mark.parametrize("case", CASES)
def test_a_repeated_request_changes_nothing_and_the_law_notices_when_it_does(case, monkeypatch):
    operation, given, answer, patched, slip = CASES[case]
    assert repeated(operation, "demo", given) == answer
    monkeypatch.setattr(commands, patched, slip)
    with pytest.raises(LawBroken, match=f"{LAW}: the response to the .* of demo was lost, and it happens again"):
        repeated(operation, "demo", given)


@pytest.mark.parametrize(("patched", "slip"), [("admit", admits_again), ("_stop_again", stops_again)])
def test_the_explorer_finds_the_same_slips(patched, slip, monkeypatch):
    assert explore(ONE, faults={"lost_response": 1}).counterexample is None
    monkeypatch.setattr(commands, patched, slip)
    assert explore(ONE).counterexample is None, "without a lost response nobody asks twice"
    found = explore(ONE, faults={"lost_response": 1}).counterexample
    assert found.law == LAW and "'lost_response', True)" in "".join(found.calls)


def test_nothing_is_created_or_stopped_again_training_jobs_without_a_tuning_job_included():
    sim = Simulation()
    sim.create_training_job("demo")
    sim.stop_training_job("demo")
    sim.run()
    auditor = Auditor(Account())
    for entry in sim.journal:
        auditor.see(entry)
        if entry[1] == "training" and entry[3] in ("create", "stop"):
            with pytest.raises(LawBroken, match=f"{AGAIN}: demo is (created, and there is|stopped, and was stopped)"):
                auditor.clone().see(entry)
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("demo"))
    auditor, first = Auditor(Account()), next(iter(sim.journal))
    auditor.see(first)
    with pytest.raises(LawBroken, match=f"{AGAIN}: demo is created, and there is a job of this name"):
        auditor.see(first)


def test_the_explorer_wants_the_name_to_be_in_use(monkeypatch):
    def forgetful(world, spec, first, needs):
        if spec.name in world.tuning:
            raise ServiceError("ValidationException", "no")
        admit(world, spec, first, needs)

    monkeypatch.setattr(commands, "admit", forgetful)
    found = explore(ONE, faults={"lost_response": 1}).counterexample
    assert found.law == LAW and "answers ValidationException" in found.reason


def test_a_refusal_that_acts_is_noticed(monkeypatch):
    auditor = Auditor(Account())
    auditor.see((0.0, "call", "demo", "timeout", "", "", Called(STOP, False), 1))
    with pytest.raises(
        LawBroken, match=r"a refused call changes nothing: StopHyper.* had the answer timeout and still"
    ):
        auditor.see((0.0, "call", "demo", "timeout", "", "", Called(STOP, True), 2))


def test_a_name_that_was_deleted_may_be_used_again_although_a_response_was_lost():
    sim = Simulation(cloud=ScriptedCloud(answer_plan={(CREATE, "demo"): ("lost_response",)}))
    service, given = Service.of(sim), request()
    with pytest.raises(NoAnswer):
        service.call(CREATE, given)
    sim.run()
    sim.delete_tuning_job("demo")
    service.call(CREATE, given)
    sim.run()
    assert sim.tuning_job("demo").status == "Completed"


def test_an_auditors_copy_forgets_nothing_and_shares_nothing():
    auditor = Auditor(Account(), [HAPPENS_ONCE])
    sim = Simulation()
    sim.create_training_job("demo", TrainingJobDefinition(keep_alive_s=60))
    sim.run()
    for entry in sim.journal:
        auditor.see(entry)
    twin = auditor.clone()
    twin.see((200.0, "call", "demo", "lost_response", "", "", Called("StopTrainingJob", True), 99))
    stop = (200.0, "training", "demo", "stop", "Training", "Stopping", None, 100)
    with pytest.raises(LawBroken, match=LAW):
        twin.see(stop)
    assert auditor.state.training["demo"].lost == frozenset()
    assert attrs.evolve(HAPPENS_ONCE).check(auditor.state, stop) is None
