"""Scenario files: what is written reads back equal; what is wrong is named with file, line, key and spelling."""

import json
import re

import attrs
import pytest
from extras import CLI, SCIPY, TOML

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.cli.run import demo
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import Assumptions
from hptsim.model.request_writer import to_request
from hptsim.scenario.arrival_patterns import Profile, Times
from hptsim.scenario.cloud import Recorded, Timings
from hptsim.scenario.durations import Exponential, Uniform
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

MIX = [TuningJobSpec("a", priority=2), TuningJobSpec("b", priority=2)]
ARRIVALS = Scenario(
    arrivals=[
        Arrivals(MIX, Exponential(60), 9, start_s=5, batch=3, batch_gap_s=Uniform(1, 2), weights=[1, 3]),
        Arrivals(TuningJobSpec("c"), Profile([1] * 24), until_s=9),
        Arrivals(TuningJobSpec("d"), Times([1, 2])),
        Arrivals(TuningJobSpec("e"), 60, 9),
    ]
)


RECORDED = Scenario(
    tuning_jobs=[
        ScheduledTuningJob(MIX[0], recorded=(Recorded(3.5, 1), Recorded(downloading_s=2, failure="client_error")))
    ]
)


@pytest.mark.parametrize("ending", [pytest.param("toml", marks=TOML), "json"])
@pytest.mark.parametrize(
    "scenario", [demo(), ARRIVALS, ARRIVALS.drawn(3), RECORDED], ids=["demo", "arrivals", "drawn", "recorded"]
)
def test_what_is_dumped_loads_equal(tmp_path, ending, scenario):
    path = tmp_path / f"demo.{ending}"
    scenario.dump(path)
    assert Scenario.load(path) == scenario
    assert Scenario.load(path).drawn(3) == scenario.drawn(3)


@pytest.mark.parametrize("ending", [pytest.param("toml", marks=TOML), "json"])
@pytest.mark.parametrize(
    "timings",
    [
        Timings.instant(),
        Timings.typical(),
        Timings(training_s=600),
        attrs.evolve(Timings.typical(), training_s=Exponential(600)),
    ],
)
def test_timings_are_written_so_that_they_are_read_back_whatever_the_default_is(tmp_path, ending, timings):
    path = tmp_path / f"x.{ending}"
    scenario = Scenario(capacity={"ml.m5.xlarge": 20, "*": 4}, timings=timings)
    scenario.dump(path)
    assert Scenario.load(path) == scenario and Scenario.load(path).timings == timings


def test_who_says_nothing_of_timings_has_typical_ones(tmp_path):
    (tmp_path / "silent.json").write_text('{"name": "silent"}')
    (tmp_path / "bare.json").write_text(json.dumps(to_request(demo().tuning_jobs[0].spec)))
    silent, bare = (Scenario.load(tmp_path / name) for name in ("silent.json", "bare.json"))
    for scenario in (Scenario(), Simulation().scenario, silent, bare):
        assert scenario.timings == Timings.typical() != Timings.instant()
    assert "timings" not in Scenario().to_dict() and Scenario(timings="instant").to_dict() == {"timings": "instant"}


def test_a_table_of_timings_says_all_of_them_and_what_it_does_not_name_takes_no_time():
    assert Scenario.from_dict({"timings": {"training_s": 600}}).timings == Timings(training_s=600)
    assert Scenario.from_dict({"timings": {}}).timings == Timings.instant()


def test_a_stop_takes_time_unless_the_scenario_says_otherwise():
    def stop_takes_s(scenario):
        sim = Simulation(scenario)
        sim.create_tuning_job(TuningJobSpec("demo"))
        while not sim.training_jobs or sim.training_job(sim.training_jobs[0]).secondary_status != "Training":
            sim.step()
        sim.run(until=sim.now + 1)
        sim.stop_tuning_job("demo")
        sim.run()
        job = sim.tuning_job("demo")
        return job.ended_s - job.stop_s

    assert stop_takes_s(None) > 0 and stop_takes_s(Scenario(timings="instant")) == 0


def test_keys_that_a_file_does_not_have_can_be_given_beside_it(tmp_path):
    (tmp_path / "x.json").write_text('{"name": "mine"}')
    found = Scenario.load(tmp_path / "x.json", name="other", until_s=5)
    assert (found.name, found.until_s) == ("mine", 5)


@CLI
def test_a_bare_request_is_a_scenario(tmp_path):
    path = tmp_path / "request.json"
    path.write_text(json.dumps(to_request(demo().tuning_jobs[0].spec)))
    assert [job.spec.name for job in Scenario.load(path).tuning_jobs] == ["churn-xgboost"]
    assert main(["run", str(path), "--json"]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "x"\ncapcity = 3\n', r"x.toml:2: capcity: .*did you mean 'capacity'"),
        ('name = "x"\n[timings]\ntrainin_s = 3\n', r"x.toml:3: timings.trainin_s: .*did you mean 'training_s'"),
        ("[timings]\ntraining_s = -1\n", r"x.toml:2: timings.training_s: got -1"),
        ('[assumptions]\nreservation = "upfrnt"\n', r"x.toml:2: assumptions.reservation: .*did you mean 'upfront'"),
        ('[capacity]\n"ml.m5.xlarge" = -4\n', r"x.toml:2: capacity.ml.m5.xlarge: got -4"),
        ("name = \n", r"x.toml:1: "),
        ("[[tuning_jobs]]\npriorty = 1\n", r"x.toml:2: tuning_jobs\[0\].priorty"),
        ("[faults]\nalgorithm_error = 2\n", r"x.toml:2: faults.algorithm_error: got 2"),
        ("[timings]\ntraining_s = {exponentail = {mean_s = 3}}\n", r"did you mean 'exponential'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message, capsys):
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        Scenario.load(path)
    assert main(["run", str(path)]) == 2


def test_a_misspelt_member_of_a_request_is_named():
    request = to_request(demo().tuning_jobs[0].spec)
    request["HyperParameterTuningJobConfig"] = {**request["HyperParameterTuningJobConfig"], "Stratgy": "Random"}
    with pytest.raises(InvalidInput, match=r"HyperParameterTuningJobConfig.Stratgy.*did you mean 'Strategy'"):
        TuningJobSpec.from_request(request)


REQUEST = """{
 "HyperParameterTuningJobName": "a",
 "HyperParameterTuningJobConfig": {
  "Strategy": "Random",
  "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
  "ResourceLimits": {"MaxParallelTrainingJobs": 1}
 },
 "TrainingJobDefinition": {
  "AlgorithmSpecification": {"TrainingInputMode": "File"},
  "RoleArn": "arn:aws:iam::111122223333:role/role",
  "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
  "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
  "StoppingCondition": {"MaxRuntimeInSeconds": 60}
 }
}
"""
COME = '[[arrivals]]\nrequest = "request.json"\ninterarrival_s = 9\n'
JOB = '[[tuning_jobs]]\nrequest = "request.json"\n'


bad_files = pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("x.toml", 'naem = "x"\n', r"x\.toml:1: naem: .*did you mean 'name'"),
        ("x.toml", 'name = "x"\nname = "y"\n', r"x\.toml:2: "),
        ("x.toml", "\n\nname = 3\n", r"x\.toml:3: name: got 3, expected a string"),
        ("x.toml", "\ncapacity = 4\n", r"x\.toml:2: capacity: got 4, expected a table"),
        ("x.toml", '[capacity]\n"ml.m5.xlarge" = "four"\n', r"x\.toml:2: capacity\.ml\.m5\.xlarge: got 'four'"),
        ("x.toml", "total_instances = -1\n", r"x\.toml:1: total_instances: got -1"),
        ("x.toml", '\nuntil_s = "late"\n', r"x\.toml:2: until_s: got 'late'"),
        ("x.toml", '\nepoch = "yesterday"\n', r"x\.toml:2: epoch: got 'yesterday'"),
        ("x.toml", '\nepoch = "2024-13-01T00:00:00Z"\n', r"x\.toml:2: epoch: got '2024-13-01T00:00:00Z'"),
        (
            "x.toml",
            '[prices_usd_per_hour]\n"ml.m5.xlarge" = -1\n',
            r"x\.toml:2: prices_usd_per_hour\.ml\.m5\.xlarge: got -1",
        ),
        ("x.toml", 'limits = "nnoe"\n', r"x\.toml:1: limits: got 'nnoe'.*did you mean 'none'"),
        ("x.toml", "[limits]\nparalel = 3\n", r"x\.toml:2: limits\.paralel: .*did you mean 'parallel'"),
        ("x.toml", "[limits]\nparallel = 0\n", r"x\.toml:2: limits\.parallel: got 0"),
        (
            "x.toml",
            '[assumptions]\ndiscipline = "lifo"\n',
            r"x\.toml:2: assumptions\.discipline: .*did you mean 'fifo'",
        ),
        ("x.toml", '[script]\non_sigterm = "saev"\n', r"x\.toml:2: script\.on_sigterm: .*did you mean 'save'"),
        pytest.param("x.toml", "[script]\nepochs = 0\n", r"x\.toml:2: script\.epochs: got 0"),
        ("x.toml", "[script]\nsave_s = -2\n", r"x\.toml:2: script\.save_s: got -2"),
        ("x.toml", '[timings]\npreset = "typcial"\n', r"x\.toml:2: timings\.preset: .*did you mean 'typical'"),
        (
            "x.toml",
            "[timings]\ntraining_s = { uniform = { low_s = 3, high_s = 2 } }\n",
            r"x\.toml:2: timings\.training_s.*got 2",
        ),
        (
            "x.toml",
            "[timings]\nstarting_s = { lognormal = { mean_s = 3 } }\n",
            r"x\.toml:2: timings\.starting_s.*a value for cv",
        ),
        pytest.param(
            "x.toml",
            '[timings]\ntraining_s = { scipy = { name = "gama" } }\n',
            r"x\.toml:2: timings\.train.*did you mean 'gamma'",
            marks=SCIPY,
        ),
        pytest.param(
            "x.toml",
            "[timings]\ntraining_s = { scipy = { nmae = 'gamma' } }\n",
            r"x\.toml:2: timings\.train.*did you mean 'name'",
            marks=SCIPY,
        ),
        pytest.param(
            "x.toml",
            "[timings]\ntraining_s = { scipy = { name = 'gamma' } }\n",
            r"x\.toml:2: timings\.training_s.*gamma",
            marks=SCIPY,
        ),
        (
            "x.toml",
            "[timings]\ntraining_s = { exponential = { mean_s = 'x' } }\n",
            r"x\.toml:2: timings\.training_s.*got 'x'",
        ),
        (
            "x.toml",
            "[timings]\ntraining_s = { empirical = { values_s = ['x'] } }\n",
            r"x\.toml:2: timings\.training_s.*values_s",
        ),
        (
            "x.toml",
            "[faults]\nspot_interruptions_per_hour = -1\n",
            r"x\.toml:2: faults\.spot_interruptions_per_hour: got -1",
        ),
        pytest.param("x.toml", "[faults]\nshortage_limit = -1\n", r"x\.toml:2: faults\.shortage_limit: got"),
        ("x.toml", "timings = 3\n", r"x\.toml:1: timings: got 3, expected a table"),
        ("x.toml", "tuning_jobs = 3\n", r"x\.toml:1: tuning_jobs: got 3, expected a list"),
        ("x.toml", "tuning_jobs = [3]\n", r"x\.toml:1: tuning_jobs\[0\]: got 3, expected a table"),
        ("x.toml", "[[tuning_jobs]]\nat_s = 3\n", r"x\.toml:1: tuning_jobs\[0\]\.request: got None"),
        ("x.toml", '[[tuning_jobs]]\nrequest = "no.json"\n', r"x\.toml:2: tuning_jobs\[0\]\.request: got '.*no\.json'"),
        ("x.toml", JOB + "at_s = -1\n", r"x\.toml:3: tuning_jobs\[0\]\.at_s: got -1"),
        (
            "x.toml",
            JOB + "at_s = 9\nstop_at_s = 3\n",
            r"x\.toml:4: tuning_jobs\[0\]\.stop_at_s: got 3, expected .*not before",
        ),
        ("x.toml", JOB + JOB + "at_s = 'x'\n", r"x\.toml:5: tuning_jobs\[1\]\.at_s: got 'x'"),
        ("x.toml", JOB + "priority = 1.5\n", r"x\.toml:3: tuning_jobs\[0\]\.priority: got 1\.5"),
        ("x.toml", JOB + "stop_at = 5\n", r"x\.toml:3: tuning_jobs\[0\]\.stop_at: .*did you mean 'stop_at_s'"),
        (
            "x.toml",
            JOB + "faults = { algorithm_eror = 1 }\n",
            r"x\.toml:3: tuning_jobs\[0\]\.faults\.algorithm_eror: .*did",
        ),
        ("x.toml", JOB + "recorded = 3\n", r"x\.toml:3: tuning_jobs\[0\]\.recorded: got 3, expected a list"),
        (
            "x.toml",
            JOB + "recorded = [{training = 3}]\n",
            r"x\.toml:3: tuning_jobs\[0\]\.recorded\[0\]\.training: .*_s'",
        ),
        ("x.toml", JOB + "recorded = [{training_s = -3}]\n", r"x\.toml:3: .*\.recorded\[0\]\.training_s: got -3"),
        ("x.toml", JOB + "recorded = [{failure = 'eror'}]\n", r"x\.toml:3: .*failure: got 'eror', expected algo"),
        (
            "x.toml",
            JOB + "recorded = [{training_s = 1, failure = 'client_error'}]\n",
            r"x\.toml:3: .*failure: got 'client_error', expected starting_s or downloading_s as the last",
        ),
        ("x.toml", "arrivals = 3\n", r"x\.toml:1: arrivals: got 3, expected a list"),
        ("x.toml", COME + "cuont = 3\n", r"x\.toml:4: arrivals\[0\]\.cuont: .*did you mean 'count'"),
        ("x.toml", COME + "count = 0\n", r"x\.toml:4: arrivals\[0\]\.count: got 0"),
        ("x.toml", COME, r"x\.toml:1: arrivals\[0\]\.count: got None, expected .*until_s"),
        ("x.toml", COME.replace("9", "-9"), r"x\.toml:3: arrivals\[0\]\.interarrival_s: got -9"),
        ("x.toml", COME.replace("9", "{profil = {}}"), r"x\.toml:3: arrivals\[0\]\.int.*did you mean 'profile'"),
        ("x.toml", COME.replace("9", "{profile = {per_hour = [1]}}"), r"x\.toml:3: arrivals\[0\]\.int.*24 rates"),
        ("x.toml", COME.replace("9", "{profile = {per_hour = ['x']}}"), r"x\.toml:3: arrivals\[0\]\.interarrival_s"),
        ("x.toml", COME.replace("9", "{times = {}}"), r"x\.toml:3: arrivals\[0\]\.int.*a value for times_s"),
        ("x.toml", COME + "weights = 3\n", r"x\.toml:4: arrivals\[0\]\.weights: got 3, expected a list"),
        ("x.toml", COME + "batch_gap_s = -1\n", r"x\.toml:4: arrivals\[0\]\.batch_gap_s: got -1"),
        ("x.toml", COME.replace("request.json", "no.json"), r"x\.toml:2: arrivals\[0\]\.request: got '.*no\.json'"),
        ("x.toml", "[[arrivals]]\nrequest = 'request.json'\n", r"x\.toml:1: arrivals\[0\]\.interarrival_s: got None"),
        ("x.toml", (COME + "count = 1\n") * 2, r"x\.toml:6: arrivals\[1\]\.request: got 'a', expected a name that no"),
        ("x.toml", "name = 'x'\n\udcff", r"x\.toml.*readable scenario file"),
        ("x.json", '{"capacity": {"ml.m5.xlarge": null}}', r"x\.json:1: capacity\.ml\.m5\.xlarge: got None"),
        ("x.json", "{", r"x\.json:1: "),
        ("x.json", '{\n "name": "x",\n}', r"x\.json:\d: "),
        ("x.json", "[]", r"x\.json:1: scenario: got \[\], expected a table"),
        ("x.json", '{\n "capcity": {}\n}', r"x\.json:2: capcity: .*did you mean 'capacity'"),
        ("x.json", REQUEST.replace("Random", "Rnadom"), r"x\.json:4: .*Strategy: got 'Rnadom'.*did you mean 'Random'"),
        ("x.json", REQUEST.replace('"a"', '"a_b"'), r"x\.json:2: HyperParameterTuningJobName: got 'a_b'"),
        (
            "x.json",
            REQUEST.replace("InstanceCount", "InstanceCont"),
            r"x\.json:12: .*InstanceCont: .* 'InstanceCount'",
        ),
        ("x.json", REQUEST.replace(": 60", ": -60"), r"x\.json:13: .*MaxRuntimeInSeconds: got -60"),
    ],
)


@bad_files
def test_a_bad_file_is_refused_with_line_key_and_spelling(tmp_path, file, text, message):
    (tmp_path / "request.json").write_text(REQUEST)
    path = tmp_path / file
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidInput) as refused:
        Scenario.load(path)
    assert re.search(message, str(refused.value).replace("\n", " "))


@CLI
@bad_files
def test_a_bad_file_is_named_with_line_key_and_spelling(tmp_path, capsys, file, text, message):
    (tmp_path / "request.json").write_text(REQUEST)
    path = tmp_path / file
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    journal = tmp_path / "out.jsonl"
    assert main(["run", str(path), "--journal", str(journal)]) == 2
    captured = capsys.readouterr()
    assert re.search(message, captured.err.replace("\n", " ")), captured.err
    assert captured.err.startswith("hptsim: ") and "Traceback" not in captured.err and captured.out == ""
    assert not journal.exists(), "nothing was run"


@CLI
def test_the_good_files_that_the_bad_ones_were_made_from_run(tmp_path, capsys):
    (tmp_path / "request.json").write_text(REQUEST)
    (tmp_path / "x.toml").write_text(JOB + "at_s = 3\nstop_at_s = 9\npriority = 1\n")
    assert main(["run", str(tmp_path / "request.json"), "--json"]) == 0
    assert main(["run", str(tmp_path / "x.toml"), "--json"]) == 0


TEAMS_FILE = """
[capacity]
"ml.m5.xlarge" = 4

[assumptions]
discipline = "quota-shares"

[teams]
tag = "squad"

[teams.shares.vision]
weight = 2
quota = { "ml.m5.xlarge" = 3 }
lend = { "ml.m5.xlarge" = 1 }
borrow = { "ml.m5.xlarge" = 0 }
"""


@TOML
def test_teams_are_read_and_written(tmp_path):
    path = tmp_path / "teams.toml"
    path.write_text(TEAMS_FILE)
    scenario = Scenario.load(path)
    assert scenario.teams.tag == "squad" and scenario.teams.share("vision").kept("ml.m5.xlarge") == 2
    for name in ("again.toml", "again.json"):
        scenario.dump(tmp_path / name)
        assert Scenario.load(tmp_path / name) == scenario


def test_team_and_estimate_stand_beside_the_request(tmp_path):
    spec = TuningJobSpec("a", team="vision", estimate_s=0.0, priority=3)
    scenario = Scenario(tuning_jobs=[ScheduledTuningJob(spec)], arrivals=[Arrivals(spec, 60, count=1)])
    data = scenario.to_dict()
    for one in (*data["tuning_jobs"], *data["arrivals"]):
        assert (one["team"], one["estimate_s"], one["priority"]) == ("vision", 0.0, 3)
    again = Scenario.from_dict(data)
    [arrived] = again.arrivals[0].templates
    for one in (again.tuning_jobs[0].spec, arrived):
        assert (one.team, one.estimate_s, one.priority) == ("vision", 0.0, 3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("weight = 2", "wieght = 2", r"did you mean 'weight'"),
        ("[teams.shares.vision]", "[teams.share.vision]", r"teams\.share: .* did you mean 'shares'"),
        ('quota = { "ml.m5.xlarge" = 3 }', 'quota = { "ml.m5.xlarge" = 5 }', r"got 5, expected at most capacity \(4\)"),
    ],
)
def test_a_mistake_in_the_teams_is_named(tmp_path, old, new, message):
    path = tmp_path / "teams.toml"
    path.write_text(TEAMS_FILE.replace(old, new))
    with pytest.raises(InvalidInput, match=message):
        Scenario.load(path)


@pytest.mark.parametrize("discipline", ["fair-share", "quota-shares"])
def test_a_job_of_a_team_without_a_share_is_refused_before_anything_runs(discipline):
    account = Scenario(
        capacity={"ml.m5.xlarge": 4},
        assumptions=Assumptions(discipline=discipline),
        teams={"shares": {"vision": {"quota": {"ml.m5.xlarge": 1}}}},
    )
    for spec in (TuningJobSpec("a", team="visoin"), TuningJobSpec("a")):
        with pytest.raises(InvalidInput, match=r"tuning job a: (the team is|there is no team)"):
            attrs.evolve(account, tuning_jobs=[ScheduledTuningJob(spec)])
    assert attrs.evolve(account, tuning_jobs=[ScheduledTuningJob(TuningJobSpec("a", team="vision"))]).tuning_jobs
