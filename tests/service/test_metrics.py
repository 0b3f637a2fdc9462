import pytest
from examples import definition, request, simulation, training_request

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import ServiceError
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.storage import LogEvent
from hptsim.scenario.cloud import Faults, Script
from hptsim.scenario.learning_curves import Decay, PowerLaw
from hptsim.service.metrics import Emitted, JobMetrics
from hptsim.service.service import Service

TWO = [{"Name": "loss", "Regex": "loss=([0-9.e+-]+)"}, {"Name": "acc", "Regex": "accuracy: ([0-9.]+)%"}]
SEVERAL = Script(log_epochs=True, epochs=4, epoch_s=25.0, curve=PowerLaw(), metrics={"acc": PowerLaw(90, 10, 1)})


def algorithm(metrics, image="111122223333.dkr.ecr.us-east-1.amazonaws.com/train:1"):
    return {"TrainingImage": image, "TrainingInputMode": "File", "MetricDefinitions": metrics}


def asked(metrics, **changes):
    static = {"StaticHyperParameters": {"epochs": "4"}}
    return request("demo", 1, 1, definition_changes={"AlgorithmSpecification": algorithm(metrics), **static}, **changes)


def values(sim, name):
    service = Service.of(sim)
    service.jobs.catch_up()
    return {metric: [tuple(one) for one in found] for metric, found in service.jobs.metrics[name].values.items()}


def finals(sim, name):
    described = Service.of(sim).call("DescribeTrainingJob", {"TrainingJobName": name})
    return {one["MetricName"]: (one["Value"], one["Timestamp"]) for one in described.get("FinalMetricDataList", ())}


def test_every_metric_of_every_epoch_is_kept_with_its_time():
    sim = simulation(script=SEVERAL)
    Service.of(sim).call("CreateHyperParameterTuningJob", asked(TWO))
    sim.run()
    (name,) = sim.tuning_job("demo").training_jobs
    found = values(sim, name)
    assert [time_s for time_s, _ in found["acc"]] == [45, 70, 95, 120, 120]  # each epoch, and once more at the end
    assert [value for _, value in found["acc"]] == pytest.approx([90, 50, 10 + 80 / 3, 30, 30])
    assert found["loss"] == found["ObjectiveMetric"]  # the definition that the service adds
    began = Service.of(sim).epoch_s
    final = finals(sim, name)
    assert final == {"loss": (0.5, began + 120), "acc": (30.0, began + 120), "ObjectiveMetric": (0.5, began + 120)}


def test_a_training_job_of_its_users_own_has_metrics_too():
    sim = simulation(script=SEVERAL)
    given = training_request(AlgorithmSpecification=algorithm(TWO), StaticHyperParameters={"epochs": "2"})
    Service.of(sim).call("CreateTrainingJob", given)
    sim.run(until=60)
    assert finals(sim, "alone") == {}  # it has not ended
    assert [value for _, value in values(sim, "alone")["acc"]] == [90]
    sim.run()
    assert [time_s for time_s, _ in values(sim, "alone")["loss"]] == [45, 70, 70]
    assert finals(sim, "alone").keys() == {"loss", "acc"}


def test_the_end_of_a_record_is_not_the_end_of_its_metrics():
    sim = simulation()
    service = Service.of(sim)
    for _ in range(2):
        service.call("CreateTrainingJob", training_request())
        sim.run()
        again = finals(sim, "alone")
        service.call("DeleteTrainingJob", {"TrainingJobName": "alone"})
    assert len(values(sim, "alone")["loss"]) == 2
    assert again["loss"][1] > service.epoch_s + 125  # of the second one


def test_a_failed_training_job_shows_what_it_had_emitted():
    sim = simulation(script=SEVERAL, faults=Faults(algorithm_error=1.0))
    Service.of(sim).call("CreateHyperParameterTuningJob", asked(TWO))
    sim.run()
    (name,) = sim.tuning_job("demo").training_jobs
    assert sim.training_job(name).status == "Failed"
    emitted = values(sim, name)["acc"]
    assert emitted and finals(sim, name)["acc"] == (pytest.approx(emitted[-1][1]), emitted[-1][0] + 1704067200)


def test_an_objective_that_no_line_shows_is_not_emitted():
    """The tuning job fails as it does when no training job has succeeded."""
    for script, metrics in (
        (Script(), [{"Name": "loss", "Regex": "loss=(.*?)"}]),  # captures nothing
        (Script(log_format="epoch done, loss {loss}"), [{"Name": "loss", "Regex": "loss=(.*)"}]),
    ):
        sim = simulation(script=script)
        Service.of(sim).call("CreateHyperParameterTuningJob", {**request("demo", 9, 1, definition_changes={
            "AlgorithmSpecification": algorithm(metrics)})})  # fmt: skip
        sim.run()
        assert sim.tuning_job("demo").status == "Failed"
        assert {one.objective for one in map(sim.training_job, sim.tuning_job("demo").training_jobs)} == {None}
        assert all(finals(sim, name) == {} for name in sim.tuning_job("demo").training_jobs)


def test_a_scripts_own_format_is_what_the_log_shows():
    script = Script(log_format="[{acc}] loss={loss}", curve=PowerLaw(), metrics={"acc": PowerLaw(90, 10, 1)})
    sim = simulation(script=script)
    metrics = [TWO[0], {"Name": "acc", "Regex": r"\[(.*)\]"}]
    Service.of(sim).call("CreateHyperParameterTuningJob", asked(metrics))
    sim.run()
    (name,) = sim.tuning_job("demo").training_jobs
    assert finals(sim, name)["acc"][0] == 30.0
    assert Service.of(sim).jobs.log[-1][1].message == "[30.0] loss=0.5"


def test_the_objective_is_what_the_expression_captures():
    sim = simulation(script=Script(curve=PowerLaw(-0.5, -0.5)))
    Service.of(sim).call("CreateHyperParameterTuningJob", asked([{"Name": "loss", "Regex": "loss.*?([0-9.]+)"}]))
    sim.run()
    (name,) = sim.tuning_job("demo").training_jobs
    assert sim.training_job(name).objective == 0.5  # the sign is not in the group


def test_a_tuning_job_without_definitions_has_its_objective():
    sim = Simulation(Scenario(script=Script(curve=Decay())))
    sim.create_tuning_job(TuningJobSpec("demo", (TrainingJobDefinition(),)))
    sim.run()
    (name,) = sim.tuning_job("demo").training_jobs
    best = Service.of(sim).call("DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})[
        "BestTrainingJob"
    ]
    assert finals(sim, name)["objective"][0] == best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert finals(sim, name)["objective"][0] == pytest.approx(sim.training_job(name).objective)


@pytest.mark.parametrize("metrics", [[], [{"Name": "acc", "Regex": "acc=(.*)"}]])
def test_an_objective_without_a_definition_needs_an_algorithm_of_the_services_own(metrics):
    sim = simulation()
    service, before = Service.of(sim), len(sim.journal)
    text = (
        "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."
    )
    with pytest.raises(ServiceError) as caught:
        service.call("CreateHyperParameterTuningJob", asked(metrics))
    assert (caught.value.code, caught.value.message) == ("ValidationException", text)
    several = {"DefinitionName": "one", "TuningObjective": {"Type": "Minimize", "MetricName": "loss"}}
    given = asked(metrics)
    given["TrainingJobDefinitions"] = [{**given.pop("TrainingJobDefinition"), **several}]
    del given["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    with pytest.raises(ServiceError, match="A metric is required"):
        service.call("CreateHyperParameterTuningJob", given)
    assert len(sim.journal) == before
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    own = definition(AlgorithmSpecification=algorithm(metrics, image))
    service.call("CreateHyperParameterTuningJob", {**asked(metrics), "TrainingJobDefinition": own})


def test_bad_expressions_and_doubled_parents_are_refused_as_the_service_refuses():
    sim = simulation()
    service = Service.of(sim)
    service.call("CreateHyperParameterTuningJob", request("parent"))
    sim.run()
    before = len(sim.journal)
    parents = [{"HyperParameterTuningJobName": "parent"}] * 2
    warm = {"WarmStartConfig": {"ParentHyperParameterTuningJobs": parents, "WarmStartType": "TransferLearning"}}
    wrong = [{"Name": "loss", "Regex": "loss=(["}]
    for operation, given, text in (
        ("CreateHyperParameterTuningJob", request(**warm), "every parent once"),
        ("CreateHyperParameterTuningJob", asked(wrong), "a regular expression"),
        ("CreateTrainingJob", training_request(AlgorithmSpecification=algorithm(wrong)), "a regular expression"),
    ):
        with pytest.raises(ServiceError, match=text) as caught:
            service.call(operation, given)
        assert caught.value.code == "ValidationException"
    assert len(sim.journal) == before


def test_scenario_files_hold_metrics_and_their_format(tmp_path):
    scenario = Scenario(script=Script(metrics={"acc": Decay(noise=0.1)}, log_format="{acc} {loss}"))
    scenario.dump(tmp_path / "x.toml")
    assert Scenario.load(tmp_path / "x.toml") == scenario


def test_what_an_earlier_training_job_of_the_name_has_emitted_is_not_the_last_value_of_this_one():
    metrics = JobMetrics({"loss": "loss=(.*)"}, {"loss": [Emitted(3.0, 0.5)]}, since_s=10.0)
    assert metrics.last() == {}
    metrics.note(LogEvent(12.0, "loss=0.25"))
    assert metrics.last() == {"loss": Emitted(12.0, 0.25)} and len(metrics.values["loss"]) == 2
