"""Regions of one server are apart, and on one clock."""

import pytest
from browser import chromium, expect
from examples import request, simulation, training_request
from serving import client, served

from hptsim import Scenario, Simulation
from hptsim.errors import ServiceError
from hptsim.server import Regions, application
from hptsim.server.regions import MOST_REGIONS

from .asking import ask, call, code

TUNING = "HyperParameterTuningJobName"


def test_names_quotas_and_jobs_of_one_region_are_not_in_another():
    regions = Regions(simulation(capacity={"ml.m5.xlarge": 2}))
    app = application(regions)
    for region in ("us-east-1", "eu-west-1"):  # two instances each, and one name twice
        created = call(app, "CreateHyperParameterTuningJob", request("demo"), region=region)
        arn = f"arn:aws:sagemaker:{region}:111122223333:hyper-parameter-tuning-job/demo"
        assert created.json() == {"HyperParameterTuningJobArn": arn}
    ask(app, "POST", "/_hptsim/advance", b'{"seconds": 20}')
    assert [made.sim.capacity.reserved["ml.m5.xlarge"] for made in regions.made.values()] == [2, 2]
    assert code(call(app, "CreateTrainingJob", training_request(), region="eu-west-1"))[1] == "ResourceLimitExceeded"
    assert call(app, "StopHyperParameterTuningJob", {TUNING: "demo"}, region="eu-west-1").status_code == 200
    ask(app, "POST", "/_hptsim/advance", b'{"seconds": 500}')
    status = {name: made.sim.tuning_job("demo").status for name, made in regions.made.items()}
    assert status == {"us-east-1": "Completed", "eu-west-1": "Stopped"}
    assert call(app, "ListTrainingJobs", {}, region="us-west-2").json() == {"TrainingJobSummaries": []}


def test_a_region_that_is_made_late_is_at_the_present_instant_and_has_the_scenarios_jobs():
    scenario = Scenario(tuning_jobs=[{"request": request("nightly")}], timings="instant")
    regions = Regions(Simulation(scenario, seed=3))
    app = application(regions)
    ask(app, "POST", "/_hptsim/advance", b'{"until": 100}')
    shown = call(app, "DescribeHyperParameterTuningJob", {TUNING: "nightly"}, region="eu-west-1").json()
    assert regions.made["eu-west-1"].sim.now == 100
    assert regions.made["eu-west-1"].sim.seed == 3
    assert shown["HyperParameterTuningJobStatus"] == regions.made["us-east-1"].sim.tuning_job("nightly").status


def test_all_regions_go_on_together_and_their_journals_are_read_one_by_one():
    app = application(simulation())
    call(app, "CreateTrainingJob", training_request(), region="eu-west-1")
    assert ask(app, "GET", "/_hptsim/journal").text == ""
    assert '"alone"' in ask(app, "GET", "/_hptsim/journal?region=eu-west-1").text
    assert code(ask(app, "GET", "/_hptsim/journal?region=mars")) == (404, "NotFound")
    health = ask(app, "GET", "/_hptsim/health").json()
    assert health["regions"] == {"us-east-1": 0, "eu-west-1": health["journal"]} and health["journal"] > 0


def test_a_simulation_that_its_owner_moves_takes_the_others_along():
    sim = simulation()
    app = application(sim)
    call(app, "ListTrainingJobs", {}, region="eu-west-1")
    sim.run(until=77)
    assert ask(app, "GET", "/_hptsim/health").json()["now"] == 77
    created = call(app, "CreateTrainingJob", training_request(), region="eu-west-1")
    assert created.status_code == 200
    shown = call(app, "DescribeTrainingJob", {"TrainingJobName": "alone"}, region="eu-west-1").json()
    assert shown["CreationTime"] == 1704067200 + 77


def test_there_are_not_more_regions_than_a_server_can_hold():
    regions = Regions(simulation())
    for number in range(MOST_REGIONS - 1):
        regions.of(f"region-{number}")
    assert regions.of("region-0") is regions.made["region-0"]
    with pytest.raises(ServiceError, match="scoped to a valid region"):
        regions.of("one-more")
    assert code(call(application(regions), "ListTrainingJobs", {}, region="one-more"))[0] == 403


def test_two_clients_of_two_regions():
    with served(simulation()) as url:
        here, there = client(url), client(url, region="eu-west-1")
        here.create_training_job(**training_request())
        assert there.list_training_jobs()["TrainingJobSummaries"] == []
        with pytest.raises(there.exceptions.ClientError, match="not found"):
            there.describe_training_job(TrainingJobName="alone")
        assert here.describe_training_job(TrainingJobName="alone")["TrainingJobStatus"] == "InProgress"


@pytest.mark.long
def test_the_page_shows_one_region_and_leads_to_the_others():
    with served(simulation()) as url, chromium() as browser:
        tab = browser.new_page(viewport={"width": 380, "height": 600})
        tab.goto(f"{url}/_hptsim/")
        expect(tab.locator("#now")).to_contain_text("stands still")
        assert not tab.is_visible("#regions")
        client(url).create_training_job(**training_request("here"))
        client(url, region="eu-west-1").create_training_job(**training_request("there"))
        tab.wait_for_selector("text=eu-west-1")
        assert tab.is_visible("#regions")
        assert tab.inner_text("#jobs").split() == ["here", "Starting"]
        tab.click("text=eu-west-1")
        tab.wait_for_selector("text=there")
        assert tab.inner_text("#jobs").split() == ["there", "Starting"]
        assert tab.evaluate("document.documentElement.scrollWidth") <= 380
