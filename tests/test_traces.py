"""Workloads from real records: a FIFO replayer agrees to the second, a round trip gives the same back, nothing is lost."""

import json
from datetime import datetime
from heapq import heappop, heappush
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hptsim.boto
from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.durations import Empirical, Exponential
from hptsim.errors import InvalidInput
from hptsim.model import ParameterRange, ResourceLimits, TrainingJobDefinition
from hptsim.nature import Faults, Recorded, Script, Timings
from hptsim.scenario import ScheduledTuningJob
from hptsim.traces import Columns, from_client, from_csv, from_descriptions, instant, mapping

PODS = Path(__file__).parent.parent.parent / "shared" / "data" / "openb_pod_list_default.csv"
COLUMNS = Columns("submitted", duration="seconds", size="gpus", name="job")
HEADER = "job,submitted,seconds,gpus\n"


def fifo(jobs, servers):
    """When each (submitted, run time, servers needed) starts: first come, first served, and nobody overtakes."""
    starts, ends, free, clock = [], [], servers, 0
    for submitted, run, needed in jobs:
        clock = max(clock, submitted)  # whoever was before has started by now
        while ends and ends[0][0] <= clock:
            free += heappop(ends)[1]
        while free < needed:
            clock, back = heappop(ends)
            free += back
        starts.append(clock)
        free -= needed
        heappush(ends, (clock + run, needed))
    return starts


def replayed(trace, servers, **changes):
    """When each tuning job's training job began and ended, by its name."""
    sim = Simulation(attrs.evolve(trace.scenario, capacity={"gpu": servers}, **changes), laws=False)
    sim.run()
    assert not sim.metrics().refused
    jobs = {name: sim.training_job(sim.tuning_job(name).training_jobs[0]) for name in sim.tuning_jobs}
    return {name: (job.created_s, job.ended_s) for name, job in jobs.items()}


@pytest.mark.skipif(not PODS.exists(), reason="the Alibaba trace is not there: see hptsim.traces.MAPPINGS")
@pytest.mark.parametrize("servers", [8, 16, 24, 100, 6000])
def test_the_alibaba_trace_is_replayed_as_a_fifo_replayer_does_job_by_job(servers):
    trace = from_csv(PODS, "alibaba-2023", skip=True)
    rows = [line.split(",") for line in PODS.read_text().splitlines()[1:]]
    pods = [(int(row[8]), int(row[9]) - int(row[10]), int(row[3]), row[0]) for row in rows if row[10]]
    pods.sort(key=lambda pod: pod[0])
    assert len(pods) == len(trace.scenario.tuning_jobs) == 7255 and trace.reasons == {"scheduled_time: empty": 897}
    greedy = [pod for pod in pods if pod[2]]
    expected = {pod[3]: pod[0] for pod in pods}  # who needs no GPU starts at once
    expected |= {pod[3]: start for pod, start in zip(greedy, fifo([pod[:3] for pod in greedy], servers), strict=True)}
    runs = {pod[3]: pod[1] for pod in pods}
    assert replayed(trace, servers) == {name: (start, start + runs[name]) for name, start in expected.items()}


def table(path, rows):
    path.write_text(HEADER + "".join(f"j{place},{a},{b},{c}\n" for place, (a, b, c) in enumerate(rows)))
    return path


@given(
    rows=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(0, 4)), min_size=1, max_size=30),
    servers=st.integers(4, 7),
)
def test_small_traces_are_replayed_as_a_fifo_replayer_does(tmp_path_factory, rows, servers):
    trace = from_csv(table(tmp_path_factory.mktemp("trace") / "t.csv", rows), COLUMNS)
    first = min(row[0] for row in rows)
    order = sorted(range(len(rows)), key=lambda place: rows[place][0])
    greedy = [place for place in order if rows[place][2]]
    starts = {place: rows[place][0] for place in order}
    starts |= dict(zip(greedy, fifo([rows[place] for place in greedy], servers), strict=True))
    expected = {f"j{place}": (start - first, start - first + rows[place][1]) for place, start in starts.items()}
    assert replayed(trace, servers) == expected


def test_the_laws_hold_on_a_replay(tmp_path):
    rows = [(place % 7, 3 + place % 5, place % 4) for place in range(60)]
    sim = Simulation(attrs.evolve(from_csv(table(tmp_path / "t.csv", rows), COLUMNS).scenario, capacity={"gpu": 4}))
    sim.run()
    assert sim.checked > 1000


def test_a_run_longer_than_a_day_is_not_cut(tmp_path):
    trace = from_csv(table(tmp_path / "t.csv", [(0, 10**7 + 0.5, 1)]), COLUMNS)
    assert replayed(trace, 1) == {"j0": (0, 10**7 + 0.5)}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",1,2,1", "job: empty"),
        ("a,,2,1", "submitted: empty"),
        ("a,soon,2,1", "submitted: neither a number nor a text in ISO 8601"),
        ("a,nan,2,1", "submitted: neither a number"),
        ("a,1,-2,1", "seconds: a negative run time"),
        ("a,1,2,1.5", "gpus: not a whole number of 0 or more"),
        ("a,1,2,-1", "gpus: not a whole number of 0 or more"),
        ("a,1,2", "gpus: empty"),
        ("j0,1,2,1", "job: an earlier line has this name"),
        ("no_name,1,2,1", "HyperParameterTuningJobName: got 'no_name'"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_left_out_only_by_choice(tmp_path, row, reason):
    path = tmp_path / "t.csv"
    path.write_text(f"{HEADER}j0,0,5,1\n{row}\nj2,3,5,1\n")
    with pytest.raises(InvalidInput, match=r"1 records cannot be taken .*skip=True") as caught:
        from_csv(path, COLUMNS)
    assert f"t.csv:3: {reason}" in str(caught.value)
    trace = from_csv(path, COLUMNS, skip=True)
    assert [job.spec.name for job in trace.scenario.tuning_jobs] == ["j0", "j2"]
    assert [one.where for one in trace.left_out] == ["t.csv:3"] and trace.left_out[0].reason.startswith(reason)
    assert trace.sentence().startswith(f"2 taken, 1 left out: 1 × {reason}")


def test_many_bad_rows_are_all_counted_and_the_first_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(HEADER + "j,x,1,1\n" * 40)
    with pytest.raises(InvalidInput, match="40 records") as caught:
        from_csv(path, COLUMNS)
    assert "t.csv:6" in str(caught.value) and "t.csv:7" not in str(caught.value) and "and 35 more" in str(caught.value)


def test_times_may_be_instants_and_groups_are_kinds_of_instances(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "at,from,to,kind\n2024-05-01T10:00:00Z,2024-05-01T10:30:00Z,2024-05-01T11:00:00Z,v100\n"
        "2024-05-01T12:00:00+02:00,2024-05-01 10:00:01,2024-05-01T10:00:02Z,t4\n"
    )
    jobs = from_csv(path, Columns("at", start="from", end="to", group="kind")).scenario.tuning_jobs
    assert [(job.at_s, job.recorded[0].training_s) for job in jobs] == [(0, 1800), (0, 1)]
    assert [job.spec.definitions[0].instances.instance_type for job in jobs] == ["v100", "t4"]
    assert [job.spec.name for job in jobs] == ["line-2", "line-3"]


def test_units_are_converted(tmp_path):
    trace = from_csv(table(tmp_path / "t.csv", [(10, 2, 1), (11, 1, 1)]), attrs.evolve(COLUMNS, unit_s=60))
    assert [(job.at_s, job.recorded[0].training_s) for job in trace.scenario.tuning_jobs] == [(0, 120), (60, 60)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alibaba", "mapping: got 'alibaba', .*did you mean 'alibaba-2023'"),
        ("submit=a,duraton=b", "mapping: got 'duraton', .*did you mean 'duration'"),
        ("duration=b", "a column for submit"),
        ("submit=a", "columns: .*a duration, or a start and an end"),
        ("submit=a,duration=b,start=c,end=d", "columns: .*a duration, or a start and an end"),
        ("submit=a,duration=b,unit_s=x", "unit_s: got 'x'"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(text, message):
    with pytest.raises(InvalidInput, match=message):
        mapping(text)


def test_a_mapping_can_be_spelled_out():
    assert mapping("submit=submitted,duration=seconds,size=gpus,name=job") == COLUMNS


def test_a_file_that_is_no_such_table_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="readable table"):
        from_csv(tmp_path / "none.csv", COLUMNS)
    (tmp_path / "t.csv").write_text("job,submited,seconds,gpus\n")
    with pytest.raises(InvalidInput, match=r"t\.csv:1: .*a column called submitted; did you mean 'submited'"):
        from_csv(tmp_path / "t.csv", COLUMNS)
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="readable table"):
        from_csv(tmp_path / "t.csv", COLUMNS)


# ---------------------------------------------------------------------- the service's own words

RANGES = (ParameterRange("rate", "Continuous", 0.0, 1.0),)
DEFINITIONS = (TrainingJobDefinition(metrics={"objective": "objective=(.*)"}, static={"epochs": "5"}),)
HISTORY = Scenario(
    epoch="2024-03-05T06:07:08Z",
    timings=Timings(
        first_launch_s=3,
        launch_s=2,
        finish_s=4,
        starting_s=Exponential(100),
        downloading_s=Exponential(40),
        training_s=Exponential(500),
        uploading_s=Exponential(9),
        teardown_s=5,
    ),
    script=Script("save", 10),
    tuning_jobs=(
        ScheduledTuningJob(TuningJobSpec("first", DEFINITIONS, ResourceLimits(5, 2), ranges=RANGES), 0.0),
        ScheduledTuningJob(TuningJobSpec("second", DEFINITIONS, ResourceLimits(3, 3), ranges=RANGES), 100.5),
        ScheduledTuningJob(TuningJobSpec("stopped", limits=ResourceLimits(9, 3), ranges=RANGES), 200.0, 900.0),
        ScheduledTuningJob(
            TuningJobSpec("broken", limits=ResourceLimits(3, 1), ranges=RANGES), 300.0, faults=Faults(algorithm_error=1)
        ),
        ScheduledTuningJob(
            TuningJobSpec("unread", limits=ResourceLimits(2, 1), ranges=RANGES), 301.0, faults=Faults(client_error=1)
        ),
    ),
)


@pytest.fixture(scope="module")
def history():
    sim = Simulation(HISTORY, seed=7)
    sim.run()
    return sim


def descriptions(sim):
    client = hptsim.boto.client(sim)
    tuning = [client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name) for name in sim.tuning_jobs]
    names = [name for job in sim.tuning_jobs for name in sim.tuning_job(job).training_jobs]
    return tuning, [client.describe_training_job(TrainingJobName=name) for name in names]


def phases(sim, name):
    """What the phases of a training job took, from the journal: not from what the service says."""
    took, since = {}, None
    for record in sim.journal:
        if record.thing == "training" and record.name == name:
            if since is not None:
                took[record.source] = took.get(record.source, 0.0) + record.time_s - since
            since = record.time_s
    return {
        phase: time_s for phase, time_s in took.items() if phase in ("Starting", "Downloading", "Training", "Uploading")
    }


def by_phase(recorded):
    values = {
        phase: getattr(recorded, f"{phase.lower()}_s") for phase in ("Starting", "Downloading", "Training", "Uploading")
    }
    return {phase: time_s for phase, time_s in values.items() if time_s is not None}


@pytest.mark.parametrize("form", ["parsed", "texts", "numbers"])
def test_a_round_trip_through_the_service_gives_the_same_workload_back(history, form):
    tuning, training = descriptions(history)
    if form != "parsed":

        def plain(value):
            return value.isoformat() if form == "texts" else value.timestamp()

        tuning, training = json.loads(json.dumps([tuning, training], default=plain))
    trace = from_descriptions(tuning, training)
    assert datetime.fromisoformat(trace.scenario.epoch) == datetime.fromisoformat(HISTORY.epoch)
    assert [job.at_s for job in trace.scenario.tuning_jobs] == [job.at_s for job in HISTORY.tuning_jobs]
    assert [job.spec for job in trace.scenario.tuning_jobs] == [job.spec for job in HISTORY.tuning_jobs]
    assert [job.stop_at_s for job in trace.scenario.tuning_jobs] == [None, None, 900.0, None, None]
    for job in trace.scenario.tuning_jobs:
        children = history.tuning_job(job.spec.name).training_jobs
        assert len(job.recorded) == len(children) > 0
        for name, recorded in zip(children, job.recorded, strict=True):
            expected = phases(history, name)
            if history.training_job(name).status == "Stopped":  # the stop cut the last phase short
                *_, last = expected
                expected[last] = 86400.0
            assert by_phase(recorded) == pytest.approx(expected, abs=0.002)  # the service rounds to milliseconds


def test_the_replay_of_a_history_ends_every_job_as_it_ended(history):
    replay = attrs.evolve(
        from_descriptions(*descriptions(history)).scenario,
        timings=Timings(first_launch_s=3, launch_s=2, finish_s=4, teardown_s=5),
        script=HISTORY.script,
    )
    sim = Simulation(replay, seed=99)
    sim.run()
    for name in history.tuning_jobs:
        before, after = history.tuning_job(name), sim.tuning_job(name)
        assert (after.status, after.counters) == (before.status, before.counters)
        if name != "stopped":  # what its children had left to do when they were stopped nobody knows
            assert after.ended_s == pytest.approx(before.ended_s, abs=0.02)
    statuses = [
        [sim.training_job(one).status for one in sim.tuning_job(name).training_jobs] for name in sim.tuning_jobs
    ]
    assert [set(one) for one in statuses[3:]] == [{"Failed"}, {"Failed"}]


def test_durations_may_be_drawn_from_all_that_were_seen(history):
    scenario = from_descriptions(*descriptions(history), durations="empirical").scenario
    assert all(not job.recorded for job in scenario.tuning_jobs)
    assert isinstance(scenario.timings.training_s, Empirical)
    seen = [
        phases(history, name).get("Uploading")
        for job in history.tuning_jobs
        for name in history.tuning_job(job).training_jobs
    ]
    assert scenario.timings.uploading_s.values_s == pytest.approx(
        sorted(time_s for time_s in seen if time_s is not None), abs=0.002
    )
    with pytest.raises(InvalidInput, match=r"durations: got 'empircal', .*did you mean 'empirical'"):
        from_descriptions([], durations="empircal")


def test_an_account_is_read_with_calls_that_only_read(history):
    client = hptsim.boto.client(history)
    called, seen = [], []
    client.meta.events.register("before-call.sagemaker.*", lambda model, **more: called.append(model.name))
    trace = from_client(client, progress=seen.append)
    assert trace == from_descriptions(*descriptions(history))
    assert set(called) == {
        "ListHyperParameterTuningJobs",
        "DescribeHyperParameterTuningJob",
        "ListTrainingJobsForHyperParameterTuningJob",
        "DescribeTrainingJob",
    }
    assert seen == sorted(seen) and len(seen) == len(descriptions(history)[1])


def test_an_account_is_read_between_two_times(history):
    client = hptsim.boto.client(history)
    after = datetime.fromisoformat("2024-03-05T06:09:00Z")
    trace = from_client(client, created_after=after)
    assert [job.spec.name for job in trace.scenario.tuning_jobs] == ["stopped", "broken", "unread"]


def test_a_description_that_cannot_be_read_is_named_and_left_out_only_by_choice(history):
    tuning, training = descriptions(history)
    tuning = [dict(one) for one in tuning]
    del tuning[0]["CreationTime"]
    tuning[1]["HyperParameterTuningJobConfig"] = {**tuning[1]["HyperParameterTuningJobConfig"], "Strategy": "Guess"}
    with pytest.raises(InvalidInput) as caught:
        from_descriptions(tuning, training)
    assert "first: CreationTime is missing" in str(caught.value)
    assert "second: HyperParameterTuningJobConfig.Strategy: got 'Guess'" in str(caught.value)
    trace = from_descriptions(tuning, training, skip=True)
    assert [job.spec.name for job in trace.scenario.tuning_jobs] == ["stopped", "broken", "unread"]
    assert trace.reasons["its tuning job is not among those described"] == 5 + 3


def test_a_description_without_transitions_has_its_training_times():
    spec = Simulation()
    spec.create_tuning_job(TuningJobSpec("a", ranges=RANGES))
    spec.run()
    tuning, (child,) = descriptions(spec)
    child = {name: value for name, value in child.items() if name != "SecondaryStatusTransitions"}
    assert from_descriptions(tuning, [child]).scenario.tuning_jobs[0].recorded == (Recorded(100.0),)


def test_instants():
    assert instant("2024-01-01T00:00:00+01:00") == instant(datetime.fromisoformat("2023-12-31T23:00:00Z"))
    assert instant("2024-01-01 00:00:00") == instant("2024-01-01T00:00:00Z")
    for value in (True, None, "soon", float("nan")):
        with pytest.raises(ValueError):
            instant(value)
