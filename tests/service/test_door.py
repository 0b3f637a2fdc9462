"""Which requests get through: token buckets, what the cloud decides, and what of it the journal tells."""

import attrs
import pytest
from examples import request, simulation

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import InvalidInput, LawBroken, NoAnswer, ServiceError
from hptsim.model.calls import ANSWERS
from hptsim.model.journal import Journal, read
from hptsim.model.payloads import Called
from hptsim.service.service import Service

CREATE, STOP, DESCRIBE = (f"{verb}HyperParameterTuningJob" for verb in ("Create", "Stop", "Describe"))
DEMO = {"HyperParameterTuningJobName": "demo"}


def outcome(service, operation, given):
    try:
        service.call(operation, given)
    except (ServiceError, NoAnswer) as error:
        return error.code if isinstance(error, ServiceError) else "no answer"
    return ""


def calls(sim):
    return [(one.name, one.trigger, one.data) for one in sim.journal if one.thing == "call"]


def scripted(*answers, operation=STOP, **more):
    sim = Simulation(cloud=ScriptedCloud(answer_plan={(operation, "demo"): answers}), **more)
    if operation != CREATE:
        sim.create_tuning_job(TuningJobSpec("demo"))
    return sim, Service.of(sim)


def test_an_operation_has_a_burst_and_then_its_rate():
    sim = Simulation(Scenario(request_rates={"ListTrainingJobs": {"per_s": 2, "burst": 3}}))
    service, seen = Service.of(sim), []
    for now_s in (0, 0, 0, 0, 0.4, 0.5, 0.9, 1.0, 100, 100, 100, 100):
        sim.run(until=now_s)
        seen.append(outcome(service, "ListTrainingJobs", {}) == "")
    assert seen == [True, True, True, False, False, True, False, True, True, True, True, False]
    assert [one for _, one, _ in calls(sim)] == ["ThrottlingException"] * 4
    assert {outcome(service, "ListHyperParameterTuningJobs", {}) for _ in range(50)} == {""}, "it has no rate here"


def test_each_operation_has_a_bucket_of_its_own_under_a_common_rate():
    service = Service.of(Simulation(Scenario(request_rates={"*": 1})))
    listed = [outcome(service, "ListTrainingJobs", {}), outcome(service, "ListHyperParameterTuningJobs", {})]
    assert listed == ["", ""] and outcome(service, "ListTrainingJobs", {}) == "ThrottlingException"


def test_a_throttled_request_is_not_even_read():
    service = Service.of(Simulation(Scenario(request_rates={DESCRIBE: 1})))
    assert outcome(service, DESCRIBE, {"wrong": 1}) == "ValidationException"
    assert outcome(service, DESCRIBE, {"wrong": 1}) == "ThrottlingException"


def test_a_bucket_is_full_again_when_the_simulation_goes_back():
    sim = Simulation(Scenario(request_rates={"ListTrainingJobs": 1}))
    service, saved = Service.of(sim), sim.snapshot()
    sim.run(until=10)
    assert [outcome(service, "ListTrainingJobs", {}) for _ in range(2)] == ["", "ThrottlingException"]
    sim.restore(saved)
    assert [outcome(service, "ListTrainingJobs", {}) for _ in range(2)] == ["", "ThrottlingException"]


@pytest.mark.parametrize("answer", [one for one in ANSWERS if one != "lost_response"])
def test_what_is_refused_or_does_not_arrive_changes_nothing(answer):
    sim, service = scripted(answer)
    before = list(sim.journal)
    assert outcome(service, STOP, DEMO) == ("no answer" if answer == "timeout" else answer)
    assert sim.tuning_job("demo").status == "InProgress"
    assert list(sim.journal)[: len(before)] == before and calls(sim) == [("demo", answer, Called(STOP, False))]
    assert outcome(service, STOP, DEMO) == "" and sim.tuning_job("demo").status == "Stopping"


def test_a_lost_response_is_one_to_a_request_that_was_carried_out():
    sim, service = scripted("lost_response", operation=CREATE)
    assert outcome(service, CREATE, request()) == "no answer"
    assert outcome(service, CREATE, request()) == "ResourceInUse"
    sim.run()
    assert sim.tuning_jobs == ["demo"] and sim.tuning_job("demo").status == "Completed"
    assert calls(sim) == [("demo", "lost_response", Called(CREATE, True))]


def test_a_lost_refusal_changes_nothing():
    sim, service = scripted("lost_response", operation=CREATE)
    assert outcome(service, CREATE, {**DEMO}) == "no answer"
    assert sim.tuning_jobs == [] and calls(sim) == [("demo", "lost_response", Called(CREATE, False))]
    assert outcome(service, CREATE, request()) == ""


def test_answers_are_drawn_by_seed_operation_and_job():
    scenario = Scenario(answers=[{"operation": "*", "answer": "timeout", "chance": 0.5}])

    def drawn(seed, name="demo", others=0):
        service = Service.of(Simulation(scenario, seed=seed))
        for _ in range(others):
            outcome(service, DESCRIBE, {"HyperParameterTuningJobName": "another"})
        return [outcome(service, DESCRIBE, {"HyperParameterTuningJobName": name}) for _ in range(40)]

    assert drawn(1) == drawn(1) == drawn(1, others=7) != drawn(2)
    assert drawn(1) != drawn(1, "other")
    assert 8 < sum(one == "no answer" for one in drawn(1)) < 32


def test_answers_are_the_same_again_after_a_restore():
    sim = Simulation(Scenario(answers=[{"operation": "*", "answer": "timeout", "chance": 0.5}]))
    service = Service.of(sim)
    outcome(service, DESCRIBE, DEMO)
    saved = sim.snapshot()

    def later():
        sim.run(until=10)
        return [outcome(service, DESCRIBE, DEMO) for _ in range(40)]

    first = later()
    sim.restore(saved)
    assert later() == first


def test_a_plan_of_answers_is_checked():
    with pytest.raises(InvalidInput, match=r"answer_plan\[Stop, demo\]: got 'Stop', expected a modelled operation"):
        ScriptedCloud(answer_plan={("Stop", "demo"): ("timeout",)})
    with pytest.raises(
        InvalidInput, match="got 'lost_respons', expected an empty string or one of the answers; did you mean"
    ):
        ScriptedCloud(answer_plan={(STOP, "demo"): ("", "lost_respons")})


def test_the_simulations_own_commands_and_the_scenarios_get_through():
    scenario = Scenario(
        answers=[{"operation": "*", "answer": "timeout"}],
        tuning_jobs=[{"request": request("planned", total=1, parallel=1), "stop_at_s": 5}],
    )
    sim = Simulation(scenario)
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    assert (sim.tuning_job("planned").status, sim.tuning_job("demo").status) == ("Stopped", "Completed")
    assert calls(sim) == []


def test_a_saved_journal_has_the_calls_and_a_saved_snapshot_leads_to_them(tmp_path):
    sim, service = scripted("ThrottlingException", "lost_response", journal=Journal(tmp_path / "journal.jsonl"))
    outcome(service, STOP, DEMO), outcome(service, STOP, DEMO)
    sim.journal.close()
    assert read(tmp_path / "journal.jsonl").records == list(sim.journal)
    plain = simulation()
    plain.create_tuning_job(TuningJobSpec("demo"))
    plain.note_answer(STOP, "demo", "timeout", False)
    plain.snapshot().save(tmp_path / "snapshot.json")
    assert list(Simulation.load(tmp_path / "snapshot.json").journal) == list(plain.journal)


def test_only_an_answer_can_be_noted_and_a_refusal_that_changed_something_is_a_broken_law():
    sim = simulation()
    with pytest.raises(InvalidInput, match="answer: got 'late', expected an answer that can be noted"):
        sim.note_answer(STOP, "demo", "late", False)
    with pytest.raises(LawBroken, match="a refused call changes nothing"):
        sim.note_answer(STOP, "demo", "ThrottlingException", True)


def test_journals_are_as_ever_where_nothing_of_it_is_asked_for():
    plain = simulation()
    loose = Simulation(attrs.evolve(plain.scenario, request_rates={"*": 1000}))
    for sim in (plain, loose):
        Service.of(sim).call(CREATE, request())
        sim.run()
    assert list(plain.journal) == list(loose.journal)
